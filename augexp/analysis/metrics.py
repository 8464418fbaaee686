"""More than accuracy: log loss, Brier score, calibration, accuracy per class, confusion matrices."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from augexp.analysis import statistics
from augexp.analysis.paired_runs import PairedRuns
from augexp.analysis.settings import AnalysisSettings
from augexp.analysis.statistics import Floats, Ints
from augexp.analysis.values import Interval, Measure
from augexp.results.predictions import Predictions


def all_measures(runs: PairedRuns, baseline: str, arm: str, settings: AnalysisSettings) -> tuple[Measure, ...]:
    """Return accuracy, balanced accuracy where classes differ in size, log loss, Brier score and calibration."""
    first, second = runs.correct(baseline), runs.correct(arm)
    measures = [_measure("accuracy", "accuracy (%)", 100 * first, 100 * second, runs, settings)]
    weights = runs.columns.weights(len(runs.first.classes))
    if not np.allclose(weights, 1.0):
        pair = (100 * first * weights, 100 * second * weights)
        measures.append(_measure("balanced_accuracy", "balanced accuracy (%)", *pair, runs, settings, weights=weights))
    if not runs.first.has_probabilities:
        return tuple(measures)
    scores = [("log_loss", "log loss")]
    if not runs.budgets:  # milestones keep the probability of the true class alone
        scores.append(("brier", "Brier score"))
    for key, name in scores:
        before, after = (
            runs.columns.collapse(np.stack([getattr(p, key)() for p in runs.predictions(a)])) for a in (baseline, arm)
        )
        measures.append(_measure(key, name, before, after, runs, settings))
    return tuple(measures) if runs.budgets else (*measures, _calibration(runs, baseline, arm, settings))


MAX_CONFUSION = 100
"""Classes up to which answers hold confusion matrices: 5,000 would be half a gigabyte."""


def by_class(runs: PairedRuns, baseline: str, arm: str, settings: AnalysisSettings) -> tuple[Measure, ...]:
    """Return the accuracy of every class, in percent; p-values with Holm's correction over the classes."""
    first, second = 100 * runs.correct(baseline), 100 * runs.correct(arm)
    measures = []
    for label, name in enumerate(runs.first.classes):
        own = runs.columns.of_class(label)
        if len(own):
            measures.append(_measure(name, name, first[:, own], second[:, own], runs, settings, columns=own))
    adjusted = statistics.holm([measure.p for measure in measures])
    return tuple(m.model_copy(update={"p": p}) for m, p in zip(measures, adjusted, strict=True))


def confusion(runs: PairedRuns, baseline: str, arm: str) -> tuple[tuple[tuple[float, ...], ...], ...] | None:
    """Return mean counts per run, rows are true classes: one matrix for the baseline, one for the arm.

    None for more than `MAX_CONFUSION` classes, since the matrices grow with the square of their number, and where it is
    only known whether a prediction is right.
    """
    if not runs.first.has_predicted:
        return None
    size = len(runs.first.classes)
    if size > MAX_CONFUSION:
        return None
    matrices = []
    for name in (baseline, arm):
        counts = np.zeros((size, size))
        outcomes = runs.predictions(name)
        for outcome in outcomes:
            cells = outcome.labels * size + outcome.predicted
            counts += np.bincount(cells, minlength=size * size).reshape(size, size)
        matrices.append(tuple(tuple(float(v) for v in row) for row in counts / len(outcomes)))
    return tuple(matrices)


def _measure(
    key: str,
    name: str,
    first: Floats,
    second: Floats,
    runs: PairedRuns,
    settings: AnalysisSettings,
    *,
    weights: Floats | None = None,
    columns: Ints | None = None,
) -> Measure:
    """Compare two matrices (n, m) of outcomes with the crossed interval; the seeds' alone below 30 images.

    `weights` are those that the columns have been multiplied by, `columns` those of all that they are.
    """
    parts = runs.take_apart(first, second, weights=weights, columns=columns)
    interval, p = None, None
    t = settings.level.of(parts)
    if settings.claims and parts.enough and math.isfinite(t) and parts.seeds > 0:
        half = statistics.half_widths(parts, t, settings.level.of_images(parts))[1]
        interval = Interval(low=parts.estimate - half, high=parts.estimate + half)
        p = statistics.p_value(parts)
    return Measure(
        key=key,
        name=name,
        images=parts.m,
        baseline=float(first.mean()),
        arm=float(second.mean()),
        difference=parts.estimate,
        interval=interval,
        scope="new images" if parts.tells_of_new_images else "these images",
        p=p,
    )


def _calibration(runs: PairedRuns, baseline: str, arm: str, settings: AnalysisSettings) -> Measure:
    """Compare the calibration error, a number of a whole run: another seed, these images."""
    first, second = (np.array([_calibrated(p) for p in runs.predictions(a)]) for a in (baseline, arm))
    level = settings.level
    ends = None
    if settings.claims and level.rule != "anytime":
        ends = runs.interval_of_means(first, second, level.alpha)
    return Measure(
        key="calibration_error",
        name="calibration error (%)",
        images=len(runs.first.labels),
        baseline=float(first.mean()),
        arm=float(second.mean()),
        difference=float(second.mean() - first.mean()) if runs.independent else float((second - first).mean()),
        interval=Interval(low=ends[0], high=ends[1]) if ends else None,
        scope="these images",
    )


def _calibrated(predictions: Predictions) -> float:
    right: npt.NDArray[np.bool_] = predictions.correct
    return 100 * statistics.calibration_error(predictions.confidence(), right)
