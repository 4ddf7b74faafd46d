"""The end of a run fits any terminal, says the same without colour, and obeys no row."""

from __future__ import annotations

import io
import re

import pytest
from rich.cells import cell_len
from rich.console import Console

from curate.report import terminal
from curate.report.model import (
    Counts,
    Example,
    Part,
    Reason,
    Report,
    RuleReport,
    Segment,
    Source,
    Step,
    Twin,
)
from curate.report.terminal import MAX_RULES, _differing, print_summary


def part(label, *segments):
    return Part(label=label, segments=tuple(Segment(*one) for one in segments))


def example(line, *parts, **keys):
    place = {"id": f"{line:016x}", "source": "data.jsonl", "line": line}
    return Example(**place, **({"disposition": "dropped", "parts": parts} | keys))


def rule(code, hits, *examples, **keys):
    words = {"name": "A fault", "what": "What.", "why": "Why.", "action": "drop"}
    rest = {"severity": "error", "hits": hits, "decided": hits, "share": hits / 1000}
    return RuleReport(**({"code": code, **words, **rest, "examples": examples} | keys))


def make(*rules, **keys):
    totals = Counts(records=1000, kept=900, edited=0, dropped=98, quarantined=2)
    words = {"curate": "1", "pack": "default", "settings": {}, "totals": totals, "scored": 998}
    rest = {"flagged": 7, "formats": {"alpaca": 998}, "sources": (), "rules": rules}
    empty = {"quarantine": (), "distributions": (), "languages": (), "next_steps": ()}
    return Report(**(words | rest | empty | keys))


FOUND = example(
    12,
    part("user", ("text", "A question?")),
    part(
        "assistant",
        ("cut", "40"),
        ("text", "some words before it and "),
        ("hit", "the fault"),
        ("text", "\n\nand words after that go on and on and on and on and on and on and on"),
    ),
)
WIDE = example(
    13, part("assistant", ("text", "日本語" * 20), ("hit", "漢字"), ("text", "中文" * 40))
)
WHOLE = example(14, part("user", ("text", "Why? " * 30)), part("assistant"))
BESIDE = example(
    15,
    part("assistant", ("text", "the "), ("differs", "red"), ("text", " car")),
    twin=Twin(id="0", source="data.jsonl", line=3, parts=()),
)
SECRET = example(16, value="jo…om")
BLANK = example(19, part("user", ("hit", " \t")))
ADDED = example(
    20,
    part("assistant", ("text", "a cat")),
    value="0.93",
    twin=Twin(
        id="0",
        source="data.jsonl",
        line=4,
        parts=(part("assistant", ("text", "a "), ("differs", "black "), ("text", "cat")),),
    ),
)
QUOTED = example(18, part("assistant", ("text", "It is 5.")), value="2 + 2 = 4")
NUMBER = example(17, part("assistant", ("text", "An answer.")), value="0.12")
REFUSED = Reason(
    reason="unknown role …",
    rows=2,
    examples=(example(99, disposition="quarantined", value="messages[0].role: unknown role 'x'"),),
)
FULL = make(
    rule("a-fault", 90, FOUND, WIDE, WHOLE),
    rule("near-copy", 8, BESIDE, ADDED, BLANK),
    rule("pii-mail", 3, SECRET, action="flag", decided=0),
    rule("odd", 1, NUMBER, QUOTED, column="mismatch_score", action="flag", decided=0),
    rule("silent", 0),
    rule("much", 400, suspect=True, decided=0, share=0.4),
    quarantine=(REFUSED,),
    next_steps=(
        Step(what="See a row's story.", command="curate why DIR 00c"),
        Step(what="A longer sentence that has to be wrapped in a narrow terminal. " * 2),
    ),
)


def said(report=FULL, width=80, encoding="utf-8", folder=None, **keys):
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="")
    console = Console(file=file, width=width, **({"color_system": None} | keys))
    print_summary(report, console, folder)
    file.flush()
    return file.buffer.getvalue().decode(encoding)


def line_of(text, start):
    (line,) = [one for one in text.splitlines() if one.startswith(start)]
    return line


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140, 200])
def test_every_line_fits(width):
    for line in said(width=width).splitlines():
        assert cell_len(line) <= width, line
        assert line == line.rstrip()


def test_all_dispositions_are_told_with_their_shares_and_bars():
    text = said()
    kept, dropped = line_of(text, "kept"), line_of(text, "dropped")
    assert re.match(r"kept +900 +90\.0 % █+", kept)
    assert re.match(r"dropped +98 +9\.8 % █+", dropped)
    assert line_of(text, "edited") == "edited          0       0 %"
    assert "2     0.2 % ▏" in line_of(text, "quarantined   ")
    assert "records in  1,000" in text
    assert (kept.count("█"), dropped.count("█")) == (43, 4)
    assert "7 rows of the core flagged" in text


