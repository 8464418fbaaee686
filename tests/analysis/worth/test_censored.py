"""Mean and interval with censored numbers: exact where none is, and covering the truth where some are."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import ndtr, stdtrit

from augexp.analysis.worth.censored import estimate
from augexp.analysis.worth.curve import reach

NONE = np.zeros(4, dtype=bool)


def test_without_a_censored_number_it_is_the_t_interval():
    x = np.array([1.0, 2.0, 4.0, 5.0])
    found = estimate(x, NONE, NONE, 3.182446305284263)
    half = 3.182446305284263 * math.sqrt(10 / 3) / 2
    assert found == pytest.approx((3.0, math.sqrt(10 / 3), 3 - half, 3 + half))


def test_the_profile_interval_goes_over_into_students():
    """A number that is known to be above one far below all others says nothing: five numbers are as good as four."""
    x, above = np.array([1.0, 2.0, 4.0, 5.0, -40.0]), np.array([False] * 4 + [True])
    found = estimate(x, above, np.zeros(5, dtype=bool), stdtrit(4, 0.975))
    assert found.mean == pytest.approx(3.0, abs=1e-3)
    assert found.sd == pytest.approx(math.sqrt(2.5), abs=1e-3)  # most likely: divided by the four that are known


def test_numbers_beyond_pull_the_mean_beyond_their_end():
    x = np.array([0.5, 1.0, 1.5, 2.0, 2.0])
    above = np.array([False, False, False, True, True])
    found = estimate(x, above, np.zeros(5, dtype=bool), 2.7764)
    mirrored = estimate(-x, np.zeros(5, dtype=bool), above, 2.7764)
    assert found.mean > x.mean()
    assert found.low < found.mean < found.high
    assert [-value for value in (mirrored.mean, mirrored.high, mirrored.low)] == pytest.approx(
        [found.mean, found.low, found.high], abs=1e-4
    )


@pytest.mark.parametrize("known", [0, 1])
def test_too_few_known_numbers_have_no_estimate(known):
    above = np.array([place >= known for place in range(4)])
    assert estimate(np.array([1.0, 2.0, 2.0, 2.0]), above, NONE, 3.18) is None


# -- coverage ------------------------------------------------------------------------------------

REPEATS = 1500
SIZES = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])


def draw(generator, n, m, k, run_sd):
    """Draw accuracies in percent of n seeds on m test images: at every size without augmentation, and with it at 0.

    An image has a difficulty, a seed an effect of its own on all its runs, a run one on itself. The un-augmented index
    is 0.6 + 0.1 x - 0.008 x^2, about 2.4 pp for each doubling, and augmentation is worth k doublings.
    """
    index = 0.6 + 0.1 * np.append(SIZES, k) - 0.008 * np.append(SIZES, k) ** 2
    effects = generator.normal(0, 0.05, (n, 1)) + generator.normal(0, run_sd, (n, len(index)))
    chances = ndtr((index + effects)[:, :, None] + generator.normal(0, 0.8, m))
    accuracies = 100 * (generator.random(chances.shape) < chances).mean(axis=2)
    return accuracies[:, :-1], accuracies[:, -1]


@pytest.mark.slow
@pytest.mark.parametrize(("n", "k", "run_sd"), [(5, 0.5, 0.03), (8, 1.5, 0.03)])
def test_the_interval_covers_the_true_doublings(n, k, run_sd):
    """5 and 30 % of the seeds are censored; the known truth is that of the simulation's curve."""
    generator = np.random.default_rng([n, int(100 * k), int(100 * run_sd)])
    t, covered, judged = stdtrit(n - 1, 0.975), 0, 0
    for _ in range(REPEATS):
        curves, augmented = draw(generator, n, 1000, k, run_sd)
        places = [reach(SIZES, curve, target) for curve, target in zip(curves, augmented, strict=True)]
        above, below = (np.array([place.censored == side for place in places]) for side in ("above", "below"))
        found = estimate(np.array([place.x for place in places]), above, below, t)
        if found is not None:
            judged += 1
            covered += found.low <= k <= found.high
    assert judged > 0.95 * REPEATS
    assert 0.93 <= covered / judged <= 0.97
