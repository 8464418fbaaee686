"""What all contrasts of a comparison have in common: the plan, the level of its intervals, and what may be claimed."""

from __future__ import annotations

from dataclasses import dataclass

from augexp.analysis.critical_values import Level
from augexp.analysis.declared.schema import Declared
from augexp.analysis.values import Metric
from augexp.experiment.definition import Experiment
from augexp.experiment.plan import Plan


@dataclass(frozen=True)
class AnalysisSettings:
    """What holds for every contrast of a comparison.

    Attributes:
        plan: of the experiment.
        level: of the intervals.
        metric: the primary one.
        synthetic: whether the images are drawn and not photos.
        look: number of the planned look, from 1; None without planned looks.
        missing: whether runs are missing, which blocks the verdict.
        controls: arms that are defined as the baseline is.
        declared: what was declared about runs that somebody else trained; None for runs of this program.
    """

    plan: Plan
    level: Level
    metric: Metric
    synthetic: bool
    look: int | None
    missing: bool
    controls: frozenset[str]
    declared: Declared | None = None

    @property
    def claims(self) -> bool:
        """Whether intervals, p-values, bands and an outlook are computed at all.

        A screening only ranks, and runs whose best epoch was chosen on the test images are only described.
        """
        return self.plan.stage != "screening" and not self.only_described

    @property
    def only_described(self) -> bool:
        """Whether the test images chose the epoch at which each run is judged."""
        return self.declared is not None and self.declared.endpoint == "best-on-test"


def make_settings(
    experiment: Experiment, level: Level, *, metric: Metric, missing: bool = False, look: int | None = None
) -> AnalysisSettings:
    """Return the settings of an experiment's comparison; for the arguments see `AnalysisSettings`."""
    plan = experiment.plan
    baseline = experiment.policy(plan.baseline).definition()
    controls = [arm for arm in plan.arms if arm != plan.baseline and experiment.policy(arm).definition() == baseline]
    synthetic = experiment.data.kind.synthetic
    return AnalysisSettings(plan, level, metric, synthetic, look, missing, frozenset(controls))
