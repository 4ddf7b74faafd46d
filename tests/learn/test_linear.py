"""Regression, whitening and folds."""

from __future__ import annotations

import numpy as np
import pytest

from curate.learn.linear import (
    Fit,
    Whitening,
    folds,
    lbfgs,
    logistic,
    multinomial,
    one_thread,
    softmax,
)


def blobs(rows: int = 600, classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    lots = np.random.default_rng(0)
    given = lots.integers(classes, size=rows)
    centres = lots.normal(size=(classes, 8))
    return (centres[given] + 0.3 * lots.normal(size=(rows, 8))).astype(np.float32), given


def test_white_features_have_no_correlation_and_variance_one():
    made, _ = blobs()
    white = Whitening.of(made, 1e-9)(made)
    assert np.allclose(np.cov(white[:, :-1].T), np.eye(8), atol=0.02)
    assert (white[:, -1] == 1).all()


def test_lbfgs_finds_the_bottom_of_a_valley():
    goal = np.array([3.0, -2.0, 0.5], np.float32)
    steep = np.array([1.0, 10.0, 100.0], np.float32)

    def loss(at):
        return float((steep * (at - goal) ** 2).sum()), 2 * steep * (at - goal)

    assert np.allclose(lbfgs(loss, np.zeros(3, np.float32), 40), goal, atol=1e-3)


def test_classes_far_apart_are_told_apart():
    made, given = blobs()
    white = Whitening.of(made, 1e-3)
    fit = Fit(3, white.metric, 1e-4, 8)
    weights = multinomial(white(made), given, np.zeros((9, 3), np.float32), fit)
    assert (softmax(white(made) @ weights).argmax(axis=1) == given).mean() > 0.97


def test_logistic_regression_reaches_the_optimum_of_its_loss():
    made, given = blobs(classes=2)
    white = Whitening.of(made, 1e-3)(made)
    weight, is_so = np.ones(len(made), np.float32), given.astype(np.float32)
    weights = logistic(white, is_so, weight, 0.1, 40)
    likely = 1 / (1 + np.exp(-white @ weights))
    assert np.allclose(white.T @ (likely - is_so) / len(made) + 0.1 * weights, 0, atol=1e-3)


@pytest.mark.parametrize("seed", [0, 1])
def test_folds_keep_groups_whole_and_spread_kinds(seed):
    groups = np.repeat(np.arange(200), 3)
    kinds = groups % 4
    fold = folds(groups, 4, seed, kinds)
    assert all(len(set(fold[groups == one])) == 1 for one in range(200))
    table = np.histogram2d(kinds, fold, bins=(4, 4))[0]
    assert table.max() - table.min() <= 3


def test_one_thread_leaves_the_setting_as_it_was():
    from threadpoolctl import threadpool_info

    before = [one["num_threads"] for one in threadpool_info()]
    with one_thread():
        assert all(
            one["num_threads"] == 1 for one in threadpool_info() if one["user_api"] == "blas"
        )
    assert [one["num_threads"] for one in threadpool_info()] == before
