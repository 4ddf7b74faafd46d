"""What the command line promises: exit codes, streams, and words for a person."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from curate.cli import main

ROWS = [
    {"instruction": "Name a colour.", "input": "", "output": "Blue."},
    {"instruction": "Name a city.", "input": "", "output": ""},
    {"instruction": "Name a river.", "input": "", "output": "The Rhine."},
]


def curate(*words, stdin=None, cwd=None, **env):
    return subprocess.run(
        [sys.executable, "-m", "curate", *map(str, words)],
        input=stdin,
        capture_output=True,
        cwd=cwd,
        env=os.environ | {"COLUMNS": "100"} | env,
        check=False,
    )


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "data.jsonl"
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in ROWS))
    return path


def test_a_run_and_what_can_be_asked_of_it(data, tmp_path):
    run = tmp_path / "run"
    made = curate("clean", data, "-o", run)
    assert made.returncode == 0, made.stderr
    assert made.stderr == b""
    text = made.stdout.decode()
    assert "empty-response" in text
    assert "\x1b" not in text  # no colours in a pipe
    assert (run / "core.jsonl").read_bytes().count(b"\n") == 2
    for words, says in (
        (("why", run, "data.jsonl:2"), "dropped by empty-response"),
        (("verify", run), "come out the same again"),
        (("undo", run, "--rule", "empty-response"), "kept 2 -> 3, dropped 1 -> 0"),
        (
            ("decide", run, "--ignore", "empty-response", "-o", tmp_path / "other"),
            "nothing changes",
        ),
        (("diff", run, tmp_path / "other"), "no record is treated otherwise"),
        (("report", run), "report.html"),
        (("explain", "empty-response"), "An assistant turn holds no visible text"),
        (("rules",), "empty-response"),
        (("signals",), "exact_duplicate_of"),
        (("--version",), "0."),
    ):
        done = curate(*words)
        assert done.returncode == 0, (words, done.stderr)
        assert says in " ".join(done.stdout.decode().split()), words


def test_machines_get_json(data, tmp_path):
    run = tmp_path / "run"
    report = orjson.loads(curate("clean", data, "-o", run, "--json").stdout)
    assert report["totals"] == {
        "records": 3,
        "kept": 2,
        "edited": 0,
        "dropped": 1,
        "quarantined": 0,
    }
    told = orjson.loads(curate("why", run, "2", "--json").stdout)
    assert told["ledger"]["disposition"] == "dropped"
    assert orjson.loads(curate("diff", run, run, "--json").stdout) == []
    assert orjson.loads(curate("explain", "empty", "--json").stdout)[0]["code"].startswith("empty")
    assert {one["code"] for one in orjson.loads(curate("rules", "--json").stdout)}
    assert "exact_duplicates" in orjson.loads(curate("signals", "--json").stdout)


def test_quiet_prints_nothing(data, tmp_path):
    made = curate("clean", data, "-o", tmp_path / "run", "--quiet")
    assert (made.returncode, made.stdout, made.stderr) == (0, b"", b"")


def test_standard_input(data, tmp_path):
    made = curate("clean", "-", "-o", tmp_path / "run", "-q", stdin=data.read_bytes())
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "run" / "core.jsonl").read_bytes().count(b"\n") == 2


REFUSED = [
    # command, exit code, words on stderr
    ("clean data.jsonl", 2, "--out"),
    ("clean data.jsonl -o run --pack nosuch", 2, "no pack is named 'nosuch'"),
    ("clean data.jsonl -o run --select emtpy-response", 2, "did you mean 'empty-response'"),
    ("clean data.jsonl -o run --set empty-response=3", 2, "CODE.threshold=NUMBER"),
    ("clean data.jsonl -o run --set empty-response.threshold=3", 2, "has no threshold"),
    ("clean data.jsonl -o run --select empty --set too-long.threshold=3", 2, "no rule of this run"),
    ("clean data.jsonl -o run --select ,", 2, "names no rule"),
    ("clean data.jsonl -o run --select fix", 2, "these rules mend rows, and find no fault"),
    ("clean data.jsonl -o run --select pii,fix", 2, "clean --fix applies them"),
    ("clean data.jsonl -o run --format openai", 2, "did you mean 'chatml'"),
    ("clean data.jsonl -o run --format DPO", 2, "did you mean 'preference'"),
    ("clean data.jsonl -o run --format ShareGPT", 2, "did you mean 'sharegpt'"),
    ("clean data.jsonl -o run --format jsonl", 2, "it is a type of file"),
    ("convert data.jsonl out.jsonl --to messages", 2, "did you mean 'chatml'"),
    ("convert data.jsonl out.jsonl --to chatml --drop-fields lable", 2, "there are instruction, "),
    ("convert data.jsonl out.jsonl --good-only", 2, "name it with --to"),
    ("convert data.jsonl out.jsonl --good-only --to preference", 2, "keeps verdicts"),
    ("clean data.jsonl -o run --map nonsense", 2, "expected FIELD=COLUMN"),
    ("clean data.jsonl -o run --map nofield=x", 2, "no format has a field nofield"),
    ("clean data.jsonl -o run --map instruction=nosuch", 2, "no record has a column nosuch"),
    ("convert data.jsonl out.jsonl --map instruction=nosuch", 2, "no record has a column nosuch"),
    ("split data.jsonl -o run --map instruction=nosuch", 2, "no record has a column nosuch"),
    (
        "select data.jsonl -o a.jsonl --size 1 --map input=nosuch",
        2,
        "no record has a column nosuch",
    ),
    ("clean data.jsonl -o run --map Frage=instruction", 2, "second: instruction=Frage"),
    ("clean data.jsonl -o run --map instuction=Frage", 2, "did you mean 'instruction'?"),
    ("clean data.jsonl -o run --to alpca", 2, "--to: no format alpca; did you mean 'alpaca'?"),
    ("clean data.jsonl -o run --thresold x", 2, "did you mean --set CODE.threshold=X?"),
    ("clean data.jsonl -o run --slect x", 2, "did you mean --select?"),
    ("split data.jsonl -o run --eval 10%", 2, "expected a number, such as 0.1"),
    ("clean data.jsonl -o run --set duplicate-exact.threshold=3", 2, "curate explain duplicate-ex"),
    ("clean data.jsonl -o run --set duplicate-exct.threshold=3", 2, "did you mean 'duplicate-ex"),
    ("explain nosuch", 2, "`curate rules` lists them all"),
    ("explain PII-EMIAL", 2, "did you mean 'pii-email'?"),
    ("clean data.jsonl -o run --format nosuch", 2, "nosuch"),
    ("clean data.jsonl -o run --to nosuch", 2, "nosuch"),
    ("clean data.jsonl -o run --rules absent", 2, "absent"),
    ("clean data.jsonl -o run --config absent.toml", 2, "absent.toml"),
    ("clean data.jsonl -o run --nosuch", 2, "--nosuch"),
    ("clean absent.jsonl -o run", 3, "absent.jsonl"),
    ("clean empty.jsonl -o run", 3, "empty.jsonl"),
    ("clean text.jsonl -o run", 3, "text.jsonl:1"),
    ("clean data.jsonl -o data.jsonl", 3, "data.jsonl"),
    ("why absent 1", 3, "absent"),
    ("verify absent", 3, "absent"),
    ("diff absent absent", 3, "absent"),
    ("decide absent", 3, "absent"),
    ("undo absent --rule x", 3, "absent"),
    ("report absent", 3, "absent"),
    ("explain nosuch", 2, "nosuch"),
    ("convert text.jsonl out.jsonl --to chatml", 3, "text.jsonl:1"),
    ("convert data.jsonl out.jsonl --to nosuch", 2, "nosuch"),
    ("convert data.jsonl data.jsonl", 3, "--force"),
    ("convert data.jsonl data.xlsx", 2, "no file type"),
    ("convert data.jsonl csv", 2, "no file type"),
    ("nosuch", 2, "nosuch"),
]


@pytest.mark.parametrize("case", REFUSED, ids=[one[0] for one in REFUSED])
@pytest.mark.usefixtures("data")
def test_refusals(tmp_path, monkeypatch, capsys, case):
    words, code, says = case
    (tmp_path / "empty.jsonl").write_bytes(b"")
    (tmp_path / "text.jsonl").write_bytes(b'{"text": "x"}\n')
    before = sorted(path.name for path in tmp_path.iterdir())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["curate", *words.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    error = capsys.readouterr().err
    assert ended.value.code == code, error
    assert says in error
    assert "Traceback" not in error
    assert "Value error" not in error
    assert "Input should" not in error
    assert "internal error" not in error
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_finished_run_is_not_replaced_unasked(data, tmp_path):
    words = ("clean", data, "-o", tmp_path / "run", "-q")
    assert curate(*words).returncode == 0
    again = curate(*words)
    assert again.returncode == 3
    assert b"--force" in again.stderr
    assert curate(*words, "--force").returncode == 0


def test_a_touched_run_fails_verification(data, tmp_path):
    curate("clean", data, "-o", tmp_path / "run", "-q")
    (tmp_path / "run" / "core.jsonl").write_bytes(b"")
    done = curate("verify", tmp_path / "run")
    assert done.returncode == 1
    assert b"core.jsonl: changed" in done.stdout


def test_a_bug_has_its_own_exit_code_and_no_traceback(data, tmp_path):
    broken = "import curate.pipeline as p, sys; p.clean = lambda *a, **k: 1 / 0\n"
    program = f"{broken}from curate.cli import main; main()"
    words = [sys.executable, "-c", program, "clean", str(data), "-o", str(tmp_path / "run")]
    done = subprocess.run(words, capture_output=True, check=False)
    assert done.returncode == 4
    assert b"this is a bug" in done.stderr
    assert b"Traceback" not in done.stderr
    shown = subprocess.run([*words, "--debug"], capture_output=True, check=False)
    assert b"ZeroDivisionError" in shown.stderr
    assert b"Traceback" in shown.stderr


def test_settings_come_from_a_file_and_options_go_first(data, tmp_path):
    (tmp_path / "curate.toml").write_text('[clean]\nignore = ["empty-response"]\n')
    config = ("--config", tmp_path / "curate.toml")
    report = curate("clean", data, "-o", tmp_path / "a", "--json", *config)
    assert orjson.loads(report.stdout)["totals"]["kept"] == 3
    (tmp_path / "curate.toml").write_text("[clean]\nignroe = []\n")
    wrong = curate("clean", data, "-o", tmp_path / "b", *config)
    assert wrong.returncode == 2
    assert b"ignroe" in wrong.stderr
    (tmp_path / "curate.toml").write_text('[clean]\nset = "too-long.threshold=3"\n')
    wrong = curate("clean", data, "-o", tmp_path / "b", *config)
    assert b"clean.set: unknown key; what --set says stands in tables" in wrong.stderr


def test_converted_there_and_back(data, tmp_path):
    there, back = tmp_path / "chat.json", tmp_path / "back.jsonl"
    assert curate("convert", data, there, "--to", "chatml").returncode == 0
    assert curate("convert", there, back, "--to", "alpaca", "-q").returncode == 0
    assert [orjson.loads(line) for line in back.read_bytes().splitlines()] == ROWS


def test_only_the_good_answers_of_judged_rows(tmp_path):
    asked = {"role": "user", "content": "Name a fruit."}
    rows = [
        {"prompt": "Name a bird.", "completion": "A robin.", "label": True},
        {"prompt": "Name a fish.", "completion": "A cow.", "label": False},
        {"prompt": [asked], "chosen": "A fig.", "rejected": "A brick."},
        {"instruction": "Name a sea.", "output": "The Adriatic.", "label": "geography"},
    ]
    (tmp_path / "judged.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    refused = curate("convert", "judged.jsonl", "sft.jsonl", "--to", "chatml", cwd=tmp_path)
    assert refused.returncode == 3
    assert b"--good-only" in refused.stderr
    words = ("convert", "judged.jsonl", "sft.jsonl", "--to", "chatml", "--good-only")
    done = curate(*words, cwd=tmp_path)
    assert done.stderr == b"curate: 1 record left out, its answer judged bad\n"
    assert done.stdout == b"sft.jsonl: 3 records\n"
    made = [json.loads(line) for line in (tmp_path / "sft.jsonl").read_bytes().splitlines()]
    answers = [row["messages"][-1]["content"] for row in made]
    assert answers == ["A robin.", "A fig.", "The Adriatic."]
    assert [row.get("label") for row in made] == [None, None, "geography"]

    (tmp_path / "bad.jsonl").write_bytes(orjson.dumps(rows[1]))
    done = curate("convert", "bad.jsonl", "none.jsonl", *words[3:], cwd=tmp_path)
    assert done.returncode == 3
    assert b"no record is left: every answer is judged bad" in done.stderr
    assert not (tmp_path / "none.jsonl").exists()


@pytest.mark.parametrize("label", [0, 1, 0.0, "false", "True", "0"])
def test_what_may_be_a_verdict_or_a_class_is_not_taken_for_good(tmp_path, label):
    row = {"prompt": "Name a fish.", "completion": "A cow.", "label": label}
    (tmp_path / "judged.jsonl").write_bytes(orjson.dumps(row))
    words = ("convert", "judged.jsonl", "sft.jsonl", "--to", "alpaca", "--good-only")
    done = curate(*words, cwd=tmp_path)
    assert done.returncode == 3
    assert b"judged.jsonl:1: label: " in done.stderr
    assert b"may be a verdict or a class" in done.stderr
    assert not (tmp_path / "sft.jsonl").exists()


def test_that_nobody_judged_the_rows_is_said(data, tmp_path):
    done = curate("convert", data, tmp_path / "sft.jsonl", "--to", "chatml", "--good-only")
    assert (
        done.stderr == b"curate: no record has a verdict or a rejected answer; all were written\n"
    )
    assert done.stdout.endswith(b"records\n")


def test_keys_to_drop_are_looked_for_in_the_format_that_is_named(tmp_path):
    row = {"instruction": "Name a fish.", "output": "A carp.", "chosen": "c", "x": 1}
    (tmp_path / "data.jsonl").write_bytes(orjson.dumps(row))
    words = ("convert", "data.jsonl", "out.jsonl", "--format", "alpaca", "--to", "chatml")
    done = curate(*words, "--drop-fields", "chosen, x,", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert list(orjson.loads((tmp_path / "out.jsonl").read_bytes())) == ["messages"]


def test_what_a_folder_mixes_and_what_of_it_is_not_read_is_said(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a.jsonl").write_text('{"instruction": "Name a colour.", "output": "Red."}\n')
    (folder / "b.jsonl").write_text(
        '{"messages": [{"role": "user", "content": "Name a bird."},'
        ' {"role": "assistant", "content": "A robin."}]}\n'
    )
    for name in ("dataset_info.json", "notes.txt", "z.bak", "zz.bak"):
        (folder / name).write_text("{}")
    done = curate("clean", "data", "-o", "run", cwd=tmp_path)
    assert done.returncode == 0
    said = done.stdout.decode()
    assert "4 files of the folder not read, by the name no data: data/dataset_info.json, " in said
    assert (
        "the core mixes 2 formats, as the input (alpaca 1, chatml 1); --to alpaca makes one" in said
    )
    done = curate("clean", "data", "-o", "run", "--to", "alpaca", "--force", cwd=tmp_path)
    assert b"formats" not in done.stdout
    core = (tmp_path / "run" / "core.jsonl").read_text().splitlines()
    assert [json.loads(line)["output"] for line in core] == ["Red.", "A robin."]


def test_a_run_among_the_data_is_not_read_and_it_says_so(data, tmp_path):
    (tmp_path / "all").mkdir()
    data.rename(tmp_path / "all" / "data.jsonl")
    for extra in ([], ["--force"]):
        done = curate("clean", "all", "-o", "all/run", *extra, cwd=tmp_path)
        assert done.returncode == 0
        lock = json.loads((tmp_path / "all/run/curate.lock").read_text())
        assert [one["name"] for one in lock["origin"]["inputs"]] == ["all/data.jsonl"]
    said = b"curate: 1 run folder not read: all/run; name one to read its core\n"
    assert done.stderr == said
    for command in (["split", "all", "-o", "parts"], ["check", "all"], ["init", "all"]):
        assert said in curate(*command, cwd=tmp_path).stderr
    assert curate("clean", "all", "-o", "r", "-q", cwd=tmp_path).stderr == b""


def test_a_split_among_the_data_is_not_read_and_it_says_so(data, tmp_path):
    (tmp_path / "all").mkdir()
    data.rename(tmp_path / "all" / "data.jsonl")
    for extra in ([], ["--force"]):
        done = curate("split", "all", "-o", "all/parts", "--eval", "0.4", *extra, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        told = json.loads((tmp_path / "all/parts/split.json").read_text())
        assert [one["name"] for one in told["inputs"]] == ["all/data.jsonl"]
    said = b"curate: 1 split not read: all/parts; name one to read its parts\n"
    assert done.stderr == said
    done = curate("clean", "all/parts", "-o", "run", "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["totals"]["records"] == len(ROWS)


def test_lines_are_whole_in_a_pipe(tmp_path):
    said = " ".join(f"word{n}" for n in range(60))
    rows = [{"instruction": "Go on.", "output": said}] * 2 + [{"instruction": said, "output": ""}]
    data = tmp_path / f"{'a-long-name-' * 9}.jsonl"
    data.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in (*rows, {"x": 1})))
    cleaned = curate("clean", data, "-o", "run", cwd=tmp_path).stdout.decode()
    assert f"{data.name}:2 beside 1 Go on. → word0" in cleaned
    assert f"{data.name}:4: no known format has the keys x;" in cleaned
    assert "…" not in cleaned.partition("quarantined 1 record")[2]
    assert f"\n  {said}\n" in curate("why", "run", "2", cwd=tmp_path).stdout.decode()
    others = [{"instruction": f"Name city {n}.", "output": f"City {n}."} for n in range(20)]
    data.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in (*rows[:2], *others)))
    parts = curate("split", data, "-o", "parts", "--eval", "0.3", cwd=tmp_path).stdout.decode()
    assert f": 2, from {data.name}:1 on\n" in parts


def test_looking_at_runs_breaks_no_words_and_pads_no_lines(data, tmp_path):
    deep = tmp_path / ("a folder with a long name " * 4).strip()
    deep.mkdir()
    data = data.rename(deep / "data.jsonl")
    other = tmp_path / "other.jsonl"
    other.write_text('{"instruction": "Name a tree.", "output": "The oak is one."}\n' * 2)
    for source, name in ((data, "one"), (other, "two")):
        assert curate("clean", source, "-o", tmp_path / name, "-q").returncode == 0
    told = curate("why", tmp_path / "one", "1").stdout.decode()
    assert f"{data}:1  " in told
    unrelated = curate("diff", tmp_path / "one", tmp_path / "two").stdout.decode()
    assert "these runs share no rows" in unrelated
    assert curate("diff", tmp_path / "one", tmp_path / "one").stdout == (
        b"no record is treated otherwise\n"
    )
    for said in (told, unrelated):
        assert [line for line in said.splitlines() if line != line.rstrip()] == []


def test_a_line_that_two_files_have_is_listed(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.jsonl").write_text(
            f'{{"instruction": "Name the letter {name}.", "output": "It is {name}."}}\n'
        )
    assert curate("clean", "a.jsonl", "b.jsonl", "-o", "run", "-q", cwd=tmp_path).returncode == 0
    done = curate("why", "run", "1", cwd=tmp_path)
    assert done.returncode == 2
    assert b"1 names 2 records; name one: a.jsonl:1, b.jsonl:1" in done.stderr


def test_a_rule_is_explained_in_any_letters():
    done = curate("explain", "PII-EMAIL")
    assert done.returncode == 0
    assert done.stdout.startswith(b"pii-email ")


def test_a_family_is_a_line_a_rule_and_a_rule_names_its_family():
    family = curate("explain", "pii").stdout.decode()
    codes = [line.split()[0] for line in family.splitlines() if line.startswith("pii-")]
    assert "pii-phone" in codes
    assert len(codes) == len({*codes}) > 5
    assert "references" not in family
    assert "`curate explain CODE`, such as pii-card," in family
    alone = curate("explain", "pii-phone").stdout.decode()
    assert alone.startswith("pii-phone ")
    assert "\nof the same family: pii-phone-stock\n" in alone
    one = curate("explain", "json").stdout.decode()  # a family of one
    assert one.startswith("json-invalid ")
    assert b"did you mean 'pii'? `curate rules`" in curate("explain", "pil").stderr


def test_a_key_that_only_some_turns_have_goes_through_parquet(tmp_path):
    """A column is null where a turn lacks the key; `context` stands on one turn in four here."""
    pairs = [{"instruction": "Sum?", "input": "1 2", "output": "3"},
             {"instruction": "Hi", "input": "", "output": "Hello"}]  # fmt: skip
    source = tmp_path / "a.jsonl"
    source.write_text("".join(json.dumps(one) + "\n" for one in pairs), encoding="utf-8")
    table, again, back = (str(tmp_path / name) for name in ("b.parquet", "c.parquet", "d.jsonl"))
    for to in ("chatml", "sharegpt"):
        for words in ((str(source), table, "--to", to), (table, again), (again, back)):
            assert curate("convert", *words, "--force").returncode == 0
        assert "null" not in Path(back).read_text(encoding="utf-8")
        done = curate("convert", again, back, "--to", "alpaca", "--force")
        assert (done.returncode, done.stderr) == (0, b"")
        assert list(map(json.loads, Path(back).read_text(encoding="utf-8").splitlines())) == pairs


@pytest.mark.skipif(os.name == "nt", reason="its pipes end otherwise")
def test_who_reads_no_further_makes_no_failure(data, tmp_path):
    run = tmp_path / "run"
    curate("clean", data, "-o", run, "-q")
    (run / "core.jsonl").write_bytes(b"")
    for words, code in (
        (("rules", "--json"), 0),
        (("explain", "pii"), 0),
        (("why", run, "1"), 0),
        (("--help",), 0),
        (("verify", run), 1),
    ):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(
            [sys.executable, "-m", "curate", *map(str, words)],
            stdout=writer,
            stderr=subprocess.PIPE,
            check=False,
        )
        os.close(writer)
        assert (done.returncode, done.stderr) == (code, b""), words


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no such device here")  # noqa: PTH110
def test_output_that_can_not_be_written_is_no_bug():
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-m", "curate", "rules"],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 3
    assert b"No space left" in done.stderr
    assert b"bug" not in done.stderr


def test_undo_takes_families_and_refuses_what_the_run_has_not(data, tmp_path):
    run = tmp_path / "run"
    curate("clean", data, "-o", run, "-q", "--fix")
    wrong = curate("undo", run, "--rule", "empty", "--rule", "emtpy-response")
    assert wrong.returncode == 2
    assert b"did you mean 'empty-response'" in wrong.stderr
    for says in (b"kept 2 -> 3", b"nothing changes"):
        done = curate("undo", run, "--rule", "empty,fix")
        assert done.returncode == 0, done.stderr
        assert says in done.stdout
    assert curate("verify", run).returncode == 0


def test_an_undo_is_taken_back(data, tmp_path):
    run = tmp_path / "run"
    curate("clean", data, "-o", run, "-q", "--fix", "--set", "empty-prompt.action=flag")
    lock = (run / "curate.lock").read_bytes()
    done = curate("undo", "run", "--rule", "empty-response,fix", cwd=tmp_path).stdout.decode()
    assert done.endswith("take this back: curate undo run --rule empty-response,fix --back\n")
    assert (run / "curate.lock").read_bytes() != lock
    back = curate(*done.split("take this back: curate ")[1].split(), cwd=tmp_path)
    assert back.stdout == b"kept 3 -> 2, dropped 0 -> 1\n", back.stderr
    assert (run / "curate.lock").read_bytes() == lock

    curate("decide", run, "-q", "--ignore", "empty")
    wrong = curate("undo", run, "--rule", "empty-response", "--back")
    assert wrong.returncode == 2
    assert b"not undone; of this run was: empty, empty-prompt\n" in wrong.stderr
    assert curate("undo", run, "--rule", "empty", "--back").stdout.startswith(b"kept 3 -> 2")


def test_an_undo_says_how_to_set_an_action_again(data, tmp_path):
    run = tmp_path / "run"
    curate("clean", data, "-o", run, "-q", "--set", "pii.action=drop,too-long.action=drop")
    lock = (run / "curate.lock").read_bytes()
    done = curate("undo", "run", "--rule", "too-long,pii-email", cwd=tmp_path).stdout.decode()
    back, again = done.split("take this back: ")[1].strip().split(" && ")
    assert again == "curate decide run --set too-long.action=drop"
    for command in (back, again):
        assert curate(*command.split()[1:], cwd=tmp_path).returncode == 0
    assert (run / "curate.lock").read_bytes() == lock


def test_a_pack_that_is_asked_for_counts_after_a_choice_by_hand(data, tmp_path):
    run = tmp_path / "run"
    curate("clean", data, "-o", run, "-q", "--select", "turn")
    done = curate("decide", run, "--pack", "default")
    assert done.stdout.decode().startswith("kept 3 -> 2, dropped 0 -> 1")


def test_names_are_no_markup(data, tmp_path):
    (tmp_path / "[x").mkdir()
    odd = tmp_path / "[x" / "[/b]"
    curate("clean", data, "-o", tmp_path / "run", "-q")
    done = curate("decide", tmp_path / "run", "--ignore", "empty-response", "-o", odd, "-q")
    assert done.returncode == 0, done.stderr
    shown = curate("diff", tmp_path / "run", odd, COLUMNS="400")
    assert b"[x/[/b]" in shown.stdout, shown.stderr


def test_help_needs_nothing_heavy():
    program = (
        "import sys; sys.argv = ['curate', '--help']\n"
        "from curate.cli import main\n"
        "try: main()\n"
        "finally: print(sorted({'polars', 'numpy', 'pydantic', 'datasets'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.decode().splitlines()[-1] == "[]"


def test_who_names_a_rules_action_is_believed(tmp_path):
    rows = [
        {"instruction": f"Name fruit {n}.", "input": "", "output": "An apple."} for n in range(80)
    ]
    refused = "I can't help with that."
    rows += [{"instruction": f"What is {n}?", "input": "", "output": refused} for n in range(25)]
    data = tmp_path / "rows.jsonl"
    data.write_bytes(b"\n".join(orjson.dumps(row) for row in rows) + b"\n")
    run = tmp_path / "run"
    asked = ("clean", data, "-o", run, "--select", "refusal-answer", "--json")

    suspected = orjson.loads(curate(*asked).stdout)
    assert suspected["totals"]["dropped"] == 0

    insisted = orjson.loads(curate(*asked, "--force", "--set", "refusal-answer.action=drop").stdout)
    assert insisted["totals"]["dropped"] == 25

    curate("clean", data, "-o", run, "--select", "refusal-answer", "--force", "-q")
    again = curate("decide", run, "--set", "refusal-answer.action=drop", "--json")
    assert orjson.loads(again.stdout)["totals"]["dropped"] == 25

    wrong = curate("clean", data, "-o", run, "--set", "refusal-answer.action=edit", "--force")
    assert wrong.returncode == 2
    assert b"CODE.action=drop|flag" in wrong.stderr
