"""What every writer of a file type is: raw records in, in their order."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Self

from curate.write.chunks import Chunks
from curate.write.output import Output

if TYPE_CHECKING:
    from pathlib import Path

    from curate.write.layout import Layout


class Writer(ABC):
    """Writes raw records; a context manager whose file appears when the block ends well.

    Attributes:
        path: the file.
        layout: how it is written.
        records: how many were written.
    """

    def __init__(self, path: Path, layout: Layout) -> None:
        self.path = path
        self.layout = layout
        self.records = 0
        self.output = Output(path, layout.get("compression"))
        self._chunks = Chunks(self.output.write)

    @abstractmethod
    def write(self, raw: bytes) -> None:
        """Append one record.

        Args:
            raw: its bytes as they were read, or those of a JSON object in their place.

        Raises:
            OutputError: the disk is full, or the type can't hold the record.
        """

    def finish(self) -> None:  # noqa: B027  # most types end with their last record
        """Write what stands behind the last record."""

    def _put(self, data: bytes) -> None:
        self._chunks.add(data)

    def __enter__(self) -> Self:
        self.output.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        try:
            if kind is None:
                self.finish()
                self._chunks.flush()
        except BaseException as failure:
            kind = type(failure)
            raise
        finally:
            self.output.__exit__(kind, *rest)
