"""The labels of a classification that are likely wrong, as a matrix (confident learning)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from curate.learn.noise import matrix
from curate.report.model import Confusion, LabelNoise
from curate.report.rows import masked_alone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from curate.learn.noise import Matrix
    from curate.policy.rule import Rule
    from curate.report.run import Run

    Reals = NDArray[np.float64]

GIVEN, SURE = "label_given", "label_sure"
MATRIX = 12  # classes: as many columns as a page is wide
PAIRS = 15


def label_noise(run: Run, rules: Mapping[str, Rule]) -> LabelNoise | None:
    """Which classes are taken for which; None where the file is no classification.

    Args:
        run: whose scores are looked at.
        rules: of the run, some of which mask what they find in a class's name, too.
    """
    if not {GIVEN, SURE}.issubset(run.scores.columns):
        return None
    found = matrix(run.scores)
    return None if found is None else _told(found, run, rules)


def _told(found: Matrix, run: Run, rules: Mapping[str, Rule]) -> LabelNoise:
    names, shares, rows = found.names, found.shares, int(found.rows.sum())
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
