"""Vectors in whole numbers, and k-means over them: the same groups whatever adds up the products.

A matrix product in float32 is added up in another order on another number of threads, and so ends
in other bits. Of whole numbers that stay below 2^24 every sum is exact in float32, in any order.
So unit vectors are scaled by 4,000 and rounded: a product, and every part of its sum, is at most
the product of two lengths (Cauchy-Schwarz), 4,000 each and half the root of the width for rounding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from curate.dedup.minhash import Ints
    from curate.embed import Vectors

SCALE = 4000
ONE = SCALE * SCALE  # the product of two equal vectors, about
# Rows of a product that are looked at together: 2,048 x 4,096 of them are 32 MB.
_PORTION = 8_388_608
_ROUNDS = 12


def whole(vectors: Vectors) -> Vectors:
    """Unit vectors (n, d) in whole numbers, as float32; zeros stay zeros. For d up to 8,000."""
    made: Vectors = np.rint(vectors * np.float32(SCALE))
    return made


def products(left: Vectors, right: Vectors) -> Iterator[tuple[slice, Vectors]]:
    """All products of whole vectors, some rows of `left` at a time: cosine times `ONE`, exact."""
    step = max(_PORTION // max(len(right), 1), 1)
    for first in range(0, len(left), step):
        some = slice(first, min(first + step, len(left)))
        yield some, left[some] @ right.T


def nearest(points: Vectors, centres: Vectors) -> tuple[Ints, Vectors]:
    """The nearest centre of each point, the first of several, and the product with it."""
    which = np.zeros(len(points), np.int64)
    close = np.zeros(len(points), np.float32)
    for some, found in products(points, centres):
        which[some] = found.argmax(axis=1)
        close[some] = found[np.arange(len(found)), which[some]]
    return which, close


def kmeans(points: Vectors, number: int, seed: int = 0, rounds: int = _ROUNDS) -> Vectors:
    """Centres (at most `number`, d) of whole vectors, of length `SCALE` as these.

    The first ones are drawn by k-means++ (Arthur and Vassilvitskii 2007). A centre that no point
    is nearest to is left out.
    """
    centres = _first(points, number, seed)
    before = np.full(len(points), -1)
    for _ in range(rounds):
        which, _ = nearest(points, centres)
        if (which == before).all():
            break
        centres, before = means(points, which), which
    return centres


def _first(points: Vectors, number: int, seed: int) -> Vectors:
    """Points far from each other, drawn with odds of their squared distance to the drawn ones."""
    lots = np.random.default_rng(seed)
    chosen = [int(lots.integers(len(points)))]
    far = np.full(len(points), 4 * ONE, np.int64)
    for _ in range(number - 1):
        close = points @ points[chosen[-1]]
        # Squared distance over two; 0 for the point itself, whose length is SCALE but for rounding.
        away = np.maximum(ONE - close.astype(np.int64), 0)
        away[chosen[-1]] = 0
        far = np.minimum(far, away)
        sums = np.cumsum(far)
        if not sums[-1]:
            break
        chosen.append(int(np.searchsorted(sums, lots.integers(sums[-1]), side="right")))
    return points[chosen]


def means(points: Vectors, which: Ints) -> Vectors:
    """The centre of each group that has a point, in the order of the groups' numbers."""
    order = np.argsort(which, kind="stable")
    begins = np.flatnonzero(np.diff(which[order], prepend=-1))
    sums = np.add.reduceat(points[order].astype(np.float64), begins, axis=0)
    lengths = np.sqrt((sums * sums).sum(axis=1, keepdims=True))
    lengths[lengths == 0] = 1
    return whole((sums / lengths).astype(np.float32))
