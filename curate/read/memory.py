"""Data that is in memory already: polars frames, and data sets of the `datasets` library."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from curate.errors import InputError
from curate.read.hub import Split
from curate.read.record import Record
from curate.read.source import Source
from curate.read.sources import open_sources
from curate.read.values import carry, schema_text

if TYPE_CHECKING:
    from collections.abc import Iterator


class Frame(Source):
    """A polars frame; like a split of a hub its bytes are those of its records as JSON."""

    kind = "hub"

    def __init__(self, name: str, frame: pl.DataFrame) -> None:
        super().__init__(name)
        self._frame = frame
        self._hash = hashlib.sha256()
        self._position = 0
        self.layout["schema"] = schema_text(frame.schema)

    @property
    def size(self) -> int | None:
        """Bytes of the records; None before the end."""
        return self._position if self.records == self._frame.height else None

    @property
    def position(self) -> int:
        """Bytes of the records read so far."""
        return self._position

    @property
    def sha256(self) -> str | None:
        """Of the records, each with a line feed; None before the end."""
        return self._hash.hexdigest() if self.records == self._frame.height else None

    def read(self) -> Iterator[Record]:
        """The records, in order."""
        self._hash, self._position = hashlib.sha256(), 0
        for position, raw in enumerate(carry(self._frame), start=1):
            self._hash.update(raw + b"\n")
            self._position += len(raw) + 1
            yield Record(self.name, position, raw)


def open_data(data: Any) -> list[Source]:  # noqa: ANN401  # what people have at hand
    """Sources of whatever data is at hand.

    Args:
        data: one or several files, folders, globs, `hf://NAME[:SPLIT]`, `-`; or a polars frame, or
            a `datasets.Dataset`.

    Raises:
        InputError: it can't be read, is empty, or of no known type.
    """
    if isinstance(data, str | Path):
        return open_sources([str(data)])
    if isinstance(data, pl.LazyFrame):
        data = data.collect()
    if isinstance(data, pl.DataFrame):
        return [Frame("frame", data)]
    if hasattr(data, "with_format") and hasattr(data, "num_rows"):
        if isinstance(data.num_rows, dict):
            raise InputError("a DatasetDict has several splits; give one of them")
        return [Split("dataset", data)]
    if isinstance(data, list | tuple) and all(isinstance(one, str | Path) for one in data):
        return open_sources([str(one) for one in data])
    raise InputError(
        f"can't read a {type(data).__name__}; give paths, a polars frame or a datasets.Dataset"
    )
