"""The models of a comparison: what ``comparison.json`` holds and every table, figure and page is made from.

The values that they are made of are in `augexp.analysis.values`.

Differences and accuracies are in percentage points (pp) and percent; everything else says its unit. A
number that does not exist (no interval with two seeds, say) is None, never NaN, so that the JSON is
strict. `Comparison.schema_version` changes whenever a field changes its meaning or goes away.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import field_validator

from augexp.analysis.budget.schema import Budget, EqualSteps
from augexp.analysis.declared.schema import Declared, DeclaredContrast
from augexp.analysis.groups.schema import GroupedContrast
from augexp.analysis.values import (
    Components,
    EqualBudget,
    Gain,
    Interval,
    Look,
    Measure,
    Metric,
    Outlook,
    Tone,
    Value,
    Wins,
)
from augexp.data.store_manifest import StoreManifest
from augexp.results.manifests import Horizon


class Contrast(Value):
    """One arm against the baseline.

    Attributes:
        arm: its name.
        control: `a/a` where the arm is defined as the baseline is; else empty.
        seeds: the paired seeds.
        differences: per seed, in pp of the primary metric.
        estimate: their mean; None without a pair.
        new_images: interval for another seed and other images of the same source: the headline.
        these_images: interval for another seed and these test images.
        components: parts of the variance; None with fewer than two seeds.
        verdict: in words.
        tone: of the words.
        decided: whether planned looks may stop here.
        sentence: the sentence of record.
        wins, correlation, relative_error_reduction, d_z, p, p_holm, p_sign_flip: p-values are two-sided or None.
        outlook: what to buy next; None without an interval.
        gain: by epoch; None without epochs.
        equal_budgets: at the same number of epochs in both arms, where budgets are chosen; else empty.
        equal_steps: at about the same steps, where an arm shows fixed copies and so has longer epochs; else None.
        measures: accuracy, log loss, Brier score, calibration error, AUROC, average precision, F1.
        classes: accuracy per class.
        confusion: mean counts per run without and with the policy, rows are true classes; None above 100 classes.
        declared: what is said of runs that somebody else trained alone; None for runs of this program.
        groups: where the test images belong to groups; then the group is the unit of the interval for new images.
        warnings: of this contrast.
    """

    arm: str
    control: str = ""
    seeds: tuple[int, ...] = ()
    differences: tuple[float, ...] = ()
    estimate: float | None = None
    new_images: Interval | None = None
    these_images: Interval | None = None
    components: Components | None = None
    verdict: str
    tone: Tone = "open"
    decided: bool = False
    sentence: str = ""
    wins: Wins | None = None
    correlation: float | None = None
    relative_error_reduction: float | None = None
    d_z: float | None = None
    p: float | None = None
    p_holm: float | None = None
    p_sign_flip: float | None = None
    outlook: Outlook | None = None
    gain: Gain | None = None
    equal_budgets: tuple[EqualBudget, ...] = ()
    equal_steps: EqualSteps | None = None
    measures: tuple[Measure, ...] = ()
    classes: tuple[Measure, ...] = ()
    confusion: tuple[tuple[tuple[float, ...], ...], ...] | None = None
    declared: DeclaredContrast | None = None
    groups: GroupedContrast | None = None
    warnings: tuple[str, ...] = ()


class Trend(Value):
    """The slope of the primary metric over the strengths of one policy.

    Attributes:
        policy: whose amounts are multiplied.
        arms, strengths: ascending by strength.
        slope: least-squares slope in pp per unit of strength, mean over the seeds.
        slopes: per seed.
        new_images, these_images: intervals of the slope, as for a difference.
        p: two-sided, of no slope, for new images.
    """

    policy: str
    arms: tuple[str, ...]
    strengths: tuple[float, ...]
    slope: float
    slopes: tuple[float, ...]
    new_images: Interval | None = None
    these_images: Interval | None = None
    p: float | None = None


class Arm(Value):
    """One arm over its runs.

    Attributes:
        name: of the arm.
        policy: name and version of its policy.
        summary: what the policy does.
        runs: finished runs.
        diverged: those without a finite loss or weights; they count as they are.
        metric: mean primary metric on the test split, in percent.
        validation, probe: mean accuracy at the last epoch, in percent; probe is on clean training images.
        gap: probe minus validation, in pp.
        images_seen, unique_images: per run, up to its budget.
        wall_seconds, cpu_seconds, augment_seconds: mean per run, up to its budget; None where not measured.
        budget: where it was chosen on validation; None where it was fixed.
    """

    name: str
    policy: str
    summary: str
    runs: int
    diverged: int
    metric: float | None = None
    validation: float | None = None
    probe: float | None = None
    gap: float | None = None
    images_seen: int
    unique_images: int
    wall_seconds: float | None = None
    cpu_seconds: float | None = None
    augment_seconds: float | None = None
    budget: Budget | None = None


class Missing(Value):
    """A run that the plan asks for and that is not there; with folds its name says which repeat and fold it is."""

    arm: str
    seed: int
    reason: str
    name: str = ""


class Comparison(Value):
    """The whole answer.

    Attributes:
        schema_version: of this structure.
        augexp: version of the program.
        name: of the experiment.
        experiment_hash, plan_hash: 16 hex digits each.
        source: what the images are, one line.
        synthetic: whether they are drawn and not photos.
        classes: names of the C classes.
        metric: `accuracy`, `balanced_accuracy` or `auroc`.
        equivalence: r, half-width of the region of practical equivalence in pp.
        baseline: the arm that the others are compared with.
        test_images: in the test split.
        test_clusters: the same with near-duplicates counted once.
        test_groups: groups that these belong to (patients, cameras); None where none were declared.
        draws: `whole`, `disjoint` or `subsampled` training draws; empty where not known.
        look: how many seeds, planned how.
        missing: runs that the plan asks for and that are not there; they block the verdict.
        arms, contrasts: in the order of the plan.
        best: arms that could be the best one; empty without intervals.
        trends: slopes over the strengths of a policy, where the arms are several strengths of it.
        warnings: what a reader must know with the answer.
        plan_changes: what was changed after the first pair of runs, oldest first.
        horizon: how far the runs went, where budgets are chosen; None where they were fixed.
        ledger: the budget that was equal in every run.
        data: facts of the prepared images, from ``store.json``.
        environment: versions and machines.
        command: reproduces it.
        definition: the resolved experiment.
        declared: what was declared about runs that somebody else trained; None for runs of this program.
        folds: K, where every image is a test image: "seeds" are then repeats, of K fits of each arm; None without.
    """

    schema_version: Literal[1] = 1
    augexp: str
    name: str
    experiment_hash: str
    plan_hash: str
    source: str
    synthetic: bool
    classes: tuple[str, ...]
    metric: Metric
    equivalence: float
    baseline: str
    test_images: int
    test_clusters: int
    test_groups: int | None = None
    draws: str = ""
    look: Look
    missing: tuple[Missing, ...] = ()
    arms: tuple[Arm, ...]
    contrasts: tuple[Contrast, ...]
    best: tuple[str, ...] = ()
    trends: tuple[Trend, ...] = ()
    warnings: tuple[str, ...] = ()
    plan_changes: tuple[str, ...] = ()
    horizon: Horizon | None = None
    ledger: dict[str, Any] = {}
    data: dict[str, Any] = {}
    environment: dict[str, str] = {}
    command: str = ""
    definition: dict[str, Any] = {}
    declared: Declared | None = None
    folds: int | None = None

    @field_validator("data")
    @classmethod
    def _is_a_manifest(cls, data: dict[str, Any]) -> dict[str, Any]:
        if data:
            StoreManifest.model_validate(data)
        return data

    def numbers(self, contrast: Contrast) -> tuple[int, ...]:
        """Return the numbers of the runs that a contrast rests on: its seeds, or all fits of its repeats."""
        size = self.folds or 1
        return tuple(seed * size + k for seed in contrast.seeds for k in range(size))

    @property
    def complete(self) -> bool:
        """Whether every run that the plan asks for is there."""
        return not self.missing
