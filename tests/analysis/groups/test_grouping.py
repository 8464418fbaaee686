"""The image term by groups: worked out by hand, and covered by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from augexp.analysis import statistics
from augexp.analysis.critical_values import Level
from augexp.analysis.groups.grouping import grouping

OWN = Level("fixed", 1, 0.05)


def test_variances_are_those_of_the_formula() -> None:
    # two seeds, five images in three groups of 2, 2 and 1
    differences = np.array([[1.0, 0.0, 1.0, 1.0, -1.0], [0.0, 0.0, 1.0, -1.0, 0.0]])
    parts = statistics.crossed(differences, grouping(np.array([4, 4, 9, 9, 1])))
    weights = np.array([2 / 5, 2 / 5, 1 / 5])  # of the groups 4, 9, 1
    d = np.array([[0.5, 1.0, -1.0], [0.0, 0.0, 0.0]])
    by_seed, by_group, estimate = np.array([0.4, 0.0]), np.array([0.25, 0.5, -0.5]), 0.2
    between = 3 / 2 * sum((weights[g] * (by_group[g] - estimate)) ** 2 for g in range(3))
    within = sum(
        (weights[g] * (d[s, g] - by_seed[s] - by_group[g] + estimate)) ** 2 for s in range(2) for g in range(3)
    )
    assert parts.groups == 3
    assert math.isclose(parts.estimate, estimate)
    assert math.isclose(parts.images, between, rel_tol=1e-12)
    assert math.isclose(parts.residual, 3 / 2 * within / 2, rel_tol=1e-12)
    assert parts.seeds == statistics.crossed(differences).seeds


def test_groups_of_one_image_are_images() -> None:
    differences = np.random.default_rng(0).integers(-1, 2, (4, 50)).astype(float)
    plain = statistics.crossed(differences)
    alone = statistics.crossed(differences, grouping(np.arange(50)))
    assert math.isclose(plain.images, alone.images, rel_tol=1e-12)
    # V_E: G / (G - 1) / G^2 in place of 1 / ((m - 1) m), which is the same
    assert math.isclose(plain.residual, alone.residual, rel_tol=1e-12)


def test_weights_of_balanced_accuracy_sum_to_one_and_give_the_balanced_difference() -> None:
    rng = np.random.default_rng(1)
    labels, groups = (rng.random(90) < 0.2).astype(int), rng.integers(0, 12, 90)
    weights = statistics.columns(labels, np.arange(90)).weights(2)
    raw = rng.integers(-1, 2, (3, 90)).astype(float)
    found = grouping(groups, weights)
    assert math.isclose(found.weights.sum(), 1.0, rel_tol=1e-12)
    balanced = np.mean([raw[:, labels == label].mean() for label in (0, 1)])
    assert math.isclose(found.sums(raw * weights).sum(axis=1).mean(), balanced, rel_tol=1e-12)


def test_seven_groups_give_no_interval_for_new_images_and_eight_do() -> None:
    differences = np.random.default_rng(2).integers(-1, 2, (5, 80)).astype(float)
    for count, tells in ((7, False), (8, True)):
        parts = statistics.crossed(differences, grouping(np.arange(80) % count))
        assert parts.tells_of_new_images is tells
        assert (parts.image_variance > 0) <= tells
        t = statistics.t_quantile(0.975, count - 1)
        assert math.isclose(OWN.of_images(parts), t)


def differences(rng: np.random.Generator, seeds: int, sizes: np.ndarray, between: float) -> np.ndarray:
    """Draw D of true mean 0: a group's own effect, its interaction with the seed, image and seed effects."""
    of = np.repeat(np.arange(len(sizes)), sizes)
    group = rng.normal(0, between, len(sizes)) + rng.normal(0, 0.5 * between, (seeds, len(sizes)))
    image = rng.normal(0, 0.3, len(of)) + rng.normal(0, 0.3, (seeds, len(of)))
    return rng.normal(0, 0.01, (seeds, 1)) + group[:, of] + image


def sizes_of(rng: np.random.Generator, count: int, *, skewed: bool) -> np.ndarray:
    return np.maximum(1, np.round(20 * rng.lognormal(-0.125, 0.5, count))).astype(int) if skewed else np.full(count, 20)


@pytest.mark.slow
@pytest.mark.parametrize("count", [8, 12, 20, 40, 100])
@pytest.mark.parametrize("skewed", [False, True])
@pytest.mark.parametrize("balanced", [False, True])
def test_the_interval_by_groups_covers_and_that_by_images_does_not(count: int, *, skewed: bool, balanced: bool) -> None:
    """Coverage .93 to .975 where groups differ; on the same data the interval by images falls below .85."""
    rng = np.random.default_rng(count + 1000 * skewed + 2000 * balanced)
    repeats, seeds, by_groups, by_images = 1500, 5, 0, 0
    for _ in range(repeats):
        sizes = sizes_of(rng, count, skewed=skewed)
        of = np.repeat(np.arange(count), sizes)
        values = differences(rng, seeds, sizes, 0.15)
        weights = None
        if balanced:
            labels = (rng.random(len(of)) < 0.3).astype(int)
            weights = statistics.columns(labels, np.arange(len(of))).weights(2)
            values = values * weights
        for grouped in (True, False):
            parts = statistics.crossed(values, grouping(of, weights) if grouped else None)
            half = statistics.half_widths(parts, OWN.of(parts), OWN.of_images(parts))[1]
            by_groups += grouped and abs(parts.estimate) <= half
            by_images += not grouped and abs(parts.estimate) <= half
    assert 0.93 <= by_groups / repeats <= 0.975, by_groups / repeats
    assert by_images / repeats < 0.85, by_images / repeats
