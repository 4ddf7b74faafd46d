"""What two runs decide differently, record by record."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from curate.run import folder as files

COLUMNS = ("id", "source", "line", "before", "before_code", "after", "after_code")
ABSENT = "absent"


def compare(first: str | Path, second: str | Path) -> pl.DataFrame:
    """The records that the second run treats otherwise than the first.

    Returns:
        A row a record, in the order of the first run and then of the second: `id`, `source`,
        `line`, and of both runs the disposition (`absent` where the record was no input) and the
        code that decided it, null where none did.

    Raises:
        InputError: a folder that is no run.
    """
    both = _decided(Path(first), "before").join(
        _decided(Path(second), "after"),
        on="id",
        how="full",
        coalesce=True,
        maintain_order="left_right",
    )
    both = both.with_columns(
        pl.coalesce("source", "source_right").alias("source"),
        pl.coalesce("line", "line_right").alias("line"),
        pl.col("before", "after").fill_null(ABSENT),
    )
    moved = pl.col("before") != pl.col("after")
    other = pl.col("before_code").ne_missing(pl.col("after_code"))
    stays = pl.col("before").is_in(["kept", "edited"]) & ~moved  # only reports differ
    return both.filter(moved | (other & ~stays)).select(COLUMNS)


def share_rows(first: str | Path, second: str | Path) -> bool:
    """Whether any record is in both runs.

    Raises:
        InputError: a folder that is no run.
    """
    both = _decided(Path(first), "before").join(
        _decided(Path(second), "after"), on="id", how="semi"
    )
    return not both.is_empty()


def _decided(folder: Path, name: str) -> pl.DataFrame:
    files.check_run(folder)
    ledger = files.read_table(
        folder / files.LEDGER, ["id", "source", "line", "disposition", "code"]
    )
    return ledger.rename({"disposition": name, "code": f"{name}_code"})


def summary(changes: pl.DataFrame) -> pl.DataFrame:
    """How many records moved from where to where, most first."""
    kinds = ["before", "before_code", "after", "after_code"]
    return (
        changes.group_by(kinds)
        .len("records")
        .sort("records", *kinds, descending=[True] + [False] * 4)
    )
