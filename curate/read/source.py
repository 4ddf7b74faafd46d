"""What yields records, and what it takes to write them as they came."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from curate.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from curate.read.record import Record

HUB = "hf://"  # how the name of a data set of a hub begins


class Source(ABC):
    """A file, a pipe or a data set of a hub, and what it takes to write the same type again.

    Iterating yields its records; one that can't be read is a record with an error.

    Attributes:
        name: as the user named it; of a folder's file, the folder as named and the file.
        kind: jsonl, json, csv, tsv, parquet, arrow or hub.
        compression: gz, zst or None.
        layout: what writing the same type again takes, as plain JSON; reading learns more.
        records: how many were read so far.
        may_be_empty: one of many may hold no record.
    """

    kind: str
    compression: str | None = None

    def __init__(self, name: str, *, may_be_empty: bool = False) -> None:
        self.name = name
        self.layout: dict[str, Any] = {}
        self.records = 0
        self.may_be_empty = may_be_empty

    @property
    @abstractmethod
    def size(self) -> int | None:
        """Bytes as they are stored; None where nobody knows before the end."""

    @property
    @abstractmethod
    def position(self) -> int:
        """Bytes read so far, as they are stored."""

    @property
    @abstractmethod
    def sha256(self) -> str | None:
        """Of the bytes as they are stored; None before the end."""

    @abstractmethod
    def read(self) -> Iterator[Record]:
        """The records, in order."""

    def __iter__(self) -> Iterator[Record]:
        """The records, in order.

        Raises:
            InputError: it changed while it was read, or holds no record at all.
        """
        self.records = 0
        for record in self.read():
            self.records += 1
            yield record
        if not self.records and not self.may_be_empty:
            raise InputError(f"{self.name}: no record in it")
