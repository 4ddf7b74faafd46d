"""The order of a core-set: nested, good, exact, and close to the best there is."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.embed.static import unit
from curate.learn import coreset
from curate.learn.coreset import rank
from curate.learn.kmeans import SCALE
from tests.threads import outputs


def groups(rows: int, kinds: int = 12, width: int = 32, seed: int = 0) -> np.ndarray:
    """Unit vectors around some middles."""
    lots = np.random.default_rng(seed)
    middles = lots.standard_normal((kinds, width))
    made = middles[lots.integers(kinds, size=rows)] + 0.4 * lots.standard_normal((rows, width))
    return unit(made.astype(np.float32))


def covered(vectors: np.ndarray, quality: np.ndarray, rows: np.ndarray) -> float:
    """What the module's text says, as it says it."""
    cosines = np.clip(vectors @ vectors[rows].T, 0, None)
    return float((cosines * quality[rows]).max(axis=1).mean())


def test_every_size_is_the_beginning_of_one_order():
    vectors, quality = groups(400), np.random.default_rng(1).uniform(0.3, 1, 400)
    whole = rank(vectors, quality, 400)
    assert sorted(whole.rows.tolist()) == list(range(400))
    for size in (1, 2, 57, 399, 1000):
        assert rank(vectors, quality, size).rows.tolist() == whole.rows[:size].tolist()


def test_gains_fall_and_add_up_to_what_is_covered():
    vectors, quality = groups(300), np.random.default_rng(2).uniform(0.3, 1, 300)
    made = rank(vectors, quality, 60)
    assert (np.diff(made.gains) <= 0).all()
    for size in (1, 10, 60):
        true = covered(vectors, quality, made.rows[:size])
        assert made.gains[:size].sum() == pytest.approx(true, abs=2 / SCALE)


def test_close_to_the_best_set_of_all():
    vectors, quality = groups(14, 4, 6), np.random.default_rng(3).uniform(0.5, 1, 14)
    best = max(covered(vectors, quality, np.array(some)) for some in combinations(range(14), 4))
    assert covered(vectors, quality, rank(vectors, quality, 4).rows) >= 0.97 * best


def test_two_scales_cover_as_much_as_all_pairs(monkeypatch):
    vectors, quality = groups(3000, 60), np.random.default_rng(4).uniform(0.5, 1, 3000)
    monkeypatch.setattr(coreset, "ALL_PAIRS", 4000)
    exact = rank(vectors, quality, 600)
    monkeypatch.setattr(coreset, "ALL_PAIRS", 0)
    for all_near in (4000, 0):  # neighbours among all rows, then in lists
        monkeypatch.setattr(coreset, "ALL_NEAR", all_near)
        monkeypatch.setattr(coreset, "SEEN", 1200)
        made = rank(vectors, quality, 600)
        for size in (20, 100, 600):
            goal = covered(vectors, quality, exact.rows[:size])
            assert covered(vectors, quality, made.rows[:size]) >= 0.985 * goal


def test_of_equal_rows_the_best_stands_for_all_and_the_rest_comes_last():
    vectors = np.repeat(groups(3, 3), 5, axis=0)
    quality = np.tile([0.5, 0.9, 0.7, 0.9, 0.6], 3)
    made = rank(vectors, quality, 15)
    assert sorted(made.rows[:3].tolist()) == [1, 6, 11]
    assert (made.gains[:3] > 0).all()
    assert (made.gains[3:] == 0).all()
    assert quality[made.rows[3:]].tolist() == sorted(quality[made.rows[3:]], reverse=True)


def test_a_row_that_would_be_dropped_is_taken_only_where_nothing_else_is_left():
    vectors, quality = groups(100), np.ones(100)
    quality[:10] = 0.05
    assert set(rank(vectors, quality, 100).rows[-10:].tolist()) == set(range(10))


def test_rows_of_which_nothing_is_known_come_last_by_quality():
    vectors = groups(6)
    vectors[:3] = 0
    made = rank(vectors, np.array([0.2, 0.9, 0.5, 1, 1, 1]), 6)
    assert made.rows[3:].tolist() == [1, 2, 0]
    none = rank(np.zeros((3, 1), np.float32), np.array([0.2, 0.9, 0.5]), 2)
    assert none.rows.tolist() == [1, 2]


def test_two_hundred_thousand_equal_rows():
    made = rank(np.repeat(groups(1), 200_000, axis=0), np.ones(200_000), 3)
    assert made.rows.tolist() == [0, 1, 2]
    assert made.gains.tolist() == [pytest.approx(1, abs=0.01), 0, 0]


@settings(max_examples=40)
@given(st.integers(0, 30), st.integers(1, 40), st.integers(0, 5))
def test_takes_each_row_once(rows, size, seed):
    vectors = groups(rows, 3, 4, seed) if rows else np.zeros((0, 4), np.float32)
    made = rank(vectors, np.random.default_rng(seed).uniform(0, 1, rows), size)
    assert len(set(made.rows.tolist())) == len(made.rows) == min(rows, size)


SCRIPT = """
import sys; import numpy as np
from curate.learn import coreset; from curate.embed.static import unit
coreset.ALL_NEAR = 1000
lots = np.random.default_rng(1)
vectors = unit(lots.standard_normal((3000, 256)).astype(np.float32))
sys.stdout.write(str(coreset.rank(vectors, lots.uniform(0.5, 1, 3000), 800)))
"""


def test_the_same_on_any_number_of_threads():
    assert len(outputs(SCRIPT, ("1", "2", "3"))) == 1
