"""Bytes gathered until there are enough of them: one call to the file for a thousand records."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE = 1 << 20  # bytes


class Chunks:
    """Hands bytes on in their order, a chunk at a time; `flush` hands on what is left."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._waiting: list[bytes] = []
        self._size = 0

    def add(self, data: bytes) -> None:
        """Take bytes."""
        self._waiting.append(data)
        self._size += len(data)
        if self._size >= SIZE:
            self.flush()

    def flush(self) -> None:
        """Hand on all that is there."""
        self._write(b"".join(self._waiting))
        self._waiting.clear()
        self._size = 0
