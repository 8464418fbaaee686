"""Executing what a plan still asks for: which engine, which runs, until when."""

from __future__ import annotations

import contextlib
import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augexp.commands import report
from augexp.engines.local import AnyEngine, Engine, RunTask
from augexp.errors import DataError, DefinitionError, RunError
from augexp.progress import ProgressListener
from augexp.results import records
from augexp.results.folder import Workspace

if TYPE_CHECKING:
    from augexp.data.store import Store
    from augexp.experiment.definition import Data

_ANALYSIS = ("augexp.analysis.comparison", "augexp.reporting.figures", "augexp.reporting.write", "cv2", "scipy.special")


def open_engine(name: str, jobs: int, address: str | None) -> AnyEngine:
    """Return the engine `local` or `ray`, not yet started; `jobs` 0 asks cores and memory."""
    if name == "local":
        return Engine(jobs or None, when_spare=_load_analysis)
    if name == "ray":
        from augexp.engines.ray_cluster import RayEngine  # noqa: PLC0415 - an optional extra

        return RayEngine(address)
    raise DefinitionError(f"engine: received {name!r}; allowed are 'local' and 'ray'")


def _load_analysis() -> None:
    """Load what the answer needs: most of a second, of which nothing is left to wait for when the runs are over."""
    with contextlib.suppress(ImportError):  # said where it is used: the runs come first
        for name in _ANALYSIS:
            importlib.import_module(name)


def start_early(crew: AnyEngine, workspace: Workspace) -> None:
    """Have workers load TensorFlow and build the network while images are prepared, where runs are missing."""
    plan = workspace.experiment.plan
    first = [workspace.run_folder(arm, seed) for seed in plan.blocks(plan.first_look) for arm in plan.arms]
    missing = [folder for folder in first if not (folder / records.RUN).exists()]
    if not missing:
        return
    if not isinstance(crew, Engine):
        crew.start()
        return
    crew.start(len(missing))
    classes = _known_classes(workspace.experiment.data)
    if classes:
        crew.warm(RunTask(workspace.experiment, plan.arms[0], 0, Path(), missing[0]), classes)


def _known_classes(data: Data) -> int:
    """Return the number of classes, where it is known before the images are read; else 0."""
    if data.source == "sample":
        from augexp.data.sources.sample import CLASSES  # noqa: PLC0415 - Pillow, LMDB

        return len(CLASSES)
    if data.source == "folder":
        from augexp.data.sources.base import FolderSource  # noqa: PLC0415 - workers have been started by now

        try:
            return len(FolderSource(Path(data.path or ""), data.limit).classes)
        except DataError:  # preparing the images says the same, at its time
            return 0
    return len(data.categories)


def finished_pairs(workspace: Workspace) -> int:
    """Return the number of seeds of which something could have been compared, under any plan of the folder.

    That is: at least two arms that stood in one plan are finished. From the first such seed on, every
    change of the plan is one that could have been made because of what was seen.
    """
    plans = [set(entry["plan"]["arms"]) for entry in workspace.plan_history()]
    plans.append(set(workspace.experiment.plan.arms))
    done: dict[int, set[str]] = {}
    for record in records.read_runs(workspace.folder):
        if record.finished:
            done.setdefault(record.seed, set()).add(record.arm)
    return sum(any(len(arms & plan) >= 2 for plan in plans) for arms in done.values())


def execute_missing(
    workspace: Workspace, store: Store, history: list[dict[str, Any]], crew: AnyEngine, listener: ProgressListener
) -> None:
    """Execute runs look after look, until the plan says that it is enough or a run fails.

    Raises:
        RunError: not a single run of the plan could be finished.
    """
    from augexp.analysis.looks import next_look  # noqa: PLC0415 - the statistics

    experiment = workspace.experiment
    while True:
        held = report.held_records(workspace, store.fingerprint)
        wanted = next_look(experiment, held, history)
        if wanted is None:
            return
        tasks = [
            RunTask(experiment, arm, seed, store.path, workspace.run_folder(arm, seed))
            for seed in experiment.plan.blocks(wanted)
            for arm in experiment.plan.arms
        ]
        listener.runs(sum(not records.is_finished(task.folder, experiment.arm_hash(task.arm)) for task in tasks))
        outcome = crew.execute(tasks, listener.event)
        if outcome.failures:
            if not outcome.executed and not outcome.found:
                raise RunError(f"every run failed; the first one: {outcome.failures[0].message}")
            return
        if not outcome.executed:
            raise RunError(f"{workspace.folder}: the plan asks for {wanted} seeds and nothing is left to execute")
