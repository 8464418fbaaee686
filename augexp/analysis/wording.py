"""The words that are stored in a `Comparison`: verdicts, sentences of record, warnings; how numbers are written.

What is only shown of a comparison has its words in `augexp.reporting.wording`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from augexp.analysis.critical_values import Level
from augexp.analysis.declared import wording as declared
from augexp.analysis.folds import wording as folded
from augexp.analysis.schema import Contrast, EqualBudget, Interval, Missing
from augexp.analysis.settings import AnalysisSettings
from augexp.analysis.statistics import MIN_IMAGES
from augexp.experiment.definition import Experiment
from augexp.experiment.nouns import nouns

MISSING = "–"
MINUS = "−"


def number(value: float, digits: int, *, signed: bool = False) -> str:
    """Write a number with a true minus sign; a zero has no sign."""
    if not math.isfinite(value):
        return MISSING if math.isnan(value) else ("∞" if value > 0 else f"{MINUS}∞")
    text = f"{abs(value):,.{digits}f}"
    if not any(c in "123456789" for c in text):
        return text
    return (MINUS if value < 0 else "+" if signed else "") + text


def ends(interval: Interval, digits: int = 1) -> str:
    """Write the two ends of an interval, with signs."""
    return f"{number(interval.low, digits, signed=True)} to {number(interval.high, digits, signed=True)}"


def level_words(level: Level) -> str:
    """Say the confidence of the intervals of a level."""
    kind = "95 % anytime-valid interval" if level.rule == "anytime" else "95 % interval"
    return f"simultaneous {kind}" if level.comparisons > 1 else kind


def metric(*, balanced: bool) -> str:
    """Return the name of the primary metric."""
    return "balanced accuracy" if balanced else "accuracy"


def source(experiment: Experiment) -> str:
    """Say in one line what the images are, without their place on this machine."""
    data = experiment.data
    return f"{data.kind.describe(data)}, {data.image_size} × {data.image_size} pixels"


# -- verdicts ------------------------------------------------------------------------------------

ONE_REPEAT = "NO VERDICT: one repeat of the folds has no interval"
SMOKE = "NO VERDICT: fewer than five seeds are a smoke run"
RANKING = "NO CLAIM: only a ranking"
BEST_ON_TEST = "NO VERDICT: the test images chose the epoch, so the difference is described and not judged"
RUNS_MISSING = "NO VERDICT YET: runs are missing"
SAME_PREDICTIONS = "NO VERDICT: the arms gave the same predictions"
CONTROL = "NO DIFFERENCE AT ALL, as a control must have it"
UNDECIDED = "UNDECIDED"
NO_DIFFERENCE = "NO PRACTICAL DIFFERENCE"
NEGLIGIBLE = "NO PRACTICAL DIFFERENCE (detectable but negligible)"
HELPS = "HELPS, size uncertain"
HURTS = "HURTS, size uncertain"
MAY_HELP = "DOES NOT HURT, may help"
MAY_HURT = "DOES NOT HELP, may hurt"


def no_claim(settings: AnalysisSettings) -> str:
    """Return the verdict of a comparison that claims nothing."""
    return BEST_ON_TEST if settings.only_described else RANKING


def helps(least: float) -> str:
    """Return the verdict of an arm that is better by at least so many pp."""
    return f"HELPS, by at least {number(least, 1)} pp"


def hurts(least: float) -> str:
    """Return the verdict of an arm that is worse by at least so many pp."""
    return f"HURTS, by at least {number(least, 1)} pp"


# -- sentences of record -------------------------------------------------------------------------


class BudgetWords(NamedTuple):
    """What a sentence of record says of the budget.

    Attributes:
        steps: optimiser steps of each run; None where not known.
        typical: epochs of the baseline and the arm where the validation images chose them; else empty.
    """

    steps: int | None
    typical: Mapping[str, int]


def sentence_of_record(contrast: Contrast, settings: AnalysisSettings, *, images: int, budget: BudgetWords) -> str:
    """Say what a contrast shows, with everything that is needed to read it.

    Args:
        contrast: with at least one seed.
        settings: of the comparison.
        images: test images, near-duplicates counted once.
        budget: of the runs.
    """
    kind = "synthetic drawings" if settings.synthetic else "images"
    where = f"new {kind} of these classes" if contrast.new_images else "these test images"
    interval = contrast.new_images or contrast.these_images
    confidence = f"{level_words(settings.level)} {ends(interval)}" if interval else "no interval"
    n, r, folds = len(contrast.seeds), settings.plan.equivalence, settings.level.folds
    seeds = nouns(folds).block + ("" if n == 1 else "s")
    unpaired = contrast.declared.baseline_seeds if contrast.declared else ()
    pairs = f"{n} {seeds} against {len(unpaired)} of `{settings.plan.baseline}`, no pairs"
    tested = f"{nouns(folds).images}{f' of {contrast.groups.count:,} groups' if contrast.groups else ''}"
    facts = [pairs if unpaired else f"{n} paired {seeds}", f"{images:,} {tested}"]
    facts = [*(facts if folds == 1 else folded.design(n, folds, f"{images:,} {tested}")), *_look(settings)]
    average = folded.estimand(images, folds) if folds > 1 else ""
    estimate = number(contrast.estimate or 0.0, 1, signed=True)
    won = f"{contrast.wins.wins if contrast.wins else 0} of {n} {seeds} better. " if not unpaired else ""
    beyond = contrast.tone in ("helps", "hurts") and "at least" in contrast.verdict
    region = f"more than ±{r:g} pp" if beyond else f"±{r:g} pp counts as no difference"
    if budget.typical:
        equal = equal_budgets(contrast.equal_budgets, budget.typical.values())
        where = f"{where}, each at its own best budget ({_typical(budget.typical)})"
    else:
        steps = f"{budget.steps:,} steps" if folds == 1 and budget.steps is not None else "steps"
        equal = f"Same {steps}, same " if budget.steps is not None else "Same "
    rho = "" if contrast.correlation is None else f"; ρ = {_decimal(contrast.correlation)}"
    end = f"{equal}initialisation and order{rho}."
    if settings.declared:
        end = f"{declared.not_verified(settings.declared.design, settings.declared.endpoint)}{rho}."
    return (
        f"On {where}, `{contrast.arm}` changed {metric(balanced=settings.balanced)} by {estimate} pp{average} "
        f"({confidence}; {', '.join(facts)}). {won}{contrast.verdict} ({region}). {end}"
    )


def equal_budgets(points: Sequence[EqualBudget], budgets: Iterable[int]) -> str:
    """Say what the difference is with the same epochs in both arms: at each one's own budget and at the horizon."""
    named = {*budgets, *(point.epochs for point in points[-1:])}
    known = [point for point in points if point.epochs in named]
    listed = [f"{number(point.difference, 1, signed=True)} pp at {point.epochs}" for point in known]
    return f"With the same epochs: {', '.join(listed)}. Same "


