"""Looking through turns: what is found is named by its place, and what was asked for is no find."""

from __future__ import annotations

import re

import polars as pl
import pytest

from curate.evidence import Turns


def frame(*rows, rejected=None):
    return pl.DataFrame(
        {
            "roles": [[role for role, _ in row] for row in rows],
            "texts": [[text for _, text in row] for row in rows],
            "rejected": [rejected] * len(rows),
        },
        schema={"roles": pl.List(pl.String), "texts": pl.List(pl.String), "rejected": pl.String},
    )


def digits(text):
    return re.findall(r"\d+", text)


ROWS = (
    [("user", "one"), ("assistant", "1 and 2, then 1")],
    [("system", "3"), ("user", "no"), ("assistant", "no"), ("user", "4")],
    [("user", "none")],
)


def test_finds_are_named_by_role_and_number_and_shown_once():
    found = Turns(frame(*ROWS)).find(r"\d", digits)
    assert found.to_list() == ["assistant 2: 1, 2", "system 1: 3; user 4: 4", None]


def test_rejected_answers_are_looked_at():
    turns = Turns(frame(ROWS[2], rejected="5"))
    assert turns.find(r"\d", digits).to_list() == ["rejected: 5"]
    assert turns.answers().find(r"\d", digits).to_list() == ["rejected: 5"]


def test_answers_and_gates_narrow():
    turns = Turns(frame(*ROWS))
    assert turns.answers().find(r"\d", digits).to_list() == ["assistant 2: 1, 2", None, None]
    assert turns.narrowed("3").find("", digits).to_list() == [None, "system 1: 3", None]
    assert turns.find(r"\d", digits).to_list()[0] is not None  # narrowing left it as it was


def test_a_row_about_it_is_left_alone():
    found = Turns(frame(*ROWS)).find(r"\d", digits, about="^no$")
    assert found.to_list() == ["assistant 2: 1, 2", None, None]


@pytest.mark.parametrize(("asked", "left"), [("one", None), ("two", "assistant 4: 2")])
def test_what_the_user_said_last_decides(asked, left):
    row = [("user", "two"), ("assistant", "x"), ("user", "one"), ("assistant", "2")]
    assert Turns(frame(row)).find(r"\d", digits, asked=asked).to_list() == [left]


def test_nothing_in_an_empty_batch():
    made = Turns(frame()).find(r"\d", digits, about="a", asked="b")
    assert made.to_list() == []
    assert made.dtype == pl.String
