"""The words of the warnings that are stored in a `Comparison`, and of changes of the plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from augexp.analysis.schema import Missing
from augexp.analysis.statistics import MIN_IMAGES
from augexp.analysis.wording import as_sentence, number
from augexp.experiment.nouns import nouns

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
"""Classes with few images that a warning names one by one."""


def few_class_images(names: Sequence[str]) -> str:
    """Warn that the intervals of some classes hold for these images alone."""
    more = f" and {len(names) - NAMED_CLASSES:,} more classes" if len(names) > NAMED_CLASSES else ""
    return (
        f"fewer than {MIN_IMAGES} test images in {', '.join(names[:NAMED_CLASSES])}{more}: the interval of such a "
        "class holds for these images alone"
    )


# -- warnings of the comparison ------------------------------------------------------------------

NAMED_RUNS = 5
"""Missing runs that a warning names one by one."""


def other_backend(names: Sequence[str]) -> str:
    """Warn that networks were not trained by TensorFlow."""
    return (
        f"the networks were trained by Keras' backend {', '.join(names)}, which the variable KERAS_BACKEND named; "
        "TensorFlow, the default, gives other numbers"
    )


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


def many_policies(count: int, *, folds: int | None) -> str:
    """Warn of many policies that are compared without a screening, which folds do not allow."""
    remedy = "with --screen a few seeds rank them first, and the best two are confirmed on fresh seeds and images"
    if folds is not None:
        remedy = "name fewer of them with --arms, or compare without folds and with --screen"
    return f"{count} policies share the error probability, which widens every interval; {remedy}"


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
