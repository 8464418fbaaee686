"""How long a replication takes and how much disk it needs, measured before it starts.

Every arm is trained for two epochs beside the others, as the runs will be; the second epoch, and what is around the
epochs, say how long a run takes. Arms with finished runs are not measured again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from augexp.commands import compare
from augexp.commands.estimate import duration
from augexp.commands.index import index
from augexp.commands.replicate.experiments import PlannedTable
from augexp.errors import RunError
from augexp.experiment import networks
from augexp.progress import ProgressListener
from augexp.results.records import EPOCHS, RunRecord, read_run, read_runs, run_folder
from augexp.training.task import RunTask

if TYPE_CHECKING:
    from augexp.data.store import Store

TRIAL_EPOCHS = 2


@dataclass(frozen=True)
class RunPace:
    """What a run of an arm costs.

    Attributes:
        epoch: seconds of an epoch.
        around: seconds of a run outside its epochs, and what the first epoch takes longer.
        size: bytes of its folder, without the rows of the epochs.
        row: bytes of an epoch.
    """

    epoch: float
    around: float
    size: int
    row: int


@dataclass(frozen=True)
class Forecast:
    """What is left to do.

    Attributes:
        runs: that are missing.
        seconds: that they take.
        side_by_side: runs at a time.
        disk: bytes of results that will be written.
        images: bytes of copied and prepared images that are there.
        epochs: seconds of an epoch by arm, of the first experiment.
        horizon: epochs of a run.
    """

    runs: int
    seconds: float
    side_by_side: int
    disk: int
    images: int
    epochs: dict[str, float]
    horizon: int

    @property
    def words(self) -> str:
        """The forecast in a line."""
        images = f"{_size(self.images)} of copied and prepared images"
        if not self.runs:
            return f"every run is there: nothing is left to train; {images}"
        each = ", ".join(f"{arm} {seconds:.2g} s" for arm, seconds in self.epochs.items())
        return (
            f"about {duration(self.seconds)} for {self.runs} runs of {self.horizon} epochs, {self.side_by_side} at a "
            f"time (an epoch takes: {each}); disk: about {_size(self.disk)} of results, {images}"
        )


def forecast(
    tables: Sequence[PlannedTable], *, out: Path, data_dir: Path, jobs: int, listener: ProgressListener
) -> Forecast:
    """Prepare the images, measure what has to be measured, and return what is left to do.

    Raises:
        DataError, RunError: the images cannot be read, or an arm cannot be trained.
    """
    known: dict[tuple[str, ...], RunPace] = {}
    seconds, disk, missing, width = 0.0, 0, 0, 1
    folders = set[Path]()
    for table in tables:
        store = index(table.experiment, data_dir=data_dir, jobs=jobs, progress=listener)
        folders |= {store.path, Path(table.experiment.data.path or "")}
        finished = {(r.arm, r.seed): r for r in read_runs(out / table.experiment.name) if r.finished}
        left = _missing(table, set(finished))
        missing += len(left)
        for arm in {record.arm for record in finished.values()}:
            ended = [_pace(record) for record in finished.values() if record.arm == arm]
            known.setdefault(_key(table, arm), sorted(ended, key=lambda pace: pace.epoch)[len(ended) // 2])
        unknown = [arm for arm in dict.fromkeys(arm for arm, _ in left) if _key(table, arm) not in known]
        if unknown:
            listener.note(f"measuring how long an epoch takes: {', '.join(unknown)}")
            paces, width = _measure(table, store, unknown, jobs)
            known |= {_key(table, arm): pace for arm, pace in paces.items()}
        horizon = table.experiment.first_horizon
        for arm, _ in left:
            pace = known[_key(table, arm)]
            seconds += pace.around + horizon * pace.epoch
            disk += pace.size + horizon * pace.row
    if missing and width == 1:
        with compare.open_engine("local", jobs, None) as engine:
            width = engine.side_by_side
    width = max(1, min(width, missing))
    first = tables[0]
    epochs = {arm: known[_key(first, arm)].epoch for arm in first.experiment.plan.arms if _key(first, arm) in known}
    images = sum(_bytes(folder) for folder in folders)
    return Forecast(missing, seconds / width, width, disk, images, epochs, first.experiment.first_horizon)


def _missing(table: PlannedTable, finished: set[tuple[str, int]]) -> list[tuple[str, int]]:
    plan = table.experiment.plan
    every = [(arm, seed) for seed in table.experiment.blocks(plan.first_look) for arm in plan.arms]
    return [run for run in every if run not in finished]


def _key(table: PlannedTable, arm: str) -> tuple[str, ...]:
    """Return what the pace of an arm depends on; all experiments have about as many training images."""
    training = table.experiment.training
    return training.model, str(training.batch_size), str(table.experiment.data.image_size), arm


def _measure(table: PlannedTable, store: Store, arms: Sequence[str], jobs: int) -> tuple[dict[str, RunPace], int]:
    experiment = table.experiment
    with (
        tempfile.TemporaryDirectory(prefix="augexp-pace-") as place,
        compare.open_engine("local", jobs, None) as engine,
    ):
        if experiment.training.model in networks.BUILT_IN:
            engine.fit(experiment.training, experiment.data.image_size, len(store.classes))
        tasks = [
            RunTask(experiment, arm, 0, store.path, run_folder(Path(place), arm, 0), horizon=TRIAL_EPOCHS)
            for arm in arms
        ]
        outcome = engine.execute(tasks)
        if outcome.failures:
            raise RunError(f"{outcome.failures[0].arm}: cannot be trained: {outcome.failures[0].message}")
        return {task.arm: _pace(read_run(task.folder)) for task in tasks}, engine.side_by_side


def _pace(record: RunRecord) -> RunPace:
    timed = [epoch.seconds for epoch in record.timing.epochs]
    count = max(len(timed), 1)
    later = timed[1:] or timed or [0.0]
    epoch = sum(later) / len(later)
    rows = (record.folder / EPOCHS).stat().st_size
    size = _bytes(record.folder) - rows
    return RunPace(epoch, max(0.0, (record.timing.wall_seconds or 0.0) - count * epoch), size, rows // count)


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _size(count: int) -> str:
    return f"{count / 1e6:,.0f} MB" if count >= 1e6 else f"{count / 1e3:,.0f} kB"
