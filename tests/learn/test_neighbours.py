"""Pairs of vectors that lie close together, beside a look at all pairs."""

from __future__ import annotations

import time

import numpy as np
import pytest

from curate.learn.kmeans import ONE, whole
from curate.learn.neighbours import KEPT, MOST, close
from tests.threads import outputs

WIDTH = 64


def unit(vectors):
    return whole((vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32))


def piles(rows, size, seed=0):
    """Points in piles of `size` around centres drawn at random, in any order."""
    lots = np.random.default_rng(seed)
    centres = np.repeat(lots.normal(size=(rows // size, WIDTH)), size, axis=0)
    return unit(lots.permutation(centres + 0.3 * lots.normal(size=centres.shape)))


def test_finds_what_a_look_at_all_pairs_finds():
    points = piles(6000, 3)
    alike = np.tril(points @ points.T, -1) >= 0.85 * ONE
    later, earlier = close(points, 0.85)
    assert alike[later, earlier].all()
    assert len(later) >= 0.99 * alike.sum() > 3000


def test_names_each_pair_once_and_the_closest_first():
    points = piles(2000, 5)
    later, earlier = close(points, 0.8)
    assert (earlier < later).all()
    assert len(np.unique(later * 2000 + earlier)) == len(later)
    product = (points[later] * points[earlier]).sum(axis=1)
    same = later[1:] == later[:-1]
    assert (np.diff(later) >= 0).all()
    assert (np.diff(product)[same] <= 0).all()


@pytest.mark.parametrize("noise", [0, 0.05])
def test_stays_small_where_all_is_alike(noise):
    rows = 20 * MOST
    lots = np.random.default_rng(1)
    points = unit(lots.normal(size=WIDTH) + noise * lots.normal(size=(rows, WIDTH)))
    begun = time.process_time()
    later, _ = close(points, 0.85)
    assert time.process_time() - begun < 20  # measured 1; all pairs would take minutes
    assert np.bincount(later).max() <= KEPT
    assert len(np.unique(later)) > 0.99 * rows


def test_zeros_are_close_to_nothing_and_few_points_are_no_trouble():
    assert close(np.zeros((3, 4), np.float32), 0.5)[0].tolist() == []
    assert close(np.zeros((0, 4), np.float32), 0.5)[0].tolist() == []
    one = whole(np.eye(4, dtype=np.float32))
    assert close(one[:1], 0.5)[0].tolist() == []
    later, earlier = close(np.concatenate([one, one[2:3]]), 0.5)
    assert (later.tolist(), earlier.tolist()) == ([4], [2])


def test_is_the_same_on_any_number_of_threads():
    code = (
        "import hashlib; from curate.learn.neighbours import close; "
        "from tests.learn.test_neighbours import piles; "
        "print(hashlib.sha256(b''.join(x.tobytes() for x in close(piles(4000, 4), 0.8))).digest())"
    )
    assert len(outputs(code)) == 1
