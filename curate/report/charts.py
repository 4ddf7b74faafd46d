"""What the page draws: numbers for report.js, and the words beside each chart.

Everything that a chart shows stands in a table below it, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from curate.report.figures import place
from curate.report.words import count, percent
from curate.signals.tasks import LADDER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from curate.report.model import (
        Change,
        Distribution,
        Ends,
        Flow,
        LabelNoise,
        Manner,
        Mismatched,
        Phrase,
        Quantiles,
        Report,
        Share,
        Synthetic,
    )

QUANTILES = ("5 %", "25 %", "median", "75 %", "95 %", "max", "mean")
_LUMP = 0.98  # of the rows in one bin: a chart of that shows one bar
_WHOLE = 100  # from here on a figure needs no decimals
_ENDS = {"kept": "core", "edited": "core", "dropped": "dropped", "quarantined": "quarantined"}


def telling(report: Report) -> list[Distribution]:
    """The distributions that are worth a look: a score of which all rows have the same is none."""
    return [
        one
        for one in report.distributions
        if not one.column.endswith("_score") or max(one.bins_before) < _LUMP * one.before.rows
    ]


def shapes(report: Report) -> list[Mapping[str, Any]]:
    """The histograms."""
    hits = {rule.code: rule.hits for rule in report.rules}
    return [_shape(one, hits) for one in telling(report)]


def drawn(report: Report, some: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    """All that the page's script draws."""
    return {
        "flow": [_way(one, report) for one in report.flow],
        "shapes": [shape["drawn"] for shape in some],
        "languages": [
            [one.language or "not told", one.after, one.before - one.after]
            for one in report.languages
        ],
        "tasks": [[one.name, one.rows, one.core] for one in report.tasks],
        "ladder": LADDER,
        "synthetic": [
            [name, one.low, one.share, one.high, interval(one)]
            for name, one in judged(report.synthetic)
        ],
        "phrases": [
            [one.name, one.share, one.people, percent(one.share), percent(one.people)]
            for one in phrases(report.manner)
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
    return f"Of {count(totals.records, 'record')}, {'; '.join(_fates(report))}."


def _fates(report: Report) -> Iterator[str]:
    totals = report.totals
    if totals.dropped:
        top = next(one for one in report.flow if one.disposition == "dropped")
        most = "all" if top.rows == totals.dropped else f"most of them ({top.rows:,})"
        yield f"{totals.dropped:,} {_were(totals.dropped)} dropped, {most} by {top.code}"
    if totals.quarantined:
        yield f"{totals.quarantined:,} could not be read or fit no format"
    if totals.edited:
        yield f"{totals.edited:,} {_were(totals.edited)} edited"
    flags = f", {report.flagged:,} of them flagged" if report.flagged else ""
    core = totals.kept + totals.edited
    yield f"{core:,} {'is' if core == 1 else 'are'} in the core{flags}"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


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
    if not hits.get(code) and not one.edges[0] <= value <= one.edges[-1]:
        return {"code": code, "told": f"{value:,g}, beyond all rows"}
    return {"code": code, "told": f"{value:,g}: {count(hits.get(code, 0))}"}


def _figures(some: Quantiles) -> list[str]:
    numbers = (some.p5, some.p25, some.median, some.p75, some.p95, some.max, some.mean)
    return [_number(number) for number in numbers]


def _number(number: float) -> str:
    if not number % 1 or abs(number) >= _WHOLE:
        return f"{number:,.0f}"
    return f"{number:,.1f}" if abs(number) >= 1 else f"{number:.2f}"


def _bins(one: Distribution) -> Iterator[tuple[str, int, int]]:
    for at, (before, after) in enumerate(zip(one.bins_before, one.bins_after, strict=True)):
        yield f"{one.edges[at]:,g} to {one.edges[at + 1]:,g}", before, after


# --- how the answers are written ----------------------------------------------------------------


def judged(told: Synthetic | None) -> list[tuple[str, Share]]:
    """The estimates by where they hold: in, core."""
    if told is None:
        return []
    return [("in", told.before), *([("core", told.after)] if told.after else [])]


def interval(one: Share) -> str:
    """An estimate in words."""
    return f"{percent(one.share)}, between {percent(one.low)} and {percent(one.high)}"


def wrote(told: Synthetic) -> str:
    """The estimated share in a sentence."""
    one = told.before
    return (
        f"An LLM wrote an estimated {percent(one.share)} of the answers; the interval of 90 % goes "
        f"from {percent(one.low)} to {percent(one.high)}. {count(one.judged, 'answer')} of "
        f"{one.judged + one.abstained:,} are long enough to be judged."
    )


def phrases(told: Manner | None) -> list[Phrase]:
    """The families of stock phrases, the most frequent first, and two of them in one answer."""
    if told is None:
        return []
    return [*sorted(told.phrases, key=lambda one: -one.share), told.stock]


def alike(one: Ends, deed: str) -> str:
    """How alike answers open, or close, beside people's, in a sentence."""
    return (
        f"Of 10,000 pairs of answers, {_of_pairs(one.alike)} {deed} with the same three words; of "
        f"people's, {_of_pairs(one.people)}."
    )


def _of_pairs(chance: float) -> str:
    return _number(10_000 * chance) if chance else "none"


# --- answers ------------------------------------------------------------------------------------


def unfitting(told: Mismatched) -> str:
    """How many answers are another question's, in a sentence."""
    of = f"Of {told.judged:,} answers that were judged by the others,"
    if not told.share:
        return (
            f"{of} there is no sign that any is another question's: {percent(told.high)} at most."
        )
    return (
        f"{of} an estimated {percent(told.share)} are another question's "
        f"({percent(told.low)} to {percent(told.high)})."
    )


# --- labels -------------------------------------------------------------------------------------


def mislabelled(told: LabelNoise) -> str:
    """The label noise in a sentence."""
    return (
        f"An estimated {percent(told.share)} of {told.rows:,} labels in {told.classes:,} classes "
        f"are wrong, about {count(round(told.share * told.rows))}."
    )


def matrix(told: LabelNoise | None) -> list[tuple[str, list[tuple[str, str, int]]]]:
    """The matrix by lines: a class, and of each cell what it says, its kind and its shade (0-9).

    A shade is the cell's share of the rows with the line's label among those that are wrong.
    """
    if told is None:
        return []
    most = max((value for at, line in enumerate(told.matrix)
                for to, value in enumerate(line) if at != to), default=0)  # fmt: skip
    return [
        (name, [_cell(value, most, own=at == to) for to, value in enumerate(line)])
        for at, (name, line) in enumerate(zip(told.shown, told.matrix, strict=True))
    ]


def _cell(value: float, most: float, *, own: bool) -> tuple[str, str, int]:
    said = _rows(value) if value else ""
    shade = 0 if own or not most else round(9 * (value / most) ** 0.5)
    return said, "own" if own else "", shade


def _rows(value: float) -> str:
    return "<1" if 0 < value < 0.5 else f"{value:,.0f}"  # noqa: PLR2004 - would be rounded to none


def confusions(told: LabelNoise | None) -> list[tuple[str, str, str, str]]:
    """Label, likelier class, rows and share of each pair, in words."""
    if told is None:
        return []
    return [(c.given, c.likely, _rows(c.rows), percent(c.share)) for c in told.confusions]


# --- the map ------------------------------------------------------------------------------------


def mapped(report: Report) -> str:
    """The map in a sentence, for those who don't see it; nothing where there is none."""
    atlas = report.atlas
    if atlas is None:
        return ""
    of = "" if atlas.points == atlas.rows else f" of {atlas.rows:,}, drawn by lot"
    states = ", ".join(f"{rows:,} {name}" for name, rows in atlas.states.items())
    return f"{count(atlas.points, 'row')}{of}: {states}."


def grouped(report: Report) -> list[tuple[str, str, str, str, str, str]]:
    """Name, rows, share, core, rung and remark of each kind of task, in words."""
    return [
        (one.name, f"{one.rows:,}", percent(one.share), f"{one.core:,}", one.rung,
         "nearly empty" if one.near_empty else "")
        for one in report.tasks
    ]  # fmt: skip


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
    if _said(one, one.before) == _said(one, one.after):
        return "same"
    if one.unit == "share":
        return f"{100 * more:+.2g} points".replace("-", "−")
    share = abs(more) / abs(one.before) if one.before else 0
    told = percent(share) if share <= 1 else f"{100 * share:,.0f} %"
    sign = "+" if more > 0 else "−"
    return f"{sign}{_number(abs(more))}" + (f" ({told})" if share else "")
