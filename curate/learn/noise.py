"""Labels that are likely wrong: confident learning (Northcutt et al. 2021) over one labelled set.

1. Features of the texts: the embedding beside words and pairs of words (`curate.learn.grams`).
2. Probabilities of the classes for each row from a model that has not seen it, nor its
   near-copies (`curate.learn.linear`): 4 folds.
3. The same once more without the rows whose label the first models find next to impossible, which
   otherwise teach the second ones their mistakes: of banking77 with a tenth of the labels changed
   into like ones, the area under the curve goes from 0.974 to 0.986.
4. Beside them models of other folds and another projection of the words, and, where a label is in
   doubt, the labels of the texts nearest in meaning: two more opinions, which err elsewhere. With
   5 % of banking77's labels changed the average precision goes from 0.960 to 0.969, with a tenth
   changed into like ones from 0.900 to 0.911.
5. A row's score compares its label with the likeliest other one.

`confident`, `joint` and the score of `self_confidence` are what cleanlab 2.9 makes of the same
probabilities, and the tests hold them against it. cleanlab itself brings scipy, pandas and
scikit-learn, 200 MB and 3.4 CPU-s at import; it is the extra `noise`, for several annotators.
"""

from __future__ import annotations

import json
import warnings
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from curate.errors import MissingExtra
from curate.learn.grams import Bag, projected
from curate.learn.linear import Fit, Whitening, folds, one_thread, out_of_fold

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from curate.dedup.minhash import Hashes, Ints, Mask
    from curate.learn.linear import Floats

FOLDS = 4
# A class needs one distinct text for each fold, and one more.
LEAST = FOLDS + 1
WIDTH = 512  # of the words' features; 1,024 take twice the time
# Under so many classes long texts are the rule (reviews, reports), in which words drown in 512
# dimensions, and to learn a class has many rows: imdb's labels are foreseen in 0.806 of the rows
# instead of 0.775.
FEW = 8
WIDE, _SLOW = 4096, 25  # too wide to be whitened, so more steps
_WORDS = 0.6  # how much they weigh beside an embedding's
_VARIANCE = 1e-4  # added to variances; those of the features are 1e-3 on average
# Of one class: many share what there is to be learnt. Between 2 and 150 classes it fits all.
_DECAY = 1e-3
# From so many rows on few classes pay the same for all rows together, and so less a row: of imdb's
# 10,000 the errors are found with an average precision of 0.464 instead of 0.449.
_SETTLED = 4000
_STEPS, _FURTHER, _AT_ONCE = 6, 4, 8
# Rows whose label is so much less likely than the likeliest one do not teach.
_DOUBT = 0.05
# Rows with a lower score than `_DOUBTED` are held against their `_NEAR` nearest: each counts for
# 1/e less for every `_SHARP` of cosine, all of them for `_HEARD` beside the models.
_DOUBTED, _NEAR, _SHARP, _HEARD = 0.9, 20, 0.05, 0.2
_PORTION = 4_000_000  # cosines laid out at once: 16 MB
_EVEN = 0.5  # the score where the given class and another are equally likely


class Judged(NamedTuple):
    """What became of the labels of one set; a value a row.

    Attributes:
        score: 0 to 1; below 0.5 another class is likelier than the given one.
        rival: the likeliest class but the given one.
        better: the same where it is likelier than the given one; -1: it is not.
        sure: the class that the row is confidently in, as confident learning counts it; -1: none.
        gain: how much better the given labels are foreseen than by their frequency; 1 = wholly.
        likely: (n, k) probabilities.
    """

    score: Floats
    rival: Ints
    better: Ints
    sure: Ints
    gain: float
    likely: Floats


class Texts(NamedTuple):
    """What is known of the texts that have the labels.

    Attributes:
        vectors: (n, d) embeddings of length 1.
        runs: END-closed runs of their tokens.
        groups: (n,) texts with the same number are copies or near-copies of each other.
    """

    vectors: Floats
    runs: Hashes
    groups: Ints


