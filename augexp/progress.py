"""What is reported while the work goes on, and who is told: a terminal, a notebook, or nobody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

StageProgress = Callable[[str, int, int], None]
"""Is called with the name of a stage, how many items are done, and how many there are (0 where not known)."""

Kind = Literal["started", "pace", "epoch", "note", "finished", "stopped", "failed"]


@dataclass(frozen=True)
class RunEvent:
    """Something that happened to a run.

    Attributes:
        kind: `started`, `pace` (the first steps have been timed), `epoch` (one more is over), `note` (see `message`),
            and one last event: `finished`, `stopped` (on request; goes on from its checkpoint next time) or `failed`.
        arm, seed: of the run.
        epoch: epochs done so far.
        epochs: epochs of the budget.
        seconds: what the last epoch took, or will take as far as the first steps tell, or the whole run where it is
            over.
        row: the epoch's row of ``epochs.csv``; empty for other kinds.
        message: one line for people.
        folds: K of the experiment, by which the run has a name; None without folds.
        size: which training draw the run has, where runs of several sizes go on together; else empty.
    """

    kind: Kind
    arm: str
    seed: int
    epoch: int = 0
    epochs: int = 0
    seconds: float = 0.0
    row: Mapping[str, int | float] = field(default_factory=dict)
    message: str = ""
    folds: int | None = None
    size: str = ""


class ProgressListener(Protocol):
    """The listener. Every method returns at once and never raises."""

    def stage(self, name: str, done: int, total: int) -> None:
        """A stage of preparing the data: `done` of `total` items; total 0 where it is not known."""

    def runs(self, total: int) -> None:
        """So many runs are going to be executed, beyond those that have ended (again after a look)."""

    def event(self, event: RunEvent) -> None:
        """A run started, finished an epoch, ended or failed."""

    def note(self, text: str) -> None:
        """A line that should stay: what was done, a warning."""


class NullListener:
    """A listener that says nothing."""

    def stage(self, name: str, done: int, total: int) -> None:
        """Ignore it."""

    def runs(self, total: int) -> None:
        """Ignore it."""

    def event(self, event: RunEvent) -> None:
        """Ignore it."""

    def note(self, text: str) -> None:
        """Ignore it."""
