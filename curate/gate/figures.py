"""The figures of a data set that a gate can limit, and the aggregates of a column."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from curate.errors import UsageError
from curate.gate.bounds import Measure

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl


@dataclass(frozen=True)
class Figure:
    """A figure of the data set; exactly one of the last three says how it comes about.

    Attributes:
        what: what it counts, in words.
        total: `records` or `rows`: all there are.
        disposition: records that would have this disposition under the rules of the check.
        when: rows for which this condition holds.
        family: rows that a rule of this family hits, those of severity info aside.
    """

    what: str
    total: str | None = None
    disposition: str | None = None
    when: str | None = None
    family: str | None = None


FIGURES: Mapping[str, Figure] = MappingProxyType(
    {
        "records": Figure("records, readable or not", total="records"),
        "rows": Figure("valid rows", total="rows"),
        "kept": Figure("records that would be kept", disposition="kept"),
        "dropped": Figure("records that would be dropped", disposition="dropped"),
        "quarantined": Figure("records that are no valid rows", disposition="quarantined"),
        "duplicates": Figure(
            "rows that repeat another one",
            when="exact_duplicate_of is not null or near_duplicate_of is not null",
        ),
        "pii": Figure("rows with personal data", family="pii"),
        "secrets": Figure("rows with keys or passwords", family="secret"),
        "contaminated": Figure(
            "rows that hold evaluation items",
            when="contamination is not null and contamination_class != 'boilerplate'",
        ),
        # As the rule `label-noise` has it. Below 0.5 another class is likelier: 964 rows of
        # banking77's 10,003, of which an estimated 147 are labelled wrongly.
        "noise": Figure("rows whose label is likely wrong", when="label_noise_score < 0.05"),
        "synthetic": Figure("rows that a machine likely wrote", when="synthetic_score < 0.5"),
    }
)
COUNTED = frozenset({"null", "top", "rarest", "share"})  # aggregates that are a part of the rows
_QUANTILES = {"p1": 0.01, "p5": 0.05, "p25": 0.25, "p75": 0.75, "p95": 0.95, "p99": 0.99}


def is_count(loc: tuple[str, ...]) -> bool:
    """Whether what the limit at this place of a config measures is a count and a share."""
    if loc[1] == "figures":
        return FIGURES[loc[2]].total is None
    return loc[1] != "columns" or loc[3] in COUNTED


def aggregate(column: pl.Series, how: str, value: str | None = None) -> Measure:
    """An aggregate of a column; see `curate.gate.config.Aggregates` for the names.

    Args:
        column: a row a record.
        how: the aggregate.
        value: whose share.

    Raises:
        UsageError: an average of words.
    """
    import polars as pl

    if how == "null":
        return Measure(column.null_count(), column.len())
    some = column.drop_nulls()
    if how == "distinct":
        return Measure(some.n_unique())
    if how == "share":
        return Measure(int((some.cast(pl.String) == value).sum()), column.len())
    if how in ("top", "rarest"):
        counts = some.value_counts()["count"] if some.len() else pl.Series([0])
        return Measure(int(counts.max() if how == "top" else counts.min()), column.len())  # type: ignore[arg-type]  # whole numbers
    if column.dtype == pl.String or column.dtype.is_nested():
        raise UsageError(
            f"{column.name} holds words, which have no {how}; limit null, distinct, top, rarest or "
            "share.VALUE"
        )
    numbers = some.cast(pl.Float64).drop_nans()
    return Measure(_number(numbers, how))


def _number(numbers: pl.Series, how: str) -> float:
    """An aggregate of numbers; 0 where there are none."""
    if how in _QUANTILES:
        found: object = numbers.quantile(_QUANTILES[how], "linear")
    else:
        found = getattr(numbers, how)()
    return float(found) if isinstance(found, int | float) else 0.0
