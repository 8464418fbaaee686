"""A lone worker with and without a thread that augments ahead of the network: what does a second core give?

    python benchmarks/ahead.py        # about five minutes; writes results/ahead.*

Both ways of `augexp.training.epoch.train_epoch` alternate in one process that the system may put on any core, as
it may a lone worker; it needs two. The ratio is the median over rounds, with an interval from its order statistics.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

import training  # first: it sets the threads of the numerical libraries
from tables import table, write

from augexp.engines import resources
from augexp.experiment.definition import Training
from augexp.training import backend
from augexp.training.network import Network

ROUNDS = 40
ARMS = ("none", "standard", "strong")


def measure(size: int, folder: Path) -> dict[str, dict[str, float | list[float]]]:
    """Return images per second of each arm without and with the thread, and how much faster it is with it."""
    network = Network(Training(batch_size=32), size, training.CLASSES, 1)
    network.renew(0, 0)
    draw, steps, found = training.Draw(folder, size), training.STEPS[size], {}
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
                seconds[name, thread].append(training.timed(lambda way=ways[name, thread], n=number: way(n)))
    for name in ARMS:
        gains = [without / ahead for without, ahead in zip(seconds[name, False], seconds[name, True], strict=True)]
        found[name] = {
            "without": 32 * steps / statistics.median(seconds[name, False]),
            "ahead": 32 * steps / statistics.median(seconds[name, True]),
            "ratio": statistics.median(gains),
            "interval": training.interval(gains),
        }
    return found


def main() -> None:
    """Measure, print and write."""
    if len(resources.cores()) < 2:
        raise SystemExit("cores: received 1; needed are 2: run it where two are free")
    backend.configure(threads=1)
    found = {}
    with tempfile.TemporaryDirectory() as place:
        for size in training.STEPS:
            found[size] = measure(size, Path(place))
    head = ["", "images/s without the thread", "images/s with it", "as fast", f"{training.LEVEL:.0%} interval"]
    rows = [
        [
            f"{size} px, {name}",
            f"{one['without']:.0f}",
            f"{one['ahead']:.0f}",
            f"{one['ratio']:.3f}",
            "{:.3f} to {:.3f}".format(*one["interval"]),
        ]
        for size, arms in found.items()
        for name, one in arms.items()
    ]
    write("ahead", {"sizes": found, "rounds": ROUNDS}, table(head, rows))


if __name__ == "__main__":
    sys.exit(main())
