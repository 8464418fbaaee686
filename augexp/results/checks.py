"""What has to be true of the records of a run whatever its numbers are: what follows from other fields, and ranges.

Records with digests are known to be whole before this is asked. In those of augexp 0.1, which have none, it finds
much of what damage or a careless edit can do. Every check raises ValueError with one line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from augexp.experiment import budget
from augexp.results.manifests import Ledger, RunManifest

SUM_ERROR = 1e-3
"""How far the sum of float32 probabilities may be from 1."""

TIE_ERROR = 1e-6
"""How far the probability of the predicted class may be below the highest one: logits that differ in their last bit."""

LOSS_ERROR = 1e-6
"""Relative difference of two means of logarithms that other machines may compute."""


def manifest(run: RunManifest) -> None:
    """Check that a finished run says what it cost, and that the counts of its budget belong together."""
    if run.status == "failed":
        return
    absent = [name for name in ("store", "classes", "counts", "ledger", "test") if getattr(run, name) is None]
    if absent:
        raise ValueError(f"{absent[0]} is missing")
    if run.ledger and run.counts:
        _ledger(run.ledger, run.counts.train)


def _ledger(ledger: Ledger, train: int) -> None:
    fed = ledger.steps * ledger.batch_size
    if ledger.generated not in (None, fed):
        raise ValueError("ledger: generated is not steps times batch_size")
    if ledger.images_seen != fed + (ledger.generated or 0):
        raise ValueError("ledger: images_seen is not steps times batch_size")
    if ledger.copies and ledger.steps != ledger.epochs * ((1 + ledger.copies) * train // ledger.batch_size):
        raise ValueError("ledger: steps are not those of the images and their copies")


def epochs(columns: Mapping[str, npt.NDArray[Any]], ledger: Ledger | None) -> None:
    """Check the columns of ``epochs.csv``: one row for each epoch of the budget, counts and accuracies in range."""
    count = len(columns["epoch"])
    if ledger is not None:
        if count != ledger.epochs:
            raise ValueError(f"{count} rows, but run.json says {ledger.epochs} epochs")
        steps = ledger.steps // max(ledger.epochs, 1) * np.arange(1, count + 1)
        if not np.array_equal(columns["steps"], steps) or not np.array_equal(
            columns["images_seen"], steps * ledger.batch_size * (2 if ledger.generated else 1)
        ):
            raise ValueError("steps or images_seen are not those of the budget in run.json")
    if not np.array_equal(columns["epoch"], np.arange(1, count + 1)):
        raise ValueError("the epochs are not numbered from 1")
    unique = columns["unique_images"]
    if (unique < 0).any() or (unique > columns["images_seen"]).any() or (np.diff(unique) < 0).any():
        raise ValueError("unique_images are more than images_seen, or become fewer")
    for name, values in columns.items():
        if name.endswith("_accuracy") and ((values < 0) | (values > 1)).any():
            raise ValueError(f"{name} is not between 0 and 1")
        if name.endswith("_loss") and (values < 0).any():
            raise ValueError(f"{name} is below 0")


def predictions(outcome: Any) -> None:
    """Check the arrays of ``predictions.npz``, a `Predictions` of `augexp.results.predictions`, against each other."""
    images, classes = len(outcome.labels), len(outcome.classes)
    shapes = {
        "labels": ((images,), np.integer),
        "predicted": ((images,), np.integer),
        "probabilities": ((images, classes), np.floating),
        "ids": ((images,), np.uint64),
        "clusters": ((images,), np.integer),
    }
    for name, (shape, kind) in shapes.items():
        array = getattr(outcome, name)
        if array.shape != shape or not np.issubdtype(array.dtype, kind):
            raise ValueError(f"{name}: {array.dtype} {array.shape}, but {shape} numbers belong there")
    for name in ("labels", "predicted"):
        if ((values := getattr(outcome, name)) < 0).any() or (values >= classes).any():
            raise ValueError(f"{name}: not all of them are one of the {classes} classes")
    if not np.array_equal(outcome.correct, outcome.predicted == outcome.labels):
        raise ValueError("correct is not where predicted equals labels")
    chances = outcome.probabilities.astype(np.float64)
    if not ((chances >= 0) & (chances <= 1 + SUM_ERROR)).all() or (abs(chances.sum(axis=1) - 1) > SUM_ERROR).any():
        raise ValueError("probabilities do not sum to 1")
    chosen = chances[np.arange(images), outcome.predicted]
    if images and (chosen < chances.max(axis=1) - TIE_ERROR).any():
        raise ValueError("predicted is not the class of the highest probability")


def outcome_of(run: RunManifest, outcome: Any) -> None:
    """Check predictions against what ``run.json`` says of them."""
    if run.classes is not None and tuple(run.classes) != outcome.classes:
        raise ValueError("its classes are not those of run.json")
    if run.counts is not None and run.counts.test != len(outcome.labels):
        raise ValueError(f"{len(outcome.labels)} images, but run.json says {run.counts.test}")
    if run.test is None or run.test.accuracy is None or not len(outcome.labels):
        return
    if abs(run.test.accuracy - float(np.mean(outcome.correct))) > 1e-12:
        raise ValueError("its accuracy is not that of run.json")
    own = outcome.probabilities[np.arange(len(outcome.labels)), outcome.labels].astype(np.float64)
    loss = -float(np.mean(np.log(np.maximum(own, np.finfo(np.float32).tiny))))
    if run.test.loss is None or abs(run.test.loss - loss) > LOSS_ERROR * max(1.0, abs(loss)):
        raise ValueError("its loss is not that of run.json")


def milestones(at: Mapping[int, Any], run: RunManifest, final: Any) -> None:
    """Check each `Milestone` by its epoch: which epochs, how many images, and that the last one is the end."""
    last = run.ledger.epochs if run.ledger is not None else 0
    copies = (run.ledger.copies if run.ledger is not None else None) or 0
    if tuple(sorted(at)) not in (budget.milestones(last), *([budget.equal_steps(last, copies)] if copies else [])):
        raise ValueError(f"not the milestones up to {last} epochs")
    for milestone in at.values():
        predicted, logs = milestone.predicted, milestone.log_probability
        if predicted.shape != final.labels.shape or logs.shape != final.labels.shape:
            raise ValueError("not as many images as in predictions.npz")
        if (predicted < 0).any() or (predicted >= len(final.classes)).any() or not (logs <= TIE_ERROR).all():
            raise ValueError("a class or a probability is out of range")
    if not np.array_equal(at[last].predicted, final.predicted):
        raise ValueError("its last milestone is not what predictions.npz says")
