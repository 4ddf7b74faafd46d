"""Records in, rows out: parse, detect the format, validate, and say what is wrong with the rest."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

import orjson
from pydantic import ValidationError

from curate import edit, formats, read
from curate.row import Row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from curate.read import Record
    from curate.rule import Rule


class Refusal(NamedTuple):
    """A record that is quarantined, and why."""

    id: str
    source: str
    line: int
    error: str


class Edit(NamedTuple):
    """A row that an edit rule rewrote."""

    id: str
    codes: list[str]
    before: bytes
    after: bytes


def content_id(raw: bytes) -> str:
    """16 hex digits of the BLAKE2b hash of a record's bytes: the same record, the same id."""
    return blake2b(raw, digest_size=8).hexdigest()


@dataclass
class Ingest:
    """Turns records into rows, one at a time.

    Attributes:
        format: name of a format, or "auto": each record is recognised by its keys.
        map: canonical field -> the name it has in the input.
        edits: edit rules to apply, by code.
        formats: how many records each format had.
    """

    format: str = "auto"
    map: Mapping[str, str] = field(default_factory=dict)
    edits: Mapping[str, Rule] = field(default_factory=dict)
    formats: Counter[str] = field(default_factory=Counter)

    def __call__(self, record: Record) -> tuple[Row | Refusal, Edit | None]:
        """The row of a record, or why there is none; and what was edited in it."""
        made = content_id(record.raw)
        try:
            row, changed = self._row(record, made)
        except ValueError as error:
            return Refusal(made, record.source, record.line, str(error)), None
        self.formats[row.format] += 1
        return row, changed

    def _row(self, record: Record, made: str) -> tuple[Row, Edit | None]:
        if record.error is not None:
            raise ValueError(record.error)
        data = read.parse(record.raw)
        if self.map:
            data = formats.apply_map(data, self.map)
        name = formats.detect(data) if self.format == "auto" else self.format
        if name is None:
            raise ValueError(formats.unknown(data))
        try:
            valid = formats.validate(data, name)
            change = None
            if self.edits:
                after, codes = edit.apply(valid, self.edits.values())
                if after is not None:
                    change = Edit(made, codes, record.raw, orjson.dumps(after))
                    valid = formats.validate(after, name)
        except ValidationError as error:
            raise ValueError(formats.explain(error, data, name)) from None
        row = Row.model_construct(
            id=made,
            messages=valid.messages(),
            rejected=valid.rejected(),
            format=name,
            raw=record.raw,
            source=record.source,
            line=record.line,
        )
        return row, change
