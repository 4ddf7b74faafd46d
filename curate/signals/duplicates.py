"""Copies, near-copies, and rows that share one half: which row each one repeats.

What counts as a near-copy, of rows with the same system prompt and the same order of roles:

1. The Jaccard similarity of the two sets of word trigrams (prompt and answer, each tagged) is at
   least `FLOOR`. Rules raise that threshold, never lower it.
2. One of the two fields is the same word by word (case, punctuation and white space aside).
   Where the question differs *and* the answer differs, the slots of a template were filled
   anew ("capital of France / Paris", "capital of Germany / Berlin"), however long the rest is.
3. The other field is near by itself, so that no long half covers for a short one, and what
   differs decides nothing: see `_same_prompt` and `_same_answer`.

Clusters are stars: every row was compared with the row it names, the earliest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from curate import minhash
from curate.minhash import FLOOR, Runs, Shingles
from curate.registry import signal
from curate.signals.shingles import SHORT, token_runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from curate.minhash import Ints, Mask

# Below this length a changed number or negation is what the text is about.
LONG = 40

_HARD = (
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
    keys = ("prompt_key", "response_key")
    copy = pl.int_range(pl.len()).over(keys) > 0
    return frame.select(
        pl.when(copy).then(pl.col("id").first().over(keys)).alias("exact_duplicate_of")
    )


@signal(
    columns={
        "same_prompt_as": "id of the first row with the same prompt and another answer",
        "same_response_as": "id of the first row with the same answer to another prompt; "
        f"null for answers under {SHORT} words",
        "same_response_count": "how many prompts have this same answer; copies and near-copies "
        "count once",
    },
    needs=("id", "prompt_key", "response_wording", "response_words", "near_duplicate_of"),
    scope="corpus",
)
def shared_halves(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows that agree in one half; a row and its copies or near-copies count as one."""
    telling = pl.col("response_words").list.len() > SHORT
    keys = frame.select(
        "id",
        "prompt_key",
        "response_wording",
        pl.coalesce("near_duplicate_of", "id").alias("star"),
        telling.alias("telling"),
    )
    return keys.select(
        _first_other("prompt_key").alias("same_prompt_as"),
        pl.when("telling").then(_first_other("response_wording")).alias("same_response_as"),
        pl.col("star").n_unique().over("response_wording").alias("same_response_count"),
    )


def _first_other(same: str) -> pl.Expr:
    """The id of the first row that agrees in this key and belongs to another star."""
    first = pl.col("id").first().over(same)
    leads = pl.col("star") == pl.col("star").first().over(same)
    second = pl.col("id").filter(pl.col("star") != pl.col("star").first()).first().over(same)
    return pl.when(leads).then(second).otherwise(first)


