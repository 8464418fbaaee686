"""D of repeats and images, by hand and by a second derivation; the levels of repeats; the outlook."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from augexp.analysis import critical_values, statistics
from augexp.analysis.folds import outlook
from augexp.analysis.folds.critical_values import anytime
from augexp.analysis.folds.variance import fold_means, folded
from augexp.analysis.warnings import words

HAND = np.array([[1.0, 0.0, 1.0, 0.0], [0.0, 0.0, 1.0, -1.0]])
FOLD = np.array([[0, 0, 1, 1], [0, 1, 0, 1]])


def test_a_matrix_by_hand():
    # mean_r D = (.5, 0, 1, -.5); u = ((.5 + 0) / 2, (0 + .5) / 2, (-.5 + 0) / 2, (0 - .5) / 2)
    assert fold_means(HAND, FOLD, 2).tolist() == [0.25, 0.25, -0.25, -0.25]
    parts = folded(HAND, FOLD, 2)
    # c = (1 - 1/2)^2 + 1 / (4 x 2) = 3/8, R K = 4
    assert parts.seeds == pytest.approx(0.0625 / (0.375 * 4))
    assert (parts.estimate, parts.degrees, parts.n, parts.m) == (0.25, 2, 2, 4)
    assert (parts.images, parts.residual) == (statistics.crossed(HAND).images, statistics.crossed(HAND).residual)


def test_a_second_derivation():
    generator = np.random.default_rng(1)
    d, k, r, m = generator.choice([-100.0, 0.0, 100.0], (4, 60)), 5, 4, 60
    fold = np.stack([generator.permutation(np.arange(m) % k) for _ in range(r)])
    squares = []
    for repeat in range(r):
        for part in range(k):
            own = fold[repeat] == part
            squares.append(float((d[repeat, own] - d[:, own].mean(axis=0)).mean()) ** 2)
    c = (1 - 1 / r) ** 2 + (r - 1) / (r**2 * k)
    assert folded(d, fold, k).seeds == pytest.approx(sum(squares) / len(squares) / (c * r * k), rel=1e-12)


def test_folds_that_lack_a_class_are_left_out_of_its_mean():
    assert len(fold_means(HAND[:, :2], FOLD[:, :2], 2)) == 3


def test_one_repeat_has_no_variance():
    parts = folded(HAND[:1], FOLD[:1], 2)
    assert math.isnan(parts.seeds)
    assert not parts.enough


def test_levels_have_the_degrees_of_freedom_of_the_fits():
    fixed = critical_values.level("fixed", 1, (2, 3, 4), 5)
    assert fixed.t(4) == pytest.approx(stats.t.ppf(0.975, 15))
    assert fixed.t(1) == math.inf
    anytime = critical_values.level("anytime", 2, (2, 3, 4), 5)
    assert anytime.t(3) == pytest.approx(stats.t.ppf(1 - 0.025 / 6 / 2, 10))
    looks = critical_values.level("looks", 1, (2, 3, 4), 5)
    assert looks.alpha == 0.0258
    assert critical_values.level("looks", 1, (2, 4), 5).alpha == 0.0258
    # Looks that were not simulated are shared out.
    assert critical_values.level("looks", 1, (2, 5, 9), 5).alpha == pytest.approx(0.05 / 3)
    assert critical_values.level("looks", 1).alpha == 0.01639


def test_the_probabilities_of_any_number_of_repeats_sum_up_to_alpha():
    assert sum(anytime(0.05, repeats) for repeats in range(2, 100_000)) == pytest.approx(0.05, rel=1e-4)


def test_p_is_where_the_interval_reaches_zero():
    generator = np.random.default_rng(2)
    d = generator.choice([-100.0, 0.0, 100.0], (3, 100), p=[0.05, 0.85, 0.1])
    fold = np.stack([generator.permutation(np.arange(100) % 5) for _ in range(3)])
    parts = folded(d, fold, 5)
    p = statistics.p_value(parts)
    half = statistics.half_widths(parts, stats.t.ppf(1 - p / 2, 10), stats.norm.ppf(1 - p / 2))[1]
    assert half == pytest.approx(abs(parts.estimate), rel=1e-6)


def test_repeats_for_power():
    assert outlook.repeats_needed(3.0, 5) == 2
    needed = outlook.repeats_needed(0.8, 5)
    assert outlook.power(0.8, needed, 5) >= 0.8 > outlook.power(0.8, needed - 1, 5)
    assert outlook.repeats_needed(0.0, 5) is None


def test_what_folds_would_give_follows_from_the_parts():
    generator = np.random.default_rng(3)
    d = generator.choice([-100.0, 0.0, 100.0], (5, 200), p=[0.1, 0.7, 0.2]) + generator.normal(0, 1, (5, 1))
    parts, own = statistics.crossed(d), critical_values.level("fixed", 1)
    found = outlook.with_folds(parts, own, 1000, 20)
    assert (found.folds, found.repeats, found.images, found.seeds) == (5, 4, 1000, 20)
    interaction = parts.residual * 5 * 200
    fits = max(parts.seeds * 5 - interaction / 200, 0) / 20 + interaction / 4000
    expected = math.hypot(
        stats.t.ppf(0.975, 15) * math.sqrt(fits), stats.norm.ppf(0.975) * math.sqrt(parts.image_variance / 5)
    )
    assert found.half_width == pytest.approx(expected)
    assert found.held_out == pytest.approx(outlook.half_width(parts, own, 20, 200))
    assert outlook.with_folds(parts, own, 1000, 5) is None
    assert outlook.with_folds(parts, own, 200, 20) is None
    assert outlook.with_folds(parts, own, 1000, 8).folds == 4


def test_many_policies_are_not_told_to_be_screened_where_folds_refuse_it():
    plain, folded_ = (words.many_policies(5, folds=folds) for folds in (None, 5))
    assert "with --screen a few seeds rank them first" in plain
    assert folded_.endswith("name fewer of them with --arms, or compare without folds and with --screen")
