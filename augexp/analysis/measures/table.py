"""The measures that rank or count predictions in both arms of a contrast, with their intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from augexp.analysis import statistics
from augexp.analysis.measures import ranking
from augexp.analysis.paired_runs import PairedRuns
from augexp.analysis.settings import AnalysisSettings
from augexp.analysis.statistics import Floats
from augexp.analysis.values import Interval, Measure
from augexp.results.predictions import Predictions

SPECIFICITY = 0.95
"""Specificity at which the sensitivity is given."""

MAX_RANKED = 100
"""Classes up to which predictions are ranked: with more, AUROC and average precision are left out."""

Score = Callable[[Predictions], float]


def measures(runs: PairedRuns, baseline: str, arm: str, settings: AnalysisSettings) -> Iterator[Measure]:
    """Yield AUROC and average precision (one class against the rest), F1, and the sensitivity of a positive class.

    Without a positive class they are means over the classes. Near-duplicates share the weight of one image. The
    interval of the AUROC holds for new images, those of the others for another seed on these images.
    """
    named = settings.plan.positive
    classes = runs.first.classes
    chosen = [label for label in np.unique(runs.first.labels).tolist() if named in (None, classes[label])]
    of = f" of {named}" if named else ""
    weights = 1.0 / runs.columns.sizes[runs.columns.group]

    def over_classes(score: Callable[[Floats, ranking.Bools, Floats], float]) -> Score:
        def mean(predictions: Predictions) -> float:
            table = probabilities(predictions)
            values = [score(table[:, label], predictions.labels == label, weights) for label in chosen]
            return 100.0 * float(np.mean(values))

        return mean

    if _has_scores(runs, baseline, arm):
        yield _area(f"AUROC{of} (%)", runs, baseline, arm, settings, chosen, weights)
        average = over_classes(ranking.average_precision)
        yield _of_runs("average_precision", f"average precision{of} (%)", average, runs, baseline, arm, settings)
        if named:

            def at_the_specificity(scores: Floats, positive: ranking.Bools, own: Floats) -> float:
                return ranking.sensitivity_at(scores, positive, own, SPECIFICITY)

            title = f"sensitivity{of} at {100 * SPECIFICITY:g} % specificity (%)"
            yield _of_runs("sensitivity", title, over_classes(at_the_specificity), runs, baseline, arm, settings)
    if runs.first.has_predicted:

        def f1(predictions: Predictions) -> float:
            values = ranking.f1(predictions.labels, predictions.predicted, weights, len(classes))
            return 100.0 * float(np.nanmean(values[chosen] if named else values))

        yield _of_runs("f1", f"F1{of} (%)", f1, runs, baseline, arm, settings)


def probabilities(predictions: Predictions) -> Floats:
    """Return the probabilities, float64 (m, C); of two classes, one says the other, which milestones do not keep."""
    table = predictions.probabilities.astype(np.float64)
    if table.shape[1] == 2:
        table = np.where(np.isnan(table), 1.0 - table[:, ::-1], table)
    return table


def _has_scores(runs: PairedRuns, *arms: str) -> bool:
    shape = (len(runs.first.labels), len(runs.first.classes))
    if shape[1] > MAX_RANKED:
        return False
    tables = (p.probabilities for arm in arms for p in runs.predictions(arm))
    few = shape[1] == 2
    return all(t.shape == shape and (few or not np.isnan(t).any()) for t in tables)


def _area(
    name: str,
    runs: PairedRuns,
    baseline: str,
    arm: str,
    settings: AnalysisSettings,
    chosen: Sequence[int],
    weights: Floats,
) -> Measure:
    """Compare AUROCs by the placement values of the images, whose interval holds for new ones."""

    def numbers(outcomes: Sequence[Predictions]) -> Floats:
        rows = []
        for predictions in outcomes:
            table, labels = probabilities(predictions), predictions.labels
            own = [ranking.influence(table[:, label], labels == label, weights) for label in chosen]
            rows.append(100.0 * np.mean(own, axis=0))
        return runs.columns.collapse(np.stack(rows))

    first, second = numbers(runs.predictions(baseline)), numbers(runs.predictions(arm))
    parts = runs.take_apart(first, second)
    t, interval = settings.level.of(parts), None
    # The fits of a repeat rank the images on scales of their own, so that this interval is not known for folds.
    if settings.claims and runs.folds == 1 and parts.enough and math.isfinite(t) and parts.seeds > 0:
        half = statistics.half_widths(parts, t, settings.level.of_images(parts))[1]
        interval = Interval(low=parts.estimate - half, high=parts.estimate + half)
    return Measure(
        key="auroc",
        name=name,
        images=parts.m,
        baseline=float(first.mean()),
        arm=float(second.mean()),
        difference=parts.estimate,
        interval=interval,
        scope="new images" if parts.tells_of_new_images else "these images",
    )


def _of_runs(
    key: str, name: str, score: Score, runs: PairedRuns, baseline: str, arm: str, settings: AnalysisSettings
) -> Measure:
    """Compare a number of whole runs: another seed, these images."""
    first, second = (np.array([score(p) for p in runs.predictions(a)]) for a in (baseline, arm))
    level, ends = settings.level, None
    if settings.claims and level.rule != "anytime":
        ends = runs.interval_of_means(first, second, level.alpha)
    return Measure(
        key=key,
        name=name,
        images=len(runs.first.labels),
        baseline=float(first.mean()),
        arm=float(second.mean()),
        difference=float(second.mean() - first.mean()),
        interval=Interval(low=ends[0], high=ends[1]) if ends else None,
        scope="these images",
    )
