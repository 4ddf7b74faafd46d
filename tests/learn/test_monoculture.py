"""Openings, closings and stock phrases, and how concentrated they are."""

from __future__ import annotations

import polars as pl
import pytest

from curate.learn.monoculture import FAMILIES, LEAST, monoculture
from curate.registry import signals

PHRASED = {
    "assurance": "Certainly! The capital is Lima.",
    "here is": "Sure, here's a list of rivers.",
    "important to note": "Rice is cheap. It is important to note that prices vary.",
    "conclusion": "It rains.\n\nIn conclusion, take a coat.",
    "as an AI": "As an AI language model, I eat nothing.",
    "offer of help": "Press the red one. Let me know if it works.",
    "not only but also": "It is not only quick, but also cheap.",
    "crucial role": "Bees play a crucial role in farming.",
    "variety": "The shop sells a wide variety of nails.",
    "delve": "Let us delve into the ledger.",
}
PLAIN = [
    "We were sure of it.",
    "Note the date.",
    "Their role was small.",
    "She sat here, and he stood.",
    "The conclusion in court was overall mild.",
    "Not bad.",
]


def measured(texts):
    return signals()["manner"](pl.DataFrame({"response": texts}, schema={"response": pl.String}))


def test_every_family_has_an_example():
    assert set(PHRASED) == set(FAMILIES)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_phrase_is_found(family):
    assert family in measured([PHRASED[family]])["answer_phrases"].to_list()[0]


@pytest.mark.parametrize("text", PLAIN)
def test_plain_text_has_none(text):
    assert measured([text])["answer_phrases"].to_list() == [[]]


def test_both_ends():
    made = measured(["“The cat,” he said, sat down.", "Yes", "...", "", None])
    assert made["answer_opening"].to_list() == ["the cat he", "yes", None, None, None]
    assert made["answer_closing"].to_list() == ["said sat down", "yes", None, None, None]
    assert made["answer_phrases"].to_list() == [[], [], [], None, None]
    assert measured([]).height == 0


def test_the_figures_add_up():
    texts = ["Certainly! Here is one of them."] * 60 + [f"{n} ways lead to {n}." for n in range(40)]
    told = monoculture(measured(texts))
    assert told["answers"] == 100
    assert told["openings"]["most"]["certainly here is"] == 0.6
    assert told["openings"]["alike"] == pytest.approx(60 * 59 / (100 * 99), abs=1e-6)
    assert told["openings"]["top"] == 0.69
    assert told["phrases"]["assurance"] == told["phrases"]["here is"] == told["stock"] == 0.6
    assert told["phrases"]["as an AI"] == 0
    assert set(told["people"]) == {"openings", "closings", "stock", *FAMILIES}


def test_few_answers_say_nothing():
    assert monoculture(measured(["One."] * (LEAST - 1) + [None] * 9)) is None
