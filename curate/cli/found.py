"""The settings of the folder that a command is run in."""

from __future__ import annotations

from pathlib import Path


def config_here(given: Path | None, *, quiet: bool) -> Path | None:
    """The file that `--config` names, or the curate.toml (or pyproject.toml) of this folder.

    What was found and not named is said, in a line on stderr, if it has settings.

    Raises:
        ConfigError: what was found is not TOML, or has an unknown table.
    """
    from curate.config import read_tables
    from curate.gate.config import find_config

    found = find_config(Path()) if given is None else None
    if found is None or not read_tables(found).get("clean"):
        return given
    if not quiet:
        from rich.console import Console

        console = Console(stderr=True, highlight=False, soft_wrap=True)
        console.print(f"settings of {found}, as --config names no other", style="dim")
    return found
