"""Looking into a results folder: how it stands, whether it comes out again, and handing it to trackers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augexp.commands import report
from augexp.errors import AugexpError, ResultsError
from augexp.progress import NullListener, ProgressListener
from augexp.results.folder import Workspace, reopen_workspace

if TYPE_CHECKING:
    from augexp.commands.verify import Verification
    from augexp.results.records import RunRecord

FEWEST_PAIRS = 3
"""Complete pairs from which there is an interval to be shown."""


def status(results: str | Path) -> dict[str, Any]:
    """Say how a comparison stands: done, running, failed, time left, and the interval so far.

    Returns:
        Plain JSON values: those of `augexp.results.status.Status`, and ``pending`` (whether the plan
        asks for more runs), ``working`` (whether a run is going on now) and ``intervals``, one entry per
        contrast with at least three pairs: arm, baseline, pairs, estimate, low, high (percentage points,
        new images) and verdict.

    Raises:
        ResultsError: no results there, or only a published answer without its runs.
    """
    from augexp.analysis.looks import next_look  # noqa: PLC0415 - the statistics
    from augexp.results import status as reading  # noqa: PLC0415 - numpy

    workspace = reopen_workspace(Path(results))
    if not (workspace.folder / "runs").is_dir() and (workspace.comparison / "comparison.json").is_file():
        raise report.no_runs(workspace)
    state = reading.read(workspace.folder).to_json()
    held = report.held_records(workspace)
    history = workspace.plan_history()
    state["pending"] = next_look(workspace.experiment, held, history) is not None
    state["working"] = any(run["state"] == "running" for run in state["runs"])
    state["intervals"] = _intervals(workspace, held, history)
    return state


def _intervals(workspace: Workspace, held: Sequence[RunRecord], history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    plan = workspace.experiment.plan
    done = {arm: {record.seed for record in held if record.finished and record.arm == arm} for arm in plan.arms}
    baseline = done.pop(plan.baseline)
    if not any(len(seeds & baseline) >= FEWEST_PAIRS for seeds in done.values()):
        return []
    try:
        comparison = report.compute(workspace.experiment, held, history, report.Images(None, {}, ""))
    except AugexpError:
        return []  # what is wrong with the records is said by `compare` and `report`
    return [
        {
            "arm": contrast.arm,
            "baseline": comparison.baseline,
            "pairs": len(contrast.seeds),
            "estimate": contrast.estimate,
            "low": contrast.new_images.low,
            "high": contrast.new_images.high,
            "verdict": contrast.verdict,
        }
        for contrast in comparison.contrasts
        if contrast.new_images is not None
    ]


def verify(
    results: str | Path,
    *,
    arm: str | None = None,
    seed: int | None = None,
    data_dir: str | Path = "data",
    progress: ProgressListener | None = None,
) -> Verification:
    """Execute one finished run again and compare weights, order, epochs and predictions bit by bit.

    Args:
        results: a results folder.
        arm: of the run; None draws one by chance.
        seed: of the run; None draws one by chance.
        data_dir: holds the prepared images, or what they are prepared from.
        progress: listens to what happens.

    Raises:
        ResultsError, DataError: no such run, or other images than those it was run on.
    """
    from augexp.commands import verify as verification  # noqa: PLC0415
    from augexp.data.preparation import prepare  # noqa: PLC0415 - numpy
    from augexp.data.store import find_store  # noqa: PLC0415
    from augexp.results import records  # noqa: PLC0415

    listener = progress or NullListener()
    workspace = reopen_workspace(Path(results))
    found = records.read_runs(workspace.folder)
    if not found:
        raise report.no_runs(workspace)
    record = verification.choose(found, arm, seed, draw=int.from_bytes(os.urandom(4)))
    store = find_store(Path(data_dir), str(record.run["store"]))
    if store is None:
        store = prepare(workspace.experiment.data, Path(data_dir), progress=listener.stage)
    listener.runs(1)
    return verification.rerun(record, workspace.experiment, store.path, on_event=listener.event)


def export(results: str | Path, to: str, target: str | None = None, *, data_dir: str | Path = "data") -> str:
    """Hand the runs and the comparison to TensorBoard or MLflow.

    Args:
        results: a results folder.
        to: `tensorboard` or `mlflow`.
        target: log folder (TensorBoard) or tracking URI (MLflow); None takes a place in the results folder.
        data_dir: holds the prepared images; not needed where the answer has been written down.

    Returns:
        A line that says what was written and how to look at it.

    Raises:
        ResultsError: an unknown tracker, no finished run, or a place that cannot be written.
        RunError: the tracker is not installed.
    """
    from augexp.reporting import trackers  # noqa: PLC0415 - numpy

    if to not in trackers.TRACKERS:
        raise ResultsError(f"tracker: received {to!r}; allowed are {', '.join(trackers.TRACKERS)}")
    workspace = reopen_workspace(Path(results))
    held = [record for record in report.held_records(workspace) if record.finished]
    if not held:
        raise report.no_runs(workspace)
    comparison = report.current(workspace.folder, Path(data_dir)).model_dump(mode="json")
    place = target or str(workspace.folder / to)
    if to == "tensorboard":
        return trackers.export_tensorboard(held, comparison, Path(place))
    return trackers.export_mlflow(held, comparison, place)
