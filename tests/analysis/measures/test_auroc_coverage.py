"""Simulation: a verdict by AUROC rests on intervals that hold, with planned looks, several policies, and groups.

Scores come from a model with a difficulty of each image, what an arm favours in it, a separation of the classes that
differs from seed to seed, and noise; with groups, difficulty and favour have a part that all images of a group share.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from augexp.analysis import critical_values, statistics
from augexp.analysis.groups import grouping
from augexp.analysis.measures import ranking

pytestmark = pytest.mark.slow

SHIFT, SEED, DIFFICULTY, FAVOUR, REST = 1.2, 0.2, 0.8, 0.4, 0.6


def truth(shared=(0.0, 0.0)):
    """Return the AUROC of the arm minus that of the baseline on new images of new groups, for seeds at large."""
    slopes = SHIFT + SEED * np.polynomial.hermite_e.hermegauss(40)[0]
    weights = np.polynomial.hermite_e.hermegauss(40)[1]
    first = np.sqrt(2 * (DIFFICULTY**2 + REST**2 + shared[0] ** 2))
    second = np.sqrt(2 * (DIFFICULTY**2 + REST**2 + FAVOUR**2 + shared[0] ** 2 + shared[1] ** 2))
    return float(np.average(ndtr(slopes / second), weights=weights) - ndtr(SHIFT / first))


def differences(generator, positive, n, arms=1, groups=None, shared=(0.0, 0.0)):
    """Return D of every arm against one baseline, float64 (arms, n, m)."""
    m, weights = len(positive), np.ones(len(positive))
    difficulty = generator.normal(0, DIFFICULTY, m)
    favours = generator.normal(0, FAVOUR, (arms, m))
    if groups is not None:
        count = groups.max() + 1
        difficulty += generator.normal(0, shared[0], count)[groups]
        favours += generator.normal(0, shared[1], (arms, count))[:, groups]
    found = np.empty((arms, n, m))
    for seed in range(n):
        baseline = SHIFT * positive + difficulty + generator.normal(0, REST, m)
        before = ranking.influence(baseline, positive, weights)
        for arm in range(arms):
            own = (SHIFT + generator.normal(0, SEED)) * positive
            scores = own + difficulty + favours[arm] + generator.normal(0, REST, m)
            found[arm, seed] = ranking.influence(scores, positive, weights) - before
    return found


def holds(parts, level, exact):
    """Tell whether the interval for new images holds the truth."""
    return abs(parts.estimate - exact) <= statistics.half_widths(parts, level.of(parts), level.of_images(parts))[1]


@pytest.mark.parametrize(("m", "share"), [(100, 0.5), (400, 0.2)])
def test_planned_looks_hold_together(m, share):
    looks, count, wrong = (5, 8, 12, 20), 800, 0
    generator, level, exact = np.random.default_rng([5, m]), critical_values.level("looks", 1, looks), truth()
    for _ in range(count):
        matrix = differences(generator, np.arange(m) < share * m, looks[-1])[0]
        wrong += not all(holds(statistics.crossed(matrix[:n]), level, exact) for n in looks)
    assert wrong / count <= 0.055


@pytest.mark.parametrize("n", [5, 10])
def test_several_policies_hold_together(n):
    count, arms, m, kept = 600, 4, 200, 0
    generator, level, exact = np.random.default_rng([6, n]), critical_values.level("fixed", arms), truth()
    for _ in range(count):
        matrices = differences(generator, np.arange(m) < 0.3 * m, n, arms)
        kept += all(holds(statistics.crossed(matrix), level, exact) for matrix in matrices)
    assert 0.94 <= kept / count <= 0.985


@pytest.mark.parametrize(
    ("count", "skewed", "pure"),
    [
        (8, False, False),
        (12, True, False),
        (30, False, False),
        (100, True, False),
        (30, False, True),
        (100, True, True),
    ],
)
def test_groups_are_the_unit_of_the_images(count, skewed, pure):
    repeats, n, shared, kept, alone = 800, 5, (0.5, 0.4), 0, 0
    generator, level = np.random.default_rng([7, count, skewed, pure]), critical_values.level("fixed", 1)
    exact = truth(shared)
    for _ in range(repeats):
        sizes = generator.geometric(1 / 12, count) if skewed else np.full(count, 12)
        groups = np.arange(count).repeat(sizes)
        if pure:  # all images of a group are of one class, as those of a patient are
            positive = np.arange(count)[groups] < 0.4 * count
        else:
            positive = generator.random(len(groups)) < 0.4
            positive[:2] = True, False
        matrix = differences(generator, positive, n, 1, groups, shared)[0]
        kept += holds(statistics.crossed(matrix, grouping.grouping(groups, np.ones(len(groups)))), level, exact)
        alone += holds(statistics.crossed(matrix), level, exact)
    assert 0.93 <= kept / repeats <= 0.985
    if pure:
        assert alone / repeats < 0.9  # what is common to a group does not cancel between its images
