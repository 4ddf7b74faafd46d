"""Records of typed files: Parquet and Arrow, some thousand rows in memory at a time."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import polars as pl

from curate.errors import InputError
from curate.read.arrow import batches
from curate.read.record import Record
from curate.read.stored import Damaged
from curate.read.values import SLICE, carry, schema_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

KEPT = ("huggingface",)  # metadata of a file that describes columns, not rows
_FAILURES = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


def from_stream(name: str, blocks: Iterator[bytes], layout: dict[str, Any]) -> Iterator[Record]:
    """The records of an Arrow stream.

    Args:
        name: the file, as records name it.
        blocks: its bytes.
        layout: learns `schema`.

    Raises:
        InputError: it can't be read from the first batch on.
    """
    position = 0
    frames = batches(blocks)
    try:
        first = next(frames, None)  # the schema alone
        if first is None:
            return
        layout["schema"] = schema_text(first.schema)
        for raw in chain.from_iterable(map(carry, frames)):
            position += 1
            yield Record(name, position, raw)
    except Damaged as error:
        if not position:
            raise InputError(f"{name}: {error}") from None
        yield Record(name, position + 1, b"", str(error))


def from_file(
    name: str, kind: str, path: Path, layout: dict[str, Any], told: Callable[[float], None]
) -> Iterator[Record]:
    """The records of a Parquet or an Arrow file.

    Args:
        name: the file, as records name it.
        kind: parquet or arrow.
        path: where its bytes lie, unpacked.
        layout: learns `schema` and `metadata`.
        told: is told the share of the rows that were read.

    Raises:
        InputError: it can't be read at all.
    """
    try:
        scan = _scan(kind, path)
        layout["schema"] = schema_text(scan.collect_schema())
        height = scan.select(pl.len()).collect().item()
        held = pl.read_parquet_metadata(path) if kind == "parquet" else {}
    except _FAILURES as error:
        raise InputError(f"{name}: can't be read as {kind}: {_line(error)}") from None
    if metadata := {key: held[key] for key in KEPT if key in held}:
        layout["metadata"] = metadata
    for start in range(0, height, SLICE):
        end = min(start + SLICE, height)
        try:
            frame = scan.slice(start, SLICE).collect()
        except _FAILURES as error:
            what = f"rows {start + 1} to {end} can't be read: {_line(error)}"
            yield Record(name, start + 1, b"", what)
            continue
        for position, raw in enumerate(carry(frame), start + 1):
            yield Record(name, position, raw)
        told(end / height)


def _scan(kind: str, path: Path) -> pl.LazyFrame:
    if kind == "parquet":
        return pl.scan_parquet(path, glob=False, hive_partitioning=False)
    return pl.scan_ipc(path, glob=False, hive_partitioning=False)


def _line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0]
