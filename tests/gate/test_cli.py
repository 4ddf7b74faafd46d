"""`curate check` and `curate init` as a shell sees them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from io import StringIO
from pathlib import Path

import polars as pl
import pytest

import curate
from curate import cache
from curate.cli import main
from curate.gate import check as gate
from curate.gate import keep, outputs
from curate.testing import assert_clean
from tests.gate.data import EMPTY, GOOD, MAIL, NO_ROW, written

DATA = Path("data.jsonl")


def test_lines_are_cut_for_a_terminal_alone(monkeypatch):
    name = "a-name-that-takes-much-of-the-room-which-eighty-columns-have.jsonl"
    saved = Path("what-the-data-was-like-before-anybody-had-touched-it.json")
    saved.write_text(curate.check(written(Path(name), *GOOD)).model_dump_json())
    written(Path(name), *GOOD, EMPTY)
    words = ("check", name, "--baseline", str(saved), "--only-new")
    monkeypatch.delenv("COLUMNS", raising=False)
    said = elsewhere(*words).stdout
    change = f"beside {saved}, new rows alone count: records 8 -> 9, kept 8 -> 8, dropped 0 -> 1"
    assert f"{change}, quarantined 0 -> 0" in said.splitlines()
    assert elsewhere(*words, env=os.environ | {"COLUMNS": "60"}).stdout == said

    class Terminal(StringIO):
        encoding = "utf-8"

        def isatty(self):
            return True

    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "stdout", Terminal())
    outputs.write(gate(name, baseline=saved, only_new=True), [outputs.Output("text")])
    shown = sys.stdout.getvalue().splitlines()
    assert len(shown) == len(said.splitlines())
    assert f"{change[:79]}…" in re.sub(r"\x1b\[[\d;]*m", "", "\n".join(shown)).splitlines()


@pytest.fixture
def run(capsys, monkeypatch):
    """The command line in this process, as a shell sees it: it takes a tenth of another one."""

    def call(*words: str):
        monkeypatch.setattr(sys, "argv", ["curate", *words])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code or 0
        said = capsys.readouterr()
        return subprocess.CompletedProcess(words, code, said.out, said.err)

    return call


def elsewhere(*words: str, **given):
    """The command line in a process of its own."""
    command = [sys.executable, "-m", "curate", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, **given)


@pytest.mark.parametrize(
    ("rows", "words", "code", "said"),
    [
        (GOOD, [], 0, "passed: "),
        ([*GOOD, EMPTY], [], 1, "rules.empty-response"),
        ([*GOOD, EMPTY], ["--ignore", "empty"], 0, "passed"),
        ([*GOOD, EMPTY], ["--select", "pii"], 0, "passed"),
        ([*GOOD, EMPTY], ["--pack", "default", "--json"], 1, '"passed": false'),
        ([*GOOD, EMPTY], ["--quiet"], 1, ""),
        (["{not json"] * 200, [], 3, "not one of the 200 records is valid"),
        ([*GOOD, *["{not json"] * 200], [], 1, "200 rows"),
        ([], [], 3, "data.jsonl: is empty"),
        (GOOD, ["--config", "nosuch.toml"], 2, "nosuch.toml: No such file"),
        (GOOD, ["--pack", "nosuch"], 2, "no pack is named 'nosuch'"),
        (GOOD, ["--ignore", "nosuch"], 2, "no rule is named 'nosuch'"),
        (GOOD, ["--output", "nosuch"], 2, "no form 'nosuch'"),
        ([*GOOD, EMPTY], ["--select", "fix"], 2, "these rules mend rows, and find no fault"),
        ([*GOOD, EMPTY], ["--select", "fix-noinput"], 2, "select the rule that reports it"),
        ([*GOOD, EMPTY], ["--select", "pii,fix-noinput"], 2, "mends rows and finds no fault"),
        ([*GOOD, EMPTY], ["--ignore", "all"], 2, "no rule is left to check by"),
        ([*GOOD, EMPTY], ["--select", "empty", "--ignore", "empty"], 2, "no rule is left"),
        (GOOD, ["--only-new"], 2, "--only-new needs to know what is old"),
        (GOOD, ["--baseline", "nosuch.json"], 3, "nosuch.json: No such file"),
    ],
)
def test_exit_codes(run, rows, words, code, said):
    written(DATA, *rows)
    done = run("check", "data.jsonl", *words)
    assert done.returncode == code, done.stderr
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    if words == ["--quiet"]:
        assert done.stdout == ""


def test_reports_are_written_beside_the_text(run):
    written(DATA, *GOOD, EMPTY)
    done = run("check", "data.jsonl", "--output", "junit=ci/out.xml", "--report", "out.json")
    assert done.returncode == 1
    assert "failed: " in done.stdout
    assert json.loads(Path("out.json").read_text())["passed"] is False
    assert Path("ci/out.xml").read_text().startswith("<?xml")


def test_a_report_that_cannot_be_written(run):
    written(DATA, *GOOD)
    Path("file").write_text("")
    done = run("check", "data.jsonl", "--report", "file/out.json")
    assert done.returncode == 3
    assert "can't be written" in done.stderr


def test_a_reader_that_goes_early_does_not_make_it_pass():
    rows = [EMPTY | {"instruction": f"Name a river of {n}."} for n in range(3000)]
    written(DATA, *rows, *GOOD)
    command = f"{sys.executable} -m curate check data.jsonl --json | head -c 10; exit $PIPESTATUS"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")


def test_standard_input():
    written(DATA, *GOOD, EMPTY)
    done = elsewhere("check", "-", "--output", "github", input=DATA.read_text())
    assert done.returncode == 1
    assert done.stdout.startswith("::error file=-,title=curate%3A empty-response,line=9::")


def test_a_name_that_is_not_utf8():
    written(DATA, *GOOD)
    odd = b"d\xff.jsonl"
    Path(DATA).rename(odd.decode("utf-8", "surrogateescape"))
    done = subprocess.run(
        [sys.executable, "-m", "curate", "check", odd], capture_output=True, check=False
    )
    assert done.returncode == 3
    assert b"not UTF-8; rename it" in done.stderr


def test_since_a_branch(run):
    written(DATA, *GOOD, MAIL)
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (["init", "-qb", "main"], ["add", "."], ["commit", "-qm", "base"]):
        subprocess.run([*git, *words], check=True)
    assert run("check", "--since", "main", "--", "data.jsonl").returncode == 0
    written(DATA, EMPTY, *GOOD, MAIL)
    done = run("check", "--since", "main", "--", "data.jsonl")
    assert done.returncode == 1
    assert "beside main, new rows alone count: records 9 -> 10, kept 8 -> 8" in done.stdout


# --- the cache ----------------------------------------------------------------------------------


@pytest.fixture
def measured(monkeypatch):
    """How often something is measured."""
    calls = []
    judged = sys.modules["curate.gate.check"]._judged

    def counted(*given):
        calls.append(given)
        return judged(*given)

    monkeypatch.setattr(sys.modules["curate.gate.check"], "_judged", counted)
    return calls


def test_what_has_not_changed_is_not_measured_again(measured):
    written(DATA, *GOOD, EMPTY)
    first = gate(DATA)
    assert gate(DATA) == first
    assert gate([DATA]) == first
    assert len(measured) == 1
    gate(DATA, no_cache=True)
    assert len(measured) == 2


def test_whatever_the_result_depends_on_makes_another_key(measured):
    written(DATA, *GOOD)
    gate(DATA)
    written(DATA, *GOOD, EMPTY)
    assert not gate(DATA).passed
    assert gate(DATA, curate.Config(check={"rules": {"empty": "> 5"}})).passed
    Path("rules").mkdir()
    rule = (Path(__file__).parents[2] / "rules" / "empty-response.yaml").read_text()
    Path("rules/empty-response.yaml").write_text(rule)
    own = curate.Config(clean={"rules": ["rules"]})
    assert not gate(DATA, own).passed
    Path("rules/empty-response.yaml").write_text(rule.replace("action: drop", "action: flag")
        .replace("severity: error", "severity: info"))  # fmt: skip
    assert gate(DATA, own).passed
    DATA.rename("other.jsonl")
    assert gate("other.jsonl").faults[0].source == "other.jsonl"
    assert len(measured) == 6


def test_what_is_no_file_is_measured_every_time(measured):
    for name in ("frame", "-"):
        written(Path(name), *GOOD)
    assert gate(pl.DataFrame(GOOD)).passed
    assert not gate(pl.DataFrame([*GOOD, EMPTY])).passed
    assert len(measured) == 2


def test_a_damaged_entry_is_measured_again(measured):
    written(DATA, *GOOD)
    gate(DATA)
    (entry,) = (one for one in cache.folder().rglob("*") if len(one.name) == 64)
    key = entry.name
    cache.put(keep.KIND, key, b'{"version": 9}')
    assert gate(DATA).passed
    assert len(measured) == 2


def test_a_check_that_stores_rows_is_never_skipped(measured):
    written(DATA, *GOOD, EMPTY)
    Path("curate.toml").write_text("[check]\nrules.empty = { store = 'bad.jsonl' }\n")
    gate(DATA)
    Path("bad.jsonl").unlink()
    gate(DATA)
    assert Path("bad.jsonl").exists()
    assert len(measured) == 2


def test_the_base_of_since_is_measured_once(measured):
    written(DATA, *GOOD)
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (["init", "-qb", "main"], ["add", "."], ["commit", "-qm", "base"]):
        subprocess.run([*git, *words], check=True)
    for number in range(3):
        written(DATA, *GOOD[number:], EMPTY)
        gate(DATA, since="main")
    assert len(measured) == 4


@pytest.mark.slow
def test_fast_enough_for_a_hook():
    """Cold 10,000 rows, then the same again. The goals are 2 s and 1 s; here CPU-seconds count."""
    rows = [
        {"instruction": f"Name {n} rivers of land {n * 7}.", "input": "",
         "output": f"There are {n} of them, says the atlas of {n % 90 + 1900}."}
        for n in range(10_000)
    ]  # fmt: skip
    written(DATA, *rows)
    took = []
    for _ in range(2):
        before = _children()
        elsewhere("check", "data.jsonl", "--quiet")
        took.append(_children() - before)
    assert took[0] < 4
    assert took[1] < 1


def _children() -> float:
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


# --- init ---------------------------------------------------------------------------------------


def test_init_starts_green_and_lets_nothing_get_worse(run):
    rows = [*GOOD, EMPTY, MAIL, NO_ROW]
    written(DATA, *rows)
    done = run("init", "data.jsonl")
    assert done.returncode == 0, done.stderr
    assert "curate check data.jsonl" in done.stdout
    report = curate.check(DATA)
    assert report.passed
    assert report.warnings == ()
    assert report.config == "curate.toml"
    for worse in (EMPTY | {"instruction": "Another?"}, "{not json", GOOD[0]):
        assert not curate.check(written(DATA, *rows, worse)).passed
    assert not curate.check(written(DATA, *rows[2:])).passed  # rows got lost


def test_init_says_what_is_there_today(run):
    written(DATA, *GOOD, EMPTY)
    text = run("init", "data.jsonl", "-o", "-").stdout
    assert not Path("curate.toml").exists()
    said = tomllib.loads(text)["check"]
    assert said["rules"] == {"empty-response": "> 1"}
    assert said["figures"] == {"rows": "< 8"}
    assert "# Limits of `curate check`, inferred from data.jsonl: 9 rows." in text


def test_init_keeps_how_the_data_is_read(run):
    written(DATA, *({"ask": one["instruction"], "say": one["output"]} for one in GOOD))
    done = run("init", "data.jsonl", "--map", "instruction=ask,output=say", "--ignore", "turn")
    assert done.returncode == 0, done.stderr
    assert curate.check(DATA).passed


def test_init_overwrites_nothing(run):
    written(DATA, *GOOD)
    Path("curate.toml").write_text("# mine\n")
    done = run("init", "data.jsonl")
    assert done.returncode == 3
    assert "--force replaces it" in done.stderr
    assert Path("curate.toml").read_text() == "# mine\n"
    assert run("init", "data.jsonl", "--force").returncode == 0
    assert "[check]" in Path("curate.toml").read_text()


# --- pytest -------------------------------------------------------------------------------------


def test_assert_clean():
    assert assert_clean(written(DATA, *GOOD)).passed
    written(DATA, *GOOD, EMPTY)
    with pytest.raises(AssertionError, match=r"rules\.empty-response") as caught:
        assert_clean(DATA)
    assert "data.jsonl:9" in str(caught.value)
    assert assert_clean(DATA, curate.Config(check={"rules": {"empty": "> 1"}}), no_cache=True)