@signal(
    columns={
        "near_duplicate_of": "id of the row that this one repeats nearly or wholly: the earliest",
        "near_duplicate_similarity": f"Jaccard similarity of the two, {FLOOR} to 1 (a copy)",
    },
    needs=(
        *("id", "context_key", "prompt_wording", "response_wording"),
        *("prompt_words", "response_words"),
    ),
    scope="corpus",
)
def near_duplicates(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows that say the same word for word, then rows that differ by a small edit."""
    first = _first(frame)
    heads = np.flatnonzero(first == np.arange(frame.height))
    star, similarity = heads.copy(), np.ones(len(heads))
    some = _related(frame[heads])
    found, alike = _stars(frame[heads[some]])
    star[some], similarity[some] = heads[some][found], alike
    # Copies follow the row they are copies of to its representative.
    place = np.searchsorted(heads, first)
    of = pl.Series("near_duplicate_of", frame["id"].gather(star[place]))
    value = pl.Series("near_duplicate_similarity", similarity[place])
    alone = pl.Series(star[place] == np.arange(frame.height))
    return pl.select(of.set(alone, None), value.set(alone, None))


def _first(frame: pl.DataFrame) -> Ints:
    """For each row the first that has the same words in the same order."""
    keys = frame.select("context_key", *_WORDINGS).with_row_index("row")
    first = keys.select(pl.col("row").first().over("context_key", *_WORDINGS))
    return first["row"].cast(pl.Int64).to_numpy()


_WORDINGS = ("prompt_wording", "response_wording")


def _related(frame: pl.DataFrame) -> Ints:
    """Rows that share the words of a field with another row: no other has a near-copy.

    And the rows of few words in answer to many, which can show that each of the many matters.
    """
    groups = [pl.len().over("context_key", name) > 1 for name in _WORDINGS]
    some = frame.select(pl.any_horizontal(*groups, _labels()).arg_true()).to_series()
    return some.to_numpy().astype(np.int64)


def _labels() -> pl.Expr:
    """Long prompts with a short answer, as of classification or reading."""
    long = pl.col("prompt_words").list.len() > LONG
    return long & (pl.col("response_words").list.len() <= SHORT)


def _stars(frame: pl.DataFrame) -> tuple[Ints, NDArray[np.float64]]:
    """Each row's representative and the similarity to it; itself and 1 where it has none."""
    pairs = _Pairs(frame)
    proposed = _proposed(frame, pairs)
    pairs.contest(*proposed)
    left, right, similarity = pairs.verified(*proposed)
    # A partner may belong to a star itself: then its representative is the one to compare with.
    further = minhash.stars(left, right, frame.height)[right]
    new = further != right
    extra = pairs.verified(*np.unique(np.stack([left[new], further[new]]), axis=1))
    left, right = np.concatenate([left, extra[0]]), np.concatenate([right, extra[1]])
    similarity = np.concatenate([similarity, extra[2]])
    order = np.lexsort((right, left))
    left, right, similarity = left[order], right[order], similarity[order]
    star = minhash.stars(left, right, frame.height)
    alike = np.ones(frame.height)
    chosen = star[left] == right
    alike[left[chosen]] = similarity[chosen]
    return star, alike


def _proposed(frame: pl.DataFrame, pairs: _Pairs) -> tuple[Ints, Ints]:
    """Pairs that have one field in common, or a short answer, and may be alike in the other."""
    found = [
        _alike(frame.select("context_key", "prompt_wording"), pairs.response),
        _alike(frame.select("context_key", "response_wording"), pairs.prompt),
        _alike(frame.select(pl.when(_labels()).then("context_key")), pairs.prompt),
    ]
    left, right = np.unique(np.concatenate(found, axis=1), axis=1)
    return left, right


def _alike(keys: pl.DataFrame, other: _Field) -> NDArray[np.int64]:
    """Pairs of rows with equal keys that may be alike in a field; null equals nothing."""
    group = keys.select(pl.struct(pl.all()).hash()).to_series()
    grouped = group.is_duplicated() & keys.select(pl.all_horizontal(pl.all().is_not_null()))[:, 0]
    rows = np.flatnonzero(grouped.to_numpy() & (other.trigrams.sizes > 0))
    if not len(rows):
        return np.zeros((2, 0), np.int64)
    position, values = other.trigrams.of(rows)
    bands = minhash.signatures(Shingles(position, values), len(rows))
    key = group.to_numpy()[rows]
    # The group itself is one more band: in a small group all are compared, however short.
    left, right = minhash.candidates(np.concatenate([bands ^ key, key[None]]))
    return np.stack([rows[left], rows[right]])


class _Field:
    """The words and the trigrams of one field, by row."""

    def __init__(self, frame: pl.DataFrame, name: str) -> None:
        self.wording = frame[f"{name}_wording"].to_numpy()
        lists = frame[f"{name}_words"]
        values = lists.explode().to_numpy()
        inner = values != minhash.END
        self.words = Runs(minhash.row_of(values)[inner], values[inner], len(lists))
        spoken = minhash.row_of(values)[minhash.is_word(values)]
        self.length = np.bincount(spoken, minlength=len(lists))
        self.trigrams = Runs(*minhash.shingles(values), len(lists))


def _of_like_size(sizes: Ints, left: Ints, right: Ints) -> Mask:
    """Pairs whose Jaccard similarity can reach FLOOR at all: at most the smaller by the larger."""
    one, other = sizes[left], sizes[right]
    return np.minimum(one, other) >= FLOOR * np.maximum(one, other)


class _Change(NamedTuple):
    """How a field differs between the rows of each pair; all arrays have one entry a pair.

    Attributes:
        none: the same words in the same order (the same text, where it is short).
        size: words in the shorter text; signs are none.
        gone: words that only the earlier row has, as a multiset.
        came: words that only the later row has.
        hard_gone: those of `gone` that are numbers or negations.
        hard_came: those of `came`.
        edits: places where the two differ, at least. An edit changes two trigrams on either side
            beside one for each word gone or come, so moved words count as edits too.
        shared: trigrams in common.
        union: trigrams in either.
    """

    none: Mask
    size: Ints
    gone: Ints
    came: Ints
    hard_gone: Ints
    hard_came: Ints
    edits: Ints
    shared: Ints
    union: Ints

    @classmethod
    def between(cls, field: _Field, left: Ints, right: Ints) -> _Change:
        """Compare the field of the rows `left` (later) and `right` (earlier)."""
        none = field.wording[left] == field.wording[right]
        count, differ = len(left), np.flatnonzero(~none)
        pair, word, surplus = field.words.surplus(left[differ], right[differ])
        pair = differ[pair]
        hard = (word & minhash.DIGIT == 1) | np.isin(word, _hard_words())
        came, gone = np.maximum(surplus, 0), np.maximum(-surplus, 0)
        words = [_sum(pair, value, count) for value in (gone, came, gone * hard, came * hard)]
        pair, _, surplus = field.trigrams.surplus(left[differ], right[differ])
        odd = _sum(differ[pair], np.abs(surplus), count)
        edits = (np.maximum(odd - words[0] - words[1], 0) + 3) // 4
        sizes = field.trigrams.sizes[left] + field.trigrams.sizes[right]
        size = np.minimum(field.length[left], field.length[right])
        return cls(none, size, *words, edits, (sizes - odd) // 2, (sizes + odd) // 2)


def _sum(groups: Ints, values: Ints, count: int) -> Ints:
    return np.bincount(groups, values, count).astype(np.int64)


def _hard_words() -> NDArray[np.uint32]:
    return token_runs(pl.Series(_HARD))


class _Pairs:
    """Decides which pairs of rows are near-copies."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.context = frame["context_key"].to_numpy()
        self.prompt = _Field(frame, "prompt")
        self.response = _Field(frame, "response")
        self.contested = ~frame.select(_labels()).to_series().to_numpy()

    def contest(self, left: Ints, right: Ints) -> None:
        """Note the rows with a short answer whose prompt, nearly, is answered otherwise too.

        There the few words that differ decide, even between two that are answered alike: "which
        cell has more volume / less volume / more protrusions" about one long text.
        """
        other = self.response.wording[left] != self.response.wording[right]
        other &= ~(self.contested[left] & self.contested[right])
        other &= _of_like_size(self.prompt.trigrams.sizes, left, right)
        left, right = left[other], right[other]
        prompt = _Change.between(self.prompt, left, right)
        near = prompt.shared >= FLOOR * prompt.union
        self.contested[left[near]] = True
        self.contested[right[near]] = True

    def verified(self, left: Ints, right: Ints) -> tuple[Ints, Ints, NDArray[np.float64]]:
        """The near-copies among these pairs (later row, earlier row), and how alike they are."""
        one = self.prompt.wording[left] == self.prompt.wording[right]
        one |= self.response.wording[left] == self.response.wording[right]
        one &= self.context[left] == self.context[right]
        one &= _of_like_size(self.prompt.trigrams.sizes + self.response.trigrams.sizes, left, right)
        left, right = left[one], right[one]
        prompt = _Change.between(self.prompt, left, right)
        answer = _Change.between(self.response, left, right)
        similarity = (prompt.shared + answer.shared) / np.maximum(prompt.union + answer.union, 1)
        near = similarity >= FLOOR
        free = ~(self.contested[left] | self.contested[right])
        near &= _same_prompt(prompt, answer) | _same_answer(prompt, answer, free)
        return left[near], right[near], similarity[near]


def _same_prompt(prompt: _Change, answer: _Change) -> Mask:
    """The same question, and answers that differ too little to be two answers."""
    alike = answer.shared >= FLOOR * answer.union
    small = _is_small(answer) | (answer.size >= LONG)
    return prompt.none & alike & small & (answer.size >= SHORT) & ~_is_decisive(answer)


def _same_answer(prompt: _Change, answer: _Change, free: Mask) -> Mask:
    """The same answer, and questions that differ too little to be two questions.

    A short answer suits many questions: then no more than a word of a long one may differ, and
    nothing like it may be answered otherwise (`free`).
    """
    word = (prompt.edits <= 1) & (np.maximum(prompt.gone, prompt.came) <= 1)
    telling = (answer.size >= SHORT) | (word & free)
    return answer.none & telling & _is_small(prompt) & ~_is_decisive(prompt)


def _is_small(change: _Change) -> Mask:
    """One word put for another, or a passage more or less; in a long text one for each 20 words."""
    allowed = np.maximum(change.size // 20, 1)
    replaced = np.minimum(change.gone, change.came)
    return (change.edits <= allowed) & (replaced <= allowed)


def _is_decisive(change: _Change) -> Mask:
    """Only numbers and negations differ: put for one another, or, in a short text, at all."""
    only = (change.hard_gone == change.gone) & (change.hard_came == change.came)
    both = (change.gone > 0) & (change.came > 0)
    return only & (both | ((change.gone + change.came > 0) & (change.size < LONG)))
