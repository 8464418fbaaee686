"""`augexp train`: one run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from augexp.commands.answer import horizon_of
from augexp.commands.arrays import as_source
from augexp.commands.compare import check_batch_size, check_folds, make_task
from augexp.commands.define import Source, define
from augexp.commands.index import index
from augexp.engines.local import LocalEngine
from augexp.experiment import named_paths, network_files
from augexp.progress import NullListener, ProgressListener
from augexp.results import locks, records
from augexp.results.folder import open_workspace
from augexp.results.records import RunRecord


def train(
    source: Source = (),
    *,
    arm: str = "standard",
    seed: int = 0,
    save_model: bool = True,
    results_dir: str | Path = "results",
    data_dir: str | Path = "data",
    progress: ProgressListener | None = None,
    **changes: Any,
) -> RunRecord:
    """Execute one run, or read it where it is finished; `compare` finds it later.

    With ``epochs = "auto"`` it goes to the horizon that the results folder has found, or to the first one.

    Args:
        source: an `Experiment`, a path, LSUN categories, (images, labels) as arrays, or nothing.
        arm: the policy, by name.
        seed: number of the block.
        save_model: keep the trained network as ``model.keras`` beside the record.
        results_dir: holds one folder per experiment.
        data_dir: holds downloads and prepared images.
        progress: listens to what happens.
        **changes: to the definition, see `define`.

    Returns:
        The record; its `status` tells whether the run has failed.

    Raises:
        DefinitionError, DataError, ResultsError, RunError: one line that says what to do.
        Interrupted: Ctrl-C; the same call goes on from there.
    """
    experiment = define(as_source(source, data_dir), **{"arms": [arm], **changes})
    network_files.check_named(experiment)
    listener = progress or NullListener()
    workspace = open_workspace(experiment, Path(results_dir))
    folder = workspace.run_folder(arm, seed)
    with locks.lock_results(workspace.folder), LocalEngine(1) as engine:
        horizon = horizon_of(workspace)
        epochs = horizon.epochs if horizon else experiment.first_horizon
        if not records.is_finished(folder, experiment.arm_hash(arm), epochs):
            engine.start(1)
        store = index(experiment, data_dir=data_dir, progress=listener)
        check_folds(store, experiment)
        check_batch_size(store, experiment)
        named_paths.remember(experiment, Path(data_dir))
        workspace.commit_definition()
        listener.runs(1)
        task = replace(make_task(workspace, store, arm, seed, horizon), keep_model=save_model)
        engine.execute([task], listener.event)
    return records.read_run(folder)