def judge(texts: Texts, given: Ints, seed: int) -> Judged:
    """Judge labels by what the others say.

    Args:
        texts: n of them.
        given: (n,) the label of each: 0 to k - 1, each there at least once.
        seed: of the folds.
    """
    few = int(given.max()) < FEW
    with one_thread():
        fold = folds(texts.groups, FOLDS, seed, given)
        if few:
            return verdict(_apart(texts, given, fold), given)
        other = folds(texts.groups, FOLDS, seed + 1, given)
        likely = _together(texts, given, fold, other)
        return verdict(_beside_the_nearest(likely, texts, given, fold), given)


def _together(texts: Texts, given: Ints, fold: Ints, other: Ints) -> Floats:
    """Probabilities of many classes: the mean of two models over both kinds of features."""
    bag = Bag.of(texts.runs).telling()
    rows, fit = _features(texts, bag, given, 0)
    likely, models = out_of_fold(rows, given, fold, np.ones(len(given), np.bool_), fit)
    further = fit._replace(start=models, steps=_FURTHER)
    likely, _ = out_of_fold(rows, given, fold, _believed(likely, given), further)
    rows, fit = _features(texts, bag, given, 1)
    at_once = fit._replace(steps=_AT_ONCE)
    again, _ = out_of_fold(rows, given, other, _believed(likely, given), at_once)
    mean: Floats = (likely + again) / np.float32(2)
    return mean


def _features(texts: Texts, bag: Bag, given: Ints, lot: int) -> tuple[Floats, Fit]:
    """White features of meanings and words together, and how a model over them is fitted."""
    words = projected(bag, WIDTH, lot)
    made = np.hstack([texts.vectors, np.float32(_WORDS) * words])
    white, classes = Whitening.of(made, _VARIANCE), int(given.max()) + 1
    return white(made), Fit(classes, white.metric, _DECAY / classes, _STEPS)


