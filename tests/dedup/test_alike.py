"""The exact join, beside a comparison of every pair with every other."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.dedup.alike import components, pairs
from curate.signals.shingles import token_runs

WORDS = [f"w{number}" for number in range(40)]


def jaccard(one: str, other: str) -> float:
    """Of the multisets of trigrams, ends as neighbours, in plain Python."""
    made = []
    for text in (one, other):
        words = ["", *text.split(), ""]
        made.append(Counter(zip(words, words[1:], words[2:], strict=False)))
    both = sum((made[0] & made[1]).values())
    return both / max(sum((made[0] | made[1]).values()), 1)


def found(texts, least):
    left, right, similarity = pairs(token_runs(pl.Series(texts, dtype=pl.String)), least)
    return dict(zip(zip(left.tolist(), right.tolist(), strict=True), similarity, strict=True))


def edited(text, lots):
    words = text.split()
    words[lots.randrange(len(words))] = lots.choice(WORDS)
    return " ".join(words)


@pytest.mark.parametrize("least", [0.7, 0.8, 0.85])
def test_every_pair_is_found_and_no_other(least):
    lots = random.Random(7)  # noqa: S311  # no secret
    texts = [" ".join(lots.choices(WORDS, k=lots.randint(1, 60))) for _ in range(60)]
    texts += [edited(lots.choice(texts), lots) for _ in range(60)]
    texts = list(dict.fromkeys(texts))
    expected = {
        (a, b): similarity
        for a in range(len(texts))
        for b in range(a)
        if (similarity := jaccard(texts[a], texts[b])) >= least
    }
    assert found(texts, least) == pytest.approx(expected)
    assert len(expected) > 5  # else the test would say little


@given(st.lists(st.lists(st.sampled_from(WORDS[:5]), max_size=12).map(" ".join), max_size=12))
def test_runs_of_few_words_often_said(texts):
    texts = list(dict.fromkeys(texts))
    expected = {
        (a, b)
        for a in range(len(texts))
        for b in range(a)
        if jaccard(texts[a], texts[b]) >= 0.7 and texts[a] and texts[b]
    }
    assert {pair for pair in found(texts, 0.7) if texts[pair[0]] and texts[pair[1]]} == expected


def test_a_copy_is_paired_with_the_first():
    assert found(["a b", "c d", "a b", "a b"], 0.7) == {(2, 0): 1.0, (3, 0): 1.0}


def test_a_crowd_is_linked_too():
    """Two hundred rows of one template, of which each is like its neighbour at least."""
    lots = random.Random(3)  # noqa: S311  # no secret
    text = " ".join(lots.choices(WORDS, k=60))
    texts = [f"{text} {number}" for number in range(200)]
    left, right, _ = pairs(token_runs(pl.Series(texts)), 0.7)
    assert set(components(left, right, len(texts)).tolist()) == {0}
    assert len(left) < 200 * 60


def test_components_are_chains_and_not_stars():
    left, right = np.array([1, 2, 5, 4]), np.array([0, 1, 4, 3])
    assert components(left, right, 7).tolist() == [0, 0, 0, 3, 3, 3, 6]


def test_nothing_has_no_pairs():
    assert found([], 0.7) == {}
