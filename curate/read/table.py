"""CSV and TSV: every value a text, a quoted line end part of it, a ragged row quarantined.

A record's raw bytes are the row as a JSON object; those of a row that can't be read are the row
as it stands. How a column is quoted is learned, so that a row that is written again looks the same.
"""

from __future__ import annotations

import contextlib
import csv
import re
from collections import deque
from typing import TYPE_CHECKING, Any

from orjson import dumps

from curate.read.explain import not_utf8
from curate.read.record import Record
from curate.read.stored import Damaged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SAMPLE = 200  # rows that the dialect is found by
NAME = 128  # characters that the name of a column may have
RUNAWAY = 1 << 26  # bytes after which a quotation mark counts as never closed

_DELIMITERS = {"csv": ",;\t|", "tsv": "\t,;|"}
_IN_MARKS = re.compile(r'"[^"]*(?:""[^"]*)*"')
_PLAIN_NAME = re.compile(r"[\w .\-/()#:]{0,64}")


class NoTable(Exception):  # the caller makes the error of it
    """The first row can't be a header; the message says why."""


def looks_like(text: bytes, suffix: str, *, whole: bool) -> str | None:
    """`csv` or `tsv`, where the text is a table by its look: rows of equal length below names."""
    if suffix in ("csv", "tsv"):
        return suffix
    lines = _sample(text, whole=whole)
    for delimiter in ",\t;":
        rows = _parsed(lines, {"delimiter": delimiter})
        names = (rows and rows[0]) or []
        even = all(row is not None and len(row) == len(names) for row in rows)
        if even and len(rows) > 1 and len(names) > 1 and all(map(_PLAIN_NAME.fullmatch, names)):
            return "tsv" if delimiter == "\t" else "csv"
    return None


def dialect(text: bytes, kind: str, *, whole: bool) -> dict[str, Any]:
    """How the table is written: `delimiter`, `quoting`, `escape`, `newline`, `header`, `quoted`.

    `quoting` is "double" (a quotation mark in a text is doubled), "escape" (it has a backslash
    before it) or "none" (it is a letter like others). `quoted` lists the columns that always are.

    Raises:
        NoTable: the first row has no names, the same name twice, or texts in place of names.
    """
    lines = _sample(text, whole=whole)
    best: tuple[float, dict[str, Any], list[list[str] | None]] | None = None
    for delimiter in _DELIMITERS[kind]:
        for quoting in _quotings(text, delimiter):
            how: dict[str, Any] = {"delimiter": delimiter, "quoting": quoting}
            rows = _parsed(lines, how)
            score = _score(rows) - (_marked(rows) if quoting == "none" else 0)
            if best is None or score > best[0]:
                best = score, how, rows
    assert best is not None  # noqa: S101  # there are delimiters
    _, how, rows = best
    header = _names(rows)
    how["newline"] = _newline(text)
    how["header"] = header
    how["quoted"] = _quoted(lines[1:] or lines, how, len(header))
    how["quoted_header"] = _quoted(lines[:1], how, len(header))
    return how


def _quotings(text: bytes, delimiter: str) -> list[str]:
    """The ways of quoting that are worth a try."""
    escapes = ["escape"] if b'\\"' in text else []
    return ["double", *escapes, *(["none"] if delimiter == "\t" else [])]


def _newline(text: bytes) -> str:
    """What ends a row: a lone CR only where there is no LF."""
    found = re.search(rb"\r\n|\n", text) or re.search(rb"\r", text)
    return found[0].decode() if found else "\n"


def _sample(text: bytes, *, whole: bool) -> list[str]:
    end = _newline(text)[-1]
    lines = text.decode("utf-8", "surrogateescape").split(end)
    last = lines.pop()
    if whole and last:
        lines.append(last)
    return [line + end for line in lines[:SAMPLE]]


def _parsed(lines: list[str], how: dict[str, Any]) -> list[list[str] | None]:
    """The rows of some lines; None for a row that is no CSV."""
    rows: list[list[str] | None] = []
    reader = csv.reader(lines, **options(how))
    while True:
        row: list[str] | None
        try:
            row = next(reader)
        except StopIteration:
            return rows
        except csv.Error:
            row = None
        if row != []:
            rows.append(row)


def options(how: dict[str, Any]) -> dict[str, Any]:
    """A dialect in the words of the csv module."""
    quoting = how.get("quoting", "double")
    made: dict[str, Any] = {"delimiter": how["delimiter"], "strict": True}
    if quoting == "none":
        made |= {"quoting": csv.QUOTE_NONE}
    elif quoting == "escape":
        made |= {"escapechar": "\\", "doublequote": False}
    return made


def _score(rows: list[list[str] | None]) -> float:
    """The share of rows as long as the first; one column counts as a guess."""
    width = len(rows[0] or ()) if rows else 0
    same = sum(row is not None and len(row) == width for row in rows)
    return (same / len(rows) if rows else 0) * (1 if width > 1 else 0.01)


def _marked(rows: list[list[str] | None]) -> float:
    """The share of rows with a value in quotation marks, which then are no letters."""
    marked = sum(any(_IN_MARKS.fullmatch(value) for value in row or ()) for row in rows)
    return marked / len(rows) if rows else 0


