"""JSONL: a record a line, its raw bytes the line without its end.

A line ends at LF or CRLF; at a lone CR in a file without LF, and between two objects elsewhere.
Blank lines are no records but count as lines.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from curate.read.record import Record
from curate.read.stored import Damaged

if TYPE_CHECKING:
    from collections.abc import Iterator

MARK = b"\xef\xbb\xbf"  # within a file: another one was appended
_BETWEEN = re.compile(rb"(?<=\})[ \t]*\r[ \t\r]*(?=\{)")


def lines(name: str, blocks: Iterator[bytes], layout: dict[str, Any]) -> Iterator[Record]:
    """The records of a JSONL file.

    Args:
        name: the file, as records name it.
        blocks: UTF-8 without a byte order mark.
        layout: `newline` is what ends a line.
    """
    end = b"\r" if layout["newline"] == "\r" else b"\n"
    number = 0
    waiting: list[bytes] = []  # a line that goes on, in pieces: 100 MB are copied once
    damage = None
    try:
        for block in blocks:
            waiting.append(block)
            if end not in block:
                continue
            text = b"".join(waiting)
            whole = text.split(end)
            waiting = [whole.pop()]
            if b"\r" in text or MARK in text:
                whole = [part for line in whole for part in _tidied(line)]
            for line in whole:
                number += 1
                if line and not line.isspace():
                    yield Record(name, number, line)
    except Damaged as error:
        damage = str(error)
    for line in _tidied(b"".join(waiting)):
        number += 1
        if damage or (line and not line.isspace()):
            yield Record(name, number, line, damage)


def _tidied(line: bytes) -> list[bytes]:
    """A line without mark and CR; two objects with a CR between them are two lines."""
    line = line.removesuffix(b"\r").removeprefix(MARK)
    if b"\r" not in line:
        return [line]
    return _BETWEEN.sub(lambda found: found[0].replace(b"\r", b"\n"), line).split(b"\n")
