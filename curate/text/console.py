"""Standard output as a console; without polars, for a result of the cache is shown too."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

MAX_WIDTH = 1_000_000  # columns of a pipe or a file; hardly an answer has as many


def whole_lines(*, highlight: bool = True) -> Console:
    """A console on stdout that cuts lines for a terminal alone: the log of a CI has no width."""
    from rich.console import Console

    console = Console(highlight=highlight)
    if not console.file.isatty():
        console.width = MAX_WIDTH
    return console
