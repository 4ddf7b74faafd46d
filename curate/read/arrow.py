"""Arrow IPC streams batch by batch, as they come: only one is in memory.

polars reads a stream whole, so each batch is handed to it as a stream of its own: schema,
dictionaries, batch. What is read here is the frame of the messages (Arrow Columnar Format,
"Encapsulated message format") and of their flatbuffer two fields: the type of the message and the
length of its body.
"""

from __future__ import annotations

import io
from struct import error as StructError  # noqa: N812  # it is a class
from struct import unpack_from
from typing import TYPE_CHECKING

import polars as pl

from curate.read.stored import Damaged

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTINUES = b"\xff\xff\xff\xff"
END = CONTINUES + b"\0\0\0\0"
SCHEMA, BATCH = 1, 3
_TYPE, _BODY = 6, 10  # where a Message's vtable has these two fields
MOST = 1 << 30  # bytes of metadata that are believed


class _Bytes:
    """Exact reads from blocks."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._data = b""

    def take(self, size: int) -> bytes:
        """So many bytes; fewer at the end."""
        parts = [self._data]
        have = len(self._data)
        while have < size and (block := next(self._blocks, None)) is not None:
            parts.append(block)
            have += len(block)
        whole = b"".join(parts)
        self._data = whole[size:]
        return whole[:size]

    def drain(self) -> None:
        """Read on to the end, so that all bytes are counted and hashed."""
        for _ in self._blocks:
            pass


def batches(blocks: Iterator[bytes]) -> Iterator[pl.DataFrame]:
    """The record batches, after an empty frame that shows the schema.

    Raises:
        Damaged: the bytes end too early or are no Arrow from some point on, after all batches
            before it.
    """
    source = _Bytes(blocks)
    head = b""
    while message := _message(source):
        kind, data = message
        if kind == BATCH:
            yield _frame(head + data + END)
            continue
        head += data
        if kind == SCHEMA:
            yield _frame(head + END)
    source.drain()


def messages(stream: bytes) -> Iterator[tuple[bool, bytes]]:
    """The messages of a whole stream without its end, and whether each is the schema."""
    source = _Bytes(iter([stream]))
    while message := _message(source):
        yield message[0] == SCHEMA, message[1]


def _message(source: _Bytes) -> tuple[int, bytes] | None:
    """The type and the bytes of the next message; None at the end of the stream."""
    mark = source.take(4)
    if not mark:
        return None  # a stream may end without its mark
    length = source.take(4) if mark == CONTINUES else mark  # before version 0.15 without it
    size = int.from_bytes(length, "little") if len(length) == 4 else -1  # noqa: PLR2004  # 32 bits
    if size == 0:
        return None
    if not 0 < size < MOST:
        raise Damaged("the file is cut or damaged: no Arrow message where one begins")
    metadata = source.take(size)
    kind, body_size = _fields(metadata) if len(metadata) == size else (0, 0)
    body = source.take(body_size)
    if len(metadata) < size or len(body) < body_size:
        raise Damaged("the file is cut: it ends within an Arrow message")
    return kind, CONTINUES + length + metadata + body


def _fields(metadata: bytes) -> tuple[int, int]:
    """Type and length of body of a flatbuffer Message."""
    try:
        table = unpack_from("<I", metadata)[0]
        vtable = table - unpack_from("<i", metadata, table)[0]
        entries = unpack_from("<H", metadata, vtable)[0]
        kind = unpack_from("<H", metadata, vtable + _TYPE)[0] if entries > _TYPE else 0
        body = unpack_from("<H", metadata, vtable + _BODY)[0] if entries > _BODY else 0
        size = unpack_from("<q", metadata, table + body)[0] if body else 0
        return metadata[table + kind] if kind else 0, max(0, size)
    except (IndexError, StructError):
        raise Damaged("the file is damaged: an Arrow message can't be read") from None


def _frame(stream: bytes) -> pl.DataFrame:
    try:
        return pl.read_ipc_stream(io.BytesIO(stream))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise Damaged(f"an Arrow batch can't be read: {str(error).splitlines()[0]}") from None
