"""Compute the `Worth` from the records of all sizes.

Nothing here trains or draws, and the same records give the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from augexp.analysis import looks
from augexp.analysis import wording as common
from augexp.analysis.comparison import environment_of
from augexp.analysis.looks import History
from augexp.analysis.paired_runs import PairedRuns
from augexp.analysis.statistics import MIN_SEEDS
from augexp.analysis.worth import censored, wording
from augexp.analysis.worth.curve import reach
from augexp.analysis.worth.runs import SizeRecords, at_size, check_same_images
from augexp.analysis.worth.schema import Cost, Factors, SeedWorth, TrainingSize, Worth
from augexp.data.store_manifest import StoreManifest
from augexp.errors import AnalysisError
from augexp.experiment.definition import Experiment
from augexp.version import __version__

Beyond = Literal["above", "below", ""]


def compute(
    sizes: Sequence[SizeRecords],
    arm: str,
    history: History,
    *,
    name: str,
    manifest: StoreManifest | None = None,
    draws: str = "",
    command: str = "",
) -> Worth:
    """Answer: how many times the photos is augmentation worth?

    Args:
        sizes: at least two, one of them with factor 1 and with `arm`; all with the baseline.
        arm: the policy whose worth is asked for.
        history: every plan that the results at factor 1 have had, oldest first.
        name: of the experiment.
        manifest: content of ``store.json``; None where it is not known.
        draws: how the training draws of the seeds relate; may be empty.
        command: what repeats the answer.

    Raises:
        AnalysisError: no seed is complete, or runs do not belong together.
    """
    ordered = sorted(sizes, key=lambda size: size.factor)
    (middle,) = (size for size in ordered if size.factor == 1.0)
    experiment, plan = middle.experiment, middle.experiment.plan
    seeds, runs = _complete_runs(ordered, middle, history)
    points = tuple(at_size(size, own) for size, own in zip(ordered, runs, strict=True))
    level = looks.contrast_level(experiment, history)
    t = level.t(len(seeds)) if len(seeds) >= MIN_SEEDS else None
    missing = tuple(run for size in ordered for run in size.missing())
    by_seed = seed_by_seed(points, plan.baseline, arm, seeds)
    summary = summarise(by_seed, points, None if missing else t)
    worth = Worth(
        augexp=__version__,
        name=name,
        **_asked_and_tested(experiment, runs),
        arm=arm,
        images=next(point.images for point in points if point.factor == 1.0),
        draws=draws,
        seeds=seeds,
        rule=level.rule,
        t=t,
        sizes=points,
        by_seed=by_seed,
        doublings=summary.doublings,
        factor=None if summary.doublings is None else float(2.0**summary.doublings),
        beyond=summary.beyond,
        interval=summary.interval,
        answer="",
        sentence="",
        cost=_cost(points, (plan.baseline, arm)),
        missing=missing,
        warnings=(),
        command=command,
        data=manifest.plain() if manifest else {},
    )
    return _in_words(worth, experiment, runs)


def _complete_runs(
    sizes: Sequence[SizeRecords], middle: SizeRecords, history: History
) -> tuple[tuple[int, ...], list[PairedRuns]]:
    """Return the seeds that count, which were trained at every size, and their runs at each; see `compute`."""
    experiment = middle.experiment
    counted = looks.counted_seeds(experiment, middle.records, history, experiment.plan.max_seeds)
    seeds = tuple(seed for seed in counted if all(seed in size.seeds for size in sizes))
    if not seeds:
        raise AnalysisError("no seed has been trained at every size; repeat `augexp worth` to go on")
    runs = [size.pair(seeds) for size in sizes]
    check_same_images(runs)
    return seeds, runs


def _asked_and_tested(experiment: Experiment, runs: Sequence[PairedRuns]) -> dict[str, Any]:
    """Return the fields of a `Worth` that the definition says, and what the runs of all sizes have in common."""
    return {
        "experiment_hash": experiment.hash,
        "source": common.source(experiment),
        "synthetic": experiment.data.kind.synthetic,
        "baseline": experiment.plan.baseline,
        "definition": experiment.without_places(),
        "classes": runs[0].first.classes,
        "metric": runs[0].metric,
        "test_images": len(runs[0].columns),
        "environment": environment_of([record for own in runs for record in own.records.values()]),
    }


def _in_words(worth: Worth, experiment: Experiment, runs: Sequence[PairedRuns]) -> Worth:
    """Return the answer with its sentences and warnings, which are written from its numbers."""
    diverged = sum(record.status == "diverged" for own in runs for record in own.records.values())
    words = {"answer": wording.answer(worth), "sentence": wording.sentence(worth, experiment)}
    return worth.model_copy(update={**words, "warnings": wording.warnings(worth, experiment, diverged)})


def seed_by_seed(
    points: Sequence[TrainingSize], baseline: str, arm: str, seeds: Sequence[int]
) -> tuple[SeedWorth, ...]:
    """Return for every seed where its own un-augmented curve reaches its augmented accuracy.

    The sizes are those that were trained on: a draw of a quarter of 25 photos has 6, not 6.25.

    Args:
        points: the sizes, ascending; the one with factor 1 has `arm`.
        baseline: name of the un-augmented arm.
        arm: name of the other one.
        seeds: in the order of the accuracies.
    """
    (middle,) = (point for point in points if point.factor == 1.0)
    x = np.log2([point.images / middle.images for point in points])
    curves = np.array([_accuracies(point, baseline) for point in points]).T
    augmented = _accuracies(middle, arm)
    found = []
    for seed, curve, accuracy in zip(seeds, curves, augmented, strict=True):
        place = reach(x, curve, accuracy)
        found.append(
            SeedWorth(
                seed=seed, accuracy=accuracy, doublings=place.x, factor=float(2.0**place.x), censored=place.censored
            )
        )
    return tuple(found)


def _accuracies(point: TrainingSize, arm: str) -> tuple[float, ...]:
    return next(own.accuracies for own in point.arms if own.arm == arm)


class Summary(NamedTuple):
    """What the seeds say together; see `Worth`."""

    doublings: float | None
    beyond: Beyond
    interval: Factors | None


def summarise(by_seed: Sequence[SeedWorth], points: Sequence[TrainingSize], t: float | None) -> Summary:
    """Return mean and interval of x_s; what lies beyond the sizes that were trained is only said to do so.

    Args:
        by_seed: the seeds.
        points: the sizes, ascending.
        t: quantile of Student's distribution; None where there is to be no interval.
    """
    x = np.array([seed.doublings for seed in by_seed])
    above, below = (np.array([seed.censored == side for seed in by_seed]) for side in ("above", "below"))
    middle = next(point.images for point in points if point.factor == 1.0)
    low, high = (float(np.log2(points[end].images / middle)) for end in (0, -1))
    found = censored.estimate(x, above, below, t if t is not None and np.isfinite(t) else 0.0)
    if found is None:
        return Summary(*_without_estimate(x, above, below), None)
    interval = None
    if t is not None and np.isfinite(t):
        interval = Factors(low=_end(found.low, low, high), high=_end(found.high, low, high))
    beyond: Beyond = "above" if found.mean > high else "below" if found.mean < low else ""
    return Summary(None if beyond else found.mean, beyond, interval)


def _end(value: float, low: float, high: float) -> float | None:
    """Return an end of the interval as a factor; None where it lies beyond the sizes."""
    return float(2.0**value) if low <= value <= high else None


def _without_estimate(
    x: npt.NDArray[np.float64], above: npt.NDArray[np.bool_], below: npt.NDArray[np.bool_]
) -> tuple[float | None, Beyond]:
    """Say where the seeds lie without a likelihood: at their one value, or beyond the sizes where most of them do."""
    if not (above | below).any():
        return float(x.mean()), ""
    if 2 * above.sum() > len(x):
        return None, "above"
    return None, "below" if 2 * below.sum() > len(x) else ""


def _cost(points: Sequence[TrainingSize], pair: Sequence[str]) -> Cost:
    arms = [own for point in points for own in point.arms]
    plain = sum(own.images_trained for point in points if point.factor == 1.0 for own in point.arms if own.arm in pair)
    trained = sum(own.images_trained for own in arms)
    known = [own.seconds for own in arms if own.seconds is not None]
    seconds = float(sum(known)) if len(known) == len(arms) else None
    return Cost(images_trained=trained, plain=plain, ratio=trained / plain, seconds=seconds)
