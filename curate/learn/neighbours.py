"""Pairs of vectors that lie close together, without a look at all pairs.

Points are dealt into cells around `2 sqrt(n)` centres, and each point is compared with those of the
`PROBES` cells nearest to it: n^1.5 products in place of n^2. Of a cell that is too large, as of
200,000 vectors all but equal, a point sees `MOST`, and of those close to it the `KEPT` closest are
handed on: work and memory stay bounded whatever the vectors are. All of it is in whole numbers
(`curate.learn.kmeans`), so that the pairs are the same on any number of threads.
"""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from curate.learn.kmeans import ONE, means, nearest, products

if TYPE_CHECKING:
    from collections.abc import Iterator

    from curate.dedup.minhash import Ints
    from curate.embed import Vectors

PROBES = 8
MOST = 1024
KEPT = 4
_SAMPLE = 8192  # points that the centres are made of
_PORTION = 4096  # visitors that are compared at once: 16 MB of products
# Where so large a part of the products is close, the first few points stand for all.
_DENSE, _FEW = 0.25, 64
_ROUNDS = 3  # of k-means; cells need not be good, as several are looked at


class Cells(NamedTuple):
    """Points by the cells around their nearest centres.

    Attributes:
        home: the nearest centre of each point.
        visits: (n, probes) the nearest centres of each, in no order, `home` among them.
        number: how many centres there are.
    """

    home: Ints
    visits: Ints
    number: int


def close(points: Vectors, least: float) -> tuple[Ints, Ints]:
    """Pairs (later, earlier) of whole vectors with a cosine of at least `least`, each once.

    Of each later one the `KEPT` closest that were found, the closest first.

    Args:
        points: (n, d) of length `curate.learn.kmeans.SCALE`, or zeros, which are close to nothing.
        least: above 0.
    """
    pairs = [np.zeros((3, 0), np.int64)]
    if len(points) > 1:
        cells = _cells(points)
        line = points @ _direction(points.shape[1])
        for visitors, members in _meetings(cells, line):
            pairs += _close(points, visitors, members, least * ONE)
    later, earlier, product = np.concatenate(pairs, axis=1)
    order = np.lexsort((earlier, -product, later))
    later, earlier = later[order], earlier[order]
    other = (np.diff(later, prepend=-1) != 0) | (np.diff(earlier, prepend=-1) != 0)
    later, earlier = later[other], earlier[other]
    kept = np.arange(len(later)) - np.searchsorted(later, later) < KEPT
    return later[kept], earlier[kept]


def _cells(points: Vectors) -> Cells:
    lots = np.random.default_rng(0).permutation(len(points))
    some = points[np.sort(lots[:_SAMPLE])]
    centres = points[np.sort(lots[: 2 * isqrt(len(points))])]
    for _ in range(_ROUNDS):
        centres = means(some, nearest(some, centres)[0])
    probes = min(PROBES, len(centres))
    visits = np.empty((len(points), probes), np.int64)
    home = np.empty(len(points), np.int64)
    for rows, found in products(points, centres):
        visits[rows] = np.argpartition(found, len(centres) - probes, axis=1)[:, -probes:]
        best = np.take_along_axis(found, visits[rows], axis=1).argmax(axis=1)
        home[rows] = visits[rows][np.arange(len(best)), best]
    return Cells(home, visits, len(centres))


def _direction(width: int) -> Vectors:
    """One direction of signs: the sum of a whole vector along it is exact."""
    signs: Vectors = np.random.default_rng(width).choice([-1, 1], width).astype(np.float32)
    return signs


def _meetings(cells: Cells, line: Vectors) -> Iterator[tuple[Ints, Ints]]:
    """Visitors and members to compare: those of each cell, of a large one by parts of the line."""
    members = _by_group(cells.home, cells.number)
    flat = _by_group(cells.visits.ravel(), cells.number)
    for own, visiting in zip(members, flat, strict=True):
        visitors = visiting // cells.visits.shape[1]
        if len(own) <= MOST:
            yield visitors, own
            continue
        own = own[np.argsort(line[own], kind="stable")]  # noqa: PLW2901 - the same members
        firsts = own[MOST::MOST]
        part = np.searchsorted(line[firsts], line[visitors], side="left")
        for number, some in enumerate(_by_group(part, len(firsts) + 1)):
            yield visitors[some], own[number * MOST : (number + 1) * MOST]


def _by_group(group: Ints, number: int) -> list[Ints]:
    """The places of each group's members, ascending."""
    order = np.argsort(group, kind="stable")
    return np.split(order, np.searchsorted(group[order], np.arange(1, number)))


def _close(points: Vectors, visitors: Ints, members: Ints, least: float) -> Iterator[Ints]:
    """Visitors and members that are close enough: later, earlier, product."""
    there = points[members].T
    for first in range(0, len(visitors), _PORTION):
        some = visitors[first : first + _PORTION]
        found = points[some] @ there
        yield _closest(found, some, members, least)
        yield _closest(found.T, members, some, least)


def _closest(found: Vectors, later: Ints, earlier: Ints, least: float) -> Ints:
    """Of each later point the `KEPT` closest of the earlier ones: both and the product, (3, n)."""
    hit = found >= least
    if np.count_nonzero(hit) > _DENSE * hit.size:
        found, earlier, hit = found[:, :_FEW], earlier[:_FEW], hit[:, :_FEW]
    rows = np.flatnonzero(hit.any(axis=1))
    found, later = found[rows], later[rows]
    near = (found >= least) & (earlier < later[:, None])
    many = np.count_nonzero(near, axis=1) > KEPT
    row, column = np.nonzero(near & ~many[:, None])
    best = np.argpartition(np.where(near, found, 0)[many], -KEPT, axis=1)[:, -KEPT:]
    row = np.concatenate([row, np.repeat(np.flatnonzero(many), KEPT)])
    column = np.concatenate([column, best.ravel()])
    return np.stack([later[row], earlier[column], found[row, column].astype(np.int64)])
