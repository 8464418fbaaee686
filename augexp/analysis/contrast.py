"""One arm against the baseline: estimate, intervals, verdict and the sentence of record."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from augexp.analysis import gains, metrics, power, statistics
from augexp.analysis import verdict as verdicts
from augexp.analysis.critical_values import Level
from augexp.analysis.paired_runs import Evidence
from augexp.analysis.schema import Components, Contrast, Interval, Wins
from augexp.analysis.statistics import FEWEST_IMAGES, FEWEST_SEEDS, Crossed, Floats
from augexp.analysis.verdict import Verdict
from augexp.analysis.wording import number


@dataclass(frozen=True)
class Terms:
    """What all contrasts of a comparison have in common.

    Attributes:
        level: of the intervals.
        r: half-width of the region of practical equivalence, in pp.
        metric: in words.
        scope: what new images are, e.g. "new images of these classes".
        look: e.g. "look 2 of 4" and what came before; may be empty.
        missing: whether runs are missing, which blocks the verdict.
        controls: arms that are defined as the baseline is.
        screening: whether policies are only ranked, and nothing is claimed.
    """

    level: Level
    r: float
    metric: str
    scope: str
    look: str
    missing: bool
    controls: frozenset[str]
    screening: bool = False


@dataclass(frozen=True)
class Judgement:
    """A matrix of differences and what it says."""

    parts: Crossed
    new_images: Interval | None
    these_images: Interval | None
    verdict: Verdict
    warnings: tuple[str, ...] = ()


def judge(differences: Floats, terms: Terms, *, control: bool = False) -> Judgement:
    """Return intervals and verdict of D in pp, float64 (n, m).

    Args:
        differences: D.
        terms: of the comparison.
        control: whether the arm is defined as the baseline is, so that D has to be zero.
    """
    parts = statistics.crossed(differences)
    if not differences.any():
        return _judge_equal(parts, terms, control=control)
    warnings = []
    if control:
        warnings.append(
            "the arm is defined as the baseline is and still gave other predictions: this machine does not repeat "
            "its own numbers, so no difference can be trusted (augexp verify tells more)"
        )
    if terms.screening:
        words = verdicts.MISSING if terms.missing else verdicts.SCREENING
        return Judgement(parts, None, None, verdicts.without(words), tuple(warnings))
    if parts.n < FEWEST_SEEDS:
        words = verdicts.MISSING if terms.missing else verdicts.SMOKE
        return Judgement(parts, None, None, verdicts.without(words), tuple(warnings))
    if float(np.ptp(parts.by_seed)) < 1e-9:
        warnings.append(
            f"all {parts.n} seeds gave the same difference, so their spread cannot be estimated; "
            "more test images or more seeds are needed"
        )
        return Judgement(parts, None, None, verdicts.without(verdicts.TIED), tuple(warnings))
    t = terms.level.t(parts.n)
    if not math.isfinite(t):
        return Judgement(parts, None, None, verdicts.decide(-math.inf, math.inf, terms.r), tuple(warnings))
    narrow, wide = statistics.half_widths(parts, t, terms.level.z)
    these = Interval(low=parts.estimate - narrow, high=parts.estimate + narrow)
    new: Interval | None = Interval(low=parts.estimate - wide, high=parts.estimate + wide)
    if parts.m < FEWEST_IMAGES:
        new = None
        warnings.append(
            f"only {parts.m} test images: the interval holds for these images and says nothing about others; "
            f"at least {FEWEST_IMAGES} are needed for that"
        )
    headline = new or these
    verdict = verdicts.decide(headline.low, headline.high, terms.r)
    if terms.missing:
        verdict = verdicts.without(verdicts.MISSING)
    elif parts.n < verdicts.FIRST_LOOK:
        verdict = verdicts.without(verdicts.SMOKE)
    return Judgement(parts, new, these, verdict, tuple(warnings))


def _judge_equal(parts: Crossed, terms: Terms, *, control: bool) -> Judgement:
    if control:
        zero = Interval(low=0.0, high=0.0)
        return Judgement(parts, zero, zero, Verdict(verdicts.CONTROL, "same"))
    text = (
        "both arms gave the same predictions on every image in every seed; either nothing was learned "
        "(more epochs?) or the policy changes no image of this size"
    )
    words = verdicts.MISSING if terms.missing else verdicts.EQUAL
    return Judgement(parts, None, None, verdicts.without(words), (text,))


def contrast(found: Evidence, baseline: str, arm: str, terms: Terms) -> Contrast:
    """Return everything that is said about `arm` against `baseline`."""
    control = arm in terms.controls
    if not found.seeds:
        return _nothing(arm, control=control, terms=terms)
    whole = _contrast(found, baseline, arm, terms, control=control)
    return _unclaimed(whole) if terms.screening else whole


def _unclaimed(one: Contrast) -> Contrast:
    """Leave out everything that claims: a screening gives means alone."""
    plain = {"interval": None, "p": None}
    gain = one.gain and one.gain.model_copy(
        update={"low": None, "high": None, "surely_ahead_from": None, "slope_interval": None, "still_gaining": False}
    )
    return one.model_copy(
        update={
            "p": None,
            "outlook": None,
            "gain": gain,
            "measures": tuple(m.model_copy(update=plain) for m in one.measures),
            "classes": tuple(m.model_copy(update=plain) for m in one.classes),
            "warnings": (),
        }
    )


def _contrast(found: Evidence, baseline: str, arm: str, terms: Terms, *, control: bool) -> Contrast:
    judged = judge(found.differences(baseline, arm), terms, control=control)
    parts, by_seed = judged.parts, judged.parts.by_seed
    first, second = found.scores(baseline), found.scores(arm)
    won, ties, low, high, chance = statistics.wins(by_seed.tolist())
    spread = parts.seed_sd if parts.n > 1 else 0.0
    rho = statistics.correlation(first, second)
    records = [found.runs[name, seed] for name in (baseline, arm) for seed in found.seeds]
    ahead = None
    if judged.new_images is not None and not control:
        ahead = power.look_ahead(parts, terms.level, terms.r, decided=judged.verdict.decided)
    classes = metrics.by_class(found, baseline, arm, terms.level)
    few = [m for m in classes if m.images < FEWEST_IMAGES]
    warnings = [*judged.warnings]
    if few:
        warnings.append(
            f"fewer than {FEWEST_IMAGES} test images in {', '.join(m.name for m in few)}: the interval of such a class "
            "holds for these images alone"
        )
    return Contrast(
        arm=arm,
        control="a/a" if control else "",
        seeds=found.seeds,
        differences=tuple(by_seed.tolist()),
        estimate=parts.estimate,
        new_images=judged.new_images,
        these_images=judged.these_images,
        components=_components(parts),
        verdict=judged.verdict.words,
        tone=judged.verdict.tone,
        decided=judged.verdict.decided,
        sentence=_sentence(found, arm, judged, terms, rho, won),
        wins=Wins(wins=won, ties=ties, n=parts.n, low=low, high=high, chance=chance),
        correlation=rho,
        relative_error_reduction=_relative(float(first.mean()), parts.estimate),
        d_z=parts.estimate / spread if spread > 0 else None,
        p=statistics.p_value(parts) if parts.m >= FEWEST_IMAGES else None,
        p_holm=None,
        p_sign_flip=statistics.sign_flip(by_seed.tolist()),
        outlook=ahead,
        gain=gains.gain(records, baseline, arm),
        measures=metrics.all_measures(found, baseline, arm, terms.level),
        classes=classes,
        confusion=metrics.confusion(found, baseline, arm),
        warnings=tuple(warnings),
    )


def _components(parts: Crossed) -> Components | None:
    if parts.n < 2 or parts.m < 2:
        return None
    return Components(n=parts.n, m=parts.m, seeds=parts.seeds, images=parts.images, residual=parts.residual)


def _relative(baseline: float, estimate: float) -> float | None:
    """Return the reduction of the error rate as a fraction of the baseline's error."""
    return estimate / 100 / (1 - baseline) if baseline < 1 else None


