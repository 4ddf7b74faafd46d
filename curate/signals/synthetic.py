"""Whether an LLM wrote the answer, by how it is written: a suspicion, never a proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from curate.embed import NONE
from curate.learn.head import MIN_WORDS, load
from curate.registry import signal

if TYPE_CHECKING:
    from curate.config import Settings


@signal(
    columns={
        "synthetic_score": "1 - the probability that an LLM wrote the answer, if half of all "
        f"answers were such; null under {MIN_WORDS} words, or where few words are English"
    },
    needs=("response",),
    settings=("embedder", "synthetic_head"),
)
def synthetic(frame: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Ask the head; docs/synthetic.md says what it is worth where."""
    if settings.embedder == NONE:  # no models at all
        none = pl.Series("synthetic_score", [None], dtype=pl.Float64)
        return none.new_from_index(0, frame.height).to_frame()
    chance = load(settings.synthetic_head).probability(frame["response"])
    score = np.round(1 - chance, 6)
    return pl.DataFrame({"synthetic_score": pl.Series(score, dtype=pl.Float64).fill_nan(None)})
