"""Which warnings stand beside an answer, and what was changed in the plan; the words are in `words`."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from augexp.analysis import wording
from augexp.analysis.paired_runs import PairedRuns
from augexp.analysis.schema import Arm, Contrast, Missing
from augexp.analysis.statistics import Floats, mean_interval
from augexp.analysis.warnings import words
from augexp.augment.catalogue.registry import SPECS
from augexp.data.store_manifest import StoreManifest
from augexp.experiment.definition import Experiment
from augexp.experiment.plan import MANY_POLICIES, Plan
from augexp.results.manifests import Horizon, PlanEntry
from augexp.results.records import RunRecord

MIN_GAP = 1.0
"""Gap in pp between clean training images and validation below which there is next to no overfitting."""

FITTED = 99.0
"""Accuracy on clean training images in percent from which they are fitted, whatever the gap."""

OFFICIAL = "official"
"""Rule of a split whose test set came with the images."""


def collect_warnings(
    experiment: Experiment,
    records: Sequence[RunRecord],
    history: Sequence[PlanEntry],
    runs: PairedRuns,
    manifest: StoreManifest | None,
    draws: str,
    missing: Sequence[Missing],
    contrasts: Sequence[Contrast],
    arms: Sequence[Arm],
    *,
    horizon: Horizon | None = None,
    grey: bool = False,
) -> tuple[str, ...]:
    """Return what stands beside the answer, the gravest first.

    Args:
        experiment: the question.
        records: of all finished runs.
        history: every plan of the results folder.
        runs: those that count, paired.
        manifest: content of ``store.json``; None where it is not known.
        draws: how the training draws of the seeds relate.
        missing: runs that are missing.
        contrasts: the answers.
        arms: facts of the arms, in the order of the plan.
        horizon: how far runs with an automatic budget go.
        grey: whether the images have no colours.
    """
    texts = [words.missing_runs(missing)] if missing else []
    several = len(contrasts) > 1
    texts += [f"`{c.arm}`: {text}" if several else text for c in contrasts for text in c.warnings]
    texts += _of_runs(records, runs)
    texts += _of_budget(experiment, runs, contrasts, arms, manifest, horizon)
    texts += _of_colours(experiment) if grey else []
    texts += _of_design(experiment, history, draws, manifest)
    return tuple(dict.fromkeys(wording.as_sentence(text) for text in texts))


def _of_runs(records: Sequence[RunRecord], runs: PairedRuns) -> list[str]:
    texts = []
    diverged = [runs.run_name(r) for r in runs.records.values() if r.status == "diverged"]
    if diverged:
        texts.append(words.diverged_runs(diverged))
    versions = {json.dumps(record.run.versions, sort_keys=True) for record in runs.records.values()}
    if len(versions) > 1:
        texts.append(words.OTHER_VERSIONS)
    backends = {(record.run.versions or {}).get("backend", "tensorflow") for record in runs.records.values()}
    if others := sorted(backends - {"tensorflow"}):
        texts.append(words.other_backend(others))
    beyond = sorted({record.seed for record in records if record.finished} - set(runs.seeds))
    if beyond and runs.seeds:
        texts.append(words.unplanned_seeds(runs.named(beyond), runs.folds))
    return texts


def _of_budget(
    experiment: Experiment,
    runs: PairedRuns,
    contrasts: Sequence[Contrast],
    arms: Sequence[Arm],
    manifest: StoreManifest | None,
    horizon: Horizon | None,
) -> list[str]:
    """Return the warnings that say why this budget, network or test set cannot show a difference, and the remedy."""
    if not runs.seeds:
        return []
    plan, texts = experiment.plan, []
    baseline = next(arm for arm in arms if arm.name == plan.baseline)
    scores, chance = 100 * runs.scores(plan.baseline), chance_of(runs)
    if is_at_chance(scores, chance):
        texts.append(words.at_chance(plan.baseline, float(scores.mean()), chance))
    elif baseline.gap is not None and baseline.gap < MIN_GAP and (baseline.probe or 0.0) < FITTED:
        texts.append(words.not_fitted(plan.baseline, baseline.gap))
    if horizon is not None and horizon.still_gaining:
        texts.append(words.still_gains(horizon.still_gaining, horizon.epochs))
    if runs.horizon is not None and not runs.budgets:
        texts.append(words.no_own_budget(len(runs.seeds), runs.horizon))
    floor = min((contrast.outlook.image_floor for contrast in contrasts if contrast.outlook), default=0.0)
    official = manifest is not None and manifest.split.rule == OFFICIAL and not experiment.data.kind.keeps_official_test
    if floor > plan.equivalence and official:
        texts.append(words.small_official_test(len(runs.columns), floor, plan.equivalence))
    return texts


def is_at_chance(scores: Floats, chance: float) -> bool:
    """Tell whether the runs of an arm, float64 (n,) in percent, are no better than `chance`, as far as seeds tell."""
    ends = mean_interval(scores)
    return float(scores.mean()) <= chance or (ends is not None and ends[0] <= chance)


def chance_of(runs: PairedRuns) -> float:
    """Return what guessing gives in percent: the share of the largest class, of every class, or half for an AUROC."""
    if runs.metric == "auroc":
        return 50.0
    if runs.balanced:
        return 100.0 / len(runs.first.classes)
    return 100.0 * float(np.bincount(runs.columns.labels).max()) / len(runs.columns)


def _of_colours(experiment: Experiment) -> list[str]:
    operations = (o.name for arm in experiment.plan.arms for o in experiment.policy(arm).operations)
    names = [name for name in dict.fromkeys(operations) if name in SPECS and SPECS[name].needs_colour]
    return [words.grey_images(names)] if names else []


def _of_design(
    experiment: Experiment, history: Sequence[PlanEntry], draws: str, manifest: StoreManifest | None
) -> list[str]:
    texts = []
    if any(entry.blocks_finished > 0 for entry in history[1:]):
        texts.append(words.PLAN_CHANGED)
    if history and history[0].blocks_finished > 0:
        texts.append(words.late_plan(history[0].blocks_finished))
    if draws in words.DRAWS:
        texts.append(words.DRAWS[draws])
    texts += _of_stage(experiment.plan, experiment.data.folds)
    if experiment.data.kind.synthetic:
        texts.append(words.SYNTHETIC)
    if manifest is None:
        return texts
    if manifest.skipped.count:
        texts.append(words.skipped_records(manifest.skipped.count))
    return [*texts, *manifest.warnings]


def _of_stage(plan: Plan, folds: int | None) -> list[str]:
    policies = len(plan.arms) - 1
    if plan.stage == "screening":
        return [words.SCREENING]
    if plan.stage == "whole" and plan.screen is not False and policies > MANY_POLICIES:
        return [words.many_policies(policies, folds=folds)]
    return []


def plan_changes(history: Sequence[PlanEntry]) -> tuple[str, ...]:
    """Say what was changed in the plan after its first pair of runs, oldest first."""
    texts = []
    for before, after in zip(history, history[1:], strict=False):
        if after.blocks_finished <= 0:
            continue
        old, new = before.plan.model_dump(), after.plan.model_dump()
        changes = [(key, old[key], new[key]) for key in new if new[key] != old[key]]
        arm_changed = before.arms != after.arms and "arms" not in [key for key, *_ in changes]
        texts.append(words.plan_change(after.blocks_finished, changes, arm_changed=arm_changed))
    return tuple(texts)
