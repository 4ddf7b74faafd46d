"""The language of conditions: a part of SQL that can neither call a function nor read a file."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from curate.errors import RuleError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import polars as pl

KEYWORDS = frozenset("and or not is null between in like true false threshold".split())
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<string>'(?:[^'\\]|'')*')"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<operator><=|>=|!=|<>|[=<>+*/(),-]))"
)


def words(text: str) -> list[str]:
    """The words of a condition in their order: keywords in lower case, and columns."""
    return [value for kind, value in tokens(text) if kind == "word"]


def condition(text: str, columns: Iterable[str], threshold: float | None = None) -> pl.Expr:
    """A condition of a rule as a polars expression; null counts as false.

    The language is the part of SQL's that is made of known columns, numbers, 'strings',
    comparisons, arithmetic and `and or not is null between in like true false threshold`. Every
    other word and sign is refused before the text meets a parser, so a condition can neither
    call a function nor read a file.

    Raises:
        RuleError: an unknown column or sign, or no condition at all.
    """
    import polars as pl

    known = set(columns)
    parts: list[str] = []
    for (kind, value), (_, following) in pairwise([*tokens(text), ("end", "")]):
        if value == "threshold" and kind == "word":
            parts.append(repr(threshold))
        elif kind == "word" and value not in KEYWORDS:
            if value not in known:
                raise RuleError(f"unknown column {value!r}{did_you_mean(value, known)}")
            if following == "(":
                raise RuleError(f"{value!r} is a column, not a function")
            parts.append(f'"{value}"')
        else:
            parts.append(value)
    try:
        made = pl.sql_expr(" ".join(parts)).fill_null(value=False)
    except Exception as error:  # noqa: BLE001  # whatever the parser raises is the rule's fault
        raise RuleError(f"not a condition: {text!r} ({error})") from None
    if misread := set(made.meta.root_names()) - known:  # `between` alone is a column to SQL
        raise RuleError(f"not a condition: {text!r} ({min(misread)!r} stands where it can't)")
    return made


def tokens(text: str) -> Iterator[tuple[str, str]]:
    """Kind (number, string, word, operator) and value of each token of a condition."""
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            raise RuleError(f"unexpected {text[at:].lstrip()[0]!r} in the condition {text!r}")
        kind = str(found.lastgroup)
        value = found[kind]
        yield kind, value.lower() if value.lower() in KEYWORDS else value
        at = found.end()
