"""A row's story shows what is in it, but no secret and nothing that acts on a terminal."""

from __future__ import annotations

import re
import sys

import orjson
import pytest

from curate.cli import main
from curate.config import Settings
from curate.pipeline import clean
from curate.why import difference

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
