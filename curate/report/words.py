"""Numbers and deeds in words, the same in every medium."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curate.text.words import count, figure, percent, seen

if TYPE_CHECKING:
    from curate.report.model import RuleReport

__all__ = ["count", "figure", "percent", "seen", "verb"]

_VERBS = {"drop": "drops", "edit": "edits", "flag": "flags"}


def verb(rule: RuleReport) -> str:
    """What a rule does to the rows it hits; a suspect one would drop and does not."""
    return "suspect" if rule.suspect else _VERBS[rule.action]
