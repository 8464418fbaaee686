"""What an engine is, and what all engines share: order, interruption, failures, outcome.

To add an engine, write a module with a subclass of `Engine` and name it in `augexp.engines.registry`. Records
depend on nothing that an engine does: not on the number of workers, on their order or on interruptions.
"""

from __future__ import annotations

import signal
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, ClassVar, Self

from augexp.augment.learned import Learned
from augexp.errors import Interrupted
from augexp.experiment.training import Training
from augexp.progress import RunEvent
from augexp.results import records
from augexp.training.task import RunTask

Listener = Callable[[RunEvent], None]


@dataclass(frozen=True)
class Outcome:
    """What became of the runs that were asked for.

    Attributes:
        executed: runs that were finished now.
        finished_before: runs that were finished already.
        failures: the last event of each run that failed; its `message` says why.
    """

    executed: int = 0
    finished_before: int = 0
    failures: tuple[RunEvent, ...] = ()


class Engine(ABC):
    """Executes runs; a context manager that closes itself, usable for several calls of `execute`."""

    STOPPED_AT_ONCE: ClassVar[str]
    """Says after a second Ctrl-C what is kept and what the user may do."""

    @classmethod
    @abstractmethod
    def open(cls, *, jobs: int, address: str | None, when_spare: Callable[[], None]) -> Self:
        """Return an engine, not yet started; each takes what concerns it.

        Args:
            jobs: runs side by side; 0 asks cores and memory.
            address: of a cluster.
            when_spare: called at most once, when this process has nothing to do and a core is idle.
        """

    @abstractmethod
    def start(self, runs: int) -> None:
        """Start what executes runs; called before the images are prepared, so that it may go on beside that.

        Called again, it starts what is still missing.

        Args:
            runs: how many are expected at least.

        Raises:
            RunError: it cannot be started.
        """

    @property
    @abstractmethod
    def side_by_side(self) -> int:
        """Runs that go on at the same time, at most; known once it is started."""

    def fit(  # noqa: B027 - nor here
        self, training: Training, image_size: int, num_classes: int, parts: Sequence[Learned] = ()
    ) -> None:
        """Choose how many runs go on side by side by what one of this network needs, where nobody has said it.

        Called before `start`, where runs are missing. `parts` are the learned parts of the arms' policies.

        Raises:
            RunError: the network cannot be built.
        """

    def warm(self, task: RunTask, num_classes: int) -> None:  # noqa: B027 - an engine may have nothing to do here
        """Have the network of `task` built while the images are still being prepared, where that saves time."""

    @abstractmethod
    def close(self) -> None:
        """Release everything; called once more it does nothing."""

    @abstractmethod
    def _execute(self, execution: Execution) -> None:
        """Execute the pending runs until all have ended, or have been asked to stop and have.

        Raises:
            ResultsError, RunError, Interrupted: as `execute`, with nothing left running.
        """

    def execute(self, tasks: Sequence[RunTask], on_event: Listener = lambda event: None) -> Outcome:
        """Execute the runs among `tasks` that are not finished yet.

        Args:
            tasks: in any order.
            on_event: told what happens, in the calling thread.

        Returns:
            How many runs were executed and which ones failed; a failed run raises nothing.

        Raises:
            ResultsError: a run's folder holds another definition, or cannot be written.
            RunError: workers cannot be started.
            Interrupted: Ctrl-C: once, after the current epochs and with checkpoints; twice, at once.
        """
        missing = [task for task in tasks if not task.is_finished]
        if not missing:
            return Outcome(finished_before=len(tasks))
        self.start(len(missing))
        with Interruptions() as interruptions:
            execution = Execution(in_order(missing), on_event, interruptions, self.STOPPED_AT_ONCE)
            self._execute(execution)
        if execution.stopped:
            raise Interrupted(
                f"stopped: {execution.executed} of {len(missing)} runs finished, the others go on from their "
                "checkpoints; repeat the same command to go on"
            )
        return Outcome(execution.executed, len(tasks) - len(missing), tuple(execution.failures))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()


@dataclass
class Execution:
    """One call of `Engine.execute`.

    Attributes:
        pending: runs that are not being executed, the next one first.
        listener: told what happens.
        interruptions: of the user.
        stopped_at_once: see `Engine.STOPPED_AT_ONCE`.
        executed: runs that were finished; counted by the engine.
        failures: the last event of each run that failed.
        stopped: whether the runs have been asked to stop; no other one may be begun.
    """

    pending: list[RunTask]
    listener: Listener
    interruptions: Interruptions
    stopped_at_once: str
    executed: int = 0
    failures: list[RunEvent] = field(default_factory=list)
    stopped: bool = False

    def fail(self, task: RunTask, message: str) -> None:
        """Write down, and tell, that a run has failed."""
        experiment, arm, seed = task.experiment, task.arm, task.seed
        self.failures.append(task.event("failed", epochs=task.epochs, message=message))
        records.write_failure(task.folder, experiment.hash, arm, experiment.arm_hash(arm), seed, message, task.fit)
        self.listener(self.failures[-1])

    def must_stop(self) -> bool:
        """Return True once, after the first Ctrl-C: ask the runs to stop; raise Interrupted after the second."""
        if self.interruptions.count >= 2:
            raise Interrupted(self.stopped_at_once)
        now = self.interruptions.count > 0 and not self.stopped
        self.stopped |= now
        return now


def in_order(tasks: Sequence[RunTask]) -> list[RunTask]:
    """Sort by seed, and inside a block by expected length, the arm with most operations first.

    So the first look at the results is possible as early as it can be.
    """

    def rank(task: RunTask) -> tuple[int, int, str]:
        return task.seed, -len(task.experiment.policy(task.arm).operations), task.arm

    return sorted(tasks, key=rank)


class Interruptions:
    """Counts Ctrl-C instead of raising, while it is entered; only the main thread can do that."""

    def __init__(self) -> None:
        self.count = 0
        self._before: Any = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._count)
        return self

    def __exit__(self, *details: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _count(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
