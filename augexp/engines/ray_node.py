"""What happens on the nodes of a Ray cluster: one run in a process that keeps its compiled network.

A node executes a run in a temporary folder of its own and sends the files back; it needs no disk that
it shares with the driver. The prepared images are read under the driver's path where the node finds the
same ones there, and from Ray's object store otherwise, where all processes of a node share one copy.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import platform
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from augexp import surroundings
from augexp.data.store import Store, open_store
from augexp.engines import network_files
from augexp.engines.worker import attempt
from augexp.errors import AugexpError, RunError
from augexp.files import unwritable, write_atomically
from augexp.progress import RunEvent
from augexp.results import heartbeat, locks, records
from augexp.training.task import RunTask
from augexp.version import __version__

STAYS = (locks.LOCK, heartbeat.NAME)
"""Files of a run's folder that belong to the process that works in it."""


_STOP_TIMEOUT = 10.0
"""Seconds that a run waits for the driver's node to say whether to stop."""

_MIN_PAUSE = 0.5
"""Seconds between two such questions: a short epoch takes less time than an answer."""


@dataclass(frozen=True)
class Job:
    """A run as it is sent to a node.

    Attributes:
        task: see `RunTask.to_json`; its folder is the driver's.
        fingerprint: of the prepared images.
        versions: of the libraries, which the node must have too.
        files: name to content, to go on from: a checkpoint and what belongs to it; empty for a fresh start.
        look: whether to look for the images under the driver's path.
    """

    task: Mapping[str, Any]
    fingerprint: str
    versions: Mapping[str, str]
    files: Mapping[str, bytes] = field(default_factory=dict)
    look: bool = True


@dataclass(frozen=True)
class RunResult:
    """What comes back.

    Attributes:
        ending: as a local worker says it, or `images` where the node wants them sent.
        message: why, for people.
        files: name to content: the records, or the checkpoint of a run that was stopped.
    """

    ending: Literal["finished", "stopped", "failed", "unwritable", "images"]
    message: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)


class EventActor:
    """A Ray actor to which the runs post their events and which tells them whether to stop."""

    def __init__(self) -> None:
        self._events: list[tuple[str, RunEvent]] = []
        self._stopping = False

    def post(self, folder: str, event: RunEvent) -> None:
        """Add an event of the run whose folder on the driver's machine is `folder`."""
        self._events.append((folder, event))

    def take(self) -> list[tuple[str, RunEvent]]:
        """Return the events since the last call, with the folders of their runs."""
        taken, self._events = self._events, []
        return taken

    def stop(self) -> None:
        """Ask all runs to end after their epoch."""
        self._stopping = True

    def stopping(self) -> bool:
        """Whether they were asked to."""
        return self._stopping


@functools.cache
def _networks() -> Any:
    """Return the `NetworkCache` of this process; the first call loads TensorFlow, on one thread."""
    surroundings.settle()
    from augexp.training import backend  # noqa: PLC0415 - loads TensorFlow
    from augexp.training.network import NetworkCache  # noqa: PLC0415 - loads TensorFlow

    backend.configure(threads=1)
    return NetworkCache()


def execute(job: Job, events: Any, *parts: Any, network: Mapping[str, bytes] | None = None) -> RunResult:
    """Execute one run on this node.

    Args:
        job: what to run.
        events: handle of the `EventActor`.
        parts: the store without its images, and the images; nothing as long as the driver hopes that the
            node has them.
        network: content of the files that the network needs, see `network_files.read_files`.
    """
    if differing := differences(job.versions):
        return RunResult("failed", f"a node has other libraries than the driver ({differing}); make them equal")
    store = _store_here(job) if job.look else None
    if store is None:
        if not parts:
            return RunResult("images")
        store = put_together(*parts)
    if _stopping(events):
        return RunResult("stopped", files=job.files)
    with tempfile.TemporaryDirectory(prefix="augexp-run-") as folder:
        task = RunTask.from_json({**job.task, "folder": str(Path(folder) / "run")})
        experiment = network_files.with_files_here(task.experiment, network or {})
        task = replace(task, experiment=experiment, features=_features_folder(task))
        return _execute(task, job, store, events)


def _features_folder(task: RunTask) -> Path | None:
    """Return where this node keeps features of a frozen backbone; None is the data folder, where it has that."""
    if task.store_path.is_dir():
        return None
    return Path(tempfile.gettempdir()) / "augexp-features"