def _beside_the_nearest(likely: Floats, texts: Texts, given: Ints, fold: Ints) -> Floats:
    """The probabilities, where a label is in doubt mixed with what the nearest texts have."""
    doubted = (_scores(likely, given)[0] < _DOUBTED) & texts.vectors.any(axis=1)
    taught, heard = _believed(likely, given), np.float32(_HEARD)
    for number in range(FOLDS):
        asked = np.flatnonzero(doubted & (fold == number))
        others = np.flatnonzero(taught & (fold != number))
        step = max(_PORTION // max(len(others), 1), 1)
        for first in range(0, len(asked), step):
            some = asked[first : first + step]
            cosines = texts.vectors[some] @ texts.vectors[others].T
            near = _shares(cosines, given[others], likely.shape[1])
            likely[some] = (1 - heard) * likely[some] + heard * near
    return likely


def _shares(cosines: Floats, given: Ints, classes: int) -> Floats:
    """(n, k) shares of the classes among the nearest of others, whose cosines are (n, m)."""
    count = min(_NEAR, len(given))
    nearest = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
    close = np.take_along_axis(cosines, nearest, axis=1)
    weight = np.exp((close - close.max(axis=1, keepdims=True)) / np.float32(_SHARP))
    shares = np.zeros((len(cosines), classes), np.float32)
    np.add.at(shares, (np.arange(len(cosines))[:, None], given[nearest]), weight)
    shares /= shares.sum(axis=1, keepdims=True)
    return shares


def _apart(texts: Texts, given: Ints, fold: Ints) -> Floats:
    """Probabilities of few classes: the mean of a model over meanings and one over many words."""
    taught, classes = np.ones(len(given), np.bool_), int(given.max()) + 1
    decay = _DECAY * min(1, _SETTLED / len(given))
    white = Whitening.of(texts.vectors, _VARIANCE)
    fit = Fit(classes, white.metric, decay, _STEPS + _FURTHER)
    meant, _ = out_of_fold(white(texts.vectors), given, fold, taught, fit)
    width = min(max(len(given), WIDTH), WIDE)
    words = np.ones((len(given), width + 1), np.float32)
    words[:, :-1] = projected(Bag.of(texts.runs, pairs=False).telling(), width)
    metric = np.eye(width + 1, dtype=np.float32)
    metric[-1, -1] = 0  # the constant is free
    said, _ = out_of_fold(words, given, fold, taught, Fit(classes, metric, decay, _SLOW))
    mean: Floats = (meant + said) / np.float32(2)
    return mean


def _believed(likely: Floats, given: Ints) -> Mask:
    """Rows whose label is not next to impossible; all of a class that would lose half of them."""
    own = likely[np.arange(len(given)), given]
    believed: Mask = own > _DOUBT * likely.max(axis=1)
    left = np.bincount(given, believed) < np.bincount(given) / 2
    return believed | left[given]


def verdict(likely: Floats, given: Ints) -> Judged:
    """What probabilities of the classes, none of a row's own making, say about given labels."""
    own = likely[np.arange(len(given)), given]
    score, rival = _scores(likely, given)
    frequency = np.bincount(given) / len(given)
    chance = float((frequency**2).sum())
    gain = (float(own.mean(dtype=np.float64)) - chance) / max(1 - chance, 1e-9)
    better = np.where(score < _EVEN, rival, -1)
    return Judged(score, rival, better, confident(likely, given), gain, likely)


def _scores(likely: Floats, given: Ints) -> tuple[Floats, Ints]:
    """How likely each given class is beside the likeliest other one, and that one."""
    rows = np.arange(len(given))
    own, others = likely[rows, given], likely.copy()
    others[rows, given] = -1
    rival: Ints = others.argmax(axis=1)
    score: Floats = own / np.maximum(own + others[rows, rival], np.finfo(np.float32).tiny)
    return score, rival


def confident(likely: Floats, given: Ints) -> Ints:
    """The class that each row is confidently in; -1 where there is none.

    That is the likeliest class of those that are at least as likely for the row as they are on
    average for the rows with that label.
    """
    own = likely[np.arange(len(given)), given].astype(np.float64)
    least = np.bincount(given, own) / np.bincount(given)
    over = np.where(likely >= least - 1e-6, likely, -1)
    sure: Ints = np.where(over.max(axis=1) < 0, -1, over.argmax(axis=1))
    return sure


def joint(given: Ints, sure: Ints, classes: int) -> NDArray[np.float64]:
    """(k, k) estimated shares of the rows with label i that are in class j; they add up to 1.

    Args:
        given: (n,) labels.
        sure: (n,) confident classes, -1: none.
        classes: k.
    """
    there = sure >= 0
    counts = np.bincount(given[there] * classes + sure[there], minlength=classes**2)
    table = counts.reshape(classes, classes).astype(np.float64)
    rows = np.bincount(given, minlength=classes)
    empty = table.sum(axis=1) == 0
    table[empty, empty] = 1
    table *= (rows / table.sum(axis=1))[:, None]
    shares: NDArray[np.float64] = table / max(table.sum(), 1)
    return shares


class Matrix(NamedTuple):
    """Which labels stand on rows of which classes, as estimated.

    Attributes:
        names: of the k labels, in order.
        rows: (k,) how many rows have each.
        shares: (k, k) of the rows, with label i and in class j; they add up to 1.
    """

    names: list[str]
    rows: Ints
    shares: NDArray[np.float64]

    @property
    def wrong(self) -> float:
        """The share of wrong labels."""
        return float(1 - np.trace(self.shares))

    @property
    def wrong_of(self) -> NDArray[np.float64]:
        """(k,) the share of wrong labels among the rows of each."""
        of: NDArray[np.float64] = self.shares.sum(axis=1)
        wrong: NDArray[np.float64] = 1 - np.diag(self.shares) / np.maximum(of, 1e-12)
        return wrong


def matrix(scores: pl.DataFrame) -> Matrix | None:
    """The noise of the labels from a run's stored scores; None where none were judged.

    Labels with one name are one, in whichever task of the file they stand.

    Args:
        scores: with `label_given` and `label_sure`, as in scores.parquet; no text is read.
    """
    import polars as pl

    known = scores.select("label_given", "label_sure").drop_nulls("label_given")
    if not known.height:
        return None
    names = known["label_given"].unique().sort()
    given, sure = (
        known[name]
        .replace_strict(names, np.arange(len(names)), default=-1, return_dtype=pl.Int64)
        .fill_null(-1)
        .to_numpy()
        for name in known.columns
    )
    rows = np.bincount(given, minlength=len(names))
    return Matrix(names.to_list(), rows, joint(given, sure, len(names)))


# --- several annotators -------------------------------------------------------------------------


class Votes(NamedTuple):
    """The labels of several annotators.

    Attributes:
        labels: a list of texts and nulls a row, an annotator a place; null where a row has none.
        majority: the commonest label of each row, the first in the alphabet of equals.
    """

    labels: pl.Series
    majority: pl.Series

    def of(self, rows: Ints, names: list[str]) -> NDArray[np.float64]:
        """(n, annotators) places of the labels of some rows in `names`; NaN: none of these."""
        place = {name: float(at) for at, name in enumerate(names)}
        lists = self.labels.gather(rows).to_list()
        table = np.full((len(rows), max(map(len, lists))), np.nan)
        for row, labels in enumerate(lists):
            for annotator, label in enumerate(labels):
                table[row, annotator] = place.get(plain(label or ""), np.nan)
        return table


ENDS = " .!\t\"'`*"  # around a label


def plain(label: str) -> str:
    """A label without case, and without the stop at its end: these make no other one."""
    return label.lower().strip(ENDS)


def votes(texts: pl.Series) -> Votes | None:
    """What the annotators of each row said, where labels are JSON lists; None where none is."""
    import polars as pl

    if not texts.str.starts_with("[").any():
        return None
    lists = [_list(text) for text in texts.to_list()]
    common = [_majority(one) if one else None for one in lists]
    return Votes(
        pl.Series(lists, dtype=pl.List(pl.String)), pl.Series("label_text", common, dtype=pl.String)
    )


def _list(text: str | None) -> list[str | None] | None:
    if text is None:
        return None
    try:
        held = json.loads(text) if text.startswith("[") else [text]
    except ValueError:
        held = [text]
    return [None if one is None or one == "" else str(one) for one in held]


def _majority(labels: list[str | None]) -> str | None:
    counts = Counter(one for one in labels if one is not None)
    return min(counts, key=lambda one: (-counts[one], one)) if counts else None


def consensus(table: NDArray[np.float64], judged: Judged, given: Ints) -> tuple[Floats, Ints]:
    """Scores of the majority's labels and what to put in their place, by CROWDLAB (cleanlab).

    Args:
        table: (n, annotators) classes, NaN: no label.
        judged: what the texts say.
        given: (n,) the majority's.

    Raises:
        MissingExtra: cleanlab isn't installed.
    """
    try:
        from cleanlab.multiannotator import get_label_quality_multiannotator
    except ImportError:
        raise MissingExtra("--label-field with several labels a row", "noise") from None
    table = table[:, ~np.isnan(table).all(axis=0)]
    if not ((~np.isnan(table)).sum(axis=1) > 1).any():  # nobody to agree with
        return judged.score, judged.better
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = get_label_quality_multiannotator(
            table, judged.likely.astype(np.float64), return_detailed_quality=False, verbose=False
        )["label_quality"]
    agreed = found["consensus_label"].to_numpy().astype(np.int64)
    quality = found["consensus_quality_score"].to_numpy().astype(np.float32)
    same = agreed == given
    return np.where(same, quality, 1 - quality), np.where(same, -1, agreed)
