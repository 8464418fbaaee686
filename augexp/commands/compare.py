"""`augexp compare`: execute the runs that the plan still asks for, and answer."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augexp import surroundings
from augexp.commands import answer
from augexp.commands.arrays import as_source
from augexp.commands.define import Source, define
from augexp.commands.estimate import EstimatingListener
from augexp.commands.index import index
from augexp.data import folds
from augexp.engines import registry
from augexp.engines.base import Engine
from augexp.errors import DataError, DefinitionError, ResultsError, RunError
from augexp.experiment import named_paths, network_files, networks, screening
from augexp.progress import NullListener, ProgressListener
from augexp.results import records
from augexp.results.folder import Workspace, is_staged, open_workspace
from augexp.results.locks import lock_results
from augexp.training import checkpoint
from augexp.training.image_counter import ImageCounter
from augexp.training.task import RunTask

if TYPE_CHECKING:
    from augexp.analysis.schema import Comparison
    from augexp.data.store import Store
    from augexp.experiment.definition import Experiment
    from augexp.results.manifests import Horizon, PlanEntry

_ANALYSIS = ("augexp.analysis.comparison", "augexp.reporting.figures", "augexp.reporting.write", "cv2", "scipy.special")


def compare(
    source: Source = (),
    *,
    results_dir: str | Path = "results",
    data_dir: str | Path = "data",
    jobs: int = 0,
    engine: str = "local",
    address: str | None = None,
    pictures: bool = True,
    progress: ProgressListener | None = None,
    **changes: Any,
) -> Comparison:
    """Execute whatever runs are missing and answer; figures, tables and report go to the results folder.

    More than three policies under planned looks (or ``screen=True``) are screened first, in a results folder
    of its own: see `augexp.experiment.screening`.

    Args:
        source: an `Experiment`, a path, LSUN categories, (images, labels) as arrays, or nothing.
        results_dir: holds one folder per experiment.
        data_dir: holds downloads and prepared images.
        jobs: runs side by side; 0 asks cores and memory.
        engine: `local`, or `ray` for more than one machine (extra ``augexp[ray]``).
        address: of the Ray cluster.
        pictures: whether photos may appear in the figures and the report.
        progress: listens to what happens.
        **changes: to the definition, see `define`.

    Returns:
        The answer. Where runs have failed, they stand in its `missing`, and there is no verdict; where that
        happened in a screening, the answer is the screening's.

    Raises:
        DefinitionError, DataError, ResultsError, RunError: one line that says what to do.
        Interrupted: Ctrl-C; the same call goes on from there.
    """
    experiment = define(as_source(source, data_dir), **changes)
    if len(experiment.plan.arms) < 2:
        raise DefinitionError(
            f"arms: received the baseline {experiment.plan.baseline!r} alone; name at least one arm to compare with it"
        )
    network_files.check_named(experiment)
    listener = progress or NullListener()
    complete = partial(
        _complete, results_dir=Path(results_dir), data_dir=Path(data_dir), jobs=jobs, pictures=pictures,
        open_runner=lambda: open_engine(engine, jobs, address), listener=listener,
    )  # fmt: skip
    if is_staged(experiment, Path(results_dir)):
        screened = complete(screening.screening(experiment))
        if not screened.complete:
            return screened
        differences = {contrast.arm: contrast.estimate or 0.0 for contrast in screened.contrasts}
        horizon = screened.horizon.epochs if screened.horizon else None
        experiment = screening.confirmation(experiment, differences, horizon)
        listener.note(screening.describe(experiment, differences))
    return complete(experiment)


def _complete(
    stage: Experiment,
    *,
    results_dir: Path,
    data_dir: Path,
    jobs: int,
    open_runner: Callable[[], Engine],
    pictures: bool,
    listener: ProgressListener,
) -> Comparison:
    """Execute the missing runs of a stage, or of the whole experiment where it has none, and compare."""
    workspace = open_workspace(stage, results_dir)
    with lock_results(workspace.folder), open_runner() as runner:
        start_early(runner, workspace)
        store = index(stage, data_dir=data_dir, jobs=jobs, progress=listener)
        check_folds(store, stage)
        check_batch_size(store, stage)
        check_measures(store, stage)
        answer.check_halves(store, stage.plan)
        answer.plan_records(workspace, store.fingerprint)  # refuse others before the plan is written down
        named_paths.remember(stage, data_dir)
        history = workspace.commit_plan(finished_pairs(workspace))
        told = EstimatingListener(listener, stage, lambda: runner.side_by_side)
        execute_missing(workspace, store, history, runner, told)
        return answer.compute_and_publish(workspace, store, history, pictures=pictures, note=listener.note)


def check_batch_size(store: Store, experiment: Experiment) -> None:
    """Raise RunError where a training draw is smaller than a batch, before anything is trained."""
    images = len(store.training_rows(experiment.data, experiment.root_seed, 0))
    batch_size = experiment.training.batch_size
    if images < batch_size:
        raise RunError(
            f"batch_size: received {batch_size}, but a training draw has only {images} images; "
            f"allowed are 1 to {images}: lower training.batch_size or provide more images"
        )


def check_measures(store: Store, experiment: Experiment) -> None:
    """Raise DefinitionError where what is to be measured does not fit the classes, before anything is trained."""
    from augexp.analysis.measures.area import MAX_RANKED  # noqa: PLC0415 - numpy

    positive, count = experiment.plan.positive, len(store.classes)
    if experiment.plan.metric == "auroc" and count > MAX_RANKED:
        raise DefinitionError(
            f"metric: received 'auroc' with {count} classes; allowed are at most {MAX_RANKED}, whose probabilities are "
            "kept: choose --metric accuracy or balanced_accuracy"
        )
    if positive is not None and positive not in store.classes:
        raise DefinitionError(
            f"positive: received {positive!r}; allowed is one of the classes {', '.join(store.classes[:20])}"
        )


def check_folds(store: Store, experiment: Experiment) -> None:
    """Raise DataError where a class has fewer units than there are folds, before anything is trained."""
    if experiment.data.folds is not None:
        folds.check(store.labels, store.units, store.classes, experiment.data.folds)


def open_engine(name: str, jobs: int, address: str | None) -> Engine:
    """Return an engine by its name, not yet started; `jobs` 0 asks cores and memory."""
    return registry.open_engine(name, jobs=jobs, address=address, when_spare=_load_analysis)


def _load_analysis() -> None:
    """Load what the answer needs: most of a second, of which nothing is left to wait for when the runs are over."""
    with contextlib.suppress(ImportError, ResultsError):  # said where it is used: the runs come first
        surroundings.load_matplotlib()
        for name in _ANALYSIS:
            importlib.import_module(name)


def start_early(engine: Engine, workspace: Workspace) -> None:
    """Have workers load TensorFlow and build the network while images are prepared, where runs are missing."""
    plan = workspace.experiment.plan
    first = [
        workspace.run_folder(arm, seed) for seed in workspace.experiment.blocks(plan.first_look) for arm in plan.arms
    ]
    missing = [folder for folder in first if not (folder / records.RUN).exists()]
    if not missing:
        return
    from augexp.data.sources.registry import source_class  # noqa: PLC0415 - not needed where all runs are there

    data, training = workspace.experiment.data, workspace.experiment.training
    built_in = training.model in networks.BUILT_IN
    classes = None if built_in else source_class(data.source).count_classes(data)
    if built_in or classes:
        policies = (workspace.experiment.policy(arm) for arm in plan.arms)
        parts = [policy.learned for policy in policies if policy.learned is not None]
        engine.fit(training, data.image_size, classes or 2, parts)
    engine.start(len(missing))
    classes = classes or source_class(data.source).count_classes(data)
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
    from augexp.analysis.looks import next_look  # noqa: PLC0415 - the statistics

    experiment = workspace.experiment
    while True:
        horizon = advance_horizon(workspace, store, listener)
        wanted: int | None = experiment.plan.first_look
        if horizon is None or horizon.settled:
            wanted = next_look(experiment, answer.plan_records(workspace, store.fingerprint), history)
        if wanted is None:
            return
        seeds = experiment.blocks(wanted)
        tasks = [make_task(workspace, store, arm, seed, horizon) for seed in seeds for arm in experiment.plan.arms]
        listener.runs(sum(not task.is_finished for task in tasks))
        outcome = engine.execute(tasks, listener.event)
        if outcome.failures:
            if not outcome.executed and not outcome.finished_before:
                raise RunError(f"every run failed; the first one: {outcome.failures[0].message}")
            return
        if not outcome.executed:
            raise RunError(
                f"{workspace.folder}: the plan asks for {len(seeds)} runs of each arm and nothing is left to execute"
            )


def make_task(workspace: Workspace, store: Store, arm: str, seed: int, horizon: Horizon | None) -> RunTask:
    """Return the run of an arm and a seed, which goes to the horizon where budgets are automatic."""
    task = RunTask(workspace.experiment, arm, seed, store.path, workspace.run_folder(arm, seed))
    if horizon is None:
        return task
    extendable = not horizon.settled or bool(horizon.still_gaining)
    return replace(task, horizon=horizon.epochs, extendable=extendable)


def advance_horizon(workspace: Workspace, store: Store, listener: ProgressListener) -> Horizon | None:
    """Find out how far the runs have to go, write it down and say so; None with a fixed budget.

    Raises:
        DataError: there are no validation images to choose a budget by.
    """
    experiment = workspace.experiment
    if not experiment.training.auto:
        return None
    from augexp.analysis.budget import horizon as horizons  # noqa: PLC0415 - numpy
    from augexp.analysis.paired_runs import primary  # noqa: PLC0415 - numpy

    if not len(store.rows_of_run(experiment.data, experiment.root_seed, 0).validation):
        raise DataError(
            "epochs: received 'auto', but there are no validation images to choose a budget by; add images, or name "
            "the epochs: --epochs 40"
        )
    before = answer.horizon_of(workspace)
    metric = primary(experiment.plan.metric, store.labels[store.tested_rows(experiment.data)], len(store.classes))
    recorded = answer.records_at_any_budget(workspace, store.fingerprint)
    horizon = horizons.advance(experiment, recorded, before, balanced=metric == "balanced_accuracy")
    workspace.commit_horizon(horizon)
    if horizon != before:
        listener.note(horizons.describe(horizon, experiment.plan))
    if horizon.settled and not horizon.still_gaining:
        for record in recorded:  # which does not go on any more
            checkpoint.remove(record.folder)
            ImageCounter(record.folder).clear()
    return horizon
