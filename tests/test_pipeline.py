"""Every record in has exactly one way out, the same one every time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import orjson
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from curate.config import Settings
from curate.errors import InputError, OutputError, UsageError
from curate.pipeline import clean, decide_again, report_again
from curate.report.story import difference, story
from curate.run import folder as files
from curate.run.diff import compare, summary
from curate.run.lock import read_lock
from curate.verification import verify

LONG = " ".join(f"word{number}" for number in range(60))
ROWS = [
    {"instruction": "Name a colour.", "input": "", "output": "Blue."},
    {"instruction": "Name a colour.", "input": "", "output": "Blue."},  # a copy
    {"instruction": "Name a city.", "input": "", "output": ""},  # empty
    {"instruction": "Tell a story.", "input": "", "output": LONG},
    {"instruction": "Tell a story.", "input": "", "output": LONG.replace("word30", "other")},
    {"instruction": "Say it.", "input": "", "output": "b² \u00e9 \u4e16"},
    {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]},
]
BROKEN = [
    b'{"instruction": "x", "output": ',
    b'{"text": "x"}',
    b'{"instruction": 1, "output": "x"}',
]


def lines(*records):
    return b"".join(
        (one if isinstance(one, bytes) else orjson.dumps(one)) + b"\n" for one in records
    )


def write(folder, *records, name="data.jsonl"):
    path = folder / name
    path.write_bytes(lines(*records))
    return path


def run(folder, *records, **options):
    path = write(folder, *records)
    clean([path], folder / "run", Settings(**options), force=True)
    return folder / "run"


def ledger(folder):
    return pl.read_parquet(folder / files.LEDGER)


def jsonl(path):
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


good = st.sampled_from(ROWS) | st.fixed_dictionaries(
    {"instruction": st.text(max_size=20), "output": st.text(max_size=60)}
)
any_line = (
    good.map(orjson.dumps)
    | st.sampled_from(BROKEN)
    | st.binary(max_size=20).map(lambda raw: raw.translate(None, b"\r\n") or b"x")
)


@settings(max_examples=25)
@given(body=st.lists(any_line, max_size=12))
def test_conservation(tmp_path_factory, body):
    folder = tmp_path_factory.mktemp("conservation")
    body = [line for line in body if line.strip(b" \t\x0b\x0c")]
    first = orjson.dumps(ROWS[3])
    made = run(folder, first, *body)
    book = ledger(made)
    count = Counter(book["disposition"])
    assert book.height == 1 + len(body)
    assert book["line"].to_list() == list(range(1, len(body) + 2))
    assert book["id"].n_unique() == book.height
    core = files.core_of(made).read_bytes().splitlines()
    dropped, quarantined = jsonl(made / files.DROPPED), jsonl(made / files.QUARANTINE)
    assert len(core) == count["kept"] + count["edited"]
    assert len(dropped) == count["dropped"]
    assert len(quarantined) == count["quarantined"]
    kept = [
        line
        for line, state in zip([first, *body], book["disposition"], strict=True)
        if state == "kept"
    ]
    assert core == kept  # byte for byte, in their order
    assert Counter(one["raw"].encode() for one in dropped) + Counter(core) <= Counter(
        [first, *body]
    )
    assert verify(made) == []


def test_one_path_is_one_input_and_settings_have_defaults(tmp_path):
    path = write(tmp_path, *ROWS)
    for name in (path, str(path)):
        assert clean(name, tmp_path / "run", force=True).counts["dropped"] == 3


def test_what_becomes_of_each_row(tmp_path):
    made = run(tmp_path, *ROWS, *BROKEN)
    book = ledger(made)
    states = ["kept", "dropped", "dropped", "kept", "dropped", "kept", "kept", *["quarantined"] * 3]
    assert book["disposition"].to_list() == states
    codes = ["duplicate-exact", "empty-response", "duplicate-near"]
    assert book.filter(pl.col("disposition") == "dropped")["code"].to_list() == codes
    assert book["twin"][1] == book["id"][0]
    refused = jsonl(made / files.QUARANTINE)
    assert [one["line"] for one in refused] == [8, 9, 10]
    assert [one["raw"].encode() for one in refused] == BROKEN
    assert "split" in refused[1]["error"]  # one column can not be question and answer
    assert "instruction: expected text, found a number (1)" in refused[2]["error"]
    dropped = jsonl(made / files.DROPPED)
    assert set(dropped[0]) == {"id", "source", "line", "codes", "reasons", "twin", "raw"}
    assert dropped[1]["codes"] == ["empty-response"]
    findings = pl.read_parquet(made / files.FINDINGS)
    assert {"id", "code", "action", "column", "value", "span"} <= set(findings.columns)
    lock = read_lock(made)
    assert lock.counts == {"kept": 4, "edited": 0, "dropped": 3, "quarantined": 3}
    assert lock.formats == {"alpaca": 6, "chatml": 1}


FIXED = (
    *("core.jsonl", files.DROPPED, files.QUARANTINE, files.LOCK),
    *(files.SCORES, files.FINDINGS, files.LEDGER, *files.REPORTS),
)


def test_columns_that_others_rely_on_are_in_the_scores_of_a_plain_run(tmp_path):
    scores = pl.read_parquet(run(tmp_path, *ROWS) / files.SCORES)
    promised = {
        *("id", "exact_duplicate_of", "near_duplicate_of", "near_duplicate_similarity"),
        *("synthetic_score", "label_noise_score", "suggested_label", "mismatch_score"),
        *("knowledge_score", "readability_flesch", "response_tokens"),
    }
    assert promised <= {*scores.columns}
    for name in filter(lambda name: name.endswith("_score"), scores.columns):
        assert scores[name].drop_nulls().is_between(0, 1).all(), name


def test_rules_that_read_embeddings_alone_are_refused_where_there_are_none(tmp_path):
    path, none = write(tmp_path, *ROWS), {"embedder": "none"}
    with pytest.raises(UsageError, match="mismatch-answer can find nothing without embeddings"):
        clean(path, tmp_path / "a", Settings(select=("mismatch-answer",), **none))
    assert not (tmp_path / "a").exists()
    clean(path, tmp_path / "b", Settings(select=("mismatch-answer", "empty"), **none))
    with pytest.raises(UsageError, match="run `clean` without that option"):
        decide_again(tmp_path / "b", Settings(select=("duplicate-semantic",), **none))


def test_twice_the_same_bytes_on_one_core_or_two(tmp_path):
    path = write(tmp_path, *ROWS * 700, *BROKEN)
    outcomes = []
    for number, threads in enumerate(("1", "2", "2")):
        out = tmp_path / f"run{number}"
        subprocess.run(
            [sys.executable, "-m", "curate", "clean", str(path), "-o", str(out), "-q"],
            check=True,
            env=os.environ | {"POLARS_MAX_THREADS": threads},
        )
        outcomes.append({name: (out / name).read_bytes() for name in FIXED})
    assert outcomes[0] == outcomes[1] == outcomes[2]


def test_deciding_again_reads_no_text_and_undo_brings_back(tmp_path):
    made = run(tmp_path, *ROWS)
    (tmp_path / "data.jsonl").unlink()
    before = read_lock(made)
    other = before.settings.model_copy(update={"actions": {"duplicate-exact": "flag"}})
    after = decide_again(made, other, tmp_path / "other")
    assert after.counts["kept"] == before.counts["kept"] + 1
    assert (tmp_path / "other" / "core.jsonl").read_bytes() == lines(
        ROWS[0], ROWS[1], ROWS[3], ROWS[5], ROWS[6]
    )
    assert (tmp_path / "other" / files.SCORES).samefile(made / files.SCORES)
    assert verify(tmp_path / "other") == verify(made) == []
    changes = compare(made, tmp_path / "other")
    assert changes.select("line", "before", "after").rows() == [(2, "dropped", "kept")]
    assert summary(changes)["records"].to_list() == [1]
    back = decide_again(tmp_path / "other", before.settings)
    assert back.counts == before.counts
    assert compare(made, tmp_path / "other").is_empty()


def test_a_rule_that_was_not_measured_is_measured_from_the_kept_records(tmp_path):
    made = run(tmp_path, *ROWS, select=("turn",))
    assert read_lock(made).counts["dropped"] == 0
    (tmp_path / "data.jsonl").unlink()
    after = decide_again(made, Settings())
    assert after.counts["dropped"] == 3
    assert verify(made) == []


def test_a_run_that_was_touched_does_not_verify(tmp_path):
    made = run(tmp_path, *ROWS)
    assert verify(made) == []
    with (made / "core.jsonl").open("ab") as core:
        core.write(lines(ROWS[2]))
    (made / files.DROPPED).unlink()
    (made / "notes.txt").write_text("mine")
    assert verify(made) == [
        "dropped.jsonl: is missing",
        "notes.txt: is not in the lock",
        "core.jsonl: changed since the run",
    ]
    (made / files.RECORDS).write_bytes(b"x")
    assert "can't be derived again" in verify(made)[-1]


def test_a_lock_that_was_touched_does_not_verify(tmp_path):
    made = run(tmp_path, *ROWS)
    lock = made / files.LOCK
    was = lock.read_text()
    for old, new, says in (
        ('"kept": 4', '"kept": 400', "counts"),
        ('"duplicate-exact": 1', '"duplicate-exact": 9', "hits"),
        ('"records": 7', '"records": 8', "origin"),
    ):
        assert old in was
        lock.write_text(was.replace(old, new))
        assert any(line.startswith(f"curate.lock: {says}") for line in verify(made))
    lock.write_text(was)
    assert verify(made) == []


def _cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _gone(path):
    path.unlink()


def _folder_instead(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("harm", [_cut, _gone, _folder_instead])
@pytest.mark.parametrize("name", [files.LEDGER, files.SCORES, files.FINDINGS, files.RECORDS])
def test_a_damaged_run_is_told_and_nothing_is_built_on_it(tmp_path, name, harm):
    made = run(tmp_path, *ROWS)
    harm(made / name)
    assert any(line.startswith(f"{name}: ") for line in verify(made))
    for do in (
        lambda: story(made, "1"),
        lambda: report_again(made),
        lambda: decide_again(made, Settings(), tmp_path / "other"),
    ):
        try:
            do()
        except InputError as error:
            assert name in str(error)  # noqa: PT017 - findings are made anew by a decision


def test_no_new_lock_vouches_for_a_touched_file(tmp_path):
    made = run(tmp_path, *ROWS)
    with (made / "core.jsonl").open("ab") as core:
        core.write(lines(ROWS[2]))
    with pytest.raises(InputError, match=r"core\.jsonl: changed since the run"):
        report_again(made)
    (made / files.RECORDS).write_bytes((made / files.RECORDS).read_bytes() + b"x")
    with pytest.raises(InputError, match=r"records\.zst: changed since the run"):
        decide_again(made, Settings())


def test_a_run_inside_the_folder_that_is_read_is_no_input_unless_it_is_named(tmp_path):
    write(tmp_path, *ROWS)
    clean([tmp_path], tmp_path / "run", Settings())
    core = (tmp_path / "run" / "core.jsonl").read_bytes()
    clean([tmp_path], tmp_path / "run", Settings(), force=True)
    assert (tmp_path / "run" / "core.jsonl").read_bytes() == core
    with pytest.raises(OutputError, match="read from"):
        clean([tmp_path / "run"], tmp_path / "run", Settings(), force=True)


@pytest.mark.skipif(sys.platform != "linux", reason="file names are text elsewhere")
def test_a_file_name_that_is_no_text_is_refused(tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.jsonl")
    with open(path, "wb") as file:  # noqa: PTH123 - the name is none of pathlib's
        file.write(lines(*ROWS))
    with pytest.raises(InputError, match="not UTF-8"):
        clean([path], tmp_path / "run", Settings())


def test_an_input_that_changed_does_not_verify(tmp_path):
    made = run(tmp_path, *ROWS)
    write(tmp_path, *ROWS, ROWS[0])
    assert verify(made) == [f"{tmp_path / 'data.jsonl'}: is not what the run has read"]
    (tmp_path / "data.jsonl").unlink()
    assert verify(made) == []


def test_the_report_is_built_again_from_the_folder_alone(tmp_path):
    made = run(tmp_path, *ROWS)
    was = {name: (made / name).read_bytes() for name in files.REPORTS}
    (made / "report.html").write_text("")
    (tmp_path / "data.jsonl").unlink()
    report_again(made)
    assert {name: (made / name).read_bytes() for name in files.REPORTS} == was
    assert verify(made) == []


def test_not_one_valid_record_is_an_error_and_leaves_nothing(tmp_path):
    path = write(tmp_path, b'{"text": "x"}', b'{"text": "y"}')
    with pytest.raises(InputError, match=r"data\.jsonl:1: no known format .* 2 records"):
        clean([path], tmp_path / "run", Settings())
    assert [one.name for one in tmp_path.iterdir()] == ["data.jsonl"]


def test_columns_can_be_named_and_keep_their_names(tmp_path):
    rows = [{"ask": "Name a colour.", "say": "Blue."}, {"ask": "Name a city.", "say": ""}]
    made = run(tmp_path, *rows, map={"instruction": "ask", "output": "say"})
    assert (made / "core.jsonl").read_bytes() == lines(rows[0])
    assert verify(made) == []


def test_the_core_can_be_in_another_format(tmp_path):
    made = run(tmp_path, ROWS[0], ROWS[2], to="chatml")
    (core,) = jsonl(made / "core.jsonl")
    assert [turn["role"] for turn in core["messages"]] == ["user", "assistant"]
    assert verify(made) == []


def test_a_row_that_the_format_can_not_hold_is_named_and_nothing_is_written(tmp_path):
    chat = {
        "messages": [
            {"role": "user", "content": "Hi", "name": "Al"},
            {"role": "assistant", "content": "Hello."},
        ]
    }
    with pytest.raises(OutputError, match=r"data\.jsonl:2: turn 1: .* name"):
        run(tmp_path, ROWS[0], chat, to="alpaca")
    assert not (tmp_path / "run").exists()


def test_a_file_of_every_kind_keeps_its_kind(tmp_path):
    frame = pl.DataFrame(ROWS[:4])
    frame.write_parquet(tmp_path / "data.parquet")
    frame.write_csv(tmp_path / "data.csv")
    (tmp_path / "data.json").write_bytes(orjson.dumps(ROWS[:4]))
    for kind in ("parquet", "csv", "json"):
        made = tmp_path / f"run-{kind}"
        clean([tmp_path / f"data.{kind}"], made, Settings())
        core = files.core_of(made)
        assert core.name == f"core.{kind}"
        read = {"parquet": pl.read_parquet, "csv": pl.read_csv, "json": pl.read_json}[kind](core)
        assert_frame_equal(read.fill_null(""), frame[[0, 3]])
        assert verify(made) == []


def test_changes_come_in_the_order_of_the_runs(tmp_path):
    rows = [{"instruction": f"Number {one}?", "output": f"It is {one}."} for one in range(300)]
    for name, part in (("a", rows[:150]), ("b", rows[100:])):
        clean([write(tmp_path, *part, name=f"{name}.jsonl")], tmp_path / name, Settings())
    changes = compare(tmp_path / "a", tmp_path / "b")
    assert changes["line"].to_list() == [*range(1, 101), *range(51, 201)]
    assert changes["before"].to_list() == ["kept"] * 100 + ["absent"] * 150


def test_one_row_s_story(tmp_path):
    made = run(tmp_path, *ROWS, *BROKEN)
    book = ledger(made)
    near = story(made, "data.jsonl:5")
    assert near.ledger["code"] == "duplicate-near"
    assert near.twin["line"] == 4
    assert near.findings[0]["code"] == "duplicate-near"
    marked = difference(near.shown.turns[1].text, near.twin_shown.turns[1].text)
    assert [text for kind, text in marked if kind == "only here"] == ["other"]
    assert [text for kind, text in marked if kind == "only there"] == ["word30"]
    assert story(made, book["id"][4][:10]).ledger == near.ledger
    assert story(made, "5").ledger == near.ledger
    broken = story(made, "8")
    assert broken.raw == BROKEN[0]
    assert [turn.label for turn in broken.shown.turns] == ["record", "error"]
    for name in ("data.jsonl:99", "zzz", "", "²", "9" * 30):
        with pytest.raises(UsageError):
            story(made, name)


def test_unknown_words_are_refused_before_anything_is_read(tmp_path):
    for options in (
        {"pack": "nosuch"},
        {"select": ("nosuch",)},
        {"thresholds": {"empty-response": 1.0}},
    ):
        with pytest.raises(UsageError, match=r"nosuch|threshold"):
            clean([tmp_path / "absent.jsonl"], tmp_path / "run", Settings(**options))
