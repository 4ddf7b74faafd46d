"""The rows behind limits, in the files that the limits name (`store`)."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curate.errors import OutputError
from curate.gate.config import limits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from curate.gate.config import Check, Config
    from curate.gate.examine import Examined
    from curate.gate.judge import Tried


def has_stores(check: Check) -> bool:
    """Whether any limit names a file for its rows."""
    return any(limit.store is not None for _, limit in limits(check))


def stores(config: Config) -> list[Path]:
    """The files that limits name for their rows."""
    names = [one.store for _, one in limits(config.check) if one.store is not None]
    return [_top(config) / name for name in names]


def _top(config: Config) -> Path:
    """The folder that `store` is relative to."""
    return config.file.parent if config.file is not None else Path()


def store_rows(tried: Iterable[Tried], examined: Examined, config: Config) -> None:
    """Write the rows that each limit counts into the file that it names, none if there are none.

    A line a row: `id`, `source`, `line`, `codes`, `raw`. The rows are there as they came, secrets
    and all. Limits that name the same file share it.

    Raises:
        OutputError: it can't be written.
    """
    wanted: dict[Path, dict[int, dict[str, Any]]] = {}
    for one in tried:
        if one.asked.limit is not None and one.asked.limit.store is not None:
            rows = wanted.setdefault(_top(config) / one.asked.limit.store, {})
            for finding in one.live:
                row = rows.setdefault(finding["position"], _row(finding))
                row["codes"].append(finding["code"])
    if wanted:
        _write(wanted, examined)


def _row(finding: Mapping[str, Any]) -> dict[str, Any]:
    return {name: finding[name] for name in ("id", "source", "line")} | {"codes": []}


def _write(wanted: Mapping[Path, Mapping[int, dict[str, Any]]], examined: Examined) -> None:
    from curate import folder as files
    from curate.facts import json_line
    from curate.store import read_store

    positions = {at for rows in wanted.values() for at in rows}
    raw = {
        at: record.decode("utf-8", "backslashreplace")
        for at, record in enumerate(read_store(examined.run.folder / files.RECORDS))
        if at in positions
    }
    for path, rows in wanted.items():
        write_whole(path, [json_line(rows[at] | {"raw": raw[at]}) for at in sorted(rows)])


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