def test_long_names_of_files_are_cut_to_what_tells_them_apart():
    names = ["kept_data_set_of_may.json", "kept_data_set_of_june.json", "data_set_of_may.json"]
    assert _differing(names) == ["kept…may", "kept…june", "may"]
    assert _differing(["part-00000-of-00002.csv", "part-00001-of-00002.csv"]) == ["00000", "00001"]
    for alone in (["a_long_name.json"], ["data.jsonl", "data_test.jsonl"], ["x.json", "__.json"]):
        assert _differing(alone) == alone
    none = Counts(records=500, kept=500, edited=0, dropped=0, quarantined=0)
    found = FOUND.model_copy(update={"source": names[0]})
    report = make(rule("a", 1, found), sources=[Source(name=name, counts=none) for name in names])
    assert "  kept…may:12 " in said(report)
    assert f"  {names[0]}:12 " in said(report, width=140)


def test_a_rule_has_a_bar_and_rows_with_their_place_and_the_find_marked():
    text = said()
    assert re.match(r"a-fault +90 drops +█+", line_of(text, "a-fault"))
    found = line_of(text, "  data.jsonl:12")
    assert "… »the fault«↵and words after" in found or "and »the fault«↵and words after" in found
    assert found.endswith("…")
    assert "»漢字«" in line_of(text, "  data.jsonl:13")
    assert line_of(text, "  data.jsonl:14").endswith(" → (empty)")
    assert line_of(text, "  data.jsonl:15 beside 3") == "  data.jsonl:15 beside 3 the »red« car"
    other = "  data.jsonl:20 beside 4 the other has a »black «cat"
    assert line_of(text, "  data.jsonl:20") == other
    assert line_of(text, "  data.jsonl:19").endswith("  (blank)")
    assert line_of(text, "  data.jsonl:16") == "  data.jsonl:16 jo…om"
    assert line_of(text, "  data.jsonl:17") == "  data.jsonl:17 mismatch_score 0.12 An answer."
    assert line_of(text, "  data.jsonl:18") == "  data.jsonl:18 2 + 2 = 4 | It is 5."
    assert "1 rule found nothing" in text


def test_the_find_is_on_the_line_in_a_narrow_terminal_too():
    for width in (60, 80):
        text = said(width=width)
        assert "»the fault" in text
        assert "»漢字" in text


def test_what_needs_a_person_is_called_out():
    text = said()
    assert "suspect much hit 40.0 % of the rows" in text
    assert "quarantined 2 records:" in text
    assert "data.jsonl:99: messages[0].role: unknown role 'x' (and 1 like it)" in text


def test_rules_beyond_the_first_dozen_are_counted():
    text = said(make(*(rule(f"r-{number:02}", 50 - number) for number in range(20))))
    assert len(re.findall(r"^r-\d\d", text, re.MULTILINE)) == MAX_RULES
    assert "8 more rules hit rows" in text
    assert "1 more rule hit rows" in said(make(*(rule(f"r-{n}", 50 - n) for n in range(13))))


def test_commands_name_the_folder_as_a_shell_reads_it():
    text = said(folder="out/my run")
    assert "look next 'out/my run'/report.html" in text
    assert "  curate why 'out/my run' 00c" in text
    assert "  curate why DIR 00c" in said()


def test_a_run_without_findings_is_short():
    text = said(make(rule("one", 0), flagged=0, totals=Counts(records=5, kept=5)))
    assert "None of 1 rule hit a row." in text
    assert "100 %" in line_of(text, "kept")
    assert "flagged" not in text


def test_a_pipe_gets_no_escape_codes():
    assert "\x1b" not in said()
    assert "\x1b" not in said(color_system="auto")


def test_colour_marks_the_find_and_no_sign_is_needed():
    text = said(color_system="truecolor", force_terminal=True)
    assert "»" not in text
    assert re.search("\x1b\\[[0-9;]+mthe fault\x1b\\[0m", text)
    assert not re.search("\x1b(?!\\[[0-9;]*m)", text)


def test_no_color_marks_by_signs():
    text = said(color_system="truecolor", force_terminal=True, no_color=True)
    assert "»the fault«" in re.sub("\x1b\\[[0-9;]*m", "", text)


def test_a_terminal_of_ascii_gets_ascii():
    text = said(encoding="ascii")
    assert "####" in line_of(text, "kept")
    assert ">>the fault<<" in text
    assert "\\u6f22\\u5b57" in text
    for line in text.splitlines():
        assert len(line) <= 80


def test_markup_in_a_row_is_text():
    hostile = example(1, part("user", ("text", "[red]x[/red] :smile: "), ("hit", "[bold]y")))
    assert "[red]x[/red] :smile: »[bold]y«" in said(make(rule("a", 1, hostile)))


def test_commands_are_called_as_the_run_was(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda _name: None)
    monkeypatch.setattr("sys.argv", [".venv/bin/curate", "clean"])
    assert terminal._command("curate why DIR 3", "out") == ".venv/bin/curate why out 3"
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    assert terminal._command("curate why DIR 3", "out") == "curate why out 3"
