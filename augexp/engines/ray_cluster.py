"""Many runs on more than one machine, through Ray; the numbers are those of the local engine.

Each run is a Ray task on one core, see `augexp.engines.ray_node`. Its files come back as bytes and are
written by the driver, so nodes need no disk in common; the prepared images are read under the driver's
path by nodes that find them there, and sent through Ray's object store, once per node, to the others. A
run whose process or node dies starts afresh on another one, which changes no number.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from augexp.data.store import open_store
from augexp.engines import ray_node
from augexp.engines.local import Interruptions, Listener, Outcome, in_order
from augexp.engines.ray_node import Answer, Job
from augexp.engines.worker_process import THREAD_VARIABLES
from augexp.errors import Interrupted, RunError
from augexp.progress import RunEvent
from augexp.results import heartbeat, records
from augexp.training import checkpoint
from augexp.training.image_counter import Tally
from augexp.training.task import RunTask

RETRIES = 3
"""How often a run is begun again because its process or node died."""

_POLL = 0.2


@dataclass
class _Shift:
    """One call of `execute`: what is out, what is done."""

    listener: Listener
    board: Any
    waiting: dict[Any, RunTask] = field(default_factory=dict)
    hearts: dict[Path, heartbeat.Heart] = field(default_factory=dict)
    executed: int = 0
    failures: list[RunEvent] = field(default_factory=list)
    stopped: bool = False

    def hear(self, folder: Path, event: RunEvent) -> None:
        """Pass an event on, and keep the sign of life that `augexp status` reads."""
        if folder in self.hearts and event.kind in ("started", "epoch"):
            self.hearts[folder].beat(event.epoch, event.epochs, event.seconds)
        self.listener(event)


class RayEngine:
    """A Ray cluster as an engine.

    Args:
        address: of a running cluster (`auto`, ``host:port``); None starts Ray on this machine alone.
        gpus: part of a GPU that a run takes; 0 computes on processors. Not run by the authors.
        share_path: let nodes look for the prepared images under the driver's path.

    Raises:
        RunError: Ray is not installed.
    """

    def __init__(self, address: str | None = None, *, gpus: float = 0.0, share_path: bool = True) -> None:
        self._address, self._gpus, self._share_path = address, gpus, share_path
        self._started = False
        self._boxes: dict[Path, list[Any]] = {}
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # an experiment tells nobody that it runs
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # the default to come; silences a warning
        try:
            import ray  # noqa: PLC0415 - an optional extra
        except ImportError:
            raise RunError(
                "engine: received 'ray', but Ray is not installed; pip install 'augexp[ray]', or use --engine local"
            ) from None
        self._ray: Any = ray

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        self.close()

    def start(self) -> None:
        """Connect to the cluster, or start one here; nothing where this process is connected already.

        Raises:
            RunError: the cluster cannot be reached.
        """
        if self._ray.is_initialized():
            return
        self._knock()
        where: dict[str, Any] = {"include_dashboard": False} if self._address is None else {"address": self._address}
        try:
            self._ray.init(log_to_driver=False, logging_level="error", **where)
        except (ConnectionError, RuntimeError, OSError, ValueError) as error:
            raise self._nobody(error) from None
        self._started = True

    def _knock(self) -> None:
        """Find out in seconds whether anybody listens at the address; Ray itself tries for five minutes."""
        host, colon, port = (self._address or "").rpartition(":")
        if colon and port.isdigit() and "://" not in host:
            try:
                socket.create_connection((host, int(port)), timeout=10).close()
            except OSError as error:
                raise self._nobody(error) from None

    def _nobody(self, error: Exception) -> RunError:
        line = " ".join(str(error).split())[:300]
        return RunError(
            f"address: received {self._address!r}, where no Ray cluster answers ({line}); start one with "
            "`ray start --head`, or leave --address out to use this machine alone"
        )

    def close(self) -> None:
        """Disconnect, where this engine connected."""
        self._boxes.clear()
        if self._started:
            self._ray.shutdown()
            self._started = False

    def execute(self, tasks: Sequence[RunTask], on_event: Listener = lambda event: None) -> Outcome:
        """Execute the runs among `tasks` that are not finished yet; see `Engine.execute`.

        Ctrl-C once lets every run end its epoch and brings the checkpoints back; twice, runs that are
        not finished start afresh next time.
        """
        missing = [task for task in tasks if not records.is_finished(task.folder, task.experiment.arm_hash(task.arm))]
        if not missing:
            return Outcome(found=len(tasks))
        self.start()
        shift = _Shift(on_event, self._ray.remote(ray_node.Board).options(num_cpus=0, **self._here()).remote())
        with Interruptions() as interruptions:
            try:
                for task in in_order(missing):
                    self._send(task, shift)
                self._collect(shift, interruptions)
            except BaseException:
                for reference in shift.waiting:
                    self._ray.cancel(reference, force=True)
                raise
            finally:
                self._ray.kill(shift.board)
                for heart in shift.hearts.values():
                    heart.stop()
        if shift.stopped:
            raise Interrupted(
                f"stopped: {shift.executed} of {len(missing)} runs finished, the others go on from their checkpoints; "
                "repeat the same command to go on"
            )
        return Outcome(shift.executed, len(tasks) - len(missing), tuple(shift.failures))

    def _here(self) -> dict[str, Any]:
        """Keep what the driver talks to all the time on the driver's node, which does not die before it."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy  # noqa: PLC0415 - an optional extra

        node = self._ray.get_runtime_context().get_node_id()
        return {"scheduling_strategy": NodeAffinitySchedulingStrategy(node, soft=False)}

    def _send(self, task: RunTask, shift: _Shift, parts: Sequence[Any] = ()) -> None:
        ray_node.put_files(task.folder, {})  # a folder that cannot be made is told before the work, not after it
        store = open_store(task.store_path)
        files = ray_node.progress_files(task.folder)
        job = Job(task.to_json(), store.fingerprint, ray_node.versions(), files, look=self._share_path)
        variables = {**dict.fromkeys(THREAD_VARIABLES, "1"), "TF_CPP_MIN_LOG_LEVEL": "2"}
        remote = self._ray.remote(ray_node.execute).options(
            num_cpus=1, num_gpus=self._gpus, max_retries=RETRIES, runtime_env={"env_vars": variables}
        )
        shift.hearts.setdefault(task.folder, heartbeat.Heart(task.folder))
        shift.waiting[remote.remote(job, shift.board, *parts)] = task

    def _box(self, task: RunTask) -> list[Any]:
        """Put a store into the object store, once: without its images, and the images by themselves."""
        if task.store_path not in self._boxes:
            self._boxes[task.store_path] = [
                self._ray.put(part) for part in ray_node.take_apart(open_store(task.store_path))
            ]
        return self._boxes[task.store_path]

    def _collect(self, shift: _Shift, interruptions: Interruptions) -> None:
        while shift.waiting:
            ready, _ = self._ray.wait(list(shift.waiting), timeout=_POLL)
            for folder, values in self._ray.get(shift.board.take.remote()):
                shift.hear(Path(folder), RunEvent(**values))
            for reference in ready:
                task = shift.waiting.pop(reference)
                self._settle(task, self._answer(reference), shift)
            if interruptions.count >= 2:
                raise Interrupted("stopped at once; finished runs are kept: repeat the same command to go on")
            if interruptions.count and not shift.stopped:
                shift.stopped = True
                shift.board.stop.remote()

    def _answer(self, reference: Any) -> Answer:
        try:
            answer: Answer = self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            return Answer("failed", f"{type(error).__name__}: {' '.join(str(error).split())[:300]}")
        return answer

    def _settle(self, task: RunTask, answer: Answer, shift: _Shift) -> None:
        if answer.ending == "images":
            self._send(task, shift, self._box(task))
            return
        if answer.ending in ("finished", "stopped"):
            ray_node.put_files(task.folder, answer.files)
        heart = shift.hearts.pop(task.folder)
        heart.stop()
        if answer.ending == "finished":
            checkpoint.remove(task.folder)
            Tally(task.folder).clear()
            record = records.read_run(task.folder)
            shift.executed += 1
            shift.hear(task.folder, _event("finished", task, record.status, record.timing.wall_seconds or 0.0))
        elif answer.ending != "stopped":
            experiment, message = task.experiment, answer.message
            shift.failures.append(_event("failed", task, message))
            records.write_failure(
                task.folder, experiment.hash, task.arm, experiment.arm_hash(task.arm), task.seed, message
            )
            shift.hear(task.folder, shift.failures[-1])


def _event(kind: Any, task: RunTask, message: str, seconds: float = 0.0) -> RunEvent:
    epochs = task.experiment.training.epochs
    done = epochs if kind == "finished" else 0
    return RunEvent(kind, task.arm, task.seed, epoch=done, epochs=epochs, seconds=seconds, message=message)
