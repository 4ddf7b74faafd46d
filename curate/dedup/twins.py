"""Which of several rows alike stays: chosen last, among those that no other rule drops.

Signals say which rows are alike, and every pair of them was verified. Who stays follows from what
else a run decides, so it is worked out here, from stored facts and with no look at a text:

1. a row that goes for another reason stands for nobody;
2. of the others the one that the fewest rules hit, with the longer answer, more readable, earlier.

A word more or a hard word less is no better answer: by less than `LONGER` words and `EASIER` years
of school texts are equal. Without that it was chance whether a text or its typo stayed.

Whoever goes names a row that stays and that it was compared with. The columns of `scores` name a
row by what the signals knew; `named` puts the row that stays in its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from curate.dedup import minhash

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from curate.dedup.minhash import Ints, Mask
    from curate.policy.rule import Rule

EXACT, NEAR, SIMILARITY = (
    "exact_duplicate_of",
    "near_duplicate_of",
    "near_duplicate_similarity",
)
LONGER, EASIER = 3, 2
# Rows that agree in one half, by the column that names the other row.
_HALVES = ("same_prompt_as", "same_response_as")
_NEAR_FACTS = frozenset({NEAR, "same_words_as", "near_copies", "near_similarities", "near_lead"})


@dataclass(frozen=True)
class Wanted:
    """What the rules over two rows ask for.

    Attributes:
        drops: the columns by which a rule names the other row and drops this one.
        threshold: the least similarity that makes a near-copy.
    """

    drops: frozenset[str]
    threshold: float

    @classmethod
    def by(cls, rules: Iterable[Rule]) -> Wanted:
        """What these rules ask; a rule that only flags has a say where none drops."""
        pairs = [rule for rule in rules if rule.twin is not None]
        near = [rule for rule in pairs if rule.twin == NEAR]
        asked = [rule for rule in near if rule.action == "drop"] or near
        limits = [minhash.FLOOR if rule.threshold is None else rule.threshold for rule in asked]
        drops = {str(rule.twin) for rule in pairs if rule.action == "drop"}
        return cls(frozenset(drops), min(limits, default=minhash.FLOOR))


def ranks(scores: pl.DataFrame, faults: Ints, gone: Mask, *, near: bool = True) -> Ints:
    """Each row's place in the order in which rows are kept: 0 is kept before all others.

    Args:
        scores: of all rows.
        faults: how many rules hit each row.
        gone: rows that a rule drops for what they are.
        near: a rule asks for near-copies; what else the scores hold must not matter.
    """
    orders: list[Ints | Mask] = [np.arange(scores.height)]
    if near and _NEAR_FACTS.issubset(scores.columns):
        cluster = _rows(scores, NEAR)
        for column, step in (("answer_ease", EASIER), ("answer_words", LONGER)):
            if column in scores.columns:
                orders.append(_falls_short(scores[column], step, cluster, gone))
        # Few rows of a large cluster were compared with all of it; others would leave copies.
        orders += [faults, ~scores["near_lead"].to_numpy()]
    else:
        orders.append(faults)
    rank = np.empty(scores.height, np.int64)
    rank[np.lexsort((*orders, gone))] = np.arange(scores.height)
    return rank


def _falls_short(values: pl.Series, step: float, cluster: Ints, gone: Mask) -> Mask:
    """Rows whose value is less than the best that may stay of their cluster by a step or more."""
    own = values.cast(pl.Float64).fill_null(-np.inf).to_numpy()
    best = np.full(len(own), -np.inf)
    np.maximum.at(best, cluster, np.where(gone, -np.inf, own))
    short: Mask = (own <= best[cluster] - step) & np.isfinite(best[cluster])
    return short


def named(scores: pl.DataFrame, rank: Ints, wanted: Wanted) -> pl.DataFrame:
    """The scores, with the columns that name another row naming the one that stays."""
    made: dict[str, pl.Series] = {}
    exact = near = np.arange(scores.height)
    if EXACT in scores.columns:
        exact = _best(_rows(scores, EXACT), rank)
    if _NEAR_FACTS.issubset(scores.columns):
        near, similarity = _near(scores, rank, wanted.threshold)
        made[NEAR] = _ids(scores, near)
        made[SIMILARITY] = pl.Series(similarity).set(made[NEAR].is_null(), None)
    if EXACT in scores.columns:
        if {EXACT, NEAR} <= wanted.drops:
            # What it is a copy of goes as a near-copy: it is a near-copy of the same row then.
            exact = np.where(near[exact] == exact, exact, np.arange(scores.height))
        made[EXACT] = _ids(scores, exact)
    for column in _HALVES:
        if column in wanted.drops:
            made[column] = _ids(scores, _other_half(scores, column, rank))
    return scores.with_columns(**made)


def _rows(scores: pl.DataFrame, column: str) -> Ints:
    """The row that each row names in a column; itself where it names none of this run.

    By 64-bit hashes of the ids, which are such hashes of the records themselves: a table of ten
    million strings would take half a gigabyte.
    """
    rows = np.arange(scores.height)
    where = scores[column].is_not_null().arg_true()
    if where.is_empty():
        return rows
    keys, named = (ids.hash().to_numpy() for ids in (scores["id"], scores[column].gather(where)))
    order = np.argsort(keys, kind="stable")
    found = order[np.minimum(np.searchsorted(keys, named, sorter=order), len(order) - 1)]
    known = keys[found] == named
    rows[where.to_numpy()[known]] = found[known]
    return rows


def _ids(scores: pl.DataFrame, rows: Ints) -> pl.Series:
    """The ids of other rows; null where a row points at itself."""
    own = pl.Series(rows == np.arange(scores.height))
    return scores["id"].gather(rows).set(own, None)


def _best(group: Ints, rank: Ints) -> Ints:
    """For each row the best of its group; a group is numbered by one of its rows."""
    least = np.full(len(group), len(group))
    np.minimum.at(least, group, rank)
    best: Ints = np.argsort(rank)[least[group]]
    return best


def _near(scores: pl.DataFrame, rank: Ints, threshold: float) -> tuple[Ints, NDArray[np.float64]]:
    """For each row the near-copy that stays, itself where it stays, and the similarity.

    Rows that say the same word for word are as near to any other row, so pairs are of such
    groups, each by its best row.
    """
    head = _rows(scores, "same_words_as")
    best = _best(head, rank)
    left, right, alike = _pairs(scores)
    near = alike >= threshold
    one, other, alike = rank[best[left[near]]], rank[best[right[near]]], alike[near]
    later, earlier = np.maximum(one, other), np.minimum(one, other)
    order = np.lexsort((earlier, later))
    later, earlier, alike = later[order], earlier[order], alike[order]
    star = minhash.stars(later, earlier, scores.height)
    similarity = np.ones(scores.height)
    chosen = star[later] == earlier
    similarity[later[chosen]] = alike[chosen]
    mine = rank[best]
    return np.argsort(rank)[star[mine]], similarity[mine]


def _pairs(scores: pl.DataFrame) -> tuple[Ints, Ints, NDArray[np.float64]]:
    """The verified pairs of rows, and how similar they are."""
    held = scores.select("near_copies", "near_similarities").with_row_index("row")
    held = held.filter(pl.col("near_copies").is_not_null())
    held = held.explode("near_copies", "near_similarities")
    rows = held.select(pl.col("row", "near_copies").cast(pl.Int64))
    left, right = (rows[name].to_numpy() for name in rows.columns)
    return left, right, held["near_similarities"].to_numpy()


def _other_half(scores: pl.DataFrame, column: str, rank: Ints) -> Ints:
    """For each row the best one with the same half that is no near-copy of it.

    The signal names the first of another star: so of two rows that name each other the earlier
    one is the first of all with this half.
    """
    named = _rows(scores, column)
    rows = np.arange(scores.height)
    has = named != rows
    group = np.where(has, np.minimum(named, named[named]), rows)
    star = _rows(scores, NEAR) if NEAR in scores.columns else rows
    best = _best(group, rank)
    other = np.where(star == star[best], scores.height, rank)
    second = np.full(scores.height, scores.height)
    np.minimum.at(second, group, other)
    by_rank = np.append(np.argsort(rank), -1)
    found = np.where(star == star[best], by_rank[second[group]], best)
    return np.where(has & (found >= 0), found, rows)


def spared(rows: Ints, twins: Ints, rank: Ints, gone: Mask) -> Mask:
    """Which of these findings may not drop their row: so whoever goes names a row that stays.

    Args:
        rows: the row of each finding of a rule that drops one of two rows.
        twins: the row it names; -1 where that is no row of this run, and stays.
        rank: see `ranks`; the worst rows go first.
        gone: rows that go anyway.
    """
    kept = np.zeros(len(rows), np.bool_)
    named: set[int] = set()
    dropped: set[int] = set(np.flatnonzero(gone).tolist())
    for at in np.lexsort((-rank[rows], gone[rows])).tolist():
        row, twin = int(rows[at]), int(twins[at])
        kept[at] = row in named or twin in dropped
        if not kept[at]:
            dropped.add(row)
            named.add(twin)
    return kept
