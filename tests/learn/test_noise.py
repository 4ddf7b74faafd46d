"""Confident learning, held against cleanlab on the same probabilities."""

from __future__ import annotations

import warnings

import numpy as np
import polars as pl
import pytest

from curate.learn import noise
from curate.learn.grams import Bag, projected
from curate.signals.shingles import token_runs

CLASSES = 5


def probabilities(seed: int) -> tuple[np.ndarray, np.ndarray]:
    lots = np.random.default_rng(seed)
    true = lots.integers(CLASSES, size=800)
    scores = 2.5 * np.eye(CLASSES)[true] + lots.normal(size=(800, CLASSES))
    likely = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    given = np.where(lots.random(800) < 0.15, lots.integers(CLASSES, size=800), true)
    return likely.astype(np.float32), given


@pytest.fixture
def cleanlab():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("cleanlab")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.usefixtures("cleanlab")
def test_joint_is_cleanlabs(seed):
    likely, given = probabilities(seed)
    from cleanlab.count import compute_confident_joint, estimate_joint

    theirs = estimate_joint(
        given, likely, confident_joint=compute_confident_joint(given, likely, calibrate=False)
    )
    ours = noise.joint(given, noise.confident(likely, given), CLASSES)
    assert np.allclose(ours, theirs, atol=2e-3)


@pytest.mark.usefixtures("cleanlab")
def test_cleanlab_finds_the_same_rows():
    likely, given = probabilities(3)
    from cleanlab.filter import find_label_issues

    theirs = find_label_issues(given, likely, filter_by="confident_learning", n_jobs=1)
    sure = noise.confident(likely, given)
    assert (theirs == ((sure >= 0) & (sure != given))).mean() > 0.995


def test_the_matrix_of_a_run_comes_from_its_scores():
    likely, given = probabilities(0)
    sure = noise.confident(likely, given)
    names = np.array(["none", "of", "these", "is", "a number"])  # not in the order of the alphabet
    stored = pl.DataFrame(
        {
            "label_given": [*names[given], None],
            "label_sure": [*(None if one < 0 else names[one] for one in sure), None],
        }
    )
    found = noise.matrix(stored)
    assert found.names == sorted(names)
    order = np.argsort(names)
    assert np.allclose(found.shares, noise.joint(given, sure, CLASSES)[np.ix_(order, order)])
    assert found.rows.tolist() == np.bincount(given)[order].tolist()
    assert found.wrong == pytest.approx(found.wrong_of @ found.rows / found.rows.sum())
    assert noise.matrix(stored.head(0)) is None


def test_the_nearest_texts_say_what_a_doubtful_label_is():
    cosines = np.array([[0.9, 0.88, 0.1], [0.2, 0.3, 0.9]], np.float32)
    shares = noise._shares(cosines, np.array([1, 1, 0]), 3)
    assert shares.sum(axis=1) == pytest.approx(1)
    assert shares.argmax(axis=1).tolist() == [1, 0]
    assert (shares[:, 2] == 0).all()


def test_a_score_under_a_half_means_another_class_is_likelier():
    likely, given = probabilities(0)
    judged = noise.verdict(likely, given)
    assert ((judged.score < 0.5) == (likely.argmax(axis=1) != given)).all()
    assert ((judged.better >= 0) == (judged.score < 0.5)).all()


def test_words_keep_their_angles():
    lots = np.random.default_rng(0)
    words = np.array([f"word{number}" for number in range(300)])
    texts = [" ".join(lots.choice(words, 12)) for _ in range(400)]
    texts += [f"{text} extra" for text in texts]
    made = projected(Bag.of(token_runs(pl.Series(texts))).telling(), 512)
    near = (made[:400] * made[400:]).sum(axis=1)
    far = (made[:400] * np.roll(made[400:], 7, axis=0)).sum(axis=1)
    assert near.min() > 0.7
    assert abs(far.mean()) < 0.1


def test_another_lot_is_another_projection_of_the_same():
    texts = pl.Series([f"{one} apples and {two} pears" for one in "abcdef" for two in "uvwxyz"])
    bag = Bag.of(token_runs(texts)).telling()
    made = [projected(bag, 256, lot) for lot in (0, 1)]
    assert not np.allclose(*made)
    assert np.allclose(*(one @ one.T for one in made), atol=0.5)


def test_empty_texts_have_no_grams():
    assert not projected(Bag.of(token_runs(pl.Series(["", "", ""]))).telling(), 64).any()


def test_votes_are_lists():
    assert noise.votes(pl.Series(["a", "b"])) is None
    found = noise.votes(pl.Series(['["a", "a", "b"]', '["b", null]', None, '["b", "a"]']))
    assert found is not None
    assert found.majority.to_list() == ["a", "b", None, "a"]
    table = found.of(np.array([0, 3]), ["a", "b"])
    assert table[0].tolist() == [0, 0, 1]
    assert table[1, :2].tolist() == [1, 0]


@pytest.mark.usefixtures("cleanlab")
def test_annotators_who_agree_with_the_texts_win():
    likely, given = probabilities(1)
    true = likely.argmax(axis=1)
    table = np.stack([true, true, np.where(np.arange(800) % 9 == 0, (true + 1) % 5, true)], axis=1)
    judged = noise.verdict(likely, given)
    score, better = noise.consensus(table.astype(float), judged, given)
    wrong = given != true
    assert (better[wrong] == true[wrong]).mean() > 0.98
    assert (better[~wrong] < 0).mean() > 0.98
    assert score[wrong].max() < score[~wrong].mean()
