"""One arm against the baseline: estimate, intervals, verdict and the sentence of record."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from augexp.analysis import learning_curves, metrics, power, statistics, wording
from augexp.analysis.budget.schema import EqualSteps
from augexp.analysis.budget.words import unequal_steps
from augexp.analysis.critical_values import Level
from augexp.analysis.declared import images
from augexp.analysis.declared import outlook as independent_outlook
from augexp.analysis.declared.schema import DeclaredContrast
from augexp.analysis.folds import outlook as fold_outlook
from augexp.analysis.folds import wording as fold_wording
from augexp.analysis.groups import gains
from augexp.analysis.groups import wording as groups_wording
from augexp.analysis.groups.grouping import MIN_EFFECTIVE, MIN_GROUPS
from augexp.analysis.groups.schema import GroupedContrast
from augexp.analysis.measures.table import measures
from augexp.analysis.paired_runs import PairedRuns
from augexp.analysis.schema import Contrast
from augexp.analysis.settings import AnalysisSettings
from augexp.analysis.statistics import MIN_IMAGES, Crossed, Floats
from augexp.analysis.values import Components, EqualBudget, Interval, Measure, Wins
from augexp.analysis.verdict import FIRST_LOOK, Verdict, decide, no_verdict
from augexp.analysis.warnings import words as warning_words


@dataclass(frozen=True)
class Inference:
    """What a matrix of differences says: intervals in pp (None where there is none), verdict and warnings."""

    parts: Crossed
    verdict: Verdict
    new_images: Interval | None = None
    these_images: Interval | None = None
    warnings: tuple[str, ...] = ()


def infer(differences: Floats, settings: AnalysisSettings, *, control: bool = False) -> Inference:
    """Return intervals and verdict of D in pp, float64 (n, m).

    Args:
        differences: D.
        settings: of the comparison.
        control: whether the arm is defined as the baseline is, so that D has to be zero.
    """
    return conclude(statistics.crossed(differences), settings, equal=not differences.any(), control=control)


def conclude(parts: Crossed, settings: AnalysisSettings, *, equal: bool, control: bool = False) -> Inference:
    """Return intervals and verdict of a difference in pp.

    Args:
        parts: of the difference.
        settings: of the comparison.
        equal: whether the outcomes of the two arms are the same.
        control: whether the arm is defined as the baseline is, so that they have to be.
    """
    if equal:
        return _infer_from_equal_arms(parts, settings, control=control)
    if not settings.claims:
        return Inference(parts, no_verdict(wording.RUNS_MISSING if settings.missing else wording.no_claim(settings)))
    warnings = (warning_words.CONTROL_DIFFERS,) if control else ()
    if not parts.enough:
        words = wording.SMOKE if parts.folds == 1 else wording.ONE_REPEAT
        words = wording.RUNS_MISSING if settings.missing else words
        return Inference(parts, no_verdict(words), warnings=warnings)
    if parts.tied:
        warnings = (*warnings, warning_words.equal_seeds(parts.n, folds=parts.folds))
        return Inference(parts, no_verdict(fold_wording.same_difference(parts.folds)), warnings=warnings)
    r = settings.plan.equivalence
    if not math.isfinite(settings.level.of(parts)):
        return Inference(parts, decide(-math.inf, math.inf, r), warnings=warnings)
    new, these = intervals(parts, settings.level)
    if new is None:
        few = parts.m < MIN_IMAGES or parts.groups is None
        text = warning_words.few_images(parts.m) if few else groups_wording.few_groups(parts.groups or 0)
        warnings = (*warnings, text)
    headline = new or these
    verdict = decide(headline.low, headline.high, r)
    if settings.missing:
        verdict = no_verdict(wording.RUNS_MISSING)
    elif parts.folds == 1 and parts.n < FIRST_LOOK:
        verdict = no_verdict(wording.SMOKE)
    return Inference(parts, verdict, new, these, warnings)


def intervals(parts: Crossed, level: Level) -> tuple[Interval | None, Interval]:
    """Return the intervals for new images, None with too few test images, and for these images."""
    narrow, wide = statistics.half_widths(parts, level.of(parts), level.of_images(parts))
    new = Interval(low=parts.estimate - wide, high=parts.estimate + wide) if parts.tells_of_new_images else None
    return new, Interval(low=parts.estimate - narrow, high=parts.estimate + narrow)


def _infer_from_equal_arms(parts: Crossed, settings: AnalysisSettings, *, control: bool) -> Inference:
    if control:
        zero = Interval(low=0.0, high=0.0) if settings.claims else None
        return Inference(parts, Verdict(wording.CONTROL, "same"), zero, zero)
    words = wording.RUNS_MISSING if settings.missing else wording.SAME_PREDICTIONS
    warnings = (warning_words.equal_arms(parts.folds),) if settings.claims else ()
    return Inference(parts, no_verdict(words), warnings=warnings)


def compare_arm(
    runs: PairedRuns,
    baseline: str,
    arm: str,
    settings: AnalysisSettings,
    equal: tuple[EqualBudget, ...] = (),
    same_steps: EqualSteps | None = None,
) -> Contrast:
    """Return everything that is said about `arm` against `baseline`; the last two are what equal budgets give."""
    control = arm in settings.controls
    name = "a/a" if control else ""
    if not runs.seeds:
        return Contrast(arm=arm, control=name, verdict=wording.RUNS_MISSING, sentence=wording.no_pair(arm, runs.folds))
    parts, equal_arms = runs.parts(baseline, arm), runs.equal(baseline, arm)
    inference = conclude(parts, settings, equal=equal_arms, control=control)
    by_seed, paired = parts.by_seed, not runs.independent
    first, second = runs.scores(baseline), runs.scores(arm)
    spread = parts.seed_sd if parts.n > 1 and paired else 0.0
    outlook = None
    if inference.new_images is not None and not control:
        look_ahead = power.look_ahead if paired else independent_outlook.look_ahead
        look_ahead = fold_outlook.look_ahead if runs.folds > 1 else look_ahead
        outlook = look_ahead(parts, settings, decided=inference.verdict.decided)
    classes = metrics.by_class(runs, baseline, arm, settings)
    p_values = settings.claims and parts.tells_of_new_images
    grouped = _grouped(runs, baseline, arm, parts, inference, settings)
    contrast = Contrast(
        arm=arm,
        control=name,
        seeds=runs.blocks_of(arm),
        differences=tuple(by_seed.tolist()),
        estimate=parts.estimate,
        new_images=inference.new_images,
        these_images=inference.these_images,
        components=_components(parts),
        verdict=inference.verdict.words,
        tone=inference.verdict.tone,
        decided=inference.verdict.decided,
        wins=_wins(by_seed.tolist()) if paired else None,
        correlation=statistics.correlation(first, second) if paired else None,
        relative_error_reduction=_relative(runs, float(first.mean()), parts.estimate),
        d_z=parts.estimate / spread if spread > 0 else None,
        p=statistics.p_value(parts) if p_values else None,
        # Repeats are no independent seeds: all of them train on the same images.
        p_sign_flip=statistics.sign_flip(by_seed.tolist()) if settings.claims and paired and runs.folds == 1 else None,
        outlook=outlook,
        gain=learning_curves.gain(runs.up_to_the_horizon(baseline, arm), baseline, arm, settings),
        equal_budgets=equal,
        equal_steps=same_steps,
        measures=(*metrics.all_measures(runs, baseline, arm, settings), *measures(runs, baseline, arm, settings)),
        classes=classes,
        confusion=metrics.confusion(runs, baseline, arm),
        declared=_declared(runs, baseline, arm, parts, inference) if settings.declared else None,
        groups=grouped,
        warnings=(
            *inference.warnings,
            *_uneven(grouped if inference.new_images else None),
            *_few_in_classes(runs, classes, settings),
        ),
    )
    sentence = wording.sentence_of_record(contrast, settings, images=parts.m, budget=_budget(runs, contrast, baseline))
    return contrast.model_copy(update={"sentence": sentence})


def _grouped(
    runs: PairedRuns, baseline: str, arm: str, parts: Crossed, inference: Inference, settings: AnalysisSettings
) -> GroupedContrast | None:
    halves = None
    if parts.groups is not None and inference.these_images is not None and parts.seeds > 0:
        alone = runs.parts_by_images(baseline, arm)
        new, _ = intervals(alone, settings.level)
        if new is not None:
            own = inference.new_images
            halves = ((own.high - own.low) / 2 if own else None, (new.high - new.low) / 2)
    return gains.grouped(runs, baseline, arm, halves, parts.estimate)


def _uneven(groups: GroupedContrast | None) -> tuple[str, ...]:
    if groups is None or groups.effective >= MIN_EFFECTIVE:
        return ()
    return (groups_wording.uneven_groups(groups.count, groups.effective, groups.largest),)


def _few_in_classes(runs: PairedRuns, classes: Sequence[Measure], settings: AnalysisSettings) -> tuple[str, ...]:
    """Warn of classes with too few images, or too few groups, for intervals that hold for others."""
    if not settings.claims:
        return ()
    few = [measure.name for measure in classes if measure.images < MIN_IMAGES]
    texts = (warning_words.few_class_images(few),) if few else ()
    groups = runs.columns.groups
    if groups is None or len(np.unique(groups)) < MIN_GROUPS:
        return texts
    counts = {name: len(np.unique(groups[runs.columns.of_class(k)])) for k, name in enumerate(runs.first.classes)}
    names = [c.name for c in classes if c.images >= MIN_IMAGES and counts[c.name] < MIN_GROUPS]
    return (*texts, groups_wording.few_class_groups(names)) if names else texts


def _wins(by_seed: list[float]) -> Wins:
    won, ties, low, high, chance = statistics.wins(by_seed)
    return Wins(wins=won, ties=ties, n=len(by_seed), low=low, high=high, chance=chance)


def _declared(runs: PairedRuns, baseline: str, arm: str, parts: Crossed, inference: Inference) -> DeclaredContrast:
    seeds = runs.seeds_of(baseline) if runs.independent else ()
    degrees = parts.degrees if runs.independent and inference.these_images else None
    return DeclaredContrast(baseline_seeds=seeds, degrees=degrees, **images.changed(runs, baseline, arm))


def _budget(runs: PairedRuns, contrast: Contrast, baseline: str) -> wording.BudgetWords:
    arm = contrast.arm
    ledger, other = (runs.of(name)[0].run.ledger for name in (arm, baseline))
    typical = {name: runs.budgets[name].typical for name in (baseline, arm) if runs.budgets}
    if ledger is None or other is None or (ledger.copies or 0) == (other.copies or 0):
        return wording.BudgetWords(ledger.steps if ledger else None, typical)
    return wording.BudgetWords(None, typical, "images", unequal_steps(contrast, baseline, other.steps, ledger.steps))


def _components(parts: Crossed) -> Components | None:
    if parts.n < 2 or parts.m < 2:
        return None
    return Components(n=parts.n, m=parts.m, seeds=parts.seeds, images=parts.images, residual=parts.residual)


def _relative(runs: PairedRuns, baseline: float, estimate: float) -> float | None:
    """Return the reduction of the error rate as a fraction of the baseline's error; None for an AUROC."""
    return estimate / 100 / (1 - baseline) if baseline < 1 and runs.metric != "auroc" else None


def could_be_best(runs: PairedRuns, settings: AnalysisSettings, pairwise: Level) -> tuple[str, ...]:
    """Return the arms whose simultaneous upper bound against every other arm is not below zero.

    Args:
        runs: of all arms, the baseline too.
        settings: of the comparison.
        pairwise: level of the intervals of all pairs together.
    """
    fewest = min(len(runs.blocks_of(arm)) for arm in runs.arms)
    enough = len(runs.arms) > 1 and fewest >= statistics.least(runs.folds) and math.isfinite(pairwise.t(fewest))
    if not enough or settings.missing or not settings.claims:
        return ()
    outcomes = {arm: 100.0 * runs.outcomes(arm) * runs.weights for arm in runs.arms}
    best = []
    for arm in runs.arms:
        uppers = []
        for other in runs.arms:
            if other != arm:
                parts = runs.take_apart(outcomes[other], outcomes[arm], weights=runs.weights)
                t, z = pairwise.of(parts), pairwise.of_images(parts)
                uppers.append(parts.estimate + statistics.half_widths(parts, t, z)[1])
        if min(uppers) >= 0:
            best.append(arm)
    return tuple(best)
