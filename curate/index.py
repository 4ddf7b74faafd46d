"""What earlier runs have kept, on disk, so that a new file is compared with it (`--index DIR`).

    DIR/curate.index   the version, what the sketches are like, and the segments in their order
    DIR/000001.keys    a segment: the keys of the rows that one run has kept; Arrow, never changed
    DIR/000001.words   their words, of all prompts and then of all answers: looked at where they lie

No name of these is one of a data file, so an index may lie in a folder of data.

Nothing is worked out again when rows are added: a run writes one more segment, forces it to disk,
and replaces curate.index by one rename. Killed at any moment it leaves the old index or the new
one; a segment that curate.index does not name is none, and the next run writes over it.

The state of an index is a hash over its segments' hashes. A run's lock names the state it was
compared with, and as segments never change, an index can be looked at as it was then.
"""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import contextmanager
from functools import cache
from itertools import accumulate, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, ValidationError

from curate import minhash
from curate.config import IndexAt
from curate.errors import InputError, OutputError, UsageError
from curate.signals.shingles import as_lists, sketches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from curate.minhash import Hashes, Ints

VERSION = 1
MANIFEST = "curate.index"
# Of these two a row is known by, and where it came from.
PLACE = ("id", "source", "line")
KEYS = (
    *("context_key", "prompt_key", "response_key", "prompt_wording", "response_wording"),
    *("prompt_length", "response_length"),
)
WORDS = ("prompt_words", "response_words")
COLUMNS = (*PLACE, *KEYS, *WORDS)
SIZES = ("prompt_size", "response_size")
# The bands of a row with a long prompt and a short answer: it may be near to any other such row.
BANDS = "label_bands"


class Stored(BaseModel):
    """A file of an index.

    Attributes:
        name: of the file.
        bytes: its size.
        sha256: of its bytes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    bytes: int
    sha256: str


class Segment(BaseModel):
    """The rows that one run has added.

    Attributes:
        rows: how many.
        keys: the file with `PLACE`, `KEYS`, `SIZES` and `BANDS`.
        words: the file with their words.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int
    keys: Stored
    words: Stored


