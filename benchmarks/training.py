"""The training loop of augexp against the bare compiled step: how much does the rest cost?

    python benchmarks/training.py [--quick]        # about half an hour; writes results/training.*
    python benchmarks/training.py --quick --model residual --sizes 32           # another network; only prints
    python benchmarks/training.py --quick --model backbone.keras --sizes 64     # a file, all of it trained

Measured on one core, as the workers of a comparison have one each, and with a second core to spare, as a single
run has where there are two: then a thread augments there, ahead of the network.

The yardstick is a loop that feeds one constant batch to the same compiled step. The loop under test is
`augexp.training.epoch.train_epoch`, as it stands: cyclic generator over images on disk, augmentation,
counting of unique images, step. Both alternate in rounds of 1,024 or 2,048 images, in one process, and the
ratio is the median over rounds of images per second against the bare step, or against the un-augmented arm right
beside it. Arms with a goal get more rounds, and their ratios an interval of the median (its order statistics).

Two rows say what the calls that such a loop cannot do without cost by themselves: loops written by hand that
draw, count and check nothing. One reads images in a random order and rescales them; the other calls OpenCV once
per image for the interpolation and once for the table, always with the same ones.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from augexp.engines.worker_process import THREAD_VARIABLES

os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import cv2
import numpy as np
from scipy.stats import binom
from tables import table, write

from augexp import seeds
from augexp.augment import policy
from augexp.augment.named_policies import NAMED_POLICIES
from augexp.augment.pipeline import Augmenter
from augexp.augment.pixels.canvas import Buffers, rescale
from augexp.data.generator import cyclic_generator
from augexp.engines import resources
from augexp.experiment.training import Training
from augexp.training import feed
from augexp.training.image_counter import ImageCounter
from augexp.training.timing import RunTimer

if TYPE_CHECKING:
    from augexp.training.network import Network

GOALS = {"none": 0.97, "standard": 0.95}  # on one core, against the bare step
AGAINST_NONE = 0.95
"""Goal for `standard` with 64 pixels, against the arm without augmentation."""

BY_HAND = {"read, rescale (by hand)": False, "read, warp, table (by hand)": True}  # whether images are warped
MORE = 5  # times the rounds for the arms with a goal, and for the loops by hand
LEVEL = 0.95
CLASSES, IMAGES = 4, 2048
STEPS = {32: 64, 64: 32}  # of a round, by the side of the images
SHORTER = {"small": 1, "residual": 8}  # by how much a round of a slower network is shorter; that of others by 8, too

Row = dict[str, Any]  # a speed, ratios, and for the arms with a goal their intervals, as they are in the JSON


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
    """A loop that only reads images, in portions like the real one, converts them and trains."""

    def __init__(self, network: Network, draw: Draw, targets: np.ndarray, warped: bool) -> None:
        self._network, self._draw, self._targets, self._warped = network, draw, targets, warped
        side = draw.images.shape[1]
        self._together = min(feed.MAX_BATCHES, feed.VALUES // draw.images[:32].size)
        self._out = Buffers().take((32 * self._together, side, side, 3))
        self._quads = np.empty((2, 32 * side, side, 4), np.uint8)
        # From a cut-out in the middle, so that nothing beyond the edge is read, which would take twice as long.
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
        warped = cv2.cvtColor(self._quads[1], cv2.COLOR_RGBA2RGB).reshape(images.shape)
        for image, target in zip(warped, out, strict=True):
            cv2.LUT(image, self._table, target)


def measure(
    size: int, names: list[str], rounds: int, folder: Path, spare_core: bool, model: str = "small"
) -> dict[str, Row]:
    """Return images per second of the bare step and of each policy, and their ratios; in a process of its own."""
    from augexp.training import backend
    from augexp.training.network import Network

    if hasattr(os, "sched_setaffinity") and not spare_core:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    backend.configure(threads=1)
    steps, by_hand = STEPS[size] // SHORTER.get(model, 8), {} if spare_core else BY_HAND
    training = Training.model_validate({"model": model, "batch_size": 32})
    network = Network(training, size, CLASSES, 1)
    network.renew(0, 0)
    draw = Draw(folder, size)
    # In memory that TensorFlow reads without copying, as it does the batches of the loop.
    constant = (
        rescale(draw[np.arange(32)].images, Buffers().take((32, size, size, 3))),
        np.eye(CLASSES, dtype=np.float32)[draw.labels[:32]],
    )
    loops: dict[str, Callable[[int], None]] = {
        name: arm(network, draw, name, steps, folder, spare_core) for name in names
    }
    order = np.random.default_rng(1)
    for name, warped in by_hand.items():
        hand = ByHand(network, draw, constant[1], warped)
        loops[name] = partial(_epoch_by_hand, hand, steps, order)

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
        for name in loops if number <= rounds else (*GOALS, *by_hand):
            # The yardstick before and after, so that a machine that slows down slows both.
            before, own, after = timed(bare), timed(partial(loops[name], number)), timed(bare)
            speeds["bare"].append(32 * steps * 2 / (before + after))
            speeds[name].append(32 * steps / own)
            ratios[name].append((before + after) / 2 / own)
            if name != "none":
                # The un-augmented arm right beside it: what augmentation costs, and nothing else.
                plain = timed(partial(loops["none"], MORE * rounds + number))
                again = timed(partial(loops[name], MORE * rounds + number))
                against[name].append(plain / again)
    faster = 1 / statistics.median(ratios["none"])
    measured: dict[str, Row] = {
        "bare": {"images_per_second": statistics.median(speeds["bare"]), "ratio": 1.0, "against_none": faster}
    }
    for name in loops:
        measured[name] = {
            "images_per_second": statistics.median(speeds[name]),
            "ratio": statistics.median(ratios[name]),
            "against_none": statistics.median(against[name]) if against[name] else 1.0,
        }
        if name in GOALS:
            measured[name]["ratio_interval"] = interval(ratios[name])
            measured[name]["against_none_interval"] = interval(against[name] or [1.0])
    return measured


def _epoch_by_hand(loop: ByHand, steps: int, order: np.random.Generator, epoch: int) -> None:
    loop(steps, order.permutation(IMAGES))


def interval(values: list[float]) -> list[float]:
    """Return an interval for the median of what `values` were drawn from, free of its distribution."""
    beyond = max(int(binom.ppf((1 - LEVEL) / 2, len(values), 0.5)) - 1, 0)
    ordered = sorted(values)
    return [ordered[beyond], ordered[-1 - beyond]]


def arm(network: Network, draw: Draw, name: str, steps: int, folder: Path, spare_core: bool) -> Callable[[int], None]:
    """Return what trains an epoch with a policy, given the number of the epoch."""
    from augexp.training.epoch import train_epoch

    partners = (draw, draw.labels)
    augment = Augmenter(policy.resolve(name), root_seed=0, seed=0, num_classes=CLASSES, partners=partners)
    place = folder / f"{draw.images.shape[1]}-{name}"
    place.mkdir()
    counter, timer = ImageCounter(place), RunTimer()
    batches = cyclic_generator(draw, draw.labels, 32, seed=seeds.integer(0, 0, "order"))

    def epoch(number: int) -> None:
        train_epoch(network, batches, augment, counter, timer, steps=steps, epoch=number, spare_core=spare_core)
        counter.close_epoch()

    return epoch


def timed(work: Callable[[], object]) -> float:
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
    parser.add_argument(
        "--model", default="small", help="as augexp's --model; results of other networks than small are not written"
    )
    parser.add_argument("--sizes", type=int, nargs="+", choices=STEPS, default=list(STEPS), help="with --quick")
    options = parser.parse_args()
    names = list(GOALS) if options.quick else list(NAMED_POLICIES)
    rounds = 3 if options.quick else 5
    measured: dict[bool, dict[int, dict[str, Row]]] = {False: {}, True: {}}
    sizes = options.sizes if options.quick else list(STEPS)
    for size in sizes:
        for spare_core in measured if len(resources.cores()) > 1 else (False,):
            with (
                tempfile.TemporaryDirectory() as place,
                ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process,
            ):
                model = options.model if options.model in SHORTER else str(Path(options.model).absolute())
                work = process.submit(measure, size, names, rounds, Path(place), spare_core, model)
                measured[spare_core][size] = work.result()
    text = "\n\n".join(shown(size, measured[False][size], measured[True].get(size, {})) for size in sizes)
    if options.quick or options.model != "small":
        print(text)
    else:
        values = {"sizes": measured[False], "with a spare core": measured[True]}
        write("training", {**values, "rounds": {"arms with a goal": MORE * rounds, "others": rounds}}, text)


def shown(size: int, alone: dict[str, Row], spared: dict[str, Row]) -> str:
    """Return the table of a size of images, and the intervals below it."""
    keys = {"images_per_second": "images/s", "ratio": "against the bare step", "against_none": "against `none`"}
    head = ["policy", *(f"{where}, {words}" for where in ("one core", "a core to spare") for words in keys.values())]
    rows = []
    for name in ("bare", *BY_HAND, *(name for name in alone if name not in ("bare", *BY_HAND))):
        both = (alone[name], spared.get(name, {}))
        rows.append([name, *(_cell(one.get(key), key) for one in both for key in keys)])
    lines = [f"{size} pixels:", "", table(head, rows), ""]
    goals = {("none", "ratio"): GOALS["none"], ("standard", "ratio"): GOALS["standard"]}
    if size == 64:
        goals["standard", "against_none"] = AGAINST_NONE
    for (name, key), goal in goals.items():
        for where, one in (("on one core", alone), ("with a core to spare", spared)):
            if name in one:
                low, high = one[name][f"{key}_interval"]
                against = f"{LEVEL:.0%} interval {low:.3f} to {high:.3f}"
                lines.append(f"* `{name}` {keys[key]}, {where}: {one[name][key]:.3f} ({against}); goal {goal}")
    return "\n".join(lines)


def _cell(value: float | None, key: str) -> str:
    return "" if value is None else f"{value:.0f}" if key == "images_per_second" else f"{value:.3f}"


if __name__ == "__main__":
    main()
