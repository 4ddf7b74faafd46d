"""A row's story shows what is in it, but no secret and nothing that acts on a terminal."""

from __future__ import annotations

import json
import re
import sys

import orjson
import polars as pl
import pytest

from curate.cli import main
from curate.config import Settings
from curate.pipeline import clean
from curate.report.story import difference

KEY = "sk-proj-" + "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY1zA3bC5"
WORDS = " ".join(f"word{number}" for number in range(60))


def row(answer, question="What is my key?"):
    return {"instruction": question, "input": "", "output": answer}


HIDDEN = {
    "found by a signal": [row(f"It is {KEY}.")],
    "behind line ends that consoles swallow": [row(f"Well\r\nit\r\nis {KEY}.")],
    "behind what an edit takes out": [row(f"\u200b\u200b\u200bIt is {KEY}.")],
    "beside a twin": [row(f"It is {KEY}. {WORDS}"), row(f"It is {KEY}. {WORDS[:-6]}other")],
    "found by a pattern": [row("-----BEGIN RSA PRIVATE KEY-----\n" + f"{KEY}\n" * 4)],
}


def told(folder, monkeypatch, capsys, *words):
    monkeypatch.setattr(sys, "argv", ["curate", "why", str(folder), *words])
    main_ends()
    return capsys.readouterr().out


def main_ends():
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0


def run(folder, rows, **options):
    path = folder / "data.jsonl"
    path.write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in [row("Blue.", "Hue?"), *rows]))
    clean([path], folder / "run", Settings(**options))
    return folder / "run"


@pytest.mark.parametrize("fix", [False, True])
@pytest.mark.parametrize("name", HIDDEN)
def test_secrets_are_not_shown_unasked(tmp_path, monkeypatch, capsys, name, fix):
    made = run(tmp_path, HIDDEN[name], fix=fix)
    line = str(1 + len(HIDDEN[name]))
    text = told(made, monkeypatch, capsys, line)
    assert "secret-" in text
    assert KEY[10:] not in text
    asked = told(made, monkeypatch, capsys, line, "--unmasked")
    assert KEY in "".join(asked.split())


def chat(*turns, **more):
    return {"messages": [{"role": role, "content": text} for role, text in turns], **more}


CALL = {"type": "function", "function": {"name": "log_in", "arguments": json.dumps({"key": KEY})}}
PASSWORD = "Hunter2031"  # noqa: S105 - nobody's
# Where a secret may stand, and what else of the row must be seen.
PLACES = {
    "at the start": (row(f"{KEY} is yours."), "is yours."),
    "at the end": (row(f"Yours is {KEY}"), "Yours is"),
    "behind signs outside the BMP": (row(f"\U0001f511\U0001f511 Yours is {KEY}!"), "Yours is"),
    "in a code block": (row(f"Run:\n```sh\nexport A={KEY}\n```\nDone."), "export A="),
    "twice and in the question": (row(f"{KEY}, I say {KEY}.", f"Is it {KEY}?"), "I say"),
    "in a system text": (
        chat(("system", f"Use {KEY}."), ("user", "Go."), ("assistant", "Gone.")),
        "Gone.",
    ),
    "in a rejected answer": (
        {"prompt": "Which?", "chosen": "Mine.", "rejected": f"\U0001f511 Take {KEY} now."},
        "Mine.",
    ),
    "in a tool call": (
        {
            "messages": [
                {"role": "user", "content": "Log in."},
                {"role": "assistant", "content": None, "tool_calls": [CALL]},
            ]
        },
        "log_in",
    ),
    "within another find": (row(f"My password is {PASSWORD}{KEY}@kestrel.org, yes."), ", yes."),
    "told once, said again": (row(f"My password is {PASSWORD}! So {PASSWORD} it is."), "it is."),
    "in a line that is no record": ({"instruction": 3, "output": f"it is\n{KEY}."}, "instruction"),
    "with escapes in such a line": (
        json.dumps({"instruction": 3, "output": f"it is {KEY}."}).replace("-", "\\u002d"),
        "instruction",
    ),
}


