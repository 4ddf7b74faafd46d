"""Taking records in: rows in batches, all bytes kept aside, and what was edited or is no row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from curate.ingest import Refusal
from curate.run import folder as files
from curate.run.batches import BATCH_BYTES, BATCH_ROWS
from curate.run.facts import EDITED
from curate.run.store import SMALL, StoreWriter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from curate.ingest import Edit, Ingest
    from curate.read import Record
    from curate.row import Row


@dataclass
class Intake:
    """Turns records into rows, and remembers what became of the others.

    Attributes:
        ingest: how to read a record.
        made: the folder that their bytes are kept in, and those of edited ones.
        level: how small (`curate.run.store`).
        refused: records that are no rows, with their positions among all.
        edited: rows that edit rules changed, and the codes of these.
        height: how many rows there are.
    """

    ingest: Ingest
    made: Path
    level: int = SMALL
    refused: list[tuple[int, Refusal]] = field(default_factory=list)
    edited: list[tuple[int, list[str]]] = field(default_factory=list)
    height: int = 0

    def batches(self, records: Iterable[Record]) -> Iterator[list[Row]]:
        """The valid rows in input order, none of the batches empty, each gone with the next."""
        rows: list[Row] = []
        count = size = 0
        with (
            StoreWriter(self.made / files.RECORDS, self.level) as store,
            StoreWriter(self.made / EDITED, self.level) as changed,
        ):
            for position, record in enumerate(records):
                store.add(record.raw)
                row, change = self.ingest(record)
                if isinstance(row, Refusal):
                    self.refused.append((position, row))
                else:
                    if change is not None:
                        self._edited(change, changed)
                    rows.append(row)
                    self.height += 1
                count += 1
                size += len(record.raw)
                if count >= BATCH_ROWS or size >= BATCH_BYTES:
                    if rows:
                        yield rows
                        rows.clear()  # else two batches are there at a time
                    count = size = 0
        if rows:
            yield rows

    def _edited(self, change: Edit, changed: StoreWriter) -> None:
        self.edited.append((self.height, change.codes))
        changed.add(change.after)
