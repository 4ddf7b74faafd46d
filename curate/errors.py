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
        super().__init__(f"{what} needs an extra: pip install 'curate-sft[{extra}]'")


class InputError(CurateError):
    """An input that can't be read at all."""

    exit_code = 3


class OutputError(CurateError):
    """An output that can't be written."""

    exit_code = 3


class InternalError(CurateError):
    """curate broke one of its own promises: a bug."""
