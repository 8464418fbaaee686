"""What the probabilities of a network say of each test image, as one number each: losses and confidence."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MIN_PROBABILITY = 1e-7
"""Probabilities are not taken below this in the log loss: about the resolution of float32."""


def finite(probabilities: npt.NDArray[np.floating]) -> Floats:
    """Return probabilities as float64 (m, C); a diverged network's NaN count as no probability at all."""
    return np.nan_to_num(probabilities.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)


def log_loss(probabilities: npt.NDArray[np.floating], labels: Ints) -> Floats:
    """Return minus the natural logarithm of the probability of the true class, float64 (m,).

    Args:
        probabilities: (m, C), in [0, 1].
        labels: int (m,), true classes.
    """
    own = finite(probabilities)[np.arange(len(labels)), labels]
    losses: Floats = -np.log(np.maximum(own, MIN_PROBABILITY))
    return losses


def brier(probabilities: npt.NDArray[np.floating], labels: Ints) -> Floats:
    """Return the squared distance of the probabilities from the truth, float64 (m,); for the rest see `log_loss`."""
    gap = finite(probabilities)
    gap[np.arange(len(labels)), labels] -= 1.0
    scores: Floats = np.square(gap).sum(axis=1)
    return scores


def confidence(probabilities: npt.NDArray[np.floating], predicted: Ints) -> Floats:
    """Return the probability of the predicted class, float64 (m,)."""
    own: Floats = finite(probabilities)[np.arange(len(predicted)), predicted]
    return own