@pytest.mark.parametrize("name", PLACES)
def test_only_the_secret_is_masked_wherever_it_stands(tmp_path, monkeypatch, capsys, name):
    record, also = PLACES[name]
    raw = record if isinstance(record, str) else json.dumps(record)
    path = tmp_path / "data.jsonl"
    path.write_text(f"{json.dumps(row('Blue.', 'Hue?'))}\n{raw}\n", encoding="utf-8")
    clean([path], tmp_path / "run", Settings(pack="all"))
    text = told(tmp_path / "run", monkeypatch, capsys, "2")
    report = [(tmp_path / "run" / f"report.{kind}").read_text() for kind in ("html", "json", "md")]
    as_json = told(tmp_path / "run", monkeypatch, capsys, "2", "--json")
    for said in (text, as_json, *report):
        assert not [part for part in (KEY[10:20], KEY[-8:-2], PASSWORD[2:8]) if part in said]
    assert also in text
    assert also in as_json
    assert "…" in text
    assert "not shown" not in text
    asked = told(tmp_path / "run", monkeypatch, capsys, "2", "--unmasked", "--json")
    assert json.loads(asked)["raw"] == raw


@pytest.mark.parametrize("name", ["in a rejected answer", "behind signs outside the BMP"])
def test_findings_have_spans(tmp_path, name):
    made = run(tmp_path, [PLACES[name][0]])
    found = pl.read_parquet(made / "findings.parquet").filter(pl.col("code") == "secret-key")
    turn = None if "rejected" in name else 2
    start = 7 if turn is None else 12
    assert found["span"].to_list() == [{"turn": turn, "start": start, "end": start + len(KEY)}]


def test_nothing_in_a_row_acts_on_the_terminal(tmp_path, monkeypatch, capsys):
    made = run(tmp_path, [row("\x1b[2J\x1b]0;title\x07 [red]x[/red] [/b]", "a\u202eb [bold]")])
    text = told(made, monkeypatch, capsys, "2")
    assert "[red]x[/red] [/b]" in text
    assert "[bold]" in text
    assert not set("\x1b\x07\u202e") & set(text)


def test_a_difference_is_seen_without_colour_and_numbers_are_rounded(tmp_path, monkeypatch, capsys):
    rows = [row(f"{WORDS} old end", "Near?"), row(f"{WORDS} new end.", "Near?")]
    made = run(tmp_path, rows)
    plain = " ".join(told(made, monkeypatch, capsys, "3").split())
    assert "word59 [-old-]{+new+} end{+.+}" in plain
    assert "[-only there-] {+only here+}" in plain
    assert re.search(r"near_duplicate_similarity = 0\.\d{3},", plain)
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured = told(made, monkeypatch, capsys, "3")
    assert "{+" not in coloured
    assert "\x1b[4;32m" in coloured


def test_finds_are_marked_in_the_text_that_was_measured(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    made = run(tmp_path, [row("\u200b\u200b\u200bSure.\x0b And more.")], fix=True)
    assert "Sure.\x1b[7m⟨U+000B⟩\x1b[0m And" in told(made, monkeypatch, capsys, "2")


def test_long_texts_that_share_most_are_compared_word_by_word():
    words = [f"w{number}" for number in range(20_000)]
    other = [*words[:10_000], "new", *words[10_001:]]
    parts = difference(" ".join(words), " ".join(other))
    assert [part for part in parts if part[0] != "same"] == [
        ("only there", "new"),
        ("only here", "w10000"),
    ]
    assert "".join(text for kind, text in parts if kind != "only there") == " ".join(words)


def test_long_texts_that_share_little_are_shown_one_after_the_other():
    one, other = "a b " * 5000, "b c " * 5000
    assert difference(one, other) == [
        ("only there", other.removesuffix(" ")),
        ("only here", one.removesuffix(" ")),
        ("same", " "),
    ]
