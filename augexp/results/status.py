"""How a comparison stands, read from its results folder alone, while it runs or long after."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from augexp.errors import ResultsError
from augexp.experiment import definition
from augexp.experiment.definition import Experiment
from augexp.results import heartbeat, records
from augexp.results.folder import Workspace
from augexp.results.run_json import read_manifest, read_timing

State = Literal["complete", "diverged", "failed", "running", "interrupted", "waiting"]


@dataclass(frozen=True)
class RunStatus:
    """One run.

    Attributes:
        arm, seed: which one.
        state: `interrupted` has been started and is not being executed now; `waiting` has not, or has to go on to a
            horizon that is further away.
        epoch, epochs: done, and in all.
        seconds: wall time of a finished run; seconds per epoch so far otherwise; None where unknown.
        error: why it failed.
        name: for people: arm and seed, or arm, repeat and fold.
    """

    arm: str
    seed: int
    state: State
    epoch: int
    epochs: int
    seconds: float | None = None
    error: str = ""
    name: str = ""


@dataclass(frozen=True)
class IntervalSoFar:
    """What the finished pairs show of one arm against the baseline, in percentage points, for new images."""

    arm: str
    baseline: str
    pairs: int
    estimate: float
    low: float
    high: float
    verdict: str


@dataclass(frozen=True)
class Status:
    """A whole comparison.

    Attributes:
        name, experiment: name and hash of the experiment.
        runs: every run of the plan up to `seeds`, by seed and arm.
        folds: K, of which every repeat has one fit each; None without folds.
        seeds: blocks, with folds repeats, that the plan asks for next: its fixed number, or the first look that is not
            complete.
        max_seeds: blocks that the plan may reach.
        seconds_left: estimate for the runs in `runs`; None where nothing has been measured yet or
            no run is going on.
        pending: whether the plan asks for more runs.
        intervals: one per contrast with at least three pairs.
        horizon: epochs to which the runs go where budgets are automatic; None where they are fixed.
        horizon_settled: whether they go no further.
        seconds_left_at_most: estimate for `runs` if they have to go on to the cap of the horizon; None where that is
            settled, or as `seconds_left`.
        warnings: what a reader has to know of the records.
        test_images, test_groups: that the intervals rest on, and the groups (patients, cameras) that these belong to;
            None without intervals, and without groups.
    """

    name: str
    experiment: str
    runs: tuple[RunStatus, ...]
    seeds: int
    max_seeds: int
    seconds_left: float | None
    pending: bool = True
    intervals: tuple[IntervalSoFar, ...] = ()
    horizon: int | None = None
    horizon_settled: bool = False
    seconds_left_at_most: float | None = None
    warnings: tuple[str, ...] = ()
    folds: int | None = None
    test_images: int | None = None
    test_groups: int | None = None

    @property
    def working(self) -> bool:
        """Whether a run is going on now."""
        return any(run.state == "running" for run in self.runs)

    @property
    def counts(self) -> dict[str, int]:
        """Number of runs by state; states without runs are left out."""
        states = [run.state for run in self.runs]
        return {state: states.count(state) for state in sorted(set(states))}

    @property
    def finished(self) -> int:
        """Number of runs that reached the end of their budget."""
        return sum(run.state in ("complete", "diverged") for run in self.runs)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        values = asdict(self)
        counts = {"counts": self.counts, "finished": self.finished}
        now = {"pending": values.pop("pending"), "working": self.working, "intervals": values.pop("intervals")}
        now["warnings"] = values.pop("warnings")
        return {"schema": 1, **values, **counts, **now}


def read(results_folder: Path) -> Status:
    """Read how things stand; raises ResultsError where the folder is not one of a comparison."""
    path = results_folder / "experiment.toml"
    if not path.exists():
        raise ResultsError(
            f"{results_folder}: no results of augexp here (experiment.toml is missing); name such a folder"
        )
    experiment = definition.load(path)
    horizon = Workspace(experiment, results_folder).horizon() if experiment.training.auto else None
    epochs = horizon.epochs if horizon else experiment.first_horizon
    seeds = _next_look(results_folder, experiment)
    plan = experiment.plan
    runs = tuple(
        replace(_run(results_folder, arm, seed, epochs), name=experiment.run_name(arm, seed))
        for seed in experiment.blocks(seeds)
        for arm in plan.arms
    )
    left = _seconds_left(runs)
    status = Status(experiment.name, experiment.hash, runs, seeds, plan.max_seeds, left, folds=experiment.data.folds)
    if not experiment.training.auto:
        return status
    settled = horizon is not None and horizon.settled
    longest = None if settled or left is None else _seconds_left(tuple(_extended(run, plan.max_epochs) for run in runs))
    return replace(status, horizon=epochs, horizon_settled=settled, seconds_left_at_most=longest)


def _next_look(results_folder: Path, experiment: Experiment) -> int:
    """Return the first look whose blocks are not all there, as soon as one of its own has been begun.

    Whether a comparison stops at a look is for the analysis to say, so a look counts only once begun.
    """
    plan = experiment.plan
    looks = [plan.fixed] if plan.fixed is not None else list(plan.looks)
    wanted = looks[0]
    for before, look in zip(looks, looks[1:], strict=False):
        own = experiment.blocks(look)[len(experiment.blocks(before)) :]
        if any(records.run_folder(results_folder, arm, seed).exists() for arm in plan.arms for seed in own):
            wanted = look
    return wanted


def _extended(run: RunStatus, epochs: int) -> RunStatus:
    """Return a run as it would stand if it had to go on to `epochs`."""
    if run.state not in ("complete", "diverged"):
        return replace(run, epochs=epochs)
    pace = run.seconds / run.epoch if run.seconds and run.epoch else None
    return replace(run, state="waiting", epochs=epochs, seconds=pace)


def _run(results_folder: Path, arm: str, seed: int, epochs: int) -> RunStatus:
    folder = records.run_folder(results_folder, arm, seed)
    if (folder / records.RUN).exists():
        return _ended(folder, arm, seed, epochs)
    beat = heartbeat.read(folder)
    if beat is not None:
        state: State = "running" if beat.alive else "interrupted"
        return RunStatus(arm, seed, state, beat.epoch, epochs, beat.seconds or None)
    return RunStatus(arm, seed, "interrupted" if (folder / records.CHECKPOINT).exists() else "waiting", 0, epochs)


def _ended(folder: Path, arm: str, seed: int, epochs: int) -> RunStatus:
    try:
        run = read_manifest(folder / records.RUN)
    except ResultsError as error:
        return RunStatus(arm, seed, "failed", 0, epochs, error=str(error))
    seconds = read_timing(folder / records.TIMING, run).wall_seconds
    done = run.ledger.epochs if run.ledger else 0
    if run.status != "failed" and done < epochs:  # it has to go on
        return RunStatus(arm, seed, "waiting", done, epochs, seconds / done if seconds and done else None)
    return RunStatus(arm, seed, run.status, done, epochs, seconds or None, error=run.error or "")


def _seconds_left(runs: tuple[RunStatus, ...]) -> float | None:
    running = [run for run in runs if run.state == "running"]
    open_runs = [run for run in runs if run.state in ("running", "interrupted", "waiting")]
    if not open_runs:
        return 0.0
    paces = [run.seconds / run.epochs for run in runs if run.state in ("complete", "diverged") and run.seconds]
    paces += [run.seconds for run in open_runs if run.seconds and run.state != "interrupted"]
    if not running or not paces:
        return None
    epochs = sum(run.epochs - run.epoch for run in open_runs)
    return round(float(np.mean(paces)) * epochs / len(running), 1)
