"""A tiny experiment on drawn pictures, whose runs take a fraction of a second."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from augexp import experiment as definition
from augexp.experiment import Experiment
from augexp.training.records import RunRecord, read_run, run_folder
from augexp.training.task import RunTask


@pytest.fixture(scope="session")
def pictures(tmp_path_factory) -> Path:
    """Two classes of 60 noisy pictures of 16 pixels: bright above, or bright below."""
    folder = tmp_path_factory.mktemp("pictures")
    generator = np.random.default_rng(7)
    for name, above in (("above", 60), ("below", 0)):
        (folder / name).mkdir()
        for number in range(60):
            picture = generator.integers(0, 150, (16, 16, 3))
            picture[:8] += above
            picture[8:] += 60 - above
            Image.fromarray(picture.astype(np.uint8)).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture(scope="session")
def tiny(pictures) -> Experiment:
    """Three arms, the third one empty under another name; three epochs of five steps."""
    return definition.parse(
        {
            "name": "tiny",
            "data": {"source": "folder", "path": str(pictures), "image_size": 16},
            "training": {"model": "tiny", "epochs": 3, "batch_size": 16, "probe": 20},
            "plan": {"arms": ["none", "standard", "again"], "seeds": 3},
            "policies": {"again": {"policy": "none"}},
        },
        origin="test",
    )


@pytest.fixture(scope="session")
def store(tiny, tmp_path_factory):
    """The prepared pictures."""
    from augexp.data.store import prepare

    return prepare(tiny.data, tmp_path_factory.mktemp("data"), jobs=1)


@pytest.fixture(scope="session")
def workshop():
    """One network for all runs of the tests, as in a worker."""
    from augexp.training import backend
    from augexp.training.network import Workshop

    backend.configure(threads=1)
    return Workshop()


@pytest.fixture(scope="session")
def make_task(tiny, store) -> Callable[..., RunTask]:
    """Return the task of an arm and a seed below a results folder."""

    def make(results: Path, arm: str, seed: int = 0, experiment: Experiment = tiny) -> RunTask:
        return RunTask(experiment, arm, seed, store.path, run_folder(results, arm, seed))

    return make


@pytest.fixture(scope="session")
def finished(make_task, workshop, tmp_path_factory) -> dict[tuple[str, int], RunRecord]:
    """All arms with seeds 0 and 1, executed in this process one after another."""
    from augexp.training import run

    results = tmp_path_factory.mktemp("finished")
    found = {}
    for seed in (0, 1):
        for arm in ("none", "standard", "again"):
            task = make_task(results, arm, seed)
            run.execute(task, workshop=workshop)
            found[arm, seed] = read_run(task.folder)
    return found
