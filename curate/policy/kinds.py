"""Kinds in a condition: a number is compared with a number, a text with a text.

polars says so only when rows are there, minutes into a run, and of a yes or no that is compared
with a text it says nothing: no row is ever equal to it. So a rule of the user's own is tried when
it is loaded.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import polars as pl

from curate.errors import RuleError
from curate.policy.condition import condition, tokens
from curate.registry import makers, plan, signals
from curate.row import BASE_SCHEMA, to_frame

if TYPE_CHECKING:
    from collections.abc import Mapping

    from curate.policy.rule import Rule

_COMPARES = frozenset({"=", "!=", "<>", "<", "<=", ">", ">=", "like"})
_LIST = "a list"
# What a value of a kind looks like to polars, which tries a condition on it.
_VALUES: Mapping[str, Any] = {"a text": "a", "a number": 1, "yes or no": True, _LIST: None}


def check_kinds(rule: Rule) -> None:
    """Refuse a rule whose columns are not of the kind that it takes them for.

    Columns that depend on settings are left to the run: which settings it has is not known here,
    and measuring them may read files. The others of curate's own take 0 to 15 ms a signal, once.

    Raises:
        RuleError: names the columns and what they hold.
    """
    if any(one.settings for one in plan(rule.reads)):
        return
    schema = {name: _empty(name).dtype for name in sorted(rule.reads)}
    kinds = {name: _kind(dtype) for name, dtype in schema.items()}
    for key, name in (("column", rule.evidence), ("twin", rule.twin)):
        if name is not None and kinds[name] == _LIST:
            raise RuleError(f"{key}: {name} is {_LIST}; name a column with a text or a number")
    if rule.twin is not None and kinds[rule.twin] != "a text":
        raise RuleError(f"twin: {rule.twin} is {kinds[rule.twin]}; name a column that holds ids")
    if rule.when is not None:
        _check_comparisons(rule.when, kinds)
        _try(rule.when, schema, kinds, rule.threshold)


def _empty(column: str) -> pl.Series:
    """A column as its signal makes it of no rows at all."""
    if column in BASE_SCHEMA:
        return to_frame([])[column]
    return _measured(makers()[column].name)[column]


@cache
def _measured(signal: str) -> pl.DataFrame:
    one = signals()[signal]
    return one(pl.DataFrame([_empty(column) for column in one.needs]))


def _kind(dtype: pl.DataType) -> str:
    if dtype == pl.Boolean:
        return "yes or no"
    if dtype.is_nested():
        return _LIST
    return "a number" if dtype.is_numeric() else "a text"


def _check_comparisons(when: str, kinds: Mapping[str, str]) -> None:
    """Look at what stands on the two sides of each sign."""
    words = [*tokens(when)]
    for (left, (_, sign)), (_, right) in pairwise(pairwise(words)):
        if sign not in _COMPARES:
            continue
        sides = [(value, _side(kind, value, kinds)) for kind, value in (left, right)]
        found = {kind for _, kind in sides if kind is not None}
        if len(found) > 1 or _LIST in found:
            said = " with ".join(f"{value} ({kind or '?'})" for value, kind in sides)
            raise RuleError(f"when: compares {said}; compare like with like")


def _side(kind: str, value: str, kinds: Mapping[str, str]) -> str | None:
    """What a word of a condition stands for; None where that takes more than a look."""
    if kind == "number" or value == "threshold":
        return "a number"
    if kind == "string":
        return "a text"
    return "yes or no" if value in {"true", "false"} else kinds.get(value)


def _try(
    when: str, schema: Mapping[str, pl.DataType], kinds: Mapping[str, str], threshold: float | None
) -> None:
    row = {name: [_VALUES[kinds[name]]] for name in schema}
    frame = pl.DataFrame(row, schema=schema)
    try:
        made = frame.select(condition(when, schema, threshold)).to_series()
    except pl.exceptions.PolarsError as error:
        raise RuleError(f"when: {str(error).splitlines()[0]}{_told(kinds)}") from None
    if made.dtype != pl.Boolean:
        raise RuleError(f"when: neither true nor false but {_kind(made.dtype)}; compare it")


def _told(kinds: Mapping[str, str]) -> str:
    return "".join(f"; {name} is {kind}" for name, kind in kinds.items())
