"""Words and pairs of words as dense features: TF-IDF, thrown onto few dimensions at random.

Embeddings know what a text is about; single words tell apart what is about the same. Each word and
each pair of neighbours is given `SIGNS` places with a sign each, by its hash, so no table of them
is kept: a sparse random projection, which keeps angles (Achlioptas 2003). Beside the static
embedding's 256 dimensions it takes banking77 with 10 % of its labels changed at random from an
average precision of 0.93 to 0.98.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from curate.dedup.minhash import END, TURN, mix, row_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from curate.dedup.minhash import Hashes, Ints
    from curate.learn.linear import Floats

    Keys = NDArray[np.uint64]

SIGNS = 8
_ODD, _WORD = 0x9E3779B97F4A7C15, 2**64
_PORTION = 2_000_000  # entries laid out at once: 16 MB an array


class Bag(NamedTuple):
    """Which texts hold which grams: an entry a text and gram, by text.

    Attributes:
        rows: the text.
        grams: the gram, as a hash.
        counts: how often it stands there.
        spread: in how many texts it stands.
        height: how many texts there are.
    """

    rows: Ints
    grams: Keys
    counts: Ints
    spread: Ints
    height: int

    @classmethod
    def of(cls, runs: Hashes, *, pairs: bool = True) -> Bag:
        """The words of END-closed runs of tokens, and pairs of neighbours."""
        rows, words = row_of(runs), runs.astype(np.uint64)
        inner = (runs != END) & (runs != TURN)
        grams, of = [words[inner]], [rows[inner]]
        if pairs:
            both = inner[1:] & inner[:-1]
            grams.append((words[:-1] * np.uint64(_ODD) + words[1:])[both])
            of.append(rows[:-1][both])
        return cls._counted(np.concatenate(of), np.concatenate(grams), int((runs == END).sum()))

    @classmethod
    def _counted(cls, of: Ints, grams: Keys, height: int) -> Bag:
        distinct, number = np.unique(grams, return_inverse=True)
        size = max(len(distinct), 1)
        entries, counts = np.unique(of * size + number, return_counts=True)
        rows, numbers = np.divmod(entries, size)
        spread = np.bincount(numbers, minlength=size)[numbers]
        return cls(rows, distinct[numbers], counts, spread, height)

    def telling(self) -> Bag:
        """Without grams of a single text, and without those that nine texts in ten hold.

        The first say nothing about another text; the second are the task's own words.
        """
        some = (self.spread > 1) & (self.spread <= max(0.9 * self.height, 2))
        return Bag(
            self.rows[some], self.grams[some], self.counts[some], self.spread[some], self.height
        )


def projected(bag: Bag, width: int, lot: int = 0) -> Floats:
    """TF-IDF vectors of length 1 on `width` dimensions; zeros for a text without a gram.

    Another `lot` throws the grams onto other places.
    """
    weight = (1 + np.log(bag.counts)) * (np.log((1 + bag.height) / (1 + bag.spread)) + 1)
    length = np.sqrt(np.bincount(bag.rows, weight**2, bag.height))
    weight /= np.maximum(length, 1)[bag.rows] * np.sqrt(SIGNS)
    made = np.zeros((bag.height, width), np.float32)
    edges = np.searchsorted(bag.rows, _cuts(bag))
    for first, last in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if first < last:
            part = slice(first, last)
            _add(made, bag.rows[part], bag.grams[part], weight[part], lot)
    return made


def _cuts(bag: Bag) -> Ints:
    """Rows at which to cut, so that a part has about a portion of entries."""
    ends = np.bincount(bag.rows, minlength=bag.height).cumsum() * SIGNS // _PORTION
    inner = np.flatnonzero(np.diff(ends)) + 1
    return np.concatenate([[0], inner, [bag.height]])


def _add(made: Floats, rows: Ints, grams: Keys, weight: NDArray[np.float64], lot: int) -> None:
    """Add the entries of whole rows."""
    top, width = rows[0], made.shape[1]
    size = int(rows[-1] - top + 1) * width
    total = np.zeros(size)
    for number in range(SIGNS * lot + 1, SIGNS * (lot + 1) + 1):
        drawn = mix(grams + np.uint64(_ODD * number % _WORD))
        place = ((drawn >> np.uint64(8)) % np.uint64(width)).astype(np.int64)
        signed = np.where(drawn & np.uint64(1), weight, -weight)
        total += np.bincount((rows - top) * width + place, signed, size)
    made[top : rows[-1] + 1] = total.reshape(-1, width)
