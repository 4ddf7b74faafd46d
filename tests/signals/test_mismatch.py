"""Answers put to other questions are found, and few others."""

from __future__ import annotations

import json

import numpy as np
import pytest

from curate.config import Settings
from curate.ingest import Ingest
from curate.learn.matching import Correlation, _Sums
from curate.read import Record
from curate.registry import plan
from curate.row import to_frame

PLACES = [
    f"{one}{two}"
    for one in "Ald Brack Cor Dun East Fen Gar Hex Il Jor".split()
    for two in "mere well vath holt".split()
]
THINGS = "badger heron otter weasel swallow trout beetle hedgehog falcon lizard".split()


def measured(records, **settings):
    chosen = Settings(**settings)
    ingest = Ingest()
    rows = [
        ingest(Record("file", line, json.dumps(record).encode(), None))[0]
        for line, record in enumerate(records, start=1)
    ]
    frame = to_frame(rows)
    for signal in plan(["mismatch_score"]):
        frame = frame.hstack(signal(frame, chosen))
    return frame["mismatch_score"]


def pairs():
    return [
        {
            "instruction": f"Where at {place} may I see a {thing}?",
            "output": f"A {thing} lives by the {place} mill; come at dawn and be quiet.",
        }
        for place in PLACES
        for thing in THINGS
    ]


def test_swapped_answers_come_last():
    records = pairs()
    lots = np.random.default_rng(0)
    rows = lots.choice(len(records), 20, replace=False)
    for one, other in rows.reshape(-1, 2):
        records[one]["output"], records[other]["output"] = (
            records[other]["output"],
            records[one]["output"],
        )
    score = measured(records).to_numpy()
    worst = np.argsort(score)[:20]
    assert len(set(worst) & set(rows)) >= 18


def test_dolly_with_a_tenth_of_its_answers_swapped(shared_data):
    records = json.loads(
        (shared_data / "02_human_instructions/dolly_3k/dolly_3k.json").read_bytes()
    )
    lots = np.random.default_rng(0)
    rows = lots.choice(len(records), 298, replace=False)
    for one, other in rows.reshape(-1, 2):
        records[one]["output"], records[other]["output"] = (
            records[other]["output"],
            records[one]["output"],
        )
    score = measured(records).to_numpy()
    swapped = np.zeros(len(records), bool)
    swapped[rows] = True
    assert np.mean(score[swapped][:, None] < score[~swapped][None, :]) > 0.985
    assert swapped[score < 0.02].mean() > 0.9


ABSTAINS = {
    "few rows": pairs()[:200],
    "the same row again and again": pairs()[:1] * 2000,
    "answers at random": [
        {
            "instruction": f"Tell me about {number * 7919 % 1000}.",
            "output": f"It is {number * 104729 % 997}.",
        }
        for number in range(400)
    ],
    "empty answers": [{"instruction": f"Where is {place}?", "output": ""} for place in PLACES * 10],
}


@pytest.mark.parametrize("case", ABSTAINS)
def test_where_nothing_can_be_learnt_all_is_null(case):
    assert measured(ABSTAINS[case]).null_count() == len(ABSTAINS[case])


def test_no_embedder_no_score():
    assert measured(pairs(), embedder="none").null_count() == len(pairs())


def test_the_same_on_one_thread_and_on_two():
    from threadpoolctl import threadpool_limits

    made = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            made.append(measured(pairs()).to_list())
    assert made[0] == made[1]


def test_sums_of_parts_correlate_like_the_whole():
    lots = np.random.default_rng(0)
    asked = lots.normal(size=(500, 60)).astype(np.float32)
    told = (asked @ lots.normal(size=(60, 60)) + lots.normal(size=(500, 60))).astype(np.float32)
    parts = [_Sums.of(asked[rows], told[rows]) for rows in (slice(200), slice(200, None))]
    whole = Correlation.of([_Sums.of(asked, told)])
    assert np.allclose(Correlation.of(parts).sizes, whole.sizes, atol=1e-4)
    assert 0 <= whole.sizes.min() <= whole.sizes.max() <= 1
