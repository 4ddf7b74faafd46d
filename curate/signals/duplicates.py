"""Copies, near-copies, and rows that share one half: which row each one repeats.

What counts as a near-copy, of rows with the same system prompt and the same order of roles:

1. The Jaccard similarity of their word trigrams (prompt and answer, each tagged) is at least
   `FLOOR`. Rules raise that threshold, never lower it.
2. One of the two fields is the same word by word (case, punctuation and white space aside, and
   of a question the courtesies at its ends: "Could you please ...").
   Where the question differs *and* the answer differs, the slots of a template were filled
   anew ("capital of France / Paris", "capital of Germany / Berlin"), however long the rest is.
3. The other field is near by itself, turn by turn, so that nothing long covers for what is
   short, and what differs decides nothing: see `_same_prompt` and `_same_answer`.

Clusters are stars: every row was compared with the row it names, the earliest. The verified pairs
are stored beside the stars, so that a decision can let another row stay (`curate.dedup.twins`)
without a look at the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from curate.dedup import minhash
from curate.dedup.minhash import FLOOR, TURN, Runs
from curate.registry import signal
from curate.signals.shingles import SHORT, token_runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from curate.dedup.minhash import Hashes, Ints, Mask

# Below this length a changed number or negation is what the text is about.
LONG = 40
# Under it more than a small edit differs, and the default rule keeps the row. Of near-copies a
# decision names the row that stays; the others have columns of their own.
EDITED = 0.8
# Groups of up to so many rows are compared pair by pair: cheaper than their signatures.
_SMALL_GROUP = 4
# So many rows of a star are compared with all others of it: any of them can stand for the rest.
_LEADS = 8
# Pairs that are stored a row, at most: with the leads, and as many again.
_STORED = 2 * _LEADS

_WORDINGS = ("prompt_wording", "response_wording")
_NEGATIONS = (
    "no not never none neither nor cannot can't don't doesn't didn't isn't aren't wasn't weren't "
    "won't wouldn't shouldn't couldn't haven't hasn't without nicht kein keine nie ohne pas non "
    "jamais sans nunca sin não sem 不 没 沒 無 无 非 未"
).split()


@signal(
    columns={"exact_duplicate_of": "id of the first row with the same conversation, normalised"},
    needs=("id", "prompt_key", "response_key"),
    scope="corpus",
)
def exact_duplicates(frame: pl.DataFrame) -> pl.DataFrame:
    """Equal keys: of the system prompt, the roles, and every turn."""
    first = _Groups.of(frame, "prompt_key", "response_key").first
    return pl.DataFrame({"exact_duplicate_of": _others(frame["id"], first)})


@signal(
    columns={
        "same_prompt_as": "id of the first row with the same prompt and another answer",
        "same_response_as": "id of the first row with the same answer to another prompt; "
        f"null for answers under {SHORT} words",
        "same_response_count": "how many prompts have this same answer; copies and near-copies "
        "count once",
    },
    needs=("id", "prompt_key", "response_wording", "response_length", "near_duplicate_of"),
    scope="corpus",
)
def shared_halves(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows that agree in one half; a row and its copies or near-copies count as one."""
    star = frame.select(pl.coalesce("near_duplicate_of", "id").hash()).to_series().to_numpy()
    asked, answered = _Groups.of(frame, "prompt_key"), _Groups.of(frame, "response_wording")
    telling = frame["response_length"].to_numpy() >= SHORT
    return pl.DataFrame(
        {
            "same_prompt_as": _others(frame["id"], asked.first_other(star)),
            "same_response_as": _others(
                frame["id"],
                np.where(telling, answered.first_other(star), np.arange(frame.height)),
            ),
            "same_response_count": answered.distinct(star),
        }
    )


