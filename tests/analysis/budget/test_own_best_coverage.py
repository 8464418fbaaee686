"""Simulation: the interval of own best covers what the rule gives on average, whatever luck the epochs have.

Two arms with known curves: one is at its best early and falls, the other climbs. The accuracy of a run scatters from
epoch to epoch, and this noise is common to validation and test images: it is the luck that a choice on validation could
exploit. Images are drawn from a probit model, in which the accuracy on new images is known exactly.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from augexp.analysis import critical_values, statistics
from augexp.analysis.budget.own_best import choose_for_each
from augexp.experiment.budget import milestones, window

pytestmark = pytest.mark.slow

HORIZON, REPEATS, IMAGES, VALIDATION = 320, 6000, 400, 300
MILESTONES = np.array(milestones(HORIZON))
EPOCHS = np.arange(1, HORIZON + 1)
CURVES = np.stack([78.0 - 1.2 * np.abs(np.log2(EPOCHS / 14)) ** 1.3, 84.0 - 9.0 * np.exp(-EPOCHS / 60.0)])
"""Accuracy of both arms by epoch in percent: the first one is best at 14, the second one climbs to the end."""

DIFFICULTY, FAVOUR, REST = 0.8, 0.3, 0.6
"""Standard deviations: of images, of what they have in favour of the second arm, of the rest."""


def residual() -> float:
    """Return the part of the standard deviation of validation accuracy in pp that one epoch does not share."""
    images = np.random.default_rng(5).normal(0, DIFFICULTY, 200_000)
    right = ndtr((ndtri(0.8) * np.hypot(DIFFICULTY, REST) + images) / REST)
    return 100 * float(np.sqrt((right * (1 - right)).mean() / VALIDATION))


def outcomes(generator, accuracy):
    """Draw bool (2, n, m) whose mean over new images is exactly `accuracy`, float (2, n) in percent."""
    images = generator.normal(0, DIFFICULTY, IMAGES)
    favour = np.stack([np.zeros(IMAGES), generator.normal(0, FAVOUR, IMAGES)])
    spread = np.array([np.hypot(DIFFICULTY, REST), np.sqrt(DIFFICULTY**2 + REST**2 + FAVOUR**2)])
    shift = ndtri(accuracy / 100) * spread[:, None]
    rest = generator.normal(0, REST, (*accuracy.shape, IMAGES))
    return shift[..., None] + images + favour[:, None, :] + rest > 0


def simulate(n: int, noise: float, *, own_choice: bool = False) -> tuple[float, float]:
    """Return the coverage of the interval for new images, and the mean error of the estimate in pp."""
    generator = np.random.default_rng([n, round(10 * noise)])
    own, alone = critical_values.level("fixed", 1), residual()
    windows = [np.array(window(epoch)) - 1 for epoch in MILESTONES]
    estimates, halves, targets = [], [], []
    for _ in range(REPEATS):
        luck = generator.normal(0, noise, (2, n, HORIZON))
        level = CURVES[:, None, :] + generator.normal(0, 0.8, (2, n, 1)) + luck
        validation = level + generator.normal(0, alone, level.shape)
        seen = np.stack([validation[..., epochs].mean(axis=-1) for epochs in windows], axis=-1)
        chosen = np.stack([part.argmax(axis=1) if own_choice else choose_for_each(part) for part in seen])
        epochs = MILESTONES[chosen] - 1
        right = outcomes(generator, np.take_along_axis(level, epochs[..., None], axis=2)[..., 0])
        parts = statistics.crossed(100.0 * (right[1].astype(float) - right[0]))
        estimates.append(parts.estimate)
        halves.append(statistics.half_widths(parts, own.t(n), own.z)[1])
        targets.append(float(np.diff(np.take_along_axis(CURVES, epochs, axis=1).mean(axis=1))[0]))
    exact = float(np.mean(targets))
    covered = np.abs(np.array(estimates) - exact) <= halves
    return float(covered.mean()), float(np.mean(estimates) - exact)


@pytest.mark.parametrize("n", [5, 20])
@pytest.mark.parametrize("noise", [0.5, 1.5])
def test_own_best_by_leave_one_out_covers(n: int, noise: float) -> None:
    coverage, error = simulate(n, noise)
    assert coverage >= 0.94
    assert abs(error) < 0.15


def test_seeds_that_choose_for_themselves_estimate_their_luck() -> None:
    _, fair = simulate(5, 1.5)
    _, lucky = simulate(5, 1.5, own_choice=True)
    assert abs(fair) < 0.15
    assert abs(lucky) > 2 * abs(fair)
