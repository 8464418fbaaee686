"""float32 against mixed_bfloat16: what it buys a small network on this processor, and what it does to accuracy.

    python benchmarks/precision.py [PHOTOS] [--seeds 5]       # about four minutes; writes results/precision.*

Speed: the compiled training step on one constant batch, one thread, both precisions in one process,
alternating. Accuracy: the un-augmented arm of `augexp compare` with every seed in both precisions, from the
same initial weights and with the same images in the same order; the paired difference has the same
crossed interval as any other of augexp.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Literal

from augexp.engines.worker_process import THREAD_VARIABLES

os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from tables import table, write

import augexp
from augexp.analysis import critical_values
from augexp.analysis import statistics as crossing
from augexp.experiment.training import Training
from augexp.results import records

PHOTOS = Path(__file__).resolve().parents[2] / "shared" / "data" / "photos"
Precision = Literal["float32", "mixed_bfloat16"]
PRECISIONS: tuple[Precision, Precision] = ("float32", "mixed_bfloat16")
SIDES, CLASSES, BATCH = (32, 64), 2, 32


def step_speeds(side: int, rounds: int, steps: int) -> dict[str, list[float]]:
    """Return images per second of the bare training step, per precision and round."""
    from augexp.training.network import Network

    rng = np.random.default_rng(0)
    batch = (
        rng.random((BATCH, side, side, 3), dtype=np.float32),
        np.eye(CLASSES, dtype=np.float32)[np.arange(BATCH) % 2],
    )
    networks = {}
    for precision in PRECISIONS:
        networks[precision] = Network(Training(batch_size=BATCH, precision=precision), side, CLASSES, 1)
        networks[precision].renew(0, 0)
        networks[precision].train(*batch)
    speeds: dict[str, list[float]] = {precision: [] for precision in PRECISIONS}
    for _ in range(rounds):
        for precision, network in networks.items():
            begin = time.perf_counter()
            for _ in range(steps):
                network.train(*batch)
            speeds[precision].append(steps * BATCH / (time.perf_counter() - begin))
    return speeds


def outcomes(photos: Path, place: Path, precision: Precision, seeds: int) -> np.ndarray:
    """Return what the un-augmented arm got right, float64 (seeds, test images)."""
    augexp.compare(
        photos,
        name="precision",
        precision=precision,
        image_size=32,
        seeds=seeds,
        results_dir=place / precision,
        data_dir=place,
        pictures=False,
    )
    runs = [run for run in records.read_runs(place / precision / "precision") if run.arm == "none"]
    return np.stack([run.predictions().correct.astype(np.float64) for run in runs])


def main() -> int:
    """Measure, print and write."""
    from augexp.training import backend

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path, nargs="?", default=PHOTOS)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    backend.configure(threads=1)
    speeds = {side: step_speeds(side, 9, 2000 // side) for side in SIDES}
    ratios = {
        side: statistics.median(b / a for a, b in zip(*(rounds[name] for name in PRECISIONS), strict=True))
        for side, rounds in speeds.items()
    }
    rows = []
    for side, rounds in speeds.items():
        medians = [statistics.median(rounds[name]) for name in PRECISIONS]
        rows.append([f"{side} px", *(f"{value:,.0f}" for value in medians), f"{ratios[side]:.2f}"])
    with tempfile.TemporaryDirectory() as place:
        first, second = (outcomes(options.photos, Path(place), name, options.seeds) for name in PRECISIONS)
    parts = crossing.crossed(100 * (second - first))
    own = critical_values.level("fixed", 1)
    half = crossing.half_widths(parts, own.t(parts.n), own.z)[1]
    text = table(["training step, images/s", *PRECISIONS, "times faster"], rows)
    text += (
        f"\n\nTest accuracy of the un-augmented arm at 32 px, {parts.n} paired seeds, {parts.m:,} test images: "
        f"{100 * first.mean():.1f} % in float32, {100 * second.mean():.1f} % in mixed_bfloat16; difference "
        f"{parts.estimate:+.2f} pp (95 % interval for new images {parts.estimate - half:+.2f} to "
        f"{parts.estimate + half:+.2f})."
    )
    accuracy = {"float32": 100 * first.mean(), "mixed_bfloat16": 100 * second.mean(), "seeds": parts.n}
    difference = {"difference": parts.estimate, "low": parts.estimate - half, "high": parts.estimate + half}
    write("precision", {"speeds": speeds, "ratios": ratios, "accuracy": {**accuracy, **difference}}, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
