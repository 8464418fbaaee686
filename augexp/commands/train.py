"""`augexp train`: one run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from augexp.commands.compare import check_batch_size
from augexp.commands.define import Source, define
from augexp.commands.index import index
from augexp.engines.local import LocalEngine
from augexp.progress import NullListener, ProgressListener
from augexp.results import locks, records
from augexp.results.folder import open_workspace
from augexp.results.records import RunRecord
from augexp.training.task import RunTask


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

    Args:
        source: an `Experiment`, a path, LSUN categories, or nothing.
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
    experiment = define(source, **{"arms": [arm], **changes})
    listener = progress or NullListener()
    workspace = open_workspace(experiment, Path(results_dir))
    folder = workspace.run_folder(arm, seed)
    with locks.lock_results(workspace.folder), LocalEngine(1) as engine:
        if not records.is_finished(folder, experiment.arm_hash(arm)):
            engine.start(1)
        store = index(experiment, data_dir=data_dir, progress=listener)
        check_batch_size(store, experiment)
        workspace.commit_definition()
        listener.runs(1)
        engine.execute([RunTask(experiment, arm, seed, store.path, folder, save_model)], listener.event)
    return records.read_run(folder)
