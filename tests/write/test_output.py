"""A file appears whole or not at all, and the same bytes make the same file."""

from __future__ import annotations

import errno
import gzip
import os
from pathlib import Path

import pytest
import zstandard

from curate.errors import OutputError
from curate.write import Output


def write(path, *parts, compression=None):
    with Output(path, compression) as out:
        for part in parts:
            out.write(part)


def test_whole(tmp_path):
    write(tmp_path / "new/a", b"x", b"y")
    assert (tmp_path / "new/a").read_bytes() == b"xy"
    assert [one.name for one in (tmp_path / "new").iterdir()] == ["a"]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_not_at_all(tmp_path, failure):
    def fail():
        with Output(tmp_path / "a") as out:
            out.write(b"half")
            raise failure

    with pytest.raises(failure):
        fail()
    assert not list(tmp_path.iterdir())


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with Output(path) as out:
        out.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"


def unzst(packed):
    return zstandard.ZstdDecompressor().decompressobj().decompress(packed)


@pytest.mark.parametrize(("compression", "unpack"), [("gz", gzip.decompress), ("zst", unzst)])
def test_packed_files_carry_no_time_and_no_name(tmp_path, monkeypatch, compression, unpack):
    parts = [b"%d\n" % number for number in range(5000)]
    write(tmp_path / "a", *parts, compression=compression)
    monkeypatch.setattr("time.time", lambda: 2_000_000_000)
    write(tmp_path / "b", *parts, compression=compression)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert unpack((tmp_path / "a").read_bytes()) == b"".join(parts)


def test_a_folder_in_its_place(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(OutputError, match="a: is a folder; name a file"):
        write(tmp_path / "a", b"x")


def test_a_file_in_the_place_of_its_folder(tmp_path):
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(OutputError, match="b: can't be written: "):
        write(tmp_path / "a/b", b"x")


@pytest.mark.parametrize("call", ["os.fsync", "pathlib.Path.replace"])
def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch, call):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(call, full)
    with pytest.raises(OutputError, match=r"a: can't be written: No space left on device$"):
        write(tmp_path / "a", b"x")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux alone has a disk always full")
def test_a_disk_that_is_full_at_the_first_byte(tmp_path):
    out = Output(tmp_path / "a")
    out.aside.symlink_to("/dev/full")
    with pytest.raises(OutputError, match="No space left on device"), out:
        out.write(b"x" * 1_000_000)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may all")
def test_a_folder_without_permission(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="can't be written: Permission denied"):
        write(tmp_path / "a", b"x")
    tmp_path.chmod(0o700)
