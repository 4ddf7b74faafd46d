"""What earlier runs keep, on disk, so that a new file is compared with it (`--index DIR`).

    DIR/curate.index   the version, what the sketches are like, and a log of the segments
    DIR/000001.keys    a segment: the keys of the rows that a run keeps; Arrow, never changed
    DIR/000001.words   their words, of all prompts and then of all answers: looked at where they lie

No name of these is one of a data file, so an index may lie in a folder of data.

A segment belongs to a run folder and holds what the core there holds. A run is compared with all
segments but its own, which its new one supersedes; it is known by a hash of where it was made.

Nothing is worked out again when rows are added: a run writes one more segment and a new log aside
(`curate.index.partial`), publishes its folder, and puts the log in its place by one rename. Killed
before that it leaves the log aside: the index may then claim rows that the folder no longer holds,
so other runs are refused until that folder is decided or cleaned again.

The state of an index is a hash over the segments that a run was compared with. As the log forgets
nothing and segments never change, an index can be looked at as it was in any of its states.
"""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, ValidationError

from curate.config import IndexAt
from curate.dedup import minhash
from curate.errors import InputError, OutputError, UsageError
from curate.run.folder import LOCK, force_to_disk
from curate.signals.shingles import as_lists, sketches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from curate.dedup.minhash import Hashes, Ints

VERSION = 2  # 1 knew no run folders
MANIFEST = "curate.index"
ASIDE = f"{MANIFEST}.partial"
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
    """The rows that a run keeps.

    Attributes:
        rows: how many.
        keys: the file with `PLACE`, `KEYS`, `SIZES` and `BANDS`.
        words: the file with their words.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int
    keys: Stored
    words: Stored

    @property
    def files(self) -> tuple[Stored, Stored]:
        """What it is made of."""
        return (self.keys, self.words)


class Entry(BaseModel):
    """What a run has last said of itself.

    Attributes:
        run: which (`run_of`).
        segment: what it keeps; None for nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str
    segment: Segment | None


