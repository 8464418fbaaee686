"""The image term by groups: which columns of D belong together, their weights, the two variances.

The groups of the test images are a sample of all groups, and the estimand is the mean over images, so a group g of n_g
of the N images has the weight w_g = n_g / N (cluster sampling; Cochran 1977, Sampling Techniques, chapter 9A). With
d_gs the mean of D over group g in seed s, b_g its mean over the seeds, d_s and D^ as in `augexp.analysis.statistics`:

    V_B = G / (G - 1) sum_g (w_g (b_g - D^))^2
    V_E = G / (G - 1) sum_s,g (w_g (d_gs - d_s - b_g + D^))^2 / (n (n - 1))

and Student's t with G - 1 degrees of freedom takes the place of the normal quantile z. For balanced accuracy column i
of D comes multiplied by its weight q_i = m / (C m_class); then w_g = sum of q_i over the group / m, so that the weights
sum to one again and w_g d_gs is the group's share of the balanced difference.

Coverage of the true difference .93 to .975 for 8 to 100 groups, equal and of sizes with a coefficient of variation of a
half, is checked in the slow tests. Where a few groups hold most images it is lower, .914 with 8 groups whose sizes vary
by .95 of their mean [simulated], so there the answer warns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MIN_GROUPS = 8
"""Groups in the test set below which the variance between groups is not estimated."""

MIN_EFFECTIVE = 6.0
"""Number of equal groups that 1 / sum w_g^2 is worth, below which the interval may be too short."""


@dataclass(frozen=True)
class Grouping:
    """How m columns of D belong to G groups.

    Attributes:
        of: int64 (m,), number of each column's group, 0 to G - 1.
        weights: float64 (G,), w_g, which sum to 1.
    """

    of: Ints
    weights: Floats

    def __len__(self) -> int:
        return len(self.weights)

    def sums(self, differences: Floats) -> Floats:
        """Return w_g d_gs, float64 (n, G), for D float64 (n, m)."""
        rows = [np.bincount(self.of, weights=row, minlength=len(self)) for row in differences]
        sums: Floats = np.stack(rows) / differences.shape[1]
        return sums

    def variances(self, differences: Floats) -> tuple[float, float]:
        """Return V_B and V_E of D float64 (n, m); NaN with one group, V_E also with one seed."""
        count, seeds = len(self), len(differences)
        if count < 2:
            return np.nan, np.nan
        sums, by_seed = self.sums(differences), differences.mean(axis=1)
        estimate, by_group = float(by_seed.mean()), sums.mean(axis=0)
        between = float(np.square(by_group - self.weights * estimate).sum()) * count / (count - 1)
        if seeds < 2:
            return between, np.nan
        rest = sums - by_group - self.weights * (by_seed[:, None] - estimate)
        return between, float(np.square(rest).sum()) * count / (count - 1) / (seeds * (seeds - 1))


def grouping(groups: Ints, weights: Floats | None = None) -> Grouping:
    """Return how columns belong together.

    Args:
        groups: int64 (m,), any number for each group.
        weights: float64 (m,), what the columns of D are multiplied by, mean 1; None where it is 1.
    """
    of = np.unique(groups, return_inverse=True)[1].reshape(-1).astype(np.int64)
    own = np.ones(len(of)) if weights is None else weights
    return Grouping(of, np.bincount(of, weights=own) / len(of))
