"""`hf://NAME[:SPLIT]`: data sets of the Hugging Face hub, through the `datasets` library."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import polars as pl

from curate.errors import InputError, MissingExtra
from curate.read.record import Record
from curate.read.source import HUB, Source
from curate.read.values import carry, schema_text

if TYPE_CHECKING:
    from collections.abc import Iterator

BATCH = 1000  # rows in memory at a time


class Split(Source):
    """One split of a data set, whose rows come in batches.

    Its bytes are those of its records as JSON: nothing else of it is the same on every machine.
    """

    kind = "hub"

    def __init__(self, name: str, data: Any) -> None:  # noqa: ANN401  # a datasets.Dataset
        super().__init__(name)
        self._data = data
        self._hash = hashlib.sha256()
        self._position = 0
        self._ended = False

    @property
    def size(self) -> int | None:
        """Bytes of the records; None before the end."""
        return self._position if self._ended else None

    @property
    def position(self) -> int:
        """Bytes of the records read so far."""
        return self._position

    @property
    def sha256(self) -> str | None:
        """Of the records, each with a line feed; None before the end."""
        return self._hash.hexdigest() if self._ended else None

    def read(self) -> Iterator[Record]:
        """The records, in order."""
        self._hash, self._position, self._ended = hashlib.sha256(), 0, False
        position = 0
        for table in self._data.with_format("arrow").iter(batch_size=BATCH):
            frame = pl.DataFrame(pl.from_arrow(table))
            self.layout["schema"] = schema_text(frame.schema)
            for raw in carry(frame):
                position += 1
                self._hash.update(raw + b"\n")
                self._position += len(raw) + 1
                yield Record(self.name, position, raw)
        self._ended = True


def open_hub(name: str) -> list[Source]:
    """The splits that a name means: the one that it names, or all of them.

    Args:
        name: `hf://NAME[:SPLIT]`; NAME may be a local folder that `datasets` can load.

    Raises:
        MissingExtra: the `datasets` library is not installed.
        InputError: no such data set or split, or the hub can't be reached.
    """
    try:
        import datasets
    except ImportError:
        raise MissingExtra("reading hf://", "hf") from None
    where, _, split = name.removeprefix(HUB).partition(":")
    try:
        data = datasets.load_dataset(where, split=split or None)
    except Exception as error:  # noqa: BLE001  # dozens of kinds, of four libraries
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise InputError(f"{name}: can't be loaded: {lines[0]}") from None
    if split:
        return [Split(name, data)]
    return [Split(f"{name}:{one}", held) for one, held in data.items()]
