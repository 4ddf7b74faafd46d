"""Numbers that a question names, and how many items and words came."""

from __future__ import annotations

import orjson
import polars as pl
import pytest

from curate.ingest import Ingest
from curate.read import Record
from curate.row import to_frame
from curate.signals.demands import demands

LIST = "1. Blue\n2. Red\n3. Green"


def measure(instruction, answer):
    record = {"instruction": instruction, "output": answer}
    row, _ = Ingest()(Record("test", 1, orjson.dumps(record), None))
    return demands(to_frame([row])).row(0)


@pytest.mark.parametrize(
    ("instruction", "asked"),
    [
        ("List five colours.", 5),
        ("Please give me 12 ideas for a trip.", 12),
        ("Generate a list of ten names.", 10),
        ("Name the top 3 rivers.", 3),
        ("What are two benefits of rain?", 2),
        ("List colours.", None),
        ("Write five sentences.", None),
        ("List 3 pros and 3 cons.", None),
        ("Describe a house with five rooms.", None),
        ("The list has five items.", None),
    ],
)
def test_items_asked(instruction, asked):
    assert measure(instruction, LIST)[:2] == (asked, 3 if asked else None)


@pytest.mark.parametrize(
    ("answer", "given"),
    [
        (LIST, 3),
        ("Here they are:\n\n1) Blue\n2) Red", 2),
        ("**1. Blue**: calm\n**2. Red**: warm", 2),
        ("- Blue\n- Red\n- Green\n- White", 4),
        ("1. Blue 2. Red 3. Green", None),
        ("2. Blue\n3. Red", None),
        ("1. Blue\n1. Red", None),
        ("Blue, red", None),
        ("- Blue\nis calm\nand deep\n- Red\nis warm", None),
        ("", None),
    ],
)
def test_items_given(answer, given):
    assert measure("List five colours.", answer)[1] == given


@pytest.mark.parametrize(
    ("instruction", "least", "most"),
    [
        ("Write an essay about rain.", 30, None),
        ("Write a 300-word essay about rain.", 100, None),
        ("Write a story of at least 60 words.", 20, None),
        ("Describe rain in one word.", None, 1),
        ("Describe rain in 20 words or less.", None, 20),
        ("Describe rain in under fifteen words.", None, 15),
        ("Describe rain with no more than 40 words.", None, 40),
        ("Explain why it rains.", 3, None),
        ("Trim the 500-word essay.", None, None),
        ("Write a title for an essay.", None, None),
        ("What is the word for rain?", None, None),
    ],
)
def test_words_asked(instruction, least, most):
    made = measure(instruction, "Rain falls down.")
    assert made[2:] == (least, most, 3 if least or most else None)


def test_chinese_words_are_half_their_characters():
    assert measure("Describe rain in one word.", "雨从云中落下来")[4] == 3


def test_a_long_answer_needs_no_count():
    assert measure("Write an essay about rain.", "Rain falls down. " * 90)[2:] == (None,) * 3


def test_of_a_conversation_the_demand_that_is_not_met_is_told():
    texts = ["List three colours.", LIST, "List five more colours.", LIST]
    turns = [
        {"role": role, "content": text}
        for role, text in zip(["user", "assistant"] * 2, texts, strict=True)
    ]
    row, _ = Ingest()(Record("test", 1, orjson.dumps({"messages": turns}), None))
    assert demands(to_frame([row])).row(0) == (5, 3, None, None, None)
    assert set(demands(to_frame([])).schema.values()) == {pl.Int64}
