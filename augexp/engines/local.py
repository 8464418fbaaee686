"""Many runs on this machine: worker processes that are started once and fed one run after another.

Blocks are executed in the order of their seeds, so that the first look at the results is possible as
early as it can be, and inside a block the longest arm comes first. A worker that dies (killed, out of
memory) has its run repeated once, from the last checkpoint; a run that fails by its own error is not
repeated, since it would fail again. Either way all other runs go on.

Records do not depend on any of this: not on the number of workers, on their order or on interruptions.
"""

from __future__ import annotations

import contextlib
import queue
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Any, Protocol, Self

from augexp.engines import resources
from augexp.engines.worker_process import Message, Worker
from augexp.errors import Interrupted, ResultsError, RunError
from augexp.progress import RunEvent
from augexp.results import records
from augexp.results.locks import lock_results
from augexp.training import checkpoint
from augexp.training.task import RunTask

__all__ = ["AnyEngine", "Engine", "Outcome", "RunEvent", "RunTask", "execute", "in_order", "lock_results"]

Listener = Callable[[RunEvent], None]

ATTEMPTS = 2
"""How often a run is tried whose worker dies."""


@dataclass(frozen=True)
class Outcome:
    """What became of the runs that were asked for.

    Attributes:
        executed: runs that were finished now.
        found: runs that were finished before.
        failures: the last event of each run that failed; its `message` says why.
    """

    executed: int = 0
    found: int = 0
    failures: tuple[RunEvent, ...] = ()


class AnyEngine(Protocol):
    """What `compare` needs of an engine."""

    def __enter__(self) -> Self:
        """Return the engine; it closes itself at the end of the block."""

    def __exit__(self, *details: object) -> None:
        """Close it."""

    def start(self) -> None:
        """Begin to start workers, without waiting for them."""

    def execute(self, tasks: Sequence[RunTask], on_event: Listener) -> Outcome:
        """Execute what is missing among `tasks`."""

    def close(self) -> None:
        """Let the workers go."""


def execute(tasks: Sequence[RunTask], *, jobs: int | None = None, on_event: Listener = lambda event: None) -> Outcome:
    """Execute what is missing among `tasks` with workers that live just as long; see `Engine.execute`."""
    with Engine(jobs) as engine:
        return engine.execute(tasks, on_event)


@dataclass
class _Shift:
    """One call of `execute`: what is to do, what is done."""

    pending: list[RunTask]
    listener: Listener
    attempts: dict[Path, int] = field(default_factory=dict)
    executed: int = 0
    failures: list[RunEvent] = field(default_factory=list)
    stillborn: int = 0
    stopped: bool = False

    def fail(self, task: RunTask, message: str) -> None:
        event = RunEvent("failed", task.arm, task.seed, epochs=task.experiment.training.epochs, message=message)
        self.failures.append(event)
        records.write_failure(
            task.folder, task.experiment.hash, task.arm, task.experiment.arm_hash(task.arm), task.seed, message
        )
        self.listener(event)


