"""Runs that take the place of those of this program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from augexp.data.groups import name_hash
from augexp.external.collector import Collected, RunOutcome
from augexp.results.manifests import RUN_SCHEMA, RunManifest
from augexp.results.predictions import Predictions
from augexp.results.records import RunRecord
from augexp.results.scores import Floats


@dataclass(frozen=True)
class ExternalPredictions(Predictions):
    """The test images as one run saw them; `probabilities` is empty, float32 (m, 0), where they were not kept.

    Attributes:
        outcome: what is known of the run.
        image_names: of the m images.
    """

    outcome: RunOutcome | None = None
    image_names: Sequence[str] = ()

    @property
    def names(self) -> Sequence[str]:
        """Names of the images."""
        return self.image_names

    @property
    def has_probabilities(self) -> bool:
        """Whether log loss, Brier score and confidence are known."""
        return self.outcome is not None and self.outcome.log_loss is not None

    @property
    def has_predicted(self) -> bool:
        """Whether the predicted class is known, and not only whether it is the right one."""
        return self.outcome is not None and self.outcome.predicted is not None

    def log_loss(self) -> Floats:
        """Return the log loss of each image in nats, float64 (m,)."""
        return _known(self.outcome.log_loss if self.outcome else None)

    def brier(self) -> Floats:
        """Return the Brier score of each image, float64 (m,)."""
        return _known(self.outcome.brier if self.outcome else None)

    def confidence(self) -> Floats:
        """Return the probability of the predicted class, float64 (m,)."""
        return _known(self.outcome.confidence if self.outcome else None)


def _known(values: Floats | None) -> Floats:
    assert values is not None  # noqa: S101 - `has_probabilities` is asked first
    return values


@dataclass(frozen=True)
class ExternalRecord(RunRecord):
    """A run that somebody else trained: it has neither epochs nor a ledger.

    Attributes:
        seen: the test images as it saw them.
    """

    seen: ExternalPredictions | None = None

    def predictions(self) -> Predictions:
        """Return the per-image outcome on the test images."""
        assert self.seen is not None  # noqa: S101 - `records` always sets it
        return self.seen


def records(collected: Collected, where: str, digest: str) -> dict[tuple[str, int], RunRecord]:
    """Return a record of every run, by arm and seed.

    Args:
        collected: the runs.
        where: they come from.
        digest: 16 hex digits over all of them.
    """
    ids = np.arange(len(collected.labels), dtype=np.uint64)
    hashes = np.array([name_hash(name) for name in collected.group_names], np.uint64)
    groups = None if collected.groups is None else hashes[collected.groups]
    names = tuple(sorted(collected.group_names, key=name_hash))
    none = np.empty((len(ids), 0), dtype=np.float32)
    made: dict[tuple[str, int], RunRecord] = {}
    for (arm, seed), outcome in collected.runs.items():
        run = RunManifest(schema=RUN_SCHEMA, status="complete", experiment=digest, arm=arm, arm_hash=digest, seed=seed)
        predicted = outcome.predicted if outcome.predicted is not None else np.full(len(ids), -1)
        seen = ExternalPredictions(
            labels=collected.labels,
            predicted=predicted.astype(np.int64),
            correct=outcome.correct,
            probabilities=none if outcome.probabilities is None else outcome.probabilities,
            ids=ids,
            clusters=collected.clusters,
            classes=collected.classes,
            outcome=outcome,
            image_names=collected.images,
            groups=groups,
            group_names=names,
        )
        made[arm, seed] = ExternalRecord(Path(where), run, {}, seen=seen)
    return made
