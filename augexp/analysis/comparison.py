"""Compute the `Comparison` of an experiment from the records of its runs.

Nothing here trains or draws. The same records, plan and history give the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from augexp.analysis import looks, statistics, trend, wording
from augexp.analysis.budget import equal, equal_steps
from augexp.analysis.budget.schema import Budget
from augexp.analysis.contrast import compare_arm, could_be_best
from augexp.analysis.critical_values import level
from augexp.analysis.folds.outlook import with_folds
from augexp.analysis.folds.runs import runs_of
from augexp.analysis.looks import History
from augexp.analysis.paired_runs import PairedRuns
from augexp.analysis.schema import Arm, Comparison, Contrast, Missing
from augexp.analysis.settings import AnalysisSettings, make_settings
from augexp.analysis.values import Look
from augexp.analysis.warnings import words as warning_words
from augexp.analysis.warnings.collect import collect_warnings, plan_changes
from augexp.data.store_manifest import StoreManifest
from augexp.experiment.definition import Experiment
from augexp.results.manifests import Horizon
from augexp.results.records import RunRecord
from augexp.version import __version__


def compare(
    experiment: Experiment,
    records: Sequence[RunRecord],
    history: History,
    *,
    manifest: StoreManifest | None = None,
    draws: str = "",
    command: str = "",
    horizon: Horizon | None = None,
    grey: bool = False,
) -> Comparison:
    """Answer: does it help, by how much, how sure is that?

    Args:
        experiment: data, arms, plan.
        records: those that there are; runs that the plan asks for and that are not among them are
            named as missing and block the verdict.
        history: every plan that the results folder has had, oldest first.
        manifest: content of ``store.json``; None where it is not known.
        draws: how the training draws of the seeds relate; may be empty.
        command: what reproduces the answer.
        horizon: how far runs with an automatic budget go; the records have to be those that `budget.horizon.readable`
            leaves.
        grey: whether the images have no colours.

    Raises:
        AnalysisError: runs that do not belong together.
    """
    plan = experiment.plan
    planned, number = looks.planned_seeds(experiment, records, history)
    seeds = looks.counted_seeds(experiment, records, history, planned)
    runs = runs_of(experiment, records, seeds)
    blocks = len(runs.blocks_of(plan.baseline))
    missing = _missing(experiment, records, experiment.blocks(planned))
    contrast_level = looks.contrast_level(experiment, history)
    settings = make_settings(experiment, contrast_level, metric=runs.metric, missing=bool(missing), look=number)
    contrasts = _contrasts(experiment, runs, settings, manifest)
    arms = tuple(_arm(experiment, runs, name) for name in plan.arms)
    rule, folds, pairs = contrast_level.rule, contrast_level.folds, max(1, len(plan.arms) * (len(plan.arms) - 1) // 2)
    return Comparison(
        augexp=__version__,
        **_asked(experiment),
        **_tested(runs, manifest),
        draws=draws,
        look=look_of(settings, blocks),
        missing=missing,
        arms=arms,
        contrasts=contrasts,
        best=could_be_best(runs, settings, level(rule, pairs, plan.looks, folds)),
        trends=trend.trends(experiment, runs, level(rule, 1, plan.looks, folds), missing=bool(missing)),
        warnings=collect_warnings(
            experiment, records, history, runs, manifest, draws, missing, contrasts, arms, horizon=horizon, grey=grey
        ),
        plan_changes=plan_changes(history),
        horizon=horizon,
        ledger=_ledger(runs),
        data=manifest.plain() if manifest else {},
        environment=environment_of(list(runs.records.values())),
        command=command,
    )


def _asked(experiment: Experiment) -> dict[str, Any]:
    """Return the fields of a `Comparison` that the definition says."""
    return {
        "name": experiment.name,
        "experiment_hash": experiment.hash,
        "plan_hash": experiment.plan_hash,
        "source": wording.source(experiment),
        "synthetic": experiment.data.kind.synthetic,
        "equivalence": experiment.plan.equivalence,
        "baseline": experiment.plan.baseline,
        "folds": experiment.data.folds,
        "definition": experiment.without_places(),
    }


def _tested(runs: PairedRuns, manifest: StoreManifest | None) -> dict[str, Any]:
    """Return the fields of a `Comparison` that say what the runs were tested on, and by which metric."""
    metric = runs.metric
    if not runs.seeds:
        classes = manifest.classes if manifest else ()
        return {"classes": classes, "test_images": 0, "test_clusters": 0, "test_groups": None, "metric": metric}
    return {
        "classes": runs.first.classes,
        "test_images": len(runs.first.labels),
        "test_clusters": len(runs.columns),
        "test_groups": groups_in(runs),
        "metric": metric,
    }


def groups_in(runs: PairedRuns) -> int | None:
    """Return how many groups the test images belong to; None where none were declared."""
    groups = runs.columns.groups
    return None if groups is None else len(np.unique(groups))


def contrasts_of(runs: PairedRuns, settings: AnalysisSettings) -> tuple[Contrast, ...]:
    """Return every arm against the baseline, in the order of the plan, with Holm's correction of the p-values."""
    baseline = settings.plan.baseline
    contrasts = [
        compare_arm(
            runs,
            baseline,
            arm,
            settings,
            equal.curve(runs, baseline, arm, settings),
            equal_steps.point(runs, baseline, arm, settings),
        )
        for arm in runs.arms
        if arm != baseline
    ]
    adjusted = statistics.holm([contrast.p for contrast in contrasts])
    return tuple(c.model_copy(update={"p_holm": p}) for c, p in zip(contrasts, adjusted, strict=True))