def _nothing(arm: str, *, control: bool, terms: Terms) -> Contrast:
    return Contrast(
        arm=arm, control="a/a" if control else "", seeds=(), differences=(), estimate=None, new_images=None,
        these_images=None, components=None, verdict=verdicts.MISSING, tone="open", decided=False,
        sentence=f"`{arm}` cannot be compared yet: no seed is finished in every arm. {verdicts.MISSING}.",
        wins=None, correlation=None, relative_error_reduction=None, d_z=None, p=None, p_holm=None, p_sign_flip=None,
        outlook=None, gain=None, measures=(), classes=(), confusion=None, warnings=(),
    )  # fmt: skip


# -- the sentence of record ----------------------------------------------------------------------


def _sentence(found: Evidence, arm: str, judged: Judgement, terms: Terms, rho: float | None, won: int) -> str:
    parts = judged.parts
    where = terms.scope if judged.new_images is not None else "these test images"
    facts = [f"{parts.n} paired {_plural('seed', parts.n)}", f"{parts.m:,} test images"]
    if terms.look:
        facts.append(terms.look)
    sentences = [
        f"On {where}, `{arm}` changed {terms.metric} by {number(parts.estimate, 1, signed=True)} pp "
        f"({interval_words(judged.new_images or judged.these_images, terms.level)}; {', '.join(facts)}).",
        f"{won} of {parts.n} {_plural('seed', parts.n)} better.",
        f"{judged.verdict.words} ({_region(judged.verdict, terms.r)}).",
    ]
    ledger = found.runs[arm, found.seeds[0]].run.ledger
    steps = f"{ledger.steps:,} steps, same " if ledger else ""
    tail = f"; ρ = {_decimal(rho)}" if rho is not None else ""
    return " ".join([*sentences, f"Same {steps}initialisation and order{tail}."])