def _execute(task: RunTask, job: Job, store: Store, events: Any) -> RunResult:
    import ray  # noqa: PLC0415 - an optional extra

    def post(event: RunEvent) -> None:
        if event.kind != "finished":  # that is for the driver to say, once the records are written
            with contextlib.suppress(ray.exceptions.RayError):  # the run matters more than what is told of it
                events.post.remote(job.task["folder"], event)

    def work() -> None:
        networks = _networks()
        from augexp.training import run  # noqa: PLC0415 - loads TensorFlow

        put_files(task.folder, job.files)
        run.execute(
            task,
            networks=networks,
            report=post,
            stop=_StopPoll(events),
            checkpoint_seconds=float("inf"),  # this folder does not outlive the process
            store=store,
        )

    ending, message = attempt(work)
    return RunResult(ending, message, take_files(task.folder))


class _StopPoll:
    """Tells after every epoch whether to stop, and asks the actor now and then."""

    def __init__(self, events: Any) -> None:
        self._events, self._asked, self._stopping = events, time.monotonic(), False

    def __call__(self) -> bool:
        if not self._stopping and time.monotonic() - self._asked >= _MIN_PAUSE:
            self._stopping, self._asked = _stopping(self._events), time.monotonic()
        return self._stopping


def _stopping(events: Any) -> bool:
    """Ask the actor whether to stop; one that does not answer says no."""
    import ray  # noqa: PLC0415 - an optional extra

    # Not through ray.get: Ray takes the core away from a task that waits there, and starts another
    # process on it, which loads TensorFlow and then competes with this one.
    with contextlib.suppress(ray.exceptions.RayError, TimeoutError):
        return bool(events.stopping.remote().future().result(timeout=_STOP_TIMEOUT))
    return False


# -- what is sent -------------------------------------------------------------------------------


def take_files(folder: Path) -> dict[str, bytes]:
    """Return the files of a run's folder, name to content."""
    paths = sorted(path for path in folder.glob("*") if path.is_file() and path.name not in STAYS)
    return {path.name: path.read_bytes() for path in paths}


def put_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a run's folder, ``run.json`` last; raises ResultsError where it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from None
    for name in sorted(files, key=lambda name: (name == records.RUN, name)):
        write_atomically(folder / name, files[name], durable=True)


def progress_files(folder: Path) -> dict[str, bytes]:
    """Return what an unfinished run goes on from; empty where it has no checkpoint."""
    return take_files(folder) if (folder / records.CHECKPOINT).exists() else {}


def versions() -> dict[str, str]:
    """Return the versions that may change a number, without loading anything."""
    libraries = {"augexp": __version__, **{name: _version(name) for name in records.LIBRARIES}}
    return {"Python": ".".join(platform.python_version_tuple()[:2]), "backend": _backend(), **libraries}


def _backend() -> str:
    """Return name and version of what Keras computes with; one that is not installed is `missing`."""
    try:
        name = surroundings.keras_backend()
    except RunError:
        return "missing"
    return f"{name} {_version(name)}"


def differences(wanted: Mapping[str, str]) -> str:
    """Say in which versions this process differs from `wanted`; empty where in none."""
    here = versions()
    return ", ".join(
        f"{name} {here.get(name)}, not {wanted[name]}" for name in wanted if here.get(name) != wanted[name]
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def _store_here(job: Job) -> Store | None:
    """Return the store under the driver's path where this node has the same one there."""
    try:
        store = open_store(Path(job.task["store_path"]))
    except AugexpError:
        return None
    return store if store.fingerprint == job.fingerprint else None


def take_apart(store: Store) -> tuple[Store, npt.NDArray[np.uint8]]:
    """Return a copy of the store without its images, and the images, uint8 (N, S, S, 3), all of them checked."""
    store.check_images()  # here, where it is remembered: the copies know that they need not do it
    # As plain arrays, since Ray shares those between processes and copies subclasses such as memory maps.
    small, images = copy.copy(store), np.asarray(store.images)
    small.images = np.empty((0, *images.shape[1:]), images.dtype)
    return small, images


def put_together(small: Store, images: npt.NDArray[np.uint8]) -> Store:
    """Undo `take_apart`; the images may be a read-only view of shared memory."""
    small.images = images
    return small
