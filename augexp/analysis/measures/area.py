"""The AUROC as a mean over the test images, so that it is judged as every other metric is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from augexp.analysis.measures import ranking
from augexp.analysis.statistics import Columns, Floats
from augexp.errors import AnalysisError
from augexp.results.predictions import Predictions

MAX_RANKED = 100
"""Classes up to which predictions are ranked: with more, AUROC and average precision are left out."""


def percent(runs: Sequence[Predictions], columns: Columns, positive: str | None) -> Floats:
    """Return the numbers whose mean over the columns is the AUROC of each run in percent, float64 (n, m).

    Args:
        runs: of one arm, of the same images.
        columns: how the images become columns.
        positive: the class that is ranked against the rest; None takes the mean over the classes.

    Raises:
        AnalysisError: the predictions cannot be ranked.
    """
    first = runs[0]
    chosen = ranked_classes(first, positive)
    if not chosen or not has_scores(runs):
        raise AnalysisError(
            f"metric: received 'auroc'; that takes the probabilities of all {len(first.classes)} classes, at least 2 "
            f"and at most {MAX_RANKED}, with test images of each that is ranked, so choose --metric accuracy or "
            "balanced_accuracy"
        )
    weights = 1.0 / columns.sizes[columns.group]
    rows = []
    for predictions in runs:
        table, labels = probabilities(predictions), predictions.labels
        rows.append(100.0 * np.mean([ranking.influence(table[:, k], labels == k, weights) for k in chosen], axis=0))
    return columns.collapse(np.stack(rows))


def ranked_classes(predictions: Predictions, positive: str | None) -> list[int]:
    """Return the labels that are ranked against the rest: of `positive`, or of every class with images."""
    present = np.unique(predictions.labels).tolist()
    chosen = [label for label in present if positive in (None, predictions.classes[label])]
    return chosen if len(present) > 1 else []


def probabilities(predictions: Predictions) -> Floats:
    """Return the probabilities, float64 (m, C); of two classes, one says the other, which milestones do not keep."""
    table = predictions.probabilities.astype(np.float64)
    if table.shape[1] == 2:
        table = np.where(np.isnan(table), 1.0 - table[:, ::-1], table)
    return table


def has_scores(runs: Sequence[Predictions]) -> bool:
    """Tell whether all classes have a probability in every run, and are few enough to be ranked."""
    shape = (len(runs[0].labels), len(runs[0].classes))
    if shape[1] > MAX_RANKED:
        return False
    few = shape[1] == 2
    return all(p.probabilities.shape == shape and (few or not np.isnan(p.probabilities).any()) for p in runs)
