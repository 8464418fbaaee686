"""The statistics of a comparison as functions of plain arrays.

The data of one contrast is a matrix D of n seeds by m test images: D[s, i] is the outcome of image i
with the arm minus the outcome with the baseline, in block s. Seeds and images are crossed: every image
is seen by every seed. Two questions are answered: what another seed would give on *these images*, and
what another seed would give on *new images* of the same source. Where the seeds of the two arms are no
pairs there is no D, and each arm is such a matrix of its own outcomes; see `independent`.

Sources: crossed variance components, Owen & Eckles 2012 (arXiv 1106.2125); half-widths added in
quadrature, Zou & Donner 2008 (MOVER); degrees of freedom of independent arms, Welch 1947; Holm 1979.
Coverage is checked by simulation in the tests.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from augexp.analysis.groups.grouping import MIN_GROUPS, Grouping
from augexp.experiment.folds import MIN_REPEATS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MIN_SEEDS = 3
"""Seeds below which there is no interval."""

MIN_IMAGES = 30
"""Test images below which the variance of the images is not estimated: the interval is the seeds' alone."""

UNEQUAL_SEEDS = 0.75
"""How far the critical value of independent arms goes from Welch's to that of Cochran and Cox, by simulation."""

EXACT_SEEDS = range(6, 21)
"""Numbers of seeds for which the sign-flip test can reach five percent and is computed exactly."""


@dataclass(frozen=True)
class Crossed:
    """A matrix of differences taken apart; all in the unit of D, variances in its square.

    Attributes:
        n, m: seeds and images; of independent arms, n is the smaller number of seeds.
        estimate: grand mean.
        by_seed: float64 (n,), row means d_s; empty for independent arms.
        seeds: V_A = var(d_s) / n: the seeds and the seed x image interaction; NaN with one seed.
        images: V_B = var(b_i) / m: the images; NaN with one image.
        residual: V_E: the interaction alone; NaN with one seed or image.
        arms: of independent arms, the outcomes of the arm and of the baseline taken apart; None for pairs.
        folds: K, of cross-validated runs, whose rows are repeats, see `augexp.analysis.folds.variance`; 1 for seeds.
        groups: G, where the images belong to groups: then V_B and V_E are those of groups; None without.
    """

    n: int
    m: int
    estimate: float
    by_seed: Floats
    seeds: float
    images: float
    residual: float
    arms: tuple[Crossed, Crossed] | None = None
    groups: int | None = None
    folds: int = 1

    @property
    def tells_of_new_images(self) -> bool:
        """Whether there are images enough, and groups enough where they belong to groups, to tell of others."""
        return self.m >= MIN_IMAGES and (self.groups is None or self.groups >= MIN_GROUPS)

    @property
    def degrees(self) -> float:
        """Degrees of freedom of V_A: n - 1, (n - 1) K with folds, those of Welch and Satterthwaite for two arms."""
        if self.arms is None:
            return (self.n - 1) * self.folds
        spread = sum(arm.seeds**2 / (arm.n - 1) for arm in self.arms if arm.n > 1)
        return self.seeds**2 / spread if spread > 0 else self.n - 1

    @property
    def tied(self) -> bool:
        """Whether all seeds gave the same number, so that their spread cannot be estimated."""
        return self.seeds <= 0 if self.arms or self.folds > 1 else float(np.ptp(self.by_seed)) < 1e-9

    @property
    def enough(self) -> bool:
        """Whether there are seeds, or repeats, enough for an interval."""
        return self.n >= least(self.folds)

    @property
    def image_variance(self) -> float:
        """max(V_B - V_E, 0): what new images add; 0 where it is not estimated."""
        return max(self.images - self.residual, 0.0) if self.tells_of_new_images else 0.0

    @property
    def seed_sd(self) -> float:
        """Standard deviation of the differences of single seeds."""
        return math.sqrt(self.n * self.seeds)


def least(folds: int = 1) -> int:
    """Return the number of seeds below which there is no interval, or with folds of repeats."""
    return MIN_SEEDS if folds == 1 else MIN_REPEATS


def crossed(differences: Floats, grouping: Grouping | None = None) -> Crossed:
    """Take a matrix float64 (n, m) apart; n and m at least 1. With groups these take the place of images."""
    n, m = differences.shape
    by_seed, by_image = differences.mean(axis=1), differences.mean(axis=0)
    estimate = float(by_seed.mean())
    seeds = images = residual = math.nan
    if n > 1:
        seeds = float(by_seed.var(ddof=1)) / n
    if m > 1:
        images = float(by_image.var(ddof=1)) / m
    if n > 1 and m > 1:
        rest = differences - by_seed[:, None] - by_image[None, :] + estimate
        residual = float(np.square(rest).sum()) / ((n - 1) * (m - 1)) / (n * m)
    if grouping is not None:
        images, residual = grouping.variances(differences)
    return Crossed(n, m, estimate, by_seed, seeds, images, residual, groups=_count(grouping))


def _count(grouping: Grouping | None) -> int | None:
    return None if grouping is None else len(grouping)