class Manifest(BaseModel):
    """What an index holds.

    Attributes:
        version: of this layout.
        sketch: hash of what the sketches of known rows are; another one can't be compared.
        log: what runs have said of themselves, in that order; the last word of each holds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    sketch: str
    log: tuple[Entry, ...] = ()

    def held(self, count: int | None = None) -> dict[str, Segment]:
        """Run -> its segment after some entries of the log, by default all."""
        made: dict[str, Segment] = {}
        for one in self.log[:count]:
            made.pop(one.run, None)
            if one.segment is not None:
                made[one.run] = one.segment
        return made

    def beside(self, run: str, count: int | None = None) -> list[Segment]:
        """The segments of all runs but one."""
        return [segment for one, segment in self.held(count).items() if one != run]

    def state(self, segments: Iterable[Segment]) -> str:
        """A hash over segments."""
        said = [str(self.version), self.sketch]
        said += [file.sha256 for one in segments for file in one.files]
        return _sha256(" ".join(said).encode())

    def in_state(self, at: IndexAt) -> list[Segment] | None:
        """The segments that a run was compared with, if they have ever been those of this index."""
        for count in range(len(self.log), -1, -1):
            segments = self.beside(at.run, count)
            if self.state(segments) == at.state:
                return segments
        return None


def run_of(folder: Path) -> str:
    """What a run folder is known by; nobody reads its path out of it."""
    return _sha256(os.fsencode(folder.resolve()))


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
    _check(folder, made.held().values())
    return made


def _check(folder: Path, segments: Iterable[Segment]) -> None:
    for one in (file for segment in segments for file in segment.files):
        there = folder / one.name
        if not there.is_file() or there.stat().st_size != one.bytes:
            raise InputError(f"{there}: is missing or cut off; the index is damaged")


def _left_over(folder: Path) -> bool:
    """Whether nothing is there but what a run that was killed has left."""
    return all(one.stem == f"{1:06}" or one.suffix == ".partial" for one in folder.iterdir())


def state_of(folder: str, run: str = "", *, member: bool = True) -> IndexAt:
    """An index as it is now, but for what one run has added.

    Raises:
        UsageError: the folder holds something else, or an index of another version.
        InputError: it is damaged.
    """
    made = _read(Path(folder))
    return IndexAt(folder=folder, state=made.state(made.beside(run)), run=run, member=member)


def is_there(at: IndexAt) -> bool:
    """Whether the index that a run was compared with is where the run has found it."""
    folder = Path(at.folder)
    return (folder / MANIFEST).exists() and _read(folder).in_state(at) is not None


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
    segments = made.in_state(at)
    if segments is None:
        raise InputError(
            f"{folder}: holds nothing that the run was compared with (state {at.state[:12]}); run "
            "from the folder in which the run was made, or `curate clean` it with another index"
        )
    _check(folder, segments)
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
    """What one run says of itself to an index: prepared aside, then said by one rename.

    Attributes:
        gone: rows that the run has kept before and no longer does, once prepared; 0 if no other
            run can have dropped copies of them.
    """

    def __init__(self, folder: Path, run: str) -> None:
        self._folder, self._run = folder, run
        self._was = _read(folder)
        self.gone = 0
        if not (folder / MANIFEST).exists():  # so that a run that is killed finds its index again
            self._write_log(self._was)
            self.commit()

    def __call__(self, found: pl.DataFrame) -> None:
        """Say at once what the run keeps (`COLUMNS`)."""
        self.prepare(found)
        self.commit()

    def prepare(self, found: pl.DataFrame | None) -> None:
        """Write what the run keeps (`COLUMNS`; None for nothing) aside, for `commit`.

        Raises:
            OutputError: the disk refuses; the index is as it was.
        """
        was = self._was.held().get(self._run)
        try:
            added = self._segment(found) if found is not None and found.height else None
            self.gone = self._count_gone(was, added)
            after = (*self._was.log, Entry(run=self._run, segment=added))
            same = [one and [file.sha256 for file in one.files] for one in (was, added)]
            said = any(one.run == self._run for one in self._was.log)
            unchanged = said and same[0] == same[1]
            log = self._was.log if unchanged else after
            self._write_log(self._was.model_copy(update={"log": log}))
            for one in added.files if added and unchanged else ():
                (self._folder / one.name).unlink()
        except (OSError, pl.exceptions.PolarsError) as error:
            self.discard()
            raise OutputError(
                f"{self._folder}: can't be written: {_reason(error)}; nothing was changed; make "
                "room or change its rights, and run again"
            ) from None

    def commit(self) -> None:
        """Put what was prepared in its place.

        Raises:
            OutputError: the disk refuses; the next run of that folder mends it.
        """
        try:
            (self._folder / ASIDE).replace(self._folder / MANIFEST)
            force_to_disk(self._folder)
        except OSError as error:
            raise OutputError(
                f"{self._folder / MANIFEST}: can't be replaced: {_reason(error)}; the run folder "
                "is whole, but the index does not know it yet: make room or change its rights, and "
                "`curate decide` the folder"
            ) from None
        self._was = _read(self._folder)

    def discard(self) -> None:
        """Forget what was prepared, as the run's folder stays what it was."""
        with suppress(OSError):
            (self._folder / ASIDE).unlink(missing_ok=True)

    def _count_gone(self, was: Segment | None, now: Segment | None) -> int:
        if was is None or all(one.run == self._run for one in self._was.log):
            return 0
        names = ["context_key", "prompt_key", "response_key"]
        rows = _keys(self._folder, was)
        if now is not None:
            rows = rows.join(_keys(self._folder, now), on=names, how="anti")
        return rows.height

    def _write_log(self, log: Manifest) -> None:
        said = log.model_dump_json(indent=2).encode() + b"\n"
        (self._folder / ASIDE).write_bytes(said)
        force_to_disk(self._folder / ASIDE)
        force_to_disk(self._folder)

    def _segment(self, found: pl.DataFrame) -> Segment:
        rows, name = found.select(COLUMNS).rechunk(), f"{len(self._was.log) + 1:06}"
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
        force_to_disk(aside)
        aside.replace(self._folder / name)
        force_to_disk(self._folder)
        return Stored(name=name, bytes=size, sha256=digest)


def _reason(error: Exception) -> str:
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(said).splitlines()[0]


def _save(path: Path, words: Hashes) -> None:
    with path.open("wb") as file:  # numpy would add .npy to a name
        np.save(file, words)


@contextmanager
def to_add(folder: str, run: str = "unnamed") -> Iterator[Adding]:
    """Hold an index for a run, so that no other adds to it meanwhile.

    The hold ends with the process.

    Raises:
        OutputError: another run holds it or has not told it all, or it can't be written.
    """
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
        handle = None if sys.platform == "win32" else os.open(path, os.O_RDONLY)
    except OSError as error:
        raise OutputError(
            f"{folder}: can't be an index: {_reason(error)}; name another folder"
        ) from None
    try:
        if handle is not None:
            _lock(handle, folder)
        _refuse_pending(path, run)
        try:
            adding = Adding(path, run)
        except OSError as error:
            raise OutputError(
                f"{folder}: can't be written: {_reason(error)}; change its rights"
            ) from None
        yield adding
    finally:
        if handle is not None:
            os.close(handle)


