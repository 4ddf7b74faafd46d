"""How the tests of this folder read a file: to the end, with the words for what can't be read."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from curate.read import open_sources, parse


class Seen(NamedTuple):
    line: int
    raw: bytes
    error: str | None


def see(source):
    """Line, raw bytes and error of each record; what `parse` refuses is an error, too."""
    seen = []
    for record in source:
        assert record.source == source.name
        error = record.error
        if error is None:
            try:
                parse(record.raw)
            except ValueError as refused:
                error = str(refused)
        seen.append(Seen(record.line, record.raw, error))
    assert source.records == len(seen)
    return seen


@pytest.fixture
def read(tmp_path):
    """Write bytes to a file of some name and read it; the source is kept as `read.source`."""

    def reading(content: bytes, name: str = "a.jsonl"):
        path = tmp_path / name
        path.write_bytes(content)
        (reading.source,) = open_sources([str(path)])
        return see(reading.source)

    return reading
