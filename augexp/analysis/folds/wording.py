"""The words that are stored with an answer about cross-validated runs."""

from __future__ import annotations

from augexp.experiment.nouns import nouns


def same_difference(folds: int) -> str:
    """Return the verdict where the spread of the seeds, or with folds of the repeats, cannot be estimated."""
    return f"NO VERDICT: all {nouns(folds).blocks} gave the same difference"


def design(repeats: int, folds: int, images: str) -> list[str]:
    """Say how many fits there are and what each image is tested with, for a sentence of record."""
    times = "repeat" if repeats == 1 else "repeats"
    return [
        f"{repeats} {times} of {folds} folds, {repeats * folds} paired fits",
        f"{images}, each tested once in every repeat",
    ]


def estimand(images: int, folds: int) -> str:
    """Say over which training sets the difference is an average: (K - 1) / K of so many images, not these alone."""
    return f" on average over training sets of {round(images * (folds - 1) / folds):,} images drawn like these"
