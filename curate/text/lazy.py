"""Regular expressions that are compiled when they are first used.

Those of signals take 0.2 s to compile, a tenth of a small run, and most wait for a sign of their
fault that few files have.
"""

from __future__ import annotations

import re
from typing import Any, cast


def regex(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """What `re.compile` makes of the pattern, later; a wrong one is an error as late as that."""
    return cast("re.Pattern[str]", _Lazy(pattern, flags))


class _Lazy:
    """Has whatever the compiled pattern has."""

    def __init__(self, pattern: str, flags: int) -> None:
        self._source = pattern, flags

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # a method or a text
        found = getattr(re.compile(*self._source), name)
        setattr(self, name, found)  # looked up once: then it costs what the pattern's own costs
        return found