def _contrasts(
    experiment: Experiment, runs: PairedRuns, settings: AnalysisSettings, manifest: StoreManifest | None
) -> tuple[Contrast, ...]:
    """Return the contrasts, whose outlook says what folds would give where the images can be used whole."""
    contrasts = contrasts_of(runs, settings)
    if manifest is None or experiment.data.folds is not None or experiment.data.train_per_class is not None:
        return contrasts
    return tuple(_with_folds(contrast, runs, settings, manifest.images) for contrast in contrasts)


def _with_folds(contrast: Contrast, runs: PairedRuns, settings: AnalysisSettings, images: int) -> Contrast:
    """Say in the outlook of a contrast what folds would give with the runs that are planned anyway."""
    plan, outlook = settings.plan, contrast.outlook
    if outlook is None or plan.stage != "whole":
        return contrast
    different = round(images * len(runs.columns) / len(runs.first.labels))
    parts = runs.parts(plan.baseline, contrast.arm)
    folds = with_folds(parts, settings.level, different, max(plan.max_seeds, parts.n))
    return contrast.model_copy(update={"outlook": outlook.model_copy(update={"folds": folds})})


def look_of(settings: AnalysisSettings, seeds: int) -> Look:
    """Return how many seeds there are, and what that number was planned as."""
    own = settings.level
    # Independent arms have a quantile of their own in every contrast.
    t = np.inf if settings.declared and settings.declared.independent else own.t(seeds)
    return Look(
        rule=own.rule,
        seeds=seeds,
        number=settings.look,
        looks=settings.plan.looks if own.rule == "looks" else (),
        alpha=own.alpha,
        comparisons=own.comparisons,
        t=t if np.isfinite(t) else None,
        z=own.z,
    )


def _missing(experiment: Experiment, records: Sequence[RunRecord], seeds: Sequence[int]) -> tuple[Missing, ...]:
    known = {(record.arm, record.seed): record for record in records}
    missing = []
    for seed in seeds:
        for arm in experiment.plan.arms:
            record = known.get((arm, seed))
            name = experiment.run_name(arm, seed) if experiment.data.folds else ""
            if record is None:
                missing.append(Missing(arm=arm, seed=seed, reason=warning_words.NOT_RUN, name=name))
            elif not record.finished:
                missing.append(Missing(arm=arm, seed=seed, reason=record.run.error or "failed", name=name))
    return tuple(missing)


# -- what the runs have in common ----------------------------------------------------------------


def _ledger(runs: PairedRuns) -> dict[str, Any]:
    if not runs.records:
        return {}
    # That of the arms whose policies show nothing beside the images.
    first = min(runs.records.values(), key=lambda record: record.run.ledger.images_seen if record.run.ledger else 0).run
    ledger = first.ledger.values() if first.ledger else {}
    counts = {f"{name}_images": count for name, count in sorted(first.counts.values().items())} if first.counts else {}
    if runs.folds == 1:
        counts["test_images"] = len(runs.first.labels)  # those that are looked at
    return {**ledger, **counts, "runs": len(runs.records)}


def environment_of(records: Sequence[RunRecord]) -> dict[str, str]:
    """Return versions and processors of the runs; several values of one thing are listed."""
    by_name: dict[str, set[str]] = {}
    for record in records:
        values = {**(record.run.versions or {})}
        if record.timing.processor:
            values["processor"] = record.timing.processor
        for key, value in values.items():
            by_name.setdefault(str(key), set()).add(str(value))
    return {key: ", ".join(sorted(values)) for key, values in sorted(by_name.items())}


# -- one arm -------------------------------------------------------------------------------------


def _arm(experiment: Experiment, runs: PairedRuns, name: str) -> Arm:
    policy, records = experiment.policy(name), runs.of(name)
    validation, probe = _last(records, "val_accuracy"), _last(records, "probe_accuracy")
    return Arm(
        name=name,
        policy=f"{policy.name}@{policy.version}" if policy.version and policy.name == name else name,
        summary=policy.summary,
        runs=len(records),
        diverged=sum(record.status == "diverged" for record in records),
        metric=100 * float(runs.scores(name).mean()) if records else None,
        validation=validation,
        probe=probe,
        gap=None if probe is None or validation is None else probe - validation,
        images_seen=max(_last_counts(records, "images_seen"), default=0),
        unique_images=round(float(np.mean(_last_counts(records, "unique_images") or [0]))),
        wall_seconds=_mean([record.timing.wall_seconds for record in records]),
        cpu_seconds=_mean([record.timing.cpu_seconds for record in records]),
        augment_seconds=_mean([_augmentation(record) for record in records]),
        budget=_budget(runs, name),
    )


def _budget(runs: PairedRuns, name: str) -> Budget | None:
    choice = runs.budgets.get(name)
    if choice is None:
        return None
    steps = [float(record.epochs["steps"][-1]) for record in runs.of(name)]
    seconds = _mean([record.timing.wall_seconds for record in runs.of(name)])
    return Budget(epochs=choice.by_seed, typical=choice.typical, steps=float(np.mean(steps)), seconds=seconds)


def _last(records: Sequence[RunRecord], column: str) -> float | None:
    values = [100 * float(r.epochs[column][-1]) for r in records if len(r.epochs.get(column, ()))]
    return float(np.mean(values)) if values and np.isfinite(values).all() else None


def _last_counts(records: Sequence[RunRecord], column: str) -> list[int]:
    return [int(record.epochs[column][-1]) for record in records if len(record.epochs[column])]


def _augmentation(record: RunRecord) -> float | None:
    epochs = record.timing.epochs
    return sum(epoch.augment_seconds for epoch in epochs) if epochs else None


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known and len(known) == len(values) else None
