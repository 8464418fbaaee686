"""The words that are stored in a `Comparison`: verdicts, sentences of record; how numbers are written.

Warnings have their words in `augexp.analysis.warnings.words`, what is only shown of a comparison in
`augexp.reporting.wording`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from augexp.analysis.critical_values import Level
from augexp.analysis.declared import wording as declared
from augexp.analysis.folds import wording as folded
from augexp.analysis.schema import Contrast
from augexp.analysis.settings import AnalysisSettings
from augexp.analysis.values import EqualBudget, Interval, Metric
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


def metric(key: Metric) -> str:
    """Return the name of a primary metric."""
    return {"accuracy": "accuracy", "balanced_accuracy": "balanced accuracy", "auroc": "AUROC"}[key]


def source(experiment: Experiment) -> str:
    """Say in one line what the images are, without their place on this machine."""
    data = experiment.data
    return f"{data.kind.describe(data)}, {data.image_size} × {data.image_size} pixels"


def as_sentence(text: str) -> str:
    """Return a warning with a capital letter and a full stop."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


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
        same, further: what is equal beside the initialisation, and a sentence more.
    """

    steps: int | None
    typical: Mapping[str, int]
    same: str = "order"
    further: str = ""


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
    end = f"{equal}initialisation and {budget.same}{rho}.{budget.further}"
    if settings.declared:
        end = f"{declared.not_verified(settings.declared.design, settings.declared.endpoint)}{rho}."
    return (
        f"On {where}, `{contrast.arm}` changed {metric(settings.metric)} by {estimate} pp{average} "
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
