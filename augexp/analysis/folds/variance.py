"""The parts of the variance of a matrix of repeats and images.

D[r, i] is the out-of-fold outcome of image i in repeat r. The rows are no independent seeds: all repeats train on the
same images. What varies from fit to fit is seen in the means of single folds,

    u_rk = mean over the images of fold k in repeat r of (D[r, i] - mean_r D[r, i])
    c    = (1 - 1/R)^2 + (R - 1) / (R^2 K)
    V_A  = mean(u^2) / (c R K),   t with (R - 1) K degrees of freedom

V_B and V_E are those of seeds and images. The coverage of the interval with real refits is checked by simulation in the
slow tests.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from augexp.analysis.groups.grouping import Grouping
from augexp.analysis.statistics import Crossed, Floats, Ints, crossed


def fold_means(differences: Floats, fold: Ints, folds: int) -> Floats:
    """Return u of every fit that has images, float64 (R K,) where all have.

    Args:
        differences: D, float64 (R, m).
        fold: int64 (R, m), from 0 to folds - 1.
        folds: K.
    """
    deviations = differences - differences.mean(axis=0)
    fits = (np.arange(len(fold))[:, None] * folds + fold).reshape(-1)
    sums = np.bincount(fits, weights=deviations.reshape(-1), minlength=len(fold) * folds)
    counts = np.bincount(fits, minlength=len(fold) * folds)
    means: Floats = sums[counts > 0] / counts[counts > 0]
    return means


def folded(differences: Floats, fold: Ints, folds: int, grouping: Grouping | None = None) -> Crossed:
    """Take D of cross-validated runs apart; for the arguments see `fold_means`, and for groups `crossed`."""
    parts = crossed(differences, grouping)
    repeats = len(differences)
    seeds = math.nan
    if repeats > 1:
        factor = (1 - 1 / repeats) ** 2 + (repeats - 1) / (repeats**2 * folds)
        seeds = float(np.square(fold_means(differences, fold, folds)).mean()) / (factor * repeats * folds)
    return replace(parts, seeds=seeds, folds=folds)
