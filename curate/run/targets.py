"""Files that a command writes are none of those that it reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from curate.errors import UsageError
from curate.read.source import HUB
from curate.read.sources import files_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from curate.config import Settings


def check_targets(targets: Iterable[Path], read: Iterable[str | Path]) -> None:
    """Refuse to write over what is read.

    Args:
        targets: files to write; pipes and devices among them lose nothing.
        read: files that are read, by whatever name.

    Raises:
        UsageError: a target is one of them.
    """
    there = [target for target in targets if target.is_file()]
    for one in read if there else ():
        for target in there:
            if Path(one).exists() and target.samefile(one):
                raise UsageError(f"{target}: is an input; give another name")


def files_read(settings: Settings) -> Iterator[str]:
    """The files of the evaluation items and of the rules that settings name."""
    for name in settings.against:
        if not name.startswith(HUB):
            yield from files_of(name)
    if isinstance(settings.rules, tuple):
        for folder in settings.rules:
            yield from map(str, Path(folder).rglob("*.yaml"))
