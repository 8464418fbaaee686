"""More than accuracy: log loss, Brier score, calibration, accuracy per class, confusion matrices."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from augexp.analysis import statistics
from augexp.analysis.critical_values import Level
from augexp.analysis.paired_runs import Evidence
from augexp.analysis.schema import Interval, Measure
from augexp.analysis.statistics import FEWEST_IMAGES, FEWEST_SEEDS, Floats
from augexp.results.records import Predictions

SMALLEST = 1e-7
"""Probabilities are not taken below this in the log loss: about the resolution of float32."""


def all_measures(found: Evidence, baseline: str, arm: str, level: Level) -> tuple[Measure, ...]:
    """Return accuracy, balanced accuracy where classes differ in size, log loss, Brier score and calibration."""
    first, second = found.correct(baseline), found.correct(arm)
    measures = [_measure("accuracy", "accuracy (%)", 100 * first, 100 * second, level)]
    weights = found.columns.weights(len(found.first.classes))
    if not np.allclose(weights, 1.0):
        pair = (100 * first * weights, 100 * second * weights)
        measures.append(_measure("balanced_accuracy", "balanced accuracy (%)", *pair, level))
    for key, name, score in (("log_loss", "log loss", _log_loss), ("brier", "Brier score", _brier)):
        one, two = (found.columns.collapse(np.stack([score(p) for p in found.predictions(a)])) for a in (baseline, arm))
        measures.append(_measure(key, name, one, two, level))
    return (*measures, _calibration(found, baseline, arm, level))


def by_class(found: Evidence, baseline: str, arm: str, level: Level) -> tuple[Measure, ...]:
    """Return the accuracy of every class, in percent; p-values with Holm's correction over the classes."""
    first, second = 100 * found.correct(baseline), 100 * found.correct(arm)
    measures = []
    for label, name in enumerate(found.first.classes):
        own = found.columns.of_class(label)
        if len(own):
            measures.append(_measure(name, name, first[:, own], second[:, own], level))
    adjusted = statistics.holm([measure.p for measure in measures])
    return tuple(m.model_copy(update={"p": p}) for m, p in zip(measures, adjusted, strict=True))


def confusion(found: Evidence, baseline: str, arm: str) -> tuple[tuple[tuple[float, ...], ...], ...]:
    """Return mean counts per run, rows are true classes: one matrix for the baseline, one for the arm."""
    size = len(found.first.classes)
    matrices = []
    for name in (baseline, arm):
        counts = np.zeros((size, size))
        for seen in found.predictions(name):
            counts += np.bincount(seen.labels * size + seen.predicted, minlength=size * size).reshape(size, size)
        matrices.append(tuple(tuple(float(v) for v in row) for row in counts / len(found.seeds)))
    return tuple(matrices)


def _measure(key: str, name: str, first: Floats, second: Floats, level: Level) -> Measure:
    """Compare two matrices (n, m) of outcomes with the crossed interval; the seeds' alone below 30 images."""
    parts = statistics.crossed(second - first)
    interval, p = None, None
    if parts.n >= FEWEST_SEEDS and math.isfinite(level.t(parts.n)) and parts.seeds > 0:
        half = statistics.half_widths(parts, level.t(parts.n), level.z)[1]
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
        scope="new images" if parts.m >= FEWEST_IMAGES else "these images",
        p=p,
    )


def _probabilities(seen: Predictions) -> Floats:
    """Return float64 (m, C); a diverged network's NaN count as no probability at all."""
    return np.nan_to_num(seen.probabilities.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)


def _log_loss(seen: Predictions) -> Floats:
    own = _probabilities(seen)[np.arange(len(seen.labels)), seen.labels]
    losses: Floats = -np.log(np.maximum(own, SMALLEST))
    return losses


def _brier(seen: Predictions) -> Floats:
    gap = _probabilities(seen)
    gap[np.arange(len(seen.labels)), seen.labels] -= 1.0
    scores: Floats = np.square(gap).sum(axis=1)
    return scores


def _calibration(found: Evidence, baseline: str, arm: str, level: Level) -> Measure:
    """Compare the calibration error, a number of a whole run: another seed, these images."""
    first, second = (np.array([_calibrated(p) for p in found.predictions(a)]) for a in (baseline, arm))
    alpha = level.alpha
    ends = statistics.mean_interval(second - first, alpha) if level.rule != "anytime" else None
    return Measure(
        key="calibration_error",
        name="calibration error (%)",
        images=len(found.first.labels),
        baseline=float(first.mean()),
        arm=float(second.mean()),
        difference=float((second - first).mean()),
        interval=Interval(low=ends[0], high=ends[1]) if ends else None,
        scope="these images",
        p=None,
    )


def _calibrated(seen: Predictions) -> float:
    confidence = _probabilities(seen)[np.arange(len(seen.labels)), seen.predicted]
    right: npt.NDArray[np.bool_] = seen.correct
    return 100 * statistics.calibration_error(confidence, right)