def independent(arm: Floats, baseline: Floats, grouping: Grouping | None = None) -> Crossed:
    """Take two arms apart whose seeds are no pairs, but whose images are the same.

    V_A and V_E are the sums of those of the two arms; V_B = var(d_i) / m, where d_i is the mean of the arm's seeds
    minus that of the baseline's on image i.

    Args:
        arm: float64 (n_a, m), outcomes of each of its seeds on each image.
        baseline: float64 (n_b, m), of the same images in the same order.
        grouping: of the images; None without groups.
    """
    first, second = crossed(arm, grouping), crossed(baseline, grouping)
    by_image = arm.mean(axis=0) - baseline.mean(axis=0)
    images = float(by_image.var(ddof=1)) / first.m if first.m > 1 else math.nan
    if grouping is not None:
        images = grouping.variances(by_image[None])[0]
    return Crossed(
        n=min(first.n, second.n),
        m=first.m,
        estimate=first.estimate - second.estimate,
        by_seed=np.empty(0),
        seeds=first.seeds + second.seeds,
        images=images,
        residual=first.residual + second.residual,
        arms=(first, second),
        groups=_count(grouping),
    )


def half_widths(parts: Crossed, t: float, z: float) -> tuple[float, float]:
    """Return the half-widths for these images, t sqrt(V_A), and for new images.

    The second one is sqrt(t^2 V_A + z^2 max(V_B - V_E, 0)).
    """
    seeds = t * math.sqrt(parts.seeds)
    return seeds, math.hypot(seeds, z * math.sqrt(parts.image_variance))


# -- from outcomes to D --------------------------------------------------------------------------


@dataclass(frozen=True)
class Columns:
    """How test images become the m columns of D: near-duplicates count as one.

    Attributes:
        labels: int64 (m,), class of each column.
        group: int64 (images,), the column that each image belongs to.
        sizes: float64 (m,), images in each column.
        groups: int64 (m,), columns of one group share a number; None where no groups were declared.
    """

    labels: Ints
    group: Ints
    sizes: Floats
    groups: Ints | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def collapse(self, outcomes: npt.NDArray[np.generic]) -> Floats:
        """Average outcomes (n, images) within each column; float64 (n, m)."""
        values = np.asarray(outcomes, dtype=np.float64)
        if len(self.sizes) == values.shape[1]:
            order = np.empty(len(self.group), dtype=np.int64)
            order[self.group] = np.arange(len(self.group))
            return values[:, order]
        return np.stack([np.bincount(self.group, weights=row, minlength=len(self)) for row in values]) / self.sizes

    def weights(self, classes: int) -> Floats:
        """Return m / (C m_class) for each column: with them the mean is the balanced one."""
        counts = np.bincount(self.labels, minlength=classes)
        present = int((counts > 0).sum())
        weights: Floats = len(self) / (present * counts[self.labels])
        return weights

    def of_class(self, label: int) -> Ints:
        """Return the columns of one class."""
        return np.flatnonzero(self.labels == label)


def columns(labels: Ints, clusters: Ints, units: Ints | None = None) -> Columns:
    """Group the test images: one column for every cluster of near-duplicates within a class.

    Args:
        labels: int64 (images,), true classes.
        clusters: int64 (images,), equal for near-duplicates of each other.
        units: int64 (images,), equal for images of one group and for near-duplicates; None without groups.
    """
    pairs, group = np.unique(np.stack([clusters, labels]), axis=1, return_inverse=True)
    flat = group.reshape(-1).astype(np.int64)
    groups = None
    if units is not None:
        groups = np.empty(pairs.shape[1], np.int64)
        groups[flat] = units  # near-duplicates are of one unit
    return Columns(pairs[1].astype(np.int64), flat, np.bincount(flat).astype(np.float64), groups)


# -- quantiles, from scipy.special: scipy.stats takes a second to load ---------------------------


def normal_quantile(p: float) -> float:
    """Return the p quantile of the normal distribution."""
    from scipy.special import ndtri  # noqa: PLC0415

    return float(ndtri(p))


def t_quantile(p: float, df: float) -> float:
    """Return the p quantile of Student's t distribution."""
    from scipy.special import stdtrit  # noqa: PLC0415

    return float(stdtrit(df, p))


def image_quantile(parts: Crossed, p: float, factor: float = 1.0) -> float:
    """Return the p quantile that multiplies the standard error of the images: z, or with G groups t of G - 1.

    Args:
        parts: of the difference.
        p: probability.
        factor: how many times the groups there are to be.
    """
    if parts.groups is None or parts.groups < 2:
        return normal_quantile(p)
    return t_quantile(p, factor * parts.groups - 1)


