"""Which way the records went, and what the core is beside what came in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from curate.report.model import Change, Flow
from curate.report.run import CORE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from curate.report.model import Distribution, Language
    from curate.report.run import Run

_MEDIANS = {
    "response_tokens": "median answer",
    "prompt_tokens": "median prompt",
    "readability_flesch": "median readability",
}
_ORDER = ("dropped", "quarantined", "edited", "kept")  # as they stand below each other


def flow(ledger: pl.DataFrame) -> Iterator[Flow]:
    """The records by rule and disposition, the widest way of each disposition first."""
    ways = ledger.group_by("code", "disposition").agg(pl.len().alias("rows")).rows()
    for code, disposition, rows in sorted(
        ways, key=lambda way: (_ORDER.index(way[1]), way[0] is None, -way[2], way[0] or "")
    ):
        yield Flow(code=code, disposition=disposition, rows=rows)


def changes(
    run: Run, shapes: Sequence[Distribution], languages: Sequence[Language]
) -> Iterator[Change]:
    """Figures of the input beside those of the core; what was not measured is left out."""
    core = int(run.ledger.select(CORE.sum()).item())
    yield Change(name="records", unit="rows", before=run.ledger.height, after=core)
    yield _findings("rows with a finding", run, pl.lit(value=True))
    yield _findings("rows that repeat another", run, pl.col("twin").is_not_null())
    by = {one.column: one for one in shapes}
    yield from _tokens(run)
    yield from _medians(by)
    if languages:
        yield _most_frequent(languages, run.scores.height, core)


def _findings(name: str, run: Run, which: pl.Expr) -> Change:
    found = run.findings.filter(which).unique("id")
    return Change(name=name, unit="rows", before=found.height, after=found.filter(CORE).height)


def _tokens(run: Run) -> Iterator[Change]:
    if "total_tokens" not in run.scores.columns:
        return
    before = run.scores["total_tokens"]
    after = before.filter(run.in_core())
    yield Change(
        name="tokens, estimated", unit="tokens", before=int(before.sum()), after=int(after.sum())
    )
    yield Change(
        name="longest row",
        unit="tokens",
        before=before.max(),  # type: ignore[arg-type]  # a column of integers
        after=after.max(),  # type: ignore[arg-type]  # likewise
    )


def _medians(by: Mapping[str, Distribution]) -> Iterator[Change]:
    for column, name in _MEDIANS.items():
        if column in by:
            one = by[column]
            after = one.after.median if one.after else None
            yield Change(name=name, unit=one.unit, before=one.before.median, after=after)


def _most_frequent(languages: Sequence[Language], scored: int, core: int) -> Change:
    told = [one for one in languages if one.language is not None] or languages
    first = told[0]
    return Change(
        name=f"answers in {first.language or 'a language not told'}",
        unit="share",
        before=round(first.before / scored, 6) if scored else None,
        after=round(first.after / core, 6) if core else None,
    )
