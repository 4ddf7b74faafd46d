"""The records of a run as they came, in their order: what makes a decision reversible.

`records.zst` is one Zstandard stream of records, each a 64-bit little-endian length and its bytes,
closed by the greatest length there is, so that a cut file is told from a short one.
Any bytes can be held, unreadable ones too, and 52,002 rows of Alpaca take 7 MB and 0.1 s.
"""

from __future__ import annotations

from io import BufferedReader
from struct import Struct
from struct import error as StructError  # noqa: N812  # it is a class
from typing import TYPE_CHECKING, BinaryIO, Self

import zstandard

from curate.errors import InputError
from curate.write.chunks import SIZE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SMALL = 1  # zstd's levels: a third of the size
QUICK = -100  # all but copied, in a third of the time
_LENGTH = Struct("<Q")
_END = _LENGTH.pack(2**64 - 1)


class StoreWriter:
    """Appends records to a new store; a context manager.

    Args:
        path: the file to write.
        level: SMALL, or QUICK for a store that is gone when the process ends.
    """

    def __init__(self, path: Path, level: int = SMALL) -> None:
        self._file: BinaryIO = path.open("wb")
        self._stream = zstandard.ZstdCompressor(level=level).stream_writer(self._file)
        self._waiting: list[bytes] = []
        self._size = 0

    def add(self, raw: bytes) -> None:
        """Append one record."""
        self._waiting += (_LENGTH.pack(len(raw)), raw)
        self._size += len(raw)
        if self._size >= SIZE:
            self._flush()

    def _flush(self) -> None:
        self._stream.write(b"".join(self._waiting))
        self._waiting.clear()
        self._size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.append(_END)
        self._flush()
        self._stream.close()  # type: ignore[no-untyped-call]  # closes the file too


def read_store(path: Path) -> Iterator[bytes]:
    """The records in their order.

    Raises:
        InputError: the file is not there, damaged or cut.
    """
    try:
        with (
            path.open("rb") as file,
            zstandard.ZstdDecompressor().stream_reader(file) as source,
            BufferedReader(source, SIZE) as stream,
        ):
            while (length := stream.read(_LENGTH.size)) != _END:
                size = _LENGTH.unpack(length)[0]
                raw = stream.read(size)
                if len(raw) != size:
                    raise ValueError("it is cut")  # noqa: TRY301  # one place to say so
                yield raw
    except (OSError, zstandard.ZstdError, ValueError, StructError) as error:
        raise InputError(f"{path}: can't be read: {error}") from None