def seed_quantile(parts: Crossed, p: float) -> float:
    """Return the p quantile that multiplies the standard error of the seeds, sqrt(V_A).

    Pairs have that of Student's t. Independent arms with equal numbers of seeds n have that of t with Welch's degrees
    of freedom. Where the numbers differ, Welch's interval is too short [.925 with 3 and 20 seeds, simulated], because a
    variance from few seeds says little about its own share; that of Cochran and Cox 1950, t^2 = (t_a^2 V_a + t_b^2 V_b)
    / (V_a + V_b) with n_a - 1 and n_b - 1 degrees of freedom, is too wide. So t^2 lies between the two, the further
    from Welch's the more the numbers differ: coverage .941 to .970 for 3 to 20 seeds per arm and any two variances.
    """
    welch = t_quantile(p, parts.degrees)
    if parts.arms is None or parts.seeds <= 0:
        return welch
    shares = [1 / arm.n for arm in parts.arms]
    weight = UNEQUAL_SEEDS * abs(shares[0] - shares[1]) / sum(shares)
    cochran = sum(t_quantile(p, arm.n - 1) ** 2 * arm.seeds for arm in parts.arms) / parts.seeds
    return math.copysign(math.sqrt((1 - weight) * welch**2 + weight * cochran), welch)


# -- p-values ------------------------------------------------------------------------------------


def p_value(parts: Crossed) -> float | None:
    """Return the two-sided p of no difference on new images: where the interval just reaches zero.

    None where there is no variance to judge by.
    """
    if not parts.enough or parts.seeds + parts.image_variance <= 0:
        return None
    target = parts.estimate**2

    def reach(p: float) -> float:
        t, z = seed_quantile(parts, p / 2), image_quantile(parts, p / 2)
        return t * t * parts.seeds + z * z * parts.image_variance

    low, high = -100.0, 0.0  # of log10 p; the reach falls as p grows
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if reach(10.0**middle) > target else (low, middle)
    return float(10.0**high)


def holm(values: Sequence[float | None]) -> list[float | None]:
    """Adjust p-values for their number, step by step downwards; None stays None and is not counted."""
    known = sorted((p, i) for i, p in enumerate(values) if p is not None)
    adjusted: list[float | None] = [None] * len(values)
    largest = 0.0
    for rank, (p, i) in enumerate(known):
        largest = max(largest, min(1.0, (len(known) - rank) * p))
        adjusted[i] = largest
    return adjusted


def sign_flip(differences: Sequence[float]) -> float | None:
    """Return the exact two-sided p over all 2^n ways to flip signs; None for n outside `EXACT_SEEDS`."""
    if len(differences) not in EXACT_SEEDS:
        return None
    sums = np.zeros(1)
    for value in differences:
        sums = np.concatenate([sums + value, sums - value])
    observed = abs(float(np.sum(differences)))
    return float((np.abs(sums) >= observed * (1 - 1e-12)).mean())


def wins(differences: Sequence[float]) -> tuple[int, int, float, float, float]:
    """Count the seeds that the arm wins.

    Returns:
        Wins, ties, the ends of the 95 % Clopper-Pearson interval of the probability of a win (ties left
        out), and the probability of at least so many wins by chance alone.
    """
    from scipy.special import bdtrc, betaincinv  # noqa: PLC0415

    won, ties = sum(d > 0 for d in differences), sum(d == 0 for d in differences)
    n = len(differences) - ties
    low = float(betaincinv(won, n - won + 1, 0.025)) if won else 0.0
    high = float(betaincinv(won + 1, n - won, 0.975)) if won < n else 1.0
    chance = float(bdtrc(won - 1, n, 0.5)) if won else 1.0
    return won, ties, low, high, chance


def correlation(first: Floats, second: Floats) -> float | None:
    """Return Pearson's correlation of two arms over the seeds; None where one of them does not vary."""
    if len(first) < MIN_SEEDS or first.std() < 1e-12 or second.std() < 1e-12:
        return None
    return float(np.corrcoef(first, second)[0, 1])


def mean_interval(values: Floats, alpha: float = 0.05) -> tuple[float, float] | None:
    """Return the t interval of the mean of values (n,); None with fewer than three."""
    if len(values) < MIN_SEEDS:
        return None
    half = t_quantile(1 - alpha / 2, len(values) - 1) * float(values.std(ddof=1)) / math.sqrt(len(values))
    mean = float(values.mean())
    return mean - half, mean + half


def slopes(levels: Floats, values: Floats) -> Floats:
    """Return the least-squares slope of each row of values (n, L) over levels (L,): float64 (n,).

    One t interval on these slopes (`mean_interval`) tells whether more strength, or more epochs, gives
    more.
    """
    centred = levels - levels.mean()
    rows: Floats = (values - values.mean(axis=1, keepdims=True)) @ centred / float(centred @ centred)
    return rows


# -- calibration ---------------------------------------------------------------------------------


def calibration_error(confidence: Floats, correct: npt.NDArray[np.bool_], bins: int = 15) -> float:
    """Return the expected calibration error: |accuracy - confidence| in equal bins, weighted by their size.

    Args:
        confidence: float64 (m,), probability of the predicted class, in [0, 1].
        correct: bool (m,).
        bins: of equal width (Guo et al. 2017, arXiv 1706.04599, use 15).
    """
    place = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    gap = np.bincount(place, weights=correct - confidence, minlength=bins)
    return float(np.abs(gap).sum() / len(confidence))
