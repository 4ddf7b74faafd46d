"""The ledger: one disposition a record, and the law that none gets lost.

records in = kept + edited + dropped + quarantined
"""

from __future__ import annotations

import polars as pl

from curate.errors import InternalError

DISPOSITIONS = ("kept", "edited", "dropped", "quarantined")
LEDGER: dict[str, type[pl.DataType]] = {
    "id": pl.String,
    "source": pl.String,
    "line": pl.Int64,
    "disposition": pl.String,
    # The rule that decided; of a kept row the first that reported; of a quarantined record
    # `unreadable-record` or `invalid-record`, and the reason in `value`.
    "code": pl.String,
    "column": pl.String,
    "value": pl.String,
    "threshold": pl.Float64,
    "twin": pl.String,
}
POSITION: dict[str, type[pl.DataType]] = {
    "position": pl.UInt32
}  # place of a record among all that came in, 0-based


def open_ledger(scores: pl.DataFrame, findings: pl.DataFrame) -> pl.DataFrame:
    """The ledger of the scored rows. `findings` are in order: a row's first one decides."""
    first = findings.unique("row", keep="first", maintain_order=True)
    decided = scores.select("id", "source", "line").with_row_index("row")
    ledger = decided.join(
        first.select("row", "action", "code", "column", "value", "threshold", "twin"),
        on="row",
        how="left",
        maintain_order="left",
    )
    edits = findings.filter(pl.col("action") == "edit")["row"].unique()
    disposition = (
        pl.when(pl.col("action") == "drop")
        .then(pl.lit("dropped"))
        .when(pl.col("row").is_in(edits.implode()))
        .then(pl.lit("edited"))
        .otherwise(pl.lit("kept"))
    )
    return ledger.with_columns(disposition.alias("disposition")).select(LEDGER.keys())


def whole_ledger(scored: pl.DataFrame, refused: pl.DataFrame) -> pl.DataFrame:
    """The ledger of all records in the order they came.

    Args:
        scored: the ledger of the scored rows, in their order.
        refused: the quarantined records, with the `position` of each among all that came in.
    """
    if refused.is_empty():
        return scored
    count = scored.height + refused.height
    free = pl.int_range(count, dtype=pl.UInt32, eager=True).alias("position").to_frame()
    free = free.join(refused, on="position", how="anti", maintain_order="left")
    placed = scored.with_columns(free["position"])
    both = pl.concat([placed, refused.select(placed.columns)])
    return both.sort("position").select(LEDGER.keys())


def check_conservation(ledger: pl.DataFrame, records: int) -> dict[str, int]:
    """Count the dispositions and hold them to the law.

    Raises:
        InternalError: a record without a disposition, with two, or with an unknown one.
    """
    counts = dict.fromkeys(DISPOSITIONS, 0)
    counts |= dict(ledger["disposition"].value_counts().iter_rows())
    if set(counts) != set(DISPOSITIONS) or sum(counts.values()) != records:
        raise InternalError(f"{records} records came in, but the ledger says {counts}")
    if ledger["id"].n_unique() != ledger.height:
        raise InternalError("two ledger rows have the same id")
    return counts
