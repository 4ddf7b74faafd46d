"""Near-duplicate search over token hashes: the numeric kernel, numpy only.

A text becomes an ordered run of token hashes (`tokens`), a row's two runs become a set of
trigram hashes (`shingles`), and rows whose sets are alike are found in four steps, each linear:

1. `Shared` discards rows exactly: |A ∩ B| >= t |A ∪ B| >= t |A|, so a row of whose
   shingles less than the share t occurs in any other row has no near-duplicate at all. On Alpaca
   that leaves 1 row in 40, and is why everything after it costs next to nothing.
2. `signatures`: `BANDS` x `WIDTH` MinHash values a row.
3. `candidates`: rows that agree in one band. A row is paired with the first row of its bucket
   and with its nearest neighbours in the order of the following bands (as in an LSH forest), so
   a bucket of n rows proposes O(n) pairs and not n².
4. `overlaps`: the true Jaccard similarity of each proposed pair.

Bands: two rows of similarity s meet in at least one of b bands of r values with probability
1 - (1 - s^r)^b. With r = 4, b = 20 that is 0.9959 at the floor 0.7, 0.99997 at 0.8, 0.03 at 0.2.
datasketch's optimiser minimises a weighted sum of the areas of the two errors and so accepts
0.5 to 0.9 at the threshold itself; and importing it costs 0.9 CPU-s (scipy), more than all of
this for 50,000 rows. `tests/signals/test_duplicates.py` checks the choice against its formula.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Hashes = NDArray[np.uint32]
    Mask = NDArray[np.bool_]

FLOOR = 0.7
BANDS = 20
WIDTH = 4

# Marks where a text ends, and so where the next one begins. Tokens are never 0.
END = np.uint32(0)
# The two lowest bits of a token say that it begins with a digit, or is a sign and no word.
DIGIT = np.uint32(1)
SIGN = np.uint32(2)
_LEAST = np.uint32(4)

_LETTER, _DIGIT, _SYMBOL = 1, 2, 4
_WORD = _LETTER | _DIGIT


def _byte_kinds() -> bytes:
    kinds = bytearray(256)
    for byte in range(256):
        letter = chr(byte).isalpha() if byte < 0x80 else True
        kinds[byte] = _LETTER if letter or byte == ord("_") else 0
    for byte in b"0123456789":
        kinds[byte] = _DIGIT
    for byte in b"+-/=<>%$&^@\\#":
        kinds[byte] = _SYMBOL
    return bytes(kinds)


_KINDS = _byte_kinds()
# What both neighbours must be for a sign to belong to the word: don't, 3.5, 1,000, 12:30.
_JOINS = bytes(
    _LETTER if byte == ord("'") else _DIGIT if byte in b".,:" else 0 for byte in range(256)
)
_LOWER = bytes(range(256)).lower()

_ODD = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread every input bit over the whole word (the finaliser of splitmix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def tokens(text: bytes) -> tuple[Hashes, Ints]:
    """The token hashes of a text, and the byte at which each begins.

    A token is a run of letters and digits (every byte of a non-ASCII character counts as a
    letter) in lower case, or a sign that changes meaning (+ - / = < > % $ & ^ @ # \\). Hashed
    eight bytes at a time, so the cost is a handful of array operations a token.
    """
    kinds, joins = (np.frombuffer(text.translate(table), np.uint8) for table in (_KINDS, _JOINS))
    kinds = np.concatenate([[np.uint8(0)], kinds, [np.uint8(0)]])
    joined = np.flatnonzero(joins)
    joined = joined[joins[joined] & kinds[joined] & kinds[joined + 2] != 0]
    kinds[joined + 1] = _LETTER
    word = (kinds & _WORD) != 0
    symbol = kinds == _SYMBOL
    begins = np.flatnonzero((word[1:-1] & ~word[:-2]) | symbol[1:-1])
    ends = np.flatnonzero((word[1:-1] & ~word[2:]) | symbol[1:-1]) + 1
    hashes = _hash_spans(text.translate(_LOWER), begins, ends).astype(np.uint32)
    kind = kinds[begins + 1]
    return mark(hashes) | DIGIT * (kind == _DIGIT) | SIGN * (kind == _SYMBOL), begins


def mark(hashes: Hashes) -> Hashes:
    """Hashes as tokens: the two lowest bits free, and none equal to END."""
    return np.maximum(hashes & ~(DIGIT | SIGN), _LEAST)


def _hash_spans(text: bytes, begins: Ints, ends: Ints) -> NDArray[np.uint64]:
    padded = text + bytes(8)
    words = np.ndarray((len(text) + 1,), "<u8", padded, 0, (1,))
    lengths = ends - begins
    hashes = lengths.astype(np.uint64) * np.uint64(_ODD[0])
    at, open_ = begins, np.arange(len(begins))
    while len(open_):
        left = lengths[open_] - (at - begins[open_])
        shift = (np.maximum(8 - left, 0) * 8).astype(np.uint64)
        hashes[open_] = _mix((hashes[open_] ^ (words[at] << shift)) * np.uint64(_ODD[1]))
        more = left > 8
        at, open_ = at[more] + 8, open_[more]
    return hashes


def is_word(values: Hashes) -> Mask:
    """Whether each token of END-closed runs is neither a sign nor an END."""
    return (values != END) & (values & SIGN == 0)


class Shingles(NamedTuple):
    """Hashed shingles, grouped by row.

    Attributes:
        rows: the row of each shingle, ascending.
        values: the shingle's hash.
    """

    rows: Ints
    values: Hashes


def shingles(values: Hashes) -> Shingles:
    """The trigrams of runs that each close with END: a token between its two neighbours.

    Seeing the ends as neighbours gives a run of n tokens n trigrams, however short it is: there
    is no row without one, and two short rows share none unless tokens agree.

    Repeats stay: a trigram that occurs twice is there twice.
    """
    inner = values != END
    hashes = _mix(_trigrams(values)[inner]) >> np.uint64(32)
    return Shingles(row_of(values)[inner], hashes.astype(np.uint32))


def _trigrams(values: Hashes) -> NDArray[np.uint64]:
    """Each token with its two neighbours as one number; END's own is that of an empty run."""
    wide = values.astype(np.uint64)
    made = wide * np.uint64(_ODD[1])
    made[1:] += wide[:-1] * np.uint64(_ODD[0])
    made[:-1] += wide[1:] * np.uint64(_ODD[2])
    made[values == END] = 0
    return made


def row_of(values: Hashes) -> Ints:
    """The row that each token of END-closed runs stands in."""
    ends = values == END
    return np.cumsum(ends) - ends


def run_keys(values: Hashes) -> NDArray[np.uint64]:
    """A 64-bit key of each END-closed run: equal for equal runs of tokens in the same order.

    The sum of its mixed trigrams, so one pass and no loop; 200,000 rows collide with a
    probability of 1e-9.
    """
    starts = np.flatnonzero(np.concatenate([[True], values[:-1] == END]))
    sums = np.add.reduceat(_mix(_trigrams(values)), starts) if len(values) else _trigrams(values)
    return _mix(sums)


def signatures(one: Shingles, height: int) -> NDArray[np.uint64]:
    """BANDS hashes a row, each over WIDTH MinHash values; every row must have a shingle."""
    sizes = np.bincount(one.rows, minlength=height)
    starts = np.cumsum(sizes) - sizes
    bands = np.zeros((BANDS, height), np.uint64)
    for rows in portions(sizes):
        first, last = starts[rows.start], starts[rows.stop - 1] + sizes[rows.stop - 1]
        values = one.values[first:last].astype(np.uint64)
        bands[:, rows] = _signatures(values, starts[rows] - first)
    return bands


def _signatures(values: NDArray[np.uint64], starts: Ints) -> NDArray[np.uint64]:
    random = np.random.default_rng(0)
    bands = np.zeros((BANDS, len(starts)), np.uint64)
    for band in range(BANDS):
        for _ in range(WIDTH):
            factor, term = random.integers(1 << 62, size=2, dtype=np.uint64) | np.uint64(1)
            hashed = ((values * factor + term) >> np.uint64(32)).astype(np.uint32)
            least = np.minimum.reduceat(hashed, starts)
            bands[band] = _mix(bands[band] * np.uint64(_ODD[0]) + least)
    return bands


# How many neighbours a row is compared with in each band, besides the first of the bucket.
_NEIGHBOURS = 2


def candidates(bands: NDArray[np.uint64]) -> tuple[Ints, Ints]:
    """Pairs (later row, earlier row) that agree in a band: O(rows) of them, sorted."""
    count, height = bands.shape
    rows = np.arange(height)
    found = [np.zeros(0, np.int64)]
    for band in range(count):
        keys = [bands[(band + step) % count] for step in (2, 1, 0)]
        order = np.lexsort((rows, *keys))
        bucket = bands[band][order]
        starts = np.flatnonzero(np.concatenate([[True], bucket[1:] != bucket[:-1]]))
        first = np.minimum.reduceat(order, starts)
        firsts = np.repeat(first, np.diff(np.append(starts, height)))
        found.append(_codes(order, firsts, height))
        for step in range(1, _NEIGHBOURS + 1):
            same = bucket[step:] == bucket[:-step]
            found.append(_codes(order[step:][same], order[:-step][same], height))
    codes = np.unique(np.concatenate(found))
    return codes // height, codes % height


def _codes(left: Ints, right: Ints, height: int) -> Ints:
    different = left != right
    left, right = left[different], right[different]
    return np.maximum(left, right) * height + np.minimum(left, right)


# Sets are worked on in portions of about this many elements: temporaries stay below 100 MB.
_PORTION = 2_000_000


def portions(sizes: Ints) -> list[slice]:
    """Cut a list where the sum of the sizes reaches a portion."""
    whole = np.cumsum(sizes) // _PORTION
    cuts = [0, *(np.flatnonzero(np.diff(whole)) + 1).tolist(), len(sizes)]
    return [slice(a, b) for a, b in zip(cuts[:-1], cuts[1:], strict=True) if a < b]


class Runs:
    """Values grouped by row, for comparing rows pair by pair."""

    def __init__(self, rows: Ints, values: Hashes, height: int) -> None:
        self.values = values
        self.starts = np.searchsorted(rows, np.arange(height + 1))
        self.sizes = np.diff(self.starts)

    def of(self, rows: Ints) -> tuple[Ints, Hashes]:
        """The values of these rows, with the position in `rows` that each belongs to."""
        sizes = self.sizes[rows]
        position = np.repeat(np.arange(len(rows)), sizes)
        within = np.arange(len(position)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return position, self.values[self.starts[rows][position] + within]

    def surplus(self, left: Ints, right: Ints) -> tuple[Ints, Hashes, Ints]:
        """What the rows of each pair do not share, as multisets.

        Returns:
            pair, value and count: positive where the left row has more of the value, negative
            where the right row has.
        """
        made = [self._surplus(left[cut], right[cut], cut.start) for cut in self.cuts(left, right)]
        if not made:
            return np.zeros(0, np.int64), np.zeros(0, np.uint32), np.zeros(0, np.int64)
        pair, value, count = (np.concatenate(parts) for parts in zip(*made, strict=True))
        return pair, value, count

    def cuts(self, left: Ints, right: Ints) -> list[slice]:
        return portions(self.sizes[left] + self.sizes[right])

    def _surplus(self, left: Ints, right: Ints, offset: int) -> tuple[Ints, Hashes, Ints]:
        pairs_left, values_left = self.of(left)
        pairs_right, values_right = self.of(right)
        # Pair, value and side in one number, so that a plain sort brings equal values together.
        keys = np.concatenate([pairs_left, pairs_right]).astype(np.uint64) << np.uint64(33)
        keys |= np.concatenate([values_left, values_right]).astype(np.uint64) << np.uint64(1)
        keys[len(pairs_left) :] |= np.uint64(1)
        keys.sort()
        sign = 1 - 2 * (keys & np.uint64(1)).astype(np.int8)
        keys >>= np.uint64(1)
        starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])[: len(keys)])
        count = np.add.reduceat(sign, starts, dtype=np.int64) if len(keys) else sign
        keys, count = keys[starts][count != 0], count[count != 0]
        return (keys >> np.uint64(32)).astype(np.int64) + offset, keys.astype(np.uint32), count


def stars(left: Ints, right: Ints, height: int) -> Ints:
    """Assign each row to its earliest verified representative, itself where it has none.

    Args:
        left: the later row of each verified pair, ascending.
        right: the earlier row, ascending within the same left row.
        height: the number of rows.
    """
    star = np.arange(height)
    for later, earlier in zip(left.tolist(), right.tolist(), strict=True):
        if star[later] == later and star[earlier] == earlier:
            star[later] = earlier
    return star
