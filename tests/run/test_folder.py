"""A run folder appears whole or not at all, and replaces nothing that is not its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from curate.errors import InputError, OutputError
from curate.run import folder as files


def finished(folder, text="old"):
    folder.mkdir(parents=True)
    (folder / files.LOCK).write_text('{"outputs": {"core.jsonl": "its hash"}}')
    (folder / "core.jsonl").write_text(text)
    return folder


def make(folder, text="new", **options):
    with files.draft(folder, **options) as made:
        (made / files.LOCK).write_text("{}")
        (made / "core.jsonl").write_text(text)


def make_half(folder):
    with files.draft(folder, force=True) as made:
        (made / "core.jsonl").write_text("half")
        raise ZeroDivisionError


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_appears_with_the_parents_it_needs(tmp_path):
    make(tmp_path / "runs" / "one")
    assert names(tmp_path / "runs") == ["one"]
    assert names(tmp_path / "runs" / "one") == ["core.jsonl", files.LOCK]


def test_an_empty_folder_is_taken(tmp_path):
    (tmp_path / "run").mkdir()
    make(tmp_path / "run")
    assert (tmp_path / "run" / "core.jsonl").read_text() == "new"


def test_a_run_is_replaced_only_when_asked(tmp_path):
    run = finished(tmp_path / "run")
    with pytest.raises(OutputError, match="--force"):
        make(run)
    assert (run / "core.jsonl").read_text() == "old"
    make(run, force=True)
    assert (run / "core.jsonl").read_text() == "new"
    assert names(tmp_path) == ["run"]


def test_what_is_no_run_is_never_replaced(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.tex").write_text("years of work")
    (tmp_path / "file").write_text("x")
    for name in ("home", "file"):
        with pytest.raises(OutputError, match=name):
            make(tmp_path / name, force=True)
    assert names(tmp_path / "home") == ["thesis.tex"]


def test_a_run_is_not_replaced_by_one_that_reads_from_it(tmp_path):
    run = finished(tmp_path / "run")
    with pytest.raises(OutputError, match="read from"):
        make(run, force=True, inputs=[str(run / "core.jsonl")])


def test_a_run_with_other_files_in_it_is_not_replaced(tmp_path):
    run = finished(tmp_path / "run")
    (run / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"notes\.txt: is no part of the run"):
        make(run, force=True)
    assert (run / "notes.txt").read_text() == "mine"


def test_a_file_that_the_lock_does_not_list_is_not_replaced(tmp_path):
    run = finished(tmp_path / "run")
    (run / "core.py").write_text("mine")
    with pytest.raises(OutputError, match=r"core\.py: is no part of the run"):
        make(run, force=True)
    assert (run / "core.py").read_text() == "mine"


@pytest.mark.parametrize("lock", ["", "{", "[]", "{}", '"core.jsonl"', '{"outputs": 3}'])
def test_a_folder_is_a_run_only_by_its_lock(tmp_path, lock):
    run = finished(tmp_path / "run")
    (run / files.LOCK).write_text(lock)
    with pytest.raises(OutputError, match="holds other files and no run"):
        make(run, force=True)
    assert (run / "core.jsonl").read_text() == "old"


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_to_a_run_stays_one(tmp_path):
    finished(tmp_path / "disk" / "run")
    (tmp_path / "link").symlink_to(tmp_path / "disk" / "run")
    make(tmp_path / "link", force=True)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "disk" / "run" / "core.jsonl").read_text() == "new"
    assert names(tmp_path) == ["disk", "link"]


def test_the_folder_one_stands_in_can_be_named_by_a_dot(tmp_path, monkeypatch):
    (tmp_path / "run").mkdir()
    monkeypatch.chdir(tmp_path / "run")
    make(Path())
    assert names(tmp_path / "run") == ["core.jsonl", files.LOCK]


def test_the_root_is_no_run_folder():
    with pytest.raises(OutputError, match="name one below it"):
        make(Path("/"))


def test_a_name_is_no_pattern(tmp_path):
    table = pl.DataFrame({"a": [1]})
    for name in ("run*", "run[x", "run1"):
        (tmp_path / name).mkdir()
        table.write_parquet(tmp_path / name / "t.parquet")
        assert files.read_table(tmp_path / name / "t.parquet").equals(table)


@pytest.mark.parametrize("body", [b"", b"x" * 100, None])
def test_a_damaged_table_is_named(tmp_path, body):
    if body is not None:
        (tmp_path / "t.parquet").write_bytes(body)
    with pytest.raises(InputError, match=r"t\.parquet: can't be read"):
        files.read_table(tmp_path / "t.parquet")


def test_an_error_leaves_what_was_there(tmp_path):
    run = finished(tmp_path / "run")
    with pytest.raises(ZeroDivisionError):
        make_half(run)
    assert (run / "core.jsonl").read_text() == "old"
    assert names(tmp_path) == ["run"]


def test_two_writers_of_one_folder_are_told_apart(tmp_path):
    with (
        files.draft(tmp_path / "run"),
        pytest.raises(OutputError, match="another run"),
        files.draft(tmp_path / "run"),
    ):
        pass


def test_a_place_that_can_not_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="can't be written"):
        make(tmp_path / "file" / "run")


def test_a_folder_without_a_lock_is_no_run(tmp_path):
    with pytest.raises(InputError, match="no run folder"):
        files.check_run(tmp_path)


KILLED = """
import sys
from pathlib import Path
from curate.run import folder as files
with files.draft(Path(sys.argv[1]), force=True) as made:
    (made / "core.jsonl").write_text("half")
    print("writing", flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here")
def test_kill_leaves_the_old_run_and_the_next_one_goes_through(tmp_path):
    run = finished(tmp_path / "run")
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(run)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with child:
        assert child.stdout.readline() == b"writing\n"
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    assert (run / "core.jsonl").read_text() == "old"
    make(run, force=True)
    assert (run / "core.jsonl").read_text() == "new"
    assert names(tmp_path) == ["run"]


def test_killed_between_the_two_renames_the_old_run_comes_back(tmp_path):
    finished(tmp_path / ".run.old")
    with pytest.raises(OutputError, match="--force"):
        make(tmp_path / "run")
    assert (tmp_path / "run" / "core.jsonl").read_text() == "old"


@pytest.mark.parametrize("name", [".run.partial", ".run.old"])
def test_a_folder_of_the_users_own_beside_a_run_is_left_alone(tmp_path, name):
    (tmp_path / name).mkdir()
    (tmp_path / name / "thesis.tex").write_text("years of work")
    with pytest.raises(OutputError, match=r"thesis\.tex: is no part of .*; move .*run"):
        make(tmp_path / "run")
    assert names(tmp_path / name) == ["thesis.tex"]
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("there", [True, False])
def test_a_run_that_someone_has_added_to_is_not_put_back_nor_removed(tmp_path, there):
    old = finished(tmp_path / ".run.old")
    (old / "notes.txt").write_text("mine")
    if there:
        finished(tmp_path / "run")
    with pytest.raises(OutputError, match=r"notes\.txt: is no part"):
        make(tmp_path / "run", force=True)
    assert names(old) == ["core.jsonl", files.LOCK, "notes.txt"]


def test_killed_before_the_last_rename_a_finished_draft_is_cleared(tmp_path):
    finished(tmp_path / ".run.partial")
    make(tmp_path / "run")
    assert names(tmp_path) == ["run"]
    assert (tmp_path / "run" / "core.jsonl").read_text() == "new"


def test_facts_are_shared_not_copied_where_the_disk_can(tmp_path):
    run = finished(tmp_path / "run")
    (run / files.RECORDS).write_bytes(b"x")
    with files.draft(tmp_path / "other") as made:
        files.link_facts(run, made)
        assert (made / files.RECORDS).samefile(run / files.RECORDS)
