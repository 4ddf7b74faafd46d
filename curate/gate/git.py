"""The inputs as a revision of git has them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from curate.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

LFS = b"version https://git-lfs.github.com/spec/"


def extract(names: Sequence[str], revision: str, folder: Path) -> list[str]:
    """Write the files as they were in a revision below a folder.

    Args:
        names: files of one or several repositories.
        revision: a branch, a tag or a commit.
        folder: an empty folder.

    Returns:
        What was there then, under today's names: of a file that git sees as renamed since, what it
        was called then; a file that the revision does not have is left out.

    Raises:
        UsageError: no git, no repository, an unknown revision, or an input that is no file.
        InputError: git can't give the file.
    """
    made = []
    for number, name in enumerate(names):
        path = Path(name)
        if not path.is_file():
            raise UsageError(f"--since: {name} is no file, so git can't know it")
        _check_revision(path.parent, revision, name)
        data = _blob(path, revision)
        if data is not None:
            target = folder / str(number) / path.name
            target.parent.mkdir()
            target.write_bytes(data)
            made.append(str(target))
    return made


def _git(folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603  # our own words; the revision is checked
            ["git", "-C", str(folder), *words],  # noqa: S607  # the user's own git
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        raise UsageError(
            "--since needs git, which is not installed; --baseline FILE needs none"
        ) from None


def _check_revision(folder: Path, revision: str, name: str) -> None:
    found = _git(folder, "rev-parse", "--git-dir")
    if b"dubious ownership" in found.stderr:
        raise UsageError(
            f"--since: git does not trust the owner of the repository of {name}; "
            "git config --global --add safe.directory '*' lets it"
        )
    if found.returncode:
        raise UsageError(
            f"--since: {name} stands in no git repository; name a baseline: --baseline FILE"
        )
    if revision.startswith("-") or not _is_commit(folder, revision):
        raise UsageError(f"--since {revision}: no such revision{_hint(folder, revision)}")


def _is_commit(folder: Path, revision: str) -> bool:
    found = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options",
                 f"{revision}^{{commit}}")  # fmt: skip
    return found.returncode == 0


def _hint(folder: Path, revision: str) -> str:
    """What a person can do: nearly always a CI has fetched one commit and no branch."""
    if not revision.startswith("-") and _is_commit(folder, f"origin/{revision}"):
        return f"; did you mean origin/{revision}?"
    shallow = _git(folder, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
    if shallow:
        return f" in this shallow clone; git fetch --depth=1 origin {revision}:{revision} brings it"
    return "; git branch --all lists the branches"


def _name_before(path: Path, revision: str) -> str | None:
    """The name from the top that a file had before `git mv`; None where git sees no rename."""
    name = _git(path.parent, "ls-files", "-z", "--full-name", "--", f":(literal){path.name}").stdout
    found = _git(path.parent, "diff", "--no-ext-diff", "--no-relative", "--find-renames", "-z",
                 "--name-status", "--diff-filter=R", revision, "--")  # fmt: skip
    _, *fields = found.stdout.split(b"\0")  # R100, old, new, R087, old, new, ...
    renamed = dict(zip(fields[1::3], fields[0::3], strict=False))
    before = renamed.get(name.rstrip(b"\0"))
    return None if before is None else os.fsdecode(before)


def _blob(path: Path, revision: str) -> bytes | None:
    """The bytes of a file in a revision, as a checkout would write them; None if it has none."""
    spec = f"{revision}:./{path.name}"
    if _git(path.parent, "cat-file", "-e", spec).returncode:
        before = _name_before(path, revision)
        if before is None:
            return None
        spec = f"{revision}:{before}"
    found = _git(path.parent, "cat-file", "--filters", spec)
    if found.returncode:
        reason = found.stderr.decode("utf-8", "replace").strip().splitlines()
        raise InputError(f"{revision}:{path.name}: git can't give it: {(reason or ['?'])[-1]}")
    if found.stdout.startswith(LFS):
        raise InputError(
            f"{revision}:{path.name}: is a pointer of Git LFS; install git-lfs and "
            f"git lfs fetch origin {revision}"
        )
    return found.stdout
