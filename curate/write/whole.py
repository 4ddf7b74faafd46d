"""Bytes at hand as a file that appears whole or not at all, with the rights that a new file has."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from curate.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Sequence


def write_whole(path: Path, parts: Sequence[bytes]) -> None:
    """Write a file whole or not at all; its folder is made where it is not there.

    Raises:
        OutputError: it can't be written.
    """
    aside = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():  # a pipe, /dev/stdout
            path.write_bytes(b"".join(parts))
            return
        handle, aside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(handle)
        umask = os.umask(0)
        os.umask(umask)
        Path(aside).chmod(0o666 & ~umask)
        Path(aside).replace(path)
    except OSError as error:
        if aside is not None:
            Path(aside).unlink(missing_ok=True)
        raise OutputError(f"{path}: can't be written: {error.strerror or error}") from None
