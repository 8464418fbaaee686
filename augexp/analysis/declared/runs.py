"""Runs of arms whose seeds are no pairs: each arm has seeds of its own, and all have the same test images."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from augexp.analysis import statistics
from augexp.analysis.paired_runs import PairedRuns
from augexp.analysis.statistics import MIN_SEEDS, Crossed, Floats, Ints


@dataclass(frozen=True)
class IndependentRuns(PairedRuns):
    """The runs of a comparison where the same seed in two arms means nothing.

    Attributes:
        by_arm: the seeds of every arm, ascending; `seeds` are those of the baseline.
    """

    by_arm: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def independent(self) -> bool:
        """Whether the seeds of two arms are no pairs."""
        return True

    def seeds_of(self, arm: str) -> tuple[int, ...]:
        """Return the seeds of an arm."""
        return self.by_arm[arm]

    def equal(self, baseline: str, arm: str) -> bool:
        """Tell whether two arms have the same outcome on every image in every run, put side by side."""
        first, second = self.outcomes(baseline), self.outcomes(arm)
        return first.shape == second.shape and bool((first == second).all())

    def parts(self, baseline: str, arm: str) -> Crossed:
        """Take the difference of the primary metric apart, in percentage points."""
        first, second = (100.0 * self.outcomes(name) * self.weights for name in (baseline, arm))
        return self.take_apart(first, second, weights=self.weights)

    def parts_by_images(self, baseline: str, arm: str) -> Crossed:
        """Take it apart as if every image counted as its own, whatever groups there are."""
        first, second = (100.0 * self.outcomes(name) * self.weights for name in (baseline, arm))
        return statistics.independent(second, first)

    def take_apart(
        self, first: Floats, second: Floats, *, weights: Floats | None = None, columns: Ints | None = None
    ) -> Crossed:
        """Take `second` minus `first` apart, outcomes of two arms, float64 (n_b, m) and (n_a, m)."""
        return statistics.independent(second, first, self.grouping(weights, columns))

    def interval_of_means(self, first: Floats, second: Floats, alpha: float) -> tuple[float, float] | None:
        """Return the interval of `second` minus `first`, numbers of whole runs; None with too few."""
        if min(len(first), len(second)) < MIN_SEEDS:
            return None
        parts = statistics.independent(np.repeat(second[:, None], 2, axis=1), np.repeat(first[:, None], 2, axis=1))
        if parts.seeds <= 0:
            return parts.estimate, parts.estimate
        half = statistics.seed_quantile(parts, 1 - alpha / 2) * math.sqrt(parts.seeds)
        return parts.estimate - half, parts.estimate + half
