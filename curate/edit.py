"""Edit rules applied to a record: opt-in, text by text, all else as it came."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from curate.match import ROLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from curate.formats import Format, Record
    from curate.rule import Rule

FUNCTIONS: Mapping[str, Callable[[str], str]] = {}


def apply(made: Format, rules: Iterable[Rule]) -> tuple[Record | None, list[str]]:
    """Apply edit rules in their order.

    Returns:
        The edited record and the codes of the rules that changed it; None and no codes where none
        did.
    """
    record: Record | None = None
    codes = []
    for rule in rules:
        after = made.map_text(lambda role, text, rule=rule: _edited(rule, role, text))  # type: ignore[misc]
        if after != (record or made.record):
            record = after
            codes.append(rule.code)
            made = type(made).model_validate(after)
            type(made).record.__set__(made, after)  # type: ignore[attr-defined]
    return record, codes


def _edited(rule: Rule, role: str, text: str) -> str:
    place = rule.match[0].place if rule.match else "any"
    if place != "any" and ROLES.get(place, place) != role:
        return text
    if rule.fix is None:
        return text
    if rule.fix.function:
        return FUNCTIONS[rule.fix.function](text)
    return re.sub(rule.fix.replace or "", rule.fix.by, text)
