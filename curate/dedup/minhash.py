"""Near-duplicate search over token hashes: the numeric kernel, numpy only.

A text becomes an ordered run of token hashes (`tokens`), and a run its word trigrams
(`shingles`). Among rows that already have one field in common, rows alike in the other are found
in three steps, each linear:

1. `Runs.signatures`: `BANDS` x `WIDTH` MinHash values a row.
2. `candidates`: rows that agree in one band. A row is paired with the first row of its bucket
   and with its nearest neighbours in the order of the following bands (as in an LSH forest), so
   a bucket of n rows proposes O(n) pairs and not n². Groups too small to need bands are
   compared pair by pair (`close`).
3. `surplus`: what the trigrams of each proposed pair do not share, hence their true similarity.

Bands: two rows of similarity s meet in at least one of b bands of r values with probability
1 - (1 - s^r)^b. With r = 4, b = 20 that is 0.9959 at the floor 0.7, 0.99997 at 0.8, 0.03 at 0.2.
datasketch's optimiser minimises a weighted sum of the areas of the two errors and so finds 0.08
to 0.45 at the threshold itself; and importing it costs 1.0 CPU-s (scipy), more than all of this
for 50,000 rows. docs/duplicates.md has the curve, tests/test_minhash.py checks it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Hashes = NDArray[np.uint32]
    Mask = NDArray[np.bool_]

FLOOR = 0.7
BANDS = 20
WIDTH = 4

# Marks where a text ends, and so where the next one begins. Tokens are never 0.
END = np.uint32(0)
# Stands between the turns of a conversation, where the text has `TURN_MARK`.
TURN = np.uint32(3)
TURN_MARK = "\x1e"
# The two lowest bits of a token say that it begins with a digit, or is a sign and no word.
DIGIT = np.uint32(1)
SIGN = np.uint32(2)
_LEAST = np.uint32(4)

_LETTER, _DIGIT, _SYMBOL, _TURN, _CLOSE, _APOSTROPHE, _POINT = 1, 2, 4, 8, 12, 16, 32


def _byte_kinds() -> bytes:
    kinds = bytearray(256)
    for byte in range(256):
        foreign = not chr(byte).isascii()
        kinds[byte] = _LETTER if foreign or chr(byte).isalpha() or byte == ord("_") else 0
    for byte in b"0123456789":
        kinds[byte] = _DIGIT
    for byte in b"+-/=<>%$&^@\\#":
        kinds[byte] = _SYMBOL
    for byte in b".,:":
        kinds[byte] = _POINT
    kinds[ord("'")] = _APOSTROPHE
    kinds[ord(TURN_MARK)] = _TURN
    return bytes(kinds)


_KINDS = _byte_kinds()
# Of texts with a NUL behind each, which then is the END of its run.
_CLOSED_KINDS = bytes([_CLOSE]) + _KINDS[1:]
_LOWER = bytes(range(256)).lower()
# The lowest bits of a token, by what its first byte is.
_BITS = np.zeros(_CLOSE + 1, np.uint32)
_BITS[[_DIGIT, _SYMBOL]] = DIGIT, SIGN

_ODD = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)


def mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread every input bit over the whole word (the finaliser of splitmix64)."""
    mixed = values ^ (values >> np.uint64(30))
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def tokens(text: bytes) -> tuple[Hashes, Ints]:
    r"""The token hashes of a text, and the byte at which each begins.

    A token is a run of letters and digits (every byte of a non-ASCII character counts as a
    letter) in lower case, or a sign that changes meaning (+ - / = < > % $ & ^ @ # \). Hashed
    eight bytes at a time, so the cost is a handful of array operations a token.
    """
    return _tokens(text, _kinds(text, _KINDS))


def closed_tokens(texts: bytes) -> Hashes:
    """The token hashes of texts that each close with a NUL, END in its place: no insertion.

    To insert the ENDs afterwards took a fifth of the whole.
    """
    return _tokens(texts, _kinds(texts, _CLOSED_KINDS))[0]


def _tokens(text: bytes, kinds: NDArray[np.uint8]) -> tuple[Hashes, Ints]:
    word = (kinds - np.uint8(1)) < _DIGIT
    alone = kinds[1:-1] >= _SYMBOL
    begins = np.flatnonzero((word[1:-1] > word[:-2]) | alone)
    ends = np.flatnonzero((word[1:-1] > word[2:]) | alone) + 1
    hashes = hash_spans(text.translate(_LOWER), begins, ends).astype(np.uint32)
    kind = kinds[begins + 1]
    marked = mark(hashes)
    marked |= _BITS[kind]
    between = np.flatnonzero(kind >= _TURN)
    marked[between] = np.where(kind[between] == _TURN, TURN, END)
    return marked, begins


