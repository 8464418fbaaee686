"""Images per second of augexp's augmentation against the libraries that people use, on one core.

Everything runs in one process that is bound to one core where the system allows it, one thread each,
alternating: every round measures every contender once, so that a slower minute of the machine hits all
of them. The median over the rounds is reported. What is compared is the common part of `standard`: flip,
rotation by up to 15 degrees, brightness by up to a quarter, rescaling to [0, 1]; and RandAugment.

    python benchmarks/augmentation.py            # about four minutes; writes benchmarks/results/augmentation.*
    python benchmarks/augmentation.py --quick    # under a minute, for trying out; writes nothing

albumentations (2.0.8) and torchvision take part where they are installed; augexp depends on neither.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import importlib.metadata
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import cv2
import numpy as np
import tables

from augexp.augment import policy as policies
from augexp.augment.named_policies import NAMED_POLICIES
from augexp.augment.pipeline import Augmenter
from augexp.training.feed import MAX_BATCHES, VALUES

RESULTS = Path(__file__).parent / "results" / "augmentation"
SIDES = (32, 64, 128)
BATCH = 32
STANDARD_PART = [
    {"op": "horizontal_flip"},
    {"op": "rotation", "degrees": 15.0},
    {"op": "brightness", "factor": 0.25},
]
GOALS = {"Keras layers": 6.0, "ImageDataGenerator": 10.0, "albumentations": 1.5, "Keras RandAugment": 10.0}

Pass = Callable[[int], None]


class _Draw:
    """A training draw in memory, for the policies that mix images."""

    def __init__(self, images: np.ndarray, ids: np.ndarray) -> None:
        self.images, self.ids = images, ids

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, rows: np.ndarray) -> _Draw:
        return _Draw(self.images[rows], self.ids[rows])


def smooth_images(count: int, side: int) -> np.ndarray:
    """Return photo-like images: smooth noise, uint8 (count, side, side, 3)."""
    random = np.random.default_rng(0)
    small = random.integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
    return np.stack([cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC) for image in small])


def batches(images: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield the bounds of the batches of one pass."""
    return ((start, start + BATCH) for start in range(0, len(images) - BATCH + 1, BATCH))


# -- the contenders: each is one pass over the images --------------------------------------------


def augexp_pass(images: np.ndarray, policy: policies.Policy) -> Pass:
    """Augment with augexp."""
    labels, ids = np.zeros(len(images), dtype=np.int64), np.arange(len(images), dtype=np.uint64)
    augment = Augmenter(policy, root_seed=0, seed=0, num_classes=2, partners=(_Draw(images, ids), labels))

    def run(epoch: int) -> None:
        for start, stop in batches(images):
            augment(images[start:stop], labels[start:stop], ids[start:stop], epoch)

    return run


def keras_pass(images: np.ndarray, *, randaugment: bool) -> Pass:
    """Augment with Keras layers, mapped over batches in tf.data."""
    import keras
    import tensorflow as tf
    from keras import layers

    if randaugment:
        built = [layers.RandAugment(value_range=(0, 255), num_ops=2, factor=0.3)]
    else:
        built = [
            layers.RandomFlip("horizontal"),
            layers.RandomRotation(15 / 360, fill_mode="reflect"),
            layers.RandomBrightness(0.25, value_range=(0, 255)),
        ]
    model = keras.Sequential([*built, layers.Rescaling(1 / 255)])
    options = tf.data.Options()
    options.threading.private_threadpool_size = 1
    options.threading.max_intra_op_parallelism = 1
    data = tf.data.Dataset.from_tensor_slices(images).batch(BATCH, drop_remainder=True)
    data = data.map(lambda batch: model(tf.cast(batch, tf.float32), training=True)).with_options(options)

    def run(epoch: int) -> None:
        for batch in data:
            batch.numpy()

    return run


def legacy_pass(images: np.ndarray) -> Pass:
    """Augment with the legacy ImageDataGenerator."""
    import keras

    generator = keras.src.legacy.preprocessing.image.ImageDataGenerator(
        horizontal_flip=True,
        rotation_range=15,
        brightness_range=(0.75, 1.25),
        rescale=1 / 255,
        fill_mode="reflect",
    )
    flow = generator.flow(images, batch_size=BATCH, shuffle=False)

    def run(epoch: int) -> None:
        for _ in batches(images):
            next(flow)

    return run


