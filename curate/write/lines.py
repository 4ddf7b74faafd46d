"""JSONL."""

from __future__ import annotations

from itertools import chain, pairwise
from typing import TYPE_CHECKING

from curate.write.writer import Writer

if TYPE_CHECKING:
    from pathlib import Path

    from curate.write.layout import Layout


def one_line(raw: bytes) -> bytes:
    """A record on one line; values and their spelling stay, as no text in JSON holds a line end."""
    if b"\r" in raw:
        raw = raw.replace(b"\r", b"\n")
    if b"\n" not in raw:
        return raw
    parts = [part for line in raw.split(b"\n") if (part := line.strip(b" \t"))]
    spaced = [
        b"" if before.endswith((b"{", b"[")) or after.startswith((b"}", b"]")) else b" "
        for before, after in pairwise(parts)
    ]
    return b"".join(chain.from_iterable(zip(parts, [*spaced, b""], strict=True)))


class LinesWriter(Writer):
    """JSONL: each record as it stood, ended as the source ends its lines.

    Lone CR becomes LF: hardly anything reads lines that end so.
    """

    def __init__(self, path: Path, layout: Layout) -> None:
        super().__init__(path, layout)
        self._end = b"\r\n" if layout.get("newline") == "\r\n" else b"\n"

    def write(self, raw: bytes) -> None:
        """Append one line."""
        self.records += 1
        self._put(one_line(raw) + self._end)
