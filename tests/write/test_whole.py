"""A file appears whole or not at all, whoever writes it."""

from __future__ import annotations

import os

import pytest

from curate.errors import OutputError
from curate.learn import head
from curate.write.whole import write_whole


@pytest.mark.parametrize(
    "write",
    [
        lambda path: write_whole(path, [b"new", b"er"]),
        lambda path: head.write(path, b"newer", force=True),
    ],
)
def test_what_stood_there_is_replaced_or_left(tmp_path, monkeypatch, write):
    path = tmp_path / "made" / "file"
    write(path)
    assert path.read_bytes() == b"newer"
    path.write_bytes(b"old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)  # which the data has to be forced to disk with
    with pytest.raises(OutputError, match="No space left"):
        write(path)
    assert [one.name for one in path.parent.iterdir()] == ["file"]
    assert path.read_bytes() == b"old"
