"""The two halves of a test set: on one of them policies are screened, on the other the best are confirmed.

The images by which an arm was chosen overestimate it; images that the choice did not use do not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from augexp.analysis.statistics import MIN_IMAGES, columns
from augexp.data.groups import units
from augexp.errors import DataError
from augexp.experiment.plan import Plan
from augexp.results.predictions import Milestone, Predictions
from augexp.results.records import RunRecord

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


def screening_half(labels: Ints, clusters: Ints, ids: npt.NDArray[np.uint64]) -> Bools:
    """Tell which test images the screening may look at; bool (m,). The confirmation has the others.

    Near-duplicates stay together, and declared groups. In every class they are put in the order of their smallest
    content hash and dealt out in turn, the first one to the screening, so both halves have the classes in
    the same proportion and neither depends on names or on the order of files.

    Args:
        labels: int64 (m,), true classes.
        clusters: int64 (m,), equal for images that stay together: near-duplicates, and images of one group.
        ids: uint64 (m,), content hashes.
    """
    order = np.lexsort((labels, ids))
    _, first = np.unique(clusters[order], return_index=True)
    smallest = order[np.sort(first)]  # the image with the smallest hash of every group, ascending
    dealt = np.zeros(len(smallest), dtype=np.bool_)
    for label in np.unique(labels[smallest]):
        dealt[np.flatnonzero(labels[smallest] == label)[::2]] = True
    return np.isin(clusters, clusters[smallest[dealt]])


def check(labels: Ints, clusters: Ints, ids: npt.NDArray[np.uint64], classes: Sequence[str]) -> None:
    """Check that both halves have every class and images enough; for the rest see `screening_half`.

    Raises:
        DataError: which class or how many images, and what to do.
    """
    half = screening_half(labels, clusters, ids)
    for chosen in (half, ~half):
        missing = [classes[label] for label in np.unique(labels) if label not in labels[chosen]]
        count = len(columns(labels[chosen], clusters[chosen]))
        if missing or count < MIN_IMAGES:
            lacks = f"no image of {', '.join(missing)}" if missing else f"{count} images"
            raise DataError(
                f"screening: received {len(labels)} test images, of which one half has {lacks}; at least "
                f"{MIN_IMAGES} in each half and every class in both are needed: add test images, or say --no-screen"
            )


@dataclass(frozen=True)
class HalfRecord(RunRecord):
    """A run of which only one half of the test images is looked at."""

    screening: bool = True

    @cached_property
    def _whole(self) -> Predictions:
        # Read here: a cached property of the class above would give what this class has cached under its name.
        return self._all_predictions()

    @cached_property
    def _rows(self) -> Ints:
        whole = self._whole
        half = screening_half(whole.labels, units(whole.clusters, whole.groups), whole.ids)
        return np.flatnonzero(half == self.screening)

    @cached_property
    def _predictions(self) -> Predictions:
        whole, rows = self._whole, self._rows
        arrays: dict[str, Any] = {
            name: values[rows] for name, values in vars(whole).items() if isinstance(values, np.ndarray)
        }
        if whole.groups is not None:
            known = dict(zip(np.unique(whole.groups).tolist(), whole.group_names, strict=True))
            arrays["group_names"] = tuple(known[value] for value in np.unique(arrays["groups"]).tolist())
        return replace(whole, **arrays)

    @cached_property
    def _milestones(self) -> Mapping[int, Milestone]:
        rows, milestones = self._rows, super()._milestones.items()
        return {epoch: Milestone(m.predicted[rows], m.log_probability[rows]) for epoch, m in milestones}


def restrict(records: Sequence[RunRecord], plan: Plan) -> list[RunRecord]:
    """Return the records with the test images that the plan's stage may look at."""
    if plan.stage == "whole":
        return list(records)
    screening = plan.stage == "screening"
    return [HalfRecord(record.folder, record.run, record.epochs, record.timing, screening) for record in records]
