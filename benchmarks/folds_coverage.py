"""Folds: how often the interval for new images covers the truth, with the `tiny` network on drawn images.

    python benchmarks/folds_coverage.py [--count 100]     # before a release; about 10 s for each of so many data sets

The images of the embedded sample are the population. A data set is 100 of them, compared with 2 repeats of 5 folds. The
truth is the mean difference over training sets of as many images as a fit has, tested on 1,000 other images. The rate
has to be 94 % or more, within the error of the simulation, which is said.
"""

from __future__ import annotations

import argparse
import math
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tables import table, write

from augexp.data import splits
from augexp.data.preparation import prepare
from augexp.data.store import Store, fingerprint_of, open_store
from augexp.data.store_manifest import SplitCounts, write_manifest
from augexp.experiment import definition
from augexp.experiment.definition import Experiment
from augexp.results.records import read_run
from augexp.training.task import RunTask

IMAGES, FOLDS, REPEATS, TESTED, VALIDATION = 100, 5, 2, 1000, 8
SETTINGS = {
    "name": "folds-coverage",
    "data": {"source": "sample", "image_size": 32},
    "training": {"model": "tiny", "epochs": 16, "batch_size": 16, "learning_rate": 0.01, "probe": 4},
    "plan": {"arms": ["none", "flip"], "seeds": None},
}


