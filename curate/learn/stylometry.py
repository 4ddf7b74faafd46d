"""How a text is written, as numbers: its words, and its rhythm; not what it is about.

Two blocks a text. *Grams*, hashed, punctuation included, of three kinds: words and pairs of
neighbours; pairs with one word between them; three neighbours of which only the commonest words
keep their spelling, the others their last two letters (topics go, the manner of building sentences
stays). A text's beginning counts as a word. *Style*: rates of punctuation, endings and pronouns,
lengths of words and sentences and how much these vary, how common the words are.

Spaces, line ends, quotation marks' shapes and Markdown's signs leave no trace: they tell where a
text was stored, not who wrote it (half of the public sets have their human texts without line ends
or with `nn` in their place, and a model learns that first). Code between fences is left out.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from curate.dedup.minhash import hash_spans
from curate.embed.wordpiece import LONGEST, spans

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Hashes = NDArray[np.uint64]
    Floats = NDArray[np.float32]
    Mask = NDArray[np.bool_]

BITS = 18
KINDS = 3  # words and pairs, pairs around a word, three of a frame
PLACES = KINDS << BITS  # of hashed grams; a kind's are side by side

_SAME = {
    "\u2018": "'",
    "\u2019": "'",
    "\u02bc": "'",
    "\u00b4": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u00ab": '"',
    "\u00bb": '"',
    "''": '"',
    "``": '"',
    "\u2013": "-",
    "\u2014": "-",
    "\u2026": "...",
}
_FENCED = r"(?s)```.*?(?:```|\z)"
_MARKUP = b"*#_`|~"  # Markdown, and what strips it leaves of it
_STOPS = b".!?"
_SIGNS = b",.;:!?-'\"("  # whose rates are measured, each
_ENDINGS = ("ly", "ing", "ed", "tion", "ment", "ness", "ity", "ance", "ence")
_PERSONS = {
    "i": "i me my mine myself",
    "we": "we us our ours",
    "you": "you your yours",
    "and": "and",
    "but": "but so then because",
    "really": "very really just pretty quite lot stuff thing",
}
_BEFORE = np.uint64(0x9E3779B97F4A7C15)  # stands before a text's first word
_ODD = np.uint64(0xC2B2AE3D27D4EB4F)
_FRAME = 250  # words that keep their spelling in a frame; 100 or 600 do as well
# From here on the vocabulary of the static model is ordered by how frequent words are.
_MOST_FREQUENT = b"the"


class Style(NamedTuple):
    """What a text looks like to a head.

    Attributes:
        rows: the text of each hashed gram, ascending.
        places: which of PLACES each one falls on; its kind is `places >> BITS`.
        values: 1 + log of how often it occurs there.
        style: float32 (n, STYLES), raw.
        words: words of each text, code and signs left out.
        known: share of the words that English has; 0 without words.
    """

    rows: Ints
    places: Ints
    values: Floats
    style: Floats
    words: Ints
    known: Floats


class _Tokens:
    """Every word and sign of texts, one after the other, as arrays.

    Attributes:
        row: the text each stands in.
        hash: of the token in lower case.
        head: its first byte, as written.
        size: bytes.
        is_word: whether it begins with a letter.
    """

    def __init__(self, texts: pl.Series) -> None:
        plain = _plain(texts)
        self.count = len(plain)
        self.text = str(plain.str.join("\0").item()).encode() if self.count else b""
        begins, ends = spans(self.text)
        data = np.frombuffer(self.text + b"\0", np.uint8)
        kept = ~np.isin(data[begins], np.frombuffer(_MARKUP, np.uint8))
        self.begins, self.ends = begins[kept], ends[kept]
        self.head, self.size = data[self.begins], self.ends - self.begins
        closes = np.cumsum(plain.str.len_bytes().cast(pl.Int64).to_numpy() + 1)
        self.row = np.searchsorted(closes, self.begins, side="right")
        lower = self.text.lower()
        hashed = np.minimum(self.ends, self.begins + LONGEST)  # megabytes of Base64 are no word
        self.hash = hash_spans(lower, self.begins, hashed)
        self.lower = np.frombuffer(lower + b"\0", np.uint8)
        is_letter = np.array([chr(one).isalpha() or not chr(one).isascii() for one in range(256)])
        self.is_word = is_letter[self.head]
        self.is_first = np.diff(self.row, prepend=-1) > 0

    def per_row(self, values: NDArray[np.generic]) -> NDArray[np.float64]:
        """The sum of what each token has, a text."""
        made: NDArray[np.float64] = np.bincount(self.row, values, self.count).astype(np.float64)
        return made

    def ends_in(self, ending: str) -> Mask:
        """Whether each token is a longer word with this ending."""
        found = self.is_word & (self.size > len(ending) + 2)
        for back, byte in enumerate(ending.encode()[::-1], start=1):
            found &= self.lower[self.ends - back] == byte
        return found


def _plain(texts: pl.Series) -> pl.Series:
    """Texts without code, with one shape for each quotation mark and dash."""
    texts = texts.fill_null("").str.replace_all("\0", " ", literal=True)
    fenced = texts.str.contains("```", literal=True).arg_true()
    if len(fenced):
        texts = texts.scatter(fenced, texts.gather(fenced).str.replace_all(_FENCED, " "))
    return texts.to_frame("text").select(pl.col("text").str.replace_many(_SAME))["text"]


def measure(texts: pl.Series) -> Style:
    """Both blocks of each text; a null is an empty text."""
    tokens = _Tokens(texts)
    rank, known = _ranks(tokens)
    rows, places, values = _grams(tokens, rank)
    words = tokens.per_row(tokens.is_word)
    share = tokens.per_row(known) / np.maximum(words, 1)
    made = [*_rates(tokens, words), *_rhythm(tokens), *_lengths(tokens, words)]
    made += [tokens.per_row(rank) / np.maximum(words, 1), 1 - share, _variety(tokens, words)]
    style = np.column_stack(made).astype(np.float32) if made else np.zeros((0, 0), np.float32)
    return Style(rows, places, values, style, words.astype(np.int64), share.astype(np.float32))


def _grams(tokens: _Tokens, rank: NDArray[np.float64]) -> tuple[Ints, Ints, Floats]:
    """Hashed grams of each kind: row, place, 1 + log of the count."""
    before = np.where(tokens.is_first, _BEFORE, np.roll(tokens.hash, 1))
    second = np.roll(tokens.is_first, 1)
    further = np.where(second, _BEFORE, np.roll(tokens.hash, 2))
    later = ~tokens.is_first  # with a word two places before it, or the beginning
    frame = _frame(tokens, rank)
    frame_before, frame_further = np.roll(frame, 1), np.where(second, _BEFORE, np.roll(frame, 2))
    grams = [
        np.concatenate([tokens.hash, _both(before, tokens.hash)]),
        _both(further, tokens.hash)[later],
        _both(_both(frame_further, frame_before), frame)[later],
    ]
    rows = [np.concatenate([tokens.row, tokens.row]), tokens.row[later], tokens.row[later]]
    keys = np.concatenate(
        [
            (row * KINDS + kind) << BITS | (gram >> np.uint64(64 - BITS)).astype(np.int64)
            for kind, (row, gram) in enumerate(zip(rows, grams, strict=True))
        ]
    )
    keys.sort()
    begins = np.flatnonzero(np.diff(keys, prepend=-1))
    counts = np.diff(begins, append=len(keys))
    keys = keys[begins]
    return keys // PLACES, keys % PLACES, (1 + np.log(counts)).astype(np.float32)


def _both(first: Hashes, second: Hashes) -> Hashes:
    """A hash of two things in this order."""
    mixed = (first * _ODD) ^ second
    made: Hashes = (mixed ^ (mixed >> np.uint64(29))) * _ODD
    return made


def _frame(tokens: _Tokens, rank: NDArray[np.float64]) -> Hashes:
    """What is left of each token where topics are gone: common words and signs stay as they are.

    Of other words two letters stay, the last, and whether it begins with a capital; of a number
    nothing.
    """
    last = tokens.lower[tokens.ends - 1].astype(np.uint64)
    earlier = np.where(tokens.size > 1, tokens.lower[tokens.ends - 2], 0).astype(np.uint64)
    capital = ((tokens.head >= ord("A")) & (tokens.head <= ord("Z"))).astype(np.uint64)
    digit = (tokens.head >= ord("0")) & (tokens.head <= ord("9"))
    shape = np.where(digit, 1, capital << np.uint64(16) | earlier << np.uint64(8) | last)
    common = (rank < np.log(_FRAME + 2)) & ~digit  # a sign's rank is 0
    return np.where(common, tokens.hash, shape.astype(np.uint64) * _ODD)


def _rates(tokens: _Tokens, words: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Signs, endings, persons, digits and capitals, a word."""
    word = tokens.is_word
    capital = (tokens.head >= ord("A")) & (tokens.head <= ord("Z"))
    second = np.frombuffer(tokens.text + b"\0", np.uint8)[tokens.begins + 1]
    shouted = capital & (tokens.size > 1) & (second >= ord("A")) & (second <= ord("Z"))
    digit = (tokens.head >= ord("0")) & (tokens.head <= ord("9"))
    found = [(tokens.head == sign) & ~word for sign in _SIGNS]
    found += [tokens.ends_in(ending) for ending in _ENDINGS]
    found += [np.isin(tokens.hash, _hashes(words)) for words in _PERSONS.values()]
    found += [digit, capital & word, shouted]
    return [tokens.per_row(one) / np.maximum(words, 1) for one in found]


