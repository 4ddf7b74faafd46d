"""Rows against what earlier runs have kept: found, named, added, and never half."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import orjson
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from curate.cli import app
from curate.config import IndexAt, Settings
from curate.dedup import index
from curate.errors import InputError, OutputError, UsageError
from curate.pipeline import clean, decide_again
from curate.run.lock import read_lock
from curate.signals.indexed import indexed_duplicates
from curate.signals.shingles import sketches
from curate.verification import verify
from tests.dedup.test_twins import TEXT, WORDS, edited
from tests.signals.copies import ask, dropped, laid_out

ROOT = Path(__file__).resolve().parents[2]
REVIEW = f"Say whether this is good or bad. {TEXT} It is a good place to be, all in all, and warm."


def write(path, rows):
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def run(folder, name, rows, **options):
    """Clean a file against the index of the folder; the run's ledger."""
    path = write(folder / f"{name}.jsonl", rows)
    asked = Settings(select=("duplicate",), index=str(folder / "index"), **options)
    clean([path], folder / name, asked, force=True)
    return pl.read_parquet(folder / name / "ledger.parquet")


FIRST = [
    ask("Describe it.", TEXT),
    ask("Name a river.", "The Nile."),
    ask(REVIEW, "Good"),
    ask("Tell me of it.", " ".join(WORDS[::-1])),
]
SECOND = {
    "a copy": (ask("name  a RIVER.", "the nile."), 2),
    "other punctuation": (ask("Describe it!", TEXT.replace(",", "")), 1),
    "a word of the answer": (ask("Describe it.", edited(7, "strong")), 1),
    "a word of the question, of which much is": (ask(REVIEW.replace("warm", "cosy"), "Good"), 3),
    "another answer": (ask("Name a river.", "The Volga."), None),
    "another question": (ask("Name a canal.", "The Nile."), None),
    "a number for a word": (ask("Describe it.", edited(7, "12")), 1),
    "something else": (ask("Why?", "Because."), None),
}


def test_what_is_in_the_index_goes_and_names_it(tmp_path):
    assert (run(tmp_path, "first", FIRST)["disposition"] == "kept").all()
    ledger = run(tmp_path, "second", [row for row, _ in SECOND.values()])
    for (why, (_, line)), found in zip(SECOND.items(), ledger.iter_rows(named=True), strict=True):
        if line is None:
            assert found["disposition"] == "kept", why
        else:
            assert (found["disposition"], found["code"]) == ("dropped", "duplicate-indexed"), why
            assert f"first.jsonl:{line} " in found["value"], why
    scores = pl.read_parquet(tmp_path / "second" / "scores.parquet")
    ids = pl.read_parquet(tmp_path / "first" / "ledger.parquet")["id"]
    assert scores["indexed_duplicate_of"][0] == ids[1]
    assert scores["indexed_similarity"][:2].to_list() == [1, 1]
    assert 0.8 <= scores["indexed_similarity"][2] < 1
    reason = orjson.loads((tmp_path / "second/dropped.jsonl").read_bytes().splitlines()[2])
    assert "similarity 0.88" in reason["reasons"][0]


def test_what_is_kept_is_added_and_what_is_dropped_is_not(tmp_path):
    run(tmp_path, "first", [*FIRST, FIRST[0]])
    run(tmp_path, "second", [row for row, _ in SECOND.values()])
    table = index.load(index.state_of(str(tmp_path / "index")))
    kept = [4, sum(line is None for _, line in SECOND.values())]
    assert table.starts.tolist() == [0, kept[0], sum(kept)]
    third = run(tmp_path, "third", [FIRST[1], SECOND["something else"][0], ask("New?", "Yes")])
    assert third["disposition"].to_list() == ["dropped", "dropped", "kept"]
    assert "second.jsonl:8" in third["value"][1]


def test_another_verdict_in_the_index_keeps_a_row_apart(tmp_path):
    near = REVIEW.replace("warm", "cosy")
    run(tmp_path, "first", [ask(REVIEW, "Good"), ask(near, "Bad")])
    ledger = run(tmp_path, "second", [ask(REVIEW.replace("warm", "snug"), "Good")])
    assert ledger["disposition"].to_list() == ["kept"]


