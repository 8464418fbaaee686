"""From the answer to what is shown of it: the one place where numbers become sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from augexp.analysis import contrast, schema, trend
from augexp.analysis.critical_values import Level
from augexp.analysis.schema import Comparison
from augexp.analysis.wording import number
from augexp.reporting import facts
from augexp.reporting.digest import Arm, Contrast, Digest, Interval, Measure, Pairs
from augexp.results.records import RunRecord


def digest(comparison: Comparison, records: Sequence[RunRecord] = ()) -> Digest:
    """Return what is shown of a comparison.

    Args:
        comparison: the answer.
        records: the runs behind it; what they add is drawn from them directly, so this only takes
            their number into account where the answer has none.
    """
    level = Level(comparison.look.rule, comparison.look.comparisons, comparison.look.alpha)
    return Digest(
        name=comparison.name,
        source=comparison.source,
        synthetic=comparison.synthetic,
        metric=facts.METRICS[comparison.metric],
        r=comparison.equivalence,
        baseline=comparison.baseline,
        arms=tuple(_arm(one) for one in comparison.arms),
        contrasts=tuple(_contrast(one, comparison, level) for one in comparison.contrasts),
        together=_together(comparison),
        warnings=comparison.warnings,
        plan=facts.plan(comparison),
        ledger=facts.ledger(comparison),
        data=facts.data(comparison),
        environment=tuple(comparison.environment.items()),
        command=comparison.command,
        class_names=comparison.classes,
    )


def _arm(one: schema.Arm) -> Arm:
    return Arm(
        name=one.name,
        policy=f"{one.policy}: {one.summary}" if one.policy != one.name else one.summary,
        runs=one.runs,
        diverged=one.diverged,
        accuracy=_known(one.metric),
        gap=_known(one.gap),
        unique_images=one.unique_images,
        wall_seconds=one.wall_seconds,
        cpu_seconds=one.cpu_seconds,
    )


def _contrast(one: schema.Contrast, whole: Comparison, level: Level) -> Contrast:
    gain = one.gain
    pairs = f"{len(one.seeds)} pairs"
    kind = contrast.level_words(level)
    return Contrast(
        arm=one.arm,
        words=one.verdict,
        tone=one.tone,
        sentence=one.sentence,
        seeds=one.seeds,
        dots=one.differences,
        estimate=_known(one.estimate),
        wide=_ends(one.new_images),
        narrow=_ends(one.these_images),
        wide_label=f"new images: {kind}, {pairs}, {whole.test_clusters:,} test images" if one.new_images else "",
        narrow_label=f"these images: {kind.replace('interval', 't interval')}, {pairs}" if one.these_images else "",
        facts=_facts(one, whole.look.rule),
        gain=np.array(gain.mean if gain else (), dtype=np.float64),
        gain_low=_band(gain, "low"),
        gain_high=_band(gain, "high"),
        band=f"95 % t interval at each epoch, {gain.pairs} pairs" if gain and gain.low else "",
        pays=_pays(gain, len(gain.mean)) if gain else (),
        buy=_buy(one, whole),
        measures=tuple(_measure(m) for m in one.measures),
        classes=tuple(_measure(m) for m in one.classes),
        confusion=np.array(one.confusion, dtype=np.float64) if one.confusion else None,
    )


def _measure(one: schema.Measure) -> Measure:
    scope = "" if one.scope == "new images" else ", these images"
    return Measure(
        name=f"{one.name}{scope}",
        images=one.images,
        baseline=one.baseline,
        arm=one.arm,
        difference=one.difference,
        interval=_ends(one.interval),
        p=one.p,
    )


def _band(gain: schema.Gain | None, end: str) -> Any:
    if gain is None:
        return np.array(())
    values = getattr(gain, end)
    return np.array(values, dtype=np.float64) if values else np.full(len(gain.mean), np.nan)


def _ends(interval: schema.Interval | None) -> Interval | None:
    return (interval.low, interval.high) if interval else None


def _known(value: float | None) -> float:
    return math.nan if value is None else value


# -- sentences -----------------------------------------------------------------------------------


def _facts(one: schema.Contrast, rule: str) -> Pairs:
    # p-values do not know of the looks before; the intervals do.
    alone = "" if rule == "fixed" else " (of this look alone)"
    pairs: list[tuple[str, str]] = []
    if one.wins:
        w = one.wins
        ties = f", {w.ties} {'tie' if w.ties == 1 else 'ties'}" if w.ties else ""
        pairs.append(
            (
                "seeds better",
                f"{w.wins} of {w.n}{ties}; 95 % Clopper–Pearson interval {w.low:.2f} to {w.high:.2f}; "
                f"chance alone gives as many with probability {_probability(w.chance)}",
            )
        )
    values = (
        ("correlation of the pairs, ρ", _optional(one.correlation, 2)),
        ("reduction of the error rate", _percent(one.relative_error_reduction)),
        ("d_z = difference / standard deviation over the seeds", _optional(one.d_z, 2)),
        (f"p, new images{alone}", _probability(one.p)),
        (f"p, Holm over the policies{alone}", _probability(one.p_holm)),
        (f"exact sign-flip p, these images{alone}", _probability(one.p_sign_flip)),
    )
    pairs += [(name, value) for name, value in values if value]
    return tuple(pairs)


def _optional(value: float | None, digits: int) -> str:
    return "" if value is None else number(value, digits, signed=True)


def _percent(value: float | None) -> str:
    return "" if value is None else f"{number(100 * value, 1, signed=True)} %"


def _probability(value: float | None) -> str:
    if value is None:
        return ""
    return "< 0.0001" if value < 1e-4 else f"{value:.2g}" if value < 0.01 else f"{value:.3f}"


def _pays(gain: schema.Gain, epochs: int) -> tuple[str, ...]:
    said = []
    if gain.ahead_from is None:
        said.append(f"At the last of {epochs} epochs the mean validation accuracy is not ahead of the baseline's.")
    elif gain.ahead_from == epochs:
        said.append(f"The mean validation accuracy is ahead of the baseline's at the last of {epochs} epochs alone.")
    else:
        said.append(f"The mean validation accuracy is ahead from epoch {gain.ahead_from} of {epochs} to the end.")
    if gain.surely_ahead_from is not None:
        said.append(f"The whole band of the difference is above zero from epoch {gain.surely_ahead_from} on.")
    if gain.slope is not None and gain.slope_interval is not None:
        ends = (
            f"{number(gain.slope_interval.low, 2, signed=True)} to {number(gain.slope_interval.high, 2, signed=True)}"
        )
        slope = f"{number(gain.slope, 2, signed=True)} pp per epoch (95 % interval {ends})"
        if gain.still_gaining:
            said.append(f"Still gaining at the end of the budget, by {slope}: try twice the epochs.")
        else:
            said.append(f"Over the last third of the budget the difference changes by {slope}.")
    return tuple(said)


def _buy(one: schema.Contrast, whole: Comparison) -> tuple[str, ...]:
    ahead = one.outlook
    if ahead is None:
        return ()
    r = whole.equivalence
    said = [
        f"The interval for new images is ±{ahead.half_width:.2f} pp now; "
        f"{_listed(ahead.with_seeds, 'seeds')}; {_listed(ahead.with_images, 'test images')}."
    ]
    if ahead.image_floor > 0:
        beside = "above" if ahead.image_floor > r else "below"
        said.append(
            f"No number of seeds gets below ±{ahead.image_floor:.2f} pp with these test images, "
            f"which is {beside} the ±{r:g} pp that count as no difference."
        )
    if ahead.seeds_needed:
        said.append(
            f"To see a difference as large as the estimate with 80 % power takes {ahead.seeds_needed} seeds (planned "
            f"with the 80 % upper limit {ahead.sd_upper:.2f} pp of the standard deviation, {ahead.sd_seeds:.2f} pp)."
        )
    advice = {
        "nothing": "For this verdict nothing more has to be bought.",
        "seeds": "What would decide it: more seeds.",
        "images": "What would decide it: more test images; seeds alone cannot.",
    }
    return (*said, advice[ahead.buy])


def _listed(widths: Mapping[int, float], unit: str) -> str:
    parts = [f"{width:.2f} with {count:,}" for count, width in sorted(widths.items())[1:]]
    return f"{unit}: {', '.join(parts)}" if parts else f"{unit}: as they are"


def _together(comparison: Comparison) -> tuple[str, ...]:
    said = [_ranking(comparison) or (_best(comparison) if len(comparison.contrasts) > 1 else ""), _ablation(comparison)]
    look = comparison.look
    confidence = contrast.level_words(Level(look.rule, 1, look.alpha))
    scope, metric = "new synthetic drawings" if comparison.synthetic else "new images", facts.METRICS[comparison.metric]
    said += [trend.sentence(one, metric, confidence, scope) for one in comparison.trends]
    return tuple(text for text in said if text)


def _ablation(comparison: Comparison) -> str:
    defined = comparison.definition.get("policies", {})
    left_out = [one.arm for one in comparison.contrasts if "without" in defined.get(one.arm, {})]
    if not left_out or any(defined[arm]["policy"] != comparison.baseline for arm in left_out):
        return ""
    return f"Arms that leave an operation of `{comparison.baseline}` out: where one HURTS, that operation helps."


def _best(comparison: Comparison) -> str:
    best, arms = comparison.best, comparison.arms
    if not best:
        return ""
    if len(best) == len(arms):
        return "Every arm could be the best one: no arm is told apart from all others."
    verb = "is the only arm that could be the best one" if len(best) == 1 else "could each be the best arm"
    return f"{_joined(best)} {verb} (simultaneous 95 % intervals of all pairs)."


def _ranking(comparison: Comparison) -> str:
    if comparison.definition.get("plan", {}).get("stage") != "screening":
        return ""
    known = [(one.estimate, one.arm) for one in comparison.contrasts if one.estimate is not None and not one.control]
    ranked = sorted(known, key=lambda pair: -pair[0])
    listed = ", ".join(f"{arm} ({number(estimate, 1, signed=True)} pp)" for estimate, arm in ranked)
    return f"Ranking on this half of the test images, the best first: {listed}. The first ones are confirmed elsewhere."


def _joined(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
