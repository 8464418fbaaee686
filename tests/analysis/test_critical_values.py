"""Quantiles of planned looks and of the anytime-valid sequence, as the protocol lists them."""

from __future__ import annotations

import math

import pytest

from augexp.analysis import critical_values, power
from augexp.analysis import verdict as verdicts


@pytest.mark.parametrize(("n", "t"), [(5, 3.98), (8, 3.14), (12, 2.83), (20, 2.63)])
def test_planned_looks_at_one_comparison(n, t):
    assert critical_values.level("looks", 1).t(n) == pytest.approx(t, abs=0.005)


@pytest.mark.parametrize("comparisons", range(1, 7))
def test_looks_cost_something_and_less_than_bonferroni_over_them(comparisons):
    alpha = critical_values.level("looks", comparisons).alpha
    assert 0.05 / comparisons / 4 < alpha < 0.05 / comparisons


def test_more_comparisons_than_listed_take_bonferroni_over_looks_too():
    assert critical_values.level("looks", 7).alpha == pytest.approx(0.05 / 7 / 4)
    assert critical_values.level("looks", 1, (6, 9)).alpha == pytest.approx(0.025)
    assert critical_values.level("looks", 1, (5, 12)).alpha == critical_values.NOMINAL[0]
    assert critical_values.level("looks", 1, (9,)).alpha == 0.05


@pytest.mark.parametrize(("n", "t"), [(5, 5.36), (8, 4.20), (10, 3.97), (20, 3.63)])
def test_anytime_sequence(n, t):
    assert critical_values.level("anytime", 1).t(n) == pytest.approx(t, abs=0.005)


def test_anytime_sequence_is_infinite_with_few_seeds():
    assert critical_values.anytime_quantile(3, 0.05) == math.inf
    assert critical_values.level("fixed", 1).t(1) == math.inf


def test_fixed_is_the_plain_interval():
    assert critical_values.level("fixed", 1).t(8) == pytest.approx(2.3646, abs=1e-4)
    assert critical_values.level("fixed", 1).z == pytest.approx(1.959964, abs=1e-6)
    assert critical_values.level("fixed", 5).alpha == pytest.approx(0.01)


# -- verdicts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "words", "tone", "decided"),
    [
        (0.7, 2.5, "HELPS, by at least 0.7 pp", "helps", True),
        (-0.4, 0.4, "NO PRACTICAL DIFFERENCE", "same", True),
        (0.1, 0.4, "NO PRACTICAL DIFFERENCE (detectable but negligible)", "same", True),
        (-0.4, -0.1, "NO PRACTICAL DIFFERENCE (detectable but negligible)", "same", True),
        (0.2, 0.9, "HELPS, size uncertain", "helps", True),
        (0.5, 0.9, "HELPS, size uncertain", "helps", True),
        (-0.3, 0.9, "DOES NOT HURT, may help", "open", True),
        (0.0, 0.5, "DOES NOT HURT, may help", "open", True),
        (-2.5, -0.7, "HURTS, by at least 0.7 pp", "hurts", True),
        (-0.9, -0.2, "HURTS, size uncertain", "hurts", True),
        (-0.9, 0.3, "DOES NOT HELP, may hurt", "open", True),
        (-0.5, 0.0, "DOES NOT HELP, may hurt", "open", True),
        (-0.5, 0.5, "UNDECIDED", "open", False),
        (-3.0, 4.0, "UNDECIDED", "open", False),
        (-math.inf, math.inf, "UNDECIDED", "open", False),
    ],
)
def test_every_row_of_the_verdict_table(low, high, words, tone, decided):
    verdict = verdicts.decide(low, high, 0.5)
    assert (verdict.words, verdict.tone, verdict.decided) == (words, tone, decided)


# -- what to buy ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("effect", "seeds"), [(0.5, 34), (0.75, 16), (1.0, 10), (1.5, 6), (2.0, 5)])
def test_seeds_for_eighty_percent_power(effect, seeds):
    assert power.seeds_needed(effect) == seeds


def test_no_number_of_seeds_sees_nothing():
    assert power.seeds_needed(0.0) is None


def test_upper_limit_of_a_standard_deviation():
    assert power.upper_sd(1.0, 5) == pytest.approx(1.5576, abs=1e-4)  # sqrt(4 / 1.6488)
