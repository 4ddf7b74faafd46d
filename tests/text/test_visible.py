"""Nothing that comes from data, a name or an argument acts on a terminal, a page or a CI."""

from __future__ import annotations

import json
import re
from contextlib import suppress

import pytest

from curate.cli import main
from curate.text.visible import as_message, bare, on_a_line, visible

ACTS = "\x1b[31mRED\x1b]0;title\x07\u202e\x9b2J"
ACTING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")
GOOD = {"instruction": "Hue?", "input": "", "output": "Blue."}


def test_each_function_spells_out_what_it_says():
    assert visible("a\x1b\n\u202eb") == "a⟨U+001B⟩\n⟨U+202E⟩b"
    assert on_a_line("a\n::b\tc") == "a⟨U+000A⟩::b⟨U+0009⟩c"
    assert as_message("a\nb\n ::error::c") == "a\nb⟨U+000A⟩ ::error::c"
    assert bare("a\u200bb") == ("ab", [0, 2])


@pytest.fixture
def said(monkeypatch, capsys):
    """What a command line prints, on stdout and stderr."""

    def run(*words):
        monkeypatch.setattr("sys.argv", ["curate", *map(str, words)])
        with suppress(SystemExit):
            main()
        return "".join(capsys.readouterr())

    return run


def lines(path, *records):
    path.write_text("".join(f"{json.dumps(one)}\n" for one in records), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "words",
    [
        ("clean", "x.jsonl", f"--{ACTS}"),
        (ACTS,),
        (f"--{ACTS}",),
        ("clean", "x.jsonl", "-o", "y", "--pack", ACTS),
        ("explain", ACTS),
        ("split", "x.jsonl", "-o", "y", "--eval", ACTS),
        ("clean", f"{ACTS}\n::error::no.jsonl", "-o", "y"),
    ],
)
def test_an_error_that_repeats_an_argument_is_inert(said, words):
    told = said(*words)
    assert told
    assert not ACTING.search(told)
    assert not re.search(r"^\s*::", told, re.MULTILINE)


@pytest.mark.parametrize("command", ["clean", "check", "convert", "split"])
def test_keys_of_refused_records_are_inert(said, tmp_path, command):
    path = lines(tmp_path / "rows.jsonl", {ACTS: 1, "a\n::error::b": 2, "instruction": "y"})
    target = [tmp_path / "out.jsonl"] if command == "convert" else ["-o", tmp_path / "out"]
    told = said(command, path, *([] if command == "check" else target))
    assert "RED" in told
    assert not ACTING.search(told)
    assert not re.search(r"^\s*::", told, re.MULTILINE)


@pytest.mark.parametrize("form", ["text", "markdown", "junit"])
def test_a_name_starts_no_line_of_a_check(said, tmp_path, form):
    path = lines(tmp_path / f"a{ACTS}\n::error::b.jsonl", GOOD, GOOD, {"a\n::error::x": 1})
    told = said("check", path, "--output", form)
    assert "error" in told
    assert not ACTING.search(told)
    assert not re.search(r"^\s*::", told, re.MULTILINE)


def test_reports_and_commands_on_a_run_are_inert(said, tmp_path):
    other = {"instruction": "Hue?", "input": "", "output": f"{ACTS} {ACTS}"}
    path = lines(tmp_path / f"a{ACTS}.jsonl", GOOD, GOOD, other, {ACTS: 1, "instruction": "q"})
    out = tmp_path / f"run{ACTS}"
    told = [said("clean", path, "-o", out, "--pack", "all")]
    told += [said("why", out, line) for line in "1234"]
    told += [said("diff", out, out), said("verify", out), said("report", out)]
    told += [said("split", path, "-o", tmp_path / f"split{ACTS}")]
    good = lines(tmp_path / "good.jsonl", GOOD)
    told += [said("convert", good, tmp_path / f"made{ACTS}.jsonl", "--to", "chatml")]
    told += [(out / name).read_text(encoding="utf-8") for name in ("report.html", "report.md")]
    for one in told:
        assert not ACTING.search(one)
