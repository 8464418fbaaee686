"""The measures that rank or count predictions in both arms of a contrast, with their intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from augexp.analysis import statistics
from augexp.analysis.measures import area, ranking
from augexp.analysis.paired_runs import PairedRuns
from augexp.analysis.settings import AnalysisSettings
from augexp.analysis.statistics import Floats
from augexp.analysis.values import Interval, Measure
from augexp.results.predictions import Predictions

SPECIFICITY = 0.95
"""Specificity at which the sensitivity is given."""

Score = Callable[[Predictions], float]


def measures(runs: PairedRuns, baseline: str, arm: str, settings: AnalysisSettings) -> Iterator[Measure]:
    """Yield AUROC and average precision (one class against the rest), F1, and the sensitivity of a positive class.

    Without a positive class they are means over the classes. Near-duplicates share the weight of one image. The
    interval of the AUROC holds for new images, those of the others for another seed on these images.
    """
    named = settings.plan.positive
    classes = runs.first.classes
    chosen = area.ranked_classes(runs.first, named)
    of = f" of {named}" if named else ""
    weights = 1.0 / runs.columns.sizes[runs.columns.group]

    def over_classes(score: Callable[[Floats, ranking.Bools, Floats], float]) -> Score:
        def mean(predictions: Predictions) -> float:
            table = area.probabilities(predictions)
            values = [score(table[:, label], predictions.labels == label, weights) for label in chosen]
            return 100.0 * float(np.mean(values))

        return mean

    if chosen and area.has_scores([*runs.predictions(baseline), *runs.predictions(arm)]):
        yield _area(f"AUROC{of} (%)", runs, baseline, arm, settings)
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
            return 100.0 * float(np.nanmean(values[[classes.index(named)]] if named else values))

        yield _of_runs("f1", f"F1{of} (%)", f1, runs, baseline, arm, settings)


def _area(name: str, runs: PairedRuns, baseline: str, arm: str, settings: AnalysisSettings) -> Measure:
    """Compare AUROCs by the placement values of the images, whose interval holds for new ones."""
    first, second = (area.percent(runs.predictions(a), runs.columns, settings.plan.positive) for a in (baseline, arm))
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
