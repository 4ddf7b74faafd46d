"""What the data looks like before and after: lengths, readability, scores, languages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from curate.report.model import Cut, Distribution, Language, Quantiles

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from curate.policy.rule import Rule
    from curate.report.model import RuleReport

# Half-octaves: lengths spread over four orders of magnitude.
_LENGTHS = (0, 1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64, 91, 128, 181, 256, 362, 512, 724, 1024,
            1448, 2048, 2896, 4096, 5793, 8192, 11585, 16384, 23170, 32768)  # fmt: skip
_EASE = tuple(range(-20, 121, 10))
_UNIT = tuple(round(0.05 * step, 2) for step in range(21))
_NEAR = 4  # times the longest row: a cut beyond that would squeeze the rest


class _Figure(NamedTuple):
    name: str
    unit: str
    edges: tuple[float, ...]


_FIGURES: dict[str, _Figure] = {
    "total_tokens": _Figure("Length of the rows", "tokens, all turns", _LENGTHS),
    "response_tokens": _Figure("Length of the answers", "tokens", _LENGTHS),
    "prompt_tokens": _Figure("Length of the prompts", "tokens", _LENGTHS),
    "readability_flesch": _Figure("Readability of the answers", "Flesch reading ease", _EASE),
}
LANGUAGE = "response_language"
COLUMNS = (*_FIGURES, LANGUAGE, "map_x", "map_y", "task", "task_number")
MAX_LANGUAGES = 12


def distributions(
    scores: pl.DataFrame,
    kept: pl.Series,
    rules: Sequence[RuleReport],
    catalogue: Mapping[str, Rule],
) -> Iterator[Distribution]:
    """The spread of each column that was measured, scores last.

    Args:
        scores: a row a scored record.
        kept: which of them are in the core.
        rules: with the thresholds of this run.
        catalogue: what the rules compare with them.
    """
    core = kept.to_numpy()
    for column, (name, unit, edges) in _shown(scores).items():
        values = scores[column].cast(pl.Float64).fill_null(np.nan).to_numpy()
        finite = np.isfinite(values)
        before, after = np.sort(values[finite]), np.sort(values[finite & core])
        if not len(before):
            continue
        cuts = tuple(_cuts(column, rules, catalogue))
        shown = _trimmed(before, edges, [one.value for one in cuts])
        yield Distribution(
            column=column,
            name=name,
            unit=unit,
            before=_quantiles(before),
            after=_quantiles(after) if len(after) else None,
            edges=shown,
            bins_before=_bins(before, shown),
            bins_after=_bins(after, shown),
            cuts=cuts,
        )


def _shown(scores: pl.DataFrame) -> dict[str, _Figure]:
    found = {column: one for column, one in _FIGURES.items() if column in scores.columns}
    for column, kind in scores.schema.items():
        if column.endswith("_score") and kind.is_numeric():
            name = column.removesuffix("_score").replace("_", " ").capitalize()
            found[column] = _Figure(f"{name} score", "0 = worst", _UNIT)
    return found


def _cuts(column: str, rules: Sequence[RuleReport], catalogue: Mapping[str, Rule]) -> Iterator[Cut]:
    """Where rules that ran compare this column itself with their threshold."""
    compared = re.compile(rf"\b{column} *[<>]=? *threshold\b")
    for rule in rules:
        known = catalogue.get(rule.code)
        if rule.threshold is not None and known is not None and compared.search(known.when or ""):
            yield Cut(code=rule.code, value=rule.threshold)


def _quantiles(values: np.ndarray) -> Quantiles:
    """The spread of sorted values, each quantile a value that is there."""
    names = ("min", "p5", "p25", "median", "p75", "p95", "max")
    places = (round(share * (len(values) - 1)) for share in (0, 0.05, 0.25, 0.5, 0.75, 0.95, 1))
    figures = {name: round(float(values[at]), 2) for name, at in zip(names, places, strict=True)}
    return Quantiles(rows=len(values), mean=round(float(values.mean()), 2), **figures)


def _trimmed(
    values: np.ndarray, edges: tuple[float, ...], cuts: Sequence[float]
) -> tuple[float, ...]:
    """The edges that the values need, and the cuts that are not far away."""
    near = [cut for cut in cuts if cut <= _NEAR * max(values[-1], 1)]
    starts = np.searchsorted(edges, [values[0], *near], "right")
    ends = [np.searchsorted(edges, values[-1], "right"), *np.searchsorted(edges, near, "left")]
    low = min(max(int(starts.min()) - 1, 0), len(edges) - 2)
    return edges[low : max(int(max(ends)), low + 1) + 1]


def _bins(values: np.ndarray, edges: tuple[float, ...]) -> tuple[int, ...]:
    """Rows a bin; what lies beyond the outer edges counts in the outer bins."""
    inner = np.searchsorted(values, edges[1:-1], "left")
    return tuple(np.diff(inner, prepend=0, append=len(values)).tolist())


def place(value: float, edges: Sequence[float]) -> float | None:
    """Where a value stands on an axis whose ticks 0, 1, 2 ... are these edges; None beyond it."""
    if not edges[0] <= value <= edges[-1]:
        return None
    return round(float(np.interp(value, edges, range(len(edges)))), 3)


def languages(scores: pl.DataFrame, kept: pl.Series) -> tuple[Language, ...]:
    """The languages of the answers, most frequent first; rare ones together as `other`."""
    if LANGUAGE not in scores.columns:
        return ()
    counts = (
        scores.select(pl.col(LANGUAGE).alias("language"), kept.alias("kept"))
        .group_by("language")
        .agg(pl.len().alias("before"), pl.col("kept").sum().alias("after"))
        .sort(["before", "language"], descending=[True, False], nulls_last=True)
    )
    made = [Language(language=name, before=b, after=a) for name, b, a in counts.iter_rows()]
    common, rare = made[:MAX_LANGUAGES], made[MAX_LANGUAGES:]
    if rare:
        before, after = sum(one.before for one in rare), sum(one.after for one in rare)
        common.append(Language(language="other", before=before, after=after))
    return tuple(common)
