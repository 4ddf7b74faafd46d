"""What a command finds that nobody has named: settings where it is run, runs among its inputs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from curate.cli.options import say

if TYPE_CHECKING:
    from collections.abc import Sequence

SHOWN = 3  # runs that are named


def config_here(given: Path | None, *, quiet: bool) -> Path | None:
    """The file that `--config` names, or the curate.toml (or pyproject.toml) of this folder.

    What was found and not named is said, in a line on stderr, if it has settings.

    Raises:
        ConfigError: what was found is not TOML, or has an unknown table.
    """
    from curate.config import find_config, read_tables

    found = find_config(Path()) if given is None else None
    if found is None or not read_tables(found).get("clean"):
        return given
    if not quiet:
        from rich.console import Console

        console = Console(stderr=True, highlight=False, soft_wrap=True)
        console.print(f"settings of {found}, as --config names no other", style="dim")
    return found


def tell_runs(inputs: Sequence[str], *, quiet: bool) -> None:
    """Say in a line on stderr which runs and splits below the folders named are not read."""
    from curate.read.sources import RUN, runs_below

    made = [] if quiet else runs_below(inputs)
    runs = [one for one in made if Path(one, RUN).is_file()]
    _tell(runs, "run folder", "core")
    _tell([one for one in made if one not in runs], "split", "parts")


def _tell(folders: Sequence[str], what: str, held: str) -> None:
    if folders:
        named = ", ".join(folders[:SHOWN]) + (", ..." if len(folders) > SHOWN else "")
        those = f"{len(folders):,} {what}{'' if len(folders) == 1 else 's'}"
        say(f"{those} not read: {named}; name one to read its {held}")