def test_an_index_is_no_data_and_no_run_folder(tmp_path):
    path = write(tmp_path / "data" / "first.jsonl", FIRST)
    asked = Settings(select=("duplicate",), index=str(tmp_path / "data" / "index"))
    for _ in range(2):
        clean([tmp_path / "data"], tmp_path / "run", asked, force=True)
        assert pl.read_parquet(tmp_path / "run" / "ledger.parquet").height == len(FIRST)
    with pytest.raises(UsageError, match="both"):
        clean([path], tmp_path / "both", asked.model_copy(update={"index": str(tmp_path / "both")}))


def test_a_run_made_again_finds_what_it_found_and_changes_nothing(tmp_path):
    run(tmp_path, "first", FIRST)
    before = run(tmp_path, "second", [row for row, _ in SECOND.values()])
    state = index.state_of(str(tmp_path / "index"))
    assert run(tmp_path, "second", [row for row, _ in SECOND.values()]).equals(before)
    assert index.state_of(str(tmp_path / "index")) == state
    names = {one.name for one in (tmp_path / "index").iterdir()}
    assert names == {"curate.index", *(f"00000{n}.{kind}" for n in "12" for kind in KINDS)}


def test_the_lock_names_the_state_before_and_a_run_is_derived_again(tmp_path):
    empty = index.state_of(str(tmp_path / "index"))
    run(tmp_path, "first", FIRST)
    assert read_lock(tmp_path / "first").settings.index.state == empty.state
    run(tmp_path, "second", [row for row, _ in SECOND.values()])
    run(tmp_path, "third", [ask("More?", "No")])
    names = ("first", "second", "third")
    for name in names:
        assert verify(tmp_path / name) == []
    run(tmp_path, "first", FIRST[1:])  # the others were compared with what it was
    for name in names:
        assert verify(tmp_path / name) == []


def test_without_an_index_nothing_is_looked_for(tmp_path):
    path = write(tmp_path / "data.jsonl", FIRST)
    clean([path], tmp_path / "run", Settings(select=("duplicate",)))
    scores = pl.read_parquet(tmp_path / "run" / "scores.parquet")
    assert scores["indexed_match"].null_count() == len(FIRST)
    with pytest.raises(UsageError, match="duplicate-indexed"):
        clean([path], tmp_path / "x", Settings(select=("empty",), index=str(tmp_path / "index")))


# --- a segment holds what its folder's core holds -------------------------------------------------


def core(folder):
    """The lines of a run's core."""
    return (folder / "core.jsonl").read_bytes().splitlines()


def held(folder):
    """How many rows each run has in the index of a folder."""
    return [one.rows for one in index._read(folder / "index").held().values()]


def again(folder, name, said=None, out=None, **changed):
    """Decide a run again with other settings."""
    was = read_lock(folder / name).settings.model_copy(update=changed)
    decide_again(folder / name, was, out, force=True, say=(said if said is not None else []).append)


KINDS = ("keys", "words")
MANY = [ask(f"What is number {n}?", f"It is called {n} by all.") for n in range(50)]
ECHO = "Please tell me all that you know of the old lighthouse."
TEXTS = [*FIRST, *MANY[:2], ask("Name a canal.", "The Nile."), ask(ECHO, ECHO)]


def test_a_line_inserted_above_loses_nothing(tmp_path):
    run(tmp_path, "first", MANY)
    ledger = run(tmp_path, "first", [ask("Which is new?", "This one."), *MANY])
    assert (ledger["disposition"] == "kept").all()
    assert held(tmp_path) == [51]


def test_a_row_that_a_decision_drops_leaves_the_index_and_comes_back(tmp_path):
    twice = [*MANY[:3], MANY[0]]
    run(tmp_path, "first", twice, actions={"duplicate-exact": "flag"})
    assert held(tmp_path) == [4]
    said = []
    again(tmp_path, "first", said, actions={})
    assert held(tmp_path) == [3]
    assert said == [], "no other run is in the index"
    again(tmp_path, "first", actions={"duplicate-exact": "flag"})
    assert held(tmp_path) == [4]
    assert verify(tmp_path / "first") == []


def test_what_one_run_gives_up_another_keeps(tmp_path):
    run(tmp_path, "first", FIRST)
    run(tmp_path, "second", FIRST[1:])
    assert held(tmp_path) == [4], "the second keeps nothing"
    said = []
    path = write(tmp_path / "first.jsonl", FIRST[2:])
    asked = Settings(select=("duplicate",), index=str(tmp_path / "index"))
    clean([path], tmp_path / "first", asked, force=True, say=said.append)
    assert len(said) == 1
    assert "2 rows that stood in its core no longer do" in said[0]
    again(tmp_path, "second")
    assert [len(core(tmp_path / name)) for name in ("first", "second")] == [2, 1]
    assert sorted(held(tmp_path)) == [1, 2]


