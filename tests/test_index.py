"""Rows against what earlier runs have kept: found, named, added, and never half."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import orjson
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curate import index
from curate.config import IndexAt, Settings
from curate.errors import InputError, OutputError, UsageError
from curate.lock import read_lock
from curate.pipeline import clean, decide_again
from curate.signals.indexed import indexed_duplicates
from curate.signals.shingles import sketches
from curate.verification import verify
from tests.signals.copies import ask, dropped, laid_out
from tests.test_twins import TEXT, WORDS, edited

ROOT = Path(__file__).resolve().parents[1]
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


def test_a_run_made_again_finds_what_it_found_and_adds_nothing(tmp_path):
    run(tmp_path, "first", FIRST)
    before = run(tmp_path, "second", [row for row, _ in SECOND.values()])
    state = index.state_of(str(tmp_path / "index"))
    assert run(tmp_path, "second", [row for row, _ in SECOND.values()]).equals(before)
    assert index.state_of(str(tmp_path / "index")) == state


def test_the_lock_names_the_state_before_and_a_run_is_derived_again(tmp_path):
    empty = index.state_of(str(tmp_path / "index"))
    run(tmp_path, "first", FIRST)
    assert read_lock(tmp_path / "first").settings.index == empty
    run(tmp_path, "second", [row for row, _ in SECOND.values()])
    run(tmp_path, "third", [ask("More?", "No")])
    for name in ("first", "second", "third"):
        assert verify(tmp_path / name) == []
    state = index.state_of(str(tmp_path / "index"))
    lock = read_lock(tmp_path / "second")
    decide_again(
        tmp_path / "second", lock.settings.model_copy(update={"ignore": ("duplicate-indexed",)})
    )
    ledger = pl.read_parquet(tmp_path / "second" / "ledger.parquet")
    assert not (ledger["code"] == "duplicate-indexed").fill_null(value=False).any()
    assert index.state_of(str(tmp_path / "index")) == state, "only clean adds"


def test_without_an_index_nothing_is_looked_for(tmp_path):
    path = write(tmp_path / "data.jsonl", FIRST)
    clean([path], tmp_path / "run", Settings(select=("duplicate",)))
    scores = pl.read_parquet(tmp_path / "run" / "scores.parquet")
    assert scores["indexed_match"].null_count() == len(FIRST)
    with pytest.raises(UsageError, match="duplicate-indexed"):
        clean([path], tmp_path / "x", Settings(select=("empty",), index=str(tmp_path / "index")))


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
    with index.to_add(str(folder)) as to:
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
    with pytest.raises(InputError, match="no longer holds"):
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
            for owner, name in ((index, "_force"), (index, "_save"), (Path, "replace")):
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
from curate import index
from tests.test_index import add
index._force = lambda path: path.suffix == ".partial" or os.kill(os.getpid(), signal.SIGKILL)
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
