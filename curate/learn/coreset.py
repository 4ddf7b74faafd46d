"""The order in which rows go into a core-set: each adds most to what those before it cover.

What a set S of rows covers is the mean over all rows j of max over i in S of
quality(i) x cos(i, j): each row is stood for by a chosen row that is near to it and good (facility
location). Every further row adds less (the function is submodular), so that taking the one that
adds most, again and again, comes within 1 - 1/e of the best set of each size (Nemhauser et al.
1978), with one order for all sizes. What a row adds only falls as others are taken, so it is
measured again only when it comes up (Minoux 1978).

All cosines between 52,002 rows are 10 GB. The maximum is taken apart at tau(j), the cosine of row j
and its `NEAR`-th neighbour:

    max = min(max, tau) + (max - tau above 0)

The second part is nothing but for the `NEAR` nearest rows of j, which are kept for every j. The
first is measured at `SAMPLE` rows drawn by lot: it is coarse, and soon as good as it gets. On 8,000
rows whose cosines were all at hand the choice covers as much as the exact one, to four digits, at
every size from 50 on (docs/log.md).

All sums are of whole numbers (`curate.learn.kmeans`), so that the order hangs on no number of
threads; and rows are taken in the order of the caller, who sees to it that it is no other one
tomorrow.
"""

from __future__ import annotations

from heapq import heapify, heappop, heapreplace
from math import isqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from curate.learn.kmeans import SCALE, kmeans, nearest, products, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from curate.dedup.minhash import Ints
    from curate.embed import Vectors

NEAR, SAMPLE = 64, 1024
# Up to so many different rows all cosines are kept: 2,048² of them in 16 bits are 8 MB.
ALL_PAIRS = 2048
# Up to so many the neighbours are looked for among all; then in lists of rows that are alike, of
# which each row sees the nearest with so many rows together.
ALL_NEAR, SEEN = 12_000, 4096
QUALITY = 1000  # steps of quality
_MOST = QUALITY * SCALE  # a row of quality 1 that stands for one equal to it


class Ranked(NamedTuple):
    """Rows in the order in which they are taken.

    Attributes:
        rows: their positions.
        gains: what each adds to the coverage, which is in [0, 1]; falling.
    """

    rows: Ints
    gains: NDArray[np.float64]


def rank(
    vectors: Vectors,
    quality: NDArray[np.float64],
    size: int,
    seed: int = 0,
    tick: Callable[[int], None] = lambda _done: None,
) -> Ranked:
    """The first `size` rows of the order; a smaller size gives the beginning of the same order.

    Args:
        vectors: a unit vector a row, or zeros for one of which nothing is known.
        quality: of each, in [0, 1].
        size: how many rows to take.
        seed: of the rows at which the coarse part is measured.
        tick: called with how many rows are taken.

    Rows that add nothing (copies, and those without a vector) come last, the best first.
    """
    steps = np.clip(np.rint(quality * QUALITY), 0, QUALITY).astype(np.int64)
    points = whole(vectors)
    heads, weights = _heads(points, steps)
    taken: list[int] = []
    gains: list[int] = []
    total = 1
    if len(heads):
        cover = _cover(points[heads], steps[heads], weights, seed)
        total = cover.total * len(vectors) // max(int(weights.sum()), 1)
        for row, gain in _greedy(cover, min(size, len(heads))):
            taken.append(int(heads[row]))
            gains.append(gain)
            tick(len(taken))
    rest = np.setdiff1d(np.arange(len(vectors)), taken)
    rest = rest[np.argsort(-steps[rest], kind="stable")][: size - len(taken)]
    shares = np.append(np.array(gains, np.float64) / total, np.zeros(len(rest)))
    return Ranked(np.append(np.array(taken, np.int64), rest), shares)


def _heads(points: Vectors, quality: Ints) -> tuple[Ints, Ints]:
    """The best of each set of rows with equal vectors, and how many it stands for."""
    there = np.flatnonzero(points.any(axis=1))
    key = points[there].astype(np.float64) @ _multipliers(points.shape[1])
    order = np.lexsort((there, -quality[there], key))
    first = np.flatnonzero(np.diff(key[order], prepend=np.nan) != 0)
    sizes = np.diff(np.append(first, len(order)))
    heads = there[order[first]]
    back = np.argsort(heads)
    return heads[back], sizes[back]