class Manifest(BaseModel):
    """What an index holds.

    Attributes:
        version: of this layout.
        sketch: hash of what the sketches of known rows are; another one can't be compared.
        segments: in the order in which they were added.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    sketch: str
    segments: tuple[Segment, ...] = ()

    @property
    def states(self) -> list[str]:
        """The state after none, one, ... of the segments."""
        start = _sha256(f"{self.version} {self.sketch}".encode())
        added = (one.keys.sha256 + one.words.sha256 for one in self.segments)
        return list(
            accumulate(added, lambda was, one: _sha256(f"{was} {one}".encode()), initial=start)
        )


def _sha256(said: bytes) -> str:
    return hashlib.sha256(said).hexdigest()


@cache
def _sketch() -> str:
    """A hash over all that must be the same for keys and words of two runs to be compared.

    The sketches of known rows themselves, so that no version of anything has to be trusted.
    """
    from curate.row import Message, Row, to_frame

    said = (
        'Is it -4, x² or 3.5? Don\'t say "x[0]".',
        f"Name {' '.join('abcdefghij' * 6)} und 灯塔 😀.",
    )
    turns = [(Message("user", one), Message("assistant", two)) for one in said for two in said]
    made = sketches(to_frame([Row(id=str(n), messages=two) for n, two in enumerate(turns)]))
    words = np.concatenate([made[name].explode().to_numpy() for name in WORDS])
    bands = minhash.Runs(words, np.arange(2 * made.height)).signatures(np.arange(2 * made.height))
    listed = made.select(KEYS).rows()
    return _sha256(f"{minhash.FLOOR} {listed} {words.tolist()} {bands.tolist()}".encode())


def _read(folder: Path) -> Manifest:
    path = folder / MANIFEST
    if not path.exists():
        if folder.is_dir() and any(folder.iterdir()) and not _left_over(folder):
            raise UsageError(f"{folder}: holds other files and no index; name another folder")
        return Manifest(version=VERSION, sketch=_sketch())
    try:
        made = Manifest.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise InputError(f"{path}: is no index: {str(error).splitlines()[0]}") from None
    if (made.version, made.sketch) != (VERSION, _sketch()):
        raise UsageError(
            f"{path}: made by another version, whose words and hashes can't be compared with this "
            "one's; name a new folder and clean the files once more"
        )
    for one in (file for segment in made.segments for file in (segment.keys, segment.words)):
        there = folder / one.name
        if not there.is_file() or there.stat().st_size != one.bytes:
            raise InputError(f"{there}: is missing or cut off; the index is damaged")
    return made


def _left_over(folder: Path) -> bool:
    """Whether nothing is there but what a run that was killed has left."""
    return all(one.stem == f"{1:06}" or one.suffix == ".partial" for one in folder.iterdir())


def state_of(folder: str) -> IndexAt:
    """An index as it is now.

    Raises:
        UsageError: the folder holds something else, or an index of another version.
        InputError: it is damaged.
    """
    return IndexAt(folder=folder, state=_read(Path(folder)).states[-1])


class Table(NamedTuple):
    """The rows of an index in one state.

    Attributes:
        keys: `PLACE`, `KEYS`, `SIZES` and `BANDS`, a row each.
        words: each segment's words, on disk.
        starts: the first row of each segment, and how many rows there are.
    """

    keys: pl.DataFrame
    words: list[Hashes]
    starts: Ints

    def words_of(self, rows: Ints) -> pl.DataFrame:
        """`WORDS` of some rows, ascending; of the files nothing else is read."""
        made = []
        for half, name in enumerate(WORDS):
            runs = [np.zeros(0, np.uint32)]
            for words, (first, end) in zip(self.words, pairwise(self.starts), strict=True):
                own = rows[(rows >= first) & (rows < end)] - first
                sizes = self.keys.select(SIZES)[first:end].to_numpy().T.astype(np.int64)
                starts = (np.cumsum(sizes) - sizes.ravel()).reshape(sizes.shape)[half][own]
                runs.append(_taken(words, starts, sizes[half][own]))
            made.append(as_lists(np.concatenate(runs)).alias(name))
        return pl.DataFrame(made)


def _taken(words: Hashes, starts: Ints, sizes: Ints) -> Hashes:
    """Stretches of an array, one after the other."""
    shift = np.repeat(starts - (np.cumsum(sizes) - sizes), sizes)
    taken: Hashes = words[np.arange(sizes.sum()) + shift]
    return taken


def load(at: IndexAt) -> Table:
    """The rows of an index in a state.

    Raises:
        InputError: the index has never been in that state, or is damaged.
    """
    folder = Path(at.folder)
    made = _read(folder)
    if at.state not in made.states:
        raise InputError(
            f"{folder}: no longer holds what the run was compared with (state {at.state[:12]})"
        )
    segments = made.segments[: made.states.index(at.state)]
    keys = [pl.DataFrame(schema=_SCHEMA), *(_keys(folder, one) for one in segments)]
    try:
        words = [np.load(folder / one.words.name, mmap_mode="r") for one in segments]
    except (OSError, ValueError) as error:
        raise InputError(f"{folder}: can't be read: {error}") from None
    starts = np.cumsum([one.height for one in keys])
    return Table(pl.concat(keys, rechunk=True), words, starts)


_SCHEMA: dict[str, Any] = {
    **dict.fromkeys(PLACE, pl.String),
    "line": pl.Int64,
    **dict.fromkeys(KEYS, pl.UInt64),
    **dict.fromkeys(("prompt_length", "response_length", *SIZES), pl.UInt32),
    BANDS: pl.List(pl.UInt64),
}


def _keys(folder: Path, segment: Segment) -> pl.DataFrame:
    path = folder / segment.keys.name
    try:
        return pl.read_ipc(path).select(_SCHEMA.keys()).cast(pl.Schema(_SCHEMA))
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{path}: can't be read: {str(error).splitlines()[0]}") from None


class Adding:
    """An index that one run may add its rows to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._was = _read(folder)

    def __call__(self, found: pl.DataFrame) -> None:
        """Add rows (`COLUMNS`) that are not in it yet; all of them, or none if anything fails."""
        rows = found.select(COLUMNS)
        for segment in self._was.segments:
            known = _keys(self._folder, segment).select(PLACE)
            rows = rows.join(known, on=PLACE, how="anti", maintain_order="left")
        if rows.is_empty():
            return
        try:
            added = self._segment(f"{len(self._was.segments) + 1:06}", rows.rechunk())
            after = self._was.model_copy(update={"segments": (*self._was.segments, added)})
            said = after.model_dump_json(indent=2).encode() + b"\n"
            self._write(MANIFEST, lambda path: path.write_bytes(said))
        except OSError as error:
            raise OutputError(f"{self._folder}: can't be written: {error.strerror}") from None
        self._was = after

    def _segment(self, name: str, rows: pl.DataFrame) -> Segment:
        lists = {size: rows[name].list.len() for size, name in zip(SIZES, WORDS, strict=True)}
        keys = rows.select(*PLACE, *KEYS).with_columns(bands_of(rows).alias(BANDS), **lists)
        words = np.concatenate([rows[name].explode().to_numpy() for name in WORDS])
        return Segment(
            rows=rows.height,
            keys=self._write(f"{name}.keys", keys.write_ipc),
            words=self._write(f"{name}.words", lambda path: _save(path, words)),
        )

    def _write(self, name: str, write: Callable[[Path], object]) -> Stored:
        """Write a file aside, force it to disk, give it its name, and force that to disk."""
        aside = self._folder / f"{name}.partial"
        write(aside)
        with aside.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = aside.stat().st_size
        _force(aside)
        aside.replace(self._folder / name)
        _force(self._folder)
        return Stored(name=name, bytes=size, sha256=digest)