def _kinds(text: bytes, table: bytes) -> NDArray[np.uint8]:
    """What each byte is, with one that is nothing before the first and after the last.

    A sign between what it joins belongs to the word: don't, 3.5, 1,000, 12:30.
    """
    kinds = np.zeros(len(text) + 2, np.uint8)
    kinds[1:-1] = np.frombuffer(text.translate(table), np.uint8)
    at = np.flatnonzero(kinds >= _APOSTROPHE)
    joined = np.where(kinds[at] == _APOSTROPHE, np.uint8(_LETTER), np.uint8(_DIGIT))
    joined &= kinds[at - 1] & kinds[at + 1]
    kinds[at] = joined != 0  # a true is a 1, and so is _LETTER
    return kinds


def mark(hashes: Hashes) -> Hashes:
    """Hashes as tokens: the two lowest bits free, and none equal to END."""
    marked: Hashes = np.maximum(hashes & ~(DIGIT | SIGN), _LEAST)
    return marked


_WORD_BYTES = 8


def hash_spans(text: bytes, begins: Ints, ends: Ints) -> NDArray[np.uint64]:
    """A hash of each stretch of a text, eight bytes at a time."""
    padded = text + bytes(_WORD_BYTES)
    words = np.ndarray((len(text) + 1,), "<u8", padded, 0, (1,))
    left = ends - begins
    hashes = _further(left.astype(np.uint64) * np.uint64(_ODD[0]), words[begins], left)
    # Most words end within eight bytes, so the others alone are gone through.
    open_ = np.flatnonzero(left > _WORD_BYTES)
    at, left = begins[open_], left[open_]
    while len(open_):
        at, left = at + _WORD_BYTES, left - _WORD_BYTES
        hashes[open_] = _further(hashes[open_], words[at], left)
        more = left > _WORD_BYTES
        at, left, open_ = at[more], left[more], open_[more]
    return hashes


def _further(
    hashes: NDArray[np.uint64], words: NDArray[np.uint64], left: Ints
) -> NDArray[np.uint64]:
    """The hashes, with what is left of eight more bytes of each."""
    shift = (np.maximum(_WORD_BYTES - left, 0) * 8).astype(np.uint64)
    return mix((hashes ^ (words << shift)) * np.uint64(_ODD[1]))


def is_word(values: Hashes) -> Mask:
    """Whether each token of END-closed runs is neither a sign, nor a TURN, nor an END."""
    words: Mask = (values != END) & (values & SIGN == 0)
    return words


def weights(values: Hashes) -> Ints:
    """How much each run says, in words: a sign takes one back.

    In `grep -c '^#' *.c` every character counts; a command of 20 words says no more than a
    sentence of 10.
    """
    ends = np.flatnonzero(values == END)
    said = np.int8(1) - (values & SIGN).astype(np.int8)  # -1 for a sign, as SIGN is 2
    said[values <= TURN] = 0
    sums = np.diff(np.cumsum(said, dtype=np.int64)[ends], prepend=0)
    weight: Ints = np.maximum(sums, 0)
    return weight


def is_number(values: Hashes) -> Mask:
    """Whether each token begins with a digit."""
    numbers: Mask = (values & DIGIT != 0) & (values & SIGN == 0)
    return numbers


class Shingles(NamedTuple):
    """Hashed tokens or shingles, grouped by row.

    Attributes:
        rows: the row of each, ascending.
        values: the hash.
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
    hashes = mix(_trigrams(values)[inner]) >> np.uint64(32)
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
    rows: Ints = np.cumsum(ends) - ends
    return rows


def starts_of(values: Hashes) -> Ints:
    """Where each END-closed run begins."""
    ends = np.flatnonzero(values == END)
    return np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends


def run_keys(values: Hashes) -> NDArray[np.uint64]:
    """A 64-bit key of each END-closed run: equal for equal runs of tokens in the same order.

    The sum of its tokens, each mixed with its place, so one pass and no loop; 200,000 rows
    collide with a probability of 1e-9.
    """
    closes = np.flatnonzero(values == END) + 1
    sizes = np.diff(closes, prepend=0)
    made = [np.zeros(0, np.uint64)]
    for cut in portions(sizes):
        first = closes[cut][0] - sizes[cut][0]
        made.append(_run_keys(values[first : closes[cut][-1]], sizes[cut]))
    return np.concatenate(made)


def _run_keys(values: Hashes, sizes: Ints) -> NDArray[np.uint64]:
    starts = np.cumsum(sizes) - sizes
    placed = values.astype(np.uint64)
    placed <<= np.uint64(32)
    placed |= (np.arange(len(values)) - np.repeat(starts, sizes)).view(np.uint64)
    # Half of `mix` is enough here: a product, and its high bits over the low ones, twice.
    placed *= np.uint64(_ODD[1])
    placed ^= placed >> np.uint64(32)
    placed *= np.uint64(_ODD[0])
    placed ^= placed >> np.uint64(29)
    return mix(np.add.reduceat(placed, starts))


def signatures(values: Hashes, starts: Ints) -> NDArray[np.uint64]:
    """BANDS hashes a row, each over WIDTH MinHash values.

    Args:
        values: the shingles, row by row.
        starts: where each row begins; every row must have a shingle.
    """
    random = np.random.default_rng(0)
    wide = values.astype(np.uint64)
    bands = np.zeros((BANDS, len(starts)), np.uint64)
    for band in range(BANDS if len(starts) else 0):
        for _ in range(WIDTH):
            factor, term = random.integers(1 << 62, size=2, dtype=np.uint64) | np.uint64(1)
            hashed = ((wide * factor + term) >> np.uint64(32)).astype(np.uint32)
            least = np.minimum.reduceat(hashed, starts)
            bands[band] = mix(bands[band] * np.uint64(_ODD[0]) + least)
    return bands


def combined(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A key of two keys."""
    return mix(one * np.uint64(_ODD[0]) + other)


