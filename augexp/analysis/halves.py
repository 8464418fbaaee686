"""The two halves of a test set: on one of them policies are screened, on the other the best are confirmed.

What was looked at to choose an arm says too much good of it; images that the choice did not touch do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from augexp.plan import Plan
from augexp.training.records import Predictions, RunRecord

Bools = npt.NDArray[np.bool_]


def screening_half(seen: Predictions) -> Bools:
    """Tell which test images the screening may look at; bool (m,). The confirmation has the others.

    Near-duplicates stay together. In every class their groups are put in the order of their smallest
    content hash and dealt out in turn, the first one to the screening, so both halves have the classes in
    the same proportion and neither depends on names or on the order of files.
    """
    order = np.lexsort((seen.labels, seen.ids))
    _, first = np.unique(seen.clusters[order], return_index=True)
    heads = order[np.sort(first)]  # the image with the smallest hash of every group, ascending
    dealt = np.zeros(len(heads), dtype=np.bool_)
    for label in np.unique(seen.labels[heads]):
        dealt[np.flatnonzero(seen.labels[heads] == label)[::2]] = True
    return np.isin(seen.clusters, seen.clusters[heads[dealt]])


@dataclass(frozen=True)
class HalfRecord(RunRecord):
    """A run of which only one half of the test images is looked at."""

    screening: bool = True

    @cached_property
    def _predictions(self) -> Predictions:
        seen = super()._predictions
        rows = np.flatnonzero(screening_half(seen) == self.screening)
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
