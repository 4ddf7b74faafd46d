"""The bytes of a source as they are stored: counted, hashed, watched, unpacked, as UTF-8."""

from __future__ import annotations

import codecs
import contextlib
import hashlib
import os
import stat
import sys
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol, Self

import zstandard

from curate.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

BLOCK = 1 << 20  # bytes read, and at most unpacked, at a time
# Packed bytes a step. What Zstandard makes of one is in memory at once, up to 32,768 times as much
# (32 MiB), and lost if the step meets damage; zlib gives it in pieces, and what can be saved.
STEPS = {"gz": 1 << 14, "zst": 1 << 10}

HEAD = 1 << 17  # bytes that the type is found by

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


class Damaged(Exception):  # no error yet: the records before it are whole
    """Packed bytes end too early or are not what was packed; all bytes before were yielded."""


class Stored:
    """Where bytes come from: a file, standard input, or a pipe.

    Attributes:
        name: as the user named it.
        size: bytes in all; None where nobody knows before the end.
        position: bytes read so far.
        sha256: of all bytes, once they were read to the end.
    """

    def __init__(self, name: str, path: Path | None) -> None:
        self.name = name
        self.path = path
        self.size: int | None = None
        self.position = 0
        self.sha256: str | None = None
        self._hash = hashlib.sha256()
        self._file: BinaryIO | None = None
        self._ahead = b""
        self._before: tuple[int, ...] = ()
        self._regular = False
        self._used = False

    def head(self) -> bytes:
        """The first bytes, which are read again later.

        Raises:
            InputError: it can't be opened or read.
        """
        with self:
            self._ahead = self._read_all(HEAD)
            self.position = 0
        if self._regular:
            ahead, self._ahead = self._ahead, b""
            return ahead
        return self._ahead

    def blocks(self) -> Iterator[bytes]:
        """All bytes, in order.

        Raises:
            InputError: it can't be read, was read before, or changed while it was read.
        """
        if self._used and not self._regular:
            raise InputError(f"{self.name}: can be read only once")
        with self:
            self._used = True
            self._hash = hashlib.sha256()
            self.position = 0
            while block := self._next():
                self._hash.update(block)
                self.position += len(block)
                yield block
            self._check_unchanged()
            self.sha256 = self._hash.hexdigest()
            self.size = self.position

    @contextlib.contextmanager
    def on_disk(self, packed: str | None) -> Iterator[Path]:
        """The unpacked bytes as a file, for types that are not read in order.

        Raises:
            InputError: as `blocks`, and where packed bytes are cut or damaged.
        """
        if self._regular and packed is None and self.path is not None:
            with self:
                self._hash = hashlib.sha256()
                while block := self._read(BLOCK):
                    self._hash.update(block)
                yield self.path
                self.position = self.size or 0
                self._check_unchanged()
                self.sha256 = self._hash.hexdigest()
            return
        with tempfile.NamedTemporaryFile(prefix="curate-") as spool:
            try:
                for block in unpacked(self.blocks(), packed):
                    spool.write(block)
            except Damaged as error:
                raise InputError(f"{self.name}: {error}") from None
            spool.flush()
            yield Path(spool.name)

    def tell(self, share: float) -> None:
        """Set the position by the share of the rows that were read."""
        if self.size is not None:
            self.position = int(self.size * share)

    def _next(self) -> bytes:
        if self._ahead:
            block, self._ahead = self._ahead, b""
            return block
        return self._read(BLOCK)

    def _read_all(self, wanted: int) -> bytes:
        """So many bytes, or all there are: a pipe gives them in pieces."""
        parts: list[bytes] = []
        while wanted > 0 and (part := self._read(wanted)):
            parts.append(part)
            wanted -= len(part)
        return b"".join(parts)

    def _read(self, wanted: int) -> bytes:
        try:
            return self._file.read(wanted)  # type: ignore[union-attr]  # open between enter and exit
        except OSError as error:
            raise InputError(f"{self.name}: can't be read: {error.strerror or error}") from None

    def __enter__(self) -> Self:
        if self._file is not None:  # a pipe stays open between head and blocks
            return self
        if self.path is None:
            if sys.stdin is None:
                raise InputError(f"{self.name}: standard input is closed")
            self._file = sys.stdin.buffer
            return self
        try:
            handle = os.open(self.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
            self._file = os.fdopen(handle, "rb", buffering=0)
            facts = os.fstat(handle)
        except OSError as error:
            raise InputError(f"{self.name}: {_why(self.path, error)}") from None
        self._regular = stat.S_ISREG(facts.st_mode)
        if self._regular:
            self.size = facts.st_size
            self._before = _facts(facts)
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None and (self._regular or self._used) and self.path is not None:
            self._file.close()
            self._file = None

    def _check_unchanged(self) -> None:
        if not self._regular or self.path is None or self._file is None:
            return
        try:
            same = self._before == _facts(os.fstat(self._file.fileno())) == _facts(self.path.stat())
        except OSError:
            same = False
        if not same or self.position != self.size:
            raise InputError(
                f"{self.name}: changed while it was read (size or time of change); "
                "run again when nothing writes to it"
            )


def _facts(one: os.stat_result) -> tuple[int, ...]:
    return one.st_size, one.st_mtime_ns, one.st_ino, one.st_dev


def _why(path: Path, error: OSError) -> str:
    if path.is_symlink() and not path.exists():
        return f"is a broken link to {path.readlink()}"
    if isinstance(error, FileNotFoundError):
        return "is not there"
    if isinstance(error, PermissionError):
        return "may not be read (permission denied)"
    return f"can't be opened: {error.strerror or error}"


# --- unpacking ----------------------------------------------------------------------------------


class _Unpacker(Protocol):
    """What zlib's and Zstandard's decompressors have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...


def compression(head: bytes) -> str | None:
    """`gz` or `zst`, by the first bytes."""
    if head.startswith(GZIP):
        return "gz"
    skippable = len(head) > 4 and head[1:4] == b"\x2a\x4d\x18" and head[0] & 0xF0 == 0x50  # noqa: PLR2004  # RFC 8878, 3.1.2
    return "zst" if head.startswith(ZSTD) or skippable else None


def unpacked(blocks: Iterable[bytes], packed: str | None) -> Iterator[bytes]:
    """The bytes that were packed, in blocks; packed frames may follow each other.

    Raises:
        Damaged: after all that could be unpacked.
    """
    if packed is None:
        yield from blocks
        return
    new = _gzip if packed == "gz" else _zstd
    unpack, frame = new()
    done = False  # whether a frame has ended and nothing of the next was seen
    for data in _pieces(blocks, STEPS[packed]):
        rest = data
        while rest:
            if done:
                rest = rest.lstrip(b"\0") if packed == "gz" else rest  # gzip pads tapes with zeros
                if not rest:
                    break
                unpack, frame = new()
                done = False
            try:
                yield from unpack(rest)
            except (zlib.error, zstandard.ZstdError) as error:
                raise Damaged(f"the {packed} stream is damaged: {error}") from None
            done = frame.eof
            rest = frame.unused_data if done else b""
    if not done:
        raise Damaged(f"the file is cut: its {packed} stream ends too early")


def _pieces(blocks: Iterable[bytes], step: int) -> Iterator[bytes]:
    for block in blocks:
        for start in range(0, len(block), step):
            yield block[start : start + step]


def _gzip() -> tuple[Callable[[bytes], Iterator[bytes]], _Unpacker]:
    frame = zlib.decompressobj(wbits=31)

    def unpack(data: bytes) -> Iterator[bytes]:
        before = frame.copy()  # 40 kB, 2 µs
        while True:
            try:
                made = frame.decompress(data, BLOCK)
            except zlib.error:
                yield from _salvaged(before, data)
                raise
            if made:
                yield made
            data = frame.unconsumed_tail
            if not data and len(made) < BLOCK:
                return

    return unpack, frame


def _salvaged(before: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    """What can be unpacked of a damaged step: all of it where only the checksum is wrong."""
    for start in range(len(data)):
        try:
            yield before.decompress(data[start : start + 1])
        except zlib.error:
            return


def _zstd() -> tuple[Callable[[bytes], Iterator[bytes]], _Unpacker]:
    frame = zstandard.ZstdDecompressor(max_window_size=1 << 31).decompressobj()

    def unpack(data: bytes) -> Iterator[bytes]:
        if made := frame.decompress(data):
            yield made

    return unpack, frame


# --- decoding -----------------------------------------------------------------------------------

_MARKS = (
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"\xef\xbb\xbf", "utf-8"),
)


def encoding(head: bytes) -> tuple[str, bytes]:
    """Encoding and byte order mark, by the first bytes.

    Without a mark it is the zeros among the first four bytes that say it: a data file begins with
    ASCII, be it a bracket or the name of a column (RFC 4627, 3).
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name, mark
    zeros = tuple(byte == 0 for byte in head[:4])
    return _BY_ZEROS.get(zeros, "utf-8"), b""


_BY_ZEROS: dict[tuple[bool, ...], str] = {
    (True, True, True, False): "utf-32-be",
    (False, True, True, True): "utf-32-le",
    (True, False, True, False): "utf-16-be",
    (False, True, False, True): "utf-16-le",
}


def as_utf8(blocks: Iterable[bytes], name: str, mark: bytes) -> Iterator[bytes]:
    """The bytes as UTF-8 without the mark; what is not in the encoding stays as no UTF-8 either.

    Raises:
        Damaged: the bytes end within a character, after all that came before it.
    """
    left = len(mark)
    if name == "utf-8":
        for block in blocks:
            yield block[left:] if left else block
            left = max(0, left - len(block))
        return
    decode = codecs.getincrementaldecoder(name)(_KEEP).decode
    for block in blocks:
        yield decode(block[left:]).encode("utf-8", "surrogatepass")
        left = max(0, left - len(block))
    if end := decode(b"", final=True):
        yield end.encode("utf-8", "surrogatepass")
        raise Damaged(f"the file is cut: its {name} text ends within a character")


_KEEP = "curate-keep"


def _keep(error: UnicodeError) -> tuple[str, int]:
    """Lone surrogates and impossible code points as lone surrogates, so that the record shows."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(chr(0xDC00 + byte) for byte in wrong), error.end


codecs.register_error(_KEEP, _keep)
