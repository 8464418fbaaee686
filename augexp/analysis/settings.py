"""What all contrasts of a comparison have in common: the plan, the level of its intervals, and what may be claimed."""

from __future__ import annotations

from dataclasses import dataclass

from augexp.analysis.critical_values import Level
from augexp.experiment.definition import Experiment
from augexp.experiment.plan import Plan


@dataclass(frozen=True)
class AnalysisSettings:
    """What holds for every contrast of a comparison.

    Attributes:
        plan: of the experiment.
        level: of the intervals.
        balanced: whether the primary metric is balanced accuracy.
        synthetic: whether the images are drawn and not photos.
        look: number of the planned look, from 1; None without planned looks.
        missing: whether runs are missing, which blocks the verdict.
        controls: arms that are defined as the baseline is.
    """

    plan: Plan
    level: Level
    balanced: bool
    synthetic: bool
    look: int | None
    missing: bool
    controls: frozenset[str]

    @property
    def claims(self) -> bool:
        """Whether intervals, p-values, bands and an outlook are computed at all: a screening only ranks."""
        return self.plan.stage != "screening"


def make_settings(
    experiment: Experiment, level: Level, *, balanced: bool, missing: bool = False, look: int | None = None
) -> AnalysisSettings:
    """Return the settings of an experiment's comparison; for the arguments see `AnalysisSettings`."""
    plan = experiment.plan
    baseline = experiment.policy(plan.baseline).definition()
    controls = [arm for arm in plan.arms if arm != plan.baseline and experiment.policy(arm).definition() == baseline]
    synthetic = experiment.data.kind.synthetic
    return AnalysisSettings(plan, level, balanced, synthetic, look, missing, frozenset(controls))
