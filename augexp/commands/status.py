"""`augexp status`: which runs are done, running or failed, and the interval so far."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augexp.commands import answer
from augexp.errors import AugexpError
from augexp.results.folder import Workspace, reopen_workspace

if TYPE_CHECKING:
    from augexp.results.manifests import PlanEntry
    from augexp.results.records import RunRecord

MIN_PAIRS = 3
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
    from augexp.analysis.comparison import next_look  # noqa: PLC0415 - the statistics
    from augexp.results import status as reading  # noqa: PLC0415 - numpy

    workspace = reopen_workspace(Path(results))
    if not (workspace.folder / "runs").is_dir() and (workspace.comparison / "comparison.json").is_file():
        raise answer.no_runs(workspace)
    state = reading.read(workspace.folder).to_json()
    held = answer.plan_records(workspace)
    history = workspace.plan_history()
    state["pending"] = next_look(workspace.experiment, held, history) is not None
    state["working"] = any(run["state"] == "running" for run in state["runs"])
    state["intervals"] = _intervals(workspace, held, history)
    return state


def _intervals(workspace: Workspace, held: Sequence[RunRecord], history: Sequence[PlanEntry]) -> list[dict[str, Any]]:
    plan = workspace.experiment.plan
    done = {arm: {record.seed for record in held if record.finished and record.arm == arm} for arm in plan.arms}
    baseline = done.pop(plan.baseline)
    if not any(len(seeds & baseline) >= MIN_PAIRS for seeds in done.values()):
        return []
    try:
        comparison = answer.compute(workspace.experiment, held, history, answer.Images(None, {}, ""))
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
