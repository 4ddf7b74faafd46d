"""Sources in, records out: any file type, nothing lost."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson


class Record(NamedTuple):
    """One record as it stands in its source, read or not.

    Attributes:
        source: the file, as the user named it.
        line: physical line in JSONL (1-based), the record's position (1-based) elsewhere.
        raw: the record's own bytes; see `curate.row.Row.raw`.
        error: why it can't be read; None where it can.
    """

    source: str
    line: int
    raw: bytes
    error: str | None = None


def parse(raw: bytes) -> dict[str, Any]:
    """A record's bytes as an object.

    Raises:
        ValueError: not JSON, no object, or a key named twice.
    """
    value = orjson.loads(raw)
    if not isinstance(value, dict):
        raise ValueError(f"expected an object, found {type(value).__name__}")  # noqa: TRY004
    return value
