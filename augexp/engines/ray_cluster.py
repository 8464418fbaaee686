"""Many runs on more than one machine, through Ray; the numbers are those of the local engine.

Each run is a Ray task on one core, see `augexp.engines.ray_node`. Its files come back as bytes and are
written by the driver, so nodes need no disk in common; the prepared images are read under the driver's
path by nodes that find them there, and sent through Ray's object store, once per node, to the others. A
run whose process or node dies starts afresh on another one, which changes no number.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

from augexp import surroundings
from augexp.data.store import open_store
from augexp.engines import network_files, ray_node
from augexp.engines.base import Engine, Execution
from augexp.engines.ray_node import Job, RunResult
from augexp.engines.worker_process import THREAD_VARIABLES
from augexp.errors import RunError
from augexp.progress import RunEvent
from augexp.results import records
from augexp.results.heartbeat import HeartbeatWriter
from augexp.training import checkpoint
from augexp.training.image_counter import ImageCounter
from augexp.training.task import RunTask

RETRIES = 3
"""How often a run is begun again because its process or node died."""

PROBE_TIMEOUT = 30.0
"""Seconds in which a cluster has to answer; on a busy machine it takes some to load Ray."""

_POLL_SECONDS = 0.2


class RayEngine(Engine):
    """A Ray cluster as an engine.

    Args:
        address: of a running cluster (`auto`, ``host:port``); None starts Ray on this machine alone.
        share_path: let nodes look for the prepared images under the driver's path.

    Raises:
        RunError: Ray is not installed.
    """

    STOPPED_AT_ONCE = "stopped at once; finished runs are kept: repeat the same command to go on"

    def __init__(self, address: str | None = None, *, share_path: bool = True) -> None:
        self._address, self._share_path = address, share_path
        self._started = False
        self._sent_stores: dict[Path, list[Any]] = {}
        self._sent_networks: dict[tuple[str | None, str | None], Any] = {}
        self._events: Any = None
        self._running: dict[Any, RunTask] = {}
        self._heartbeats: dict[Path, HeartbeatWriter] = {}
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no data about its use leaves the machine
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # the default to come; silences a warning
        try:
            import ray  # noqa: PLC0415 - an optional extra
        except ImportError:
            raise RunError(
                "engine: received 'ray', but Ray is not installed; pip install 'augexp[ray]', or use --engine local"
            ) from None
        self._ray: Any = ray

    @classmethod
    def open(cls, *, jobs: int, address: str | None, when_spare: Callable[[], None]) -> Self:
        """Return the engine for the cluster at `address`, which decides itself how many runs go on side by side."""
        return cls(address)

    @property
    def side_by_side(self) -> int:
        """The cores of the cluster."""
        return max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    def start(self, runs: int) -> None:
        """Connect to the cluster, or start one here; nothing where this process is connected already.

        Raises:
            RunError: the cluster cannot be reached.
        """
        surroundings.keras_backend()  # one that is not there is said before anything is started
        if self._ray.is_initialized():
            return
        self._probe_address()
        where: dict[str, Any] = {"include_dashboard": False} if self._address is None else {"address": self._address}
        try:
            self._ray.init(log_to_driver=False, logging_level="error", **where)
        except (ConnectionError, RuntimeError, OSError, ValueError) as error:
            raise self._unreachable(error) from None
        self._started = True

    def _probe_address(self) -> None:
        """Find out in seconds whether a server listens at the address; Ray itself tries for five minutes."""
        host, colon, port = (self._address or "").rpartition(":")
        if colon and port.isdigit() and "://" not in host:
            try:
                socket.create_connection((host, int(port)), timeout=10).close()
            except OSError as error:
                raise self._unreachable(error) from None
            self._probe_cluster()

    def _probe_cluster(self) -> None:
        """Ask in another process whether what listens is a cluster: Ray waits for minutes, deaf to SIGTERM."""
        command = [sys.executable, "-m", "ray.scripts.scripts", "health-check", "--address", str(self._address)]
        try:
            done = subprocess.run(command, capture_output=True, timeout=PROBE_TIMEOUT, check=False)  # noqa: S603 - ours
        except subprocess.TimeoutExpired:
            raise self._unreachable(TimeoutError(f"no answer of a cluster within {PROBE_TIMEOUT:g} s")) from None
        if done.returncode:
            lines = done.stderr.decode(errors="replace").strip().splitlines()
            raise self._unreachable(ConnectionError(lines[-1] if lines else "what listens there is no cluster"))

    def _unreachable(self, error: Exception) -> RunError:
        line = " ".join(str(error).split())[:300]
        if "mismatch" in line.lower():
            return RunError(
                f"address: received {self._address!r}, whose cluster has another Python or Ray than here ({line}); "
                "make them equal"
            )
        return RunError(
            f"address: received {self._address!r}, where no Ray cluster answers ({line}); start one with "
            "`ray start --head`, or leave --address out to use this machine alone"
        )

    def close(self) -> None:
        """Disconnect, where this engine connected."""
        self._sent_stores.clear()
        if self._started:
            self._ray.shutdown()
            self._started = False

    def _execute(self, execution: Execution) -> None:
        """Execute the runs, see `Engine.execute`.

        Ctrl-C once lets every run end its epoch and brings the checkpoints back; twice, runs that are
        not finished start afresh next time.
        """
        self._events = self._ray.remote(ray_node.EventActor).options(num_cpus=0, **self._here()).remote()
        self._running, self._heartbeats = {}, {}
        try:
            while execution.pending:  # Ray itself keeps those that have to wait
                self._submit(execution.pending.pop(0))
            while self._running:
                self._collect(execution)
        except BaseException:
            for reference in self._running:
                self._ray.cancel(reference, force=True)
            raise
        finally:
            self._ray.kill(self._events)
            for heartbeat in self._heartbeats.values():
                heartbeat.stop()

    def _here(self) -> dict[str, Any]:
        """Keep what the driver talks to all the time on the driver's node, which does not die before it."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy  # noqa: PLC0415 - an optional extra

        node = self._ray.get_runtime_context().get_node_id()
        return {"scheduling_strategy": NodeAffinitySchedulingStrategy(node, soft=False)}

    def _submit(self, task: RunTask, store_parts: Sequence[Any] = ()) -> None:
        ray_node.put_files(task.folder, {})  # a folder that cannot be made is told before the work, not after it
        store = open_store(task.store_path)
        files = ray_node.progress_files(task.folder)
        job = Job(task.to_json(), store.fingerprint, ray_node.versions(), files, look=self._share_path)
        variables = {
            **dict.fromkeys(THREAD_VARIABLES, "1"),
            "TF_CPP_MIN_LOG_LEVEL": "2",
            "KERAS_BACKEND": surroundings.keras_backend(),
        }
        remote = self._ray.remote(ray_node.execute).options(
            num_cpus=1, num_gpus=0, max_retries=RETRIES, runtime_env={"env_vars": variables}
        )
        self._heartbeats.setdefault(task.folder, HeartbeatWriter(task.folder))
        network = self._send_network(task)
        self._running[remote.remote(job, self._events, *store_parts, network=network)] = task

    def _send_network(self, task: RunTask) -> Any:
        """Put the files that the network needs into the object store, once; None where it needs none."""
        training = task.experiment.training
        digests = (training.model_digest, training.weights_digest)
        if digests == (None, None):
            return None
        if digests not in self._sent_networks:
            self._sent_networks[digests] = self._ray.put(network_files.read_files(training))
        return self._sent_networks[digests]

    def _send_store(self, task: RunTask) -> list[Any]:
        """Put a store into the object store, once: without its images, and the images by themselves."""
        if task.store_path not in self._sent_stores:
            self._sent_stores[task.store_path] = [
                self._ray.put(part) for part in ray_node.take_apart(open_store(task.store_path))
            ]
        return self._sent_stores[task.store_path]

    def _collect(self, execution: Execution) -> None:
        """Wait a moment for events and results, and see to them."""
        ready, _ = self._ray.wait(list(self._running), timeout=_POLL_SECONDS)
        for folder, event in self._ray.get(self._events.take.remote()):
            self._handle_event(Path(folder), event, execution)
        for reference in ready:
            self._handle_result(self._running.pop(reference), self._result(reference), execution)
        if execution.must_stop():
            self._events.stop.remote()

    def _handle_event(self, folder: Path, event: RunEvent, execution: Execution) -> None:
        """Pass an event on, and write the heartbeat that `augexp status` reads."""
        if folder in self._heartbeats and event.kind in ("started", "epoch"):
            self._heartbeats[folder].write(event.epoch, event.epochs, event.seconds)
        execution.listener(event)

    def _result(self, reference: Any) -> RunResult:
        try:
            result: RunResult = self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            return RunResult("failed", f"{type(error).__name__}: {' '.join(str(error).split())[:300]}")
        return result

    def _handle_result(self, task: RunTask, result: RunResult, execution: Execution) -> None:
        if result.ending == "images":
            self._submit(task, self._send_store(task))
            return
        if result.ending in ("finished", "stopped"):
            ray_node.put_files(task.folder, result.files)
        self._heartbeats.pop(task.folder).stop()
        if result.ending == "finished":
            if not task.extendable:
                checkpoint.remove(task.folder)
                ImageCounter(task.folder).clear()
            execution.executed += 1
            record, epochs = records.read_run(task.folder), task.epochs
            seconds = record.timing.wall_seconds or 0.0
            execution.listener(
                task.event("finished", epoch=epochs, epochs=epochs, seconds=seconds, message=record.status)
            )
        elif result.ending != "stopped":
            execution.fail(task, result.message)
