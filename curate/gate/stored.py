"""The rows behind limits, in the files that the limits name (`store`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from curate.gate.config import limits
from curate.write.whole import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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
    from curate.run import folder as files
    from curate.run.facts import json_line
    from curate.run.store import read_store

    positions = {at for rows in wanted.values() for at in rows}
    raw = {
        at: record.decode("utf-8", "backslashreplace")
        for at, record in enumerate(read_store(examined.run.folder / files.RECORDS))
        if at in positions
    }
    for path, rows in wanted.items():
        write_whole(path, [json_line(rows[at] | {"raw": raw[at]}) for at in sorted(rows)])