def _names(rows: list[list[str] | None]) -> list[str]:
    header = rows[0] if rows else None
    if not header:
        raise NoTable("its first row can't be read as the names of columns")
    for name in header:
        if header.count(name) > 1:
            raise NoTable(
                f"two columns are named {name!r} in its first row; "
                "if that is no header, add a line with the names of the columns"
            )
        if len(name) > NAME or re.search(r"[\r\n]", name):
            raise NoTable(
                f"its first row is no header but begins {name[:24]!r}...; "
                "add a line with the names of the columns"
            )
    return header


def _quoted(lines: list[str], how: dict[str, Any], width: int) -> list[int]:
    """The columns that are quoted in every line, though not every value needs it."""
    if how["quoting"] == "none":
        return []
    delimiter = re.escape(how["delimiter"])
    body = r'[^"]|""' if how["quoting"] == "double" else r'[^"\\]|\\.'
    field = re.compile(rf'("(?:{body})*+")(?={delimiter}|[\r\n]|\Z)|[^{delimiter}\r\n]*')
    always = [True] * width
    seen = False
    for line in lines:
        marks, at = [], 0
        while at <= len(line.rstrip("\r\n")):
            found = field.match(line, at)
            marks.append(bool(found and found[1]))
            at = (found.end() if found else at) + 1
        if len(marks) == width:
            seen = True
            always = [was and now for was, now in zip(always, marks, strict=True)]
    return [column for column, was in enumerate(always) if was and seen]


class _Lines:
    """Lines with their ends; remembers those of the row being read, and takes some back."""

    def __init__(self, blocks: Iterable[bytes], newline: str) -> None:
        self.taken: list[str] = []
        self.damage: str | None = None
        self.rest = b""
        self._size = 0
        self._back: deque[str] = deque()
        self._lines = self._split(blocks, b"\r" if newline == "\r" else b"\n")

    def _split(self, blocks: Iterable[bytes], end: bytes) -> Iterator[str]:
        waiting: list[bytes] = []
        mark = end.decode()
        try:
            for block in blocks:
                waiting.append(block)
                if end in block:
                    *whole, rest = b"".join(waiting).split(end)
                    waiting = [rest]
                    for line in whole:
                        yield line.decode("utf-8", "surrogateescape") + mark
        except Damaged as error:
            self.damage = str(error)
        if self.damage:
            self.rest = b"".join(waiting)
        elif last := b"".join(waiting):
            yield last.decode("utf-8", "surrogateescape")

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._size > RUNAWAY:
            raise StopIteration
        line = self._back.popleft() if self._back else next(self._lines)
        self.taken.append(line)
        self._size += len(line)
        return line

    def begin(self) -> None:
        """Begin a row."""
        self.taken = []
        self._size = 0

    def back(self) -> bytes:
        """Take back all lines of the row but the first, which is returned."""
        first, *others = self.taken
        self._back.extendleft(reversed(others))
        return _raw(first)


def _raw(text: str) -> bytes:
    return text.rstrip("\r\n").encode("utf-8", "surrogateescape")


def rows(name: str, blocks: Iterator[bytes], layout: dict[str, Any]) -> Iterator[Record]:
    """The records of a table.

    Args:
        name: the file, as records name it.
        blocks: UTF-8 without a byte order mark.
        layout: the dialect, from `dialect`.
    """
    csv.field_size_limit(2**31 - 1)  # the module's own limit is 131,072 bytes
    header: list[str] = layout["header"]
    width = len(header)
    lines = _Lines(blocks, layout["newline"])
    reader = csv.reader(lines, **options(layout))
    with contextlib.suppress(StopIteration):  # a file that is cut within its header
        next(reader)
    position = 0
    while True:
        lines.begin()
        try:
            fields = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            position += 1
            yield Record(name, position, lines.back(), f"not CSV: {_words(error)}")
            continue
        if not fields:
            continue
        position += 1
        if len(fields) == width:
            try:
                yield Record(name, position, dumps(dict(zip(header, fields, strict=True))))
            except TypeError:  # not UTF-8
                raw = _raw("".join(lines.taken))
                yield Record(name, position, raw, _encoding_fault(raw))
        else:
            yield Record(name, position, *_ragged(lines, layout, len(fields)))
    if lines.damage:
        yield Record(name, position + 1, lines.rest, lines.damage)


def _ragged(lines: _Lines, layout: dict[str, Any], found: int) -> tuple[bytes, str]:
    """The raw bytes of a row of the wrong length, and what is wrong.

    Where a later line of it is a whole row by itself, a quotation mark was never closed.
    """
    width = len(layout["header"])
    alone = [_parsed([line], layout) for line in lines.taken[1:]]
    if any(row and len(row[0] or ()) == width for row in alone):
        return lines.back(), "a quotation mark that is never closed"
    raw = _raw("".join(lines.taken))
    return raw, f"{found} fields where the header has {width}"


def _words(error: csv.Error) -> str:
    if "unexpected end" in str(error):
        return "a quotation mark that is never closed"
    if "expected after" in str(error):
        return "text between a closing quotation mark and the next column"
    return str(error)


def _encoding_fault(raw: bytes) -> str:
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return not_utf8(raw, error)
    return "not UTF-8"