def _refuse_pending(folder: Path, run: str) -> None:
    """Refuse to rely on what a run was about to change when it was ended.

    Whether its folder was published is not known here: rows may be claimed that no core holds.
    """
    path = folder / ASIDE
    try:
        log = Manifest.model_validate_json(path.read_bytes()).log
    except (OSError, ValidationError):  # not there, or cut off before the folder was published
        return
    if log and log[-1].run != run and log != _read(folder).log:
        raise OutputError(
            f"{folder}: a run was ended before it had told the index what it keeps; `curate "
            f"decide` or `curate clean` its folder again, or delete {path} if that folder is gone"
        )


class Told:
    """What indexes are told of a run folder that is being written.

    Attributes:
        at: the index to compare with; None for none.
    """

    def __init__(self, folder: Path, at: IndexAt | None, say: Callable[[str], None]) -> None:
        self.at = at
        self.joined: Adding | None = None  # the index that is to hold what the folder's core holds
        self.left: Adding | None = None  # the one that held what stood there, if that is another
        self.folder, self._say = folder, say
        self._before = self._lock()

    def _lock(self) -> bytes | None:
        try:
            return (self.folder / LOCK).read_bytes()
        except OSError:
            return None

    def prepare(self, kept: Callable[[], pl.DataFrame]) -> None:
        """Write aside what the draft's core holds (`COLUMNS`); asked only if an index wants it."""
        if self.joined is not None:
            self.joined.prepare(kept())
        if self.left is not None:
            self.left.prepare(None)

    @contextmanager
    def when_published(self) -> Iterator[None]:
        """Tell what was prepared when the block, which publishes the folder, has ended well."""
        both = [one for one in (self.joined, self.left) if one is not None]
        try:
            yield
        except BaseException:
            if self._lock() == self._before:
                for one in both:
                    one.discard()
            raise
        for one in both:
            one.commit()
            if one.gone:
                self._say(
                    f"{self.folder}: {one.gone:,} rows that stood in its core no longer do; runs "
                    "that dropped copies of them bring them back with `curate decide DIR`"
                )


@contextmanager
def telling(
    folder: Path, asked: str | IndexAt | None, say: Callable[[str], None]
) -> Iterator[Told]:
    """Hold the indexes that a run into a folder has to do with.

    Args:
        folder: the run folder to be written.
        asked: the index to join, or one as a lock names it.
        say: called with what the user should know, a line each.

    Raises:
        UsageError: the index is the run folder, or can't be compared with.
        OutputError: another run holds it or has not told it all, or it can't be written.
    """
    former = _former(folder)
    name = asked if isinstance(asked, str) else None
    told = Told(folder, None if isinstance(asked, str) else asked, say)
    if isinstance(asked, IndexAt):
        if is_there(asked):
            name = asked.folder
        else:
            say(
                f"{asked.folder}: the index of this run is not here, so it is left as it is; run "
                "from the folder in which the run was made"
            )
    with ExitStack() as held:
        if name is not None:
            own = former.run if former and _same(former.folder, name) else run_of(folder)
            told.at = _joined(told, held, name, asked if isinstance(asked, IndexAt) else None, own)
        if former and not (told.at and told.at.member and _same(former.folder, told.at.folder)):
            _leave(told, held, former, say)
        yield told


def _joined(told: Told, held: ExitStack, name: str, asked: IndexAt | None, own: str) -> IndexAt:
    if Path(name).resolve() == told.folder.resolve():
        raise UsageError(f"{name}: can't be both the run folder and its index; name two")
    if asked is not None and not asked.member:
        return state_of(name, asked.run, member=False)
    told.joined = held.enter_context(to_add(name, own))
    return state_of(name, own)


def _leave(told: Told, held: ExitStack, former: IndexAt, say: Callable[[str], None]) -> None:
    """Have the rows of what stands in a folder taken out of an index that it is in no longer."""
    try:
        there = is_there(former)
    except (UsageError, InputError):  # nobody can rely on it any more
        there = False
    if there:
        told.left = held.enter_context(to_add(former.folder, former.run))
    else:
        say(
            f"{former.folder}: the index that {told.folder} was added to is not here, or "
            "can't be read, and still holds its rows; run from the folder in which the run was made"
        )


def _former(folder: Path) -> IndexAt | None:
    """The index that the run which stands in a folder was added to."""
    from curate.run.lock import read_lock

    try:
        at = read_lock(folder).settings.index
    except InputError:
        return None
    return at if isinstance(at, IndexAt) and at.member and at.run else None


def _same(one: str, other: str) -> bool:
    return Path(one).resolve() == Path(other).resolve()


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
