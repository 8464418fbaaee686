"""The test images that one arm is right about more often than the other."""

from __future__ import annotations

from typing import Any

import numpy as np

from augexp.analysis.declared.schema import ChangedImage
from augexp.analysis.paired_runs import PairedRuns

MOST = 12
"""Images that are named, on each side."""


def changed(runs: PairedRuns, baseline: str, arm: str) -> dict[str, Any]:
    """Return the fields `won`, `lost`, `best` and `worst` of `DeclaredContrast`.

    Images are ordered by the difference of the shares of runs that are right about them, then by their place.
    """
    before, after = (np.mean([p.correct for p in runs.predictions(name)], axis=0) for name in (baseline, arm))
    names, first = runs.names, runs.first
    gain = after - before

    def listed(sign: int) -> tuple[ChangedImage, ...]:
        order = [int(i) for i in np.argsort(-sign * gain, kind="stable")[:MOST] if sign * gain[i] > 0]
        return tuple(
            ChangedImage(
                image=names[i], label=first.classes[first.labels[i]], baseline=float(before[i]), arm=float(after[i])
            )
            for i in order
        )

    return {"won": int((gain > 0).sum()), "lost": int((gain < 0).sum()), "best": listed(1), "worst": listed(-1)}
