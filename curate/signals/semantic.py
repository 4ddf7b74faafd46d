"""Rows that ask the same and answer the same in other words, by what an embedder makes of them.

A pair counts where the prompts' cosine and the answers' are both high, and where nothing differs
that an embedder does not see: the mean of words has no order and hardly a number. So

- numbers, negations, and number words put for one another make another question;
- a prompt of `LONG` words or more is mostly the material, and the task in it a small part: there
  the question has to be the same word for word;
- an answer of fewer than `SHORT` words says too little;
- copies and near-copies are found by their words (`curate.signals.duplicates`) and left out.

What stays undecided: the order of words, opposites, and one term put for another like it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from curate.dedup import minhash
from curate.dedup.alike import jaccard
from curate.dedup.minhash import Runs
from curate.embed import matrix
from curate.learn.kmeans import ONE, whole
from curate.learn.neighbours import close
from curate.registry import signal
from curate.signals.duplicates import LONG, negations
from curate.signals.shingles import SHORT, token_runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from curate.dedup.minhash import Hashes, Ints, Mask
    from curate.embed import Vectors

    Floats = NDArray[np.float64]

# Both cosines are at least this; a rule's threshold raises it.
FLOOR = 0.85
# Put for one another they make another task: "two numbers", "three numbers"; "second", "third".
# "Some benefits" for "three benefits" does not.
_COUNTS = (
    "one two three four five six seven eight nine ten eleven twelve twenty hundred "
    "first second third fourth fifth last"
).split()
_PORTION = 16_384  # pairs that are compared at once: 64 MB of vectors


@signal(
    columns={
        "semantic_duplicate_of": "id of the earlier row nearest to this one that asks the same and "
        "answers the same in other words; null where there is none",
        "semantic_duplicate_similarity": f"cosine to that row, {FLOOR} to 1: the lower one of the "
        "prompts' and the answers'",
        "semantic_duplicate_overlap": "Jaccard similarity of the two answers' word trigrams, 0 to "
        "1; 0 where what the prompts trade the answers trade too: a template filled anew",
    },
    needs=(
        *("id", "context_key", "near_duplicate_of", "prompt_wording", "prompt_length"),
        *("response_length", "prompt_words", "response_words", "prompt_vector", "response_vector"),
    ),
    scope="corpus",
    version=2,
)
def semantic_duplicates(frame: pl.DataFrame) -> pl.DataFrame:
    """The nearest earlier row of each that says the same; nothing without an embedder."""
    rows = _usable(frame)
    of, similarity = np.arange(frame.height), np.full(frame.height, np.nan)
    if len(rows):
        points = _joint(frame[rows])
        later, earlier = close(points, FLOOR)
        right = _same_task(frame, rows[later], rows[earlier])
        later, earlier = later[right], earlier[right]
        alike = _cosine(points, later, earlier)
        # The best pair of each row is entered last.
        order = np.lexsort((-earlier, alike))
        order = order[alike[order] >= FLOOR]
        of[rows[later[order]]] = rows[earlier[order]]
        similarity[rows[later[order]]] = alike[order]
    none = pl.Series(np.isnan(similarity))
    later = np.flatnonzero(~np.isnan(similarity))
    overlap = np.zeros(frame.height)
    overlap[later] = _overlap(frame, later, of[later])
    return pl.DataFrame(
        {
            "semantic_duplicate_of": frame["id"].gather(of).set(none, None),
            "semantic_duplicate_similarity": pl.Series(similarity).set(none, None),
            "semantic_duplicate_overlap": pl.Series(overlap).set(none, None),
        }
    )


def _usable(frame: pl.DataFrame) -> Ints:
    """Rows that can have a pair: no copies, an answer that says something, both vectors."""
    there = (
        pl.col("near_duplicate_of").is_null()
        & (pl.col("response_length") >= SHORT)
        & pl.col("prompt_vector").is_not_null()
        & pl.col("response_vector").is_not_null()
    )
    rows: Ints = frame.select(there.arg_true()).to_series().cast(pl.Int64).to_numpy()
    return rows


def _joint(frame: pl.DataFrame) -> Vectors:
    """Prompt and answer as one whole vector (n, 2d): its cosine is the mean of the two."""
    both = [matrix(frame["prompt_vector"]), matrix(frame["response_vector"])]
    return whole(np.concatenate(both, axis=1) * np.float32(0.5**0.5))


def _cosine(points: Vectors, left: Ints, right: Ints) -> Floats:
    """The lower one of the prompts' and the answers' cosine of each pair."""
    made = np.empty(len(left))
    half = points.shape[1] // 2
    for first in range(0, len(left), _PORTION):
        some = slice(first, first + _PORTION)
        products = points[left[some]] * points[right[some]]
        # Of whole numbers: the same sum in any order.
        sums = products[:, :half].sum(axis=1), products[:, half:].sum(axis=1)
        made[some] = np.minimum(*sums)
    return np.minimum(made / (ONE / 2), 1)


# --- what an embedder does not see --------------------------------------------------------------


def _same_task(frame: pl.DataFrame, left: Ints, right: Ints) -> Mask:
    """Pairs in which nothing differs that decides though it hardly moves a vector."""
    context, wording = (frame[name].to_numpy() for name in ("context_key", "prompt_wording"))
    length = frame["prompt_length"].to_numpy()
    same: Mask = wording[left] == wording[right]
    same |= np.maximum(length[left], length[right]) < LONG
    same &= context[left] == context[right]
    runs = Runs(frame["prompt_words"].explode().to_numpy(), np.arange(frame.height))
    at = np.flatnonzero(same)
    for some in runs.cuts(left[at], right[at]):
        pairs = at[some]
        same[pairs] = ~decided(runs.of(left[pairs]), runs.of(right[pairs]))
    return same


def decided(left: Hashes, right: Hashes) -> Mask:
    """Pairs of END-closed runs that differ in a number or negation, or trade number words."""
    one, other = minhash.tokens_of(left), minhash.tokens_of(right)
    row, word, count = minhash.surplus(one, other)
    height = int(np.count_nonzero(left == minhash.END))
    decided = np.zeros(height, np.bool_)
    decided[row[minhash.is_number(word) | np.isin(word, negations())]] = True
    counted = np.isin(word, _counts())
    gone, came = np.zeros((2, height), np.bool_)
    gone[row[counted & (count > 0)]] = True
    came[row[counted & (count < 0)]] = True
    return decided | (gone & came)


# --- how much of the wording two rows share -----------------------------------------------------


def _overlap(frame: pl.DataFrame, left: Ints, right: Ints) -> Floats:
    """The Jaccard similarity of each pair's answers; 0 where a template was filled anew."""
    every = np.arange(frame.height)
    asked, answered = (
        Runs(frame[name].explode().to_numpy(), every) for name in ("prompt_words", "response_words")
    )
    made = jaccard(answered, left, right)
    for some in answered.cuts(left, right):
        one, other = left[some], right[some]
        questions, answers = (
            (asked.of(one), asked.of(other)),
            (answered.of(one), answered.of(other)),
        )
        made[some][refilled(questions, answers)] = 0
    return made


def refilled(asked: tuple[Hashes, Hashes], answered: tuple[Hashes, Hashes]) -> Mask:
    """Pairs that trade the same words in prompt and answer: Hufflepuff for Gryffindor in both."""
    height = int(np.count_nonzero(asked[0] == minhash.END))
    came, gone = np.zeros((2, height), np.bool_)
    traded = [minhash.surplus(*map(minhash.tokens_of, field)) for field in (asked, answered)]
    for way, mask in ((1, came), (-1, gone)):
        keys = [_keys(row, word)[np.sign(count) == way] for row, word, count in traded]
        mask[np.intersect1d(*keys) >> np.uint64(32)] = True
    return came & gone


def _keys(row: Ints, word: Hashes) -> NDArray[np.uint64]:
    """Row and word in one number."""
    keys: NDArray[np.uint64] = (row.astype(np.uint64) << np.uint64(32)) | word
    return keys


@cache
def _counts() -> Hashes:
    return token_runs(pl.Series(_COUNTS))
