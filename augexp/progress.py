"""What the work reports while it goes on: a protocol, so that a terminal, a notebook or nobody can listen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from augexp.training.task import RunEvent


class Progress(Protocol):
    """The listener. Every method returns at once and never raises."""

    def stage(self, name: str, done: int, total: int) -> None:
        """A stage of preparing the data: `done` of `total` items; total 0 where it is not known."""

    def runs(self, total: int) -> None:
        """So many runs are going to be executed, beyond those that have ended (again after a look)."""

    def event(self, event: RunEvent) -> None:
        """A run started, finished an epoch, ended or failed."""

    def note(self, text: str) -> None:
        """A line that should stay: what was done, a warning."""


class Silent:
    """A listener that says nothing."""

    def stage(self, name: str, done: int, total: int) -> None:
        """Ignore it."""

    def runs(self, total: int) -> None:
        """Ignore it."""

    def event(self, event: RunEvent) -> None:
        """Ignore it."""

    def note(self, text: str) -> None:
        """Ignore it."""
