"""JSON files that hold their records in an array, in `{"data": [...]}`, or one after another.

An element's raw bytes are exactly those in the file. A broken element is one quarantined record,
and reading goes on where the next one begins; of a cut file all elements before the cut survive.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from curate.read.record import Record
from curate.read.scan import SPACE, Broken, Cut, Text, item

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

# Where the keys of an object hold the records of a file, and other keys describe them.
ENVELOPES = ("data", "rows", "records", "examples", "instances", "items", "samples")

_KEY = rb'"(?:[^"\\\n]++|\\[^\n])*+"'
_FIRST_KEY = re.compile(rb"\{[ \t\r\n]*(" + _KEY + rb")[ \t\r\n]*:")
# Where the next element begins, before and after the first one has shown its first key.
_ANY_LEAD = rb'(?<=\})[ \t\r\n]*,[ \t\r\n]*(?=\{[ \t\r\n]*")'
_KEY_LEAD = rb"[ \t\r\n]*,[ \t\r\n]*(?=\{[ \t\r\n]*%b[ \t\r\n]*:)"
_OBJECT_LEAD = re.compile(rb"\n(?=\{)")
OVERLAP = 1 << 12  # bytes in which a lead may straddle two blocks

_NOT_CLOSED = "the object around the records is not closed, or no JSON behind them"
_CUT = "cut off: the file ends within this element"
_OPEN = "the array is never closed: the file ends without a ]"
_COMMA = "a comma with no element {}"


def elements(name: str, blocks: Iterator[bytes], layout: dict[str, Any]) -> Iterator[Record]:
    """The records of a JSON file.

    Args:
        name: the file, as records name it.
        blocks: UTF-8 without a byte order mark.
        layout: `envelope` is the number of bytes before the array of records, where an object
            holds it. Learns `opening`, `separator` and `closing`, the text around the elements.
    """
    return _Reader(name, Text(blocks), layout).records()


class _Reader:
    """Goes through one file, counting records."""

    def __init__(self, name: str, text: Text, layout: dict[str, Any]) -> None:
        self.name = name
        self.text = text
        self.layout = layout
        self.position = 0
        self.leads = [_ANY_LEAD]
        self.opening = self.closing = b""
        self.told = self.styled = self.comma = False

    def _learn(self, what: str, text: bytes) -> None:
        """Keep what stands around the first elements, where it can be kept as text."""
        if what not in self.layout and (kept := _text(text)) is not None:
            self.layout[what] = kept

    def _record(self, raw: bytes, error: str | None = None) -> Record:
        self.position += 1
        return Record(self.name, self.position, raw, error)

    def _end(self, raw: bytes, error: str) -> Record:
        """The record for what the file's end has cut; says it where the file is damaged."""
        self.told = True
        return self._record(raw, self.text.damage or error)

    def records(self) -> Iterator[Record]:
        """Values one after another; the elements of those that are arrays."""
        text = self.text
        envelope = self._take(self.layout.pop("envelope", 0))
        space = text.blank()
        while byte := text.peek():
            if byte == b"[":
                yield from self._array(envelope + space)
                if envelope:
                    yield from self._close()
            else:
                yield from self._value(space)
            space = text.blank()
        if self.layout.keys() & {"between", "closing"} and (ending := _text(space)) is not None:
            self.layout["closing"] = self.layout.get("closing", "") + ending
        if text.damage and not self.told:
            yield self._end(b"", text.damage)

    def _take(self, size: int) -> bytes:
        text = self.text
        while len(text.data) < size and text.more():
            pass
        text.at = size
        return text.data[:size]

    def _value(self, space: bytes) -> Iterator[Record]:
        """The value at the place; where it is broken, all up to a line that opens an object."""
        text = self.text
        if self.position == 0:
            self.layout.setdefault("between", "\n")
        elif self.position == 1 and (between := _text(space)):
            self.layout["between"] = between
        try:
            size = text.value()
        except Cut:
            yield self._end(text.rest().rstrip(SPACE), _CUT)
        except Broken:
            raw = self._until(_OBJECT_LEAD)
            yield self._record(text.rest().rstrip(SPACE) if raw is None else raw)
        else:
            raw = text.data[text.at : text.at + size]
            text.at += size
            yield self._record(raw)

    def _array(self, before: bytes) -> Iterator[Record]:
        """The elements of the array at the place, and its bracket."""
        text, name, match = self.text, self.name, item().match
        text.at += 1
        space = text.blank()
        opening = before + b"[" + space
        self.opening = self.opening or opening
        self._learn("opening", opening)
        if not self.styled and b"\n" in space:
            self.leads.append(b"," + re.escape(space) + rb'(?=\{[ \t\r\n]*")')
        self.comma = False
        while True:
            if found := match(text.data, text.at):
                self.position += 1
                yield Record(name, self.position, found[1])
                text.at = found.end()
                if found[2] == b"]":
                    self._closed(found.string[found.end(1) : found.end()])
                    return
                self.comma = True
                if not self.styled:
                    self._style(found[1], found.string[found.end(1) : found.end()])
            else:
                ended = yield from self._by_hand()
                if ended:
                    return

    def _style(self, first: bytes, comma: bytes) -> None:
        """Learn from the first element what stands between two of them and where one begins."""
        self.styled = True
        separator = comma + self.text.blank()
        self._learn("separator", separator)
        if key := _key_lead(first):
            self.leads = [key]
            if b"\n" in separator:
                self.leads.append(re.escape(separator) + rb'(?=\{[ \t\r\n]*")')

    def _closed(self, ending: bytes) -> None:
        self.closing = ending
        self._learn("closing", ending)

    def _by_hand(self) -> Generator[Record, None, bool]:
        """What is no element of up to five levels in one block; True at the end of the array."""
        text = self.text
        space = text.blank()
        byte = text.peek()
        if not byte:
            yield self._end(b"", _OPEN)
            return True
        if byte == b"]":
            text.at += 1
            if self.comma:
                yield self._record(b",", _COMMA.format("behind it"))
            self._closed(space + b"]")
            return True
        if byte == b",":
            text.at += 1
            self.comma = True
            yield self._record(b",", _COMMA.format("before it"))
            return False
        try:
            size = text.value()
        except Cut:
            yield self._end(text.rest().rstrip(SPACE), _CUT)
            return True
        except Broken:
            yield self._record(self._to_next())
            return False
        return (yield from self._element(size))

    def _element(self, size: int) -> Generator[Record, None, bool]:
        """An element of known size, and what follows it; a comma that is missing does no harm."""
        text = self.text
        raw = text.data[text.at : text.at + size]
        text.at += size
        space = text.blank()
        byte = text.peek()
        if byte not in (b",", b"]", b"{", b""):
            yield self._record(raw + space + self._to_next())
            return False
        yield self._record(raw)
        self.comma = byte == b","
        if byte in (b",", b"]"):
            text.at += 1
        if byte == b"]":
            self._closed(space + byte)
        elif byte == b"," and not self.styled:
            self._style(raw, space + byte)
        return byte == b"]"

    def _to_next(self) -> bytes:
        """A broken element: all up to the next one, or to the end of the array."""
        text = self.text
        leads = self.leads
        if not self.styled and (key := _key_lead(text.data[text.at : text.at + OVERLAP])):
            leads = [*leads, key]
        raw = self._until(re.compile(rb"|".join(leads)))
        self.comma = raw is not None
        if raw is not None:
            return raw
        end = len(text.data.rstrip(SPACE))
        closed = text.data[end - 1 : end] == b"]" and not text.damage
        end -= closed
        raw = text.data[text.at : end].rstrip(SPACE)
        text.at = end if closed else len(text.data)
        return raw

    def _until(self, lead: re.Pattern[bytes]) -> bytes | None:
        """All up to the next lead, and the place behind that; None where the file has no more."""
        text = self.text
        start = 1
        while True:
            found = lead.search(text.data, text.at + start)
            if found and found.end() < len(text.data):
                raw = text.data[text.at : found.start()]
                text.at = found.end()
                return raw
            start = max(1, len(text.data) - text.at - OVERLAP)
            if not text.more():
                return None

    def _close(self) -> Iterator[Record]:
        """The rest of the object around the array: other keys, which the core keeps."""
        rest = self.text.rest()
        try:
            orjson.loads(self.opening + (self.closing or b"]") + rest)
        except orjson.JSONDecodeError:
            for what in ("opening", "closing"):
                self.layout.pop(what, None)
            if rest.strip(SPACE) or not self.told:
                yield self._end(rest.strip(SPACE), _NOT_CLOSED)
        else:
            if "closing" in self.layout:
                self.layout["closing"] += rest.decode()


def _key_lead(element: bytes) -> bytes | None:
    """The pattern of a comma before an object with the same first key."""
    found = _FIRST_KEY.match(element)
    return _KEY_LEAD % re.escape(found[1]) if found else None


def _text(raw: bytes) -> str | None:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None
