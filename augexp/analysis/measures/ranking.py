"""Measures that rank or count predictions, as functions of plain arrays, with a weight for every image.

The definitions are those of scikit-learn, which the tests compare with. The interval of an AUROC rests on placement
values: the share of the other class that an image is ranked above. Their mean is the AUROC, and to first order its
variance is that of their means (DeLong, DeLong & Clarke-Pearson 1988; Hanley & Hajian-Tilaki 1997).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


def placements(scores: Floats, positive: Bools, weights: Floats) -> Floats:
    """Return for each image the share of the other class that it is ranked rightly against, float64 (m,) in [0, 1].

    A tie counts half. NaN where there is no image of the other class.

    Args:
        scores: float64 (m,), higher for what looks more like the positive class.
        positive: bool (m,), whether it is.
        weights: float64 (m,), above 0.
    """
    order = np.argsort(scores, kind="stable")
    ranked = scores[order]
    first, last = np.searchsorted(ranked, scores, "left"), np.searchsorted(ranked, scores, "right")
    values = np.empty(len(scores))
    for own in (True, False):
        cumulated = np.r_[0.0, np.cumsum(np.where(positive[order] != own, weights[order], 0.0))]
        below, upto, total = cumulated[first], cumulated[last], cumulated[-1]
        won = (below + upto) / 2 if own else total - (below + upto) / 2
        with np.errstate(invalid="ignore"):
            values[positive == own] = (won / total)[positive == own] if total > 0 else np.nan
    return values


def auroc(scores: Floats, positive: Bools, weights: Floats) -> float:
    """Return the area under the ROC curve, in [0, 1]: the weighted mean of the placements of the positive images."""
    return float(np.average(placements(scores, positive, weights)[positive], weights=weights[positive]))


def influence(scores: Floats, positive: Bools, weights: Floats) -> Floats:
    """Return numbers of the images, float64 (m,), whose weighted mean is the AUROC and whose spread is its variance.

    A + (W / W_c) (V_i - A), with A the AUROC, V_i the placement of image i, W_c the weight of its class and W of all.
    """
    values, total = placements(scores, positive, weights), float(weights.sum())
    area = float(np.average(values[positive], weights=weights[positive]))
    share = np.where(positive, weights[positive].sum(), weights[~positive].sum()) / total
    numbers: Floats = area + (values - area) / share
    return numbers


def _curve(scores: Floats, positive: Bools, weights: Floats) -> tuple[Floats, Floats]:
    """Return the weight of the true and of the false positives at every threshold, the highest first."""
    order = np.argsort(-scores, kind="stable")
    ends = np.r_[np.flatnonzero(np.diff(scores[order])), len(scores) - 1]
    right = np.cumsum(np.where(positive[order], weights[order], 0.0))[ends]
    wrong = np.cumsum(np.where(positive[order], 0.0, weights[order]))[ends]
    return right, wrong


def average_precision(scores: Floats, positive: Bools, weights: Floats) -> float:
    """Return the mean of the precisions at every threshold, each weighted with the recall that it adds, in [0, 1]."""
    right, wrong = _curve(scores, positive, weights)
    return float(np.sum(np.diff(np.r_[0.0, right]) / right[-1] * right / (right + wrong)))


def sensitivity_at(scores: Floats, positive: Bools, weights: Floats, specificity: float) -> float:
    """Return the highest sensitivity of the thresholds whose specificity is no less than the given one, in [0, 1]."""
    right, wrong = _curve(scores, positive, weights)
    allowed = wrong <= (1 - specificity) * wrong[-1] * (1 + 1e-12)
    return float(right[allowed].max(initial=0.0) / right[-1])


def f1(labels: Ints, predicted: Ints, weights: Floats, classes: int) -> Floats:
    """Return F1 of every class, float64 (C,) in [0, 1]; NaN for a class that is neither there nor predicted."""
    hit = np.bincount(labels, weights=weights * (labels == predicted), minlength=classes)
    sizes = np.bincount(labels, weights=weights, minlength=classes) + np.bincount(
        predicted, weights=weights, minlength=classes
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        scores: Floats = 2 * hit / sizes
    return scores
