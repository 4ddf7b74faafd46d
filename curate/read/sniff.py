"""What a file is, by its first bytes; its name only breaks ties."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import orjson

from curate.read.elements import ENVELOPES
from curate.read.explain import is_turns
from curate.read.scan import SPACE, STRING, Broken, Cut, Text, value
from curate.read.stored import as_utf8, encoding

KNOWN = ".jsonl .json .csv .tsv .parquet .arrow, also packed as .gz or .zst"
PARQUET, ARROW, ARROW_STREAM = b"PAR1", b"ARROW1\0\0", b"\xff\xff\xff\xff"

# Other things that people point at by mistake.
_OTHERS = (
    (b"PK\x03\x04", "a zip archive or an Excel sheet; unpack it or save it as .csv"),
    (b"BZh", "packed with bzip2; unpack it, or pack it as .gz or .zst"),
    (b"\xfd7zXZ\0", "packed with xz; unpack it, or pack it as .gz or .zst"),
    (b"\x04\x22\x4d\x18", "packed with lz4; unpack it, or pack it as .gz or .zst"),
    (b"7z\xbc\xaf'\x1c", "a 7z archive; unpack it"),
    (b"SQLite format 3\0", "an SQLite database; export the table as .csv"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"\x93NUMPY", "a numpy array; save it as .jsonl or .parquet"),
    (b"\x80\x04\x95", "a Python pickle; save it as .jsonl or .parquet"),
    (b"FEA1", "a Feather file of version 1; save it as version 2 (.arrow)"),
    (b"ORC", "an ORC file; save it as .parquet"),
    (b"Obj\x01", "an Avro file; save it as .parquet"),
    (b"version https://git-lfs", "a Git LFS pointer, not the data; fetch that with git lfs pull"),
    (b"<!DOCTYPE html", "a web page; download the file itself"),
    (b"<!doctype html", "a web page; download the file itself"),
    (b"<html", "a web page; download the file itself"),
    (b"PARE", "an encrypted Parquet file; decrypt it"),
    (b"-----BEGIN PGP", "encrypted with PGP; decrypt it"),
    (b"Salted__", "encrypted with OpenSSL; decrypt it"),
    (b"age-encryption.org", "encrypted with age; decrypt it"),
)


@dataclass
class Shape:
    """What a file is and how it is written.

    Attributes:
        kind: jsonl, json, csv, tsv, parquet, or arrow.
        encoding: of a text, as Python names it.
        mark: the byte order mark that the file begins with.
        layout: what writing the same type again takes; more is learned while reading.
    """

    kind: str
    encoding: str = "utf-8"
    mark: bytes = b""
    layout: dict[str, Any] = field(default_factory=dict)


class Unknown(Exception):  # the caller makes the error of it
    """Not a type that can be read; the message says what it looks like."""


def sniff(head: bytes, name: str, *, whole: bool) -> Shape:
    """Find what a file is.

    Args:
        head: its first bytes, unpacked.
        name: of the file, for ties.
        whole: whether `head` is the entire file.

    Raises:
        Unknown: what it looks like instead.
    """
    for magic, kind in ((PARQUET, "parquet"), (ARROW, "arrow"), (ARROW_STREAM, "arrow")):
        if head.startswith(magic):
            stream = magic == ARROW_STREAM
            return Shape(kind, layout={"stream": stream} if kind == "arrow" else {})
    for magic, what in _OTHERS:
        if head.startswith(magic):
            raise Unknown(f"is {what}")
    if head[257:262] == b"ustar":
        raise Unknown("is a tar archive; unpack it")
    code, mark = encoding(head)
    text = _decoded(head, code, mark)
    kind = _text_kind(text, suffix_of(name), whole=whole)
    shape = Shape(kind, code, mark)
    if kind in ("csv", "tsv"):
        from curate.read.table import dialect

        shape.layout = dialect(text, kind, whole=whole)
    else:
        shape.layout = {"newline": _newline(text)} if kind == "jsonl" else {}
        if kind == "json" and (size := _envelope(text)):
            shape.layout["envelope"] = size
    return shape


def _decoded(head: bytes, code: str, mark: bytes) -> bytes:
    blocks = as_utf8(iter([head]), code, mark)
    return next(blocks, b"")


def suffix_of(name: str) -> str:
    """The part of a name that says the type: `jsonl` of `a.jsonl.gz`."""
    stem = name.lower().removesuffix(".gz").removesuffix(".zst").removesuffix(".zstd")
    return stem.rpartition(".")[2] if "." in stem else ""


def _newline(text: bytes) -> str:
    """What ends the first line."""
    found = re.search(rb"\r\n|\n", text)
    if found:
        return found[0].decode()
    return "\r" if re.search(rb"\r(?!\Z)", text) else "\n"


def _text_kind(text: bytes, suffix: str, *, whole: bool) -> str:
    rows = _complete_lines(text, whole=whole)
    start = text.lstrip(SPACE)[:1]
    if suffix in ("csv", "tsv") and not (start in (b"{", b"[") and any(map(_is_object, rows))):
        return suffix
    if start == b"{":
        return _object_kind(text, rows, suffix, whole=whole)
    if start == b"[":
        return _array_kind(rows, suffix)
    if any(map(_is_object, rows)):
        return "jsonl"
    if _is_binary(text):
        raise Unknown(f"is no text and of no known type (it begins with {text[:8].hex(' ')})")
    if kind := _table_kind(text, suffix, whole=whole):
        return kind
    if suffix in ("jsonl", "ndjson", "json"):
        return "jsonl"
    shown = text.strip(SPACE)[:24].decode(errors="replace")
    raise Unknown(f"is of no known type (it begins with {shown!r}); known are {KNOWN}")


def _complete_lines(text: bytes, *, whole: bool) -> list[bytes]:
    rows = re.split(rb"\r\n|\n|\r", text)
    if not whole:
        rows.pop()
    return [row for row in rows if row.strip(SPACE)]


def _is_object(row: bytes) -> bool:
    if row.lstrip(SPACE)[:1] != b"{":
        return False
    try:
        return isinstance(orjson.loads(row), dict)
    except orjson.JSONDecodeError:
        return False


def _object_kind(text: bytes, rows: list[bytes], suffix: str, *, whole: bool) -> str:
    """JSONL, or values that reach over lines, or one object around the records."""
    first_value = Text(iter([text]))
    first_value.blank()
    start = first_value.at
    try:
        size = first_value.value()
    except Cut:
        return _long_object_kind(text, rows, suffix)
    except Broken:
        if _envelope(text) and sum(map(_is_object, rows)) < 2:  # noqa: PLR2004  # the last element
            return "json"
        alone = len(rows) > 1 and rows[0].strip(SPACE) == b"{"
        return "json" if alone and not any(map(_is_object, rows)) else "jsonl"
    first, rest = text[start : start + size], text[start + size :]
    if re.search(rb"[\r\n]", first):
        return "json" if _is_json(first) or not any(map(_is_object, rows)) else "jsonl"
    only = whole and not rest.strip(SPACE)
    if only and (suffix == "json" or _envelope(text)):
        return "json"
    return "jsonl"


def _long_object_kind(text: bytes, rows: list[bytes], suffix: str) -> str:
    """The type of a file whose first object ends beyond the head."""
    if len(rows) < 2:  # noqa: PLR2004  # one line, and not all of it
        return "json" if suffix == "json" or _envelope(text) else "jsonl"
    goes_on = rows[0].rstrip(SPACE)[-1:] in b"{[,:"
    return "jsonl" if _is_object(rows[1]) and not goes_on else "json"


def _is_json(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _array_kind(rows: list[bytes], suffix: str) -> str:
    """An array of records, or JSONL whose first line is no record."""
    if suffix in ("jsonl", "ndjson") and any(map(_is_object, rows)):
        with_comma = sum(_is_object(row.rstrip(SPACE).removesuffix(b",")) for row in rows)
        if with_comma <= 2 * sum(map(_is_object, rows)):
            return "jsonl"
    if suffix in ("jsonl", "ndjson") and len(rows) == 1 and _are_chats(rows):
        return "jsonl"
    if len(rows) < 2 or not _is_value(rows[0]):  # noqa: PLR2004  # the array goes on, or is all
        return "json"
    if _are_chats(rows):
        return "jsonl"
    of_records = re.match(rb"\s*\[\s*\{", rows[0])
    return "json" if of_records and not any(map(_is_object, rows[1:])) else "jsonl"


def _are_chats(rows: list[bytes]) -> bool:
    """Whether each line is the turns of a conversation: one record, though it fits no format."""
    try:
        return all(is_turns(orjson.loads(row)) for row in rows[:2])
    except orjson.JSONDecodeError:
        return False


def _is_value(row: bytes) -> bool:
    """Whether a line is a value by its brackets, and nothing else."""
    text = Text(iter([row.strip(SPACE)]))
    try:
        return text.value() == len(text.data)
    except (Broken, Cut):
        return False


def _envelope(text: bytes) -> int:
    """Bytes before the array of records, where an object holds it under a usual key; else 0."""
    found = _opens_array().match(text)
    return found.end() if found else 0


def _opens_array() -> re.Pattern[bytes]:
    blank = rb"[ \t\r\n]*+"
    member = STRING + blank + rb":" + blank + value() + blank + rb"," + blank
    named = rb'"(?:' + "|".join(ENVELOPES).encode() + rb')"'
    holds = named + blank + rb":" + blank + rb"(?=\[" + blank + rb"[{\]])"
    return re.compile(
        blank + rb"\{" + blank + rb"(?:(?!" + holds + rb")" + member + rb")*+" + holds
    )


def _is_binary(text: bytes) -> bool:
    """Whether so many control characters stand there that no text has them."""
    control = sum(text.count(byte) for byte in _CONTROL)
    return control * 20 > len(text)


_CONTROL = [bytes([code]) for code in range(32) if code not in b"\t\n\r\f\x1b"]


def _table_kind(text: bytes, suffix: str, *, whole: bool) -> str | None:
    from curate.read.table import looks_like

    return looks_like(text, suffix, whole=whole)