def close(groups: NDArray[np.uint64], reach: int) -> tuple[Ints, Ints]:
    """Pairs (later row, earlier row) of one group, no more than `reach` rows of it apart."""
    order = np.argsort(groups, kind="stable")
    found = [np.zeros((2, 0), np.int64)]
    for step in range(1, reach + 1):
        later, earlier = order[step:], order[:-step]
        same = groups[later] == groups[earlier]
        found.append(np.stack([later[same], earlier[same]]))
    left, right = np.concatenate(found, axis=1)
    return left, right


# How many neighbours a row is compared with in each band, besides the first of the bucket.
_NEIGHBOURS = 2


def candidates(bands: NDArray[np.uint64]) -> tuple[Ints, Ints]:
    """Pairs (later row, earlier row) that agree in a band: O(rows) of them, sorted."""
    count, height = bands.shape
    if not height:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
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


# Runs are worked on in portions of about this many tokens: temporaries stay below 30 MB.
_PORTION = 250_000


def portions(sizes: Ints, portion: int = _PORTION) -> list[slice]:
    """Cut a list where the sum of the sizes reaches a portion."""
    whole = np.cumsum(sizes) // portion
    cuts = [0, *(np.flatnonzero(np.diff(whole)) + 1).tolist(), len(sizes)]
    return [slice(a, b) for a, b in pairwise(cuts) if a < b]


class Runs:
    """END-closed runs of tokens, for comparing rows pair by pair.

    Args:
        values: the runs of all rows, one after the other; they are not copied.
        rows: the rows that are looked at: row n of `of` is `rows[n]`.
        lengths: of all runs, END counted, where they are known: then nothing is looked at here.
    """

    def __init__(self, values: Hashes, rows: Ints, lengths: Ints | None = None) -> None:
        self.values = values
        if lengths is None:
            lengths = np.diff(np.flatnonzero(values == END), prepend=-1)
        self.starts = (np.cumsum(lengths) - lengths)[rows]
        # Tokens of each row, which is how many trigrams it has too.
        self.sizes = lengths[rows] - 1

    def of(self, rows: Ints) -> Hashes:
        """The runs of these rows, each closed by END."""
        sizes = self.sizes[rows] + 1
        starts = self.starts[rows] - (np.cumsum(sizes) - sizes)
        taken: Hashes = self.values[np.arange(sizes.sum()) + np.repeat(starts, sizes)]
        return taken

    def cuts(self, *rows: Ints) -> list[slice]:
        """Portions of rows, or of pairs, that are worked on at once."""
        return portions(np.sum([self.sizes[one] + 1 for one in rows], axis=0))

    def signatures(self, rows: Ints) -> NDArray[np.uint64]:
        """The signatures of these rows' trigrams; none of the rows may be empty."""
        made = [np.zeros((BANDS, 0), np.uint64)]
        for cut in self.cuts(rows):
            one = shingles(self.of(rows[cut]))
            sizes = self.sizes[rows[cut]]
            made.append(signatures(one.values, np.cumsum(sizes) - sizes))
        return np.concatenate(made, axis=1)


def cut_turns(values: Hashes) -> Hashes:
    """Runs cut at every TURN, so that each turn is a run of its own."""
    cut: Hashes = np.where(values == TURN, END, values)
    return cut


def tokens_of(values: Hashes) -> Shingles:
    """The tokens of END-closed runs, each with the row it stands in."""
    inner = values != END
    return Shingles(row_of(values)[inner], values[inner])


def surplus(left: Shingles, right: Shingles) -> tuple[Ints, Hashes, Ints]:
    """What the rows of one do not share with the rows of the same number of the other.

    Both are multisets.

    Returns:
        row, value and count: positive where the left row has more of the value, negative where
        the right row has.
    """
    # Row, value and side in one number, so that a plain sort brings equal values together.
    keys = np.concatenate([left.rows, right.rows]).astype(np.uint64) << np.uint64(33)
    keys |= np.concatenate([left.values, right.values]).astype(np.uint64) << np.uint64(1)
    keys[len(left.rows) :] |= np.uint64(1)
    keys.sort()
    sign = 1 - 2 * (keys & np.uint64(1)).astype(np.int8)
    keys >>= np.uint64(1)
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])[: len(keys)])
    count = np.add.reduceat(sign, starts, dtype=np.int64) if len(keys) else sign.astype(np.int64)
    keys, count = keys[starts][count != 0], count[count != 0]
    return (keys >> np.uint64(32)).astype(np.int64), keys.astype(np.uint32), count


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
