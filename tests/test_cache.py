from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import pytest

from curate import cache

KEY = cache.key_of("a key")
OTHER = cache.key_of("another key")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "_written", None)
    return tmp_path / "cache"


def stored() -> list[Path]:
    at = cache.folder()
    return [] if at is None else [one for one in at.rglob("*") if len(one.name) == 64]


def test_what_was_put_comes_back():
    assert cache.get("check", KEY) is None
    cache.put("check", KEY, b"\x00some\xffbytes")
    assert cache.get("check", KEY) == b"\x00some\xffbytes"
    cache.put("check", KEY, b"")
    assert cache.get("check", KEY) == b""


def test_kinds_and_keys_are_apart():
    cache.put("check", KEY, b"one")
    assert cache.get("embedding", KEY) is None
    assert cache.get("check", OTHER) is None


@pytest.mark.parametrize("damage", [b"", b"x", b"one" * 40])
def test_a_damaged_entry_is_a_miss(damage):
    cache.put("check", KEY, b"one")
    (entry,) = stored()
    entry.write_bytes(damage)
    assert cache.get("check", KEY) is None
    cache.put("check", KEY, b"two")
    assert cache.get("check", KEY) == b"two"


def test_an_entry_under_another_name_is_a_miss():
    cache.put("check", KEY, b"one")
    (entry,) = stored()
    there = entry.parents[1] / OTHER[:2] / OTHER
    there.parent.mkdir()
    entry.rename(there)
    assert cache.get("check", OTHER) is None


def test_a_folder_in_the_place_of_an_entry_is_a_miss():
    cache.put("check", KEY, b"one")
    (entry,) = stored()
    entry.unlink()
    entry.mkdir()
    cache.put("check", KEY, b"two")
    assert cache.get("check", KEY) is None


def test_a_file_in_the_place_of_the_folder_is_no_cache(folder):
    folder.write_text("not a folder")
    cache.put("check", KEY, b"one")
    assert cache.get("check", KEY) is None


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_no_cache(folder):
    folder.mkdir()
    folder.chmod(0o500)
    cache.put("check", KEY, b"one")
    assert cache.get("check", KEY) is None


def test_a_full_disk_leaves_nothing_behind(monkeypatch):
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    cache.put("check", KEY, b"one")
    assert cache.get("check", KEY) is None
    assert not [one for one in cache.folder().rglob("*") if one.is_file()]


@pytest.mark.parametrize("value", ["", "off", " OFF "])
def test_no_cache_is_asked_for(monkeypatch, value):
    monkeypatch.setenv(cache.VARIABLE, value)
    assert cache.folder() is None
    cache.put("check", KEY, b"one")
    assert cache.get("check", KEY) is None


def test_without_ends_with_its_block():
    cache.put("check", KEY, b"one")
    with cache.without():
        assert cache.get("check", KEY) is None
    assert cache.get("check", KEY) == b"one"


def test_without_leaves_an_unset_variable_unset(monkeypatch):
    monkeypatch.delenv(cache.VARIABLE)
    with cache.without():
        assert cache.folder() is None
    assert cache.VARIABLE not in os.environ


def test_the_platforms_folder(monkeypatch, tmp_path):
    monkeypatch.delenv(cache.VARIABLE)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.folder() == tmp_path / "curate" / "v1"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # the standard says: as if unset
    assert cache.folder() == Path.home() / ".cache" / "curate" / "v1"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache.folder() == Path.home() / "Library" / "Caches" / "curate" / "v1"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert cache.folder() == tmp_path / "local" / "curate" / "v1"


def test_nobodys_home_is_no_cache(monkeypatch):
    def fail() -> Path:
        raise RuntimeError("no home")

    monkeypatch.delenv(cache.VARIABLE)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", fail)
    assert cache.folder() is None
    assert cache.get("check", KEY) is None


@pytest.mark.parametrize(("kind", "key"), [("../x", KEY), ("check", "../x"), ("", KEY), ("c", "")])
def test_a_key_that_is_none_is_the_callers_mistake(kind, key):
    with pytest.raises(ValueError, match="no kind and key"):
        cache.get(kind, key)
    with pytest.raises(ValueError, match="no kind and key"):
        cache.put(kind, key, b"")


def test_keys_tell_where_a_part_ends():
    assert cache.key_of("ab", "c") != cache.key_of("a", "bc") != cache.key_of("abc")
    assert cache.key_of("é") == cache.key_of("é".encode())
    assert len(cache.key_of("\ud800")) == 64  # a file's name that is no UTF-8


def test_others_cannot_read_it():
    cache.put("check", KEY, b"one")
    (entry,) = stored()
    assert os.name == "nt" or entry.stat().st_mode & 0o077 == 0


def test_the_oldest_go_first():
    for number in range(10):
        key = cache.key_of(str(number))
        cache.put("check", key, bytes(1000))
        os.utime(cache.folder() / "check" / key[:2] / key, (number, number))
    assert cache.get("check", cache.key_of("0")) is not None  # and with that it is the youngest
    cache.prune(cache.folder(), 6000)
    left = {one.name for one in stored()}
    assert left == {cache.key_of(name) for name in "0789"}


def test_what_is_not_ours_stays(folder):
    cache.put("check", KEY, bytes(1000))
    foreign = [folder / "notes.txt", cache.folder() / "notes.txt", cache.folder() / "check" / "it"]
    for path in foreign:
        path.write_text("mine")
    cache.prune(cache.folder(), 0)
    assert not stored()
    assert all(path.exists() for path in foreign)


def test_the_bound_is_kept_while_writing(monkeypatch):
    monkeypatch.setattr(cache, "MAX_BYTES", 10_000)
    monkeypatch.setattr(cache, "LOOK_EVERY", 3_000)
    for number in range(40):
        cache.put("check", cache.key_of(str(number)), bytes(1000))
    assert sum(one.stat().st_size for one in stored()) <= 14_000
    assert cache.get("check", cache.key_of("39")) is not None


def test_what_is_larger_than_the_bound_is_not_kept(monkeypatch):
    monkeypatch.setattr(cache, "MAX_BYTES", 100)
    cache.put("check", KEY, bytes(101))
    assert not stored()


def test_an_abandoned_half_goes_and_a_fresh_one_stays():
    cache.put("check", KEY, b"one")
    place = stored()[0].parent
    old, fresh = place / ".aside-old", place / ".aside-new"
    for path in (old, fresh):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 2 * cache.ABANDONED,) * 2)
    cache.prune(cache.folder(), cache.MAX_BYTES)
    assert (old.exists(), fresh.exists()) == (False, True)


def test_writers_at_once_leave_one_whole_entry():
    def write(data: bytes) -> None:
        for _ in range(20):
            cache.put("check", KEY, data)
            assert cache.get("check", KEY) in whole

    whole = [bytes([number]) * 100_000 for number in range(4)]
    threads = [Thread(target=write, args=(data,)) for data in whole]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert cache.get("check", KEY) in whole
    assert len([one for one in cache.folder().rglob("*") if one.is_file()]) == 2  # with the tag


def test_another_process_finds_it():
    cache.put("check", KEY, b"one")
    code = f"from curate import cache; print(cache.get('check', {KEY!r}))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "b'one'"


def test_backups_are_told_to_leave_it_out():
    cache.put("check", KEY, b"one")
    tag = (cache.folder() / "CACHEDIR.TAG").read_text()
    assert tag.startswith("Signature: 8a477f597d28d172789f06886806bc55")
