"""Does this answer belong to this question? Learnt from the very file, without a label.

Most rows of a file are right, so its pairs are examples of what belongs together, and pairs across
rows of what does not. Each row is judged by models that have not seen it (`FOLDS`):

1. Canonical correlation: the directions in which questions and answers go together, over what
   they mean (embeddings), their commonest words and their form. It is a closed form, and worth
   most: with it 10 % of Alpaca's answers, put to other questions, are found with an average
   precision of 0.95, without it of 0.86.
2. Logistic regression over those directions, the cosine, the words that both have, and the forms
   tells true pairs from shuffled ones, of which half are with a question that is near.
3. Both once more, without the rows that the first models take for shuffled.
4. How many rows are mismatched at all is estimated from how many look as unlikely as the unlikelier
   half of the shuffled pairs; the scores are probabilities at that share.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from curate.dedup.minhash import END, TURN, row_of
from curate.learn.linear import Whitening, folds, logistic, one_thread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from curate.dedup.minhash import Hashes, Ints, Mask
    from curate.learn.linear import Floats

    Doubles = NDArray[np.float64]

FOLDS = 4
DIRECTIONS = 50  # of Dolly's 3,000 rows 100 are too many, of Alpaca's 50 are enough
COMMON = 150  # words of each side that are features by themselves
_RIDGE = 0.1  # of the average variance, added to each
_VARIANCE, _STEPS = 1e-3, 12
# How much the size of the weights costs beside a row, so that few rows make no sure judgement: of
# 600 right rows none has a score under 0.02, with a fifth of it 0.3 %, without it 4 %.
_PRIOR = 5.0
_CHOICE = 8  # rows of which the nearest one gives the harder wrong question
_MEANING, _REST = 4.0, 0.5  # how large embeddings and the other features are
_SMALL = 32  # rows of a triangle that is inverted as it is
_SPARE, _POWER = 14, 5  # directions beside the wanted ones, and steps, to find these
_BEYOND = 6.0  # products of two canonical variates beyond it say no more
_SURE = 0.98  # a correlation of 1 would make one direction decide all
# A share of mismatched rows under `SIGN` is no sign of any: some right rows look as unlikely as a
# shuffled pair (Alpaca 0.10 %, Dolly 0.13 %). Without a sign rows are judged as at `_NO_SIGN`.
SIGN, _NO_SIGN, _MOST = 0.002, 0.001, 0.9
_SURELY = 1.64  # standard errors: one file in twenty has as many by chance
_EVEN = 0.5
_RARE = 5  # texts that have a word, at most, for it to be rare


class Side(NamedTuple):
    """The questions of all rows, or their answers.

    Attributes:
        vectors: (n, d) embeddings of length 1.
        forms: (n, f) 0 or 1.
        sizes: (n,) words.
        runs: END-closed token runs.
    """

    vectors: Floats
    forms: Floats
    sizes: Ints
    runs: Hashes


class _Words(NamedTuple):
    """The words of a side: entries (row, word), sorted, each once.

    Attributes:
        rows, words: of each entry.
        keys: both as one number.
        weight: (n,) summed squared rarity of a row's words.
        number: (n,) how many words a row has.
    """

    rows: Ints
    words: Ints
    keys: Ints
    weight: Doubles
    number: Ints


class _Material:
    """What all models of a file share.

    Attributes:
        questions, answers: as they came.
        asked, told: (n, d) features of each side for the canonical correlation.
    """

    def __init__(self, questions: Side, answers: Side) -> None:
        self.questions, self.answers = questions, answers
        self.height = len(questions.vectors)
        entries = [_entries(side.runs) for side in (questions, answers)]
        words, numbers = np.unique(np.concatenate([one for _, one in entries]), return_inverse=True)
        self._size = max(len(words), 1)
        parts = np.split(numbers, [len(entries[0][0])])
        keys = [
            np.unique(rows * self._size + part)
            for (rows, _), part in zip(entries, parts, strict=True)
        ]
        of = [np.bincount(one % self._size, minlength=self._size) for one in keys]
        self._spread = of[0] + of[1]
        self._rarity: Doubles = np.log((2 * self.height + 1) / (self._spread + 1))
        self._asked, self._told = (self._words(one) for one in keys)
        self.asked = self._features(questions, self._asked, of[0])
        self.told = self._features(answers, self._told, of[1])

    def _words(self, keys: Ints) -> _Words:
        rows, words = np.divmod(keys, self._size)
        weight = np.bincount(rows, self._rarity[words] ** 2, self.height).astype(np.float64)
        return _Words(rows, words, keys, weight, np.bincount(rows, minlength=self.height))

    def _features(self, side: Side, words: _Words, spread: Ints) -> Floats:
        common = np.argsort(-spread, kind="stable")[:COMMON]
        place = np.full(self._size, -1)
        place[common] = np.arange(len(common))
        held = place[words.words] >= 0
        has = np.zeros((self.height, COMMON), np.float32)
        has[words.rows[held], place[words.words[held]]] = _REST
        parts = [np.float32(_MEANING) * side.vectors, _REST * _form(side), has]
        return np.hstack(parts).astype(np.float32)

    def plain(self, asked: Ints) -> Floats:
        """(n, f) features, but for the canonical ones, of answer i beside question `asked[i]`."""
        form, other = _form(self.questions)[asked], _form(self.answers)
        far = np.abs(form[:, -1:] - other[:, -1:])
        parts = [self._closeness(asked), self._shared(asked), far, form, other]
        return np.hstack(parts).astype(np.float32)

    def _closeness(self, asked: Ints) -> Floats:
        """The cosine, and how far it is from what is usual for the answer, and for the question."""
        left, right = self.questions.vectors, self.answers.vectors
        cosine = np.einsum("nd,nd->n", left[asked], right)
        usual = [_usual(right, left), [part[asked] for part in _usual(left, right)]]
        parts = [cosine, *((cosine - mean) / spread for mean, spread in usual)]
        return np.stack(parts, axis=1)

    def _shared(self, asked: Ints) -> Doubles:
        """How much the words that both have say: beside either text, altogether, the rarest."""
        told = self._told
        keys = asked[told.rows] * self._size + told.words
        at = np.searchsorted(self._asked.keys, keys)
        there = np.append(self._asked.keys, -1)[at] == keys
        rows, words = told.rows[there], told.words[there]
        rarity = self._rarity[words]
        squares = np.bincount(rows, rarity**2, self.height)
        rarest = np.zeros(self.height)
        np.maximum.at(rarest, rows, rarity)
        rare = np.bincount(rows, self._spread[words] <= _RARE, self.height)
        count = np.bincount(rows, minlength=self.height)
        own, other = self._asked.weight[asked] + 1e-9, told.weight + 1e-9
        return np.stack(
            [
                *(squares / np.sqrt(own * other), squares / own, squares / other),
                *(np.log1p(np.bincount(rows, rarity, self.height)), np.log1p(squares), rarest),
                *(np.log1p(rare), count / np.maximum(self._asked.number[asked], 1)),
                count / np.maximum(told.number, 1),
            ],
            axis=1,
        )


def _entries(runs: Hashes) -> tuple[Ints, Hashes]:
    inner = (runs != END) & (runs != TURN)
    return row_of(runs)[inner], runs[inner]


def _form(side: Side) -> Floats:
    """(n, f + 6): forms, classes of length, and the length's logarithm."""
    sizes = side.sizes[:, None]
    shorter = sizes < np.array([3, 8, 20, 50, 120])
    return np.hstack([side.forms, shorter, np.log1p(sizes) / 4]).astype(np.float32)


