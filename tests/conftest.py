"""Fixtures that the tests of several packages share."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from augexp.engines.worker_process import THREAD_VARIABLES
from augexp.experiment import definition
from augexp.experiment.definition import Experiment
from augexp.results.records import RunRecord, read_run, run_folder
from augexp.training.task import RunTask

if TYPE_CHECKING:
    from augexp import Comparison

# As in a worker, whichever test loads TensorFlow first: with two threads sums are split, and last bits differ.
os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real photos beside the project; tests that need it skip without it."""
    folder = ROOT.parent / "shared"
    if not (folder / "data").is_dir():
        pytest.skip("the folder of real photos beside the project (../shared/data) is not here")
    return folder


@dataclass(frozen=True)
class SmokeResults:
    """A real comparison that many tests read; none of them may change it.

    Attributes:
        comparison: what `augexp.compare` returned.
        folder: its results.
        data_dir: its images.
    """

    comparison: Comparison
    folder: Path
    data_dir: Path


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> SmokeResults:
    """``experiments/smoke.toml``, executed: a tiny network, three seeds, two epochs, drawn images."""
    import augexp

    folder = tmp_path_factory.mktemp("smoke")
    comparison = augexp.compare(
        ROOT / "experiments" / "smoke.toml", results_dir=folder / "results", data_dir=folder / "data", jobs=2
    )
    return SmokeResults(comparison, folder / "results" / "smoke", folder / "data")


# -- a tiny experiment, whose runs take a fraction of a second -------------------------------------


@pytest.fixture(scope="session")
def image_folder(tmp_path_factory) -> Path:
    """Two classes of 60 noisy images of 16 pixels: bright above, or bright below."""
    folder = tmp_path_factory.mktemp("images")
    generator = np.random.default_rng(7)
    for name, above in (("above", 60), ("below", 0)):
        (folder / name).mkdir()
        for number in range(60):
            image = generator.integers(0, 150, (16, 16, 3))
            image[:8] += above
            image[8:] += 60 - above
            Image.fromarray(image.astype(np.uint8)).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture(scope="session")
def tiny(image_folder) -> Experiment:
    """Three arms, the third one empty under another name; three epochs of five steps."""
    return definition.parse(
        {
            "name": "tiny",
            "data": {"source": "folder", "path": str(image_folder), "image_size": 16},
            "training": {"model": "tiny", "epochs": 3, "batch_size": 16, "probe": 20},
            "plan": {"arms": ["none", "standard", "again"], "seeds": 3},
            "policies": {"again": {"policy": "none"}},
        },
        origin="test",
    )


@pytest.fixture(scope="session")
def store(tiny, tmp_path_factory):
    """The prepared images."""
    from augexp.data.preparation import prepare

    return prepare(tiny.data, tmp_path_factory.mktemp("data"), jobs=1)


@pytest.fixture(scope="session")
def networks():
    """One network for all runs of the tests, as in a worker."""
    from augexp.training import backend
    from augexp.training.network import NetworkCache

    backend.configure(threads=1)
    return NetworkCache()


@pytest.fixture(scope="session")
def make_task(tiny, store) -> Callable[..., RunTask]:
    """Return the task of an arm and a seed below a results folder."""

    def make(results: Path, arm: str, seed: int = 0, experiment: Experiment = tiny) -> RunTask:
        return RunTask(experiment, arm, seed, store.path, run_folder(results, arm, seed))

    return make


@pytest.fixture(scope="session")
def finished(make_task, networks, tmp_path_factory) -> dict[tuple[str, int], RunRecord]:
    """All arms with seeds 0 and 1, executed in this process one after another."""
    from augexp.training import run

    results = tmp_path_factory.mktemp("finished")
    recorded = {}
    for seed in (0, 1):
        for arm in ("none", "standard", "again"):
            task = make_task(results, arm, seed)
            run.execute(task, networks=networks)
            recorded[arm, seed] = read_run(task.folder)
    return recorded