class Engine:
    """Local worker processes, usable for several calls of `execute`.

    Args:
        jobs: number of workers; None asks cores, memory and GPUs.
        checkpoint_seconds: least time between two checkpoints of a run.
        when_spare: called once, when a worker has nothing to do any more while others still compute.
    """

    def __init__(
        self,
        jobs: int | None = None,
        *,
        checkpoint_seconds: float = checkpoint.SHORTEST,
        when_spare: Callable[[], None] = lambda: None,
    ) -> None:
        if jobs is not None and jobs < 1:
            raise RunError(f"jobs: received {jobs}; allowed are whole numbers from 1, or 'auto'")
        self.jobs = jobs if jobs is not None else resources.automatic_jobs()
        self._checkpoint_seconds = checkpoint_seconds
        self._when_spare: Callable[[], None] | None = when_spare
        self._inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._workers: list[Worker] = []
        self._kills_before = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    def start(self, workers: int | None = None) -> None:
        """Begin to start workers without waiting for them; useful while images are still being prepared.

        Args:
            workers: at most so many, where fewer runs than `jobs` are expected.
        """
        wanted = min(self.jobs, workers if workers is not None else self.jobs)
        seats = resources.seats(self.jobs)
        for seat in seats[len(self._workers) : wanted]:
            self._workers.append(Worker(seat, self._inbox))

    def warm(self, task: RunTask, num_classes: int) -> None:
        """Have every worker build its network while the images are still being prepared."""
        for worker in self._workers:
            worker.warm(task, num_classes)

    def close(self) -> None:
        """End all workers."""
        for worker in self._workers:
            with contextlib.suppress(OSError):
                if worker.process.stdin is not None:
                    worker.process.stdin.close()  # all at once, so that they end side by side
        for worker in self._workers:
            worker.close()
        self._workers.clear()

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
        missing = [task for task in tasks if not records.is_finished(task.folder, task.experiment.arm_hash(task.arm))]
        if not missing:
            return Outcome(found=len(tasks))
        shift = _Shift(in_order(missing), on_event)
        self._kills_before = resources.out_of_memory_kills()
        self.start(len(missing))
        with Interruptions() as interruptions:
            try:
                self._work(shift, interruptions)
            except BaseException:
                self._abandon()
                raise
        if shift.stopped:
            raise Interrupted(
                f"stopped: {shift.executed} of {len(missing)} runs finished, the others go on from their checkpoints; "
                "repeat the same command to go on"
            )
        return Outcome(shift.executed, len(tasks) - len(missing), tuple(shift.failures))

    # -- the loop ----------------------------------------------------------------------------

    def _work(self, shift: _Shift, interruptions: Interruptions) -> None:
        while True:
            self._feed(shift)
            busy = [worker for worker in self._workers if worker.task is not None]
            if not busy and (shift.stopped or not shift.pending):
                return
            if interruptions.count >= 2:
                raise Interrupted("stopped at once; repeat the same command to go on from the last checkpoints")
            if interruptions.count and not shift.stopped:
                shift.stopped = True
                for worker in busy:
                    worker.ask_to_stop()
            if self._when_spare is not None and not shift.pending and len(busy) < len(self._workers):
                self._when_spare()
                self._when_spare = None
            with contextlib.suppress(queue.Empty):
                self._hear(self._inbox.get(timeout=0.2), shift)

    def _feed(self, shift: _Shift) -> None:
        if shift.stopped:
            return
        for worker in self._workers:
            if shift.pending and worker.ready and worker.task is None:
                worker.give(shift.pending.pop(0), self._checkpoint_seconds)

    def _hear(self, message: Message, shift: _Shift) -> None:
        worker, content = message.worker, message.content
        if worker not in self._workers:
            return
        if message.kind == "ready":
            worker.ready = True
            shift.stillborn = 0
        elif message.kind == "event":
            shift.listener(RunEvent(**content["event"]))
        elif message.kind == "end":
            task, worker.task = worker.task, None
            if task is not None and content["ending"] == "finished":
                shift.executed += 1
            elif task is not None and content["ending"] == "unwritable":
                raise ResultsError(content["message"])  # the disk: every other run would meet it too
            elif task is not None and content["ending"] == "failed":
                shift.fail(task, content["message"])
        else:
            self._bury(worker, content["code"], shift)

    def _bury(self, worker: Worker, code: int, shift: _Shift) -> None:
        """Replace a dead worker and decide what becomes of its run."""
        out_of_memory = self._out_of_memory(code)
        cause, words, seat = _cause(code, out_of_memory), worker.last_words(), worker.seat
        if out_of_memory:
            self.jobs = max(1, self.jobs - 1)  # the same number would run out of memory again
            seat = replace(seat, spare_core=False)  # and what is prepared ahead takes some, too
        self._workers.remove(worker)
        worker.close()
        task = worker.task
        if not worker.ready:
            shift.stillborn += 1
            if shift.stillborn > self.jobs:
                raise RunError(f"worker processes cannot be started ({cause}): {words or 'they said nothing'}")
        if task is not None:
            tried = shift.attempts[task.folder] = shift.attempts.get(task.folder, 0) + 1
            if tried < ATTEMPTS:
                shift.pending.insert(0, task)
                note = f"its worker ended ({cause}); it is tried once more from its last checkpoint"
                shift.listener(RunEvent("note", task.arm, task.seed, message=note))
            else:
                shift.fail(task, f"its worker ended {ATTEMPTS} times ({cause}); {words}".rstrip("; "))
        if shift.pending and not shift.stopped and len(self._workers) < self.jobs:
            self._workers.append(Worker(seat, self._inbox))

    def _out_of_memory(self, code: int) -> bool:
        kills, before = resources.out_of_memory_kills(), self._kills_before
        self._kills_before = kills
        return code == -9 and kills > before

    def _abandon(self) -> None:
        for worker in self._workers:
            worker.kill()
        self._workers.clear()


def _cause(code: int, out_of_memory: bool) -> str:
    if out_of_memory:
        return "killed by the system because memory ran out: one worker less from now on"
    if code >= 0:
        return f"exit code {code}"
    name = signal.Signals(-code).name if -code in {int(one) for one in signal.Signals} else str(-code)
    return f"killed by {name}"


def in_order(tasks: Sequence[RunTask]) -> list[RunTask]:
    """Sort by seed, and inside a block by expected length, the arm with most operations first."""

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