def _typical(budgets: Mapping[str, int]) -> str:
    (first, epochs), *others = budgets.items()
    return ", ".join([f"`{first}` {epochs} epoch{'s' if epochs > 1 else ''}", *(f"`{a}` {e}" for a, e in others)])


def no_pair(arm: str, folds: int) -> str:
    """Return the sentence of record of an arm without a finished pair of runs."""
    return f"`{arm}` cannot be compared yet: no {nouns(folds).block} is finished in every arm. {RUNS_MISSING}."


def _look(settings: AnalysisSettings) -> list[str]:
    """Say at which planned look the answer was given, and after which stage."""
    plan = settings.plan
    parts = [f"look {settings.look} of {len(plan.looks)}"] if settings.look else []
    if plan.stage == "screening":
        parts.append(f"screening of {len(plan.arms) - 1} policies")
    elif plan.stage == "confirmation":
        parts.append(f"after a screening of {len(plan.screened)} policies")
    return parts


def _decimal(value: float) -> str:
    return number(value, 2).replace("0.", ".", 1) if abs(value) < 0.995 else number(value, 2)


# -- warnings of one contrast --------------------------------------------------------------------

CONTROL_DIFFERS = (
    "the arm is defined as the baseline is and still gave other predictions: this machine does not repeat "
    "its own numbers, so no difference can be trusted (augexp verify tells more)"
)


