"""How long a comparison will take, said once its first steps have been timed."""

from __future__ import annotations

from collections.abc import Callable

from augexp.experiment.definition import Experiment
from augexp.experiment.nouns import nouns
from augexp.progress import ProgressListener, RunEvent


class EstimatingListener:
    """Passes everything on to a listener, and adds one note: how long the comparison will take, and what shortens it.

    Args:
        listener: is told everything.
        experiment: that is executed.
        side_by_side: asked for the number of runs that go on at the same time.
    """

    def __init__(self, listener: ProgressListener, experiment: Experiment, side_by_side: Callable[[], int]) -> None:
        self._listener, self._experiment, self._side_by_side = listener, experiment, side_by_side
        self._runs = 0
        self._said = False

    def stage(self, name: str, done: int, total: int) -> None:
        """Pass it on."""
        self._listener.stage(name, done, total)

    def runs(self, total: int) -> None:
        """Pass it on, and note how many runs are missing."""
        self._runs = total
        self._listener.runs(total)

    def note(self, text: str) -> None:
        """Pass it on."""
        self._listener.note(text)

    def event(self, event: RunEvent) -> None:
        """Pass it on; the first timed steps, or where an epoch has few of them the first epoch, give the estimate."""
        self._listener.event(event)
        if not self._said and event.kind in ("pace", "epoch") and event.seconds:
            self._said = True
            seconds = event.seconds * typical_share(self._experiment, event.arm)
            self._listener.note(estimate(self._experiment, seconds, self._runs, self._side_by_side()))


LEARNED = 2.5
"""How much longer a step takes where images are made in it; measured with `smallnet` at 64 pixels: 2.3."""


def typical_share(experiment: Experiment, arm: str) -> float:
    """Return how long an epoch of a typical arm takes, as a multiple of that of `arm`."""

    def length(name: str) -> float:
        policy = experiment.policy(name)
        return LEARNED if policy.learned is not None else 1.0 + policy.copies

    lengths = [length(name) for name in experiment.plan.arms]
    return sum(lengths) / len(lengths) / length(arm)


def estimate(experiment: Experiment, epoch_seconds: float, runs: int, side_by_side: int) -> str:
    """Say in a line how long the next runs take, at most how long all do, and which options make that shorter.

    Args:
        experiment: that is executed.
        epoch_seconds: of one epoch.
        runs: that are missing up to the next look.
        side_by_side: runs that go on at the same time.
    """
    plan, epochs = experiment.plan, experiment.first_horizon
    unit = nouns(experiment.data.folds).blocks
    side_by_side = max(1, min(side_by_side, runs))
    now = epoch_seconds * epochs * runs / side_by_side
    text = f"about {duration(now)} for {runs} run{'s' if runs > 1 else ''} of {epochs} epochs, {side_by_side} at a time"
    every = len(experiment.blocks(plan.max_seeds)) * len(plan.arms)
    reasons = []
    if experiment.training.auto and plan.horizon is None and plan.max_epochs > epochs:
        epochs = plan.max_epochs
        reasons.append(f"validation gains up to {epochs} epochs")
    if plan.fixed is None:
        reasons.append(f"every look up to {plan.max_seeds} {unit} is needed")
    if reasons:
        longest = epoch_seconds * epochs * max(every, runs) / side_by_side
        text += f"; up to {duration(longest)} if {' and '.join(reasons)}"
    options = "--max-epochs, --epochs" if experiment.training.auto else "--epochs"
    return f"{text}; shorter with {options}, --{unit}, --limit or --image-size"


def duration(seconds: float) -> str:
    """Write seconds for people, like "12 min"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02} min"
