"""The two halves of a test set: on one of them policies are screened, on the other the best are confirmed.

What was looked at to choose an arm says too much good of it; images that the choice did not touch do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from augexp.analysis.statistics import FEWEST_IMAGES, columns
from augexp.errors import DataError
from augexp.experiment.plan import Plan
from augexp.results.records import Predictions, RunRecord

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


def screening_half(labels: Ints, clusters: Ints, ids: npt.NDArray[np.uint64]) -> Bools:
    """Tell which test images the screening may look at; bool (m,). The confirmation has the others.

    Near-duplicates stay together. In every class their groups are put in the order of their smallest
    content hash and dealt out in turn, the first one to the screening, so both halves have the classes in
    the same proportion and neither depends on names or on the order of files.

    Args:
        labels: int64 (m,), true classes.
        clusters: int64 (m,), equal for near-duplicates of each other.
        ids: uint64 (m,), content hashes.
    """
    order = np.lexsort((labels, ids))
    _, first = np.unique(clusters[order], return_index=True)
    heads = order[np.sort(first)]  # the image with the smallest hash of every group, ascending
    dealt = np.zeros(len(heads), dtype=np.bool_)
    for label in np.unique(labels[heads]):
        dealt[np.flatnonzero(labels[heads] == label)[::2]] = True
    return np.isin(clusters, clusters[heads[dealt]])


def check(labels: Ints, clusters: Ints, ids: npt.NDArray[np.uint64], classes: Sequence[str]) -> None:
    """Check that both halves have every class and images enough; for the rest see `screening_half`.

    Raises:
        DataError: which class or how many images, and what to do.
    """
    half = screening_half(labels, clusters, ids)
    for chosen in (half, ~half):
        missing = [classes[label] for label in np.unique(labels) if label not in labels[chosen]]
        count = len(columns(labels[chosen], clusters[chosen]))
        if missing or count < FEWEST_IMAGES:
            lacks = f"no image of {', '.join(missing)}" if missing else f"{count} images"
            raise DataError(
                f"screening: received {len(labels)} test images, of which one half has {lacks}; at least "
                f"{FEWEST_IMAGES} in each half and every class in both are needed: add test images, or say --no-screen"
            )


@dataclass(frozen=True)
class HalfRecord(RunRecord):
    """A run of which only one half of the test images is looked at."""

    screening: bool = True

    @cached_property
    def _predictions(self) -> Predictions:
        seen = super()._predictions
        rows = np.flatnonzero(screening_half(seen.labels, seen.clusters, seen.ids) == self.screening)
        return Predictions(
            labels=seen.labels[rows],
            predicted=seen.predicted[rows],
            correct=seen.correct[rows],
            probabilities=seen.probabilities[rows],
            ids=seen.ids[rows],
            clusters=seen.clusters[rows],
            classes=seen.classes,
        )


def restrict(held: Sequence[RunRecord], plan: Plan) -> list[RunRecord]:
    """Return the records with the test images that the plan's stage may look at."""
    if plan.stage == "whole":
        return list(held)
    screening = plan.stage == "screening"
    return [HalfRecord(one.folder, one.run, one.epochs, one.timing, screening) for one in held]
