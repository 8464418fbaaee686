"""What each group gains, and the interval that images alone would give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from augexp.analysis.groups import wording
from augexp.analysis.groups.schema import GroupedContrast, GroupGain

if TYPE_CHECKING:
    from augexp.analysis.paired_runs import PairedRuns

MAX_LISTED = 200
"""Groups that are listed one by one; of more, the worst and the best half of so many."""


def grouped(
    runs: PairedRuns, baseline: str, arm: str, halves: tuple[float | None, float] | None, estimate: float
) -> GroupedContrast | None:
    """Return what groups add to a contrast; None where none were declared.

    Args:
        runs: with at least one pair.
        baseline: the arm that `arm` is compared with.
        arm: the other one.
        halves: half-widths for new images by groups (None with too few of them) and by images; None without intervals.
        estimate: of the primary metric, in pp.
    """
    first, columns = runs.first, runs.columns
    if first.groups is None or columns.groups is None:
        return None
    before, after = (100 * np.mean([p.correct for p in runs.predictions(name)], axis=0) for name in (baseline, arm))
    hashes, of = np.unique(first.groups, return_inverse=True)
    of = of.reshape(-1)
    sizes = np.bincount(of)
    means = [np.bincount(of, weights=values) / sizes for values in (before, after)]
    difference = means[1] - means[0]
    names = first.group_names or tuple(f"{value:016x}" for value in hashes.tolist())
    order = np.lexsort((hashes, difference)).tolist()
    if len(order) > MAX_LISTED:
        order = [*order[: MAX_LISTED // 2], *order[-MAX_LISTED // 2 :]]
    joined = np.unique(columns.groups, return_counts=True)[1]
    return GroupedContrast(
        count=len(joined),
        largest=float(joined.max() / joined.sum()),
        effective=float(joined.sum() ** 2 / np.square(joined).sum()),
        better=int((difference > 0).sum()),
        worse=int((difference < 0).sum()),
        gains=tuple(
            GroupGain(
                name=names[g],
                images=int(sizes[g]),
                baseline=float(means[0][g]),
                arm=float(means[1][g]),
                difference=float(difference[g]),
            )
            for g in order
        ),
        by_images=(estimate - halves[1], estimate + halves[1]) if halves else None,
        sentence=wording.both_intervals(len(joined), len(columns), *halves) if halves else "",
    )