def albumentations_pass(images: np.ndarray, *, randaugment: bool = False) -> Pass:
    """Augment with albumentations, image by image."""
    import albumentations

    compose = albumentations.Compose(
        [
            albumentations.HorizontalFlip(p=0.5),
            albumentations.Rotate(limit=15, border_mode=cv2.BORDER_REFLECT, p=1.0),
            albumentations.RandomBrightnessContrast(brightness_limit=0.25, contrast_limit=0.0, p=1.0),
            albumentations.ToFloat(max_value=255),
        ]
    )

    def run(epoch: int) -> None:
        for start, stop in batches(images):
            np.stack([compose(image=image)["image"] for image in images[start:stop]])

    return run


def torchvision_pass(images: np.ndarray, *, randaugment: bool) -> Pass:
    """Augment with torchvision v2, image by image, on tensors."""
    import torch
    from torchvision.transforms import InterpolationMode, v2

    torch.set_num_threads(1)
    if randaugment:
        built = [v2.RandAugment(2, 9, interpolation=InterpolationMode.BILINEAR)]
    else:
        rotation = v2.RandomRotation(15, interpolation=InterpolationMode.BILINEAR)
        built = [v2.RandomHorizontalFlip(0.5), rotation, v2.ColorJitter(brightness=0.25)]
    compose = v2.Compose([*built, v2.ToDtype(torch.float32, scale=True)])
    tensors = torch.from_numpy(images.transpose(0, 3, 1, 2).copy())

    def run(epoch: int) -> None:
        for start, stop in batches(images):
            torch.stack([compose(image) for image in tensors[start:stop]]).numpy()

    return run


def contenders(images: np.ndarray) -> dict[str, Pass]:
    """Return every contender that is installed, by name."""
    part = policies.resolve("part", {"part": {"operations": STANDARD_PART}})
    passes = {
        "augexp": augexp_pass(images, part),
        "Keras layers": keras_pass(images, randaugment=False),
        "ImageDataGenerator": legacy_pass(images),
        "augexp randaugment": augexp_pass(images, policies.resolve("randaugment")),
        "Keras RandAugment": keras_pass(images, randaugment=True),
    }
    optional: dict[str, Callable[[], Pass]] = {
        "albumentations": lambda: albumentations_pass(images),
        "torchvision v2": lambda: torchvision_pass(images, randaugment=False),
        "torchvision v2 RandAugment": lambda: torchvision_pass(images, randaugment=True),
    }
    for name, make in optional.items():
        try:
            passes[name] = make()
        except ImportError:
            print(f"{name}: not installed, left out")
    return passes


# -- measuring -----------------------------------------------------------------------------------


def measure(passes: dict[str, Pass], count: int, rounds: int) -> dict[str, list[float]]:
    """Return processor seconds per image of every contender in every round, alternating.

    A contender that works with threads of its own is charged for all of them: the figure is per core.
    """
    seconds: dict[str, list[float]] = {name: [] for name in passes}
    for run in passes.values():
        run(0)  # tracing, first touches of memory
    for epoch in range(1, rounds + 1):
        for name, run in passes.items():
            begin = time.process_time()
            run(epoch)
            seconds[name].append((time.process_time() - begin) / count)
    return seconds


def drawing_share(images: np.ndarray, policy: str, count: int) -> float:
    """Return the seconds of drawing random numbers over those of applying them, for `count` images at a time."""
    augment = Augmenter(policies.resolve(policy), root_seed=0, seed=0, num_classes=2)
    labels, ids = np.zeros(count, dtype=np.int64), np.arange(count, dtype=np.uint64)
    drawing, whole = [], []
    for epoch in range(60):
        begin = time.process_time()
        augment._draw(ids, 0)
        drawing.append(time.process_time() - begin)
        begin = time.process_time()
        augment(images[:count], labels, ids, 0)
        whole.append(time.process_time() - begin)
        if epoch == 9:
            drawing, whole = [], []
    drawn = statistics.median(drawing)
    return drawn / (statistics.median(whole) - drawn)


