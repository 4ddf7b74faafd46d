"""The labels of a classification that are likely wrong, as a matrix (confident learning)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from curate.learn.noise import joint
from curate.report.model import Confusion, LabelNoise
from curate.report.rows import masked_alone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from curate.policy.rule import Rule
    from curate.report.run import Run

    Reals = NDArray[np.float64]

GIVEN, SURE = "label_given", "label_sure"
MATRIX = 12  # classes: as many columns as a page is wide
PAIRS = 15


def label_noise(run: Run, rules: Mapping[str, Rule]) -> LabelNoise | None:
    """Which classes are taken for which; None where the file is no classification.

    Classes of the same name in several tasks of a file count as one.

    Args:
        run: whose scores are looked at.
        rules: of the run, some of which mask what they find in a class's name, too.
    """
    if not {GIVEN, SURE}.issubset(run.scores.columns):
        return None
    known = run.scores.select(GIVEN, SURE).drop_nulls(GIVEN)
    names = known[GIVEN].unique().sort().to_list()
    if not names:
        return None
    at = {name: place for place, name in enumerate(names)}
    given = _places(known[GIVEN], at)
    shares = joint(given, _places(known[SURE], at), len(names))
    return _told(shares, names, known.height, run, rules)


def _places(labels: pl.Series, at: Mapping[str, int]) -> NDArray[np.int64]:
    """Where in the list of classes each label stands; -1: in none."""
    places = labels.replace_strict(at, default=-1, return_dtype=pl.Int64).fill_null(-1)
    return places.to_numpy()


def _told(
    shares: Reals, names: list[str], rows: int, run: Run, rules: Mapping[str, Rule]
) -> LabelNoise:
    pairs = _pairs(shares)
    shown = _confused(shares)
    wanted = sorted({*shown, *(place for pair in pairs for place in pair)})
    some = masked_alone([names[place] for place in wanted], rules, run.lock.settings)
    told = dict(zip(wanted, some, strict=True))
    own = shares.sum(axis=1)
    return LabelNoise(
        rows=rows,
        classes=len(names),
        share=round(float(1 - np.trace(shares)), 6),
        shown=tuple(told[place] for place in shown),
        matrix=tuple(
            tuple(round(float(shares[one, other] * rows), 1) for other in shown) for one in shown
        ),
        confusions=tuple(
            Confusion(
                given=told[one],
                likely=told[other],
                rows=round(float(shares[one, other] * rows), 1),
                share=round(float(shares[one, other] / own[one]), 6),
            )
            for one, other in pairs
        ),
    )


def _pairs(shares: Reals) -> list[tuple[int, int]]:
    """The pairs of classes that are taken for each other most, at least one row of each."""
    wrong = shares.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:PAIRS]
    places = np.unravel_index(order, wrong.shape)
    found = zip(*(one.tolist() for one in places), strict=True)
    return [(one, other) for one, other in found if wrong[one, other] > 0]


def _confused(shares: Reals) -> Sequence[int]:
    """The classes to show: of many those that are confused most, in the order of their names."""
    wrong = shares.sum(axis=0) + shares.sum(axis=1) - 2 * shares.diagonal()
    return sorted(np.argsort(-wrong, kind="stable")[:MATRIX].tolist())