def _usual(of: Floats, others: Floats) -> tuple[Floats, Floats]:
    """Mean and spread of the cosines between each of these and all of the others."""
    mean = others.mean(axis=0)
    apart = others.T @ others / np.float32(len(others)) - np.outer(mean, mean)
    spread = np.einsum("nd,nd->n", of @ apart, of)
    return of @ mean, np.sqrt(np.maximum(spread, 0) + 1e-6)


# --- canonical correlation ----------------------------------------------------------------------


class _Sums(NamedTuple):
    """What canonical correlation needs to know of some rows; what more rows have is added."""

    rows: int
    asked: Doubles
    told: Doubles
    asked_squares: Doubles
    told_squares: Doubles
    crossed: Doubles

    @classmethod
    def of(cls, asked: Floats, told: Floats) -> _Sums:
        """Of these rows."""
        products = (asked.T @ asked, told.T @ told, asked.T @ told)
        sums = (asked.sum(axis=0, dtype=np.float64), told.sum(axis=0, dtype=np.float64))
        return cls(len(asked), *sums, *(one.astype(np.float64) for one in products))


class Correlation(NamedTuple):
    """The directions in which two sides go together.

    Attributes:
        means: of both sides' features.
        turns: (d, k) features less their mean, times it, are variates of variance 1.
        sizes: (k,) how closely each two variates are correlated.
    """

    means: tuple[Floats, Floats]
    turns: tuple[Floats, Floats]
    sizes: Floats

    @classmethod
    def of(cls, parts: list[_Sums]) -> Correlation:
        """From the sums of several sets of rows."""
        rows = sum(one.rows for one in parts)
        asked, told, squares, others, crossed = (
            sum(each[1:], each[0]) / rows for each in list(zip(*parts, strict=True))[1:]
        )
        left = _unbent(squares - np.outer(asked, asked))
        right = _unbent(others - np.outer(told, told))
        first, sizes, second = _largest(left.T @ (crossed - np.outer(asked, told)) @ right)
        turns = left @ first, right @ second
        single = [one.astype(np.float32) for one in (asked, told, *turns, sizes)]
        return cls((single[0], single[1]), (single[2], single[3]), single[4])

    def features(self, asked: Floats, told: Floats) -> Floats:
        """(n, k + 6) of pairs: products of the variates, and what they come to."""
        one, other = (
            np.asarray((side - mean) @ turn, np.float32)
            for side, mean, turn in zip((asked, told), self.means, self.turns, strict=True)
        )
        product, sizes = one * other, self.sizes
        along = product @ sizes
        lengths = [np.sqrt(np.square(each) @ sizes) for each in (one, other)]
        apart = np.square(one - other) @ sizes
        parts = [along / 5, along / (lengths[0] * lengths[1] + 1e-6)]
        parts += [lengths[0] / 3, lengths[1] / 3, apart / -20, self._odds(one, other) / 5]
        return np.hstack([np.clip(product, -_BEYOND, _BEYOND), np.stack(parts, axis=1)])

    def _odds(self, one: Floats, other: Floats) -> Floats:
        """Log of how much likelier two variates are as a pair than apart, were all normal."""
        size = np.minimum(self.sizes, np.float32(_SURE))
        left = 1 - size**2
        bent = size**2 * (one**2 + other**2) - 2 * size * one * other
        odds: Floats = (-0.5 * np.log(left) - bent / (2 * left)).sum(axis=1)
        return np.clip(odds, -100, 100)


