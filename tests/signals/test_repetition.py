"""What an answer says again: shares, lines and loops, in words, letters and characters."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.ingest import Ingest
from curate.read import Record
from curate.row import to_frame
from curate.signals.repetition import repetition

SKY = "The air scatters short waves more than long ones. We see blue light from all of the sky. "


def measure(answer, asked="Why is the sky blue?"):
    record = {"instruction": asked, "output": answer}
    row, _ = Ingest()(Record("test", 1, orjson.dumps(record), None))
    return repetition(to_frame([row])).row(0, named=True)


def test_a_text_said_twice_has_a_half():
    made = measure(SKY + SKY)
    assert made["repetition_share"] == pytest.approx(0.5)
    assert made["repetition_lines"] == pytest.approx(0.5)
    assert made["repetition_loop"] == 2


def test_a_text_said_once_has_nothing():
    made = measure(SKY)
    assert made == {
        "repetition_share": 0,
        "repetition_lines": 0,
        "repetition_loop": 1,
        "repetition_unit": None,
        "repetition_asked": False,
    }


@pytest.mark.parametrize(
    ("answer", "times", "unit"),
    [
        ("Eat a banana! " * 9, 9, "eat a banana !"),
        ("It is " + "the " * 12 + "light.", 12, "the"),
        ("Oh " + "ha" * 20, 20, None),
        ("It is so l" + "o" * 30 + "ng, this day", 30, None),
        ("空气散射蓝光。" * 6, 6, "空 气 散 射 蓝 光 。"),
        ("哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈哈", 20, "哈"),
        ("- a pen\n- a ruler\n" * 8, 8, "a pen a ruler"),
    ],
)
def test_a_loop_is_counted(answer, times, unit):
    made = measure(answer)
    assert made["repetition_loop"] == times
    assert unit is None or made["repetition_unit"] == unit


@pytest.mark.parametrize(
    "answer",
    [
        "def f(x):\n    return x\n\n" * 9,
        "| Ann | yes |\n" * 9,
        "<li>one</li>\n" * 9,
        "1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0",
        "-" * 90,
        "_ " * 60,
        "A A A A A A A A A A A A A A A A A A A A A A",
    ],
)
def test_what_repeats_by_nature_is_no_loop(answer):
    assert measure(answer)["repetition_loop"] == 1


def test_numbered_lines_are_the_same_line():
    lines = [f"{number}. The Old Captain by Ann Lee" for number in range(1, 6)]
    assert measure("\n".join(lines))["repetition_lines"] == pytest.approx(0.8)


@pytest.mark.parametrize("asked", ["Write a song.", "Say it 9 times.", "Lay it out as a table."])
def test_a_question_for_repetition_is_noted(asked):
    assert measure("Row your boat. " * 9, asked)["repetition_asked"]


@pytest.mark.parametrize(
    "asked",
    ["Name a vegetable.", "Is it sometimes so?", "What is the periodic table?", "Drums or no?"],
)
def test_a_word_within_a_word_asks_for_nothing(asked):
    assert not measure("Row your boat. " * 9, asked)["repetition_asked"]


def test_rows_and_turns_stay_apart():
    # The same answer in two rows, and in two turns, repeats nothing.
    texts = ["Why?", SKY, "Again?", SKY]
    turns = [
        {"role": role, "content": text}
        for role, text in zip(["user", "assistant"] * 2, texts, strict=True)
    ]
    records = [
        {"instruction": "a", "output": SKY},
        {"messages": turns},
        {"instruction": "a", "output": SKY * 3},
        {"instruction": "a", "output": ""},
    ]
    rows = [Ingest()(Record("t", 1, orjson.dumps(one), None))[0] for one in records]
    assert repetition(to_frame(rows))["repetition_loop"].to_list() == [1, 1, 3, 1]


def test_empty_frame():
    assert repetition(to_frame([])).height == 0


@given(st.text(max_size=300), st.integers(1, 4))
def test_shares_are_shares(text, times):
    made = measure(text * times)
    assert 0 <= made["repetition_share"] < 1
    assert 0 <= made["repetition_lines"] < 1
    assert made["repetition_loop"] >= 1