def _multipliers(width: int) -> NDArray[np.float64]:
    """Numbers whose products with a whole vector add up to less than 2^53: the sum is exact."""
    # |x y| is at most the product of the lengths: 4,032 times 2^40 here.
    most = int(2**40 / width**0.5)
    return np.random.default_rng(0).integers(1, most, width).astype(np.float64)


# --- what is covered ----------------------------------------------------------------------------


class _Cover:
    """What rows cover, in whole numbers, and what one more would add.

    Attributes:
        total: what would be covered by the row itself, of quality 1, at every row.
    """

    def __init__(self, quality: Ints, near: _Near, coarse: _Coarse) -> None:
        self.total = near.total + coarse.total
        self._near, self._coarse, self._quality = near, coarse, quality

    def first(self) -> Ints:
        """What each row adds to none."""
        made: Ints = self._near.first() + self._coarse.first(self._quality)
        return made

    def gain(self, row: int) -> int:
        """What a row adds now."""
        return self._near.gain(row) + self._coarse.gain(row, int(self._quality[row]))

    def take(self, row: int) -> None:
        """Count a row among the taken ones."""
        self._near.take(row)
        self._coarse.take(row, int(self._quality[row]))


class _Near:
    """The part above tau: the rows that each row is near to.

    Attributes:
        total: tau up to the greatest value, at every row.
    """

    def __init__(self, edges: _Edges, quality: Ints, tau: Ints, weights: Ints) -> None:
        value = quality[edges.of] * edges.cosine
        useful = value > tau[edges.at]
        of, at, value = edges.of[useful], edges.at[useful], value[useful]
        order = np.lexsort((at, of))
        self._of, self._at, self._value = of[order], at[order], value[order]
        self._begins = np.searchsorted(self._of, np.arange(len(quality) + 1))
        self._weights = weights[self._at]
        self._reached = tau.copy()
        self.total = int(((_MOST - tau) * weights).sum())

    def first(self) -> Ints:
        more = (self._value - self._reached[self._at]) * self._weights
        height = len(self._begins) - 1
        # Whole numbers below 2^53: exact in any order.
        return np.bincount(self._of, more, minlength=height).astype(np.int64)

    def gain(self, row: int) -> int:
        its = slice(self._begins[row], self._begins[row + 1])
        more = self._value[its] - self._reached[self._at[its]]
        return int(np.maximum(more, 0) @ self._weights[its])

    def take(self, row: int) -> None:
        its = slice(self._begins[row], self._begins[row + 1])
        at = self._at[its]
        self._reached[at] = np.maximum(self._reached[at], self._value[its])


class _Coarse:
    """The part up to tau, at some rows that stand for all.

    Attributes:
        total: tau at every one of them.
    """

    def __init__(self, cosines: NDArray[np.int16], tau: Ints, weights: Ints) -> None:
        self._cosines, self._tau, self._weights = cosines, tau, weights
        self._reached = np.zeros(len(tau), np.int64)
        self.total = int((tau * weights).sum())

    def first(self, quality: Ints) -> Ints:
        made = np.zeros(len(quality), np.int64)
        for first in range(0, len(quality), SAMPLE):
            some = slice(first, first + SAMPLE)
            value = self._cosines[some] * quality[some, None]
            made[some] = np.minimum(value, self._tau) @ self._weights
        return made

    def gain(self, row: int, quality: int) -> int:
        if not len(self._tau):
            return 0
        value = np.minimum(self._cosines[row] * np.int64(quality), self._tau)
        return int(np.maximum(value - self._reached, 0) @ self._weights)

    def take(self, row: int, quality: int) -> None:
        if not len(self._tau):
            return
        value = np.minimum(self._cosines[row] * np.int64(quality), self._tau)
        np.maximum(self._reached, value, out=self._reached)
        open_ = self._reached < self._tau
        if 2 * np.count_nonzero(open_) < len(open_):  # the rest has nothing more to give
            self._cosines = np.ascontiguousarray(self._cosines[:, open_])
            self._tau, self._weights = self._tau[open_], self._weights[open_]
            self._reached = self._reached[open_]