def test_an_undone_row_that_another_run_has_taken_stays_there_alone(tmp_path):
    run(tmp_path, "first", FIRST, thresholds={})
    again(tmp_path, "first", ignore=("duplicate-near",))
    assert len(core(tmp_path / "first")) == 4
    run(tmp_path, "first", FIRST[:1])
    run(tmp_path, "second", FIRST)
    run(tmp_path, "first", FIRST)
    cores = [core(tmp_path / name) for name in ("first", "second")]
    assert [len(one) for one in cores] == [1, 3]


@pytest.mark.parametrize("stdin", [False, True])
def test_files_of_one_name_are_compared(tmp_path, monkeypatch, stdin):
    for name in ("a", "b"):
        write(tmp_path / name / "data.jsonl", FIRST)
        monkeypatch.chdir(tmp_path / name)
        asked = Settings(select=("duplicate",), index="../index")
        if stdin:
            read = io.TextIOWrapper(io.BytesIO((tmp_path / name / "data.jsonl").read_bytes()))
            monkeypatch.setattr(sys, "stdin", read)
        clean(["-" if stdin else "data.jsonl"], "run", asked)
    assert [len(core(tmp_path / name / "run")) for name in ("a", "b")] == [4, 0]


def test_a_decision_into_another_folder_is_in_no_index(tmp_path):
    run(tmp_path, "first", FIRST)
    other = tmp_path / "other"
    for _ in range(2):
        again(tmp_path, "first", out=other)
        assert core(other) == core(tmp_path / "first")
        again(tmp_path, "other", ignore=("duplicate-near",))
        assert len(core(other)) == 4
        assert held(tmp_path) == [4]
    assert verify(other) == []


def test_a_run_that_replaces_one_of_an_index_without_it_takes_its_rows_out(tmp_path):
    run(tmp_path, "first", FIRST)
    clean([tmp_path / "first.jsonl"], tmp_path / "first", force=True)
    assert held(tmp_path) == []
    assert (run(tmp_path, "second", FIRST)["disposition"] == "kept").all()


def test_a_run_that_was_moved_is_still_itself(tmp_path):
    run(tmp_path, "first", FIRST)
    (tmp_path / "first").rename(tmp_path / "moved")
    again(tmp_path, "moved", ignore=("duplicate-near",))
    assert len(core(tmp_path / "moved")) == 4
    assert (run(tmp_path, "moved", FIRST)["disposition"] == "kept").all()
    assert held(tmp_path) == [4]


def test_where_the_index_is_gone_a_decision_says_so(tmp_path):
    run(tmp_path, "first", FIRST)
    (tmp_path / "index").rename(tmp_path / "elsewhere")
    said = []
    again(tmp_path, "first", said, ignore=("duplicate-near",))
    assert len(said) == 1
    assert "is not here" in said[0]
    assert not (tmp_path / "index").exists()
    (tmp_path / "elsewhere").rename(tmp_path / "index")
    again(tmp_path, "first", said)
    assert len(said) == 1


def test_the_command_says_it_on_stderr_even_if_quiet(tmp_path):
    run(tmp_path, "first", FIRST)
    (tmp_path / "index").rename(tmp_path / "elsewhere")
    done = CliRunner().invoke(app, ["undo", str(tmp_path / "first"), "--rule", "duplicate", "-q"])
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr.count("\n") == 1
    assert "the index of this run is not here" in done.stderr


def test_ended_between_folder_and_index_the_next_run_mends_it(tmp_path, monkeypatch):
    run(tmp_path, "first", FIRST)
    with monkeypatch.context() as patch:
        patch.setattr(index.Adding, "commit", dying(index.Adding.commit, [0]))
        with pytest.raises(Killed):
            run(tmp_path, "first", FIRST[2:])
    assert len(core(tmp_path / "first")) == 2
    assert held(tmp_path) == [4]
    with pytest.raises(OutputError, match="ended before it had told"):
        run(tmp_path, "second", FIRST)
    again(tmp_path, "first")
    assert held(tmp_path) == [2]
    run(tmp_path, "second", FIRST)
    assert [len(core(tmp_path / name)) for name in ("first", "second")] == [2, 2]


