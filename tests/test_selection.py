"""`curate select`: rows out as they came in, in one order for every size."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from curate import Settings, clean
from curate.cli import app
from curate.errors import InputError, OutputError, UsageError
from curate.selection import quality, select

TOPICS = ["onions", "bridges", "chess", "glaciers", "violins", "maps", "bees", "steam"]
SAMPLE = Path(__file__).resolve().parent.parent / "sample_data" / "alpaca.jsonl"


def record(number: int) -> dict[str, str]:
    topic = TOPICS[number % 8]
    return {
        "instruction": f"Explain {topic} to a visitor of room {number}.",
        "input": "",
        "output": f"In room {number} we keep {topic}; Ada Brook's, of 19{number:02}.",
    }


def written(path: Path, records: list[object]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in records), "utf-8")
    return path


@pytest.fixture
def data(tmp_path):
    return written(tmp_path / "data.jsonl", [record(number) for number in range(60)])


def chosen(data: Path, size: int, **more: object) -> list[str]:
    out = data.parent / "out.jsonl"
    select(data, out, size, force=True, **more)
    return out.read_text("utf-8").splitlines()


def test_every_beginning_of_the_file_is_the_choice_of_its_size(data):
    whole = chosen(data, 60)
    assert sorted(whole) == sorted(data.read_text("utf-8").splitlines())
    for size in (1, 8, 31):
        assert chosen(data, size) == whole[:size]


def test_the_first_rows_stand_for_all_topics(data):
    first = {TOPICS[int(json.loads(line)["output"].split()[2]) % 8] for line in chosen(data, 8)}
    assert len(first) == 8


def test_in_input_order(data):
    lines = data.read_text("utf-8").splitlines()
    got = chosen(data, 20, order="input")
    assert got == sorted(got, key=lines.index)
    assert sorted(got) == sorted(chosen(data, 20))


def test_the_order_of_the_input_changes_nothing(data, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    lines = data.read_text("utf-8").splitlines(keepends=True)
    (other / "data.jsonl").write_text("".join(reversed(lines)), "utf-8")
    assert chosen(other / "data.jsonl", 25) == chosen(data, 25)


def test_the_same_again_and_another_with_another_seed(data):
    assert chosen(data, 20) == chosen(data, 20)
    tied = written(data.parent / "tied.jsonl", [record(3) | {"id": number} for number in range(40)])
    seeds = [chosen(tied, 5, settings=Settings(seed=seed)) for seed in (0, 1)]
    assert seeds[0] != seeds[1]


def test_rows_leave_byte_for_byte(tmp_path):
    odd = '{"output" :"Ada Brook, 1911.\\u00e9",  "instruction":"Who?", "x": 1.10}'
    path = tmp_path / "odd.jsonl"
    path.write_bytes(f"{odd}\r\n{json.dumps(record(1))}\r\n".encode())
    select(path, tmp_path / "out.jsonl", 2)
    assert sorted((tmp_path / "out.jsonl").read_bytes().split(b"\r\n")) == sorted(
        path.read_bytes().split(b"\r\n")
    )


def test_leaves_in_another_type(data, tmp_path):
    select(data, tmp_path / "out.parquet", 7)
    assert pl.read_parquet(tmp_path / "out.parquet").height == 7


def test_more_than_there_are(data):
    made = select(data, data.parent / "all.jsonl", 1000)
    assert made.chosen.height == made.valid == 60
    assert made.chosen["rank"].to_list() == list(range(1, 61))


def test_one_row(tmp_path):
    path = written(tmp_path / "one.jsonl", [record(1)])
    assert len(chosen(path, 3)) == 1


def test_copies_and_empty_answers_come_last(tmp_path):
    rows = [record(number) for number in range(20)]
    empty = {"instruction": "Explain tides to a visitor.", "input": "", "output": ""}
    path = written(tmp_path / "data.jsonl", [empty, rows[0], *rows])
    got = [json.loads(line) for line in chosen(path, 22)]
    assert got[:20] != rows
    assert {json.dumps(one) for one in got[:20]} == {json.dumps(one) for one in rows}
    assert sorted(json.dumps(one) for one in got[20:]) == sorted(map(json.dumps, [empty, rows[0]]))


def test_without_an_embedder_the_best_come_first(data):
    made = select(data, data.parent / "best.jsonl", 10, Settings(embedder="none"))
    assert made.chosen["gain"].sum() == 0
    assert made.chosen["quality"].to_list() == sorted(made.chosen["quality"], reverse=True)


def test_records_that_are_no_rows_are_reported(tmp_path):
    path = written(tmp_path / "data.jsonl", [record(1), {"prompt": 3}, record(2)])
    path.write_text(path.read_text("utf-8") + "{broken\n", "utf-8")
    made = select(path, tmp_path / "out.jsonl", 5)
    assert made.valid == 2
    assert [one.line for one in made.refused] == [2, 4]
    assert made.as_json()["refused"][1]["line"] == 4


def test_nothing_is_written_where_nothing_is_valid(tmp_path):
    path = written(tmp_path / "data.jsonl", [{"prompt": 3}] * 2)
    with pytest.raises(InputError, match=r"data\.jsonl:1: .* not one of the 2 records"):
        select(path, tmp_path / "out.jsonl", 5)
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.parametrize("size", [0, -3])
def test_a_size_that_chooses_nothing(data, size):
    with pytest.raises(UsageError, match="choose 1 row or more"):
        select(data, data.parent / "out.jsonl", size)


def test_refuses_what_would_be_lost(data):
    with pytest.raises(UsageError, match="is an input"):
        select(data, data, 5, force=True)
    out = data.parent / "there.jsonl"
    out.write_text("mine")
    with pytest.raises(OutputError, match="--force"):
        select(data, out, 5)
    with pytest.raises(UsageError, match="no file type"):
        select(data, data.parent / "out", 5)


def test_a_run_folder_stands_for_its_core(tmp_path):
    clean(SAMPLE, tmp_path / "run")
    made = select(tmp_path / "run", tmp_path / "out.jsonl", 10_000)
    core = (tmp_path / "run" / "core.jsonl").read_text("utf-8")
    assert made.valid == len(core.splitlines())
    assert sorted((tmp_path / "out.jsonl").read_text("utf-8").splitlines()) == sorted(
        core.splitlines()
    )


def test_on_the_command_line(data):
    out = data.parent / "out.jsonl"
    done = CliRunner().invoke(app, ["select", str(data), "-o", str(out), "--size", "9"])
    assert done.exit_code == 0, done.output
    assert "9 of 60 rows, best first" in done.output
    again = CliRunner().invoke(
        app, ["select", str(data), "-o", str(out), "--size", "9", "--force", "--json"]
    )
    told = json.loads(again.stdout)
    assert [one["rank"] for one in told["chosen"]] == list(range(1, 10))
    assert set(told["chosen"][0]) == {"id", "source", "line", "rank", "gain", "quality", "codes"}
    assert told["coverage"] == pytest.approx(sum(one["gain"] for one in told["chosen"]))
    assert (told["valid"], told["size"], told["seed"]) == (60, 9, 0)


def test_says_what_it_could_not_read_and_what_is_poor(tmp_path):
    rows: list[object] = [record(1), record(1), {"prompt": 3}]
    path = written(tmp_path / "data.jsonl", rows)
    done = CliRunner().invoke(
        app, ["select", str(path), "-o", str(tmp_path / "out.jsonl"), "--size", "5"]
    )
    assert "1 record can't be chosen" in done.stderr
    assert "data.jsonl:3" in done.stderr
    assert "5 were asked for" in done.stdout
    assert "the last 1 add nothing" in done.stdout
    assert "rules hit 1: duplicate-exact 1" in done.stdout


def test_an_order_that_is_none(data):
    out = str(data.parent / "out.jsonl")
    done = CliRunner().invoke(
        app, ["select", str(data), "-o", out, "--size", "9", "--order", "best"]
    )
    assert isinstance(done.exception, UsageError)


def test_what_quality_is_made_of():
    scores = pl.DataFrame(
        {
            "knowledge_facts": [50, 500, 0, None, None, 50],
            "response_tokens": [9, 9, 9, 200, None, 9],
        }
    )
    findings = pl.DataFrame(
        {
            "row": [5, 5, 2, 3],
            "action": ["flag", "flag", "drop", "flag"],
            "severity": ["warning", "info", "error", "error"],
        }
    )
    made = quality(scores, findings).tolist()
    assert made == pytest.approx([1, 1, 0.1 * 0.9, 0.5, 0.9, 0.8])
