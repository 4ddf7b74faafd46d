"""Texts that others hold, wholly or in part: the numeric kernel, numpy only.

An index knows each run of `GRAM` words of its texts; signs are no words here. Why 8: GPT-3 took
runs of 8 to 13 words (Brown et al. 2020, appendix C), Llama 3 and Tülu 3 take 8. And it misses no
near-copy: k words put for others leave trigrams with a Jaccard similarity of (n - 3k) / (n + 3k),
which is 0.7 and more only where n >= 17k; they cut n words into k + 1 parts, of which one then has
8 words or more. Texts of fewer words are found whole: as a run of their own, or, from `LEAST` words
on, anywhere in one (whoever asks has to look whether they are a sentence there).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from curate.dedup.minhash import (
    END,
    Runs,
    is_number,
    is_word,
    portions,
    row_of,
    run_keys,
    shingles,
    starts_of,
    surplus,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from curate.dedup.minhash import Hashes, Ints, Mask

    Keys = NDArray[np.uint64]
    Shares = NDArray[np.float64]

GRAM = 8
LEAST = 4
# So many words in a row are no accident, and an answer of fewer says little by itself: GPT-3's
# longest run.
TELLING = 13
# Words that stand in more texts are nobody's own: GPT-3 passed over runs that it found in more
# than ten documents, "as they tend to be common phrases".
COMMON = 10
# A run of words that hardly differ (a table of zeros, "ha ha ha") is nobody's either.
_DISTINCT = 4

_FACTORS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)
_SEEN_BITS = 24  # 16 MB: of 900,000 grams one foreign key in 20 gets past


def words_alone(values: Hashes) -> Hashes:
    """END-closed runs without their signs."""
    words: Hashes = values[is_word(values) | (values == END)]
    return words


def grams(words: Hashes) -> tuple[Ints, Keys]:
    """Where GRAM words follow one another in END-closed runs, and a key of each such place."""
    keys = words.astype(np.uint64)
    for factor, step in zip(_FACTORS, (1, 2, 4), strict=True):
        keys *= np.uint64(factor)
        keys ^= keys >> np.uint64(29)
        keys[:-step] += keys[step:] << np.uint64(1)
    keys ^= keys >> np.uint64(32)
    closes = np.flatnonzero(words == END)
    left = np.repeat(closes, np.diff(closes, prepend=-1)) - np.arange(len(words))
    places = np.flatnonzero(left >= GRAM)
    return places, keys[places]


def runs_of(words: Hashes, sizes: range) -> Iterator[tuple[int, Ints, Keys]]:
    """For each size where so many words follow one another, and a key of each such place."""
    closes = np.flatnonzero(words == END)
    left = np.repeat(closes, np.diff(closes, prepend=-1)) - np.arange(len(words))
    keys = np.zeros(len(words), np.uint64)
    for size in range(1, min(sizes.stop, len(words) + 1)):
        keys *= np.uint64(_FACTORS[0])
        keys ^= keys >> np.uint64(31)
        keys[: len(words) - size + 1] += words[size - 1 :]
        if size in sizes:
            places = np.flatnonzero(left >= size)
            yield size, places, keys[places] * np.uint64(_FACTORS[1])


def _telling(words: Hashes, places: Ints) -> Mask:
    """Grams that say something: several words that differ, and not numbers alone."""
    made = words[places[:, None] + np.arange(GRAM)]
    numbers = is_number(made).all(axis=1)
    made.sort(axis=1)
    distinct = 1 + (made[:, 1:] != made[:, :-1]).sum(axis=1)
    telling: Mask = (distinct >= _DISTINCT) & ~numbers
    return telling


class Gram(NamedTuple):
    """Grams, ascending, and where each stands in texts.

    Attributes:
        keys: of the grams.
        common: they stand in more than COMMON texts.
        first: where each one's postings begin in `text` and `place`; one more at the end.
        text: which text has it; of a common gram the first text only.
        place: the word of the text at which it begins.
        seen: whether a key with these last bits is there: a quick no.
    """

    keys: Keys
    common: Mask
    first: Ints
    text: Ints
    place: Ints
    seen: Mask

    @classmethod
    def of(cls, words: Hashes, texts: Ints) -> Gram:
        """The grams of these texts of END-closed runs."""
        starts = starts_of(words)
        places, keys = grams(words)
        text = row_of(words)[places]
        kept = np.flatnonzero(np.isin(text, texts))
        kept = kept[_telling(words, places[kept])]
        places, keys, text = places[kept], keys[kept], text[kept]
        order = np.lexsort((places, keys))
        places, keys, text = places[order], keys[order], text[order]
        new = np.ones(len(keys), np.bool_)
        new[1:] = keys[1:] != keys[:-1]
        other = new.copy()
        other[1:] |= text[1:] != text[:-1]
        begins = np.flatnonzero(new)
        common = np.add.reduceat(other, begins, dtype=np.int64) > COMMON if len(begins) else new
        kept = np.flatnonzero(new | ~np.repeat(common, np.diff(begins, append=len(keys))))
        seen = np.zeros(1 << _SEEN_BITS, np.bool_)
        seen[_low(keys)] = True
        first = np.append(np.searchsorted(kept, begins), len(kept))
        return cls(keys[begins], common, first, text[kept], (places - starts[text])[kept], seen)

    def find(self, keys: Keys) -> tuple[Ints, Ints]:
        """Which of these keys are grams (their places), and which grams they are."""
        maybe = np.flatnonzero(self.seen[_low(keys)])
        at = np.searchsorted(self.keys, keys[maybe])
        at[at == len(self.keys)] = 0
        found = self.keys[at] == keys[maybe] if len(self.keys) else np.zeros(len(at), np.bool_)
        return maybe[found], at[found]


class Brief(NamedTuple):
    """Texts of one size under GRAM, by key, ascending.

    Attributes:
        keys: of their words.
        text: which text each is.
        seen: as in `Gram`.
    """

    keys: Keys
    text: Ints
    seen: Mask

    @classmethod
    def of(cls, words: Hashes, sought: Mask) -> dict[int, Brief]:
        """The texts of LEAST words and more that are sought, by size."""
        starts = starts_of(words)
        sizes = np.diff(np.flatnonzero(words == END), prepend=-1) - 1
        made = {}
        for size, places, keys in runs_of(words, range(LEAST, GRAM)):
            at = np.flatnonzero(np.isin(places, starts[sought & (sizes == size)]))
            key, first = np.unique(keys[at], return_index=True)
            seen = np.zeros(1 << _SEEN_BITS >> 4, np.bool_)
            seen[_low(key) >> 4] = True
            made[size] = cls(key, row_of(words)[places[at[first]]], seen)
        return made

    def find(self, keys: Keys) -> tuple[Ints, Ints]:
        """Which of these keys are texts (their places), and which texts they are."""
        maybe = np.flatnonzero(self.seen[_low(keys) >> 4])
        at = np.minimum(np.searchsorted(self.keys, keys[maybe]), max(len(self.keys) - 1, 0))
        found = self.keys[at] == keys[maybe] if len(self.keys) else np.zeros(len(at), np.bool_)
        return maybe[found], self.text[at[found]]


def _low(keys: Keys) -> Ints:
    return (keys & np.uint64((1 << _SEEN_BITS) - 1)).astype(np.int64)


@dataclass(frozen=True)
class Index:
    """Texts to be found. Those that read the same are one, the first.

    Attributes:
        text: which of the given texts each one is.
        words: their words, END after each.
        sizes: how many words each has.
        own: how many of these are its own: in grams that are not common; all where none are.
        shared: more than COMMON of the given texts are this one.
        keys: the key of each whole text, ascending ...
        whole: ... and which text it is.
        gram: what parts of texts are found by.
        brief: what texts of fewer words than a gram are found by, by their size.
    """

    text: Ints
    words: Hashes
    sizes: Ints
    own: Ints
    shared: Mask
    keys: Keys
    whole: Ints
    gram: Gram
    brief: Mapping[int, Brief]

    @classmethod
    def of(cls, runs: Hashes, few: Mask) -> Index:
        """Index END-closed runs of tokens.

        Args:
            runs: one a text.
            few: texts that are not looked for if they have fewer than TELLING words.
        """
        keys, text, counts = np.unique(run_keys(runs), return_index=True, return_counts=True)
        order = np.argsort(text)
        text, counts = text[order], counts[order]
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        kept = Runs(runs, text)
        words = words_alone(kept.of(np.arange(len(text))))
        sizes = np.diff(np.flatnonzero(words == END), prepend=-1) - 1
        sought = (sizes >= TELLING) | ~few[text]
        gram = Gram.of(words, np.flatnonzero(sought))
        sought &= kept.sizes > 0
        looked = sought[place]
        own, shared = _own(words, gram), counts > COMMON
        brief = Brief.of(words, sought & ~shared)
        whole = keys[looked], place[looked]
        return cls(text, words, sizes, own, shared, *whole, gram, brief)


def _own(words: Hashes, gram: Gram) -> Ints:
    """How many words of each text stand in grams that are not common; all of them, if none."""
    starts = starts_of(words)
    common = np.repeat(gram.common, np.diff(gram.first))
    places = starts[gram.text[~common]] + gram.place[~common]
    steps = np.zeros(len(words) + GRAM + 1, np.int64)
    np.add.at(steps, places, 1)
    np.add.at(steps, places + GRAM, -1)
    inside = np.cumsum(steps)[: len(words)] > 0
    own = np.add.reduceat(inside, starts, dtype=np.int64) if len(starts) else starts
    sizes = np.diff(np.flatnonzero(words == END), prepend=-1) - 1
    return np.where(own > 0, own, sizes)


class Found(NamedTuple):
    """Texts that were found in runs; an entry a run and text.

    Attributes:
        run: the run that holds it.
        text: the text of the index.
        common: what they share is common.
        whole: the run is the text and nothing else.
        share: of the text's own words (of a common find: of all its words) that stand in the run,
            in grams.
        longest: words in a row that both have.
        start: the word of the run where what it holds begins ...
        end: ... and the word behind its end.
        lead: words of the text that would stand before `start`.
    """

    run: Ints
    text: Ints
    common: Mask
    whole: Mask
    share: Shares
    longest: Ints
    start: Ints
    end: Ints
    lead: Ints

    def taken(self, which: Mask | Ints) -> Found:
        """Some of the entries."""
        return Found._make(column[which] for column in self)

    @classmethod
    def joined(cls, parts: list[Found]) -> Found:
        """All entries of several."""
        return cls._make(np.concatenate(columns) for columns in zip(*parts, strict=True))


def find(index: Index, runs: Hashes) -> Found:
    """Which texts of the index stand in END-closed runs of tokens, wholly or by a gram or more."""
    words = words_alone(runs)
    begins = starts_of(words)
    places, keys = grams(words)
    at, gram = index.gram.find(keys)
    places = places[at]
    run = row_of(words)[places]
    within = places - begins[run]
    common = index.gram.common[gram]
    parts = [
        _grouped(index, run[which], within[which], gram[which], common=shared)
        for which, shared in ((~common, False), (common, True))
    ]
    return Found.joined([_whole(index, runs), *_brief(index, words, begins), *parts])


def _brief(index: Index, words: Hashes, begins: Ints) -> Iterator[Found]:
    """Texts of few words within runs, each the first time that it stands in one."""
    if not any(len(brief.keys) for brief in index.brief.values()):
        return
    rows = row_of(words)
    for size, places, keys in runs_of(words, range(LEAST, GRAM)):
        if size not in index.brief:
            continue
        at, text = index.brief[size].find(keys)
        run = rows[places[at]]
        first = np.unique(np.stack([run, text]), axis=1, return_index=True)[1]
        at, text, run = at[first], text[first], run[first]
        start = places[at] - begins[run]
        none, sizes = np.zeros(len(at), np.int64), np.full(len(at), size)
        no = np.zeros(len(at), np.bool_)
        yield Found(run, text, no, no, np.ones(len(at)), sizes, start, start + size, none)


def _whole(index: Index, runs: Hashes) -> Found:
    """The runs that are a text and nothing else."""
    keys = run_keys(runs)
    at = np.searchsorted(index.keys, keys)
    at[at == len(index.keys)] = 0
    run = np.flatnonzero(index.keys[at] == keys) if len(index.keys) else at[:0]
    text = index.whole[at[run]]
    sizes = index.sizes[text]
    none, yes = np.zeros(len(run), np.int64), np.ones(len(run), np.bool_)
    return Found(run, text, index.shared[text], yes, np.ones(len(run)), sizes, none, sizes, none)


def _grouped(index: Index, run: Ints, within: Ints, gram: Ints, *, common: bool) -> Found:
    """What grams that were found say of each run and text."""
    first = index.gram.first
    counts = first[gram + 1] - first[gram]
    posting = np.repeat(first[gram] - (np.cumsum(counts) - counts), counts)
    posting += np.arange(len(posting))
    run, within = np.repeat(run, counts), np.repeat(within, counts)
    text, place = index.gram.text[posting], index.gram.place[posting]
    group, begins = _same(run, text)
    run, within, text, place = (column[group] for column in (run, within, text, place))
    number = np.cumsum(begins) - 1
    starts = np.flatnonzero(begins)
    longest, start, end, lead = _best_chain(number, within, place, starts)
    covered = _covered(number, place, starts)
    of = index.sizes if common else index.own
    share = np.minimum(covered / of[text[starts]], 1.0)
    none = np.zeros(len(starts), np.bool_)
    return Found(run[starts], text[starts], none | common, none, share, longest, start, end, lead)


def _same(run: Ints, text: Ints) -> tuple[Ints, Mask]:
    """An order that brings equal pairs together, and where each pair begins in it."""
    order = np.lexsort((text, run))
    begins = np.ones(len(order), np.bool_)
    run, text = run[order], text[order]
    begins[1:] = (run[1:] != run[:-1]) | (text[1:] != text[:-1])
    return order, begins


def _covered(number: Ints, place: Ints, starts: Ints) -> Ints:
    """How many words of its text each group's grams cover."""
    if not len(starts):
        return starts
    order = np.lexsort((place, number))
    ordered = place[order]
    step = np.minimum(np.diff(ordered, append=0), GRAM)
    step[np.append(starts[1:], len(step)) - 1] = GRAM
    covered: Ints = np.add.reduceat(step, starts)
    return covered


