"""The sentences, labels and names with values that are shown of a comparison, computed where they are shown.

What is part of the `Comparison` itself has its words in `augexp.analysis.wording` (verdicts, sentences of record) and
`augexp.analysis.warnings.words`; budget and images have theirs in `augexp.reporting.facts.words`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from augexp.analysis import wording
from augexp.analysis.critical_values import Level
from augexp.analysis.schema import Arm, Comparison, Contrast, Trend
from augexp.analysis.values import Gain, Interval, Look, Measure, Outlook
from augexp.analysis.verdict import FIRST_LOOK
from augexp.analysis.wording import ends, level_words, number
from augexp.experiment.budget import AUTO
from augexp.experiment.nouns import nouns
from augexp.reporting.declared import words as declared

Pairs = tuple[tuple[str, str], ...]
"""Names with their values."""


# -- names and labels ----------------------------------------------------------------------------


def metric(comparison: Comparison) -> str:
    """Return the name of the primary metric."""
    return wording.metric(comparison.metric)


def images(comparison: Comparison) -> str:
    """Return what the images are, for titles: synthetic drawings must never pass for photos."""
    return f"{comparison.name} (synthetic images)" if comparison.synthetic else comparison.name


def title(comparison: Comparison) -> str:
    """Return the heading of the report."""
    asked = "Does image augmentation help?" if comparison.declared is None else "Runs that were judged:"
    return f"{asked} {images(comparison)}"


def policy(arm: Arm) -> str:
    """Return what the policy of an arm does to images, after its name where that is not the arm's."""
    return f"{arm.policy}: {arm.summary}" if arm.policy != arm.name else arm.summary


def measure(value: Measure) -> str:
    """Return the name of a measure, which says so where its interval holds for these test images alone."""
    return value.name if value.scope == "new images" else f"{value.name}, these images"


def new_images_label(contrast: Contrast, comparison: Comparison) -> str:
    """Say what the interval for new images is, like "95 % interval, 8 pairs, 3,000 test images"; empty without."""
    if contrast.new_images is None:
        return ""
    kind = level_words(level(comparison.look))
    return f"new images: {kind}, {declared.seeds(contrast, comparison.folds)}, {tested(comparison)}"


def tested(comparison: Comparison) -> str:
    """Say how many test images there are, near-duplicates counted once, and of how many groups."""
    groups = "" if comparison.test_groups is None else f" of {comparison.test_groups:,} groups"
    return f"{comparison.test_clusters:,} test images{groups}"


def these_images_label(contrast: Contrast, comparison: Comparison) -> str:
    """Say what the interval for these test images is; empty where there is none."""
    if contrast.these_images is None:
        return ""
    kind = level_words(level(comparison.look)).replace("interval", "t interval")
    return f"these images: {kind}, {declared.seeds(contrast, comparison.folds)}"


def band_label(gain: Gain | None, folds: int | None = None) -> str:
    """Say what the band around the gain by epoch is; empty where there is none."""
    return f"95 % t interval at each epoch, {gain.pairs} pairs{' of fits' * bool(folds)}" if gain and gain.low else ""


def region(comparison: Comparison) -> str:
    """Say what the region of practical equivalence is, for legends."""
    return f"no practical difference (±{comparison.equivalence:g} pp)"


def level(look: Look) -> Level:
    """Return the level of a comparison's intervals."""
    return Level(look.rule, look.comparisons, look.alpha)


# -- one contrast --------------------------------------------------------------------------------


