"""Rows that say the same in other words: what is found, and, beside it, what must stay alone."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from curate.config import Settings
from curate.policy.catalogue import load_rules
from curate.registry import plan
from curate.signals.semantic import FLOOR, _cosine, _joint, _same_task, _usable
from tests.signals.copies import ask, chat, laid_out

COLUMNS = ("semantic_duplicate_of", "semantic_duplicate_similarity")
THRESHOLD = load_rules()["duplicate-semantic"].threshold
LIGHT = (
    "A lighthouse warns ships of rocks and shallow water near the coast, and its bright light "
    "helps sailors find their way at night."
)
SAME_LIGHT = (
    "The purpose of a lighthouse is to help sailors find their way at night and to warn ships of "
    "rocks and shallow water with a bright light near the coast."
)
MATERIAL = "The tide tables of the harbour list high water for every day of the year. " * 5


def measured(records, embedder="static"):
    frame = laid_out(records)
    for signal in plan(COLUMNS):
        frame = frame.hstack(signal(frame, Settings(embedder=embedder)))
    return frame


def pairs(records, **settings):
    """Row -> the row it repeats, where the rule's threshold is reached."""
    frame = measured(records, **settings)
    lines = {one: line for line, one in enumerate(frame["id"])}
    hits = frame.with_row_index("row").filter(pl.col(COLUMNS[1]) >= THRESHOLD)
    return {row: lines[of] for row, of in hits.select("row", COLUMNS[0]).iter_rows()}


ASKED = ("What is the purpose of a lighthouse?", "Explain the purpose of a lighthouse.")


def test_names_the_earlier_row_that_says_the_same():
    rows = [ask("Name a bird.", "A gull."), ask(ASKED[0], LIGHT), ask(ASKED[1], SAME_LIGHT)]
    assert pairs(rows) == {2: 1}


def test_names_the_nearest_of_several():
    closest = SAME_LIGHT.replace("bright light", "bright lamp")
    rows = [
        ask(ASKED[0], LIGHT),
        ask(ASKED[1], SAME_LIGHT),
        ask("Explain a lighthouse's purpose.", closest),
    ]
    assert pairs(rows)[2] == 1


def test_an_answer_in_other_words_to_the_same_question_counts():
    assert pairs([ask(ASKED[0], LIGHT), ask(ASKED[0], SAME_LIGHT)]) == {1: 0}


def test_a_long_prompt_has_to_be_the_same():
    asked, other = f"{ASKED[0]} {MATERIAL}", f"{ASKED[1]} {MATERIAL}"
    assert pairs([ask(asked, LIGHT), ask(other, SAME_LIGHT)]) == {}
    assert pairs([ask(asked, LIGHT), ask(asked, SAME_LIGHT)]) == {1: 0}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Write a note on the lighthouse of 1850.", "Write a note on the lighthouse of 1905."),
        ("List two purposes of a lighthouse.", "List three purposes of a lighthouse."),
        ("Describe the second lighthouse.", "Describe the third lighthouse."),
        ("Say what a lighthouse is for.", "Say what a lighthouse is not for."),
    ],
)
def test_a_number_or_a_negation_makes_another_question(one, other):
    assert pairs([ask(one, LIGHT), ask(other, SAME_LIGHT)]) == {}


def test_a_number_more_on_one_side_makes_none():
    rows = [
        ask("List purposes of a lighthouse.", LIGHT),
        ask("List two purposes of a lighthouse.", SAME_LIGHT),
    ]
    assert pairs(rows) == {1: 0}


def test_another_system_prompt_makes_another_row():
    def under(system, asked, answer):
        return chat(("s", system), ("u", asked), ("a", answer))

    kind, stern = "You are kind.", "You are stern."
    assert pairs([under(kind, ASKED[0], LIGHT), under(stern, ASKED[1], SAME_LIGHT)]) == {}
    assert pairs([under(kind, ASKED[0], LIGHT), under(kind, ASKED[1], SAME_LIGHT)]) == {1: 0}


def test_leaves_out_short_answers_and_copies():
    assert pairs([ask("Is ice cold?", "Yes"), ask("Is ice a cold thing?", "Yes")]) == {}
    assert pairs([ask(ASKED[0], LIGHT), ask(ASKED[0], LIGHT.upper())]) == {}


def test_abstains_without_an_embedder():
    frame = measured([ask(ASKED[0], LIGHT), ask(ASKED[1], SAME_LIGHT)], embedder="none")
    assert all(frame[name].null_count() == 2 for name in COLUMNS)
    assert [frame[name].dtype for name in COLUMNS] == [pl.String, pl.Float64]


def test_similarity_is_between_the_floor_and_one():
    frame = measured([ask(ASKED[0], LIGHT), ask(ASKED[0], SAME_LIGHT), ask("Name a bird.", LIGHT)])
    found = frame[COLUMNS[1]].drop_nulls()
    assert len(found)
    assert ((found >= FLOOR) & (found <= 1)).all()


@pytest.mark.slow
def test_finds_what_a_look_at_all_pairs_finds(shared_data):
    rows = json.loads((shared_data / "01_alpaca/stanford_alpaca_52k/alpaca_data.json").read_text())
    frame = measured([one for one in rows if one["output"].count(" ") > 20][:5000])
    usable = _usable(frame)
    points = _joint(frame[usable])
    half = points.shape[1] // 2
    near = points[:, :half] @ points[:, :half].T >= FLOOR * 8e6
    later, earlier = np.nonzero(np.tril(near, -1))
    later, earlier = (one[_cosine(points, later, earlier) >= FLOOR] for one in (later, earlier))
    same = _same_task(frame, usable[later], usable[earlier])
    known = set(usable[later[same]].tolist())
    found = set(frame[COLUMNS[0]].is_not_null().arg_true().to_list())
    assert found <= known
    assert len(found) >= 0.98 * len(known) > 10


def test_the_overlap_is_that_of_the_answers_and_none_where_a_template_was_filled():
    edited = LIGHT.replace("sailors", "crews")
    party = "Dear {}, we invite you to our party in the garden behind the library. Bring a cake."
    letters = [(f"Write a letter that invites {who}.", party.format(who)) for who in ("Ann", "Bo")]
    rows = [ask(ASKED[0], LIGHT), ask(ASKED[1], edited), *(ask(*letter) for letter in letters)]
    overlap = measured(rows)["semantic_duplicate_overlap"].to_list()
    # One of 23 words changes three trigrams on either side.
    assert overlap[:3] == [None, pytest.approx(20 / 26), None]
    assert overlap[3] in (None, 0)
