"""The words that are stored in the answer."""

from __future__ import annotations

import itertools

from augexp.analysis import wording as common
from augexp.analysis.warnings.words import coded
from augexp.analysis.wording import number
from augexp.analysis.worth.schema import Factors, TrainingSize, Worth
from augexp.experiment.definition import Experiment

MIN_SEEDS_OF_AN_ANSWER = 5
"""Seeds below which runs are a smoke run."""


def times(factor: float) -> str:
    """Write a multiple: one decimal from 1 on, two below."""
    return number(factor, 2 if factor < 1 else 1).removesuffix(".0")


def ends_of_grid(worth: Worth) -> tuple[float, float]:
    """Return the smallest and the largest size as multiples of the photos at which augmentation is judged."""
    images = [size.images / worth.images for size in worth.sizes]
    return images[0], images[-1]


def answer(worth: Worth) -> str:
    """Say k with its interval, like "2.1 times the photos (1.6 to 2.8)"; "no answer" where there is none."""
    low, high = ends_of_grid(worth)
    what = "images" if worth.synthetic else "photos"
    if worth.missing:
        return "no answer yet: runs are missing"
    if worth.factor is not None:
        text = f"{times(worth.factor)} times the {what}"
    elif worth.beyond:
        text = f"{_beyond(worth.beyond == 'above', low, high)} times the {what}"
    else:
        return "no answer: seeds lie beyond both ends of the sizes"
    return f"{text} ({between(worth.interval, low, high)})" if worth.interval else text


def between(interval: Factors, low: float, high: float) -> str:
    """Write the ends of an interval; one beyond the sizes is only said to be so."""
    first = f"less than {times(low)}" if interval.low is None else times(interval.low)
    last = f"more than {times(high)}" if interval.high is None else times(interval.high)
    return f"{first} to {last}"


def _beyond(above: bool, low: float, high: float) -> str:  # noqa: FBT001 - one side or the other
    return f"more than {times(high)}" if above else f"less than {times(low)}"


def sentence(worth: Worth, experiment: Experiment) -> str:
    """Return the sentence of record: the answer with everything that is needed to read it."""
    low, high = ends_of_grid(worth)
    what = "images" if worth.synthetic else "photos"
    n = len(worth.seeds)
    if worth.interval:
        kind = "95 % anytime-valid interval" if worth.rule == "anytime" else "95 % interval"
        interval = f"{kind} {between(worth.interval, low, high)} for these test images"
    else:
        interval = "no interval"
    budgets = (
        "each arm at its own best budget at every size"
        if experiment.training.auto
        else f"{experiment.training.epochs} epochs at every size"
    )
    text = (
        f"With {worth.images:,} training {what}, `{worth.arm}` is worth {answer(worth).partition(' (')[0]}: {interval};"
        f" {n} seed{'' if n == 1 else 's'}, {worth.test_images:,} test images, "
        f"{common.metric(worth.metric)}; {budgets}."
    )
    if worth.missing:
        text = f"{len(worth.missing)} runs are missing, so there is no answer yet; repeat the same command to go on."
    return text + _beyond_the_sizes(worth, low, high)


def _beyond_the_sizes(worth: Worth, low: float, high: float) -> str:
    parts = []
    for side, words in (("above", f"more than {times(high)} times"), ("below", f"less than {times(low)} times")):
        count = sum(seed.censored == side for seed in worth.by_seed)
        if count:
            parts.append(f"{words} in {count} of {len(worth.by_seed)} seeds")
    return f" It is {' and '.join(parts)}, beyond the sizes that were trained." if parts else ""


def warnings(worth: Worth, experiment: Experiment, diverged: int) -> tuple[str, ...]:
    """Return what has to be read with the answer."""
    texts = []
    if len(worth.seeds) < MIN_SEEDS_OF_AN_ANSWER:
        texts.append(coded("few-seeds", f"{len(worth.seeds)} seeds are a smoke run; an answer takes 5 or more --seeds"))
    if not experiment.training.auto:
        texts.append(
            coded(
                "one-budget",
                "every run has the same number of epochs, so runs on fewer photos take fewer steps; with --epochs auto "
                "each size is judged at its own best budget",
            )
        )
    if diverged:
        texts.append(coded("diverged", f"{diverged} runs diverged, and count as they are"))
    texts += [_still_gaining(size) for size in worth.sizes if size.horizon and size.horizon.still_gaining]
    texts += _falling(worth)
    texts += _shared(worth)
    return tuple(texts)


def _still_gaining(size: TrainingSize) -> str:
    arms = " and ".join(size.horizon.still_gaining) if size.horizon else ""
    return coded(
        "still-gaining",
        f"at {size.images:,} training images {arms} still gained at the last epoch; go on with more --max-epochs",
    )


def _falling(worth: Worth) -> list[str]:
    pairs = itertools.pairwise(worth.sizes)
    falls = [(a.images, b.images) for a, b in pairs if b.arms[0].mean < a.arms[0].mean]
    return [
        coded(
            "falling-curve",
            f"without augmentation the mean accuracy falls from {a:,} to {b:,} training images, so the curve says "
            "little about sizes there; more seeds or test images would help",
        )
        for a, b in falls
    ]


def _shared(worth: Worth) -> list[str]:
    if worth.draws not in ("whole", "subsampled"):
        return []
    return [
        coded(
            "shared-photos",
            "the seeds draw from one pool, so their larger training sets have images in common; the interval holds for "
            "draws from these images",
        )
    ]
