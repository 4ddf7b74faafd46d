"""How much of a dataset an LLM wrote: quantified, not counted.

Counting the rows above a threshold counts false alarms and misses too, and both change with the
share itself. Instead the share is found under which the scores, taken as likelihoods, fit best
(Saerens, Latinne and Decaestecker 2002, "Adjusting the outputs of a classifier to new a priori
probabilities": expectation maximisation over the share alone).

The interval has two parts: which rows happened to be drawn (bootstrap), and how far off the head is
on a source it was never trained on: each draw shifts all scores by as much as those of a new
source may lie elsewhere, given where those of the sources did that were left out in training. The
second is the larger by far.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from numpy.typing import NDArray

    from curate.learn.head import Head

    Reals = NDArray[np.float64]

LEAST = 50  # judged rows; of fewer no share is told
DRAWS = 400
_EXTREME = 20.0  # of the logit
# The same share as row by row, at a cost that the number of rows doesn't change.
_EDGES = np.linspace(-_EXTREME, _EXTREME, 401)
_ROUNDS = 200


def synthetic_share(scores: pl.Series, head: Head, seed: int = 0) -> dict[str, Any] | None:
    """The share of rows that an LLM wrote, with an interval of 90 %.

    Args:
        scores: `synthetic_score`, null where the head abstained.
        head: that gave the scores.
        seed: of the draws.

    Returns:
        `share` (the median over draws), `low`, `high`, `judged` and `abstained` (rows); None under
        LEAST judged rows.
    """
    known = scores.drop_nulls().to_numpy()
    if len(known) < LEAST:
        return None
    counts, at = np.histogram(np.clip(_logit(1 - known) * head.ratio, -_EXTREME, _EXTREME), _EDGES)
    lots = np.random.default_rng(seed)
    drawn = lots.multinomial(len(known), counts / len(known), size=DRAWS)
    offsets = _places(head.offsets, lots)
    middle = (at[1:] + at[:-1]) / 2
    found = _best(drawn, np.exp(middle[None] + offsets[:, None]))
    low, share, high = (round(float(one), 4) for one in np.percentile(found, (5, 50, 95)))
    return {
        "share": share,
        "low": low,
        "high": high,
        "judged": len(known),
        "abstained": scores.null_count(),
    }


def _places(offsets: Sequence[float], lots: np.random.Generator) -> Reals:
    """Where the scores of a new source may lie, by where those of known ones did (Student's t)."""
    count = len(offsets)
    if count == 1:
        return np.full(DRAWS, float(offsets[0]))
    spread = float(np.std(offsets, ddof=1)) * np.sqrt(1 + 1 / count)
    drawn: Reals = np.mean(offsets) + spread * lots.standard_t(count - 1, DRAWS)
    return drawn


def _logit(chance: Reals) -> Reals:
    inside = np.clip(chance, 1e-9, 1 - 1e-9)
    made: Reals = np.log(inside / (1 - inside))
    return made


def _best(counts: NDArray[np.int64], odds: Reals) -> Reals:
    """The likeliest share for each line of counts, by expectation maximisation."""
    there = counts.any(axis=0)  # of 1,000 rows few scores are in most of the places
    odds, numbers = odds[:, there], counts[:, there].astype(np.float64)
    rows, share = counts.sum(axis=1), np.full(len(counts), 0.5)
    of_llm, part = np.empty_like(odds), np.empty_like(odds)  # else each round asks for new memory
    for _ in range(_ROUNDS):
        np.multiply(share[:, None], odds, out=of_llm)
        np.add(of_llm, 1, out=part)
        part -= share[:, None]
        np.divide(of_llm, part, out=part)
        part *= numbers
        share = part.sum(axis=1) / rows
    return share
