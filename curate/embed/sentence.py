"""Any sentence-transformers model as an embedder, with a cache: a text is embedded once, ever."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from curate import cache
from curate.embed.static import unit
from curate.errors import MissingExtra, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from curate.embed import Vectors

_KIND = "embedding"
_MARK = "modules.json"  # every sentence-transformers model has it
BATCH, BATCH_ON_GPU = 32, 128  # texts


class SentenceModel:
    """An embedder (`curate.embed.Embedder`) that wraps a `SentenceTransformer`.

    It runs on a GPU where torch finds one. The model sorts texts by length, so that a batch has
    few blanks; a text's vector may differ in the last bits with what stands in its batch, and the
    cache keeps the first one.
    """

    def __init__(self, name: str, model: Any) -> None:  # noqa: ANN401  # an optional package's
        self.name = name
        self.fingerprint = hash_of_weights(model)
        self._model = model
        self.width = int(model.encode(["width"], show_progress_bar=False).shape[1])

    def encode(self, texts: Sequence[str] | pl.Series) -> Vectors:
        """A unit vector a text, zeros for one of nothing but blanks: see `Embedder.encode`."""
        series = texts if isinstance(texts, pl.Series) else pl.Series(texts, dtype=pl.String)
        frame = series.fill_null("").str.strip_chars().to_frame("text")
        distinct = frame.filter(pl.col("text") != "").unique(maintain_order=True)
        known = distinct["text"].to_list()
        vectors = np.zeros((len(known) + 1, self.width), np.float32)  # the last one stays
        vectors[:-1] = self._cached(known)
        found = frame.join(
            distinct.with_row_index("at"), on="text", how="left", maintain_order="left"
        )
        made: Vectors = vectors[found["at"].fill_null(len(known)).to_numpy()]
        return made

    def _cached(self, texts: list[str]) -> Vectors:
        """The vectors of distinct texts, new ones through the model."""
        made = np.zeros((len(texts), self.width), np.float32)
        missing = []
        keys = [cache.key_of(self.fingerprint, text) for text in texts]
        for place, key in enumerate(keys):
            data = cache.get(_KIND, key)
            if data is None or len(data) != made[place].nbytes:
                missing.append(place)
            else:
                made[place] = np.frombuffer(data, "<f4")
        if missing:
            made[missing] = self._run([texts[place] for place in missing])
            for place in missing:
                cache.put(_KIND, keys[place], made[place].astype("<f4").tobytes())
        return made

    def _run(self, texts: list[str]) -> Vectors:
        batch = BATCH if self._model.device.type == "cpu" else BATCH_ON_GPU
        raw = self._model.encode(texts, batch_size=batch, show_progress_bar=False)
        # In half precision a norm overflows, so the length is taken here.
        return unit(np.nan_to_num(np.asarray(raw, np.float32), posinf=0, neginf=0))


def load(name: str) -> SentenceModel:
    """The model in a folder, or of this name on the hub.

    Raises:
        MissingExtra: sentence-transformers isn't installed.
        UsageError: there is no such folder, no model in it, or no way to get the name.
    """
    folder = Path(name).expanduser()
    if folder.exists() and not (folder / _MARK).is_file():
        raise UsageError(
            f"--embedder {name}: no sentence-transformers model, it has no {_MARK}; "
            "give the folder of one, its name, static or none"
        )
    if not folder.exists() and (folder.is_absolute() or name.startswith((".", "~"))):
        raise UsageError(f"--embedder {name}: no such folder; --embedder static needs none")
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError:
        raise MissingExtra(f"--embedder {name}", "embed") from None
    hush()
    try:
        return SentenceModel(name, SentenceTransformer(str(folder) if folder.exists() else name))
    except Exception as error:  # noqa: BLE001  # whatever torch, transformers or the hub raise
        where = "damaged, or of another kind" if folder.exists() else "no folder, and not to be had"
        raise UsageError(
            f"--embedder {name}: {where} ({first_line(error)}); --embedder static needs nothing"
        ) from None


def first_line(error: Exception) -> str:
    """What an error says first, or its kind where it says nothing: at most 120 characters."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:120]


def hush() -> None:
    """Say nothing of what loading a model says: bars, tables, advice to log in."""
    from transformers.utils import logging as said

    said.set_verbosity_error()
    said.disable_progress_bar()
    for name in ("sentence_transformers", "huggingface_hub", "httpx"):
        logging.getLogger(name).setLevel(logging.ERROR)


def hash_of_weights(model: Any) -> str:  # noqa: ANN401  # an optional package's
    """SHA-256 of the layers as they describe themselves, and of every weight."""
    import torch

    digest = hashlib.sha256(repr(model).encode())
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype} ".encode())
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        digest.update(flat.view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
