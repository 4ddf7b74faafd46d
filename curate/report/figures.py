"""What the data looks like before and after: lengths, readability, languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from curate.report.model import Distribution, Language, Quantiles

if TYPE_CHECKING:
    from collections.abc import Iterator

# Half-octaves: lengths spread over four orders of magnitude.
_LENGTHS = (0, 1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64, 91, 128, 181, 256, 362, 512, 724, 1024,
            1448, 2048, 2896, 4096, 5793, 8192, 11585, 16384, 23170, 32768)  # fmt: skip
_EASE = tuple(range(-20, 121, 10))

# column -> title, unit, edges of the bins
_FIGURES: dict[str, tuple[str, str, tuple[int, ...]]] = {
    "response_tokens": ("Length of the answers", "tokens", _LENGTHS),
    "prompt_tokens": ("Length of the prompts", "tokens", _LENGTHS),
    "readability_flesch": ("Readability of the answers", "Flesch reading ease", _EASE),
}
LANGUAGE = "response_language"
COLUMNS = (*_FIGURES, LANGUAGE)
MAX_LANGUAGES = 12


def distributions(scores: pl.DataFrame, kept: pl.Series) -> Iterator[Distribution]:
    """The spread of each column that was measured.

    Args:
        scores: a row a scored record.
        kept: which of them are in the core.
    """
    for column, (name, unit, edges) in _FIGURES.items():
        if column not in scores.columns:
            continue
        values = scores.select(pl.col(column).cast(pl.Float64), kept.alias("kept")).drop_nulls()
        values = values.filter(pl.col(column).is_finite())
        before, after = values[column], values.filter("kept")[column]
        whole = _quantiles(before)
        if whole is None:
            continue
        low, high = _trimmed(before, edges)
        yield Distribution(
            column=column,
            name=name,
            unit=unit,
            before=whole,
            after=_quantiles(after),
            edges=edges[low : high + 1],
            bins_before=_bins(before, edges[low : high + 1]),
            bins_after=_bins(after, edges[low : high + 1]),
        )


def _quantiles(values: pl.Series) -> Quantiles | None:
    if values.is_empty():
        return None
    names = ("min", "p5", "p25", "median", "p75", "p95", "max")
    shares = (0, 0.05, 0.25, 0.5, 0.75, 0.95, 1)
    figures = {
        name: round(values.quantile(share, "nearest") or 0.0, 2)
        for name, share in zip(names, shares, strict=True)
    }
    mean = float(values.to_numpy().mean())
    return Quantiles(rows=len(values), mean=round(mean, 2), **figures)


def _trimmed(values: pl.Series, edges: tuple[int, ...]) -> tuple[int, int]:
    """First and last edge that the values need."""
    counts = _bins(values, edges)
    used = [at for at, count in enumerate(counts) if count]
    return used[0], used[-1] + 1


def _bins(values: pl.Series, edges: tuple[int, ...]) -> tuple[int, ...]:
    """Rows a bin; what lies beyond the outer edges counts in the outer bins."""
    inner = pl.Series(edges[1:-1], dtype=pl.Float64)
    bins = inner.search_sorted(values, side="right")
    counts = dict(bins.value_counts().iter_rows())
    return tuple(counts.get(at, 0) for at in range(len(edges) - 1))


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
