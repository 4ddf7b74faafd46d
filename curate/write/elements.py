"""JSON: arrays, and values one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curate.write.writer import Writer

if TYPE_CHECKING:
    from pathlib import Path

    from curate.write.layout import Layout


class ArrayWriter(Writer):
    """A JSON array: each element as it stood, and between and around them what stood there."""

    def __init__(self, path: Path, layout: Layout) -> None:
        super().__init__(path, layout)
        self._separator = layout.get("separator", ",\n  ").encode()

    def write(self, raw: bytes) -> None:
        """Append one element."""
        self._put(self._separator if self.records else self._opening)
        self._put(raw)
        self.records += 1

    @property
    def _opening(self) -> bytes:
        return bytes(self.layout.get("opening", "[\n  ").encode())

    def finish(self) -> None:
        """Close the array, and the object around it."""
        closing = self.layout.get("closing", "\n]\n").encode()
        if not self.records:
            self._put(self._opening.rstrip())
            closing = closing.lstrip()
        self._put(closing)


class ValuesWriter(Writer):
    """JSON values one after another."""

    def write(self, raw: bytes) -> None:
        """Append one value."""
        if self.records:
            self._put(self.layout["between"].encode())
        self._put(raw)
        self.records += 1

    def finish(self) -> None:
        """End the last line."""
        self._put(self.layout.get("closing", "\n").encode())
