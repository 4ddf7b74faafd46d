"""Groups in whole numbers: exact sums, the same whatever adds them up."""

from __future__ import annotations

import numpy as np
import pytest

from curate.embed.static import unit
from curate.learn.kmeans import ONE, SCALE, kmeans, means, nearest, products, whole
from tests.threads import outputs


def drawn(rows: int, width: int = 64, seed: int = 0) -> np.ndarray:
    lots = np.random.default_rng(seed)
    return unit(lots.standard_normal((rows, width)).astype(np.float32))


@pytest.mark.parametrize("width", [1, 256, 1024, 8000])
def test_products_are_exact_however_they_are_added_up(width):
    points = whole(drawn(6, width))
    extreme = whole(unit(np.ones((1, width), np.float32)))
    for one in (*points, *extreme):
        true = sum(int(value) * int(value) for value in one)
        assert true < 2**24
        assert float(one @ one) == true
        assert float(one[::-1] @ one[::-1]) == true


def test_products_come_in_portions():
    points = whole(drawn(300))
    found = np.concatenate([made for _, made in products(points, points)])
    assert (found == points @ points.T).all()
    assert np.abs(np.diag(found) - ONE).max() < 0.01 * ONE


def test_finds_groups_that_are_there():
    middles = drawn(5, seed=3)
    true = np.repeat(np.arange(5), 40)
    points = whole(unit(middles[true] + 0.05 * drawn(200, seed=4)))
    group, close = nearest(points, kmeans(points, 5))
    assert len(set(zip(true.tolist(), group.tolist(), strict=True))) == 5
    assert close.min() > 0.9 * ONE


def test_fewer_groups_than_asked_where_points_are_equal():
    points = whole(np.repeat(drawn(2), 50, axis=0))
    assert len(kmeans(points, 8)) == 2
    assert len(kmeans(points[:1], 8)) == 1


def test_a_group_without_points_has_no_centre():
    points = whole(drawn(4))
    made = means(points, np.array([5, 0, 5, 0]))
    assert made.shape == (2, 64)
    assert np.abs(np.linalg.norm(made, axis=1) - SCALE).max() < 5


SCRIPT = """
import sys; import numpy as np
from curate.learn.kmeans import kmeans, whole; from curate.embed.static import unit
lots = np.random.default_rng(1)
points = whole(unit(lots.standard_normal((5000, 256)).astype(np.float32)))
sys.stdout.buffer.write(kmeans(points, 24).tobytes())
"""


def test_the_same_on_any_number_of_threads():
    assert len(outputs(SCRIPT, ("1", "2", "3"))) == 1
