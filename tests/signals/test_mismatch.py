"""Answers put to other questions are found, and few others."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from curate.config import Settings
from curate.ingest import Ingest
from curate.learn.matching import Correlation, _inverse, _largest, _Sums, mismatched
from curate.read import Record
from curate.registry import plan
from curate.row import to_frame
from curate.signals.mismatch import estimate

PLACES = [
    f"{one}{two}"
    for one in "Ald Brack Cor Dun East Fen Gar Hex Il Jor".split()
    for two in "mere well vath holt".split()
]
THINGS = "badger heron otter weasel swallow trout beetle hedgehog falcon lizard".split()


def scores(records, **settings):
    return measured(records, **settings)["mismatch_score"]


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
    return frame


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
    score = scores(records).to_numpy()
    worst = np.argsort(score)[:20]
    assert len(set(worst) & set(rows)) >= 18


def test_a_file_without_swaps_has_no_suspicious_row():
    frame = measured(pairs())
    assert frame["mismatch_score"].min() >= 0.5
    assert frame["mismatch_share"].unique().to_list() == [0]
    found = estimate(frame)
    assert found.share == found.low == 0
    assert 0 < found.high < 0.03


def test_the_share_of_swapped_answers_is_estimated():
    records = pairs()
    lots = np.random.default_rng(0)
    for one, other in lots.choice(len(records), (20, 2), replace=False):
        records[one]["output"], records[other]["output"] = (
            records[other]["output"],
            records[one]["output"],
        )
    frame = measured(records)
    assert frame["mismatch_share"][0] == pytest.approx(0.1, abs=0.04)
    found = estimate(frame)
    assert found.low < 0.1 < found.high
    assert found.judged == frame.height


def test_of_answers_that_were_not_judged_nothing_is_told():
    assert estimate(measured(pairs()[:20])) is None
    assert estimate(pl.DataFrame({"id": ["a"]})) is None


def test_few_odd_rows_are_no_sign():
    lots = np.random.default_rng(0)
    right, shuffled = lots.normal(6, 2, 20_000), lots.normal(-6, 2, 20_000)
    assert mismatched(right, shuffled) == 0
    right[:10] = -9  # a twentieth of a percent
    assert mismatched(right, shuffled) == 0
    right[:2000] = shuffled[:2000]
    assert mismatched(right, shuffled) == pytest.approx(0.1, abs=0.01)


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
    score = scores(records).to_numpy()
    swapped = np.zeros(len(records), bool)
    swapped[rows] = True
    assert np.mean(score[swapped][:, None] < score[~swapped][None, :]) > 0.985
    assert swapped[score < 0.5].mean() > 0.85
    assert (score < 0.5)[swapped].mean() > 0.8


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
    assert scores(ABSTAINS[case]).null_count() == len(ABSTAINS[case])


def test_no_embedder_no_score():
    assert scores(pairs(), embedder="none").null_count() == len(pairs())


def test_the_same_on_one_thread_and_on_two():
    from threadpoolctl import threadpool_limits

    made = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            made.append(scores(pairs()).to_list())
    assert made[0] == made[1]


def test_sums_of_parts_correlate_like_the_whole():
    lots = np.random.default_rng(0)
    asked = lots.normal(size=(500, 60)).astype(np.float32)
    told = (asked @ lots.normal(size=(60, 60)) + lots.normal(size=(500, 60))).astype(np.float32)
    parts = [_Sums.of(asked[rows], told[rows]) for rows in (slice(200), slice(200, None))]
    whole = Correlation.of([_Sums.of(asked, told)])
    assert np.allclose(Correlation.of(parts).sizes, whole.sizes, atol=1e-4)
    assert 0 <= whole.sizes.min() <= whole.sizes.max() <= 1


def test_a_triangle_is_inverted_by_its_quarters():
    lots = np.random.default_rng(0)
    for size in (1, 31, 64, 150):
        lower = np.tril(lots.normal(size=(size, size))) + size * np.eye(size)
        assert np.allclose(_inverse(lower) @ lower, np.eye(size))


def test_the_largest_singular_values_are_found():
    lots = np.random.default_rng(0)
    made = lots.normal(size=(200, 20)) @ lots.normal(size=(20, 300))
    left, sizes, right = _largest(made)
    assert np.allclose(sizes[:20], np.linalg.svd(made)[1][:20])
    assert np.allclose(left * sizes @ right.T, made)
