"""All pairs of runs whose word trigrams are alike: an exact join, numpy only.

Where the Jaccard similarity of two multisets is t or more, each shares at least t of its own
members with the other. So of the n - ceil(tn) + 1 rarest members of each, in one order for all,
they share one (prefix filtering: Chaudhuri et al. 2006, Bayardo et al. 2007). Most trigrams
stand in one run only, so next to nothing is left to compare: 87 pairs in 15,000 rows of Alpaca, of
which 112 million could be formed. No pair is missed.

Only where a rare trigram stands in more than `CROWD` runs, as in templates, MinHash proposes among
these (`curate.dedup.minhash`: a pair at the floor is missed once in 250 times, a near-copy never).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from curate.dedup import minhash
from curate.dedup.minhash import Runs, run_keys, shingles, surplus

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from curate.dedup.minhash import Hashes, Ints

    Shares = NDArray[np.float64]

CROWD = 64
_PORTION = 1 << 20
_ROUNDING = 1e-9  # 0.7 of 10 is 7 and not 7.000000000000001


def pairs(runs: Hashes, least: float) -> tuple[Ints, Ints, Shares]:
    """The pairs (later run, earlier run) that are alike, sorted.

    Args:
        runs: END-closed runs of tokens.
        least: Jaccard similarity of the multisets of their trigrams, minhash.FLOOR at the least.

    Returns:
        later, earlier, similarity. A run that repeats an earlier one is paired with the first of
        these and with nothing else.
    """
    _, first, which = np.unique(run_keys(runs), return_index=True, return_inverse=True)
    first = first[which]
    copies = np.flatnonzero(first != np.arange(len(first)))
    rows = np.flatnonzero(first == np.arange(len(first)))
    some = Runs(runs, rows)
    left, right = _proposed(some, least)
    near = np.minimum(some.sizes[left], some.sizes[right])
    near = near >= least * np.maximum(some.sizes[left], some.sizes[right])
    left, right = left[near], right[near]
    similarity = jaccard(some, left, right)
    alike = similarity >= least - _ROUNDING
    later = np.concatenate([copies, rows[left[alike]]])
    earlier = np.concatenate([first[copies], rows[right[alike]]])
    order = np.lexsort((earlier, later))
    shares = np.concatenate([np.ones(len(copies)), similarity[alike]])
    return later[order], earlier[order], shares[order]


def _proposed(some: Runs, least: float) -> tuple[Ints, Ints]:
    """Pairs that share a rare trigram, or a band where the trigram is in a crowd."""
    rows, values = _rare(some, least)
    begins = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]])[: len(values)])
    sizes = np.diff(begins, append=len(values))
    few = sizes <= CROWD
    height = len(some.sizes)
    codes = [_within(rows, begins[few], sizes[few], height)]
    crowd = np.unique(rows[np.repeat(~few, sizes)])
    if len(crowd):
        left, right = minhash.candidates(some.signatures(crowd))
        codes.append(crowd[left] * height + crowd[right])
    left, right = np.divmod(np.unique(np.concatenate(codes)), max(height, 1))
    return left, right


def _rare(some: Runs, least: float) -> tuple[Ints, Hashes]:
    """The rows' rarest trigrams that are not theirs alone, by trigram and row."""
    rows, values, often = _shared(*_numbered(some))
    alone = some.sizes - np.bincount(rows, minlength=len(some.sizes))
    order = np.lexsort((values, often, rows))
    rows, values = rows[order], values[order]
    starts = np.searchsorted(rows, np.arange(len(some.sizes)))
    place = np.arange(len(rows)) - starts[rows] + alone[rows]
    sizes = some.sizes[rows]
    rare = place <= sizes - np.ceil(least * sizes - _ROUNDING)
    rows, values = rows[rare], values[rare]
    order = np.lexsort((rows, values))
    return rows[order], values[order]


def _shared(rows: Hashes, values: Hashes) -> tuple[Ints, Hashes, Ints]:
    """The trigrams that are there more than once, each with its row and how often it is there.

    Half of Alpaca's 3.2 M go, so what follows works on the rest; in portions, for less memory.
    """
    ordered = np.sort(values)
    begins = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(ordered)])
    counts = np.diff(begins, append=len(ordered))
    keys, counts = ordered[begins[counts > 1]], counts[counts > 1]
    del ordered, begins
    parts = []
    for start in range(0, len(values) if len(keys) else 0, _PORTION):
        some = values[start : start + _PORTION]
        at = np.minimum(np.searchsorted(keys, some), len(keys) - 1)
        held = np.flatnonzero(keys[at] == some)
        parts.append((rows[start + held].astype(np.int64), some[held], counts[at[held]]))
    if not parts:
        return np.zeros(0, np.int64), values[:0], np.zeros(0, np.int64)
    kept, words, often = (np.concatenate(column) for column in zip(*parts, strict=True))
    return kept, words, often


def _numbered(some: Runs) -> tuple[Hashes, Hashes]:
    """The trigrams of all rows, of which a second one in a row is another: sets, not multisets."""
    parts = []
    at = np.arange(len(some.sizes))
    for cut in some.cuts(at):
        made = shingles(some.of(at[cut]))
        order = np.lexsort((made.values, made.rows))
        rows, values = made.rows[order], made.values[order]
        new = np.ones(len(rows), np.bool_)
        new[1:] = (rows[1:] != rows[:-1]) | (values[1:] != values[:-1])
        begins = np.flatnonzero(new)
        again = np.arange(len(rows)) - np.repeat(begins, np.diff(begins, append=len(rows)))
        parts.append(
            (
                (rows + at[cut][0]).astype(np.uint32),
                values + again.astype(np.uint32) * np.uint32(0x9E3779B1),
            )
        )
    if not parts:
        return np.zeros(0, np.uint32), np.zeros(0, np.uint32)
    made_rows, made_values = zip(*parts, strict=True)
    return np.concatenate(made_rows), np.concatenate(made_values)


def _within(rows: Ints, begins: Ints, sizes: Ints, height: int) -> Ints:
    """All pairs within groups, as later row times height plus earlier row."""
    found = [np.zeros(0, np.int64)]
    for step in range(1, int(sizes.max(initial=1))):
        held = begins[sizes > step]
        counts = sizes[sizes > step] - step
        first = np.repeat(held - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())
        found.append(np.unique(rows[first + step] * height + rows[first]))
    return np.concatenate(found)


def jaccard(some: Runs, left: Ints, right: Ints) -> Shares:
    """The Jaccard similarity of the trigrams of each pair of rows, as multisets."""
    made = np.zeros(len(left))
    for cut in some.cuts(left, right):
        one, other = shingles(some.of(left[cut])), shingles(some.of(right[cut]))
        row, _, count = surplus(one, other)
        total = some.sizes[left[cut]] + some.sizes[right[cut]]
        odd = np.bincount(row, np.abs(count), len(total))
        made[cut] = (total - odd) / np.maximum(total + odd, 1)
    return made


def components(left: Ints, right: Ints, height: int) -> Ints:
    """The first row of each row's connected component."""
    parent = list(range(height))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for one, other in zip(left.tolist(), right.tolist(), strict=True):
        a, b = root(one), root(other)
        parent[max(a, b)] = min(a, b)
    return np.fromiter(map(root, range(height)), np.int64, height)