@pytest.mark.parametrize("first", [True, False])
def test_a_refusing_disk_is_named_with_what_to_do(tmp_path, monkeypatch, first):
    if not first:
        run(tmp_path, "first", FIRST)
    before = held(tmp_path) if not first else []

    def refuse(*_):
        raise OSError("no space")  # polars' errors have no strerror

    with monkeypatch.context() as patch:
        patch.setattr(index, "_save", refuse)
        with pytest.raises(OutputError, match="no space; nothing was changed; make room"):
            run(tmp_path, "first", FIRST[2:])
    assert (tmp_path / "first").exists() is not first
    assert held(tmp_path) == before
    with monkeypatch.context() as patch:
        patch.setattr(index.Adding, "commit", lambda _: refuse())
        with pytest.raises(OSError, match="no space"):
            run(tmp_path, "first", FIRST[2:])
    run(tmp_path, "first", FIRST[2:])
    assert held(tmp_path) == [2]


def test_a_log_that_cannot_be_replaced_says_that_the_folder_is_whole(tmp_path):
    add(tmp_path, ["a"])
    with index.to_add(str(tmp_path), "other") as to:
        to.prepare(None)
        (tmp_path / index.ASIDE).unlink()
        with pytest.raises(OutputError, match="the run folder is whole"):
            to.commit()


@settings(deadline=None, max_examples=10, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_is_run_every_text_stands_in_one_core(tmp_path_factory, data):
    """Texts that another rule condemned somewhere may stand in none."""
    folder = tmp_path_factory.mktemp("sequence")
    inputs, shrink = {}, data.draw(st.booleans())
    for _ in range(data.draw(st.integers(2, 6))):
        name = data.draw(st.sampled_from(["one", "two", "three"]))
        if name in inputs and data.draw(st.booleans()):
            condemned = data.draw(st.sampled_from([(), ("echo-instruction",)]))
            again(folder, name, select=("duplicate", *condemned))
        else:
            more = data.draw(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=4))
            inputs[name] = more if shrink else more + inputs.get(name, [])
            run(folder, name, inputs[name])
    for name in inputs if shrink else ():  # what went for rows that have left an input since
        again(folder, name)
    stands = Counter(line for name in inputs for line in core(folder / name))
    other = set()
    for name in inputs:
        for line in (folder / name / "dropped.jsonl").read_bytes().splitlines():
            one = orjson.loads(line)
            if any(not code.startswith("duplicate") for code in one["codes"]):
                other.add(one["raw"].encode())
        assert verify(folder / name) == []
    for line in {orjson.dumps(row) for rows in inputs.values() for row in rows} - other:
        assert stands[line] == 1
    assert sum(held(folder)) == stands.total()


# --- as within a file -----------------------------------------------------------------------------


@st.composite
def rows(draw):
    words = draw(st.sampled_from([WORDS, WORDS[::-1], ["Yes"], ["No"]]))
    words = [
        draw(st.sampled_from([w, w, w, w, w, w, "x", "4"])) if n % 9 == 0 else w
        for n, w in enumerate(words)
    ]
    asked = draw(
        st.sampled_from(["Is it so?", "is  it so?", REVIEW, REVIEW.replace("warm", "cosy")])
    )
    return ask(asked, " ".join(words))


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(first=st.lists(rows(), min_size=1, max_size=6), second=rows())
def test_a_row_is_found_in_the_index_as_it_is_within_the_file(tmp_path_factory, first, second):
    """Of rows that are not alike themselves; else a cluster decides who is compared with whom."""
    gone = dropped(first)
    first = [row for n, row in enumerate(first) if n not in gone]
    folder = str(tmp_path_factory.mktemp("index"))
    old, new = laid_out(first), laid_out([second], first=100)
    with index.to_add(folder) as add:
        add(old.hstack(sketches(old)))
    frame = new.hstack(sketches(new)).select(indexed_duplicates.needs)
    found = indexed_duplicates(frame, Settings(index=folder))
    within = dropped([*first, second])
    similar = found["indexed_similarity"][0]
    assert ((similar or 0) >= 0.8) == bool(within)


# --- on disk --------------------------------------------------------------------------------------


def add(folder, texts, start=1):
    frame = laid_out([ask("?", text) for text in texts], first=start)
    with index.to_add(str(folder), f"run {start}") as to:
        to(frame.hstack(sketches(frame)))


def test_words_are_read_of_the_rows_that_are_asked_for(tmp_path):
    for number in range(3):
        add(tmp_path, [f"{number} a b", "c", "d e"], start=10 * number)
    table = index.load(index.state_of(str(tmp_path)))
    every = table.words_of(np.arange(9))
    some = np.array([0, 4, 5, 8])
    assert table.words_of(some).equals(every[some])
    assert every["response_words"].list.len().to_list() == [4, 2, 3] * 3
    assert table.words_of(some[:0]).height == 0


