"""The difference after about the same number of steps, where an arm shows fixed copies and so has longer epochs."""

from __future__ import annotations

import math

from augexp.analysis.budget.schema import EqualSteps
from augexp.analysis.contrast import intervals
from augexp.analysis.paired_runs import PairedRuns
from augexp.analysis.settings import AnalysisSettings
from augexp.analysis.statistics import Floats
from augexp.results.manifests import Ledger
from augexp.results.records import MILESTONES


def point(runs: PairedRuns, baseline: str, arm: str, settings: AnalysisSettings) -> EqualSteps | None:
    """Return the arm of longer epochs at its milestone nearest to the steps of the other one, which stands at its end.

    Args:
        runs: paired.
        baseline: the arm that `arm` is compared with.
        arm: the other one.
        settings: of the comparison; where nothing is claimed, there is no interval.

    Returns:
        None where both arms have the same steps, no run is there, the runs have kept nothing on the way, or the metric
        ranks the images by probabilities that were not kept.
    """
    if not runs.seeds or runs.independent or runs.metric == "auroc":
        return None
    ledgers = [_ledger(runs, name) for name in (baseline, arm)]
    first, second = ledgers
    if first is None or second is None or first.steps == second.steps:
        return None
    longer, fewest = (0 if first.steps > second.steps else 1), min(first.steps, second.steps)
    record = (runs.whole or runs.records)[(baseline, arm)[longer], runs.seeds[0]]
    if not (record.folder / MILESTONES).is_file():
        return None
    kept = record.milestones()
    of_epoch = [ledger.steps // ledger.epochs for ledger in (first, second)]
    nearest = min(kept, key=lambda epoch: (abs(epoch * of_epoch[longer] - fewest), epoch))
    epochs = [nearest if place == longer else ledger.epochs for place, ledger in enumerate((first, second))]
    one, other = (100.0 * _correct(runs, *pair) * runs.weights for pair in zip((baseline, arm), epochs, strict=True))
    parts = runs.take_apart(one, other, weights=runs.weights)
    enough = parts.enough and math.isfinite(settings.level.t(parts.n)) and parts.seeds > 0
    new, these = intervals(parts, settings.level) if settings.claims and enough else (None, None)
    interval = new or these
    return EqualSteps(
        epochs=(epochs[0], epochs[1]),
        steps=(epochs[0] * of_epoch[0], epochs[1] * of_epoch[1]),
        baseline=float(one.mean()),
        arm=float(other.mean()),
        difference=parts.estimate,
        differences=tuple(parts.by_seed.tolist()),
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        scope="" if interval is None else "new images" if new else "these images",
    )


def _ledger(runs: PairedRuns, arm: str) -> Ledger | None:
    return (runs.whole or runs.records)[arm, runs.seeds[0]].run.ledger


def _correct(runs: PairedRuns, arm: str, epochs: int) -> Floats:
    ledger = _ledger(runs, arm)
    if not runs.whole and ledger is not None and epochs == ledger.epochs:
        return runs.correct(arm)
    return runs.correct_at(arm, epochs)
