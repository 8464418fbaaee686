"""Preview sheets: what a policy does to pictures, and how strong its operations are.

A `PreviewSheet` is plain data: rows of captioned pictures. `samples` and `strengths` make one, `sheet_files`
writes it as PNG, SVG or a self-contained page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from augexp.augment.catalogue.base import Operation, build
from augexp.augment.catalogue.keras_layers import KERAS
from augexp.augment.catalogue.registry import SPECS, spec_of
from augexp.augment.policy import Policy
from augexp.augment.published import Range

Image = npt.NDArray[np.uint8]
Images = npt.NDArray[np.uint8]
Ids = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Cell:
    """A picture uint8 (S, S, 3) and the words under it (may be empty)."""

    image: Image
    caption: str = ""


@dataclass(frozen=True)
class Row:
    """Pictures that belong together, with a name for them."""

    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class PreviewSheet:
    """A table of pictures.

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


class _Pair(NamedTuple):
    """What `Augmenter` asks of a training draw, for pictures in memory."""

    images: Images
    ids: Ids


class _Pictures:
    def __init__(self, images: Images, ids: Ids) -> None:
        self._images, self._ids = images, ids

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, rows: Any) -> _Pair:
        return _Pair(self._images[rows], self._ids[rows])


# -- samples -------------------------------------------------------------------------------------


def samples(
    policy: Policy,
    images: Images,
    names: Sequence[str],
    ids: Ids,
    *,
    root_seed: int = 0,
    seed: int = 0,
    versions: int = 6,
    partners: tuple[Any, Any] | None = None,
) -> PreviewSheet:
    """Show one original per class and what the network sees of it in its first epochs.

    Args:
        policy: resolved.
        images: uint8 (C, S, S, 3), one picture per class.
        names: of the C classes, in the same order.
        ids: uint64 (C,) content identities: the versions are those of a run of the same seeds.
        root_seed: of the experiment.
        seed: of the block.
        versions: number of epochs shown.
        partners: (features, labels) of the training draw, for policies that mix pictures; None mixes
            the originals with each other.
    """
    from augexp.augment.pipeline import Augmenter  # noqa: PLC0415 - brings OpenCV

    classes = np.arange(len(images))
    pool = partners or (_Pictures(images, ids), classes)
    augment = Augmenter(policy, root_seed=root_seed, seed=seed, num_classes=len(images), partners=pool)
    cells = [[Cell(image)] for image in images]
    for epoch in range(versions):
        augmented, targets = augment(images, classes, ids, epoch)
        for row, (picture, target) in enumerate(zip(augmented, targets, strict=True)):
            caption = _weights(target, names) if policy.mixes_labels else ""
            cells[row].append(Cell(_bytes(picture), caption))
    rows = tuple(Row(name, tuple(row)) for name, row in zip(names, cells, strict=True))
    note = f"{policy.summary}. One picture per class; the versions of the first {versions} epochs of seed {seed}."
    columns = ("original", *(f"epoch {epoch + 1}" for epoch in range(versions)))
    return PreviewSheet(f"What the network sees: {policy.title}", note, columns, rows)


def _weights(target: npt.NDArray[np.float32], names: Sequence[str]) -> str:
    parts = [f"{names[i]} {target[i]:.2f}" for i in np.argsort(-target, kind="stable") if target[i] >= 0.005]
    return ", ".join(parts[:2])


def _bytes(picture: npt.NDArray[np.float32]) -> Image:
    whole: Image = np.rint(picture * np.float32(255)).astype(np.uint8)
    return whole


# -- strengths -----------------------------------------------------------------------------------


def strengths(policy: Policy, image: Image, *, partner: Image | None = None, steps: int = 7) -> PreviewSheet:
    """Show each operation of a policy over the range that it draws from.

    Operations that choose others (RandAugment and the like) are shown as the list they choose from, each
    over its levels. A policy without operations shows the whole catalogue with its default ranges.

    Args:
        policy: resolved.
        image: uint8 (S, S, 3).
        partner: what mixing operations mix in; None takes the picture upside down.
        steps: pictures per operation, from the smallest draw to the largest.
    """
    shown = policy.operations
    if not shown:
        shown = tuple(build(spec, {}, "catalogue") for spec in SPECS.values() if spec.family != "composite")
    other = image[::-1].copy() if partner is None else partner
    draws = np.linspace(0.0, 1.0 - 2.0**-53, steps)
    rows: list[Row] = []
    for operation in shown:
        rows += _rows(operation, image, other, draws)
    note = (
        "Left to right: the smallest to the largest random number, all numbers of an operation together. "
        "Under each picture: the amount."
    )
    return PreviewSheet(f"Each operation over its range: {policy.title}", note, (), tuple(rows))


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
    from augexp.augment import pipeline  # noqa: PLC0415 - brings OpenCV
    from augexp.augment.pixels.canvas import Canvas  # noqa: PLC0415

    canvas = Canvas(image[None], np.zeros(1, dtype=np.uint64))
    draws = np.full((1, pipeline.draws_of(operation)), u)
    draws[0, 0] = 0.0  # applied, whatever `p`
    pipeline.apply(operation, canvas, draws)
    return _bytes(canvas.finish()[0])


def _mixing_row(operation: Operation, image: Image, other: Image, draws: npt.NDArray[np.float64]) -> Row:
    from augexp.augment.pixels import mixing  # noqa: PLC0415 - brings OpenCV
    from augexp.augment.pixels.canvas import rescale  # noqa: PLC0415

    cells = []
    for u in draws.tolist():
        images, targets = rescale(image[None]), np.array([[1.0, 0.0]], dtype=np.float32)
        others, other_targets = rescale(other[None]), np.array([[0.0, 1.0]], dtype=np.float32)
        numbers = np.full((1, spec_of(operation).draws), 0.5)
        numbers[0, 0] = u
        mixing.mix(images, targets, others, other_targets, numbers, operation)
        cells.append(Cell(_bytes(images[0]), f"{targets[0, 0]:.2f} of its own label"))
    return Row(operation.name, tuple(cells))


def _composite_rows(operation: Operation, image: Image, draws: npt.NDArray[np.float64]) -> list[Row]:
    """Show what a composite operation chooses from, whatever its own parameters."""
    rows = []
    for name, span in spec_of(operation).choices.items():
        if span is None:
            rows += _rows(build(SPECS[name], {"p": 1.0}, operation.name), image, image, draws)
        else:
            rows.append(_published_row(name, span, image, len(draws)))
    return rows


def _published_row(name: str, span: Range, image: Image, steps: int) -> Row:
    from augexp.augment.pixels import composite  # noqa: PLC0415 - brings OpenCV
    from augexp.augment.pixels.canvas import Canvas  # noqa: PLC0415

    cells = []
    for level in np.linspace(0.0, 1.0, steps):
        canvas = Canvas(image[None], np.zeros(1, dtype=np.uint64))
        amount = composite.amounts(name, span, np.array([level]), np.ones(1), len(image))
        composite.STEPS[name](canvas, np.zeros(1, dtype=np.intp), amount)
        words = f"{amount[0]:.3g} {span.unit}" if span.unit else "on"
        cells.append(Cell(_bytes(canvas.finish()[0]), words))
    return Row(name, tuple(cells if span.unit else [Cell(image, "off"), cells[-1]]))
