"""The limits of a check: those of its config, and one for each rule that the config leaves out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from curate.errors import ConfigError, UsageError, did_you_mean
from curate.gate import bounds
from curate.gate.bounds import Bound, Measure
from curate.gate.config import REFUSED, Condition, Limit
from curate.gate.config import limits as listed
from curate.gate.examine import CONDITION, speaks_for
from curate.gate.figures import FIGURES, aggregate
from curate.policy.choose import matches_prefix
from curate.policy.condition import KEYWORDS, words
from curate.registry import makers
from curate.text.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import polars as pl

    from curate.gate.config import Check
    from curate.gate.examine import Examined
    from curate.policy.rule import Rule

NONE = "> 0"
_VALUES = 5  # of a column, that are named
# Settings without which signals find nothing, and how they are given.
_COMPARED = {"against": "--against, or against in [clean]", "index": "index in [clean]"}
_AGGREGATES = {
    "min": "the least {}", "max": "the greatest {}", "mean": "the mean of {}",
    "median": "the median of {}", "sum": "the sum of {}", "null": "rows without {}",
    "distinct": "different values of {}", "top": "rows with the most frequent {}",
    "rarest": "rows with the rarest {}",
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A limit and what it looks at.

    Attributes:
        name: its place below `[check]`: `rules.pii`.
        title: what is limited, in words.
        error_if, warn_if: the comparisons that must not hold.
        codes: of the findings whose rows it counts; none of a figure.
        measure: the figure; of a limit on rows what all are.
        limit: as the config has it; None where it has none.
        note: what there is to say of the measure.
        missing: the option without which nothing is found, so that it can't be broken.
    """

    name: str
    title: str
    error_if: Bound | None
    warn_if: Bound | None
    codes: tuple[str, ...]
    measure: Measure
    limit: Limit | Condition | None = None
    note: str | None = None
    missing: str | None = None

    @property
    def bounds(self) -> str:
        """All comparisons for a person."""
        parts = (("error", self.error_if), ("warning", self.warn_if))
        return ", ".join(f"{level} if {bound}" for level, bound in parts if bound is not None)


def all_limits(examined: Examined, check: Check) -> Iterator[Asked]:
    """Every limit of a check: those that the config lists, then one a rule that it does not.

    Raises:
        ConfigError: a limit on a number that is none, or on rules that are all ignored, or one of
            the config that should fail and can't, for there is nothing to compare with.
    """
    silent = _silent(examined)
    own = {".".join(loc[1:]) for loc, _ in listed(check)}
    for asked in _all_limits(examined, check):
        missing = _missing(asked, examined, silent)
        if missing is not None and asked.name in own and asked.error_if is not None:
            raise ConfigError(
                f"check.{asked.name}: there is nothing to compare with, so it would never fail; "
                f"give {missing}"
            )
        yield replace(asked, missing=missing)


def _all_limits(examined: Examined, check: Check) -> Iterator[Asked]:
    covered = _covered(examined, check)
    for loc, limit in listed(check):
        yield _listed(loc[1:], limit, examined, covered)
    refused = {"figures.quarantined", *(f"rules.{code}" for code in REFUSED)}
    if refused.isdisjoint(".".join(loc[1:]) for loc, _ in listed(check)):
        yield _figure(("figures", "quarantined"), Limit(error_if=NONE), examined)
    taken = {code for codes in covered.values() for code in codes}
    for code in sorted(examined.own - taken):
        implied = _implied(examined.rules[code], check)
        if implied is not None:
            yield _on_rows(("rules", code), examined.rules[code].name, implied, (code,), examined)


def _silent(examined: Examined) -> dict[str, str]:
    """The columns that are null in all rows for want of an option, and that option."""
    settings = examined.run.lock.settings
    return {
        column: option
        for column, signal in makers().items()
        for name, option in _COMPARED.items()
        if name in signal.settings and not getattr(settings, name)
    }


def _missing(asked: Asked, examined: Examined, silent: Mapping[str, str]) -> str | None:
    """The option for want of which a limit can't be broken."""
    reads = _reads(asked, examined)
    return silent[min(reads)] if reads and reads <= silent.keys() else None


def _reads(asked: Asked, examined: Examined) -> set[str]:
    """The columns that a limit looks at; none of one on records."""
    kind, _, name = asked.name.partition(".")
    if kind == "columns":
        return {name.partition(".")[0]}
    when = asked.limit.when if isinstance(asked.limit, Condition) else None
    if kind == "figures":
        when = FIGURES[name].when
    if when is not None:
        return {word for word in words(when) if word not in KEYWORDS}
    rules = [examined.rules[code] for code in asked.codes if code in examined.rules]
    return {column for rule in rules for column in rule.reads}


