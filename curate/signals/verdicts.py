"""Answers that a record holds so that the model learns not to give them."""

from __future__ import annotations

import json

import polars as pl

from curate.formats.preference import LABEL
from curate.policy.rule import UNWANTED
from curate.registry import signal


@signal(
    columns={
        UNWANTED: "whether nobody wants the answer imitated: its verdict is bad (KTO), or every "
        "answer of the row has the weight 0"
    },
    needs=("format", "aside", "rejected", "learned_turns"),
)
def verdicts(frame: pl.DataFrame) -> pl.DataFrame:
    """Read the verdict beside a lone answer; beside a pair the same key means something else."""
    perhaps = (
        (pl.col("format") == "preference")
        & pl.col("rejected").is_null()
        & pl.col("aside").str.contains(f'"(?:{"|".join(LABEL)})":false')
    )
    rows = frame.select(perhaps.fill_null(value=False)).to_series().arg_true()
    bad = [row for row, aside in zip(rows, frame["aside"].gather(rows), strict=True) if _bad(aside)]
    unlearned = frame["learned_turns"].eq_missing(0)
    return unlearned.scatter(bad, values=True).alias(UNWANTED).to_frame()


def _bad(aside: str) -> bool:
    """Tools stand there, too, and may have such keys of their own."""
    said = json.loads(aside)
    return any(said.get(key) is False for key in LABEL)
