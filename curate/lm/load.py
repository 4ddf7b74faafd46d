"""Loading a causal language model: a folder, a .gguf file, or a name on the hub."""

from __future__ import annotations

import hashlib
import io
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

from curate.embed.sentence import first_line, hash_of_weights, hush
from curate.errors import MissingExtra, UsageError
from curate.lm.causal import CausalModel

_ROUNDING = 0.05  # of the change: half precision leaves some
_CONFIG, _GGUF = "config.json", ".gguf"


def load(name: str) -> CausalModel:
    """The model in a folder or file, or of this name on the hub.

    In half precision where there is a GPU, and as float32 on a CPU, which is faster there.

    Raises:
        MissingExtra: torch, transformers or gguf isn't installed.
        UsageError: there is no such folder, no model in it, none that foresees the next word, or
            no way to get the name.
    """
    place, file = _place(name)
    try:
        import gguf  # noqa: F401  # transformers imports it late, and says less
        import torch
        import transformers
    except ImportError:
        raise MissingExtra(f"--lm {name}", "lm") from None
    hush()
    more: dict[str, Any] = {"gguf_file": file} if file else {}
    there = torch.cuda.is_available()
    half = torch.bfloat16 if there and torch.cuda.is_bf16_supported() else torch.float16
    try:
        with redirect_stderr(io.StringIO()):  # the bar over a .gguf listens to no setting
            tokenizer = transformers.AutoTokenizer.from_pretrained(place, **more)
            model, told = transformers.AutoModelForCausalLM.from_pretrained(
                place, dtype=half if there else torch.float32, output_loading_info=True, **more
            )
    except Exception as error:  # noqa: BLE001  # whatever torch, transformers or the hub raise
        where = "damaged, or of another kind" if Path(place).exists() else "not to be had"
        raise UsageError(
            f"--lm {name}: {where} ({first_line(error)}); expected a causal language model"
        ) from None
    model = model.to("cuda" if there else "cpu").eval()
    if told["missing_keys"] or _looks_ahead(model):
        raise UsageError(
            f"--lm {name}: {type(model).__name__} without a head that foresees the next word; "
            "expected a causal language model, such as SmolLM2 or GPT-2"
        )
    return CausalModel(name, model, tokenizer, _fingerprint(model, tokenizer))


def _place(name: str) -> tuple[str, str | None]:
    """The folder, or name, that transformers loads from, and the .gguf file in it.

    Raises:
        UsageError: what is there is no model, or nothing is.
    """
    path = Path(name).expanduser()
    if path.is_file() and path.suffix == _GGUF:
        return str(path.parent), path.name
    if path.is_dir():
        if (path / _CONFIG).is_file():
            return str(path), None
        files = sorted(path.glob(f"*{_GGUF}"))
        if len(files) == 1:
            return str(path), files[0].name
        many = f"{len(files)} {_GGUF} files: name one" if files else f"no {_CONFIG} and no {_GGUF}"
        raise UsageError(f"--lm {name}: no language model, it has {many}")
    if path.is_file():
        raise UsageError(f"--lm {name}: no language model; expected a folder or a {_GGUF} file")
    if path.is_absolute() or name.startswith((".", "~")) or path.suffix == _GGUF:
        raise UsageError(f"--lm {name}: no such folder or file")
    return name, None


def _looks_ahead(model: Any) -> bool:  # noqa: ANN401  # an optional package's
    """Whether the figures after the first token change with the second one: a BERT's do."""
    import torch

    with torch.inference_mode():
        told = model(input_ids=torch.tensor([[1, 2], [1, 3]], device=model.device)).logits.float()
    first, second = (told[0] - told[1]).abs().amax(-1).tolist()
    return bool(first > _ROUNDING * second)


def _fingerprint(model: Any, tokenizer: Any) -> str:  # noqa: ANN401  # an optional package's
    """SHA-256 of weights and layers, the pieces of the tokenizer, and the chat template."""
    digest = hashlib.sha256(hash_of_weights(model).encode())
    digest.update(repr(sorted(tokenizer.get_vocab().items())).encode())
    backend = getattr(tokenizer, "backend_tokenizer", None)
    digest.update((backend.to_str() if backend is not None else repr(tokenizer)).encode())
    digest.update(repr(tokenizer.chat_template).encode())
    return digest.hexdigest()
