"""Records in, rows out: parse, detect the format, validate, and say what is wrong with the rest."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from difflib import get_close_matches
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from curate import formats, read
from curate.errors import UsageError
from curate.policy import edit
from curate.policy.keys import mask_keys
from curate.row import BESIDE, Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from curate.formats import Format
    from curate.formats import Record as Parsed
    from curate.policy.rule import Rule
    from curate.read import Record

UNREADABLE, INVALID = "unreadable-record", "invalid-record"


class Refusal(NamedTuple):
    """A record that is quarantined, and why.

    Attributes:
        id: hash of its bytes.
        source: the file it stands in.
        line: and where there.
        code: UNREADABLE: no record at all; INVALID: a record that fits no format.
        error: what is wrong, and where.
    """

    id: str
    source: str
    line: int
    code: str
    error: str


class Edit(NamedTuple):
    """What edit rules made of a record.

    Attributes:
        codes: the rules that changed it.
        after: the record's bytes afterwards.
    """

    codes: list[str]
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
        label_field: the field that holds a record's label.
        formats: how many records each format had.
    """

    format: str = "auto"
    map: Mapping[str, str] = field(default_factory=dict)
    edits: Mapping[str, Rule] = field(default_factory=dict)
    label_field: str | None = None
    formats: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Compile the edits once."""
        self._edits = edit.prepared(self.edits.values())
        self._unseen = set(self.map.values())
        self._keys: dict[str, None] = {}

    def __call__(self, record: Record) -> tuple[Row | Refusal, Edit | None]:
        """The row of a record, or why there is none; and what was edited in it."""
        try:
            data = self._parsed(record)
        except ValueError as error:
            return _refusal(record, UNREADABLE, str(error)), None
        try:
            valid = self._validated(data, record.raw)
            change = self._edited(valid, record.raw) if self._edits else None
            if change is not None:
                edited = record._replace(raw=change.after)
                valid = self._validated(self._parsed(edited), edited.raw)
        except ValueError as error:
            return _refusal(record, INVALID, str(error)), None
        self.formats[valid.name] += 1
        row = Row(
            id=content_id(record.raw),
            messages=valid.messages(),
            rejected=valid.rejected(),
            format=valid.name,
            fields=formats.fields(valid),
            raw=record.raw,
            source=record.source,
            line=record.line,
            beside={key: data[key] for key in BESIDE.intersection(data)},
            label=label(data, self.label_field) if self.label_field else None,
        )
        return row, change

    def _parsed(self, record: Record) -> Parsed:
        if record.error is not None:
            raise ValueError(record.error)
        data = read.parse(record.raw)
        if not self.map:
            return data
        if self._unseen:
            self._unseen -= data.keys()
            self._keys |= dict.fromkeys(data)
        return formats.apply_map(data, self.map)

    def check_map(self) -> None:
        """Refuse a mapping from a column that no record had: for when all are read.

        Raises:
            UsageError: names the column, the nearest that there is, and those that there are.
        """
        if not (self._unseen and self._keys):
            return
        field, column = next(pair for pair in self.map.items() if pair[1] in self._unseen)
        close = get_close_matches(column, self._keys, n=1)
        meant = f"did you mean {close[0]}? Their columns" if close else "their columns"
        raise UsageError(
            f"--map {field}={column}: no record has a column {column}; {meant} are "
            f"{', '.join(list(self._keys)[: formats.KEYS])}"
        )

    def _validated(self, data: Parsed, raw: bytes) -> Format:
        try:
            if self.format != "auto":
                return formats.validate(data, self.format)
            valid = formats.load(data)
        except ValidationError as error:
            name = self.format if self.format != "auto" else str(formats.detect(data))
            own = read.parse(raw) if self.map else None
            raise ValueError(formats.explain(error, data, name, self.map, own)) from None
        if valid is None:
            raise ValueError(formats.unknown(read.parse(raw) if self.map else data))
        return valid

    def _edited(self, valid: Format, raw: bytes) -> Edit | None:
        after, codes = edit.apply(valid, self._edits)
        if after is None:
            return None
        if self.map:
            after = formats.undo_map(after, self.map, read.parse(raw))
        return Edit(codes, as_written(after, raw))


def label(data: Parsed, field: str) -> str | None:
    """A record's label: the text in this field, a number, yes or no, or a list of these as JSON.

    A name with dots leads into objects, where no field has it as it stands.
    """
    held = data.get(field)
    if field not in data:
        held = data
        for part in field.split("."):
            held = held.get(part) if isinstance(held, dict) else None
    if held is None or isinstance(held, dict):
        return None
    return held.strip() or None if isinstance(held, str) else json.dumps(held, ensure_ascii=False)


_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"')


def as_written(record: Parsed, raw: bytes) -> bytes:
    """The bytes of a record of which only texts have changed, with these texts in their places.

    All else stays byte for byte: white space, escapes, and numbers, of which 1.10 and 1e5 would
    not come out of JSON as they went in.
    """
    texts = _strings(record)
    plain = raw.isascii()

    def written(found: re.Match[bytes]) -> bytes:
        text = next(texts)
        if json.loads(found[0]) == text:
            return found[0]
        return json.dumps(text, ensure_ascii=plain).encode()

    return _STRING.sub(written, raw)


def _strings(record: Parsed) -> Iterator[str]:
    """Keys and texts in the order of the bytes; without recursion, as 1,000 levels can be read."""
    waiting: list[Any] = [record]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            for key, held in reversed(one.items()):
                waiting += (held, key)
        elif isinstance(one, list | tuple):
            waiting += reversed(one)


def _refusal(record: Record, code: str, error: str) -> Refusal:
    return Refusal(content_id(record.raw), record.source, record.line, code, mask_keys(error))
