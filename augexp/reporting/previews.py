"""Preview sheets of an experiment's own images: what its arms do to them, and how strong the operations are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from augexp.data.store import Store
from augexp.errors import DefinitionError
from augexp.experiment.definition import Experiment

if TYPE_CHECKING:
    from augexp.data.store import Rows
    from augexp.reporting.preview_sheets import PreviewSheet

MAX_CLASSES = 10
"""Classes, and so rows, that a sheet has at most."""


def samples(experiment: Experiment, arm: str, store: Store, versions: int = 6) -> PreviewSheet:
    """Show one training image per class and what the network gets of it in the first epochs of seed 0."""
    from augexp.reporting import preview_sheets  # noqa: PLC0415 - policies are applied only to be drawn

    rows = _training_rows(experiment, store)
    originals = _originals(store, rows)
    sheet = preview_sheets.samples(
        experiment.policy(arm),
        np.asarray(store.images[originals]),
        store.classes[: len(originals)],
        store.ids[originals],
        root_seed=experiment.root_seed,
        versions=versions,
        partners=(store.view(rows), store.labels[rows]),
    )
    return _titled(sheet, store)


def strengths(experiment: Experiment, arm: str, store: Store) -> PreviewSheet:
    """Show every operation of an arm over its range, on one training image."""
    from augexp.reporting import preview_sheets  # noqa: PLC0415

    first, second, *_ = _originals(store, _training_rows(experiment, store))
    sheet = preview_sheets.strengths(
        experiment.policy(arm), np.asarray(store.images[first]), partner=np.asarray(store.images[second])
    )
    return _titled(sheet, store)


def _titled(sheet: PreviewSheet, store: Store) -> PreviewSheet:
    """Say in the title where the images are drawn and not photos."""
    return replace(sheet, title=f"{sheet.title} (synthetic images)") if store.manifest.synthetic else sheet


def of_arms(experiment: Experiment, store: Store, arms: Iterable[str]) -> dict[str, PreviewSheet]:
    """Return file name (without suffix) and sample sheet of those among `arms` that change images."""
    arms = [arm for arm in arms if experiment.policy(arm).operations]
    names = ["samples"] if len(arms) == 1 else [f"samples-{arm}" for arm in arms]
    return {name: samples(experiment, arm, store) for name, arm in zip(names, arms, strict=True)}


def check_target(path: Path) -> None:
    """Refuse a file that no sheet can be written to, before anything is computed for it."""
    from augexp.reporting.sheet_files import SUFFIXES  # noqa: PLC0415

    if path.suffix.lower() not in SUFFIXES:
        raise DefinitionError(f"{path}: received the suffix {path.suffix!r}; allowed are {', '.join(SUFFIXES)}")


def _training_rows(experiment: Experiment, store: Store) -> Rows:
    rows = store.training_rows(experiment.data, experiment.root_seed, 0)
    return rows[store.labels[rows] < MAX_CLASSES]


def _originals(store: Store, rows: Rows) -> Rows:
    """Return the first row of every class among `rows`, in the order of the classes."""
    labels = store.labels[rows]
    return np.array([rows[np.argmax(labels == label)] for label in np.unique(labels)], dtype=np.int64)
