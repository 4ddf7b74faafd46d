"""Valid rows in batches, while the bytes of all records are kept aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curate.ingest import Refusal
from curate.run.store import StoreWriter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from curate.ingest import Ingest
    from curate.read import Record
    from curate.row import Row

# Rows scored at once. polars forgets compiled patterns between batches, so in batches of 4,096 half
# of the time for patterns goes into compiling them.
BATCH_ROWS, BATCH_BYTES = 32_768, 16 << 20


def valid_rows(
    records: Iterable[Record], ingest: Ingest, store: Path, refused: dict[int, Refusal]
) -> Iterator[list[tuple[int, Row]]]:
    """Valid rows with their positions among all records; the others go to `refused`.

    Args:
        records: in input order, unreadable ones included.
        ingest: how to read them.
        store: the file that the bytes of all of them are kept in (`curate.run.store`).
        refused: by position, filled on the way.

    Raises:
        UsageError: after the last batch, of a `map` that names what no record has.
    """
    batch: list[tuple[int, Row]] = []
    size = 0
    with StoreWriter(store) as kept:
        for position, record in enumerate(records):
            kept.add(record.raw)
            row, _ = ingest(record)
            if isinstance(row, Refusal):
                refused[position] = row
                continue
            batch.append((position, row))
            size += len(record.raw)
            if len(batch) >= BATCH_ROWS or size >= BATCH_BYTES:
                yield batch
                batch, size = [], 0
    ingest.check_map()
    if batch:
        yield batch


def nothing_valid(refused: Sequence[Refusal]) -> str:
    """What to say where not one record is valid: the first fault, and how many more there are."""
    if not refused:
        return "no record in the input"
    first = refused[0]
    others = f" (and not one of the {len(refused)} records is valid)" if refused[1:] else ""
    return f"{first.source}:{first.line}: {first.error}{others}"
