"""The training loop of augexp against the bare compiled step, on one core: how much does the rest cost?

    python benchmarks/training.py [--quick]

The yardstick is a loop that feeds one constant batch to the same compiled step. The loop under test is
`augexp.training.run.train_epoch`, as it stands: cyclic generator over pictures on disk, augmentation,
counting of unique images, step. Both alternate in rounds of 1,024 or 2,048 images, in one process, and the
ratio is the median over rounds of images per second against the bare step. Arms with a goal get more rounds.

Two rows say what the calls that such a loop cannot do without cost by themselves: loops written by hand that
draw, count and check nothing. One reads pictures in a random order and rescales them; the other calls OpenCV once
per picture for the interpolation and once for the table, always with the same ones.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from augexp.training.workforce import THREAD_VARIABLES

os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import cv2
import numpy as np
from tables import write

from augexp import seeds
from augexp.augment import feed, policies
from augexp.augment.canvas import Buffers, rescale
from augexp.augment.pipeline import Augmenter
from augexp.data.generator import cyclic_generator
from augexp.experiment import Training
from augexp.training import backend, run
from augexp.training.clock import Clock
from augexp.training.network import Network
from augexp.training.tally import Tally

GOALS = {"none": 0.97, "standard": 0.95}
BY_HAND = {"read, rescale (by hand)": False, "read, warp, table (by hand)": True}  # whether pictures are warped
MORE = 5  # times the rounds for the arms with a goal, and for the loops by hand
CLASSES, IMAGES = 4, 2048


class Batch(NamedTuple):
    """What a draw of a store gives."""

    images: np.ndarray
    ids: np.ndarray


class Draw:
    """Pictures in a memory map, as a store has them: smooth ones, since noise would be all edges."""

    def __init__(self, folder: Path, size: int) -> None:
        generator = np.random.default_rng(0)
        coarse = generator.integers(0, 256, (IMAGES, size // 8, size // 8, 3), dtype=np.uint8)
        np.save(folder / f"{size}.npy", coarse.repeat(8, axis=1).repeat(8, axis=2))
        self.images = np.load(folder / f"{size}.npy", mmap_mode="r")
        self.ids = generator.integers(0, 2**63, IMAGES, dtype=np.uint64)
        self.labels = np.arange(IMAGES) % CLASSES

    def __len__(self) -> int:
        return IMAGES

    def __getitem__(self, rows: np.ndarray) -> Batch:
        return Batch(np.asarray(self.images[rows]), self.ids[rows])


class ByHand:
    """A loop that only reads pictures, in portions like the real one, converts them and trains."""

    def __init__(self, network: Network, draw: Draw, targets: np.ndarray, warped: bool) -> None:
        self._network, self._draw, self._targets, self._warped = network, draw, targets, warped
        side = draw.images.shape[1]
        self._together = min(feed.BATCHES, feed.VALUES // draw.images[:32].size)
        self._out = Buffers().take((32 * self._together, side, side, 3))
        self._quads = np.empty((2, 32 * side, side, 4), np.uint8)
        # Turned and enlarged, so that nothing beyond the edge is read, which would be slower.
        self._matrix = cv2.getRotationMatrix2D(((side - 1) / 2, (side - 1) / 2), 10, 0.8)
        self._table = np.minimum(np.arange(256, dtype=np.float32) * np.float32(1.1 / 255), np.float32(1))

    def __call__(self, steps: int, order: np.ndarray) -> None:
        """Train on the first `steps` batches of `order`."""
        for first in range(0, steps, self._together):
            count = min(self._together, steps - first)
            batches = [self._draw[order[32 * k : 32 * k + 32]].images for k in range(first, first + count)]
            for k, images in enumerate(batches):
                out = self._out[32 * k : 32 * k + 32]
                if self._warped:
                    self._warp(images, out)
                else:
                    rescale(images, out)
            for k in range(count):
                self._network.train(self._out[32 * k : 32 * k + 32], self._targets)

    def _warp(self, images: np.ndarray, out: np.ndarray) -> None:
        side, flags = images.shape[1], cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        quads, turned = (quad.reshape(-1, side, side, 4) for quad in self._quads)
        cv2.cvtColor(images.reshape(-1, side, 3), cv2.COLOR_RGB2RGBA, self._quads[0])
        for quad, target in zip(quads, turned, strict=True):
            cv2.warpAffine(quad, self._matrix, (side, side), target, flags)
        pictures = cv2.cvtColor(self._quads[1], cv2.COLOR_RGBA2RGB).reshape(images.shape)
        for picture, target in zip(pictures, out, strict=True):
            cv2.LUT(picture, self._table, target)


def measure(size: int, names: list[str], rounds: int, steps: int, folder: Path) -> dict[str, dict[str, float]]:
    """Return images per second of the bare step and of each policy, and their ratios."""
    training = Training(batch_size=32)
    network = Network(training, size, CLASSES, 1)
    network.renew(0, 0)
    draw = Draw(folder, size)
    # In memory that TensorFlow reads without copying, as it does the batches of the loop.
    constant = (
        rescale(draw[np.arange(32)].images, Buffers().take((32, size, size, 3))),
        np.eye(CLASSES, dtype=np.float32)[draw.labels[:32]],
    )
    loops: dict[str, Callable[[int], None]] = {name: arm(network, draw, name, steps, folder) for name in names}
    order = np.random.default_rng(1)
    for name, warped in BY_HAND.items():
        by_hand = ByHand(network, draw, constant[1], warped)
        loops[name] = lambda epoch, loop=by_hand: loop(steps, order.permutation(IMAGES))

    def bare() -> None:
        for _ in range(steps):
            network.train(*constant)

    bare()
    for loop in loops.values():
        loop(0)
    speeds: dict[str, list[float]] = {name: [] for name in ("bare", *loops)}
    ratios: dict[str, list[float]] = {name: [] for name in loops}
    against: dict[str, list[float]] = {name: [] for name in loops}
    for number in range(1, MORE * rounds + 1):
        for name in loops if number <= rounds else (*GOALS, *BY_HAND):
            # The yardstick before and after, so that a machine that slows down slows both.
            before, own, after = timed(bare), timed(lambda n=name, e=number: loops[n](e)), timed(bare)
            speeds["bare"].append(32 * steps * 2 / (before + after))
            speeds[name].append(32 * steps / own)
            ratios[name].append((before + after) / 2 / own)
            if name != "none":
                # The un-augmented arm right beside it: what augmentation costs, and nothing else.
                plain = timed(lambda e=number: loops["none"](MORE * rounds + e))
                again = timed(lambda n=name, e=number: loops[n](MORE * rounds + e))
                against[name].append(plain / again)
    faster = 1 / statistics.median(ratios["none"])
    bare_step = {"images_per_second": statistics.median(speeds["bare"]), "ratio": 1.0, "against_none": faster}
    table = {"bare": bare_step}
    for name in loops:
        table[name] = {
            "images_per_second": statistics.median(speeds[name]),
            "ratio": statistics.median(ratios[name]),
            "against_none": statistics.median(against[name]) if against[name] else 1.0,
        }
    return table


def arm(network: Network, draw: Draw, name: str, steps: int, folder: Path) -> Callable[[int], None]:
    """Return what trains an epoch with a policy, given the number of the epoch."""
    partners = (draw, draw.labels)
    augment = Augmenter(policies.resolve(name), root_seed=0, seed=0, num_classes=CLASSES, partners=partners)
    place = folder / f"{draw.images.shape[1]}-{name}"
    place.mkdir()
    tally, clock = Tally(place), Clock()
    batches = cyclic_generator(draw, draw.labels, 32, seed=seeds.integer(0, 0, "order"))

    def epoch(number: int) -> None:
        run.train_epoch(network, batches, augment, tally, clock, steps=steps, epoch=number)
        tally.close_epoch()

    return epoch


def timed(work) -> float:
    """Return the seconds that `work` takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def main() -> None:
    """Measure, print and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--quick", action="store_true", help="fewer rounds, and only the arms with a goal; the results are not written"
    )
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    backend.configure(threads=1)
    names = list(GOALS) if options.quick else list(policies.names())
    rounds = 3 if options.quick else 5
    found = {}
    with tempfile.TemporaryDirectory() as place:
        for size, steps in ((32, 64), (64, 32)):
            found[size] = measure(size, names, rounds, steps, Path(place))
    head = "images/s | against the bare step | against `none`"
    lines = [f"| policy | 32 px, {head} | 64 px, {head} | goal against the bare step |", f"|---|{'---:|' * 7}"]
    for name in ("bare", *BY_HAND, *names):
        cells = [
            f"{found[size][name][key]:{form}}"
            for size in found
            for key, form in (("images_per_second", ".0f"), ("ratio", ".3f"), ("against_none", ".3f"))
        ]
        lines.append(f"| {name} | {' | '.join(cells)} | {GOALS.get(name, '')} |")
    text = "\n".join(lines)
    if options.quick:
        print(text)
    else:
        write("training", {"sizes": found, "rounds": {"arms with a goal": MORE * rounds, "others": rounds}}, text)


if __name__ == "__main__":
    sys.exit(main())
