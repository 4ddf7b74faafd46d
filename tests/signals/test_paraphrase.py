"""Rows that ask an evaluation item in other words: near by their vectors, where nothing decides."""

from __future__ import annotations

import json

import orjson
import pytest

from curate import Settings, clean
from curate.dedup.against import load
from curate.ingest import Ingest
from curate.read import Record
from curate.report.story import story
from curate.row import to_frame
from curate.signals.contamination import contamination
from curate.signals.paraphrase import paraphrases
from curate.signals.shingles import sketches
from curate.signals.vectors import vectors

LONG = " ".join(f"The {n} of the ferries is old." for n in ("first", "second", "third") * 4)
ITEMS = (
    {"question": "Why is recycling important?", "answer": "It saves raw materials and energy."},
    {"question": "What is the value of 17 times 23?", "answer": "391"},
    {"question": "Who wrote the play with the three witches?", "answer": "Shakespeare"},
    {"question": f"{LONG} What is the ferry?", "answer": "old"},
)


@pytest.fixture
def look(tmp_path):
    """Compare a row with the items, and give the signal's columns."""

    def look(asked, answer="I do not know.", **settings):
        path = tmp_path / "items.jsonl"
        path.write_text("\n".join(map(json.dumps, ITEMS)), "utf-8")
        records = [{"instruction": text, "input": "", "output": answer} for text in ("Hi.", asked)]
        ingest, asks = Ingest(), Settings(against=(str(path),), **settings)
        rows = [ingest(Record("test", 1, orjson.dumps(one), None))[0] for one in records]
        frame = to_frame(rows)
        for signal in (sketches, vectors, contamination, paraphrases):
            frame = frame.hstack(signal(frame, asks))
        assert frame["paraphrase"][0] is None
        return frame.row(-1, named=True)

    return look


@pytest.mark.parametrize(
    ("asked", "answer", "item", "answered"),
    [
        ("Explain why recycling is important.", "I do not know.", 1, False),
        ("Explain why recycling is important.", "It saves energy and raw materials.", 1, True),
        ("Who was it that wrote the play with three witches?", "That was Shakespeare.", 3, True),
    ],
)
def test_other_words_for_an_item_are_found(look, asked, answer, item, answered):
    made = look(asked, answer)
    assert made["paraphrase_item"].endswith(f"items.jsonl:{item}")
    assert 0.92 <= made["paraphrase_similarity"] <= 1
    assert made["paraphrase_answered"] is answered
    assert made["paraphrase"].endswith("answered alike") is answered


@pytest.mark.parametrize(
    "asked",
    [
        "Why is recycling important?",  # its words are found
        "What is the value of 18 times 23?",  # a number
        "Why is recycling not important?",  # a negation
        "Explain why sleeping is important.",
        f"{LONG} What are the ferries?",  # mostly material
        "Recycling",
        "",
    ],
)
def test_another_question_is_left_alone(look, asked):
    assert look(asked)["paraphrase"] is None


def test_nothing_is_said_without_an_embedder(look):
    made = look("Explain why recycling is important.", embedder="none")
    assert made["paraphrase_similarity"] is None


def test_a_run_flags_it_and_shows_the_item(tmp_path):
    (tmp_path / "items.jsonl").write_text(json.dumps(ITEMS[0]) + "\n", "utf-8")
    row = {"instruction": "Explain why recycling is important.", "input": "", "output": "It is."}
    (tmp_path / "data.jsonl").write_text(json.dumps(row) + "\n", "utf-8")
    asks = Settings(against=(str(tmp_path / "items.jsonl"),), select=("contamination",))
    lock = clean(tmp_path / "data.jsonl", tmp_path / "run", asks)
    assert lock.hits == {"contamination-paraphrase": 1}
    assert lock.counts["kept"] == 1
    told = story(tmp_path / "run", "1")
    assert told.findings[0]["value"].endswith("items.jsonl:1, cosine 0.96")
    assert told.item is not None
    assert told.item.texts[0] == ("question", ITEMS[0]["question"])


def test_items_without_answers_and_without_short_questions(tmp_path):
    rows = [
        {"instruction": text, "input": "", "output": "It is."} for text in ("", "Why is it so?")
    ]
    path = tmp_path / "items.jsonl"
    ingest = Ingest()
    frame = to_frame(
        [ingest(Record("test", 1, orjson.dumps(one), None))[0] for one in [rows[1], rows[0]]]
    )
    for item, found in (
        ({"prompt": "So why is it so?"}, [True, False]),
        ({"prompt": f"{LONG} Why?"}, [False, False]),
    ):
        path.write_text(json.dumps(item), "utf-8")
        asks = Settings(against=(str(path),))
        load(asks.against, anew=True)
        made = frame
        for signal in (sketches, vectors, contamination, paraphrases):
            made = made.hstack(signal(made, asks))
        assert made["paraphrase"].is_not_null().to_list() == found
        assert paraphrases(made[1:], asks)["paraphrase"].to_list() == [None]
