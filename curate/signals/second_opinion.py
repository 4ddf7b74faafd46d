"""What a small causal language model makes of each answer, where the user names one (`--lm`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from curate.lm import FIGURES, Exchange, language_model
from curate.registry import signal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from curate.config import Settings

LEAST = 0.01  # nats a token; a ratio to less than that says nothing


@signal(
    columns={
        "ifd": "instruction-following difficulty: the answer's mean loss after its question, "
        "divided by the same after an empty one; at 1 and above the question does not help to "
        "foresee the answer; null without a question",
        "curvature": "how far the answer is likelier than what the language model would write "
        "itself, in standard deviations (Fast-DetectGPT); high in texts of language models",
        "answer_perplexity": "how many words the language model wavers between at each word of the "
        "answer, on average, after an empty question",
    },
    needs=("roles", "texts"),
    settings=("lm",),
)
def second_opinion(frame: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Ask the language model about the last answer; null without one, and for an empty answer."""
    model = language_model(settings.lm)
    if model is None:
        found = np.full((frame.height, len(FIGURES)), np.nan)
    else:
        found = model.opinions([_exchange(*row) for row in frame.iter_rows()])
    alone, asked, curvature = found.T
    with np.errstate(over="ignore"):
        return pl.DataFrame(
            [
                _column("ifd", asked / np.where(alone >= LEAST, alone, np.nan)),
                _column("curvature", curvature),
                _column("answer_perplexity", np.exp(alone)),
            ]
        )


def _exchange(roles: list[str], texts: list[str]) -> Exchange:
    """The last answer and all turns before it; an empty one where nobody answers."""
    at = max((place for place, role in enumerate(roles) if role == "assistant"), default=None)
    if at is None:
        return Exchange((), "")
    return Exchange(tuple(zip(roles[:at], texts[:at], strict=True)), texts[at])


def _column(name: str, values: NDArray[np.float64]) -> pl.Series:
    """Rounded, as the last digits change with what is in a batch; null for what is no number."""
    rounded = np.round(values, 3)
    return pl.Series(name, np.where(np.isfinite(rounded), rounded, np.nan)).fill_nan(None)