def _rhythm(tokens: _Tokens) -> list[NDArray[np.float64]]:
    """Words a sentence: mean, how much they vary, from one to the next, and the longest."""
    capital = (tokens.head >= ord("A")) & (tokens.head <= ord("Z"))
    stop = np.isin(tokens.head, np.frombuffer(_STOPS, np.uint8)) & (tokens.size == 1)
    apart = tokens.begins[1:] > tokens.ends[:-1]
    lower = (tokens.is_word & ~capital)[1:]
    digit = ((tokens.head >= ord("0")) & (tokens.head <= ord("9")))[1:]
    opens = tokens.is_first.copy()  # a stop in `3.5` or `e.g. this` closes nothing
    opens[1:] |= stop[:-1] & ~stop[1:] & ~lower & (apart | ~digit)
    number = np.cumsum(opens) - 1
    sizes = np.bincount(number, weights=tokens.is_word)
    first = tokens.row[opens]
    kept = sizes > 0
    sizes, first = sizes[kept], first[kept]
    count = np.maximum(np.bincount(first, minlength=tokens.count), 1)
    mean = np.bincount(first, weights=sizes, minlength=tokens.count) / count
    off = sizes - mean[first]
    spread = np.sqrt(np.bincount(first, weights=off**2, minlength=tokens.count) / count)
    same = np.diff(first, prepend=-1) == 0
    step = np.abs(np.diff(sizes, prepend=0)) * same
    steps = np.bincount(first, weights=step, minlength=tokens.count) / count
    longest = np.zeros(tokens.count)
    np.maximum.at(longest, first, sizes)
    return [mean, *(part / (mean + 1) for part in (spread, steps, longest))]


