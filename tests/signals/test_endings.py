"""Cut endings are told from finished ones, by what stands there and by how the rest is written."""

from __future__ import annotations

import orjson
import polars as pl
import pytest

from curate.ingest import Ingest
from curate.read import Record
from curate.row import to_frame
from curate.signals.endings import SCORES, endings

SKY = "The air scatters short waves more than long ones. Blue is short. "

CUT = [
    (SKY + "It is scattered by the", "function word"),
    (SKY + "It is scattered by nitrogen, oxygen and", "function word"),
    (SKY + "It is scattered by nitrogen,", "comma"),
    (SKY + "It is scattered by nitrogen (", "open bracket"),
    (SKY + "It is a well-", "hyphen"),
    (SKY + "It comes from all over the atmosph", "middle of a word"),
    (SKY + "It comes from all over the sky and we", "word that leads on"),
    (SKY + "It is scattered by gases (mostly those we breathe", "bracket left open"),
    ("These are the colours that the air scatters most:", "colon"),
    ("1. Blue calms a room.\n2. Red warns people.\n3.", "bare list number"),
    ("- Blue calms a room.\n- Red warns people.\n-", "bare list number"),
    ("1. Blue calms a room.\n2. Red warns people.\n3. Green soothes tired", "no stop"),
    ("空气散射短波。蓝光的波长较短，容易被散射。所以我们看到蓝", "no stop"),
    ("空气散射短波。蓝光的波长较短，天空的颜色来自氮气、", "comma"),
    (SKY + "The gases are **nitrogen and oxygen", "emphasis left open"),
    (SKY + "One of them is `nitrogen", "emphasis left open"),
    ("Die Luft streut kurze Wellen. Blau ist kurz und", "function word"),
]

WHOLE = [
    "Blue",
    "4",
    "The Old Captain and the Storm of the Century",
    "The air scatters blue light",
    SKY,
    SKY + "That is all!",
    SKY + "That is all.[",
    SKY + "Ask a physicist (or a painter)",
    SKY + "#sky #blue #light",
    SKY + "The gases are nitrogen, oxygen, argon, neon",
    "blue, red, green, yellow, black and white",
    "- for painting a house\n- for warning people\n- for calming a patient\n- for hiding",
    "Dear Ann,\n\nThank you for the book that you sent.\n\nYours sincerely,",
    "Name:\nStreet:\nTown:\nA short word about you:",
    "def total(xs):\n    return sum(x for x in xs if x >",
    "find . -maxdepth 1 -type d ! -name . | sort > a",
    "| colour | use |\n|---|---|\n| blue | the",
    "The sea is wide,\nthe sky is tall,\nthe gulls cry out,\nabove it all,",
    '"The only way is through. Keep going" - Ann Lee of the hills',
    "空气散射短波。所以天空是蓝色的。",
]


def measure(answer, asked="Why is the sky blue?"):
    record = {"instruction": asked, "output": answer}
    row, _ = Ingest()(Record("test", 1, orjson.dumps(record), None))
    return endings(to_frame([row]))


@pytest.mark.parametrize(("answer", "why"), CUT)
def test_a_cut_is_found(answer, why):
    assert measure(answer).row(0) == (SCORES[why], why)
    assert measure(answer + " \n")["ending"].item() == why


@pytest.mark.parametrize("answer", WHOLE)
def test_a_finished_answer_is_left_alone(answer):
    assert measure(answer).row(0) == (1.0, None)


@pytest.mark.parametrize(
    "asked", ["Finish the sentence.", "Fill in the blank.", "Continue the text."]
)
def test_an_end_that_was_asked_for_is_left_open(asked):
    assert measure(SKY + "It is scattered by the", asked)["ending_score"].item() == 1


def test_a_poem_may_end_anywhere_but_not_an_answer_about_one():
    text = "The gulls cry out,\nthe sky is tall, and so is the"
    assert measure(text, "Write a poem about the sea.")["ending"].item() is None
    assert measure(SKY + "It is about the", "What is this poem about?")["ending_score"].item() < 1


def test_the_worst_of_many_answers_counts():
    texts = ["Why?", SKY, "Why else?", SKY + "It is scattered by the", "And?", SKY]
    roles = ["user", "assistant"] * 3
    record = {
        "messages": [
            {"role": role, "content": text} for role, text in zip(roles, texts, strict=True)
        ]
    }
    row, _ = Ingest()(Record("test", 1, orjson.dumps(record), None))
    assert endings(to_frame([row])).row(0) == (SCORES["function word"], "function word")


def test_without_an_answer_there_is_no_score():
    record = {"messages": [{"role": "user", "content": "Why?"}]}
    row, _ = Ingest()(Record("test", 1, orjson.dumps(record), None))
    assert endings(to_frame([row])).row(0) == (None, None)
    assert endings(to_frame([])).schema == {"ending_score": pl.Float64, "ending": pl.String}
