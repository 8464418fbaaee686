"""Preview sheets of an experiment's own images: what its arms do to them, and how strong the operations are.

A `PreviewSheet` is plain data: rows of captioned images. `samples` and `strengths` make one, `sheet_files`
writes it as PNG, SVG or a self-contained page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from augexp.augment import pipeline
from augexp.augment.catalogue.base import Operation, build
from augexp.augment.catalogue.keras_layers import KERAS
from augexp.augment.catalogue.registry import SPECS, spec_of
from augexp.augment.pixels import composite, mixing
from augexp.augment.pixels.canvas import Canvas, rescale
from augexp.augment.published import Range
from augexp.data.store import Rows, Store
from augexp.experiment import nouns
from augexp.experiment.definition import Experiment

Image = npt.NDArray[np.uint8]

MAX_CLASSES = 10
"""Classes, and so rows, that a sheet has at most."""

STEPS = 7
"""Images per operation, from the smallest draw to the largest."""


@dataclass(frozen=True)
class Cell:
    """An image uint8 (S, S, 3) and the words under it (may be empty)."""

    image: Image
    caption: str = ""


@dataclass(frozen=True)
class Row:
    """Images that belong together, with a name for them."""

    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class PreviewSheet:
    """A table of images.

    Attributes:
        title: what is shown.
        note: how to read it.
        columns: heads of the columns; may be fewer than the cells of a row.
        rows: from top to bottom.
    """

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


# -- samples -------------------------------------------------------------------------------------


def samples(experiment: Experiment, arm: str, store: Store, versions: int = 6) -> PreviewSheet:
    """Show one training image per class and what the network gets of it in the first epochs of seed 0.

    Args:
        experiment: with the arm and the seed of its random numbers.
        arm: the policy, by name.
        store: the prepared images.
        versions: number of epochs shown; of a policy with fixed copies, most copies shown.
    """
    policy, rows = experiment.policy(arm), training_rows(experiment, store)
    originals = first_of_classes(store, rows)
    images, ids, names = store.read_images(originals), store.ids[originals], store.classes[: len(originals)]
    classes, partners = np.arange(len(images)), (store.view(rows), store.labels[rows])
    augment = pipeline.Augmenter(
        policy, root_seed=experiment.root_seed, seed=0, num_classes=len(images), partners=partners
    )
    cells = [[Cell(image)] for image in images]
    shown: list[tuple[str, int | str]] = [(f"epoch {epoch + 1}", epoch) for epoch in range(versions)]
    if policy.copies:
        shown = [(f"copy {number}", f"copy {number}") for number in range(1, 1 + min(policy.copies, versions))]
    for _, epoch in shown:
        augmented, targets = augment(images, classes, ids, epoch)
        for row, image, target in zip(cells, augmented, targets, strict=True):
            row.append(Cell(as_bytes(image), _weights(target, names) if policy.mixes_labels else ""))
    table = tuple(Row(name, tuple(row)) for name, row in zip(names, cells, strict=True))
    first = nouns.run_title(0, experiment.data.folds)
    those = "fixed copies" if policy.copies else f"versions of the first {versions} epochs"
    note = f"{policy.summary}. One picture per class; the {those} of {first}."
    if (images[..., :1] == images).all():
        idle = [
            name
            for name in dict.fromkeys(o.name for o in policy.operations)
            if name in SPECS and SPECS[name].needs_colour
        ]
        note += f" The pictures are grey, which {', '.join(idle)} leave as they are." if idle else ""
    columns = ("original", *(head for head, _ in shown))
    return PreviewSheet(f"What the network sees: {policy.title}{origin(store)}", note, columns, table)


def of_arms(experiment: Experiment, store: Store, arms: Iterable[str]) -> dict[str, PreviewSheet]:
    """Return file name (without suffix) and sample sheet of those among `arms` that change images."""
    arms = [arm for arm in arms if experiment.policy(arm).operations]
    names = ["samples"] if len(arms) == 1 else [f"samples-{arm}" for arm in arms]
    return {name: samples(experiment, arm, store) for name, arm in zip(names, arms, strict=True)}


def training_rows(experiment: Experiment, store: Store, seed: int = 0) -> Rows:
    """Return the training draw of a seed, of the classes that fit on a sheet."""
    rows = store.training_rows(experiment.data, experiment.root_seed, seed)
    return rows[store.labels[rows] < MAX_CLASSES]


def first_of_classes(store: Store, rows: Rows) -> Rows:
    """Return the first row of every class among `rows`, in the order of the classes."""
    labels = store.labels[rows]
    return np.array([rows[np.argmax(labels == label)] for label in np.unique(labels)], dtype=np.int64)


def origin(store: Store) -> str:
    """Say in a title where the images are drawn and not photos."""
    return " (synthetic images)" if store.manifest.synthetic else ""


def _weights(target: npt.NDArray[np.float32], names: Sequence[str]) -> str:
    parts = [f"{names[i]} {target[i]:.2f}" for i in np.argsort(-target, kind="stable") if target[i] >= 0.005]
    return ", ".join(parts[:2])


def as_bytes(image: npt.NDArray[np.float32]) -> Image:
    """Return an image on the scale 0 to 1 as uint8."""
    whole: Image = np.rint(image * np.float32(255)).astype(np.uint8)
    return whole


# -- strengths -----------------------------------------------------------------------------------


def strengths(experiment: Experiment, arm: str, store: Store) -> PreviewSheet:
    """Show every operation of an arm over the range that it draws from, on one training image.

    Operations that choose others (RandAugment and the like) are shown as the list they choose from, each
    over its levels. A policy without operations shows the whole catalogue with its default ranges.

    Args:
        experiment: with the arm.
        arm: the policy, by name.
        store: the prepared images; mixing operations mix in an image of the second class.
    """
    policy = experiment.policy(arm)
    first, second, *_ = first_of_classes(store, training_rows(experiment, store))
    image, other = store.read_images(np.array([first, second]))
    catalogue = (build(spec, {}, "catalogue") for spec in SPECS.values() if spec.family != "composite")
    draws = np.linspace(0.0, 1.0 - 2.0**-53, STEPS)
    rows = [row for operation in policy.operations or catalogue for row in _rows(operation, image, other, draws)]
    note = (
        "Left to right: the smallest to the largest random number, all numbers of an operation together. "
        "Under each picture: the amount."
    )
    return PreviewSheet(f"Each operation over its range: {policy.title}{origin(store)}", note, (), tuple(rows))


def _rows(operation: Operation, image: Image, other: Image, draws: npt.NDArray[np.float64]) -> list[Row]:
    spec = spec_of(operation)
    if spec.choices:
        return _composite_rows(operation, image, draws)
    if spec.family == "mixing":
        return [_mixing_row(operation, image, other, draws)]
    cells = [Cell(_applied(operation, image, u), spec.caption(operation, u)) for u in draws.tolist()]
    if spec.draws == 0:  # on or off: nothing in between
        cells = [Cell(image, "off"), Cell(cells[-1].image, f"on (p = {operation['p']:g})")]
    return [Row(operation.name.removeprefix(KERAS), tuple(cells))]


def _applied(operation: Operation, image: Image, u: float) -> Image:
    canvas = _canvas(image)
    draws = np.full((1, pipeline.draws_of(operation)), u)
    draws[0, 0] = 0.0  # applied, whatever `p`
    pipeline.apply(operation, canvas, draws)
    return as_bytes(canvas.finish()[0])


def _canvas(image: Image) -> Canvas:
    return Canvas(image[None], np.zeros(1, dtype=np.uint64))


def _mixing_row(operation: Operation, image: Image, other: Image, draws: npt.NDArray[np.float64]) -> Row:
    cells = []
    for u in draws.tolist():
        images, targets = rescale(image[None]), np.array([[1.0, 0.0]], dtype=np.float32)
        others, other_targets = rescale(other[None]), np.array([[0.0, 1.0]], dtype=np.float32)
        numbers = np.full((1, spec_of(operation).draws), 0.5)
        numbers[0, 0] = u
        mixing.mix(images, targets, others, other_targets, numbers, operation)
        cells.append(Cell(as_bytes(images[0]), f"{targets[0, 0]:.2f} of its own label"))
    return Row(operation.name, tuple(cells))


def _composite_rows(operation: Operation, image: Image, draws: npt.NDArray[np.float64]) -> list[Row]:
    """Show what a composite operation chooses from, whatever its own parameters."""
    rows = []
    for name, span in spec_of(operation).choices.items():
        if span is None:
            rows += _rows(build(SPECS[name], {"p": 1.0}, operation.name), image, image, draws)
        else:
            rows.append(_published_row(name, span, image))
    return rows


def _published_row(name: str, span: Range, image: Image) -> Row:
    cells = []
    for level in np.linspace(0.0, 1.0, STEPS):
        canvas = _canvas(image)
        amount = composite.amounts(name, span, np.array([level]), np.ones(1), len(image))
        composite.STEPS[name](canvas, np.zeros(1, dtype=np.intp), amount)
        words = f"{amount[0]:.3g} {span.unit}" if span.unit else "on"
        cells.append(Cell(as_bytes(canvas.finish()[0]), words))
    return Row(name, tuple(cells if span.unit else [Cell(image, "off"), cells[-1]]))
