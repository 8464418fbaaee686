"""What the answer costs, said before it starts: runs, images, disk; and seconds, once the first steps are timed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from augexp.commands.estimate import duration
from augexp.commands.worth.sizes import Size, images_of
from augexp.data.store import Store
from augexp.experiment.budget import milestones
from augexp.progress import ProgressListener, RunEvent

BYTES_OF_A_RUN = 40_000
"""Of the files of a run beside what it says of each test image."""


def images_trained(sizes: Sequence[Size], store: Store, epochs: int | None = None) -> int:
    """Return how many images all runs are trained on, repetitions counted.

    Args:
        sizes: with their experiments.
        store: the prepared images.
        epochs: of every run; None takes those of the definition, or its first horizon.
    """
    return sum(images_of(size, store) * (epochs or size.experiment.first_horizon) * _runs(size) for size in sizes)


def _runs(size: Size) -> int:
    return size.experiment.plan.max_seeds * len(size.experiment.plan.arms)


def describe(sizes: Sequence[Size], store: Store, missing: int) -> str:
    """Say in a line how many runs there are, what they are trained on, and what their records take on the disk."""
    middle = next(size for size in sizes if size.factor == 1.0)
    runs, plain = sum(map(_runs, sizes)), images_trained([middle], store)
    trained, epochs = images_trained(sizes, store), middle.experiment.first_horizon
    counts = ", ".join(f"{images_of(size, store):,}" for size in sizes)
    text = (
        f"sizes: {counts} training images; {runs} runs, {missing} of them missing; {trained:,} images are trained on "
        f"with {epochs} epochs each, {trained / plain:.2f} times a comparison at {images_of(middle, store):,} images"
    )
    cap = middle.experiment.plan.max_epochs
    if middle.experiment.training.auto and cap > epochs:
        text += f"; runs whose validation still gains go on, to {cap} epochs at most"
    tested = len(store.rows("test"))
    each = tested * (12 + 4 * len(store.classes) + 4 * len(milestones(epochs))) + BYTES_OF_A_RUN
    return f"{text}; the records take about {max(1, round(runs * each / 1e6))} MB in the results folder"


class TimingListener:
    """Passes everything on, and adds a note once the first steps have been timed: how long all runs take.

    Args:
        listener: is told everything.
        total: images that the missing runs are trained on.
        images: that a run is trained on in one epoch, by the size of `RunEvent`.
        side_by_side: asked for the number of runs that go on at the same time.
    """

    def __init__(
        self, listener: ProgressListener, total: int, images: dict[str, int], side_by_side: Callable[[], int]
    ) -> None:
        self._listener, self._total, self._images, self._side_by_side = listener, total, images, side_by_side
        self._said = False

    def stage(self, name: str, done: int, total: int) -> None:
        """Pass it on."""
        self._listener.stage(name, done, total)

    def runs(self, total: int) -> None:
        """Pass it on."""
        self._listener.runs(total)

    def note(self, text: str) -> None:
        """Pass it on."""
        self._listener.note(text)

    def event(self, event: RunEvent) -> None:
        """Pass it on; the first timed steps give the estimate."""
        self._listener.event(event)
        if not self._said and event.kind in ("pace", "epoch") and event.seconds and self._images.get(event.size):
            self._said = True
            at_once = max(1, self._side_by_side())
            seconds = event.seconds / self._images[event.size] * self._total / at_once
            self._listener.note(
                f"about {duration(seconds)} for all missing runs, {at_once} at a time, and longer where validation "
                "still gains; shorter with --max-epochs, --epochs, --seeds, --sizes or --image-size"
            )