def subset(population: Store, folder: Path, rows: npt.NDArray[np.int64], codes: npt.NDArray[np.uint8]) -> Store:
    """Write some images of a store, ascending rows with their splits, as a store of its own."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    arrays = {"images": population.images[rows], "labels": population.labels[rows], "keys": population.keys[rows]}
    arrays |= {"splits": codes, "clusters": np.arange(len(rows))}
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values)
    counts = {
        name: SplitCounts(
            **{part: int((codes[arrays["labels"] == c] == code).sum()) for part, code in splits.CODES.items()}
        )
        for c, name in enumerate(population.classes)
    }
    own = (arrays[name] for name in ("keys", "labels", "splits", "clusters"))
    changes = {"images": len(rows), "counts": counts, "fingerprint": fingerprint_of(population.classes, *own)}
    write_manifest(folder / "store.json", population.manifest.model_copy(update=changes))
    return open_store(folder)


def draw(generator: np.random.Generator, population: Store, count: int) -> npt.NDArray[np.int64]:
    """Draw as many images of every class, ascending rows."""
    classes = len(population.classes)
    own = [np.flatnonzero(population.labels == label) for label in range(classes)]
    return np.sort(np.concatenate([generator.choice(rows, count // classes, replace=False) for rows in own]))


class Trainer:
    """Trains the runs of an experiment in this process."""

    def __init__(self, place: Path) -> None:
        from augexp.training import backend  # noqa: PLC0415 - importing a benchmark loads no TensorFlow

        backend.configure(threads=1)
        from augexp.training.network import NetworkCache  # noqa: PLC0415

        self._place, self._networks = place, NetworkCache()

    def correct(self, experiment: Experiment, store: Store, arm: str, seed: int) -> npt.NDArray[np.bool_]:
        """Return which test images a run gets right."""
        from augexp.training import run  # noqa: PLC0415

        folder = self._place / "run"
        shutil.rmtree(folder, ignore_errors=True)
        run.execute(RunTask(experiment, arm, seed, store.path, folder), networks=self._networks)
        return read_run(folder).predictions().correct


def truth(trainer: Trainer, population: Store, place: Path, sets: int) -> npt.NDArray[np.float64]:
    """Return the accuracy of both arms in percent on new images, float64 (sets, 2), a row per training set."""
    generator, plain = np.random.default_rng(77), definition.parse(SETTINGS, origin="benchmark")
    values = []
    for number in range(sets):
        chosen = draw(generator, population, IMAGES * (FOLDS - 1) // FOLDS)
        others = np.setdiff1d(np.arange(len(population)), chosen)
        rows = np.concatenate([chosen, np.sort(generator.choice(others, TESTED, replace=False))])
        codes = np.full(len(rows), splits.TEST, dtype=np.uint8)
        codes[: len(chosen)] = splits.TRAIN
        codes[generator.choice(len(chosen), VALIDATION, replace=False)] = splits.VALIDATION
        store = subset(population, place / "store", rows, codes)
        values.append([100.0 * trainer.correct(plain, store, arm, number).mean() for arm in plain.plan.arms])
    return np.array(values)


def half_width(trainer: Trainer, store: Store, root_seed: int) -> tuple[float, float]:
    """Return estimate and half-width for new images of one data set, in pp."""
    from augexp.analysis import critical_values, statistics  # noqa: PLC0415
    from augexp.analysis.folds.variance import folded  # noqa: PLC0415

    values = {**SETTINGS, "data": {**SETTINGS["data"], "folds": FOLDS}, "root_seed": root_seed}  # type: ignore[dict-item]
    experiment = definition.parse(values, origin="benchmark")
    differences = np.empty((REPEATS, len(store)))
    fold = np.empty((REPEATS, len(store)), dtype=np.int64)
    for fit in range(REPEATS * FOLDS):
        repeat, k = divmod(fit, FOLDS)
        rows = store.rows_of_run(experiment.data, root_seed, fit).test
        first, second = (trainer.correct(experiment, store, arm, fit) for arm in experiment.plan.arms)
        differences[repeat, rows] = 100.0 * (second.astype(float) - first)
        fold[repeat, rows] = k
    parts, own = folded(differences, fold, FOLDS), critical_values.level("fixed", 1, (REPEATS,), FOLDS)
    return parts.estimate, statistics.half_widths(parts, own.of(parts), own.z)[1]


def report(accuracies: npt.NDArray[np.float64], intervals: npt.NDArray[np.float64]) -> tuple[dict[str, Any], str]:
    """Return what was measured, as values and as text.

    Args:
        accuracies: see `truth`.
        intervals: float64 (data sets, 2), estimates and half-widths in pp.
    """
    from scipy.stats import binomtest  # noqa: PLC0415 - loads slowly

    gains, (estimates, halves) = accuracies[:, 1] - accuracies[:, 0], intervals.T
    exact, error = float(gains.mean()), float(gains.std(ddof=1) / math.sqrt(len(gains)))
    covered, count = int((np.abs(estimates - exact) <= halves).sum()), len(estimates)
    low, high = binomtest(covered, count).proportion_ci()  # Clopper and Pearson's
    values = {
        "design": {"images": IMAGES, "folds": FOLDS, "repeats": REPEATS, **SETTINGS["training"]},  # type: ignore[dict-item]
        "truth": {"training_sets": len(gains), "tested": TESTED, "difference": exact, "standard_error": error},
        "accuracy": dict(zip(SETTINGS["plan"]["arms"], accuracies.mean(axis=0).tolist(), strict=True)),  # type: ignore[index]
        "coverage": {
            "data_sets": count,
            "covered": covered,
            "rate": covered / count,
            "low": float(low),
            "high": float(high),
        },
        "estimates": {"mean": float(estimates.mean()), "standard_deviation": float(estimates.std(ddof=1))},
        "half_width": float(halves.mean()),
    }
    head = ["data sets", "coverage", "95 % interval of it", "mean half-width", "standard deviation of the estimates"]
    row = [f"{count}", f"{covered / count:.3f}", f"{low:.3f} to {high:.3f}"]
    text = table(head, [[*row, f"{halves.mean():.1f} pp", f"{estimates.std(ddof=1):.1f} pp"]])
    first, second = accuracies.mean(axis=0)
    text += (
        f"\n\nThe interval for new images at nominal 95 %, {IMAGES} drawn images, {FOLDS} folds x {REPEATS} repeats, "
        f"network `tiny`, {SETTINGS['training']['epochs']} epochs. The truth, over {len(gains)} other training sets, "  # type: ignore[index]
        f"is {exact:+.2f} pp (standard error {error:.2f}): {first:.1f} % without augmentation, {second:.1f} % with "
        f"`flip`. The mean of the estimates is {estimates.mean():+.2f} pp."
    )
    return values, text


def main() -> int:
    """Measure, print and write; returns 1 where the rate is surely below 94 %."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100, help="data sets; twice as many training sets give the truth")
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        population = prepare(definition.parse(SETTINGS, origin="benchmark").data, place / "data")
        trainer = Trainer(place)
        accuracies = truth(trainer, population, place, 2 * count)
        generator, intervals = np.random.default_rng(19), []
        for number in range(count):
            rows = draw(generator, population, IMAGES)
            codes = np.full(len(rows), splits.TRAIN, dtype=np.uint8)
            intervals.append(half_width(trainer, subset(population, place / "store", rows, codes), number))
    values, text = report(accuracies, np.array(intervals))
    write("folds_coverage", values, text)
    return int(values["coverage"]["high"] < 0.94)


if __name__ == "__main__":
    sys.exit(main())