def _best_chain(
    number: Ints, within: Ints, place: Ints, starts: Ints
) -> tuple[Ints, Ints, Ints, Ints]:
    """The longest run of words that each group's two have in common.

    Returns:
        its length, where the find begins and ends in the run, and the words of the text before.
    """
    if not len(starts):
        return starts, starts, starts, starts
    order = np.lexsort((place, within - place, number))
    number, within, place = number[order], within[order], place[order]
    new = np.ones(len(order), np.bool_)
    new[1:] = (number[1:] != number[:-1]) | (np.diff(within - place) != 0) | (np.diff(place) != 1)
    heads = np.flatnonzero(new)
    length = np.diff(heads, append=len(order)) + GRAM - 1
    best = heads[_last_greatest(number[heads], length)]
    size = length[np.searchsorted(heads, best)]
    return size, within[best], within[best] + size, place[best]


def _last_greatest(group: Ints, value: Ints) -> Ints:
    """Of each group, in its order, an entry with the greatest value: the first such."""
    order = np.lexsort((-np.arange(len(value)), value, group))
    greatest: Ints = order[np.append(np.flatnonzero(np.diff(group[order])), len(order) - 1)]
    return greatest


def jaccard(index: Index, runs: Hashes, found: Found) -> tuple[Shares, Ints, Ints]:
    """How alike each text and the passage of the run are that stands where it would stand.

    Args:
        index: of the texts.
        runs: what was searched.
        found: some of what was found.

    Returns:
        Jaccard similarity of the word trigrams, where the passage begins and where it ends.
    """
    words = words_alone(runs)
    begins = starts_of(words)
    ends = np.flatnonzero(words == END) - begins
    start = np.maximum(found.start - found.lead, 0)
    end = np.minimum(found.start - found.lead + index.sizes[found.text], ends[found.run])
    similarity = np.zeros(len(start))
    texts = Runs(index.words, found.text)
    for cut in portions(2 * (texts.sizes + 1)):
        one = _passages(words, begins[found.run[cut]] + start[cut], end[cut] - start[cut])
        similarity[cut] = _alike(one, Runs(index.words, found.text[cut]))
    return similarity, start, end


def _passages(words: Hashes, starts: Ints, sizes: Ints) -> Hashes:
    """Stretches of words, END after each."""
    whole = sizes + 1
    at = np.arange(whole.sum()) + np.repeat(starts - (np.cumsum(whole) - whole), whole)
    at = np.minimum(at, len(words) - 1)
    made: Hashes = words[at]
    made[np.cumsum(whole) - 1] = END
    return made


def _alike(passages: Hashes, texts: Runs) -> Shares:
    rows = np.arange(len(texts.starts))
    one, other = shingles(passages), shingles(texts.of(rows))
    row, _, count = surplus(one, other)
    odd = np.bincount(row, np.abs(count), len(rows))
    total = np.bincount(one.rows, minlength=len(rows)) + np.bincount(
        other.rows, minlength=len(rows)
    )
    alike: Shares = (total - odd) / np.maximum(total + odd, 1)
    return alike
