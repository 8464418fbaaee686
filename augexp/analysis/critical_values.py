"""The critical values of intervals, by the rule with which the number of seeds was decided.

`fixed` numbers of seeds take plain quantiles. Planned `looks` take quantiles of a smaller nominal
probability, the same at every look, so that the intervals of all looks hold together (repeated
intervals, Jennison & Turnbull). A plan that was extended or edited after its first pair takes `anytime`
quantiles, which hold however often and for whatever reason one looks (t-mixture martingale with a
Gaussian-like mixture of weight g; Wang & Ramdas, arXiv 2310.03722).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from augexp.analysis.folds import critical_values as repeats
from augexp.analysis.statistics import Crossed, image_quantile, normal_quantile, seed_quantile, t_quantile
from augexp.experiment.folds import REPEAT_LOOKS
from augexp.experiment.plan import LOOKS

Rule = Literal["fixed", "looks", "anytime"]

ALPHA = 0.05
"""One minus the confidence of everything that is reported."""

NOMINAL = (0.01639, 0.00774, 0.00502, 0.00370, 0.00293, 0.00242)
"""Nominal probability at each look of 5, 8, 12, 20 for one to six comparisons (found by simulation)."""

MIXTURE = 4.0
"""g of the anytime-valid sequence: largest power for effects of about two standard deviations."""


@dataclass(frozen=True)
class Level:
    """The error probability of intervals that hold together.

    Attributes:
        rule: how the number of seeds was decided.
        comparisons: number of intervals that hold together.
        alpha: nominal probability of each.
        folds: K, where the intervals rest on repeats of folds; 1 for seeds.
    """

    rule: Rule
    comparisons: int
    alpha: float
    folds: int = 1

    def t(self, n: int) -> float:
        """Return what multiplies the standard error of n seeds, or repeats; infinite where n is too small."""
        if n < 2:
            return math.inf
        if self.folds > 1:
            alpha = repeats.anytime(self.alpha, n) if self.rule == "anytime" else self.alpha
            return t_quantile(1 - alpha / 2, (n - 1) * self.folds)
        if self.rule == "anytime":
            return anytime_quantile(n, self.alpha)
        return t_quantile(1 - self.alpha / 2, n - 1)

    def of(self, parts: Crossed) -> float:
        """Return what multiplies the standard error of the seeds of `parts`, whether they are pairs or not.

        For independent arms see `seed_quantile`. Anytime-valid sequences are not known for these, so each
        arm has one of its own at half the error probability: the two half-widths, added, hold together.
        """
        if parts.arms is None or parts.n < 2:
            return self.t(parts.n)
        if self.rule == "anytime":
            ends = [anytime_quantile(arm.n, self.alpha / 2) * math.sqrt(arm.seeds) for arm in parts.arms]
            return sum(ends) / math.sqrt(parts.seeds) if parts.seeds > 0 else math.inf
        return seed_quantile(parts, 1 - self.alpha / 2)

    @property
    def z(self) -> float:
        """What multiplies the standard error of images without groups, which are the same at every look."""
        return normal_quantile(1 - self.alpha / 2)

    def of_images(self, parts: Crossed, factor: float = 1.0) -> float:
        """Return what multiplies the standard error of the images of `parts`, which may belong to groups.

        Args:
            parts: of a difference.
            factor: how many times the images, and the groups, there are to be.
        """
        return image_quantile(parts, 1 - self.alpha / 2, factor)


def level(rule: Rule, comparisons: int, looks: Sequence[int] = LOOKS, folds: int = 1) -> Level:
    """Return the level of `comparisons` intervals that hold together with 95 % confidence.

    Args:
        rule: how the number of seeds was decided.
        comparisons: from 1.
        looks: all planned looks, for the rule `looks`.
        folds: K, where the looks count repeats; 1 for seeds.
    """
    alpha = ALPHA / comparisons
    if rule == "looks" and len(looks) > 1:
        usual, nominal = (LOOKS, NOMINAL) if folds == 1 else (REPEAT_LOOKS, repeats.NOMINAL)
        listed = set(looks) <= set(usual) and comparisons <= len(nominal)
        # Looks or families that were not simulated: Bonferroni over the looks always holds.
        alpha = nominal[comparisons - 1] if listed else alpha / len(looks)
    return Level(rule, comparisons, alpha, folds)


def anytime_quantile(n: int, alpha: float, g: float = MIXTURE) -> float:
    """Return t_n of the anytime-valid t sequence.

    t_n = sqrt((n - 1)(K - 1) / (1 - K / (1 + n g))) with K = (sqrt(1 + n g) / alpha)^(2 / n), where
    K < 1 + n g; infinite elsewhere.
    """
    spread = 1 + n * g
    k = float(np.exp((0.5 * math.log(spread) - math.log(alpha)) * 2 / n))
    if k >= spread:
        return math.inf
    return math.sqrt((n - 1) * (k - 1) / (1 - k / spread))