def compare(side: int, count: int, rounds: int) -> dict[str, Any]:
    """Measure all contenders at one size."""
    images = smooth_images(count, side)
    seconds = measure(contenders(images), count, rounds)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    rows = {name: {"images_per_second": 1 / value, "seconds": seconds[name]} for name, value in median.items()}
    ratios = {}
    for name, value in median.items():
        if not name.startswith("augexp"):
            own = "augexp randaugment" if "RandAugment" in name else "augexp"
            ratios[name] = value / median[own]
    portion = BATCH * min(MAX_BATCHES, max(1, VALUES // (BATCH * images[0].size)))  # as a run augments them
    shares = {size: drawing_share(smooth_images(size, side), "standard", size) for size in sorted({BATCH, portion})}
    return {"side": side, "contenders": rows, "ratios": ratios, "drawing": shares}


def cost_of_policies(side: int, count: int, rounds: int) -> dict[str, float]:
    """Return augexp's microseconds per image of every named policy."""
    images = smooth_images(count, side)
    passes = {name: augexp_pass(images, policies.resolve(name)) for name in NAMED_POLICIES}
    return {name: statistics.median(s) * 1e6 for name, s in measure(passes, count, rounds).items()}


# -- writing -------------------------------------------------------------------------------------


def table(results: dict[str, Any]) -> str:
    """Return the results as Markdown."""
    machine = results["machine"]
    lines = [
        "# Augmentation: images per second on one core",
        "",
        f"{machine['processor']}, {machine['system']}, {results['date']}; {results['versions']}. Batches of {BATCH}, "
        f"median of {results['rounds']} alternating rounds of {results['count']} images, processor time.",
        "",
        "Flip, rotation by up to 15 degrees, brightness by up to a quarter, rescaling:",
        "",
        "| | " + " | ".join(f"{s['side']} px | augexp is faster by" for s in results["sizes"]) + " |",
        "|---|" + "---:|---:|" * len(results["sizes"]),
    ]
    for name in results["sizes"][0]["contenders"]:
        cells = []
        for size in results["sizes"]:
            ratio = size["ratios"].get(name)
            cells += [f"{size['contenders'][name]['images_per_second']:,.0f}", f"{ratio:.1f} x" if ratio else ""]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines += ["", "Goals: " + ", ".join(f"{goal:g} x {name}" for name, goal in GOALS.items()) + "."]
    shares = "; ".join(
        f"{size['side']} px: "
        + ", ".join(f"{share:.1%} with {count} at a time" for count, share in size["drawing"].items())
        for size in results["sizes"]
    )
    lines += [
        f"Time of drawing random numbers over that of applying them, `standard` (a run works on the larger numbers of "
        f"images): {shares}.",
        "",
        "Microseconds per image of every policy:",
    ]
    heads = list(results["policies"])
    lines += ["", "| policy | " + " | ".join(f"{side} px" for side in heads) + " |", "|---|" + "---:|" * len(heads)]
    for name in NAMED_POLICIES:
        lines.append(f"| `{name}` | " + " | ".join(f"{results['policies'][side][name]:.0f}" for side in heads) + " |")
    return "\n".join(lines) + "\n"


def versions() -> str:
    """Return the versions of what took part."""
    installed = []
    for name in ("keras", "tensorflow", "opencv-python-headless", "numpy", "albumentations", "torchvision"):
        try:
            installed.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return ", ".join(installed)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds; writes nothing")
    parser.add_argument("--out", type=Path, default=RESULTS, help="path of the results, without suffix")
    given = parser.parse_args()
    count, rounds = (128, 3) if given.quick else (512, 9)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    cv2.setNumThreads(1)
    with contextlib.suppress(ImportError):
        import torchvision  # noqa: F401 - with torch, before TensorFlow: loaded after it, the process dies
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    results = {
        "schema": 1,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": {"processor": tables.processor(), "system": platform.system(), "cores": os.cpu_count()},
        "versions": versions(),
        "count": count,
        "rounds": rounds,
        "sizes": [compare(side, count, rounds) for side in SIDES],
        "policies": {str(side): cost_of_policies(side, min(count, 256), max(3, rounds // 2)) for side in SIDES},
    }
    print(table(results))
    if not given.quick:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        for suffix, text in ((".json", json.dumps(results, indent=1) + "\n"), (".md", table(results))):
            given.out.with_suffix(suffix).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
