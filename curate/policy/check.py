"""What would fail at run time is refused when a rule is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from curate.errors import RuleError, did_you_mean
from curate.policy import edit
from curate.policy.condition import condition
from curate.policy.kinds import check_kinds
from curate.registry import makers

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from curate.policy.rule import Rule


def check(rule: Rule, file: Traversable) -> None:
    """Refuse at load what would fail at run time: patterns, columns, conditions, edits.

    Raises:
        RuleError: names the file, the field and what is wrong.
    """
    try:
        _check_patterns(rule)
        if rule.fix is not None:
            edit.check(rule)
        _check_columns(rule)
        check_kinds(rule)
    except RuleError as error:
        raise RuleError(f"{file}: {error}") from None


def _check_patterns(rule: Rule) -> None:
    for clause in rule.match:
        for kind in ("any", "unless", "none"):
            try:
                pl.select(pl.lit("").str.contains(clause.pattern(kind)))
            except pl.exceptions.ComputeError as error:
                raise RuleError(f"match: {' '.join(str(error).split())}") from None


def _check_columns(rule: Rule) -> None:
    columns = stored_columns()
    try:
        if rule.when is not None:
            condition(rule.when, columns, rule.threshold)
    except RuleError as error:
        raise RuleError(f"when: {error}") from None
    for name in sorted(rule.reads - columns):
        raise RuleError(f"unknown column {name!r}{did_you_mean(name, columns)}")


def stored_columns() -> set[str]:
    """The columns that conditions can read: what signals make and scores keep."""
    made = {column for column, signal in makers().items() if not signal.transient}
    return made | {"format", "source"}