def _covered(examined: Examined, check: Check) -> Mapping[str, tuple[str, ...]]:
    """The rules that each limit speaks for: of several that fit, the most particular does."""
    speaking = {name: speaks_for(name, examined.rules, examined.own) for name in check.rules}
    speaking |= {name: [name] for name in check.rules if name in REFUSED}
    made: dict[str, list[str]] = {name: [] for name in check.rules}
    for code in (*examined.rules, *REFUSED):
        fitting = [name for name, codes in speaking.items() if code in codes]
        if fitting:
            made[max(fitting, key=lambda name: (name != "all", len(name)))].append(code)
    return {name: tuple(codes) for name, codes in made.items()}


def _listed(
    loc: tuple[str, ...],
    limit: Limit | Condition,
    examined: Examined,
    covered: Mapping[str, tuple[str, ...]],
) -> Asked:
    kind, name = loc[0], loc[1]
    if kind == "columns":
        return _column(loc, limit, examined)
    if kind == "figures":
        return _figure(loc, limit, examined)
    if isinstance(limit, Condition):
        return _on_rows(loc, f"rows with {limit.when}", limit, (CONDITION + name,), examined)
    codes = covered[name]
    if not codes:
        raise ConfigError(f"check.rules.{name}: more particular limits cover all of its rules")
    rule = examined.rules.get(name)
    title = rule.name if rule else f"{name}: {count(len(codes), 'rule')}"
    return _on_rows(loc, title, limit, codes, examined)


def _implied(rule: Rule, check: Check) -> Limit | None:
    """The limit of a rule that the config does not name."""
    if check.unlisted == "off":
        return None
    if check.unlisted == "severity" and (rule.action == "drop" or rule.severity == "error"):
        return Limit(error_if=NONE)
    return None if rule.severity == "info" else Limit(severity="warn", warn_if=NONE)


def _on_rows(
    loc: tuple[str, ...],
    title: str,
    limit: Limit | Condition,
    codes: tuple[str, ...],
    examined: Examined,
) -> Asked:
    whole = examined.counts.records if codes[0] in REFUSED else examined.scores.height
    return _asked(loc, title, limit, codes, Measure(0, whole))


def _figure(loc: tuple[str, ...], limit: Limit | Condition, examined: Examined) -> Asked:
    name = loc[1]
    figure = FIGURES[name]
    if name == "quarantined":
        return _on_rows(loc, figure.what, limit, REFUSED, examined)
    if figure.when:
        return _on_rows(loc, figure.what, limit, (".".join(loc),), examined)
    if figure.family:
        codes = tuple(
            code
            for code, rule in examined.rules.items()
            if matches_prefix(code, figure.family) and rule.severity != "info"
        )
        return _on_rows(loc, figure.what, limit, codes, examined)
    counts = examined.counts
    if figure.total:
        whole = examined.scores.height if figure.total == "rows" else counts.records
        return _asked(loc, figure.what, limit, (), Measure(whole))
    number = getattr(counts, str(figure.disposition))
    return _asked(loc, figure.what, limit, (), Measure(number, counts.records))


def _column(loc: tuple[str, ...], limit: Limit | Condition, examined: Examined) -> Asked:
    _, name, how, *value = loc
    try:
        measure = aggregate(examined.scores[name], how, *value)
    except UsageError as error:
        raise ConfigError(f"check.{'.'.join(loc)}: {error}") from None
    title = f"rows with the {name} {value[0]}" if value else _AGGREGATES.get(how, f"{how} of {{}}")
    asked = _asked(loc, title.format(name), limit, (), measure)
    absent = value and not measure.value
    return replace(asked, note=_absent(examined.scores[name], value[0])) if absent else asked


def _absent(column: pl.Series, value: str) -> str:
    """That no row has a value, and which values there are: a misspelt one would never fail."""
    import polars as pl

    values = column.drop_nulls().cast(pl.String).value_counts(sort=True)[column.name].to_list()
    there = ", ".join(map(repr, sorted(values[:_VALUES]))) or "no value at all"
    more = ", ..." if len(values) > _VALUES else ""
    return f"no row has {value!r}{did_you_mean(value, values)}; there is {there}{more}"


def _asked(
    loc: tuple[str, ...],
    title: str,
    limit: Limit | Condition,
    codes: tuple[str, ...],
    measure: Measure,
) -> Asked:
    """A limit with its comparisons; `> 0` where it has none of its own."""
    error_if, warn_if = limit.error_if, limit.warn_if
    if error_if is None and warn_if is None:
        error_if, warn_if = (NONE, None) if limit.severity == "error" else (None, NONE)
    return Asked(
        name=".".join(loc),
        title=title,
        error_if=None if error_if is None else bounds.parse(error_if),
        warn_if=None if warn_if is None else bounds.parse(warn_if),
        codes=codes,
        measure=measure,
        limit=limit,
    )
