"""Statistics by hand: matrices small enough to compute on paper, and p-values against scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from augexp.analysis import statistics
from augexp.analysis.statistics import columns, crossed, half_widths


def test_components_of_a_matrix_computed_by_hand():
    # Rows sum to 2, 1, 3 over 4 images; columns to 3, 2, 1, 0 over 3 seeds; grand mean 1/2.
    parts = crossed(np.array([[1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 1, 0]], dtype=float))
    assert parts.estimate == pytest.approx(0.5)
    assert parts.by_seed.tolist() == [0.5, 0.25, 0.75]
    # var(d) = (0 + 1/16 + 1/16) / 2 = 1/16, over n = 3.
    assert parts.seeds == pytest.approx(1 / 48)
    # b = 1, 2/3, 1/3, 0: squares of deviations 1/4, 1/36, 1/36, 1/4 sum to 5/9; / 3 / 4.
    assert parts.images == pytest.approx(5 / 108)
    # Total 3, minus rows 4 x 1/8 = 1/2, minus columns 3 x 5/9 = 5/3: rest 5/6; / 6 / 12.
    assert parts.residual == pytest.approx(5 / 432)


def test_half_widths_computed_by_hand():
    parts = statistics.Crossed(3, 100, 0.5, np.array([0.5, 0.25, 0.75]), seeds=0.04, images=0.05, residual=0.01)
    narrow, wide = half_widths(parts, t=3.0, z=2.0)
    assert narrow == pytest.approx(0.6)  # 3 x 0.2
    assert wide == pytest.approx(math.sqrt(0.36 + 4 * 0.04))


def test_new_images_add_nothing_where_the_residual_explains_the_images():
    parts = statistics.Crossed(3, 100, 0.0, np.zeros(3), seeds=0.04, images=0.01, residual=0.05)
    narrow, wide = half_widths(parts, 3.0, 2.0)
    assert narrow == wide


def test_few_images_leave_the_interval_of_the_seeds_alone():
    generator = np.random.default_rng(0)
    few, enough = crossed(generator.normal(size=(5, 29))), crossed(generator.normal(size=(5, 30)) + [[0.0, 9.0] * 15])
    assert few.image_variance == 0.0
    assert enough.image_variance > 0.0


def test_one_seed_or_one_image_has_no_variance():
    assert math.isnan(crossed(np.ones((1, 4))).seeds)
    assert math.isnan(crossed(np.ones((4, 1))).images)


def test_near_duplicates_count_as_one_image():
    labels, clusters = np.array([0, 1, 0, 0, 1]), np.array([0, 1, 0, 3, 1])
    found = columns(labels, clusters)
    assert len(found) == 3
    outcomes = np.array([[1, 0, 0, 1, 1], [1, 1, 1, 0, 1]])
    # Images 0 and 2 are one column (class 0), 1 and 4 another (class 1), 3 stands alone (class 0).
    by_label = sorted(zip(found.labels.tolist(), found.collapse(outcomes).T.tolist(), strict=True))
    assert by_label == [(0, [0.5, 1.0]), (0, [1.0, 0.0]), (1, [0.5, 1.0])]


def test_columns_without_duplicates_keep_every_image():
    outcomes = np.arange(12.0).reshape(2, 6)
    found = columns(np.array([1, 0, 1, 0, 1, 0]), np.array([5, 4, 3, 2, 1, 0]))
    values = found.collapse(outcomes)
    for image, column in enumerate(found.group):
        assert values[:, column].tolist() == outcomes[:, image].tolist()


def test_a_cluster_over_two_classes_stays_two_columns():
    assert len(columns(np.array([0, 1]), np.array([7, 7]))) == 2


def test_balanced_weights_make_the_mean_of_the_class_means():
    labels = np.array([0, 0, 0, 1])
    found = columns(labels, np.arange(4))
    values = found.collapse(np.array([[1, 1, 0, 0]]))
    weighted = (values * found.weights(2)).mean()
    assert weighted == pytest.approx((2 / 3 + 0) / 2)
    # m / (C m_class): 4 / (2 x 3) and 4 / (2 x 1).
    assert sorted(found.weights(2).tolist()) == pytest.approx([2 / 3, 2 / 3, 2 / 3, 2.0])


def test_p_is_where_the_interval_just_reaches_zero():
    parts = crossed(np.random.default_rng(3).normal(0.2, 1, (8, 200)) + np.random.default_rng(4).normal(0, 1, 200))
    p = statistics.p_value(parts)
    assert p is not None
    t, z = stats.t.ppf(1 - p / 2, 7), stats.norm.ppf(1 - p / 2)
    assert half_widths(parts, t, z)[1] == pytest.approx(abs(parts.estimate), rel=1e-9)


def test_p_without_image_variance_is_that_of_the_paired_t_test():
    values = np.array([0.3, 0.5, 0.1, 0.4, 0.2, 0.6])
    parts = crossed(np.repeat(values[:, None], 10, axis=1))
    assert statistics.p_value(parts) == pytest.approx(stats.ttest_1samp(values, 0).pvalue)


def test_holm_by_hand():
    # 0.01 x 4, then 0.02 x 3 = 0.06, then 0.03 x 2 = 0.06, then 0.5; None is not counted.
    assert statistics.holm([0.02, None, 0.01, 0.5, 0.03]) == pytest.approx([0.06, None, 0.04, 0.5, 0.06])
    assert statistics.holm([0.9, 0.8]) == [1.0, 1.0]


def test_sign_flip_by_hand():
    # All six of one sign: 2 of 64 flips are as far from zero.
    assert statistics.sign_flip([1, 2, 3, 4, 5, 6]) == pytest.approx(2 / 64)
    assert statistics.sign_flip([1, 1, 1, 1, 1]) is None
    assert statistics.sign_flip([0.0] * 6) == 1.0


@pytest.mark.parametrize(("won", "n"), [(0, 5), (5, 5), (7, 8), (3, 12)])
def test_wins_agree_with_clopper_and_pearson(won, n):
    differences = [1.0] * won + [-1.0] * (n - won) + [0.0]
    counted, ties, low, high, chance = statistics.wins(differences)
    exact = stats.binomtest(won, n).proportion_ci(0.95, method="exact")
    assert (counted, ties) == (won, 1)
    assert (low, high) == pytest.approx((exact.low, exact.high))
    assert chance == pytest.approx(stats.binom.sf(won - 1, n, 0.5))


def test_slopes_by_hand():
    levels = np.array([1.0, 2.0, 3.0])
    assert statistics.slopes(levels, np.array([[2.0, 4.0, 6.0], [1.0, 1.0, 1.0]])).tolist() == [2.0, 0.0]


def test_mean_interval_is_the_t_interval():
    values = np.array([1.0, 2.0, 4.0, 3.0])
    expected = stats.t.interval(0.95, 3, values.mean(), values.std(ddof=1) / 2)
    assert statistics.mean_interval(values) == pytest.approx(expected)
    assert statistics.mean_interval(values[:2]) is None


def test_calibration_error_by_hand():
    # Bin of 0.9: two images, one right: |0.5 - 0.9|; bin of 0.6: one image, right: |1 - 0.6|.
    error = statistics.calibration_error(np.array([0.9, 0.9, 0.6]), np.array([True, False, True]), bins=10)
    assert error == pytest.approx((2 * 0.4 + 0.4) / 3)
    assert statistics.calibration_error(np.array([1.0]), np.array([True])) == 0.0