def _save(path: Path, words: Hashes) -> None:
    with path.open("wb") as file:  # numpy would add .npy to a name
        np.save(file, words)


def _force(path: Path) -> None:
    if sys.platform == "win32" and path.is_dir():
        return
    handle = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def to_add(folder: str) -> Iterator[Adding]:
    """Hold an index, so that no other run adds to it meanwhile; the hold ends with the process.

    Raises:
        OutputError: another run holds it, or it can't be written.
    """
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
        handle = None if sys.platform == "win32" else os.open(path, os.O_RDONLY)
    except OSError as error:
        raise OutputError(f"{folder}: can't be an index: {error.strerror}") from None
    try:
        if handle is not None:
            _lock(handle, folder)
        yield Adding(path)
    finally:
        if handle is not None:
            os.close(handle)


def _lock(handle: int, folder: str) -> None:
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OutputError(f"{folder}: another run adds to this index; wait for it") from None


def bands_of(rows: pl.DataFrame) -> pl.Series:
    """The bands of the rows with a long prompt and a short answer; null of the others."""
    from curate.signals.duplicates import is_label

    label = np.flatnonzero(is_label(rows))
    runs = minhash.Runs(rows["prompt_words"].explode().to_numpy(), label)
    bands = runs.signatures(np.arange(len(label)))
    bands = minhash.combined(bands, rows["context_key"].to_numpy()[label])
    at = pl.DataFrame(
        {"row": label, BANDS: bands.T}, schema_overrides={BANDS: pl.Array(pl.UInt64, minhash.BANDS)}
    )
    every = pl.int_range(rows.height, eager=True).alias("row").to_frame()
    return every.join(at, on="row", how="left", maintain_order="left")[BANDS].cast(
        pl.List(pl.UInt64)
    )