def also_reported(contrast: Contrast, comparison: Comparison) -> Pairs:
    """Return wins, correlation, effect sizes and p-values of a contrast, those that there are."""
    # p-values do not know of the looks before; the intervals do.
    alone = "" if comparison.look.rule == "fixed" else " (of this look alone)"
    pairs, blocks = list[tuple[str, str]](), nouns(comparison.folds).blocks
    if contrast.wins:
        w = contrast.wins
        ties = f", {w.ties} {'tie' if w.ties == 1 else 'ties'}" if w.ties else ""
        text = (
            f"{w.wins} of {w.n}{ties}; 95 % Clopper–Pearson interval {w.low:.2f} to {w.high:.2f}; "
            f"chance alone gives as many with probability {_probability(w.chance)}"
        )
        pairs.append((f"{blocks} better", text))
    values = (
        ("correlation of the pairs, ρ", _optional(contrast.correlation, 2)),
        ("reduction of the error rate", _percent(contrast.relative_error_reduction)),
        (f"d_z = difference / standard deviation over the {blocks}", _optional(contrast.d_z, 2)),
        (f"p, new images{alone}", _probability(contrast.p)),
        (f"p, Holm over the policies{alone}", _probability(contrast.p_holm)),
        (f"exact sign-flip p, these images{alone}", _probability(contrast.p_sign_flip)),
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


def when_it_pays(contrast: Contrast, _: Comparison) -> tuple[str, ...]:
    """Say from which epoch on the arm is ahead, and whether it still gains at the end of the budget."""
    gain = contrast.gain
    if gain is None:
        return ()
    texts, epochs = [], len(gain.mean)
    if gain.ahead_from is None:
        texts.append(f"At the last of {epochs} epochs the mean validation accuracy is not ahead of the baseline's.")
    elif gain.ahead_from == epochs:
        texts.append(f"The mean validation accuracy is ahead of the baseline's at the last of {epochs} epochs alone.")
    else:
        texts.append(f"The mean validation accuracy is ahead from epoch {gain.ahead_from} of {epochs} to the end.")
    if gain.surely_ahead_from is not None:
        texts.append(f"The whole band of the difference is above zero from epoch {gain.surely_ahead_from} on.")
    if gain.slope is not None and gain.slope_interval is not None:
        interval = f"95 % interval {ends(gain.slope_interval, 2)}"
        slope = f"{number(gain.slope, 2, signed=True)} pp per epoch ({interval})"
        if gain.still_gaining:
            texts.append(f"Still gaining at the end of the budget, by {slope}: try twice the epochs.")
        else:
            texts.append(f"Over the last third of the budget the difference changes by {slope}.")
    return tuple(texts)


def what_to_buy(contrast: Contrast, comparison: Comparison) -> tuple[str, ...]:
    """Say how more seeds and more test images would narrow the interval for new images, and which would decide."""
    outlook = contrast.outlook
    if outlook is None:
        return ()
    r, unit = comparison.equivalence, nouns(comparison.folds).blocks
    unit += " in every arm" * declared.is_unpaired(comparison)
    texts = [
        f"The interval for new images is ±{outlook.half_width:.2f} pp now; "
        f"{_listed(outlook.with_seeds, unit)}; {_listed(outlook.with_images, 'test images')}."
    ]
    if outlook.image_floor > 0:
        beside = "above" if outlook.image_floor > r else "below"
        texts.append(
            f"No number of {unit.split()[0]} gets below ±{outlook.image_floor:.2f} pp with these test images, "
            f"which is {beside} the ±{r:g} pp that count as no difference."
        )
    if outlook.seeds_needed:
        texts.append(
            f"To see a difference as large as the estimate with 80 % power takes {outlook.seeds_needed} {unit} "
            f"(planned with the 80 % upper limit {outlook.sd_upper:.2f} pp of the standard "
            f"deviation, {outlook.sd_seeds:.2f} pp)."
        )
    advice = {
        "nothing": "For this verdict nothing more has to be bought.",
        "seeds": f"What would decide it: more {unit.split()[0]}.",
        "images": f"What would decide it: more test images; {unit.split()[0]} alone cannot.",
    }
    return (*texts, *_folds(outlook), advice[outlook.buy])


def _folds(outlook: Outlook) -> tuple[str, ...]:
    """Say what folds would give with the runs that are planned anyway."""
    folds = outlook.folds
    if folds is None:
        return ()
    return (
        f"With --folds {folds.folds} every one of the {folds.images:,} images would be a test image: {folds.repeats} "
        f"repeats, {folds.repeats * folds.folds} runs of each arm, would give about ±{folds.half_width:.2f} pp, where "
        f"{folds.seeds} seeds with a held-out test set give ±{folds.held_out:.2f} pp. Folds answer for training sets "
        f"drawn anew, of {100 * (folds.folds - 1) // folds.folds} % of the images, and need a --name of their own.",
    )


def _listed(widths: Mapping[int, float], unit: str) -> str:
    parts = [f"{width:.2f} with {count:,}" for count, width in sorted(widths.items())[1:]] or ["as they are"]
    return f"{unit}: {', '.join(parts)}"


# -- all arms ------------------------------------------------------------------------------------


def about_all_arms(comparison: Comparison) -> tuple[str, ...]:
    """Say what concerns all arms: a screening's ranking, which could be the best one, left-out operations, trends."""
    first = _ranking(comparison) or (_best(comparison) if len(comparison.contrasts) > 1 else "")
    look = comparison.look
    confidence, blocks = level_words(Level(look.rule, 1, look.alpha)), nouns(comparison.folds).blocks
    scope = "new synthetic drawings" if comparison.synthetic else "new images"
    trends = (_trend(trend, metric(comparison), confidence, scope, blocks) for trend in comparison.trends)
    return tuple(text for text in (first, _ablation(comparison), *trends) if text)


def _ablation(comparison: Comparison) -> str:
    defined = comparison.definition.get("policies", {})
    left_out = [contrast.arm for contrast in comparison.contrasts if "without" in defined.get(contrast.arm, {})]
    if not left_out or any(defined[arm]["policy"] != comparison.baseline for arm in left_out):
        return ""
    return f"Arms that leave an operation of `{comparison.baseline}` out: where one HURTS, that operation helps."


def _best(comparison: Comparison) -> str:
    best = comparison.best
    if not best:
        return ""
    if len(best) == len(comparison.arms):
        return "Every arm could be the best one: no arm is told apart from all others."
    verb = "is the only arm that could be the best one" if len(best) == 1 else "could each be the best arm"
    return f"{joined(best)} {verb} (simultaneous 95 % intervals of all pairs)."


def _ranking(comparison: Comparison) -> str:
    if comparison.definition.get("plan", {}).get("stage") != "screening":
        return ""
    known = [(c.estimate, c.arm) for c in comparison.contrasts if c.estimate is not None and not c.control]
    ranked = sorted(known, key=lambda pair: -pair[0])
    listed = ", ".join(f"{arm} ({number(estimate, 1, signed=True)} pp)" for estimate, arm in ranked)
    return f"Ranking on this half of the test images, the best first: {listed}. The first ones are confirmed elsewhere."


def joined(names: Sequence[str]) -> str:
    """Join names with commas and a last `and`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _trend(trend: Trend, metric: str, confidence: str, scope: str, blocks: str) -> str:
    """Say what a trend shows, with the kind of interval, like "95 % interval", and what new images are."""
    listed = ", ".join(f"{level:g}" for level in trend.strengths)
    interval, where = trend.new_images or trend.these_images, scope if trend.new_images else "these test images"
    start = (
        f"Over the strengths {listed} of `{trend.policy}`, {metric} changed by "
        f"{number(trend.slope, 1, signed=True)} pp per unit of strength"
    )
    if interval is None:
        return f"{start} ({len(trend.slopes)} {blocks}, no interval)."
    few = len(trend.slopes) < FIRST_LOOK
    words = "fewer than five seeds tell no trend" if few else _direction(interval)
    return f"{start} (on {where}, {confidence} {ends(interval)}; {len(trend.slopes)} paired {blocks}): {words}."


def _direction(interval: Interval) -> str:
    return "stronger is better" if interval.low > 0 else "weaker is better" if interval.high < 0 else "no clear trend"


# -- plan, budget, data --------------------------------------------------------------------------


def plan(comparison: Comparison) -> Pairs:
    """Return how the comparison was planned, and what was changed after its first pair."""
    if comparison.declared:
        return declared.plan(comparison, metric(comparison))
    look = comparison.look
    blocks = nouns(comparison.folds).blocks
    unit = f"{blocks} of {comparison.folds} folds" if comparison.folds else blocks
    rules = {
        "fixed": f"a fixed number of {unit}: {look.seeds}",
        "looks": f"planned looks at {', '.join(map(str, look.looks))} {unit}; this is number {look.number}",
        "anytime": f"extended or edited after the first pair; anytime-valid intervals, {look.seeds} {unit}",
    }
    pairs = [
        *_stage(comparison),
        (blocks, rules[look.rule]),
        ("arms", ", ".join(arm.name for arm in comparison.arms)),
        ("metric", f"test {metric(comparison)} {_judged_at(comparison)}"),
        ("counts as no difference", f"±{comparison.equivalence:g} pp, fixed in the plan"),
        ("comparisons that hold together", f"{look.comparisons}, each at a nominal {100 * look.alpha:.3g} %"),
        ("hash of the plan", comparison.plan_hash),
    ]
    return (*pairs, *(("changed", text) for text in comparison.plan_changes))


def _judged_at(comparison: Comparison) -> str:
    training = comparison.definition.get("training", {})
    if training.get("epochs") == AUTO:
        return "of each arm at its own best budget, chosen on validation by leave one out"
    decays = training.get("schedule", "constant") != "constant"
    return f"at the final epoch of the fixed budget{'; with a decaying learning rate no earlier one counts' * decays}"


def _stage(comparison: Comparison) -> Pairs:
    values = comparison.definition.get("plan", {})
    if values.get("stage") == "screening":
        text = f"screening: ranks the policies on {comparison.test_images:,} test images, one half; claims nothing"
        return (("stage", text),)
    if values.get("stage") == "confirmation":
        text = (
            f"confirmation: fresh seeds, and the {comparison.test_images:,} test images, one half, that the "
            "screening did not touch"
        )
        return (("stage", text), ("screened, the best first", ", ".join(values["screened"])))
    return ()


def too_many_classes(count: int, shown: int) -> str:
    """Say why there is no confusion matrix."""
    return f"Matrices are shown for up to {shown} classes; these are {count}."
