"""`augexp status`: which runs are done, running or failed, and the interval so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from augexp.commands import answer
from augexp.errors import AnalysisError
from augexp.results.folder import Workspace, reopen_workspace
from augexp.results.manifests import PlanEntry
from augexp.results.records import RunRecord
from augexp.results.status import IntervalSoFar, Status, read

if TYPE_CHECKING:
    from augexp.analysis.schema import Comparison

MIN_PAIRS = 3
"""Complete pairs from which there is an interval to be shown."""


def status(results: str | Path) -> Status:
    """Say how a comparison stands: done, running, failed, time left, and the interval so far.

    Raises:
        ResultsError: no results there, or only a published answer without its runs.
    """
    from augexp.analysis.looks import next_look  # noqa: PLC0415 - the statistics

    workspace = reopen_workspace(Path(results))
    if not (workspace.folder / "runs").is_dir() and (workspace.comparison / "comparison.json").is_file():
        raise answer.no_runs(workspace)
    state = read(workspace.folder)
    records = answer.plan_records(workspace)
    history = workspace.recorded_history()
    pending = next_look(workspace.experiment, records, history) is not None
    remarks = answer.remarks_on(workspace, records, answer.NO_IMAGES)
    state = replace(state, pending=pending, warnings=remarks)
    comparison = _so_far(workspace, records, history)
    intervals = _intervals(comparison) if comparison else ()
    if comparison is None or not intervals:
        return state
    images, groups = comparison.test_images, comparison.test_groups
    return replace(state, intervals=intervals, test_images=images, test_groups=groups)


def _so_far(workspace: Workspace, records: Sequence[RunRecord], history: Sequence[PlanEntry]) -> Comparison | None:
    """Return what the finished pairs show; None with too few of them."""
    plan = workspace.experiment.plan
    done = {arm: {record.seed for record in records if record.finished and record.arm == arm} for arm in plan.arms}
    baseline = done.pop(plan.baseline)
    if not any(len(seeds & baseline) >= MIN_PAIRS for seeds in done.values()):
        return None
    try:
        return answer.compute(workspace, records, history, answer.NO_IMAGES)
    except AnalysisError:
        return None  # runs that do not belong together are named by `compare` and `report`


def _intervals(comparison: Comparison) -> tuple[IntervalSoFar, ...]:
    return tuple(
        IntervalSoFar(
            arm=contrast.arm,
            baseline=comparison.baseline,
            pairs=len(contrast.seeds),
            estimate=contrast.estimate or 0.0,
            low=contrast.new_images.low,
            high=contrast.new_images.high,
            verdict=contrast.verdict,
        )
        for contrast in comparison.contrasts
        if contrast.new_images is not None
    )
