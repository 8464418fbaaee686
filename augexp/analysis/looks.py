"""How many seeds the plan asks for: the next look, the look that was reached, and which seeds count."""

from __future__ import annotations

from collections.abc import Sequence

from augexp.analysis import critical_values
from augexp.analysis.contrast import conclude
from augexp.analysis.critical_values import Level, Rule
from augexp.analysis.folds.runs import runs_of, whole_repeats
from augexp.analysis.paired_runs import finished_blocks
from augexp.analysis.settings import make_settings
from augexp.experiment.definition import Experiment
from augexp.results.manifests import PlanEntry
from augexp.results.records import RunRecord

History = Sequence[PlanEntry]
"""Every plan that a results folder has had, oldest first, with the blocks that were finished at that time."""


def next_look(experiment: Experiment, records: Sequence[RunRecord], history: History) -> int | None:
    """Return the number of seeds that has to be there now; None where the plan asks for no more.

    Args:
        experiment: with the plan.
        records: of the plan's arms.
        history: every plan that the results folder has had, oldest first.
    """
    planned, _ = planned_seeds(experiment, records, history)
    finished = finished_blocks(records, experiment.plan.arms)
    return None if set(finished) >= set(experiment.blocks(planned)) else planned


def planned_seeds(experiment: Experiment, records: Sequence[RunRecord], history: History) -> tuple[int, int | None]:
    """Return the seeds that have to be there for the answer, and which of the planned looks that is."""
    plan = experiment.plan
    if plan.fixed is not None:
        return plan.fixed, None
    blocks = set(finished_blocks(records, plan.arms))
    *before, last = plan.looks
    wanted = (k for k in before if not blocks >= set(experiment.blocks(k)) or _decided(experiment, records, history, k))
    look = next(wanted, last)
    return look, plan.looks.index(look) + 1 if rule(experiment, history) == "looks" else None


def _decided(experiment: Experiment, records: Sequence[RunRecord], history: History, look: int) -> bool:
    plan = experiment.plan
    seeds = counted_seeds(experiment, records, history, look)
    runs = runs_of(experiment, records, seeds)
    settings = make_settings(experiment, contrast_level(experiment, history), metric=runs.metric)
    others = [arm for arm in plan.arms if arm != plan.baseline]
    return all(
        conclude(
            runs.parts(plan.baseline, arm),
            settings,
            equal=runs.equal(plan.baseline, arm),
            control=arm in settings.controls,
        ).verdict.decided
        for arm in others
    )


def counted_seeds(experiment: Experiment, records: Sequence[RunRecord], history: History, planned: int) -> list[int]:
    """Return the complete blocks that the answer rests on.

    Blocks beyond the plan do not count, since whether they are there may depend on what the others
    showed; but whatever an earlier plan asked for stays in, since it has been looked at.
    """
    changes = zip(history, history[1:], strict=False)
    earlier = [before.plan.max_seeds for before, after in changes if after.blocks_finished > 0]
    screened = experiment.plan.stage == "screening"  # the seeds after its own are the confirmation's
    wanted = experiment.blocks(planned if screened else max([planned, *earlier]))
    seeds = [seed for seed in finished_blocks(records, experiment.plan.arms) if seed in wanted]
    return whole_repeats(seeds, experiment.data.folds)


def rule(experiment: Experiment, history: History) -> Rule:
    """Return the rule by which the number of seeds was decided."""
    if any(entry.blocks_finished > 0 for entry in history[1:]):
        return "anytime"
    return "looks" if experiment.plan.fixed is None else "fixed"


def contrast_level(experiment: Experiment, history: History) -> Level:
    """Return the level of the intervals of all contrasts together."""
    plan = experiment.plan
    comparisons = max(1, len(plan.arms) - 1)
    return critical_values.level(rule(experiment, history), comparisons, plan.looks, experiment.data.folds or 1)
