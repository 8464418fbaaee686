"""The sentences that stand beside the tables of a replication."""

from __future__ import annotations

from collections import Counter

from augexp.analysis.replication.schema import BudgetKey, ReplicatedTable
from augexp.analysis.wording import number

PAIRS = {"dogs-cats": "dogs against cats", "dogs-goldfish": "dogs against goldfish"}

BUDGETS: dict[BudgetKey, str] = {
    "equal-steps": "equal steps",
    "equal-epochs": "equal epochs",
    "own-best": "own best budget",
}

METHOD = (
    "The paper trained each arm once and reported the best of 40 epochs on its 200 test images. Here every arm is "
    "trained with the same seeds: initial weights, order of the images and dropout are equal in all arms of a seed. "
    "Accuracies are those of a budget that the test images did not choose.",
    "Equal epochs: every arm after the paper's number of epochs, in which an arm with a fixed copy of each image has "
    "twice the images and takes twice the steps, as in the paper. Equal steps: such an arm after half of its "
    "epochs, so that all arms have taken the same steps. Own best budget: each arm at the number of epochs "
    "that its validation "
    "images choose, for each seed by the other seeds.",
    "Intervals of gains over the baseline hold together for all arms of a table, at each budget. Intervals of "
    "accuracies are 95 % intervals of their own. They are for new images of the same source where nothing else is "
    "said.",
)

CLAIMS = (
    "Each claim is one comparison of the paper's table. A gain is *confirmed* where the whole interval of the "
    "difference is above zero, *contradicted* where the whole interval is below r, so that any gain is too small "
    "to count, and *undecidable* otherwise. For a claim of no gain it is the other way round: confirmed where "
    "the whole interval is "
    "below r, contradicted where it is above zero and reaches r. All intervals of one budget hold together with 95 % "
    "confidence (Bonferroni over the claims); p has Holm's correction over the same claims."
).replace("*", "`")

OPTIMISM = (
    "Whoever chooses the best epoch by the test images reports its luck with it. The table shows what that would have "
    "claimed from these runs: the best of the epochs for every seed, against the last of them. The bias is the "
    "difference, a mean over the seeds. No other number on this page rests on the best epoch."
)

SAMPLING = (
    "The error of a published gain is the 95 % half-width that 200 test images alone give a difference of two "
    "accuracies (binomial), as if both arms had been tested on different images; which images both got right was not "
    "published. Two arms that are right about nearly the same images have a smaller error. Seeds are not in it: there "
    "was one."
)


def title(table: ReplicatedTable) -> str:
    """Name an experiment."""
    pair = PAIRS.get(table.pair, table.pair)
    name = pair[0].upper() + pair[1:]
    return f"{name}: {table.title}" if table.variant else name


def short(table: ReplicatedTable) -> str:
    """Name an experiment in a few words."""
    return " ".join(filter(None, (table.pair, table.variant)))


def result(table: ReplicatedTable) -> tuple[str, str]:
    """Return a headline and a sentence about the claims at equal steps."""
    counts = Counter(one.status for claim in table.claims for one in claim.judged if one.key == "equal-steps")
    total = sum(counts.values())
    head = (
        f"{short(table)}: {counts['confirmed']} of {total} claims confirmed, {counts['contradicted']} contradicted, "
        f"{counts['undecidable']} undecidable"
    )
    if not total:
        return f"{short(table)}: no claim can be judged", "No claim of the paper is about the arms that were run."
    unit = "repeats of all folds" if table.folds else "paired seeds"
    sizes = f"{table.seeds} {unit}, {table.train_images:,} training and {table.test_images:,} test images"
    sentences = (
        f"At equal steps, {table.epochs} epochs of `{table.network}`: {sizes}.",
        _level(table),
        _exceeding(table),
    )
    return head, " ".join(filter(None, sentences))


def _level(table: ReplicatedTable) -> str:
    """Say how many test images are right without augmentation, here and in the paper; empty where it is not known."""
    for arm in table.arms:
        if arm.published_gain is None and arm.best_of_epochs is not None:
            last, best = (number(value, 1) for value in (arm.best_of_epochs.final, arm.best_of_epochs.best))
            return (
                f"Without augmentation {last} % of the test images are right after the last epoch and {best} % after "
                f"the best one; the paper has {number(arm.published, 1)} %."
            )
    return ""


def _exceeding(table: ReplicatedTable) -> str:
    """Say how many published gains are larger than the error of the paper's own test images."""
    gains = [(arm.published_gain, arm.published_error) for arm in table.arms if arm.published_error is not None]
    larger = sum(abs(gain or 0.0) > (error or 0.0) for gain, error in gains)
    if not larger:
        return (
            f"None of the {len(gains)} published gains exceeds the sampling error of the paper's own 200 test images."
        )
    return f"{larger} of the {len(gains)} published gains exceed the sampling error of the paper's own 200 test images."


def largest_bias(table: ReplicatedTable) -> str:
    """Say what the best epoch would have added at most; empty where it is not known."""
    known = [(arm.best_of_epochs.bias, arm.arm) for arm in table.arms if arm.best_of_epochs]
    if not known:
        return ""
    bias, arm = max(known)
    mean = sum(value for value, _ in known) / len(known)
    return (
        f"{short(table)}: the best of {table.epochs} epochs on the test images would have added "
        f"{number(mean, 1, signed=True)} pp to an arm on average, at most {number(bias, 1, signed=True)} pp (`{arm}`)."
    )


def warnings(table: ReplicatedTable) -> tuple[str, ...]:
    """Return what a reader must know with an experiment."""
    missing = (f"{table.missing} runs are missing, so this table is not the whole answer",) if table.missing else ()
    return tuple(f"{short(table)}: {text}" for text in (*missing, *table.warnings))
