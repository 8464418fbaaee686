"""What is to be run: one arm with one seed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augexp.experiment.definition import Experiment
from augexp.progress import Kind, RunEvent
from augexp.results import records


@dataclass(frozen=True)
class RunTask:
    """One arm with one seed.

    Attributes:
        experiment: the whole definition.
        arm: name of the policy.
        seed: number of the block.
        store_path: folder of the prepared images.
        folder: of the run; made if missing.
        keep_model: also write ``model.keras``.
        horizon: epochs to which the run goes where its budget is automatic; None goes to the first horizon.
        extendable: keep the checkpoint at the end, since the run may have to go on.
        features: folder of the features of a frozen backbone; None keeps them in the data folder.
    """

    experiment: Experiment
    arm: str
    seed: int
    store_path: Path
    folder: Path
    keep_model: bool = False
    horizon: int | None = None
    extendable: bool = False

    @property
    def epochs(self) -> int:
        """Epochs to which the run goes."""
        return self.horizon if self.horizon is not None else self.experiment.first_horizon

    @property
    def is_finished(self) -> bool:
        """Whether its records are there; raises ResultsError where those of another run are."""
        return records.is_finished(self.folder, self.experiment.arm_hash(self.arm), self.epochs)

    features: Path | None = None

    @property
    def name(self) -> str:
        """For messages."""
        return self.experiment.run_name(self.arm, self.seed)

    @property
    def fit(self) -> dict[str, Any]:
        """Its ``repeat`` and ``fold`` as they are recorded, both from 0; empty without folds."""
        folds = self.experiment.data.folds
        return {} if folds is None else dict(zip(("repeat", "fold"), divmod(self.seed, folds), strict=True))

    @property
    def size(self) -> str:
        """Say how large the training draw is, for messages; empty where it is the usual one."""
        return self.experiment.data.size_name

    def event(self, kind: Kind, **details: Any) -> RunEvent:
        """Return an event of this run; for the details see `RunEvent`."""
        return RunEvent(kind, self.arm, self.seed, folds=self.experiment.data.folds, size=self.size, **details)

    def to_json(self) -> dict[str, Any]:
        """Return plain values, also for machines with another version; `from_json` makes an equal task of them."""
        return {
            "experiment": self.experiment.model_dump(mode="json"),
            "arm": self.arm,
            "seed": self.seed,
            "store_path": str(self.store_path),
            "folder": str(self.folder),
            "keep_model": self.keep_model,
            "horizon": self.horizon,
            "extendable": self.extendable,
            "features": None if self.features is None else str(self.features),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> RunTask:
        """Undo `to_json`."""
        return cls(
            experiment=Experiment.model_validate_json(json.dumps(values["experiment"])),
            arm=values["arm"],
            seed=values["seed"],
            store_path=Path(values["store_path"]),
            folder=Path(values["folder"]),
            keep_model=values["keep_model"],
            horizon=values["horizon"],
            extendable=values["extendable"],
            features=Path(values["features"]) if values.get("features") else None,
        )