def _region(verdict: Verdict, r: float) -> str:
    if verdict.tone in ("helps", "hurts") and "at least" in verdict.words:
        return f"more than ±{r:g} pp"
    return f"±{r:g} pp counts as no difference"


def interval_words(interval: Interval | None, level: Level) -> str:
    """Say what an interval is: confidence, ends, and what it holds together with."""
    if interval is None:
        return "no interval"
    ends = f"{number(interval.low, 1, signed=True)} to {number(interval.high, 1, signed=True)}"
    return f"{level_words(level)} {ends}"


def level_words(level: Level) -> str:
    """Say the confidence of the intervals of a level."""
    kind = "95 % anytime-valid interval" if level.rule == "anytime" else "95 % interval"
    return f"simultaneous {kind}" if level.comparisons > 1 else kind


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"


def _decimal(value: float) -> str:
    return number(value, 2).replace("0.", ".", 1) if abs(value) < 0.995 else number(value, 2)


def could_be_best(found: Evidence, arms: Sequence[str], terms: Terms, pairwise: Level) -> tuple[str, ...]:
    """Return the arms whose simultaneous upper bound against every other arm is not below zero.

    Args:
        found: the runs.
        arms: all of them, the baseline too.
        terms: of the comparison.
        pairwise: level of the intervals of all pairs together.
    """
    t = pairwise.t(len(found.seeds))
    if len(found.seeds) < FEWEST_SEEDS or not math.isfinite(t) or terms.missing:
        return ()
    correct = {arm: 100.0 * found.correct(arm) * found.weights for arm in arms}
    best = []
    for arm in arms:
        uppers = []
        for other in arms:
            if other != arm:
                parts = statistics.crossed(correct[arm] - correct[other])
                uppers.append(parts.estimate + statistics.half_widths(parts, t, pairwise.z)[1])
        if min(uppers) >= 0:
            best.append(arm)
    return tuple(best)