def equal_arms(folds: int) -> str:
    """Warn of arms that gave the same predictions."""
    return (
        f"both arms gave the same predictions on every image in every {nouns(folds).run}; either nothing was learned "
        "(more epochs?) or the policy changes no image of this size"
    )


def equal_seeds(n: int, *, folds: int = 1) -> str:
    """Warn that n seeds, or with folds n repeats, gave the same difference."""
    unit, images = nouns(folds).blocks, nouns(folds).images
    return (
        f"all {n} {unit} gave the same difference, so their spread cannot be estimated; "
        f"more {images} or more {unit} are needed"
    )


def few_images(m: int) -> str:
    """Warn that m test images are too few for an interval that holds for new ones."""
    return (
        f"only {m} test images: the interval holds for these images and says nothing about others; "
        f"at least {MIN_IMAGES} are needed for that"
    )


NAMED_CLASSES = 10


def few_class_images(names: Sequence[str]) -> str:
    """Warn that the intervals of some classes hold for these images alone."""
    more = f" and {len(names) - NAMED_CLASSES:,} more classes" if len(names) > NAMED_CLASSES else ""
    return (
        f"fewer than {MIN_IMAGES} test images in {', '.join(names[:NAMED_CLASSES])}{more}: the interval of such a "
        "class holds for these images alone"
    )


# -- warnings of the comparison ------------------------------------------------------------------

NAMED_RUNS = 5


def other_backend(names: Sequence[str]) -> str:
    """Warn that networks were not trained by TensorFlow."""
    return (
        f"the networks were trained by Keras' backend {', '.join(names)}, which the variable KERAS_BACKEND named; "
        "TensorFlow, the default, gives other numbers"
    )


"""Missing runs that a warning names one by one."""

NOT_RUN = "not run yet"
"""Reason of a missing run that was never executed."""

OTHER_VERSIONS = "the runs were made with different library versions or on different machines; see Environment"
PLAN_CHANGED = "the plan was changed after its first pair of runs, so the intervals are the wider, anytime-valid ones"
DRAWS = {
    "whole": "every seed trains on the same images: the answer is conditional on this training set",
    "subsampled": "the training draws of the seeds overlap, since there are too few images for disjoint ones",
}
SCREENING = "this is a screening on one half of the test images: it ranks the policies, and nothing is claimed"
SYNTHETIC = "the images are synthetic drawings: nothing about photos follows from this answer"


# Warnings that name a remedy have a code, by which they can be looked for.


def coded(code: str, text: str) -> str:
    """Return a warning that begins with its code."""
    return f"[{code}] {as_sentence(text)}"


def at_chance(baseline: str, metric: float, chance: float) -> str:
    """Warn of a baseline whose accuracy is not clearly above chance; both in percent."""
    return coded(
        "baseline-at-chance",
        f"`{baseline}` gets {number(metric, 1)} %, which is not clearly above the {number(chance, 1)} % of chance: "
        "there is nothing yet that augmentation could improve; try more --epochs, a larger --image-size, more images "
        "or another --model",
    )


def not_fitted(baseline: str, gap: float) -> str:
    """Warn of a baseline that does not fit its training images; the gap is in pp."""
    return coded(
        "not-fitted",
        f"`{baseline}` is hardly better on its clean training images than on validation images (gap "
        f"{number(gap, 1, signed=True)} pp): there is no overfitting that augmentation could reduce; try more --epochs "
        "or a larger --model",
    )


def still_gains(arms: Sequence[str], epochs: int) -> str:
    """Warn of arms that still gained on validation at the cap of the horizon."""
    named = ", ".join(f"`{arm}`" for arm in arms)
    return coded(
        "still-gaining",
        f"{named} still gained on validation at the cap of {epochs} epochs, so the own best budget may lie beyond; "
        f"--max-epochs {2 * epochs} goes on from there",
    )