def test_another_folder_or_version_is_refused(tmp_path, monkeypatch):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(UsageError, match="holds other files"):
        index.state_of(str(tmp_path))
    folder = tmp_path / "index"
    add(folder, ["a"])
    state = index.state_of(str(folder))
    monkeypatch.setattr(index, "_sketch", lambda: "another")
    with pytest.raises(UsageError, match="another version"):
        index.state_of(str(folder))
    monkeypatch.undo()
    with pytest.raises(InputError, match="holds nothing that"):
        index.load(IndexAt(folder=str(folder), state="0" * 64))
    with (folder / "000001.words").open("ab") as file:
        file.write(b"x")
    with pytest.raises(InputError, match="damaged"):
        index.load(state)
    (folder / "curate.index").write_text("{}")
    with pytest.raises(InputError, match="is no index"):
        index.state_of(str(folder))


@pytest.mark.parametrize("name", ["BANDS", "FLOOR"])
def test_other_parameters_are_another_version(monkeypatch, name):
    was = index._sketch()
    monkeypatch.setattr(index.minhash, name, getattr(index.minhash, name) * 2)
    index._sketch.cache_clear()
    assert index._sketch() != was
    monkeypatch.undo()
    index._sketch.cache_clear()
    assert index._sketch() == was


def test_two_runs_at_once_are_refused(tmp_path):
    with index.to_add(str(tmp_path)), pytest.raises(OutputError, match="another run"):
        add(tmp_path, ["a"])


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


def dying(call, left):
    """The call, but for the time when none is left."""

    def made(*given, **named):
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        return call(*given, **named)

    return made


def test_ended_at_any_step_the_index_is_the_old_one_or_the_new_one(tmp_path, monkeypatch):
    add(tmp_path, ["a", "b"])
    old = index.state_of(str(tmp_path))
    for steps in range(20):
        left = [steps]
        with monkeypatch.context() as patch:
            for owner, name in ((index, "force_to_disk"), (index, "_save"), (Path, "replace")):
                patch.setattr(owner, name, dying(getattr(owner, name), left))
            try:
                add(tmp_path, ["one more", "and more"], start=50)
            except Killed:
                pass
            else:
                break
        now = index.state_of(str(tmp_path))
        assert index.load(now).keys.height == (2 if now == old else 4)
        assert index.load(old).keys.height == 2
    assert steps > 8
    assert index.load(index.state_of(str(tmp_path))).keys.height == 4


KILLED = """
import os, signal, sys
from curate.dedup import index
from tests.dedup.test_index import add
index.force_to_disk = lambda path: path.suffix == ".partial" or os.kill(os.getpid(), signal.SIGKILL)
add(sys.argv[1], ["one more", "and more"], start=50)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_killed_run_leaves_the_old_index_and_no_hold_on_it(tmp_path):
    add(tmp_path, ["a", "b"])
    old = index.state_of(str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert (tmp_path / "000002.keys").exists()
    assert index.state_of(str(tmp_path)) == old
    add(tmp_path, ["one more", "and more"], start=50)
    assert index.load(index.state_of(str(tmp_path))).keys.height == 4


BETWEEN = {
    "before the folder": "curate.run.folder._publish = die",
    "within the folder's renames": "curate.run.folder.shutil.rmtree = die",
    "before the index": "index.Adding.commit = die",
}
KILLED_RUN = """
import os, signal, sys
from pathlib import Path
import curate.run.folder
from curate.dedup import index
from tests.dedup.test_index import FIRST, run
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
{}
run(Path(sys.argv[1]), "first", FIRST[2:])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("when", BETWEEN)
def test_killed_between_its_renames_a_run_is_mended_and_nothing_is_lost(tmp_path, when):
    run(tmp_path, "first", FIRST)
    done = subprocess.run(
        [sys.executable, "-c", KILLED_RUN.format(BETWEEN[when]), str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    with pytest.raises(OutputError, match="ended before it had told"):
        run(tmp_path, "second", FIRST)
    again(tmp_path, "first")
    published = when != "before the folder"
    assert held(tmp_path) == [len(core(tmp_path / "first"))] == [2 if published else 4]
    run(tmp_path, "second", FIRST)
    lines = [line for name in ("first", "second") for line in core(tmp_path / name)]
    assert sorted(lines) == sorted(map(orjson.dumps, FIRST))