def _unbent(spread: Doubles) -> Doubles:
    """(d, d) a turn after which this covariance is 1 in all directions, but for the ridge."""
    ridge = max(_RIDGE * np.trace(spread) / len(spread), 1e-12)
    return _inverse(np.linalg.cholesky(spread + ridge * np.eye(len(spread)))).T


def _inverse(lower: Doubles) -> Doubles:
    """Of a lower triangle, by its quarters: of 450 rows in 5 ms, where any matrix takes 20."""
    half = len(lower) // 2
    if half < _SMALL:
        return np.tril(np.linalg.inv(lower))
    made = np.zeros_like(lower)
    made[:half, :half] = _inverse(lower[:half, :half])
    made[half:, half:] = _inverse(lower[half:, half:])
    made[half:, :half] = -made[half:, half:] @ lower[half:, :half] @ made[:half, :half]
    return made


def _largest(matrix: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """The `DIRECTIONS` largest singular values: left vectors (d, k), values, right vectors (e, k).

    By steps of the power method on some directions more (Halko et al. 2011): of 450 features in 10
    ms, where all singular values take 110.
    """
    width = min(DIRECTIONS + _SPARE, *matrix.shape)
    made = np.random.default_rng(0).normal(size=(matrix.shape[1], width)).astype(np.float32)
    single = matrix.astype(np.float32)  # to look for directions is no exact work
    for _ in range(_POWER):
        made = np.linalg.qr(single.T @ (single @ made))[0]
    base = np.linalg.qr(matrix @ made)[0]
    inner, sizes, second = np.linalg.svd(base.T @ matrix, full_matrices=False)
    some = slice(DIRECTIONS)
    return base @ inner[:, some], sizes[some], second[some].T


# --- judging ------------------------------------------------------------------------------------


class Matched(NamedTuple):
    """How well each answer fits its question.

    Attributes:
        score: (n,) 0 to 1: how likely the answer is its question's own, given the share.
        worth: how often a true pair has a higher score than a shuffled one.
        share: of rows whose answer is another question's, as estimated; 0 = no sign of any, and no
            score is below 0.5.
    """

    score: Doubles
    worth: float
    share: float


def match(questions: Side, answers: Side, groups: Ints, seed: int) -> Matched:
    """Judge each pair of a file by the others.

    Args:
        questions: of n rows.
        answers: of the same rows.
        groups: (n,) rows with the same number stay on one side of every split.
        seed: of folds and shuffles.
    """
    with one_thread():
        material = _Material(questions, answers)
        fold = folds(groups, FOLDS, seed)
        asked = [np.arange(len(groups)), *_shuffles(questions.vectors, groups, fold, seed)]
        plain = [material.plain(one) for one in asked]
        odds = _round(material, asked, plain, fold, np.ones(len(fold), np.bool_))
        odds = _round(material, asked, plain, fold, odds[0] > 0)
    share = mismatched(odds[0], odds[1])
    return Matched(_chances(odds[0], share), _above(odds[0], odds[1]), share)


def mismatched(odds: Floats, shuffled: Floats) -> float:
    """The share of rows that are as shuffled pairs are; 0 where there is no sign of any.

    Half of the shuffled pairs have lower odds than their median, and hardly any right row does. So
    the rows below it are half of the mismatched ones, whatever the right rows look like.

    Args:
        odds: (n,) log-odds of the rows.
        shuffled: (n,) of as many pairs that surely do not belong together.
    """
    below = np.count_nonzero(odds < np.median(shuffled))
    half = len(odds) / 2
    surely = (below - _SURELY * np.sqrt(below)) / half
    return min(below / half, _MOST) if surely >= SIGN else 0.0


def limits(share: float, rows: int) -> tuple[float, float]:
    """The interval of 90 % of an estimate; without a sign, up to the most that gives none.

    Args:
        share: as `mismatched` gives it.
        rows: that it was estimated from.
    """
    half = rows / 2
    if not share:
        root = (_SURELY + np.sqrt(_SURELY**2 + 4 * SIGN * half)) / 2
        return 0.0, min(float(root**2 / half), _MOST)
    error = _SURELY * float(np.sqrt(share / half))
    return max(share - error, 0.0), min(share + error, 1.0)


def _chances(odds: Floats, share: float) -> Doubles:
    """Probabilities from log-odds that were learnt from as many shuffled pairs as true ones."""
    prior = share or _NO_SIGN
    chances: Doubles = 0.5 * (1 + np.tanh((odds.astype(np.float64) + np.log(1 / prior - 1)) / 2))
    return chances if share else np.maximum(chances, _EVEN)


def _shuffles(vectors: Floats, groups: Ints, fold: Ints, seed: int) -> tuple[Ints, Ints]:
    """For each row another one of its fold: any, and one with a question that is near."""
    lots = np.random.default_rng(seed)
    anyone, near = np.arange(len(fold)), np.arange(len(fold))
    for number in range(FOLDS):
        rows = np.flatnonzero(fold == number)
        anyone[rows] = lots.permutation(rows)
        choice = rows[lots.integers(max(len(rows), 1), size=(len(rows), _CHOICE))]
        close = np.stack(
            [np.einsum("nd,nd->n", vectors[rows], vectors[one]) for one in choice.T], axis=1
        )
        close[groups[choice] == groups[rows][:, None]] = -2  # no other question
        near[rows] = choice[np.arange(len(rows)), close.argmax(axis=1)]
    return anyone, near


def _round(
    material: _Material, asked: list[Ints], plain: list[Floats], fold: Ints, kept: Mask
) -> list[Floats]:
    """Log-odds of true pairs and of both kinds of shuffled ones, each out of fold."""
    found = _correlations(material, fold, kept)
    made = [_whole(material, *one, fold, found) for one in zip(asked, plain, strict=True)]
    shuffled = [asked[0] != one for one in asked]
    odds = [np.zeros(len(fold), np.float32) for _ in made]
    for number in range(FOLDS):
        taught = kept & (fold != number)
        model = _Model.of(
            made[0][taught],
            [one[taught & which] for one, which in zip(made[1:], shuffled[1:], strict=True)],
        )
        for one, into in zip(made, odds, strict=True):
            into[fold == number] = model(one[fold == number])
    return odds


def _correlations(material: _Material, fold: Ints, kept: Mask) -> list[Correlation]:
    """For each fold what the rows of the others say; two at a time, whose products are apart."""
    sums = []
    for number in range(FOLDS):
        rows = np.flatnonzero(kept & (fold == number))
        sums.append(_Sums.of(material.asked[rows], material.told[rows]))
    others = [sums[:number] + sums[number + 1 :] for number in range(FOLDS)]
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(Correlation.of, others))


