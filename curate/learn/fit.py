"""Train a head on texts of known origin, and measure it on texts it has not seen.

    labelled(human, llm)      read both files: texts, origin, which texts belong together
    cross_validate(sample)    out-of-fold sums, and what they are worth
    fit(sample)               a head whose probabilities are calibrated on those sums

Texts that belong together (answers to one prompt, near-duplicates, windows of one text) are never
in a fold and out of it. Windows of long texts are trained on beside the whole ones, since what is
to be judged may be short.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from curate.config import Settings
from curate.dedup import alike
from curate.dedup.clusters import Links
from curate.dedup.minhash import FLOOR
from curate.errors import InputError, UsageError
from curate.ingest import Ingest, Refusal
from curate.learn.head import MIN_WORDS, Head, judged, sigmoid, train
from curate.learn.stylometry import Style, measure
from curate.read import open_sources
from curate.read.record import parse
from curate.row import to_frame
from curate.signals.shingles import token_runs
from curate.text.normalize import normalized

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Reals = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Mask = NDArray[np.bool_]

FOLDS = 5
LEAST = 50  # texts of each origin; of fewer no figure means anything
WINDOWS = (30, 60, 120)  # words of a window; each long text gives one
_LONGER = 1.3  # times a window a text must be to give one
_FALSE_ALARMS = 0.01
_BINS = 10


class Sample(NamedTuple):
    """Texts of known origin.

    Attributes:
        texts: what is learnt from.
        llm: which an LLM wrote.
        groups: a number a text; texts with one number belong together.
        weight: how much each counts in training among those of its origin; None is 1.
    """

    texts: pl.Series
    llm: Mask
    groups: Ints
    weight: Reals | None = None

    def where(self, kept: Mask) -> Sample:
        """Some of the texts."""
        weight = None if self.weight is None else self.weight[kept]
        return Sample(self.texts.filter(pl.Series(kept)), self.llm[kept], self.groups[kept], weight)


@dataclass(frozen=True)
class Figures:
    """What a head is worth on texts that it was not trained on.

    Attributes:
        texts: how many of each origin were judged: human, LLM.
        abstained: share of the texts that it says nothing about.
        auroc: chance that a text of an LLM gets the higher probability than a human's.
        recall: share of the LLM's texts found where 1 % of the human ones are taken for such.
        threshold: the probability from which on that is.
        calibration: mean distance of probability and frequency over ten bins, by weight (ECE).
    """

    texts: tuple[int, int]
    abstained: float
    auroc: float
    recall: float
    threshold: float
    calibration: float


# --- reading ------------------------------------------------------------------------------------


def labelled(human: Sequence[str], llm: Sequence[str]) -> Sample:
    """The answers in these files, as texts of known origin.

    Raises:
        InputError: a file that can't be read.
        UsageError: too few texts of one origin, or the same in both.
    """
    parts = [_texts(names) for names in (human, llm)]
    for name, part in zip(("--human", "--llm"), parts, strict=True):
        long = int((part["text"].str.count_matches(r"\S+") >= MIN_WORDS).sum())
        if long < LEAST:
            raise UsageError(
                f"{name}: {long} answers of {MIN_WORDS} words or more; {LEAST} are needed, "
                "and 500 are better"
            )
    both = pl.concat(parts)
    if parts[1]["text"].is_in(parts[0]["text"].implode()).all():
        raise UsageError("--llm: every answer is in --human too; nothing can tell them apart")
    origin = np.repeat([False, True], [part.height for part in parts])
    return sample(both["text"], origin, both["prompt"])


def _texts(names: Sequence[str]) -> pl.DataFrame:
    """`text` and `prompt` of every record; a record with nothing but `text` has no prompt."""
    ingest, rows, bare = Ingest(Settings().format, {}), [], []
    for source in open_sources(list(names)):
        for record in source:
            row, _ = ingest(record)
            if isinstance(row, Refusal):
                bare += _bare(record.raw)
            else:
                rows.append(row)
    said = to_frame(rows).select(pl.col("response").alias("text"), "prompt")
    alone = pl.DataFrame({"text": bare, "prompt": [None] * len(bare)}, schema=said.schema)
    made = pl.concat([said, alone]).filter(pl.col("text").str.contains(r"\S"))
    if made.is_empty():
        raise InputError(f"{names[0]}: no record with an answer, or with a field `text`")
    return made


def _bare(raw: bytes) -> list[str]:
    try:
        text = parse(raw).get("text")
    except ValueError:
        return []
    return [text] if isinstance(text, str) else []


def sample(texts: pl.Series, llm: Mask, prompts: pl.Series) -> Sample:
    """Texts with the groups that follow from equal prompts and like words."""
    asked = normalized(pl.col("prompt"))
    keys = prompts.alias("prompt").to_frame().select(pl.when(asked != "").then(asked.hash(seed=1)))
    plain = texts.alias("text").to_frame().select(normalized(pl.col("text")))["text"]
    prompt_keys = keys.to_series().fill_null(0).to_numpy()
    links = Links.between([prompt_keys], token_runs(plain), FLOOR)
    return Sample(texts, llm, alike.components(links.left, links.right, len(texts)))


# --- training -----------------------------------------------------------------------------------


def fit(known: Sample, seed: int = 0) -> tuple[Head, Figures]:
    """A head trained on all of it, calibrated on what heads of the folds said out of fold."""
    sums, style = out_of_fold(known, folds(known, seed), seed)
    head = calibrated(trained(known, seed), sums, known.llm, judged(style))
    return head, figures(head, sums, known.llm, judged(style))


def folds(known: Sample, seed: int = 0, count: int = FOLDS) -> Ints:
    """The fold of each text; a group is in one fold whole."""
    _, number = np.unique(known.groups, return_inverse=True)
    drawn: Ints = np.random.default_rng(seed).permutation(int(number.max()) + 1)[number] % count
    return drawn


def out_of_fold(known: Sample, fold: Ints, seed: int = 0) -> tuple[Reals, Style]:
    """What a head that has not seen a text's fold says of it, and what all texts look like.

    Nor has it seen what belongs together with a text of the fold, wherever that is.
    """
    sums = np.zeros(len(known.texts))
    for one in np.unique(fold):
        held = fold == one
        rest = known.where(~np.isin(known.groups, known.groups[held]))
        if rest.llm.all() or not rest.llm.any():
            raise UsageError(
                "all texts of one origin belong together; more of other kinds are needed"
            )
        sums[held] = trained(rest, seed).logit(measure(known.where(held).texts))
    return sums, measure(known.texts)


def trained(known: Sample, seed: int = 0) -> Head:
    """A head without calibration; both origins count the same, and a text as its windows."""
    texts, of = windows(known.texts, seed)
    share = 1 / np.bincount(of)[of]
    if known.weight is not None:
        share *= known.weight[of]
    llm = known.llm[of]
    for origin in (False, True):
        share[llm == origin] /= share[llm == origin].sum()
    return train(measure(texts), llm, share)


def windows(texts: pl.Series, seed: int = 0) -> tuple[pl.Series, Ints]:
    """The texts, then one window of each long one; and which text each is of."""
    lots = np.random.default_rng(seed)
    made, of = [], []
    for place, text in enumerate(texts.fill_null("")):
        words = text.split()
        fitting = [size for size in WINDOWS if len(words) > size * _LONGER]
        if fitting:
            size = fitting[lots.integers(len(fitting))]
            start = lots.integers(len(words) - size + 1)
            made.append(" ".join(words[start : start + size]))
            of.append(place)
    both = pl.concat([texts, pl.Series(texts.name, made, dtype=pl.String)])
    return both, np.concatenate([np.arange(len(texts)), np.array(of, np.int64)])


def calibrated(head: Head, sums: Reals, llm: Mask, counted: Mask) -> Head:
    """The head with the slope and shift that fit these sums best (Platt 1999).

    Half of the weight is the LLM's, whatever its share here: a probability says what the text
    says, and nothing of how common such texts are (`curate.learn.share` finds that out).
    """
    x, y = sums[counted], llm[counted].astype(float)
    weight = np.where(y > 0, 0.5 / max(y.sum(), 1), 0.5 / max((1 - y).sum(), 1))
    at = np.array([1.0, 0.0])
    for _ in range(50):
        chance = sigmoid(at[0] * x + at[1])
        bend = weight * chance * (1 - chance) + 1e-12
        error = weight * (chance - y)
        slope = np.array([error @ x, error.sum()])
        square = np.array([[bend @ x**2, bend @ x], [bend @ x, bend.sum()]])
        step = np.linalg.solve(square + 1e-9 * np.eye(2), slope)
        at = at - np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-8:  # noqa: PLR2004 - beyond what a probability shows
            break
    return replace(head, slope=float(at[0]), shift=float(at[1]))


# --- measuring ----------------------------------------------------------------------------------


def figures(head: Head, sums: Reals, llm: Mask, counted: Mask) -> Figures:
    """What these sums are worth, as the head makes probabilities of them."""
    chance = sigmoid(head.slope * sums + head.shift)[counted]
    truth = llm[counted]
    threshold = float(np.quantile(chance[~truth], 1 - _FALSE_ALARMS, method="higher"))
    return Figures(
        texts=(int((~truth).sum()), int(truth.sum())),
        abstained=float(1 - counted.mean()),
        auroc=auroc(chance, truth),
        recall=float((chance[truth] > threshold).mean()),
        threshold=threshold,
        calibration=calibration(chance, truth),
    )


def auroc(scores: Reals, truth: Mask) -> float:
    """The chance that a true one scores higher than a false one, ties half."""
    _, which, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[which]
    true = int(truth.sum())
    return float((ranks[truth].sum() - true * (true + 1) / 2) / (true * (len(truth) - true)))


def calibration(chance: Reals, truth: Mask) -> float:
    """Expected calibration error over ten bins of equal width, both origins of equal weight."""
    weight = np.where(truth, 0.5 / truth.sum(), 0.5 / (~truth).sum())
    at = np.minimum((chance * _BINS).astype(int), _BINS - 1)
    said = np.bincount(at, weights=weight * chance, minlength=_BINS)
    seen = np.bincount(at, weights=weight * truth, minlength=_BINS)
    return float(np.abs(said - seen).sum())
