"""A file of any type, a pipe, or standard input, as a source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from curate.errors import InputError
from curate.read import stored
from curate.read.elements import elements
from curate.read.lines import lines
from curate.read.sniff import Shape, Unknown, sniff, suffix_of
from curate.read.source import Source
from curate.read.table import NoTable, rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from curate.read.record import Record

_READERS: dict[str, Callable[[str, Iterator[bytes], dict[str, Any]], Iterator[Record]]] = {
    "jsonl": lines,
    "json": elements,
    "csv": rows,
    "tsv": rows,
}


class File(Source):
    """A file, a pipe, or standard input."""

    def __init__(self, name: str, path: Path | None, *, may_be_empty: bool = False) -> None:
        """Find what the file is.

        Args:
            name: as the user named it.
            path: where it is; None for standard input.
            may_be_empty: one file of many may hold no record.

        Raises:
            InputError: it can't be read, is empty, or of no known type.
        """
        super().__init__(name, may_be_empty=may_be_empty)
        self._stored = stored.Stored(name, path)
        head = self._stored.head()
        self.compression = stored.compression(head)
        self._shape = self._sniffed(head)
        self.kind = self._shape.kind
        self.layout = self._shape.layout

    @property
    def size(self) -> int | None:
        """Bytes as they are stored; None where nobody knows before the end."""
        return self._stored.size

    @property
    def position(self) -> int:
        """Bytes read so far, as they are stored."""
        return self._stored.position

    @property
    def sha256(self) -> str | None:
        """Of the bytes as they are stored; None before the end."""
        return self._stored.sha256

    def _sniffed(self, head: bytes) -> Shape:
        plain, whole = self._unpacked_head(head)
        if whole and not plain.removeprefix(stored.encoding(plain)[1]).strip():
            if not self.may_be_empty:
                raise InputError(f"{self.name}: is empty: no record in it")
            plain = b"{}" if suffix_of(self.name) not in ("csv", "tsv") else b"empty\n"
        try:
            return sniff(plain, self.name, whole=whole)
        except Unknown as error:
            raise InputError(f"{self.name}: {error}") from None
        except NoTable as error:
            raise InputError(f"{self.name}:1: {error}") from None

    def _unpacked_head(self, head: bytes) -> tuple[bytes, bool]:
        """The first bytes, unpacked, and whether these are all."""
        short = len(head) < stored.HEAD
        if self.compression is None:
            return head, short
        plain = bytearray()
        damage = None
        try:
            for block in stored.unpacked(iter([head]), self.compression):
                plain += block
                if len(plain) >= stored.HEAD:
                    return bytes(plain[: stored.HEAD]), False
        except stored.Damaged as error:
            damage = str(error)
        if not plain and damage:
            raise InputError(f"{self.name}: {damage}")
        return bytes(plain), short

    def read(self) -> Iterator[Record]:
        """The records, in order."""
        if self.kind == "parquet" or self.layout.get("stream") is False:
            from curate.read.frames import from_file

            with self._stored.on_disk(self.compression) as path:
                yield from from_file(self.name, self.kind, path, self.layout, self._stored.tell)
            return
        blocks = stored.unpacked(self._stored.blocks(), self.compression)
        if self.kind == "arrow":
            from curate.read.frames import from_stream

            yield from from_stream(self.name, blocks, self.layout)
            return
        text = stored.as_utf8(blocks, self._shape.encoding, self._shape.mark)
        yield from _READERS[self.kind](self.name, text, self.layout)
