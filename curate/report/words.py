"""Numbers and deeds in words, the same in every medium."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from curate.report.model import RuleReport

_VERBS = {"drop": "drops", "edit": "edits", "flag": "flags"}


def percent(share: float) -> str:
    """A share as a person reads it: `2.1 %`, `0.04 %`, `0 %`; never `100 %` of what is not all."""
    value = 100 * share
    if 99.95 <= value < 100:  # noqa: PLR2004 - would be rounded to 100.0
        return ">99.9 %"
    if 0 < value < 0.001:  # noqa: PLR2004 - one row in 100,000
        return "<0.001 %"
    return f"{value:.1f} %" if 1 <= value < 100 else f"{value:.2g} %" if value < 1 else "100 %"  # noqa: PLR2004 - likewise


def count(number: int, noun: str = "row") -> str:
    """`1 row`, `1,204 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def verb(rule: RuleReport) -> str:
    """What a rule does to the rows it hits; a suspect one would drop and does not."""
    return "suspect" if rule.suspect else _VERBS[rule.action]
