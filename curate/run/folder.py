"""The run folder appears whole or not at all, and is replaced whole or not at all.

A run writes into a draft beside its folder (`.NAME.partial`), every file is forced to disk, and one
rename puts the draft in its place. Killed at any moment, a run leaves the old folder or the new
one; what is left of a draft is cleared by the next run. A draft is known by a file in it (`DRAFT`):
a folder of such a name that no run has left is not touched.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from curate.errors import InputError, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import polars as pl

LOCK = "curate.lock"
DRAFT = ".draft"  # stands in a folder from its making until it is finished
RECORDS = "records.zst"
SCORES = "scores.parquet"
MATCHES = "matches.parquet"
FINDINGS = "findings.parquet"
LEDGER = "ledger.parquet"
DROPPED = "dropped.jsonl"
QUARANTINE = "quarantine.jsonl"
EDITS = "edits.jsonl"
REPORTS = ("report.html", "report.json", "report.md")
# What was read and measured; a new decision changes none of it.
FACTS = (RECORDS, SCORES, MATCHES, QUARANTINE, EDITS)
# All that a run folder holds, but for the core; and what a file manager leaves in any folder.
OWN = frozenset({LOCK, FINDINGS, LEDGER, DROPPED, *FACTS, *REPORTS, ".DS_Store"})


def _outputs(lock: dict[str, Any]) -> Iterable[str]:
    """The files that a lock vouches for."""
    return dict(lock["outputs"])


@dataclass(frozen=True)
class Kind:
    """A kind of folder that is written whole.

    Attributes:
        name: in words.
        mark: the file by which a finished one is known, a JSON object.
        files: what else may stand in one.
        listed: the names of the files that a mark lists; a KeyError of one that is none.
    """

    name: str = "run"
    mark: str = LOCK
    files: frozenset[str] = OWN
    listed: Callable[[dict[str, Any]], Iterable[str]] = _outputs

    def owned(self, folder: Path) -> frozenset[str] | None:
        """The files that may be replaced with a folder; None where it is of another kind."""
        try:
            said = orjson.loads((folder / self.mark).read_bytes())
            return frozenset({self.mark, *self.files, *self.listed(said)})
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def foreign(self, folder: Path) -> str | None:
        """The first file in a folder that does not belong there; None where all do."""
        owned = self.owned(folder) or frozenset()
        return min((one.name for one in folder.iterdir() if one.name not in owned), default=None)


def check_run(folder: Path) -> None:
    """Refuse a folder that no run has finished.

    Raises:
        InputError: it is not there, or holds no lock.
    """
    if not (folder / LOCK).is_file():
        raise InputError(f"{folder}: no run folder (no {LOCK} in it); `curate clean` makes one")


def core_of(folder: Path) -> Path:
    """The file with the kept rows, whatever its type."""
    found = sorted(folder.glob("core.*"))
    if len(found) != 1:
        raise InputError(f"{folder}: expected one core file, found {len(found)}")
    return found[0]


@contextlib.contextmanager
def draft(
    folder: Path, *, force: bool = False, inputs: Iterable[str] = (), kind: Kind | None = None
) -> Iterator[Path]:
    """An empty folder to write into; it takes the place of `folder` when the block ends well.

    Args:
        folder: where the finished folder will stand.
        force: replace a run folder that stands there.
        inputs: files that are being read; none may lie in the folder that is replaced.
        kind: of folder; by default a run's.

    Raises:
        OutputError: something stands there that may not be replaced, another run is writing it,
            or the disk refuses.
    """
    try:
        folder = folder.resolve()  # a link to a run stays one
        if not folder.name:
            raise OutputError(f"{folder}: can't be a run folder; name one below it")
        made = folder.with_name(f".{folder.name}.partial")
        folder.parent.mkdir(parents=True, exist_ok=True)
        kind = kind or Kind()
        made.mkdir(exist_ok=True)
        with _only_writer(made):
            _begin(made, kind)
            try:
                _restore(folder, kind)
                _may_replace(folder, kind, force=force, inputs=inputs)
                yield made
                (made / DRAFT).unlink()
                for path in (*sorted(made.iterdir()), made):
                    force_to_disk(path)
                _publish(made, folder)
            except BaseException:
                shutil.rmtree(made, ignore_errors=True)
                raise
    except OSError as error:
        where = error.filename or folder
        raise OutputError(f"{where}: can't be written: {error.strerror or error}") from error


def link_facts(source: Path, target: Path) -> None:
    """Bring what was measured into a new draft, as links where the disk has them."""
    for name in FACTS:
        if (source / name).exists():
            link(source / name, target / name)


def read_table(path: Path, columns: list[str] | None = None) -> pl.DataFrame:
    """A table of a run folder, whose name is no pattern.

    Raises:
        InputError: it is not there, or damaged.
    """
    import polars as pl

    try:
        return pl.read_parquet(path, columns=columns, glob=False, hive_partitioning=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{path}: can't be read: {str(error).splitlines()[0]}") from None


def link(source: Path, target: Path) -> None:
    """The same file under another name; a copy where the disk has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _may_replace(folder: Path, kind: Kind, *, force: bool, inputs: Iterable[str]) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise OutputError(f"{folder}: is a file; name a folder that does not exist yet")
    if not any(folder.iterdir()):
        return
    if kind.owned(folder) is None:
        raise OutputError(f"{folder}: holds other files and no {kind.name}; name another folder")
    if not force:
        raise OutputError(f"{folder}: holds a {kind.name} already; --force replaces it")
    if foreign := kind.foreign(folder):
        raise OutputError(
            f"{folder / foreign}: is no part of the {kind.name} and would go; move it"
        )
    inside = [name for name in inputs if folder.resolve() in Path(name).resolve().parents]
    if inside:
        raise OutputError(f"{folder}: would replace the folder that {inside[0]} is read from")


def _old(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.old")


def _restore(folder: Path, kind: Kind) -> None:
    """Finish what a run that was killed between two renames had begun.

    Raises:
        OutputError: what stands there was not put aside by one.
    """
    old = _old(folder)
    if old.is_dir():
        if foreign := kind.foreign(old):
            raise OutputError(f"{old / foreign}: is no part of a {kind.name} put aside; move {old}")
        if folder.exists():
            shutil.rmtree(old)
        else:
            old.rename(folder)


@contextlib.contextmanager
def _only_writer(made: Path) -> Iterator[None]:
    """Hold the draft; the hold ends with the process, however that ends."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    handle = os.open(made, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise OutputError(f"{made}: another run is writing this folder; wait for it") from None
    try:
        if not _is_at(made, handle):  # a run that has just ended has put it in its place
            raise OutputError(f"{made}: another run has just written this folder; try again")
        yield
    finally:
        os.close(handle)


def _is_at(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _begin(made: Path, kind: Kind) -> None:
    """Empty what a killed run has left, and mark the folder as a draft.

    Raises:
        OutputError: it holds what no run has left.
    """
    if not (made / DRAFT).exists() and (foreign := kind.foreign(made)):
        raise OutputError(f"{made / foreign}: is no part of an unfinished {kind.name}; move {made}")
    (made / DRAFT).touch()
    for path in made.iterdir():
        if path.name == DRAFT:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def force_to_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    if sys.platform == "win32" and path.is_dir():
        return
    # Windows syncs only what may be written; elsewhere a link to a read-only file will do.
    handle = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _publish(made: Path, folder: Path) -> None:
    old = _old(folder)
    if folder.exists():
        folder.rename(old)
    made.rename(folder)
    if old.exists():
        shutil.rmtree(old)
