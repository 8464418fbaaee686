"""The validation metric of runs with an automatic budget at the milestones; test outcomes are not read here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from augexp.experiment.budget import milestones, window
from augexp.results.records import BALANCED, RunRecord

Floats = npt.NDArray[np.float64]


def at_milestones(records: Sequence[RunRecord], horizon: int, *, balanced: bool) -> Floats:
    """Return v of runs of one arm, float64 (n, K) in percent, for the K milestones up to `horizon`.

    v is the validation accuracy, averaged over the epochs in (milestone / sqrt 2, milestone], so that the luck of one
    epoch counts for little. Where there is no validation accuracy it is 0.

    Args:
        records: n runs that have gone to `horizon` at least.
        horizon: epochs.
        balanced: whether every class has the same weight in the accuracy.
    """
    column = BALANCED if balanced else "val_accuracy"
    courses = 100.0 * np.stack([np.nan_to_num(record.epochs[column], nan=0.0) for record in records])
    windows = [np.array(window(milestone)) - 1 for milestone in milestones(horizon)]
    return np.stack([courses[:, epochs].mean(axis=1) for epochs in windows], axis=1)
