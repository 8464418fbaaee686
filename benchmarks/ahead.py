"""A lone worker with and without a thread that augments ahead of the network: what does a second core give?

    python benchmarks/ahead.py        # about five minutes; writes results/ahead.*

Both ways of `augexp.training.epoch.train_epoch` alternate in one process that the system may put on any core, as
it may a lone worker; it needs two. The ratio is the median over rounds, with an interval from its order statistics.
"""

from __future__ import annotations

import statistics
import tempfile
from functools import partial
from pathlib import Path

import training  # first: it sets the threads of the numerical libraries
from tables import table, write

from augexp.engines import resources
from augexp.experiment.training import Training

ROUNDS = 40
ARMS = ("none", "standard", "strong")


def measure(size: int, folder: Path) -> dict[str, training.Row]:
    """Return images per second of each arm without and with the thread, and how much faster it is with it."""
    from augexp.training.network import Network

    network = Network(Training(batch_size=32), size, training.CLASSES, 1)
    network.renew(0, 0)
    draw, steps = training.Draw(folder, size), training.STEPS[size]
    ways = {}
    for name in ARMS:
        for thread in (False, True):
            place = folder / str(thread)
            place.mkdir(exist_ok=True)
            ways[name, thread] = training.arm(network, draw, name, steps, place, thread)
            ways[name, thread](0)
    seconds: dict[tuple[str, bool], list[float]] = {way: [] for way in ways}
    for number in range(1, ROUNDS + 1):
        for name in ARMS:
            # Which one comes first takes turns.
            for thread in (False, True) if number % 2 else (True, False):
                seconds[name, thread].append(training.timed(partial(ways[name, thread], number)))
    measured: dict[str, training.Row] = {}
    for name in ARMS:
        gains = [without / ahead for without, ahead in zip(seconds[name, False], seconds[name, True], strict=True)]
        measured[name] = {
            "without": 32 * steps / statistics.median(seconds[name, False]),
            "ahead": 32 * steps / statistics.median(seconds[name, True]),
            "ratio": statistics.median(gains),
            "interval": training.interval(gains),
        }
    return measured


def main() -> None:
    """Measure, print and write."""
    from augexp.training import backend

    if len(resources.cores()) < 2:
        raise SystemExit("cores: received 1; needed are 2: run it where two are free")
    backend.configure(threads=1)
    sizes = {}
    with tempfile.TemporaryDirectory() as place:
        for size in training.STEPS:
            sizes[size] = measure(size, Path(place))
    head = ["", "images/s without the thread", "images/s with it", "as fast", f"{training.LEVEL:.0%} interval"]
    rows = [
        [
            f"{size} px, {name}",
            f"{row['without']:.0f}",
            f"{row['ahead']:.0f}",
            f"{row['ratio']:.3f}",
            "{:.3f} to {:.3f}".format(*row["interval"]),
        ]
        for size, arms in sizes.items()
        for name, row in arms.items()
    ]
    write("ahead", {"sizes": sizes, "rounds": ROUNDS}, table(head, rows))


if __name__ == "__main__":
    main()
