"""Parquet and Arrow: the source's schema where it holds, types found in the records elsewhere."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import polars as pl
from polars.io.plugins import register_io_source

from curate.errors import OutputError
from curate.read.arrow import END, messages
from curate.read.stored import BLOCK
from curate.read.values import restore, schema_of
from curate.write.shapes import dtype_of, joined, shape
from curate.write.table import TableWriter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from curate.write.layout import Layout

ROWS = 8192  # a batch; also of an Arrow file
GROUP = 65_536  # rows of a row group


class FrameWriter(TableWriter):
    """Writes batch by batch, in the source's schema.

    A column of the source that no record has is left out, one that the source does not know gets
    the type of its values. Row groups and batches do not depend on the number of cores.
    """

    def __init__(self, path: Path, layout: Layout) -> None:
        super().__init__(path, layout)
        text = layout.get("schema")
        self._known = schema_of(text) if text else {}
        self._found: dict[str, Any] = {}  # of columns that the source does not know

    def take(self, record: dict[str, Any]) -> dict[str, Any]:
        """Learn the types of columns that the source does not know."""
        for name, value in record.items():
            if name not in self._known:
                try:
                    self._found[name] = joined(self._found.get(name), shape(value))
                except ValueError as error:
                    raise OutputError(
                        f"{self.path}: record {self.records}: {name}: holds {error} of the records "
                        f"before; {self.layout['kind']} can't hold both, write .jsonl"
                    ) from None
        return record

    def finish(self) -> None:
        """Write all rows."""
        schema = self._schema()
        if self.layout["kind"] == "arrow" and self.layout.get("stream"):
            self._stream(schema)
        else:
            self._sink(schema)

    def _schema(self) -> dict[str, pl.DataType]:
        if not self.records:
            return self._known
        return {
            name: self._known[name] if name in self._known else dtype_of(self._found[name])
            for name in self.columns
        }

    def _frames(self, schema: dict[str, pl.DataType]) -> Iterator[pl.DataFrame]:
        records = self.kept()
        done = 0
        while part := list(islice(records, ROWS)):
            try:
                yield restore(part, schema)
            except ValueError as error:
                raise OutputError(
                    f"{self.path}: records {done + 1} to {done + len(part)}: {error}"
                ) from None
            done += len(part)
        if not done:
            yield pl.DataFrame(schema=schema)

    def _stream(self, schema: dict[str, pl.DataType]) -> None:
        """An Arrow stream: the schema once, then the batches."""
        for number, frame in enumerate(self._frames(schema)):
            made = frame.write_ipc_stream(None, compat_level=pl.CompatLevel.oldest()).getvalue()
            for is_schema, message in messages(made):
                if not (is_schema and number):
                    self._put(message)
        self._put(END)

    def _sink(self, schema: dict[str, pl.DataType]) -> None:
        """Parquet or an Arrow file, by polars, which gets the batches one by one."""
        failure: list[OutputError] = []

        def batches(*_: object) -> Iterator[pl.DataFrame]:
            try:
                yield from self._frames(schema)
            except OutputError as error:
                failure.append(error)
                raise

        frame = register_io_source(batches, schema=pl.Schema(schema))
        aside = self.output.aside.with_suffix(".polars")
        try:
            self._write(frame, aside)
            with aside.open("rb") as file:
                while block := file.read(BLOCK):
                    self._put(block)
        except (pl.exceptions.PolarsError, OSError) as error:
            if failure:
                raise failure[0] from None
            raise OutputError(f"{self.path}: can't be written: {error}") from None
        finally:
            aside.unlink(missing_ok=True)

    def _write(self, frame: pl.LazyFrame, aside: Path) -> None:
        if self.layout["kind"] == "parquet":
            same = self.columns.keys() == self._known.keys()
            metadata = self.layout.get("metadata") if same or not self.records else None
            frame.sink_parquet(aside, row_group_size=GROUP, metadata=metadata)
        else:
            frame.sink_ipc(aside, record_batch_size=ROWS, compat_level=pl.CompatLevel.oldest())