def _lengths(tokens: _Tokens, words: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Letters a word: mean and spread."""
    size = np.where(tokens.is_word, tokens.size, 0)
    mean = tokens.per_row(size) / np.maximum(words, 1)
    square = tokens.per_row(size**2) / np.maximum(words, 1)
    return [mean, np.sqrt(np.maximum(square - mean**2, 0))]


def _variety(tokens: _Tokens, words: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distinct words against what a text of this length has."""
    seen = np.unique(tokens.row[tokens.is_word] << 40 | _short(tokens.hash[tokens.is_word]))
    return np.bincount(seen >> 40, minlength=tokens.count) / np.maximum(words, 1) ** 0.8


def _short(hashes: Hashes) -> Ints:
    return (hashes >> np.uint64(24)).astype(np.int64)


def _ranks(tokens: _Tokens) -> tuple[NDArray[np.float64], Mask]:
    """The log of each word's rank (0 for a sign), and which words English knows."""
    hashes, ranks = _vocabulary()
    at = np.minimum(np.searchsorted(hashes, tokens.hash), len(hashes) - 1)
    known = (hashes[at] == tokens.hash) & tokens.is_word
    return np.where(known, ranks[at], ranks.max()) * tokens.is_word, known


@cache
def _vocabulary() -> tuple[Hashes, NDArray[np.float64]]:
    """Hashes of the static model's whole words, ascending, and the log of each one's rank."""
    from curate.embed.static import vocabulary

    ranked = vocabulary()[vocabulary().index(_MOST_FREQUENT) :]
    whole = [one for one in ranked if not one.startswith(b"##")]
    hashes = _hash_all(whole)
    order = np.argsort(hashes)
    return hashes[order], np.log(order + 2)


@cache
def _hashes(words: str) -> Hashes:
    return _hash_all(words.encode().split())


def _hash_all(words: list[bytes]) -> Hashes:
    sizes = np.array([len(word) for word in words])
    begins = np.cumsum(sizes + 1) - sizes - 1
    return hash_spans(b" ".join(words), begins, begins + sizes)
