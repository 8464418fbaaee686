"""Folds: how often the interval for new images covers the truth, with the `tiny` network on drawn images.

    python benchmarks/folds_coverage.py [--count 200]     # before a release; about 10 s for a data set of 100 images

The images of the embedded sample are the population. A data set is 100 of them, compared with 2 repeats of 5 folds. The
truth is the mean difference over training sets of as many images as a fit has, tested on 1,000 other images. The rate
has to be 94 % or more, within the error of the simulation, which is said.
"""

from __future__ import annotations

import argparse
import math
import shutil
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from augexp.data import splits
from augexp.data.preparation import prepare
from augexp.data.store import Store, open_store
from augexp.experiment import definition
from augexp.experiment.definition import Experiment
from augexp.results.records import read_run
from augexp.training.task import RunTask

IMAGES, FOLDS, REPEATS, TESTED, VALIDATION = 100, 5, 2, 1000, 8
SETTINGS = {
    "name": "folds-coverage",
    "data": {"source": "sample", "image_size": 32},
    "training": {"model": "tiny", "epochs": 8, "batch_size": 16, "probe": 4},
    "plan": {"arms": ["none", "flip"], "seeds": None},
}


def subset(population: Store, folder: Path, rows: npt.NDArray[np.int64], codes: npt.NDArray[np.uint8]) -> Store:
    """Write some images of a store, ascending rows with their splits, as a store of its own."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    arrays = {"images": population.images[rows], "labels": population.labels[rows], "keys": population.keys[rows]}
    for name, values in {**arrays, "splits": codes, "clusters": np.arange(len(rows))}.items():
        np.save(folder / f"{name}.npy", values)
    shutil.copy(population.path / "store.json", folder)
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


def truth(trainer: Trainer, population: Store, place: Path, sets: int) -> tuple[float, float]:
    """Return the mean difference in pp over training sets, and its standard error."""
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
        first, second = (trainer.correct(plain, store, arm, number).mean() for arm in plain.plan.arms)
        values.append(100.0 * (second - first))
    return float(np.mean(values)), float(np.std(values, ddof=1) / math.sqrt(sets))


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


def main() -> None:
    """Measure and print the rate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200, help="data sets")
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        population = prepare(definition.parse(SETTINGS, origin="benchmark").data, place / "data")
        trainer = Trainer(place)
        exact, error = truth(trainer, population, place, 5 * count)
        print(f"truth: {exact:+.2f} pp, standard error {error:.2f}")
        generator, covered, halves = np.random.default_rng(19), 0, []
        for number in range(count):
            rows = draw(generator, population, IMAGES)
            codes = np.full(len(rows), splits.TRAIN, dtype=np.uint8)
            estimate, half = half_width(trainer, subset(population, place / "store", rows, codes), number)
            covered += abs(estimate - exact) <= half
            halves.append(half)
        rate = covered / count
        spread = math.sqrt(max(rate * (1 - rate), 0.05 * 0.95) / count)
        print(f"coverage: {rate:.3f} of {count} data sets, standard error {spread:.3f}")
        print(f"mean half-width: {np.mean(halves):.1f} pp")


if __name__ == "__main__":
    main()
