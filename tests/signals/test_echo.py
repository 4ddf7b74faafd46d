"""Answers that give back what they were asked, and those that only sound like the question."""

from __future__ import annotations

import orjson
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.ingest import Ingest
from curate.read import Record
from curate.row import to_frame
from curate.signals.echo import NEAR, echo


def measure(instruction, answer, material=""):
    record = {"instruction": instruction, "input": material, "output": answer}
    row, _ = Ingest()(Record("test", 1, orjson.dumps(record), None))
    return echo(to_frame([row])).row(0)


@pytest.mark.parametrize(
    ("instruction", "answer", "material", "wanted"),
    [
        ("Tell the tale of Icarus.", "Tell the tale of Icarus", "", (1, "instruction")),
        ("Tell the tale of Icarus.", " TELL the tale of Icarus! ", "", (1, "instruction")),
        ("Sum up.", "Sum up. A boy fell down.", "A boy fell down.", (1, "prompt")),
        ("Sum up.", "A boy fell down", "A boy fell down.", (1, "input")),
        ("Sum up.", "“A boy fell  down.”", "A boy fell down.", (1, "input")),
        ("请讲伊卡洛斯的故事", "请讲伊卡洛斯的故事。", "", (1, "instruction")),
        ("Tell the tale of Icarus.", "The tale of Icarus.", "", (0.8, "instruction")),
        ("Tell the tale of Icarus.", "Icarus flew.", "", (0, None)),
        ("What is the capital of Norway?", "The capital of Norway is Oslo.", "", (0, None)),
        ("Was the battle of Lund a win or a loss?", "The battle of Lund was a win.", "", (0, None)),
        ("Combine.", "A boy fell, and down he went.", "A boy fell. Down he went.", (0, None)),
        ("Is it so?", "Yes", "Yes", (0, None)),
        ("", "", "", (0, None)),
    ],
)
def test_what_is_said_again(instruction, answer, material, wanted):
    share, what, _ = measure(instruction, answer, material)
    assert (pytest.approx(wanted[0]), wanted[1]) == (share, what)


def test_copying_tasks_are_noted():
    asked = "Repeat after me, please."
    assert measure(asked, asked) == (1, "instruction", True)
    asked = "Fix the grammar of it."
    assert measure(asked, asked) == (1, "instruction", False)
    assert measure(asked, "The sky is blue.", "The sky is blue.") == (1, "input", True)


def test_later_turns_are_compared_with_their_own_question():
    texts = ["How do trees drink?", "By their roots.", "How do fish sleep?", "How do fish sleep?"]
    turns = [
        {"role": role, "content": text}
        for role, text in zip(["user", "assistant"] * 2, texts, strict=True)
    ]
    row, _ = Ingest()(Record("test", 1, orjson.dumps({"messages": turns}), None))
    assert echo(to_frame([row])).row(0)[:2] == (1, "prompt")


def test_empty_frame():
    schema = {"echo_share": pl.Float64, "echo_of": pl.String, "echo_asked": pl.Boolean}
    assert echo(to_frame([])).schema == schema


@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=80))
def test_shares_are_shares(instruction, answer, material):
    share, what, _ = measure(instruction, answer, material)
    assert share == 0 or NEAR <= share <= 1
    assert (share == 0) == (what is None)
