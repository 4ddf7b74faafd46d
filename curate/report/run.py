"""A finished run folder as frames, every row with its record's position in the input."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import orjson
import polars as pl

from curate.report.model import Counts, Source
from curate.run import folder as files
from curate.run.ledger import DISPOSITIONS
from curate.run.lock import Lock, read_lock
from curate.text.visible import on_a_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

EXAMPLES = 3  # rows a rule
_DECIDED = pl.col("disposition").is_in(["dropped", "edited"])
CORE = pl.col("disposition").is_in(["kept", "edited"])


@dataclass(frozen=True)
class Run:
    """What a run folder holds.

    Attributes:
        folder: where it stands.
        lock: what the run was made of.
        ledger: with `position`, 0-based in the input.
        findings: with `position`, the row's `disposition`, and whether the finding `decides` it.
        scores: a row a scored record.
        names: source -> the name that the report gives it.
        by_code: the findings a rule.
    """

    folder: Path
    lock: Lock
    ledger: pl.DataFrame
    findings: pl.DataFrame
    scores: pl.DataFrame
    names: Mapping[str, str]
    by_code: Mapping[Any, pl.DataFrame]

    def of(self, code: str) -> pl.DataFrame:
        """The findings of one rule in input order."""
        return self.by_code.get((code,), self.findings.clear())

    def picked(self, code: str) -> list[dict[str, Any]]:
        """Findings to show of a rule: spread over the file, of rows that it decided if any."""
        found = self.of(code)
        decisive = found.filter("decides")
        some = found if decisive.is_empty() else decisive
        return some[spread(some.height)].to_dicts()

    def values(self, code: str) -> pl.Series:
        """The numbers that a rule saw in the rows it decided."""
        seen = self.of(code).filter("decides")["value"]
        return seen.cast(pl.Float64, strict=False).drop_nulls()

    def sources(self) -> tuple[Source, ...]:
        """The inputs with their records, in the order of the input."""
        parts = self.ledger.select("source", "disposition").partition_by(
            "source", as_dict=True, maintain_order=True
        )
        return tuple(
            Source(name=self.names[str(source)], counts=counts(part))
            for (source,), part in parts.items()
        )

    def flagged(self) -> int:
        """Rows of the core that some rule reports."""
        return self.findings.filter(CORE & (pl.col("action") == "flag"))["id"].n_unique()

    def in_core(self) -> pl.Series:
        """Which of the scored rows are in the core."""
        return self.scored().select(CORE).to_series()

    def scored(self) -> pl.DataFrame:
        """The ledger of the scored rows, as they stand in `scores`."""
        return self.ledger.filter(pl.col("disposition") != "quarantined")

    def positions(self, ids: Iterable[str | None]) -> dict[str, int]:
        """The position of each of these ids that is one of this run."""
        wanted = pl.Series(sorted({one for one in ids if one}), dtype=pl.String)
        found = self.ledger.filter(pl.col("id").is_in(wanted.implode()))
        return dict(found.select("id", "position").iter_rows())

    def lot(self, count: int) -> pl.Series:
        """Positions of so many scored rows, drawn by the run's seed, in input order."""
        scored = self.scored()["position"]
        drawn = np.random.default_rng(self.lock.settings.seed).permutation(len(scored))
        return scored.gather(np.sort(drawn[:count]))

    def edits(self) -> dict[str, dict[str, str]]:
        """Id -> an edited row's bytes `before` and `after`."""
        path = self.folder / files.EDITS
        if not path.exists():
            return {}
        with path.open("rb") as file:
            return {one["id"]: one for one in map(orjson.loads, file)}


class Tables(NamedTuple):
    """The tables of a run, as its folder has them."""

    ledger: pl.DataFrame
    findings: pl.DataFrame
    scores: pl.DataFrame

    @classmethod
    def of(cls, folder: Path) -> Tables:
        """Read them."""
        names = (files.LEDGER, files.FINDINGS, files.SCORES)
        return cls(*(files.read_table(folder / name) for name in names))


def open_run(folder: Path, tables: Tables | None = None) -> Run:
    """Read a run folder, all but its texts, and its tables where they are not at hand.

    Raises:
        InputError: no run folder, or a damaged one.
    """
    lock = read_lock(folder)
    ledger, found, scores = tables or Tables.of(folder)
    ledger = ledger.with_row_index("position")
    # Of all rows those that were found: few of many, which a join holds in memory.
    places = ledger.join(found.select("id").unique(), on="id", how="semi").select(
        "id", "position", "disposition", pl.col("code").alias("decider")
    )
    findings = found.join(places, on="id", how="left", maintain_order="left").with_columns(
        (_DECIDED & (pl.col("decider") == pl.col("code"))).alias("decides")
    )
    return Run(
        folder,
        lock,
        ledger,
        findings,
        scores,
        short_names(ledger["source"].unique(maintain_order=True).to_list()),
        findings.partition_by("code", as_dict=True),
    )


def counts(ledger: pl.DataFrame) -> Counts:
    """Records by disposition."""
    by = dict(ledger["disposition"].value_counts().iter_rows())
    return Counts(records=ledger.height, **{name: by.get(name, 0) for name in DISPOSITIONS})


def spread(count: int, wanted: int = EXAMPLES) -> list[int]:
    """Positions of up to `wanted` items out of `count`, evenly apart, the same every time."""
    if count <= wanted:
        return list(range(count))
    return [(2 * step + 1) * count // (2 * wanted) for step in range(wanted)]


def short_names(sources: Sequence[str]) -> dict[str, str]:
    """Source -> its name below the folder that all share, so that no report names a home."""
    plain = {one: one.replace("\\", "/") for one in sources if "://" not in one}
    folders = [posixpath.dirname(one) for one in plain.values()]
    if len({posixpath.isabs(one) for one in folders}) > 1:
        shared, plain = "", {}
    else:
        shared = posixpath.commonpath(folders) if folders else ""
    return {
        one: on_a_line(posixpath.relpath(plain[one], shared or ".") if one in plain else one)
        for one in sources
    }
