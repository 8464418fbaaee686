"""What the JSON files of a results folder hold, as typed models: ``run``, ``timing``, ``plan`` and ``horizon.json``.

Fields that a later version adds are ignored by this one. A file is written with the fields that were set, so reading
and writing it again gives the same bytes.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from augexp.experiment.budget import MAX_EPOCHS
from augexp.experiment.definition import plan_hash
from augexp.experiment.plan import LOOKS

RunOutcome = Literal["complete", "diverged", "failed"]
"""`diverged`: a loss or a weight is no finite number, which is an outcome; `failed`: there are no numbers."""

RUN_SCHEMA = 1
"""Version of the files of a run, see `augexp.results.records`; part of ``run.json``."""


class Manifest(BaseModel):
    """Base of the models: immutable, no conversion of types."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, allow_inf_nan=False)

    def values(self) -> dict[str, Any]:
        """Return the fields that were set, under the names that they have in the file, as plain JSON values."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)

    @classmethod
    def from_values(cls, values: Any) -> Self:
        """Check plain JSON values; raises ValueError with one line that names the field."""
        try:
            return cls.model_validate_json(json.dumps(values), strict=True)
        except (ValidationError, RecursionError) as error:
            if isinstance(error, RecursionError):
                raise ValueError("nested too deeply") from None
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise ValueError(f"{where}: {first['msg']}" if where else first["msg"]) from None


# -- run.json ------------------------------------------------------------------------------------


Count = Annotated[int, Field(ge=0)]


class Ledger(Manifest):
    """The budget of a run, which has to be equal in every run of a comparison.

    Attributes:
        steps: optimiser steps.
        batch_size: images per step.
        images_seen: steps x batch_size, and what was generated.
        epochs: passes over the training draw.
        parameters: trained numbers of the network.
        optimizer: name and learning rate, then what else is not zero: weight decay, momentum, label smoothing.
        schedule: of the learning rate, with its warm-up where there is one.
        precision: arithmetic.
        drawn: of a network from elsewhere, numbers that every seed draws anew; None where all are.
        tune: what is trained, where that is not the whole network.
        copies: fixed copies of each image, which every epoch shows beside it; None without any.
        generated: images that the network of a learned policy has made and that were trained on; None without one.
    """

    steps: Count
    batch_size: Count
    images_seen: Count
    epochs: Count
    parameters: Count
    optimizer: str
    schedule: str
    precision: str
    drawn: Count | None = None
    tune: str | None = None
    copies: Count | None = None
    generated: Count | None = None


class ImageCounts(Manifest):
    """Images of a run by split."""

    train: Count
    validation: Count
    test: Count


class TestSummary(Manifest):
    """Means over the test split: cross-entropy in nats, accuracy in [0, 1]; None without test images."""

    __test__ = False  # pytest collects classes by their names

    loss: float | None
    accuracy: float | None = Field(ge=0.0, le=1.0)


class RunManifest(Manifest):
    """Content of ``run.json``: everything about a run that is the same when the run is repeated.

    A failed run has the fields up to `error`, and with folds `repeat` and `fold`; all others are None there.

    Attributes:
        format: version of the files of a run.
        status: how the run ended.
        experiment, arm_hash: 16 hex digits each, see `Experiment.hash` and `Experiment.arm_hash`.
        arm: name of the policy under test.
        seed: number of the block.
        error: why the run failed, one line.
        store: fingerprint of the prepared images.
        versions: of what may change the last bits of a result, by name.
        classes: names of the C classes.
        counts: images by split.
        ledger: the budget.
        weights_initial, weights_final: 32 hex digits over all weights of the network.
        learned_final: 32 hex digits over all weights of the network that a learned policy has trained; None without.
        order: 32 hex digits over the identities of all training images in the order in which they came.
        test: means over the test split.
        repeat, fold: of cross-validation, from 0; None where there are no folds.
        files: digest of every other file that the run's numbers rest on, by name; None in records of augexp 0.1.
        seal: digest of all other fields; None there as well.
    """

    format: int = Field(alias="schema")
    status: RunOutcome
    experiment: str
    arm: str
    arm_hash: str
    seed: Count
    error: str | None = None
    store: str | None = None
    versions: dict[str, str] | None = None
    classes: tuple[str, ...] | None = None
    counts: ImageCounts | None = None
    ledger: Ledger | None = None
    weights_initial: str | None = None
    weights_final: str | None = None
    learned_final: str | None = None
    order: str | None = None
    test: TestSummary | None = None
    repeat: int | None = None
    fold: int | None = None
    files: dict[str, str] | None = None
    seal: str | None = None


# -- timing.json ---------------------------------------------------------------------------------


Seconds = Annotated[float, Field(ge=0.0)]


class EpochTiming(Manifest):
    """Seconds of one epoch: wall time, time of the processor, and wall time of augmentation."""

    seconds: Seconds
    cpu_seconds: Seconds = 0.0
    augment_seconds: Seconds = 0.0


class Timing(Manifest):
    """Content of ``timing.json``: what differs between two equal runs.

    Attributes:
        started, finished: ISO 8601, UTC.
        wall_seconds, cpu_seconds: of the run, over all its sessions.
        host, processor: where its last session took place.
        epochs: one entry per epoch; empty where the times are not known.
        readable: False where the file is damaged, so that nothing is known; never written.
    """

    started: str | None = None
    finished: str | None = None
    wall_seconds: Seconds | None = None
    cpu_seconds: Seconds | None = None
    host: str | None = None
    processor: str | None = None
    epochs: tuple[EpochTiming, ...] = ()
    readable: bool = Field(default=True, exclude=True)


# -- plan.json -----------------------------------------------------------------------------------


class RecordedPlan(Manifest):
    """What the verdict was planned with; for the attributes see `augexp.experiment.plan.Plan`."""

    arms: tuple[str, ...]
    baseline: str
    seeds: int | None = None
    looks: tuple[int, ...] = LOOKS
    metric: str
    equivalence: float
    stage: str = "whole"
    screened: tuple[str, ...] = ()
    max_epochs: int = MAX_EPOCHS
    horizon: int | None = None
    repeats: int | None = None
    positive: str | None = None

    @property
    def fixed(self) -> int | None:
        """The fixed number of seeds, or with folds of repeats; None with planned looks."""
        return self.seeds if self.seeds is not None else self.repeats

    @property
    def first_look(self) -> int:
        """The number of seeds, or of repeats, after which there is an answer for the first time."""
        return self.fixed if self.fixed is not None else self.looks[0]

    @property
    def max_seeds(self) -> int:
        """The number of seeds, or of repeats, that the plan may reach."""
        return self.fixed if self.fixed is not None else self.looks[-1]


class PlanEntry(Manifest):
    """One plan that a results folder has had.

    Attributes:
        plan: what was planned.
        arms: definition of the policy of every arm.
        plan_hash: 16 hex digits, see `Experiment.plan_hash`.
        blocks_finished: seeds that could have been looked at when the plan was written down.
    """

    plan: RecordedPlan
    arms: dict[str, Any]
    plan_hash: str
    blocks_finished: Count

    def hash_of(self, experiment: str) -> str:
        """Return the `plan_hash` that this plan has in the experiment of that hash, see `Experiment.plan_hash`."""
        return plan_hash(experiment, self.plan.values(), self.arms)


class PlanHistory(Manifest):
    """Content of ``plan.json``: every plan that the folder has had, oldest first."""

    plans: tuple[PlanEntry, ...]


# -- horizon.json --------------------------------------------------------------------------------


class Horizon(Manifest):
    """Content of ``horizon.json``: how far the runs with ``epochs = "auto"`` go.

    Attributes:
        epochs: to which every run goes now.
        settled: whether that is the last word, so that test outcomes may be read.
        gains: validation gain of each arm over the last doubling, from the best milestone up to half of the horizon to
            the best one up to the horizon, in pp; empty while it is not settled.
        still_gaining: arms that gained more than the region of practical equivalence there, at the cap.
        seeds: of the first look, which decided it; empty while it is not settled, and where a screening found it.
    """

    epochs: Annotated[int, Field(ge=1)]
    settled: bool = False
    gains: dict[str, float] = {}
    still_gaining: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