def _whole(
    material: _Material, asked: Ints, plain: Floats, fold: Ints, found: list[Correlation]
) -> Floats:
    """All features of pairs."""
    made = np.empty((len(fold), plain.shape[1] + DIRECTIONS + 6), np.float32)
    made[:, : plain.shape[1]] = plain
    for number, one in enumerate(found):
        rows = np.flatnonzero(fold == number)
        pairs = material.asked[asked[rows]], material.told[rows]
        made[rows, plain.shape[1] :] = one.features(*pairs)
    return made


class _Model(NamedTuple):
    """Tells true pairs from shuffled ones."""

    white: Whitening
    weights: Floats

    @classmethod
    def of(cls, true: Floats, shuffled: list[Floats]) -> _Model:
        """From features of pairs of each kind; the shuffled ones count as much as the true."""
        features = np.vstack([true, *shuffled])
        is_so = np.zeros(len(features), np.float32)
        is_so[: len(true)] = 1
        weight = np.full(len(features), len(true) / max(len(features) - len(true), 1), np.float32)
        weight[: len(true)] = 1
        white = Whitening.of(features, _VARIANCE)
        return cls(white, logistic(white(features), is_so, weight, _PRIOR / len(true), _STEPS))

    def __call__(self, features: Floats) -> Floats:
        """Log-odds of pairs."""
        odds: Floats = self.white(features) @ self.weights
        return odds


def _above(higher: Floats, lower: Floats) -> float:
    """How often a value of the first is above one of the second."""
    ranks = np.searchsorted(np.sort(lower), higher)
    return float(ranks.mean() / max(len(lower), 1))
