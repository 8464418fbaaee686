"""Execute the runs of all sizes, and answer.

Every size is an ordinary experiment in a folder of its own, ``results/<name>-worth/at-<multiple>/``, so that its runs
can be looked at, verified and gone on with like any others. All of them share one store and its test images.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augexp.commands import answer as answers
from augexp.commands import compare
from augexp.commands.arrays import as_source
from augexp.commands.define import Source, define
from augexp.commands.index import index
from augexp.commands.worth import cost, publish, sizes
from augexp.commands.worth.sizes import Size
from augexp.engines.base import Engine
from augexp.errors import ResultsError, RunError
from augexp.experiment import network_files
from augexp.progress import NullListener, ProgressListener
from augexp.results import records
from augexp.results.folder import Workspace, open_workspace
from augexp.results.locks import lock_results
from augexp.training.task import RunTask

if TYPE_CHECKING:
    from augexp.analysis.worth.schema import Worth
    from augexp.data.store import Store
    from augexp.results.manifests import PlanEntry


@dataclass(frozen=True)
class _Place:
    """One size with the folder of its runs."""

    size: Size
    workspace: Workspace
    history: Sequence[PlanEntry]


def worth(
    source: Source = (),
    *,
    arm: str = "standard",
    sizes: Sequence[float] | None = None,
    full: bool = False,
    dry_run: bool = False,
    results_dir: str | Path = "results",
    data_dir: str | Path = "data",
    jobs: int = 0,
    engine: str = "local",
    address: str | None = None,
    progress: ProgressListener | None = None,
    **changes: Any,
) -> Worth | None:
    """Say what augmentation is worth in photos: execute whatever runs are missing, and answer.

    The un-augmented arm is trained at every size, `arm` at one; see `augexp.analysis.worth`. The files of the answer
    go to ``<results_dir>/<name>-worth/worth/``.

    Args:
        source: an `Experiment`, a path, LSUN categories, (images, labels) as arrays, or nothing.
        arm: the policy whose worth is asked for.
        sizes: multiples of the photos at which augmentation is judged (`train_per_class` of each class, or a quarter of
            all where that is not said); None takes 0.25, 0.5, 1, 2 and 4, where there are so many photos.
        full: train `arm` at every size, for its own learning curve.
        dry_run: say what it costs, and do no more.
        results_dir: holds one folder per experiment.
        data_dir: holds downloads and prepared images.
        jobs: runs side by side; 0 asks cores and memory.
        engine: `local`, or `ray` for more than one machine (extra ``augexp[ray]``).
        address: of the Ray cluster.
        progress: listens to what happens; the cost is the first of its notes.
        **changes: to the definition, see `define`; `seeds` is 8 where nothing else is said.

    Returns:
        The answer; with runs in its `missing` where some have failed. None with `dry_run`.

    Raises:
        DefinitionError, DataError, ResultsError, RunError: one line that says what to do.
        Interrupted: Ctrl-C; the same call goes on from there.
    """
    named = sizes_named(sizes)
    experiment = define(as_source(source, data_dir), **changes)
    middle = sizes_base(experiment, arm)
    network_files.check_named(middle)
    listener = progress or NullListener()
    root = Path(results_dir) / sizes_folder(experiment.name)
    store = index(middle, data_dir=data_dir, jobs=jobs, progress=listener)
    chosen = sizes_choose(middle, arm, store, named, full=full)
    if dry_run:
        listener.note(cost.describe(chosen, store, sum(_count_missing(size, root) for size in chosen)))
        return None
    places = _complete(chosen, root, store, lambda: compare.open_engine(engine, jobs, address), listener)
    return _answer(places, store, arm, experiment.name, root, named, full=full)


sizes_named, sizes_base, sizes_choose, sizes_folder = sizes.check, sizes.base, sizes.choose, sizes.folder_name
"""Under names of their own, since `worth` has an argument `sizes`."""


def _complete(
    chosen: Sequence[Size], root: Path, store: Store, open_runner: Callable[[], Engine], listener: ProgressListener
) -> list[_Place]:
    """Open the folders of all sizes, say what the missing runs cost, and execute them while the folders are locked."""
    with contextlib.ExitStack() as stack:
        places = [_open(size, root, stack) for size in chosen]
        stack.enter_context(lock_results(root))
        runner = stack.enter_context(open_runner())
        missing = sum(_count_missing(place.size, root) for place in places)
        listener.note(cost.describe(chosen, store, missing))
        _execute(places, store, runner, listener)
    return places


def _open(size: Size, root: Path, stack: contextlib.ExitStack) -> _Place:
    workspace = open_workspace(size.experiment, root)
    stack.enter_context(lock_results(workspace.folder))
    return _Place(size, workspace, workspace.commit_plan(compare.finished_pairs(workspace)))


def _count_missing(size: Size, root: Path) -> int:
    plan = size.experiment.plan
    folder = root / size.experiment.name
    return sum(
        not (records.run_folder(folder, arm, seed) / records.RUN).exists()
        for seed in plan.blocks(plan.max_seeds)
        for arm in plan.arms
    )


def _execute(places: Sequence[_Place], store: Store, runner: Engine, listener: ProgressListener) -> None:
    """Execute runs of all sizes side by side, until every size has gone as far as its horizon.

    Raises:
        RunError: not a single run could be finished.
    """
    told = None
    while True:
        tasks = [task for place in reversed(places) for task in _tasks(place, store, listener)]
        missing = [task for task in tasks if not task.is_finished]
        if not missing:
            return
        if told is None:
            total = sum(task.epochs * _images(task, store) for task in missing)
            images = {task.size: _images(task, store) for task in missing}
            told = cost.TimingListener(listener, total, images, lambda: runner.side_by_side)
        told.runs(len(missing))
        outcome = runner.execute(tasks, told.event)
        if outcome.failures:
            if not outcome.executed and not outcome.finished_before:
                raise RunError(f"every run failed; the first one: {outcome.failures[0].message}")
            return
        if not outcome.executed:
            raise RunError(f"{missing[0].folder}: is missing, and nothing is left to execute")


def _images(task: RunTask, store: Store) -> int:
    return len(store.training_rows(task.experiment.data, task.experiment.root_seed, task.seed))


def _tasks(place: _Place, store: Store, listener: ProgressListener) -> list[RunTask]:
    horizon = compare.advance_horizon(place.workspace, store, listener)
    plan = place.size.experiment.plan
    seeds = plan.blocks(plan.max_seeds)
    return [compare.make_task(place.workspace, store, arm, seed, horizon) for seed in seeds for arm in plan.arms]


def _answer(
    places: Sequence[_Place],
    store: Store,
    arm: str,
    name: str,
    root: Path,
    named: tuple[float, ...] | None,
    *,
    full: bool,
) -> Worth:
    from augexp.analysis.worth.answer import compute  # noqa: PLC0415 - the statistics
    from augexp.analysis.worth.runs import SizeRecords  # noqa: PLC0415

    found = [
        SizeRecords(
            place.size.factor,
            place.size.experiment,
            answers.plan_records(place.workspace, store.fingerprint),
            answers.horizon_of(place.workspace),
        )
        for place in places
    ]
    middle = next(place for place in places if place.size.factor == 1.0)
    largest = places[-1].size.experiment
    draws = store.draw_mode(largest.data, list(middle.size.experiment.blocks(middle.size.experiment.plan.max_seeds)))
    if not any(record.finished for size in found for record in size.records):
        raise ResultsError(f"{root}: no finished run here yet; repeat augexp worth to go on")
    worth = compute(
        found,
        arm,
        middle.history,
        name=name,
        manifest=store.manifest,
        draws=draws,
        command=publish.command(middle.size.experiment, name, arm, named, full=full),
    )
    publish.publish(worth, root / publish.FOLDER)
    return worth
