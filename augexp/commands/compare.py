"""Executing what a plan still asks for: which engine, which runs, until when."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from augexp.commands import report
from augexp.engines import registry
from augexp.engines.base import Engine
from augexp.errors import RunError
from augexp.progress import ProgressListener
from augexp.results import records
from augexp.results.folder import Workspace
from augexp.training.task import RunTask

if TYPE_CHECKING:
    from augexp.data.store import Store
    from augexp.results.manifests import PlanEntry

_ANALYSIS = ("augexp.analysis.comparison", "augexp.reporting.figures", "augexp.reporting.write", "cv2", "scipy.special")


def open_engine(name: str, jobs: int, address: str | None) -> Engine:
    """Return an engine by its name, not yet started; `jobs` 0 asks cores and memory."""
    return registry.open_engine(name, jobs=jobs, address=address, when_spare=_load_analysis)


def _load_analysis() -> None:
    """Load what the answer needs: most of a second, of which nothing is left to wait for when the runs are over."""
    with contextlib.suppress(ImportError):  # said where it is used: the runs come first
        for name in _ANALYSIS:
            importlib.import_module(name)


def start_early(engine: Engine, workspace: Workspace) -> None:
    """Have workers load TensorFlow and build the network while images are prepared, where runs are missing."""
    plan = workspace.experiment.plan
    first = [workspace.run_folder(arm, seed) for seed in plan.blocks(plan.first_look) for arm in plan.arms]
    missing = [folder for folder in first if not (folder / records.RUN).exists()]
    if not missing:
        return
    engine.start(len(missing))
    from augexp.data.sources.registry import source_class  # noqa: PLC0415 - workers have been started by now

    data = workspace.experiment.data
    classes = source_class(data.source).count_classes(data)
    if classes:
        engine.warm(RunTask(workspace.experiment, plan.arms[0], 0, Path(), missing[0]), classes)


def finished_pairs(workspace: Workspace) -> int:
    """Return the number of seeds of which something could have been compared, under any plan of the folder.

    That is: at least two arms that stood in one plan are finished. From the first such seed on, every
    change of the plan is one that could have been made because of what was seen.
    """
    plans = [set(entry.plan.arms) for entry in workspace.plan_history()]
    plans.append(set(workspace.experiment.plan.arms))
    done: dict[int, set[str]] = {}
    for record in records.read_runs(workspace.folder):
        if record.finished:
            done.setdefault(record.seed, set()).add(record.arm)
    return sum(any(len(arms & plan) >= 2 for plan in plans) for arms in done.values())


def execute_missing(
    workspace: Workspace, store: Store, history: Sequence[PlanEntry], engine: Engine, listener: ProgressListener
) -> None:
    """Execute runs look after look, until the plan says that it is enough or a run fails.

    Raises:
        RunError: not a single run of the plan could be finished.
    """
    from augexp.analysis.comparison import next_look  # noqa: PLC0415 - the statistics

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
        outcome = engine.execute(tasks, listener.event)
        if outcome.failures:
            if not outcome.executed and not outcome.finished_before:
                raise RunError(f"every run failed; the first one: {outcome.failures[0].message}")
            return
        if not outcome.executed:
            raise RunError(f"{workspace.folder}: the plan asks for {wanted} seeds and nothing is left to execute")
