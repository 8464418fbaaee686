"""Many runs on this machine: worker processes that are started once and given one run after another.

A worker that dies (killed, out of memory) has its run repeated once, from the last checkpoint; a run that
fails by its own error is not repeated, since it would fail again. Either way all other runs go on.
"""

from __future__ import annotations

import contextlib
import queue
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from augexp import surroundings
from augexp.augment.learned import Learned
from augexp.engines import memory, resources
from augexp.engines.base import Engine, Execution
from augexp.engines.worker_process import Message, Worker
from augexp.errors import ResultsError, RunError
from augexp.experiment.training import Training
from augexp.training import checkpoint
from augexp.training.task import RunTask

ATTEMPTS = 2
"""How often a run is tried whose worker dies."""


class LocalEngine(Engine):
    """Local worker processes.

    Args:
        jobs: number of workers; None asks cores, memory and GPUs.
        checkpoint_seconds: least time between two checkpoints of a run.
        when_spare: called once, when a worker has nothing to do any more while others still compute.
    """

    STOPPED_AT_ONCE = "stopped at once; repeat the same command to go on from the last checkpoints"

    def __init__(
        self,
        jobs: int | None = None,
        *,
        checkpoint_seconds: float = checkpoint.MIN_SECONDS,
        when_spare: Callable[[], None] = lambda: None,
    ) -> None:
        if jobs is not None and jobs < 1:
            raise RunError(f"jobs: received {jobs}; allowed are whole numbers from 1, or 'auto'")
        self._automatic = jobs is None
        self.jobs = jobs if jobs is not None else resources.automatic_jobs()
        self._checkpoint_seconds = checkpoint_seconds
        self._when_spare: Callable[[], None] | None = when_spare
        self._inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._workers: list[Worker] = []
        self._attempts: Counter[Path] = Counter()
        self._failed_starts = 0
        self._kills_before = 0

    @classmethod
    def open(cls, *, jobs: int, address: str | None, when_spare: Callable[[], None]) -> Self:
        """Return the engine for `jobs` workers; there is no address to know."""
        return cls(jobs or None, when_spare=when_spare)

    @property
    def side_by_side(self) -> int:
        """The number of workers."""
        return self.jobs

    def fit(self, training: Training, image_size: int, num_classes: int, parts: Sequence[Learned] = ()) -> None:
        """Start fewer workers where a run of this network needs much memory; see `Engine.fit`."""
        if self._automatic and self.jobs > 1:
            needed = memory.needed(training, image_size, num_classes, parts)
            self.jobs = min(self.jobs, resources.automatic_jobs(needed))

    def start(self, runs: int) -> None:
        """Start `jobs` workers, or as many as there are runs; see `Engine.start`."""
        surroundings.keras_backend()  # one that is not there is said before anything is started
        slots = resources.worker_slots(self.jobs)
        for slot in slots[len(self._workers) : min(self.jobs, runs)]:
            self._workers.append(Worker(slot, self._inbox))

    def warm(self, task: RunTask, num_classes: int) -> None:
        """Have every worker build its network while the images are still being prepared."""
        for worker in self._workers:
            worker.warm(task, num_classes)

    def close(self) -> None:
        """End all workers."""
        for worker in self._workers:
            worker.finish()  # all at once, so that they end side by side
        for worker in self._workers:
            worker.close()
        self._workers.clear()

    # -- the loop ----------------------------------------------------------------------------

    def _execute(self, execution: Execution) -> None:
        self._attempts, self._failed_starts = Counter(), 0
        self._kills_before = resources.out_of_memory_kills()
        try:
            while self._step(execution):
                with contextlib.suppress(queue.Empty):
                    self._handle_message(self._inbox.get(timeout=0.2), execution)
        except BaseException:
            self._kill_workers()
            raise

    def _step(self, execution: Execution) -> bool:
        """Give idle workers runs and ask busy ones to stop where they must; return whether anything is left to do."""
        for worker in self._workers:
            if execution.pending and not execution.stopped and worker.ready and worker.task is None:
                worker.give(execution.pending.pop(0), self._checkpoint_seconds)
        busy = [worker for worker in self._workers if worker.task is not None]
        if not busy and (execution.stopped or not execution.pending):
            return False
        if execution.must_stop():
            for worker in busy:
                worker.ask_to_stop()
        if self._when_spare is not None and not execution.pending and len(busy) < len(self._workers):
            self._when_spare()
            self._when_spare = None
        return True

    def _handle_message(self, message: Message, execution: Execution) -> None:
        worker = message.worker
        if worker not in self._workers:
            return
        match message.content:
            case ("ready",):
                worker.ready = True
                self._failed_starts = 0
            case ("event", event):
                execution.listener(event)
            case ("end", ending, text):
                task, worker.task = worker.task, None
                if task is not None and ending == "finished":
                    execution.executed += 1
                elif task is not None and ending == "unwritable":
                    raise ResultsError(text)  # the disk: every other run would meet it too
                elif task is not None and ending == "failed":
                    execution.fail(task, text)
            case ("exit", code):
                self._handle_exit(worker, code, execution)

    def _handle_exit(self, worker: Worker, code: int, execution: Execution) -> None:
        """Replace a dead worker and decide what becomes of its run."""
        out_of_memory = self._out_of_memory(code)
        cause, line, slot = _cause(code, out_of_memory), worker.last_stderr_line(), worker.slot
        if out_of_memory:
            self.jobs = max(1, self.jobs - 1)  # the same number would run out of memory again
            slot = replace(slot, spare_core=False)  # and what is prepared ahead takes some, too
        self._workers.remove(worker)
        worker.close()
        if not worker.ready:
            self._failed_starts += 1
            if self._failed_starts > self.jobs:
                raise RunError(f"worker processes cannot be started ({cause}): {line or 'they said nothing'}")
        task = worker.task
        if task is not None:
            self._attempts[task.folder] += 1
            if self._attempts[task.folder] < ATTEMPTS:
                execution.pending.insert(0, task)
                note = f"its worker ended ({cause}); it is tried once more from its last checkpoint"
                execution.listener(task.event("note", message=note))
            else:
                execution.fail(task, f"its worker ended {ATTEMPTS} times ({cause}); {line}".rstrip("; "))
        if execution.pending and not execution.stopped and len(self._workers) < self.jobs:
            self._workers.append(Worker(slot, self._inbox))

    def _out_of_memory(self, code: int) -> bool:
        kills, before = resources.out_of_memory_kills(), self._kills_before
        self._kills_before = kills
        return code == -9 and kills > before

    def _kill_workers(self) -> None:
        for worker in self._workers:
            worker.kill()
        self._workers.clear()


def _cause(code: int, out_of_memory: bool) -> str:
    if out_of_memory:
        return "killed by the system because memory ran out: one worker less from now on"
    if code >= 0:
        return f"exit code {code}"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
    return f"killed by {name}"