def _cover(points: Vectors, quality: Ints, weights: Ints, seed: int) -> _Cover:
    """Measure what stands near what."""
    height = len(points)
    if height <= ALL_PAIRS:
        tau = np.full(height, _MOST)
        none = _Near(_Edges.none(), quality, tau, weights)
        return _Cover(quality, none, _Coarse(_cosines(points, points), tau, weights))
    kept = _neighbours(points, seed)
    tau = kept.least * QUALITY
    sample = np.sort(np.random.default_rng(seed).permutation(height)[:SAMPLE])
    # Each stands for height / SAMPLE rows; both parts are multiplied by what makes that whole.
    near = _Near(kept.edges, quality, tau, weights * SAMPLE)
    coarse = _Coarse(_cosines(points, points[sample]), tau[sample], weights[sample] * height)
    return _Cover(quality, near, coarse)


def _cosines(points: Vectors, others: Vectors) -> NDArray[np.int16]:
    """Cosines in steps of 1 / SCALE, those below 0 as 0."""
    made = np.zeros((len(points), len(others)), np.int16)
    for some, found in products(points, others):
        made[some] = _steps(found)
    return made


def _steps(found: Vectors) -> Ints:
    made: Ints = np.clip(found.astype(np.int64) // SCALE, 0, SCALE)
    return made


# --- neighbours ---------------------------------------------------------------------------------


class _Edges(NamedTuple):
    """Pairs of rows that are near.

    Attributes:
        at: the row that has a neighbour.
        of: the neighbour.
        cosine: of the two, in steps of 1 / SCALE.
    """

    at: Ints
    of: Ints
    cosine: Ints

    @classmethod
    def none(cls) -> _Edges:
        """No pair."""
        return cls(*(np.zeros(0, np.int64) for _ in range(3)))


class _Neighbours(NamedTuple):
    """The nearest rows of all rows.

    Attributes:
        edges: each row with those that are nearer than its `NEAR`-th neighbour.
        least: the cosine of that one.
    """

    edges: _Edges
    least: Ints


def _neighbours(points: Vectors, seed: int) -> _Neighbours:
    """The `NEAR` nearest rows of each, itself included, as far as they are seen."""
    least = np.zeros(len(points), np.int64)
    parts = [_Edges.none()]
    for rows, seen in _lists(points, seed):
        others = points[seen]
        for some, found in products(points[rows], others):
            last = np.partition(found, -NEAR, axis=1)[:, -NEAR]
            at, of = np.nonzero(found > np.maximum(last, 0)[:, None])
            its = rows[some]
            least[its] = _steps(last)
            parts.append(_Edges(its[at], seen[of], _steps(found[at, of])))
    edges = _Edges(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    return _Neighbours(edges, least)


def _lists(points: Vectors, seed: int) -> Iterator[tuple[Ints, Ints]]:
    """Rows that are alike, and the rows that their neighbours are looked for among."""
    height = len(points)
    if height <= ALL_NEAR:
        yield np.arange(height), np.arange(height)
        return
    lots = np.sort(np.random.default_rng(seed).permutation(height)[: 4 * SEEN])
    centres = kmeans(points[lots], isqrt(height), seed, rounds=4)
    group, _ = nearest(points, centres)
    order = np.argsort(group, kind="stable")
    begins = np.searchsorted(group[order], np.arange(len(centres) + 1))
    sizes = np.diff(begins)
    close = np.argsort(-(centres @ centres.T), axis=1, kind="stable")
    for number in np.flatnonzero(sizes).tolist():
        enough = int(np.searchsorted(np.cumsum(sizes[close[number]]), SEEN)) + 1
        lists = [order[begins[one] : begins[one + 1]] for one in close[number][:enough]]
        yield order[begins[number] : begins[number + 1]], np.concatenate(lists)


# --- greedy -------------------------------------------------------------------------------------


def _greedy(cover: _Cover, size: int) -> Iterator[tuple[int, int]]:
    """Rows and what they add; of those that add the same the earlier one. Ends where none adds."""
    waiting = [(-gain, row) for row, gain in enumerate(cover.first().tolist())]
    heapify(waiting)
    while size and waiting:
        row = waiting[0][1]
        now = (-cover.gain(row), row)
        if now[0] == 0:
            heappop(waiting)
        elif now == waiting[0] or len(waiting) == 1 or now <= min(waiting[1:3]):
            heappop(waiting)
            cover.take(row)
            size -= 1
            yield row, -now[0]
        else:
            heapreplace(waiting, now)