@signal(
    columns={
        "near_duplicate_of": "id of the row that this one repeats nearly or wholly: the earliest",
        "near_duplicate_similarity": f"Jaccard similarity of the two, {FLOOR} to 1 (a copy)",
        "edited_duplicate_of": "id of the row that this one repeats with more changed than in a "
        f"near-copy: similarity under {EDITED}",
        "edited_duplicate_similarity": f"Jaccard similarity of the two, {FLOOR} to {EDITED}",
        "same_words_as": "id of the first row that says the same word for word",
        "near_copies": "positions of rows that were compared with this one and found near",
        "near_similarities": "Jaccard similarity to each of `near_copies`",
        "near_lead": "whether the row was compared with all that are near to the same one, and so "
        "can stand for them",
        "answer_words": "words of the answer, where a sign takes one back",
        "answer_ease": "how easy the answer is to read: minus its Coleman-Liau index, years of "
        "school",
    },
    needs=(
        *("id", "context_key", *_WORDINGS, "prompt_asked"),
        *("prompt_length", "response_length", "prompt_words", "response_words", "response_ease"),
    ),
    scope="corpus",
    version=5,
)
def near_duplicates(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows that say the same word for word, then rows that differ by a small edit."""
    keys = frame.drop("prompt_words", "response_words")
    ids, words = frame["id"], frame["response_length"]
    first = _Groups.of(keys, "context_key", *_WORDINGS).first
    heads = np.flatnonzero(first == np.arange(frame.height))
    related = heads[_related(keys[heads])]
    found = _clusters(Pairs(frame, related))
    star, similarity = np.arange(frame.height), np.ones(frame.height)
    star[related], similarity[related] = related[found.star], found.similarity
    lead = np.ones(frame.height, np.bool_)
    lead[related] = found.lead
    # Copies follow the row they are copies of to its representative.
    of = _others(ids, star[first])
    alike = pl.Series(similarity[first]).set(of.is_null(), None)
    little = ~(alike < EDITED).fill_null(value=False)
    return pl.DataFrame(
        {
            "near_duplicate_of": of,
            "near_duplicate_similarity": alike,
            "edited_duplicate_of": of.set(little, None),
            "edited_duplicate_similarity": alike.set(little, None),
            "same_words_as": _others(ids, first),
            "near_lead": lead[first],
            "answer_words": words,
            "answer_ease": frame["response_ease"],
        }
    ).hstack(_as_lists(found, related, frame.height))


def _as_lists(found: _Clusters, related: Ints, height: int) -> pl.DataFrame:
    """The pairs as two list columns, each at one of its rows; null where there is none."""
    own = found.star[found.left] == found.star[found.right]
    # Any number of rows may name a lead, which names few.
    turned = own & found.lead[found.left] & ~found.lead[found.right]
    left = np.where(turned, found.right, found.left)
    right = np.where(turned, found.left, found.right)
    alike = found.alike
    order = np.lexsort((right, -alike, ~(own & found.lead[right]), left))
    left, right, alike = left[order], right[order], alike[order]
    nth = np.arange(len(left)) - np.searchsorted(left, left)
    kept = nth < _STORED
    pairs = pl.DataFrame(
        {
            "row": related[left[kept]],
            "near_copies": related[right[kept]].astype(np.uint32),
            "near_similarities": alike[kept],
        }
    )
    lists = pairs.group_by("row", maintain_order=True).agg(pl.all())
    rows = pl.int_range(height, eager=True).alias("row").to_frame()
    return rows.join(lists, on="row", how="left", maintain_order="left").drop("row")


class _Groups:
    """Rows with equal keys, in numpy: group_by takes four times the memory and the time."""

    def __init__(self, keys: NDArray[np.uint64]) -> None:
        self.order = np.argsort(keys, kind="stable")
        ordered = keys[self.order]
        self.starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        self.starts = self.starts[: len(keys)]
        self.sizes = np.diff(self.starts, append=len(keys))

    @classmethod
    def of(cls, frame: pl.DataFrame, *names: str) -> _Groups:
        """Groups of the rows that agree in these hashes."""
        return cls(frame.select(pl.struct(names).hash()).to_series().to_numpy())

    def spread(self, values: Ints) -> Ints:
        """A value a group as a value a row."""
        spread = np.zeros(len(self.order), np.int64)
        spread[self.order] = np.repeat(values, self.sizes)
        return spread

    @property
    def size(self) -> Ints:
        """How many rows each row's group has."""
        return self.spread(self.sizes)

    @property
    def first(self) -> Ints:
        """The first row of each row's group."""
        return self.spread(self.order[self.starts])

    def first_other(self, star: NDArray[np.uint64]) -> Ints:
        """The first row of each row's group that is of another star; itself where none is."""
        rows, first = np.arange(len(self.order)), self.first
        other = star != star[first]
        if not len(rows):
            return rows
        second = np.minimum.reduceat(np.where(other, rows, len(rows))[self.order], self.starts)
        second = self.spread(second)
        return np.where(other, first, np.where(second < len(rows), second, rows))

    def distinct(self, star: NDArray[np.uint64]) -> Ints:
        """How many stars each row's group has."""
        group = self.spread(np.arange(len(self.starts)))
        order = np.lexsort((star, group))
        new = np.ones(len(order), np.int64)
        new[1:] = (star[order][1:] != star[order][:-1]) | (group[order][1:] != group[order][:-1])
        return np.bincount(group[order], new).astype(np.int64)[group]


def _others(ids: pl.Series, rows: Ints) -> pl.Series:
    """The ids of other rows; null where a row points at itself."""
    return ids.gather(rows).set(pl.Series(rows == np.arange(len(ids))), None)


def _related(keys: pl.DataFrame) -> Ints:
    """Rows that share the words of a field with another row: no other has a near-copy.

    And the rows of few words in answer to many, which can show that each of the many matters.
    """
    telling = keys["response_length"].to_numpy() >= SHORT
    related = (keys["prompt_length"].to_numpy() >= LONG) & ~telling
    for name in ("prompt_asked", "response_wording"):
        related |= telling & (_Groups.of(keys, "context_key", name).size > 1)
    return np.flatnonzero(related)


class _Clusters(NamedTuple):
    """Stars of near-copies, and the pairs they are made of.

    Attributes:
        star: each row's representative, itself where it has none.
        similarity: to that one.
        lead: rows that were compared with all of their star.
        left: the later row of each verified pair.
        right: the earlier one.
        alike: how similar the two are.
    """

    star: Ints
    similarity: NDArray[np.float64]
    lead: Mask
    left: Ints
    right: Ints
    alike: NDArray[np.float64]


def _clusters(pairs: Pairs) -> _Clusters:
    """Which rows are near-copies of which; of those alike the first represents the others."""
    proposed = pairs.proposed()
    pairs.contest(*proposed)
    found = pairs.verified(*proposed)
    # A partner may belong to a star itself: then its representative is the one to compare with.
    left, right, _ = found
    further = minhash.stars(left, right, pairs.height)[right]
    new = further != right
    found = _with(pairs, found, left[new], further[new])
    star = minhash.stars(*found[:2], pairs.height)
    leads = _Leads(star, pairs.response.length)
    found = _with(pairs, found, *leads.pairs())
    left, right, alike = found
    star = minhash.stars(left, right, pairs.height)
    similarity = np.ones(pairs.height)
    chosen = star[left] == right
    similarity[left[chosen]] = alike[chosen]
    return _Clusters(star, similarity, leads.place < _LEADS, left, right, alike)


_Verified = tuple["Ints", "Ints", "NDArray[np.float64]"]


def _with(pairs: Pairs, found: _Verified, left: Ints, right: Ints) -> _Verified:
    """Verified pairs, and those among further ones, by row (later, earlier)."""
    known = found[0] * pairs.height + found[1]
    codes = np.setdiff1d(left * pairs.height + right, known)
    extra = pairs.verified(*np.divmod(codes, max(pairs.height, 1)))
    one, other, alike = (np.concatenate(both) for both in zip(found, extra, strict=True))
    order = np.lexsort((other, one))
    return one[order], other[order], alike[order]


class _Leads:
    """The rows that are compared with all of their star: its first, and the longest answers.

    Attributes:
        place: each row's place in its star; below `_LEADS` it leads.
    """

    def __init__(self, star: Ints, words: Ints) -> None:
        rows = np.arange(len(star))
        self._order = np.lexsort((rows, -words, star != rows, star))
        self._start = np.searchsorted(star[self._order], star)
        self.place = np.zeros(len(star), np.int64)
        self.place[self._order] = rows - self._start[self._order]

    def pairs(self) -> tuple[Ints, Ints]:
        """Pairs (later row, earlier row) of each lead, but the first, with all behind it."""
        found = [np.zeros((2, 0), np.int64)]
        for lead in range(1, _LEADS):
            rows = np.flatnonzero(self.place > lead)
            found.append(np.stack([rows, self._order[self._start[rows] + lead]]))
        one, other = np.concatenate(found, axis=1)
        return np.maximum(one, other), np.minimum(one, other)


def _alike(keys: NDArray[np.uint64], known: Mask, other: Runs) -> NDArray[np.int64]:
    """Pairs of known rows with equal keys that may be alike in a field."""
    rows = np.flatnonzero(known & (other.sizes > 0))
    groups = _Groups(keys[rows])
    few = rows[(groups.size > 1) & (groups.size <= _SMALL_GROUP)]
    left, right = minhash.close(keys[few], _SMALL_GROUP - 1)
    many = rows[groups.size > _SMALL_GROUP]
    later, earlier = minhash.candidates(other.signatures(many) ^ keys[many])
    return np.concatenate(
        [np.stack([few[left], few[right]]), np.stack([many[later], many[earlier]])], axis=1
    )


class _Field:
    """One field of some rows: its key, its length and its words."""

    def __init__(self, frame: pl.DataFrame, rows: Ints, name: str, wording: str) -> None:
        self.wording = frame[wording].to_numpy()[rows]
        self.length = frame[f"{name}_length"].to_numpy()[rows].astype(np.int64)
        # No copy where the column is whole; the words are most of what a run holds.
        words = frame[f"{name}_words"]
        lengths = words.list.len().cast(pl.Int64).to_numpy()
        self.runs = Runs(words.explode().to_numpy(), rows, lengths)

    def changes(self, left: Ints, right: Ints) -> _Change:
        """How the field differs between the rows `left` (later) and `right` (earlier)."""
        size = np.minimum(self.length[left], self.length[right])
        change = _Change.none(size, self.runs.sizes[left] + self.runs.sizes[right])
        differ = np.flatnonzero(self.wording[left] != self.wording[right])
        for cut in self.runs.cuts(left[differ], right[differ]):
            where = differ[cut]
            turns = _Turns.between(self.runs.of(left[where]), self.runs.of(right[where]))
            change.put(where, turns)
        return change


class _Turns(NamedTuple):
    """How the turns of some pairs of rows differ.

    Attributes:
        first: the number of each pair's first turn; all other arrays have one entry a turn.
        size: words in the shorter text, where a sign takes one back.
        gone: words that only the earlier row has, as a multiset; signs are words here.
        came: words that only the later row has.
        hard_gone: those of `gone` that are numbers or negations.
        hard_came: those of `came`.
        denied: negations that one of the two has more than the other.
        odd: trigrams that only one of the two has.
        trigrams: trigrams of the two together.
    """

    first: Ints
    size: Ints
    gone: Ints
    came: Ints
    hard_gone: Ints
    hard_came: Ints
    denied: Ints
    odd: Ints
    trigrams: Ints

    @classmethod
    def between(cls, later: Hashes, earlier: Hashes) -> _Turns:
        """Compare END-closed runs in their order; both runs of a pair have as many turns."""
        turns = np.add.reduceat(later <= TURN, minhash.starts_of(later), dtype=np.int64)
        first = np.cumsum(turns) - turns
        later, earlier = minhash.cut_turns(later), minhash.cut_turns(earlier)
        height = int(turns.sum())
        one, other = minhash.tokens_of(later), minhash.tokens_of(earlier)
        turn, word, count = minhash.surplus(one, other)
        negation = np.isin(word, negations())
        hard = minhash.is_number(word) | negation
        came, gone = np.maximum(count, 0), np.maximum(-count, 0)
        counts = (gone, came, gone * hard, came * hard)
        gone, came, hard_gone, hard_came = (_sum(turn, of, height) for of in counts)
        denied = np.abs(_sum(turn, count * negation, height))
        turn, _, count = minhash.surplus(minhash.shingles(later), minhash.shingles(earlier))
        odd = _sum(turn, np.abs(count), height)
        trigrams = np.bincount(one.rows, minlength=height)
        trigrams += np.bincount(other.rows, minlength=height)
        size = np.minimum(minhash.weights(later), minhash.weights(earlier))
        return cls(first, size, gone, came, hard_gone, hard_came, denied, odd, trigrams)

    @property
    def edits(self) -> Ints:
        """Places where the two differ, at least.

        An edit changes two trigrams on either side beside one for each word gone or come, so
        moved words count as edits too.
        """
        edits: Ints = (np.maximum(self.odd - self.gone - self.came, 0) + 3) // 4
        return edits

    @property
    def alike(self) -> Mask:
        """Turns that are near by themselves."""
        alike: Mask = self.trigrams - self.odd >= FLOOR * (self.trigrams + self.odd)
        return alike

    @property
    def small(self) -> Mask:
        """One word put for another, or a passage more or less; in a long text one per 20 words."""
        allowed = np.maximum(self.size // 20, 1)
        small: Mask = (self.edits <= allowed) & (np.minimum(self.gone, self.came) <= allowed)
        return small

    @property
    def decisive(self) -> Mask:
        """Only numbers or negations differ, or the order; in a short text one negation is enough.

        Numbers and negations put for one another always decide, a further one in a short text.
        """
        long = self.size >= LONG
        only = (self.hard_gone == self.gone) & (self.hard_came == self.came)
        both = (self.gone > 0) & (self.came > 0)
        none = (self.gone + self.came == 0) & (self.odd > 0)
        decisive: Mask = (only & (both | (~both & ~none & (self.odd > 0) & ~long))) | none
        return decisive | ((self.denied > 0) & ~long)


def _sum(groups: Ints, values: Ints, count: int) -> Ints:
    return np.bincount(groups, values, count).astype(np.int64)


@cache
def negations() -> Hashes:
    """Token hashes of words that deny."""
    return token_runs(pl.Series(_NEGATIONS))


@dataclass
class _Change:
    """How a field differs between the rows of each pair; all arrays have one entry a pair.

    Attributes:
        same: the same words in the same order (the same text, where it is short).
        size: words in the shorter text, where a sign takes one back.
        alike: every turn is near by itself.
        slight: every turn has a small change, if any, that decides nothing.
        near: every turn that differs is near, long enough to tell, and nothing in it decides.
        mostly: every turn keeps three of four words, so that none of a few words is another one.
        words: words put for one another in all turns, or come, or gone.
        edits: places where the two differ, at least.
        shared: trigrams in common.
        union: trigrams in either.
    """

    same: Mask
    size: Ints
    alike: Mask
    slight: Mask
    near: Mask
    mostly: Mask
    words: Ints
    edits: Ints
    shared: NDArray[np.float64]
    union: NDArray[np.float64]

    @classmethod
    def none(cls, size: Ints, trigrams: Ints) -> _Change:
        """No change in any of the pairs."""
        yes, no = np.ones(len(size), np.bool_), np.zeros(len(size), np.int64)
        half = trigrams / 2
        return cls(
            *(yes, size, yes.copy(), yes.copy(), yes.copy(), yes.copy()),
            *(no, no.copy(), half, half.copy()),
        )

    def put(self, where: Ints, turns: _Turns) -> None:
        """Enter the changes of the pairs at `where`."""
        kept, small, decisive = turns.odd == 0, turns.small, turns.decisive
        telling = (turns.size >= SHORT) & (small | (turns.size >= LONG))
        near = kept | (turns.alike & telling & ~decisive)
        odd = np.add.reduceat(turns.odd, turns.first) / 2
        # The same trigrams in another order: of a short text only signs may differ then.
        moved = (odd == 0) & (self.size[where] >= SHORT)
        self.same[where] = False
        self.alike[where] = np.logical_and.reduceat(turns.alike, turns.first)
        self.slight[where] = np.logical_and.reduceat(small & ~decisive, turns.first) & ~moved
        self.near[where] = np.logical_and.reduceat(near, turns.first) & ~moved
        words = np.maximum(turns.gone, turns.came)
        self.mostly[where] = np.logical_and.reduceat(4 * words <= turns.size, turns.first)
        self.words[where] = np.add.reduceat(words, turns.first)
        self.edits[where] = np.add.reduceat(turns.edits, turns.first)
        self.shared[where] -= odd
        self.union[where] += odd


class Pairs:
    """Some rows of a corpus, and which pairs of them are near-copies.

    Args:
        frame: the corpus.
        rows: those that may have a near-copy, ascending.
    """

    def __init__(self, frame: pl.DataFrame, rows: Ints) -> None:
        self.height = len(rows)
        self.context = frame["context_key"].to_numpy()[rows]
        asked = "prompt_asked" if "prompt_asked" in frame.columns else "prompt_wording"  # an index
        self.prompt = _Field(frame, rows, "prompt", asked)
        self.response = _Field(frame, rows, "response", "response_wording")
        self.telling = self.response.length >= SHORT
        self.label = _is_label(self.prompt.length, self.response.length)
        self.contested = ~self.label

    def proposed(self) -> tuple[Ints, Ints]:
        """Pairs that have one field in common, or a short answer, and may be alike in the other."""
        asked = minhash.combined(self.context, self.prompt.wording)
        answered = minhash.combined(self.context, self.response.wording)
        found = [
            _alike(asked, self.telling, self.response.runs),
            _alike(answered, self.telling, self.prompt.runs),
            _alike(self.context, self.label, self.prompt.runs),
        ]
        codes = [np.asarray(left * self.height + right) for left, right in found]
        left, right = np.divmod(np.unique(np.concatenate(codes)), max(self.height, 1))
        return left, right

    def contest(self, left: Ints, right: Ints) -> None:
        """Note the rows with a short answer whose prompt, nearly, is answered otherwise too.

        There the few words that differ decide, even between two that are answered alike: "which
        cell has more volume / less volume / more protrusions" about one long text.
        """
        other = self.response.wording[left] != self.response.wording[right]
        other &= ~(self.contested[left] & self.contested[right])
        other &= _of_like_size(self.prompt.runs.sizes, left, right)
        left, right = left[other], right[other]
        prompt = self.prompt.changes(left, right)
        near = prompt.shared >= FLOOR * prompt.union
        self.contested[left[near]] = True
        self.contested[right[near]] = True

    def verified(self, left: Ints, right: Ints) -> tuple[Ints, Ints, NDArray[np.float64]]:
        """The near-copies among these pairs (later row, earlier row), and how alike they are."""
        one = self.prompt.wording[left] == self.prompt.wording[right]
        one |= self.response.wording[left] == self.response.wording[right]
        one &= self.context[left] == self.context[right]
        sizes = self.prompt.runs.sizes + self.response.runs.sizes
        one &= _of_like_size(sizes, left, right)
        left, right = left[one], right[one]
        prompt, answer = self.prompt.changes(left, right), self.response.changes(left, right)
        similarity = (prompt.shared + answer.shared) / np.maximum(prompt.union + answer.union, 1)
        near = similarity >= FLOOR
        free = ~(self.contested[left] | self.contested[right])
        near &= _same_prompt(prompt, answer) | _same_answer(prompt, answer, free)
        return left[near], right[near], similarity[near]


def is_label(rows: pl.DataFrame) -> Mask:
    """Rows with a long prompt and a short answer, as of classification or reading."""
    return _is_label(rows["prompt_length"].to_numpy(), rows["response_length"].to_numpy())


def _is_label(prompt: Ints, answer: Ints) -> Mask:
    label: Mask = (prompt >= LONG) & (answer < SHORT)
    return label


def _of_like_size(sizes: Ints, left: Ints, right: Ints) -> Mask:
    """Pairs whose Jaccard similarity can reach FLOOR at all: at most the smaller by the larger."""
    one, other = sizes[left], sizes[right]
    reach: Mask = np.minimum(one, other) >= FLOOR * np.maximum(one, other)
    return reach


def _same_prompt(prompt: _Change, answer: _Change) -> Mask:
    """The same question, and answers that differ too little to be two answers."""
    near: Mask = prompt.same & answer.near & (answer.size >= SHORT)
    return near


def _same_answer(prompt: _Change, answer: _Change, free: Mask) -> Mask:
    """The same answer, and questions that differ too little to be two questions.

    A short question that differs in a word is another one ("Describe a cat", "Describe a dog"),
    unless a long answer is the same word for word and the word is one of four or more. A short
    answer suits many questions: then no more than a word of a long one may differ, and nothing
    like it may be answered otherwise (`free`).
    """
    word = (prompt.edits <= 1) & (prompt.words <= 1)
    telling = (answer.size >= SHORT) & prompt.alike
    telling |= (answer.size >= LONG) & prompt.mostly
    telling |= word & free
    near: Mask = answer.same & telling & prompt.slight
    return near
