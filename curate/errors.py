"""Every error that curate raises on purpose, with the exit code that the command line gives it.

CurateError            never raised itself
├── UsageError     2   a wrong option or a wrong combination of them
│   ├── ConfigError    a settings file that says something unknown or impossible
│   ├── RuleError      a rule or pack file that can't be loaded
│   └── MissingExtra   a part of curate that is not installed
├── InputError     3   an input that can't be read at all
├── OutputError    3   an output that can't be written
└── InternalError  4   curate broke one of its own promises: a bug
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


_PLAIN = {
    "missing": "is missing",
    "too_short": "is empty: give one at least",
    "float_parsing": "expected a number",
    "float_type": "expected a number",
    "int_parsing": "expected a whole number",
    "int_type": "expected a whole number",
    "finite_number": "expected a finite number",
    "bool_parsing": "expected true or false",
    "bool_type": "expected true or false",
    "string_type": "expected a text",
    "tuple_type": "expected a list",
    "list_type": "expected a list",
    "mapping_type": "expected a table",
    "dict_type": "expected a table",
}


def in_plain_words(fault: Mapping[str, Any], known: Iterable[str] = ()) -> str:
    """What pydantic found wrong with a value, in words for whoever wrote it.

    Args:
        fault: one of the `errors()` of a `ValidationError`.
        known: the keys that there are, for one that there is not.
    """
    if fault["type"] == "extra_forbidden":
        keys = list(known)
        meant = did_you_mean(str(fault["loc"][-1]), keys)
        return f"unknown key{meant} (known: {', '.join(keys)})"
    said = str(fault["msg"]).removeprefix("Value error, ")
    return _PLAIN.get(fault["type"], said.replace("Input should be", "expected"))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A question that names the nearest known word; nothing where none is near."""
    close = get_close_matches(word, sorted(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


class CurateError(Exception):
    """The root: one or two lines for a person, saying what is wrong, where, and what to do."""

    exit_code = 4


class UsageError(CurateError):
    """A wrong option or a wrong combination of them."""

    exit_code = 2


class ConfigError(UsageError):
    """A settings file that says something unknown or impossible."""


class RuleError(UsageError):
    """A rule or pack file that can't be loaded."""


class MissingExtra(UsageError):
    """A part of curate that is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(
            f"{what} needs the extra {extra}: in a clone of curate, pip install '.[{extra}]' (see "
            "docs/install.md)"
        )


class InputError(CurateError):
    """An input that can't be read at all."""

    exit_code = 3


class OutputError(CurateError):
    """An output that can't be written."""

    exit_code = 3


class InternalError(CurateError):
    """curate broke one of its own promises: a bug."""
