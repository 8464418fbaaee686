"""Fixtures that several rooms share."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from augexp.training.workforce import THREAD_VARIABLES

if TYPE_CHECKING:
    from augexp import Comparison

# As in a worker, whichever test loads TensorFlow first: with two threads sums are split, and last bits differ.
os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real photos beside the project; tests that need it skip without it."""
    folder = ROOT.parent / "shared"
    if not (folder / "data").is_dir():
        pytest.skip("the folder of real photos beside the project (../shared/data) is not here")
    return folder


@dataclass(frozen=True)
class House:
    """One real comparison that many tests look at; none of them may change it.

    Attributes:
        comparison: what `augexp.compare` returned.
        folder: its results.
        data_dir: its images.
    """

    comparison: Comparison
    folder: Path
    data_dir: Path


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """``experiments/smoke.toml``, executed: a tiny network, three seeds, two epochs, drawn pictures."""
    import augexp

    place = tmp_path_factory.mktemp("house")
    comparison = augexp.compare(
        ROOT / "experiments" / "smoke.toml", results_dir=place / "results", data_dir=place / "data", jobs=2
    )
    return House(comparison, place / "results" / "smoke", place / "data")
