"""How an answer opens and closes, its stock phrases; `curate.learn.monoculture` adds up."""

from __future__ import annotations

import polars as pl

from curate.learn.monoculture import FAMILIES, closing, opening, stock_phrases
from curate.registry import signal


@signal(
    columns={
        "answer_opening": "the answer's first three words; null without a word",
        "answer_closing": "the answer's last three words; null without a word",
        "answer_phrases": "families of stock phrases that the answer has: "
        f"{', '.join(FAMILIES)}; null without an answer",
    },
    needs=("response",),
)
def manner(frame: pl.DataFrame) -> pl.DataFrame:
    """Look at both ends, and for the phrases."""
    found = frame.select(stock_phrases())
    names = [pl.when(pl.col(name)).then(pl.lit(name)).otherwise(None) for name in found.columns]
    phrases = found.select(pl.concat_list(names).list.drop_nulls().alias("answer_phrases"))
    ends = frame.select(
        opening(pl.col("response")).alias("answer_opening"),
        closing(pl.col("response")).alias("answer_closing"),
    )
    said = frame["response"].str.contains(r"\S").fill_null(value=False)
    made = ends.hstack(phrases)
    worded = pl.col("answer_opening") != ""
    return made.select(
        pl.when(worded).then("answer_opening"),
        pl.when(worded).then("answer_closing"),
        pl.when(said).then("answer_phrases"),
    )
