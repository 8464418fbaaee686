"""Measure a network on images as they are: rescaled, never augmented, a batch at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from augexp.augment.pipeline import rescale
from augexp.data.store import Store
from augexp.results.manifests import TestSummary
from augexp.results.predictions import Milestone, Predictions

BATCH = 128
"""Images per forward pass; fixed, because the last bits may depend on it."""


class Classifier(Protocol):
    """Anything that turns float32 (B, S, S, 3) in [0, 1] into logits float32 (B, C)."""

    def logits(self, images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the logits of a batch."""


class Measures(NamedTuple):
    """Means over a split: cross-entropy in nats, the fraction correct in [0, 1], and its mean over the classes."""

    loss: float
    accuracy: float
    balanced_accuracy: float


class EvaluationSet:
    """Some rows of a store, in ascending order.

    Args:
        store: the prepared images.
        rows: int64 (m,), ascending.
        inputs: returns what the network is given for some of them, by position; by default the rescaled images.
    """

    def __init__(
        self,
        store: Store,
        rows: npt.NDArray[np.int64],
        inputs: Callable[[npt.NDArray[np.int64]], npt.NDArray[np.float32]] | None = None,
    ) -> None:
        self._store, self._rows = store, rows
        view = store.view(rows)
        self._inputs = inputs or (lambda part: rescale(view[part].images))
        self._labels = np.asarray(store.labels[rows], dtype=np.int64)

    def __len__(self) -> int:
        return len(self._rows)

    def measure(self, network: Classifier) -> Measures:
        """Return mean loss and accuracies; all NaN where there are no rows."""
        if not len(self._rows):
            return Measures(*[float("nan")] * 3)
        return _measures(_log_softmax(self._logits(network)), self._labels)

    def predict(self, network: Classifier, *, diverged: bool = False) -> tuple[Predictions, bool]:
        """Return the outcome image by image, and whether the network had something to say about all of them.

        A diverged network says nothing about an image: where a logit is not finite, all classes get
        the same probability and the first class is predicted.

        Args:
            network: asked for the logits.
            diverged: whether it is known to have diverged, whatever its logits are.
        """
        logits, finite = self._finite_logits(network, diverged=diverged)
        probabilities = np.exp(_log_softmax(logits)).astype(np.float32)
        predicted = np.argmax(logits, axis=1).astype(np.int64)
        predictions = Predictions(
            labels=self._labels,
            predicted=predicted,
            correct=predicted == self._labels,
            probabilities=probabilities,
            ids=np.asarray(self._store.ids[self._rows], dtype=np.uint64),
            clusters=np.asarray(self._store.clusters[self._rows], dtype=np.int64),
            classes=tuple(self._store.classes),
            groups=self._store.group_hashes(self._rows),
            group_names=self._store.group_names(self._rows),
        )
        return predictions, bool(finite.all())

    def milestone(self, network: Classifier, *, diverged: bool = False) -> Milestone:
        """Return what `predict` says of the true classes alone; for the arguments see there."""
        logits, _ = self._finite_logits(network, diverged=diverged)
        own = _log_softmax(logits)[np.arange(len(self._labels)), self._labels]
        return Milestone(np.argmax(logits, axis=1).astype(np.int64), own.astype(np.float32))

    def _finite_logits(
        self, network: Classifier, *, diverged: bool
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
        """Return the logits, zero where one of an image is not finite, and for which images all were finite."""
        logits = self._logits(network)
        if diverged:
            logits[:] = np.nan
        finite: npt.NDArray[np.bool_] = np.asarray(np.isfinite(logits).all(axis=1))
        return np.where(finite[:, None], logits, np.float32(0.0)), finite

    def _logits(self, network: Classifier) -> npt.NDArray[np.float32]:
        logits = np.empty((len(self._rows), len(self._store.classes)), dtype=np.float32)
        for start in range(0, len(self._rows), BATCH):
            part = np.arange(start, min(start + BATCH, len(self._rows)))
            logits[part] = network.logits(self._inputs(part))
        return logits


def _log_softmax(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    shifted = logits.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        shifted -= shifted.max(axis=1, keepdims=True)
        result: npt.NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result


def _measures(log_probabilities: npt.NDArray[np.float64], labels: npt.NDArray[np.int64]) -> Measures:
    loss = -float(np.mean(log_probabilities[np.arange(len(labels)), labels]))
    correct = np.argmax(log_probabilities, axis=1) == labels
    counts = np.bincount(labels)
    by_class = np.bincount(labels, weights=correct) / np.maximum(counts, 1)
    return Measures(loss, float(np.mean(correct)), float(np.mean(by_class[counts > 0])))


def summary(predictions: Predictions) -> TestSummary:
    """Return loss and accuracy of the test split; the loss comes from the stored probabilities."""
    chosen = predictions.probabilities[np.arange(len(predictions.labels)), predictions.labels].astype(np.float64)
    if not len(chosen):
        return TestSummary(loss=None, accuracy=None)
    smallest = float(np.finfo(np.float32).tiny)
    loss = -float(np.mean(np.log(np.maximum(chosen, smallest))))
    return TestSummary(loss=loss, accuracy=float(np.mean(predictions.correct)))
