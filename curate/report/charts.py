"""What the page draws: numbers for report.js, and the words beside each chart.

Everything that a chart shows stands in a table below it, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from curate.report.figures import place
from curate.report.words import count, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from curate.report.model import Change, Distribution, Flow, Quantiles, Report

QUANTILES = ("5 %", "25 %", "median", "75 %", "95 %", "max", "mean")
_LUMP = 0.98  # of the rows in one bin: a chart of it shows one bar
_WHOLE = 100  # from here on a figure needs no decimals
_ENDS = {"kept": "core", "edited": "core", "dropped": "dropped", "quarantined": "quarantined"}


def shapes(report: Report) -> list[Mapping[str, Any]]:
    """The histograms that are worth one."""
    hits = {rule.code: rule.hits for rule in report.rules}
    return [
        _shape(one, hits)
        for one in report.distributions
        if one.column.endswith("_tokens") or max(one.bins_before) < _LUMP * one.before.rows
    ]


def drawn(report: Report, some: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    """All that the page's script draws."""
    return {
        "flow": [_way(one, report) for one in report.flow],
        "shapes": [shape["drawn"] for shape in some],
        "languages": [
            [one.language or "not told", one.after, one.before - one.after]
            for one in report.languages
        ],
    }


# --- the flow -----------------------------------------------------------------------------------


def _way(one: Flow, report: Report) -> list[Any]:
    codes = {rule.code for rule in report.fired}
    return [one.code, _ENDS[one.disposition], _deed(one), one.rows, one.code in codes]


def _deed(one: Flow) -> str:
    if one.disposition == "kept":
        return "flagged" if one.code else "untouched"
    return one.disposition


def told(report: Report) -> str:
    """The flow in a sentence, for those who don't see the chart."""
    totals = report.totals
    top = next((one for one in report.flow if one.disposition == "dropped"), None)
    most = f", most of them ({top.rows:,}) by {top.code}" if top else ""
    return (
        f"Of {count(totals.records, 'record')}, {totals.dropped:,} were dropped{most}; "
        f"{totals.quarantined:,} could not be read; {totals.edited:,} were edited; "
        f"{totals.kept + totals.edited:,} are in the core, {report.flagged:,} of them flagged."
    )


# --- histograms ---------------------------------------------------------------------------------


def _shape(one: Distribution, hits: Mapping[str, int]) -> Mapping[str, Any]:
    rows = [("in", _figures(one.before))]
    if one.after is not None:
        rows.append(("core", _figures(one.after)))
    return {
        "name": one.name,
        "unit": one.unit,
        "told": _spread(one),
        "cuts": [_cut(cut.code, cut.value, one, hits) for cut in one.cuts],
        "quantiles": QUANTILES,
        "rows": rows,
        "bins": list(_bins(one)),
        "drawn": {
            "unit": one.unit,
            "edges": [f"{edge:,g}" for edge in one.edges],
            "core": one.bins_after,
            "gone": [b - a for b, a in zip(one.bins_before, one.bins_after, strict=True)],
            "cuts": [
                [at, f"{cut.value:,g}"]
                for cut in one.cuts
                if (at := place(cut.value, one.edges)) is not None
            ],
        },
    }


def _spread(one: Distribution) -> str:
    after = f", {one.after.median:g} after" if one.after else ""
    return f"Histogram: {one.name}, {one.unit}; median {one.before.median:g} before{after}"


def _cut(code: str, value: float, one: Distribution, hits: Mapping[str, int]) -> Mapping[str, Any]:
    """A cut in words: which rule, where, how many rows it hits."""
    beyond = "" if one.edges[0] <= value <= one.edges[-1] else ", beyond all rows"
    return {"code": code, "told": f"{value:,g}{beyond}: {count(hits.get(code, 0))}"}


def _figures(some: Quantiles) -> list[str]:
    numbers = (some.p5, some.p25, some.median, some.p75, some.p95, some.max, some.mean)
    return [_number(number) for number in numbers]


def _number(number: float) -> str:
    return f"{number:,.1f}" if abs(number) < _WHOLE and number % 1 else f"{number:,.0f}"


def _bins(one: Distribution) -> Iterator[tuple[str, int, int]]:
    for at, (before, after) in enumerate(zip(one.bins_before, one.bins_after, strict=True)):
        yield f"{one.edges[at]:,g} to {one.edges[at + 1]:,g}", before, after


# --- before and after ---------------------------------------------------------------------------


def compared(report: Report) -> list[tuple[str, str, str, str, str]]:
    """Name, unit, before, after and the difference of each figure, in words."""
    return [(one.name, _unit(one), _said(one, one.before), _said(one, one.after), _difference(one))
            for one in report.changes]  # fmt: skip


def _unit(one: Change) -> str:
    return "" if one.unit in ("share", "rows") or one.unit in one.name else one.unit


def _said(one: Change, value: float | None) -> str:
    if value is None:
        return "–"
    return percent(value) if one.unit == "share" else _number(value)


def _difference(one: Change) -> str:
    if one.before is None or one.after is None:
        return ""
    more = one.after - one.before
    if not more:
        return "same"
    if one.unit == "share":
        return f"{100 * more:+.2g} points".replace("-", "−")
    share = f" ({percent(abs(more) / abs(one.before))})" if one.before else ""
    sign = "+" if more > 0 else "−"
    return f"{sign}{_number(abs(more))}{share}"
