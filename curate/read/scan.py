"""Where a JSON value ends, in bytes that arrive block by block, without recursion.

One regular expression takes a whole value of up to five levels in one step: 22.8 MB of Alpaca in
0.1 s. Whatever it can't match is scanned token by token, with a stack of brackets, so that 10,000
levels are no danger. A text never reaches over a line feed (JSON escapes it): a quotation mark
that is missing or too many does its harm on its own line.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from curate.read.stored import Damaged

if TYPE_CHECKING:
    from collections.abc import Iterator

STRING = rb'"(?:[^"\\\n]++|\\[^\n])*+"'
# JSON's and what Python writes in their place: the value ends there, even if it is no JSON.
ATOM = rb"-?(?:[0-9][0-9.eE+\-]*+|Infinity\b)|(?:true|false|null|NaN|None|True|False)\b"
LEVELS = 5  # of brackets in one step; the pattern doubles with each
SPACE = b" \t\r\n"

_SKIP = re.compile(rb"(?:" + STRING + rb"|[\s,:]++|" + ATOM + rb")*+")
_SCALAR = re.compile(STRING + rb"|" + ATOM)
_BLANK = re.compile(rb"[ \t\r\n]*+")
# A word or number that goes on in the next block.
_WORD = re.compile(rb"-?[A-Za-z0-9.]{0,9}\Z")
_NUMBER_END = re.compile(rb"-?[0-9][0-9.eE+\-]*\Z")
_CLOSES = {ord("}"): ord("{"), ord("]"): ord("[")}


class Broken(Exception):  # a verdict on one value, not on the run
    """The bytes can't be a value from here on."""


class Cut(Exception):  # likewise
    """The bytes end within the value."""


@cache
def value() -> bytes:
    """The pattern of a value of up to five levels."""
    return rb"(?:" + rb"|".join((_nest(LEVELS), STRING, ATOM)) + rb")"


@cache
def item() -> re.Pattern[bytes]:
    """An element (group 1) and the comma or bracket behind it (group 2)."""
    return re.compile(rb"[ \t\r\n]*+(" + value() + rb")[ \t\r\n]*+([,\]])")


def _nest(levels: int) -> bytes:
    inner = rb"|" + _nest(levels - 1) if levels > 1 else b""
    body = rb"(?:" + STRING + rb"|[\s,:]++|" + ATOM + inner + rb")*+"
    return rb"\{" + body + rb"\}|\[" + body + rb"\]"


class Text:
    """Bytes that arrive block by block, and a place in them.

    Attributes:
        data: what has arrived and is still wanted.
        at: the place, an offset in `data`.
        damage: why no more came, where that was not the end of the file.
    """

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self.data = b""
        self.at = 0
        self.damage: str | None = None

    def more(self) -> bool:
        """Let more bytes arrive, as many as there are, so that a long value is copied but twice."""
        parts = [self.data[self.at :]]
        wanted = max(1, len(parts[0]))
        try:
            while wanted > 0 and (block := next(self._blocks, None)) is not None:
                parts.append(block)
                wanted -= len(block)
        except Damaged as error:
            self.damage = str(error)
        before = len(parts[0])
        self.data, self.at = b"".join(parts), 0
        return len(self.data) > before

    def blank(self) -> bytes:
        """Skip white space; return what was skipped."""
        skipped = b""
        while True:
            end = _BLANK.match(self.data, self.at).end()  # type: ignore[union-attr]  # matches nothing
            skipped += self.data[self.at : end]
            self.at = end
            if end < len(self.data) or not self.more():
                return skipped

    def peek(self) -> bytes:
        """The byte at the place; empty at the end."""
        if self.at == len(self.data):
            self.more()
        return self.data[self.at : self.at + 1]

    def rest(self) -> bytes:
        """All that is left, to the end of the file."""
        while self.more():
            pass
        rest, self.data, self.at = self.data, b"", 0
        return rest

    def value(self) -> int:
        """The length of the value at the place.

        Raises:
            Broken: no value is there, or its brackets or texts don't match.
            Cut: the file ends within the value.
        """
        if self.peek() not in (b"{", b"["):
            return self._scalar()
        stack = bytearray()
        size = 0
        while True:
            size = _SKIP.match(self.data, self.at + size).end() - self.at  # type: ignore[union-attr]  # likewise
            here = self.at + size
            byte = self.data[here] if here < len(self.data) else None
            if byte in (0x7B, 0x5B):
                stack.append(byte)
                size += 1
            elif byte in _CLOSES:
                if not stack or stack.pop() != _CLOSES[byte]:
                    raise Broken
                size += 1
                if not stack:
                    return size
            elif not self._unfinished(here):
                raise Broken
            else:
                size -= self._number_before(here)
                if not self.more():
                    raise Cut

    def _number_before(self, here: int) -> int:
        """How much of the number that the block ends with is to be read again: it may go on."""
        if here < len(self.data):
            return 0
        found = _NUMBER_END.search(self.data, max(self.at, here - 32))
        return here - found.start() if found else 0

    def _scalar(self) -> int:
        while True:
            found = _SCALAR.match(self.data, self.at)
            if found and (found.end() < len(self.data) or not self.more()):
                return found.end() - found.start()
            if not found:
                if not self._unfinished(self.at):
                    raise Broken
                if not self.more():
                    raise Cut

    def _unfinished(self, here: int) -> bool:
        """Whether what stands at an offset may become a token when more bytes arrive."""
        if self.data.startswith(b'"', here):
            return self.data.find(b"\n", here) < 0
        return _WORD.match(self.data, here) is not None
