"""A map of the dataset: two coordinates a row, so that rows that ask alike lie side by side.

A picture and no measure: neighbours mean something, distances across the map do not. Landmarks
(k-means over what is asked) are laid out by t-SNE (van der Maaten and Hinton 2008), which keeps
neighbourhoods; every row then stands among the landmarks nearest to it. Products are of whole
numbers or made on one thread, so that the map is the same on any number of threads.
"""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from curate.embed import matrix
from curate.learn.kmeans import ONE, kmeans, products, whole
from curate.learn.linear import one_thread
from curate.registry import signal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from curate.config import Settings
    from curate.embed import Vectors

    Floats = NDArray[np.float64]

LEAST = 50  # rows; fewer are read sooner than looked at
LANDMARKS = 320
_SAMPLE = 8192  # rows that landmarks are made of
_BESIDE = 4  # landmarks that a row stands among
_SHARP = 0.04  # cosine by which a landmark counts for 1/e less
_PERPLEXITY = 15.0
_STEPS, _EARLY, _RATE = 300, 80, 20.0
_EXAGGERATED = 4.0


@signal(
    columns={
        "map_x": "place on the map of the dataset, 0 to 1; rows that ask alike lie side by side; "
        f"null without an embedding, and in a file of fewer than {LEAST} rows that have one",
        "map_y": "the same, upwards",
    },
    needs=("prompt_vector",),
    scope="corpus",
    settings=("seed",),
)
def layout(frame: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Lay out what is asked."""
    there = frame["prompt_vector"].is_not_null().arg_true()
    places = np.full((frame.height, 2), np.nan, np.float32)
    if len(there) >= LEAST:
        points = whole(matrix(frame["prompt_vector"].gather(there)))
        places[there.to_numpy()] = _placed(points, settings.seed)
    made = pl.DataFrame(places, schema=["map_x", "map_y"])
    return made.with_columns(pl.all().fill_nan(None))


def _placed(points: Vectors, seed: int) -> Floats:
    """A place for each point, from 0 to 1."""
    lots = np.random.default_rng(seed)
    some = points[np.sort(lots.permutation(len(points))[:_SAMPLE])]
    centres = kmeans(some, min(LANDMARKS, 4 * isqrt(len(points))), seed)
    with one_thread():
        laid = tsne(_distances(centres), seed)
    beside = min(_BESIDE, len(centres))
    made = np.empty((len(points), 2))
    for rows, found in products(points, centres):
        near = np.argpartition(found, len(centres) - beside, axis=1)[:, -beside:]
        close = np.take_along_axis(found, near, axis=1) / ONE
        weight = np.exp((close - close.max(axis=1, keepdims=True)) / _SHARP)
        made[rows] = (laid[near] * weight[..., None]).sum(axis=1) / weight.sum(1, keepdims=True)
    # Rows of one landmark would lie on one spot.
    made += 0.25 * _spacing(laid) * lots.normal(size=made.shape)
    low, high = made.min(axis=0), made.max(axis=0)
    scaled: Floats = (made - low) / np.maximum(high - low, 1e-9)
    return scaled


def _distances(centres: Vectors) -> Floats:
    """Squared distances between unit vectors: twice what the cosine lacks of 1."""
    cosine = np.concatenate([found for _, found in products(centres, centres)]) / ONE
    return np.maximum(2 - 2 * cosine.astype(np.float64), 0)


def _spacing(laid: Floats) -> float:
    """How far a landmark is from the nearest other, in the middle."""
    apart = np.square(laid[:, None] - laid[None]).sum(axis=2)
    np.fill_diagonal(apart, np.inf)
    nearest = apart.min(axis=1)
    return float(np.median(np.sqrt(nearest[np.isfinite(nearest)]))) if len(laid) > 1 else 1.0


def tsne(squared: Floats, seed: int) -> Floats:
    """Places (n, 2) of points with these squared distances; for some hundreds of points."""
    odds = _EXAGGERATED * _neighbours(squared)
    places = 1e-2 * np.random.default_rng(seed).normal(size=(len(squared), 2))
    speed, gain = np.zeros_like(places), np.ones_like(places)
    for step in range(_STEPS):
        if step == _EARLY:
            odds = odds / _EXAGGERATED
        far = np.square(places).sum(axis=1)
        near = 1 / (1 + np.maximum(far[:, None] + far - 2 * places @ places.T, 0))
        np.fill_diagonal(near, 0)
        pull = (odds - near / max(near.sum(), 1e-12)) * near
        slope = 4 * (pull.sum(axis=1)[:, None] * places - pull @ places)
        same = (slope > 0) == (speed > 0)
        gain = np.maximum(np.where(same, 0.8 * gain, gain + 0.2), 0.01)
        speed = (0.5 if step < _EARLY else 0.8) * speed - _RATE * gain * slope
        places = places + speed
        places -= places.mean(axis=0)
    return places


def _neighbours(squared: Floats) -> Floats:
    """How likely each two are neighbours: bells as wide as `_PERPLEXITY` asks, both ways."""
    wanted = np.log(min(_PERPLEXITY, max((len(squared) - 1) / 3, 1)))
    low, high = np.full((2, len(squared)), [[1e-4], [1e6]])
    for _ in range(50):
        sharp = np.sqrt(low * high)
        bell = np.exp(-squared * sharp[:, None])
        np.fill_diagonal(bell, 0)
        total = np.maximum(bell.sum(axis=1), 1e-300)
        spread = np.log(total) + sharp * (squared * bell).sum(axis=1) / total
        wide = spread > wanted
        low, high = np.where(wide, sharp, low), np.where(wide, high, sharp)
    odds = bell / total[:, None]
    both: Floats = (odds + odds.T) / (2 * len(squared))
    return both