def small_official_test(images: int, floor: float, r: float) -> str:
    """Warn of an official test set that no number of seeds makes good for; floor and r are in pp."""
    return coded(
        "few-test-images",
        f"the official test set of {images:,} images leaves ±{number(floor, 1)} pp whatever the number of seeds, so "
        f"no difference can be shown to be below ±{r:g} pp; --test held-out takes a test set out of all images, or add "
        "test images",
    )


def grey_images(operations: Sequence[str]) -> str:
    """Warn of operations on colours where the images have none."""
    return coded(
        "grey-images",
        f"the images are grey, which {', '.join(operations)} leave as they are; leave them out of the policy",
    )


def no_own_budget(seeds: int, epochs: int) -> str:
    """Warn of too few seeds for a choice of budgets."""
    return coded(
        "no-own-budget",
        f"{seeds} seeds cannot choose a budget, so every arm is judged at {epochs} epochs; at least 3 --seeds are "
        "needed",
    )


def missing_runs(missing: Sequence[Missing]) -> str:
    """Warn of runs that are missing, and name the first of those that failed, or else of all."""
    failed = [run for run in missing if run.reason != NOT_RUN]
    listed = [f"{run.name or f'{run.arm} seed {run.seed}'} ({run.reason})" for run in (failed or missing)[:NAMED_RUNS]]
    more = f" and {len(missing) - len(listed)} more" if len(missing) > len(listed) else ""
    return f"{len(missing)} runs are missing, which blocks the verdict: {', '.join(listed)}{more}"


def diverged_runs(names: Sequence[str]) -> str:
    """Warn of runs without finite numbers."""
    return f"diverged, and counted as they are: {', '.join(names)}"


def unplanned_seeds(seeds: Sequence[int], folds: int = 1) -> str:
    """Warn of finished runs that do not count."""
    return f"runs outside the blocks of the plan were left out: {nouns(folds).block} {', '.join(map(str, seeds))}"


def late_plan(blocks: int) -> str:
    """Warn of runs that are older than the plan."""
    return f"{blocks} pairs of runs were there before the plan was written down"


def many_policies(count: int) -> str:
    """Warn of many policies that are compared without a screening."""
    return (
        f"{count} policies share the error probability, which widens every interval; with --screen a few "
        "seeds rank them first, and the best two are confirmed on fresh seeds and images"
    )


def skipped_records(count: int) -> str:
    """Warn of records of the source that cannot be decoded."""
    return f"{count} records could not be read and were left out; see Data"


def runs_without_digests(count: int, total: int) -> str:
    """Say how many runs hold no digests; empty without any."""
    return f"{count} of {total} runs" if count else ""


def without_digests(parts: Sequence[str]) -> str:
    """Warn of files that hold no digests, so that nobody can tell whether they are as they were written."""
    names = ", ".join(part for part in parts if part)
    return (
        f"written by augexp 0.1, without digests: {names}; whether these files are as they were written can be told "
        "only where one of them contradicts another"
    )


def unreadable_times(count: int) -> str:
    """Warn of damaged ``timing.json``, which decides nothing; empty without any."""
    runs = "1 run" if count == 1 else f"{count} runs"
    return f"the times of {runs} are not known, since timing.json is damaged" if count else ""


def as_sentence(text: str) -> str:
    """Return a warning with a capital letter and a full stop."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


# -- changes of the plan -------------------------------------------------------------------------


def plan_change(pairs: int, changes: Sequence[tuple[str, Any, Any]], *, arm_changed: bool) -> str:
    """Say what was changed in the plan after so many pairs of runs.

    Args:
        pairs: finished before the change.
        changes: field, value before and value after.
        arm_changed: whether the definition of an arm was changed.
    """
    parts = [f"{field} from {_value(before)} to {_value(after)}" for field, before, after in changes]
    if arm_changed:
        parts.append("the definition of an arm")
    return f"after {pairs} pairs: {'; '.join(parts) or 'data or training'}"


def _value(value: Any) -> str:
    if value is None:
        return "planned looks"
    return (", ".join(map(str, value)) or "none") if isinstance(value, (list, tuple)) else str(value)
