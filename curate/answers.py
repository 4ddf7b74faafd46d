"""Every answer of a batch beside the turn it answers: what signals about answers look at."""

from __future__ import annotations

import polars as pl

# The base columns that `answers` reads.
NEEDS = ("roles", "texts", "calls")


def answers(frame: pl.DataFrame) -> pl.DataFrame:
    """The assistant's turns that are answers and not calls.

    Args:
        frame: a batch with the columns `NEEDS`.

    Returns:
        In the order of the turns: `row` (position in the batch), `turn` (1-based), `asked` (the
        latest user turn before it, "" where there is none), `answer`, and `tools` (whether the
        conversation has calls or results).
    """
    lists = frame.select("roles", "texts", "calls").with_row_index("row")
    tools = pl.col("roles").list.contains("tool") | (
        pl.col("calls").list.drop_nulls().list.len() > 0
    )
    turns = lists.with_columns(
        tools.alias("tools"),
        pl.int_ranges(1, pl.col("roles").list.len() + 1, dtype=pl.UInt32).alias("turn"),
    ).explode("roles", "texts", "calls", "turn", empty_as_null=False)
    asked = pl.when(pl.col("roles") == "user").then("texts").forward_fill().over("row")
    return (
        turns.with_columns(asked.fill_null("").alias("asked"))
        .filter((pl.col("roles") == "assistant") & pl.col("calls").is_null())
        .select("row", "turn", "asked", pl.col("texts").alias("answer"), "tools")
    )
