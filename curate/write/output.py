"""A file that appears whole or not at all: written aside, forced to disk, renamed."""

from __future__ import annotations

import contextlib
import os
import zlib
from pathlib import Path
from typing import BinaryIO, Protocol, Self

import zstandard

from curate.errors import OutputError

GZIP_LEVEL, ZSTD_LEVEL = 6, 3  # the tools' own defaults


class _Packer(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...

    def flush(self) -> bytes: ...


class Output:
    """A new file; a context manager that leaves the old one, or none, if the block fails.

    The same bytes give the same file: packed ones carry neither time nor name.

    Raises:
        OutputError: the disk is full, or the folder may not be written.
    """

    def __init__(self, path: str | Path, compression: str | None = None) -> None:
        """Name the file.

        Args:
            path: where it will stand.
            compression: gz, zst or None.
        """
        self.path = Path(path)
        self.aside = self.path.with_name(f".{self.path.name}.{os.getpid()}.partial")
        self._compression = compression
        self._packer: _Packer | None = None
        self._file: BinaryIO | None = None

    def write(self, data: bytes) -> None:
        """Append bytes."""
        try:
            self._handle.write(self._packer.compress(data) if self._packer else data)
        except OSError as error:
            raise self._failed(error) from None

    @property
    def _handle(self) -> BinaryIO:
        if self._file is None:
            raise OutputError(f"{self.path}: is not open")
        return self._file

    def __enter__(self) -> Self:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self.path.is_dir():
                raise OutputError(f"{self.path}: is a folder; name a file")
            self._file = self.aside.open("wb")
        except OSError as error:
            raise self._failed(error) from None
        self._packer = _packer(self._compression)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._finish()
        except OSError as failure:
            raise self._failed(failure) from None
        finally:
            self._discard()

    def _finish(self) -> None:
        if self._packer:
            self._handle.write(self._packer.flush())
        self._handle.flush()
        os.fsync(self._handle.fileno())
        self._handle.close()
        self.aside.replace(self.path)
        _sync_folder(self.path.parent)

    def _discard(self) -> None:
        """Remove what is left aside; nothing is, where all went well."""
        if self._file is not None:
            with contextlib.suppress(OSError):  # a full disk refuses the last flush, too
                self._file.close()
            self.aside.unlink(missing_ok=True)
            self._file = None

    def _failed(self, error: OSError) -> OutputError:
        return OutputError(f"{self.path}: can't be written: {error.strerror or error}")


def _packer(compression: str | None) -> _Packer | None:
    if compression == "gz":
        return zlib.compressobj(GZIP_LEVEL, wbits=31)  # zlib writes no time and no name
    if compression == "zst":
        return zstandard.ZstdCompressor(level=ZSTD_LEVEL, write_checksum=True).compressobj()
    return None


def _sync_folder(folder: Path) -> None:
    """Force the renaming to disk, where folders can be opened for that."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
