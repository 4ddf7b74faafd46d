"""Where a file stands in its repository: what reviews and code scanning call it."""

from __future__ import annotations

import os
from pathlib import Path


def path_in_repository(name: str) -> str:
    """The path from the top of the repository, with `/`; the name itself where there is none."""
    path = Path(name)
    if name == "-" or "://" in name or not path.exists():
        return name
    whole = path.resolve()
    top = top_of(whole.parent) or Path.cwd()
    try:
        return whole.relative_to(top.resolve()).as_posix()
    except ValueError:
        return path.as_posix()


def top_of(folder: Path) -> Path | None:
    """The top of the repository that a folder is in; of a checkout by a CI what it says itself."""
    named = os.environ.get("GITHUB_WORKSPACE") or os.environ.get("CI_PROJECT_DIR")
    if named and Path(named).resolve() in (folder, *folder.parents):
        return Path(named)
    return next((one for one in (folder, *folder.parents) if (one / ".git").exists()), None)
