"""The budget at which each arm is judged: the milestone that is best on validation, by leave one out.

For a seed, the other seeds choose. A seed that chose for itself would take the epoch at which it was lucky, and its
luck on the validation images goes with luck on the test images.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from augexp.analysis.budget.validation import at_milestones
from augexp.analysis.statistics import MIN_SEEDS
from augexp.experiment.budget import milestones
from augexp.results.records import RunRecord


def choose_for_each(values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return for each row s of v (n, K) the column with the largest mean over the other rows, int64 (n,).

    The first one on a tie: the smaller budget.

    Args:
        values: float64 (n, K), n >= 2.
    """
    others = values.sum(axis=0) - values
    # Rounded, since the last bits of such a difference would break ties.
    columns: npt.NDArray[np.int64] = np.argmax(np.round(others, 9), axis=1)
    return columns


def choose_together(values: npt.NDArray[np.float64]) -> int:
    """Return the column of v (n, K) with the largest mean over all rows, the first one on a tie."""
    return int(np.argmax(np.round(values.sum(axis=0), 9)))


class Choice(NamedTuple):
    """The budgets of one arm in epochs: of every seed, chosen by the others, and the one that all choose together."""

    by_seed: tuple[int, ...]
    typical: int


def choose(records: Mapping[str, Sequence[RunRecord]], horizon: int, *, balanced: bool) -> dict[str, Choice]:
    """Return the budgets of every arm; empty with too few seeds for a choice.

    Only the validation columns of the runs are read.

    Args:
        records: the runs of every arm, in the same order of seeds.
        horizon: epochs to which all of them have gone.
        balanced: see `validation.at_milestones`.
    """
    epochs = np.array(milestones(horizon))
    chosen = {}
    for arm, runs in records.items():
        if len(runs) < MIN_SEEDS:
            return {}
        values = at_milestones(runs, horizon, balanced=balanced)
        by_seed = tuple(epochs[choose_for_each(values)].tolist())
        chosen[arm] = Choice(by_seed, int(epochs[choose_together(values)]))
    return chosen
