"""Looking through turns: what is found is named by its place, and what was asked for is no find."""

from __future__ import annotations

import re

import polars as pl
import pytest

from curate.text.evidence import PLACES, Turns, located, places, seen


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
    return map(seen, re.finditer(r"\d+", text))


ROWS = (
    [("user", "one"), ("assistant", "1 and 2, then 1")],
    [("system", "3"), ("user", "no"), ("assistant", "no"), ("user", "4")],
    [("user", "none")],
)


def test_finds_are_named_by_role_and_number_and_shown_once():
    found = Turns(frame(*ROWS)).find(r"\d", digits)
    assert found.evidence().to_list() == ["assistant 2: 1, 2", "system 1: 3; user 4: 4", None]


def test_rejected_answers_are_looked_at():
    turns = Turns(frame(ROWS[2], rejected="5"))
    assert turns.find(r"\d", digits).evidence().to_list() == ["rejected: 5"]
    assert turns.answers().find(r"\d", digits).evidence().to_list() == ["rejected: 5"]


def test_answers_and_gates_narrow():
    turns = Turns(frame(*ROWS))
    assert turns.answers().find(r"\d", digits).evidence().to_list() == [
        "assistant 2: 1, 2",
        None,
        None,
    ]
    assert turns.narrowed("3").find("", digits).evidence().to_list() == [None, "system 1: 3", None]
    assert (
        turns.find(r"\d", digits).evidence().to_list()[0] is not None
    )  # narrowing left it as it was


@pytest.mark.parametrize(
    ("row", "left"),
    [
        ((("user", "no"), ("assistant", "1")), None),
        ((("user", "2"), ("assistant", "no")), None),
        ((("system", "no"), ("user", "2"), ("assistant", "so")), None),
        ((("user", "no"), ("assistant", "so"), ("user", "which?"), ("assistant", "1")), "4: 1"),
        ((("user", "which?"), ("assistant", "1"), ("user", "no"), ("assistant", "2")), "2: 1"),
        ((("user", "no"), ("assistant", "so"), ("user", "it again"), ("assistant", "1")), None),
    ],
)
def test_an_exchange_about_it_is_left_alone(row, left):
    found = Turns(frame(row)).find(r"\d", digits, about="^no$")
    assert found.evidence().to_list() == [left and f"assistant {left}"]


@pytest.mark.parametrize(("asked", "left"), [("one", None), ("two", "assistant 4: 2")])
def test_what_the_user_said_last_decides(asked, left):
    row = [("user", "two"), ("assistant", "x"), ("user", "one"), ("assistant", "2")]
    assert Turns(frame(row)).find(r"\d", digits, asked=asked).evidence().to_list() == [left]


def test_nothing_in_an_empty_batch():
    made = located("at", {"a": Turns(frame()).find(r"\d", digits, about="a", asked="b")})
    assert made.to_dicts() == []
    assert made.schema == {"a": pl.String, "at": PLACES}


def test_places_are_characters_and_of_what_is_there_twice_the_first():
    rows = [("user", "\U0001f60a 12 and 12, 3"), ("assistant", "12")]
    turns = Turns(frame(ROWS[2], rows, rejected="or 5"))
    made = located("at", {"a": turns.find(r"\d", digits), "b": turns.find("^x", digits)})
    assert made["b"].to_list() == [None, None]
    found = places(made.with_columns(other=pl.lit(1))).rows()
    assert found == [
        (0, "a", None, 3, 4),
        *((1, "a", 1, 2, 4), (1, "a", 1, 13, 14), (1, "a", 2, 0, 2), (1, "a", None, 3, 4)),
    ]


def test_of_two_looks_the_second_counts_where_the_first_finds_nothing():
    turns = Turns(frame(*ROWS))
    made = turns.find("and", digits).otherwise(turns.find(r"\d", digits))
    assert made.evidence().to_list() == ["assistant 2: 1, 2", "system 1: 3; user 4: 4", None]


def test_nothing_has_a_place_where_no_signal_names_any():
    assert places(pl.DataFrame({"a": [1], "b": [["x"]]})).is_empty()
