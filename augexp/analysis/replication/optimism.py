"""What the best of many epochs on the test images would have claimed.

Whoever reports the best epoch on the test images takes the luck of that epoch for skill. The accuracy after every
epoch is a column of the runs (`augexp.results.records.TEST_ACCURACY`); nothing else is computed from it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from augexp.analysis.replication.schema import BestOfEpochs
from augexp.results.records import TEST_ACCURACY, RunRecord


def curves_of(records: Sequence[RunRecord], epochs: int) -> npt.NDArray[np.float64] | None:
    """Return the test accuracies of some runs in percent by epoch, float64 (n, epochs); None where a run has none."""
    columns = [record.epochs.get(TEST_ACCURACY, ()) for record in records]
    if not columns or any(len(column) < epochs for column in columns):
        return None
    return 100.0 * np.stack([np.asarray(column[:epochs], dtype=np.float64) for column in columns])


def best_of(
    curves: npt.NDArray[np.float64], baseline: npt.NDArray[np.float64] | None = None, size: int = 1
) -> BestOfEpochs:
    """Return what the best epoch of every run would have claimed.

    Args:
        curves: of an arm, float64 (n, E) in percent.
        baseline: of the baseline, the same shape; None for the baseline itself.
        size: runs in a row that belong together (the folds of a repeat), over which is averaged.
    """
    best, final = (_means(values, size) for values in (curves.max(axis=1), curves[:, -1]))
    gain = bias = None
    if baseline is not None:
        gain = float(best.mean() - baseline.max(axis=1).mean())
        bias = gain - float(final.mean() - baseline[:, -1].mean())
    return BestOfEpochs(
        epochs=curves.shape[1],
        best=float(best.mean()),
        final=float(final.mean()),
        bias=float((best - final).mean()),
        bias_by_seed=tuple((best - final).tolist()),
        gain=gain,
        gain_bias=bias,
    )


def _means(values: npt.NDArray[np.float64], size: int) -> npt.NDArray[np.float64]:
    means: npt.NDArray[np.float64] = values.reshape(-1, size).mean(axis=1)
    return means
