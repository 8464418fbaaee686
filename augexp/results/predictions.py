"""What a network said of the test images, at the end of a run and at milestones before it, and the files of both.

Equal predictions give equal bytes. Nothing here is read with pickle.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from augexp.results import checks, scores
from augexp.results.run_json import damaged


@dataclass(frozen=True)
class Milestone:
    """The test split as a network saw it after some of its epochs; m images in the order of `Predictions`.

    Attributes:
        predicted: int64 (m,), the class of the highest probability (the first one on a tie).
        log_probability: float32 (m,), natural logarithm of the probability of the true class.
    """

    predicted: npt.NDArray[np.int64]
    log_probability: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Predictions:
    """The test split as one network saw it; m images, C classes, rows in ascending store order.

    Attributes:
        labels: int64 (m,), the true class of each image.
        predicted: int64 (m,), the class of the highest probability (the first one on a tie).
        correct: bool (m,), ``predicted == labels``.
        probabilities: float32 (m, C), rows sum to 1.
        ids: uint64 (m,), content hash of each image.
        clusters: int64 (m,), images with the same number are near-duplicates of each other.
        classes: names of the C classes.
        groups: uint64 (m,), hash of the name of each image's group; None where no groups were declared.
        group_names: of the G groups, in ascending order of their hashes.
    """

    labels: npt.NDArray[np.int64]
    predicted: npt.NDArray[np.int64]
    correct: npt.NDArray[np.bool_]
    probabilities: npt.NDArray[np.float32]
    ids: npt.NDArray[np.uint64]
    clusters: npt.NDArray[np.int64]
    classes: tuple[str, ...]
    groups: npt.NDArray[np.uint64] | None = None
    group_names: tuple[str, ...] = ()

    @property
    def names(self) -> Sequence[str]:
        """Names of the images; empty where they have none but their content hashes."""
        return ()

    @property
    def has_probabilities(self) -> bool:
        """Whether log loss, Brier score and confidence are known."""
        return True

    @property
    def has_predicted(self) -> bool:
        """Whether the predicted class is known, and not only whether it is the right one."""
        return True

    def log_loss(self) -> npt.NDArray[np.float64]:
        """Return the log loss of each image in nats, float64 (m,)."""
        return scores.log_loss(self.probabilities, self.labels)

    def brier(self) -> npt.NDArray[np.float64]:
        """Return the Brier score of each image, float64 (m,)."""
        return scores.brier(self.probabilities, self.labels)

    def confidence(self) -> npt.NDArray[np.float64]:
        """Return the probability of the predicted class, float64 (m,)."""
        return scores.confidence(self.probabilities, self.predicted)


def read_predictions(path: Path) -> Predictions:
    """Read ``predictions.npz``; raises ResultsError where it is missing or damaged."""
    try:
        # From memory: np.load leaves a damaged file open.
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            labels = arrays["labels"]
            correct = np.unpackbits(arrays["correct"], count=len(labels)).astype(bool)
            predictions = Predictions(
                labels=labels,
                predicted=arrays["predicted"],
                correct=correct,
                probabilities=arrays["probabilities"],
                ids=arrays["ids"],
                clusters=arrays["clusters"],
                classes=tuple(str(name) for name in arrays["classes"]),
                groups=arrays.get("groups"),
                group_names=tuple(str(name) for name in arrays["group_names"]) if "group_names" in arrays else (),
            )
            checks.predictions(predictions)
            return predictions
    except Exception as error:  # zipfile, zlib and numpy each have their own exceptions for damage
        raise damaged(path, error) from None


def read_milestones(path: Path) -> dict[int, Milestone]:
    """Read ``milestones.npz``; raises ResultsError where it is missing or damaged."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            rows = zip(arrays["epochs"].tolist(), arrays["predicted"], arrays["log_probability"], strict=True)
            return {epoch: Milestone(predicted.astype(np.int64), logs) for epoch, predicted, logs in rows}
    except Exception as error:  # zipfile, zlib and numpy each have their own exceptions for damage
        raise damaged(path, error) from None


def predictions_bytes(predictions: Predictions) -> bytes:
    """Encode ``predictions.npz``; equal predictions give equal bytes (no times inside the archive)."""
    buffer = io.BytesIO()
    further: dict[str, Any] = {}
    if predictions.groups is not None:
        further = {"groups": predictions.groups.astype(np.uint64), "group_names": np.array(predictions.group_names)}
    np.savez_compressed(
        buffer,
        labels=predictions.labels.astype(np.int64),
        predicted=predictions.predicted.astype(np.int64),
        correct=np.packbits(predictions.correct),
        probabilities=predictions.probabilities.astype(np.float32),
        ids=predictions.ids.astype(np.uint64),
        clusters=predictions.clusters.astype(np.int64),
        classes=np.array(predictions.classes),
        **further,
    )
    return buffer.getvalue()


def milestones_bytes(milestones: Mapping[int, Milestone]) -> bytes:
    """Encode ``milestones.npz``, 6 bytes for an image and milestone before compression; equal ones give equal bytes."""
    buffer, epochs = io.BytesIO(), sorted(milestones)
    np.savez_compressed(
        buffer,
        epochs=np.array(epochs, dtype=np.int64),
        predicted=np.stack([milestones[epoch].predicted for epoch in epochs]).astype(np.uint16),
        log_probability=np.stack([milestones[epoch].log_probability for epoch in epochs]).astype(np.float32),
    )
    return buffer.getvalue()
