"""What is to be run, and what is told about it while it runs; both travel between processes as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from augexp.experiment import Experiment

Kind = Literal["started", "epoch", "note", "finished", "stopped", "failed"]


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
    """

    experiment: Experiment
    arm: str
    seed: int
    store_path: Path
    folder: Path
    keep_model: bool = False

    @property
    def name(self) -> str:
        """For messages."""
        return f"{self.arm} seed {self.seed}"

    def to_json(self) -> dict[str, Any]:
        """Return plain values; `from_json` makes an equal task of them."""
        return {
            "experiment": self.experiment.model_dump(mode="json"),
            "arm": self.arm,
            "seed": self.seed,
            "store_path": str(self.store_path),
            "folder": str(self.folder),
            "keep_model": self.keep_model,
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
        )


@dataclass(frozen=True)
class RunEvent:
    """Something that happened to a run.

    Attributes:
        kind: `started`, `epoch` (one more is over), `note` (see `message`), and one last event:
            `finished`, `stopped` (on request; goes on from its checkpoint next time) or `failed`.
        arm, seed: of the run.
        epoch: epochs done so far.
        epochs: epochs of the budget.
        seconds: what the last epoch took, or the whole run where it is over.
        row: the epoch's row of ``epochs.csv``; empty for other kinds.
        message: one line for people.
    """

    kind: Kind
    arm: str
    seed: int
    epoch: int = 0
    epochs: int = 0
    seconds: float = 0.0
    row: Mapping[str, int | float] = field(default_factory=dict)
    message: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain values; `RunEvent(**values)` makes an equal event of them."""
        return asdict(self)
