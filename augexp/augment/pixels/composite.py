"""Composite operations, which choose other operations: RandAugment, TrivialAugment, AutoAugment, AugMix, random chains.

Every image has its own choice. The images of a batch that chose the same operation are changed
together, which keeps the cost of choosing per batch rather than per image.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from augexp.augment import published
from augexp.augment.catalogue.base import Operation, build
from augexp.augment.catalogue.registry import SPECS
from augexp.augment.pixels import colours, geometric, homographies, mixing, photometric, spatial
from augexp.augment.pixels.base import Draws, Function, whole
from augexp.augment.pixels.canvas import Canvas, Images, Rows
from augexp.augment.published import Range

Step = Callable[[Canvas, Rows, Draws], None]
Choice = npt.NDArray[np.intp]


# -- the published operations, given their amounts -------------------------------------------------


def _zeros(count: int) -> Draws:
    return np.zeros(count)


STEPS: dict[str, Step] = {
    "identity": lambda canvas, rows, amounts: None,
    "shear_x": lambda canvas, rows, amounts: canvas.warp(rows, homographies.shears(amounts, _zeros(len(rows)))),
    "shear_y": lambda canvas, rows, amounts: canvas.warp(rows, homographies.shears(_zeros(len(rows)), amounts)),
    "translate_x": lambda canvas, rows, amounts: canvas.warp(rows, homographies.shifts(amounts, _zeros(len(rows)))),
    "translate_y": lambda canvas, rows, amounts: canvas.warp(rows, homographies.shifts(_zeros(len(rows)), amounts)),
    "rotate": lambda canvas, rows, amounts: canvas.warp(rows, homographies.rotations(amounts)),
    "brightness": lambda canvas, rows, amounts: canvas.curve(
        rows, lambda table: colours.brighten(table, 1.0 + amounts)
    ),
    "color": lambda canvas, rows, amounts: canvas.colour(rows, colours.saturations(1.0 + amounts)),
    "contrast": lambda canvas, rows, amounts: photometric.change_contrast(canvas, rows, 1.0 + amounts),
    "sharpness": lambda canvas, rows, amounts: canvas.change(
        rows, lambda image, i: spatial.sharpen(image, 1.0 + float(amounts[i]))
    ),
    "posterize": lambda canvas, rows, amounts: canvas.curve(rows, lambda table: colours.posterize(table, amounts)),
    "solarize": lambda canvas, rows, amounts: canvas.curve(rows, lambda table: colours.solarize(table, amounts)),
    "autocontrast": lambda canvas, rows, amounts: canvas.change(rows, lambda image, i: photometric.autocontrast(image)),
    "equalize": lambda canvas, rows, amounts: canvas.change(rows, lambda image, i: photometric.equalize(image)),
    "invert": lambda canvas, rows, amounts: canvas.curve(rows, colours.invert),
}
"""Every published operation by name: changes `rows` by amounts (R,) in the unit of its `Range`."""


def amounts(name: str, span: Range, levels: Draws, signs: Draws, side: int) -> Draws:
    """Turn levels from 0 to 1 into amounts of an operation.

    Args:
        name: of the operation.
        span: its range.
        levels: (R,).
        signs: numbers in [0, 1), (R,); below one half the amount is negative, where it has a sign.
        side: of the images in pixels.

    Returns:
        (R,) in degrees, tangents, pixels, bits, grey levels, or relative to 1.
    """
    values = np.array([span.at(level) for level in levels.tolist()])
    if span.unit == "fraction":
        values = values * side
    if name.startswith("translate"):
        values = np.trunc(values)  # whole pixels, as published
    return np.where(signs < 0.5, -values, values) if span.signed else values


def _step(canvas: Canvas, rows: Rows, space: dict[str, Range], choice: Choice, levels: Draws, signs: Draws) -> None:
    """Let every image of `rows` take the operation ``list(space)[choice]`` at its level."""
    for number in np.unique(choice).tolist():
        name = list(space)[number]
        chosen = np.flatnonzero(choice == number)
        values = amounts(name, space[name], levels[chosen], signs[chosen], canvas.side)
        STEPS[name](canvas, rows[chosen], values)


def _choose(draws: Draws, count: int) -> Choice:
    return np.floor(draws * count).astype(np.intp)


# -- the operations of the catalogue ---------------------------------------------------------------


def _randaugment(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    space, levels = published.RANDAUGMENT, np.full(len(rows), operation["m"] / 30.0)
    for i in range(operation["n"]):
        _step(canvas, rows, space, _choose(draws[:, 2 * i], len(space)), levels, draws[:, 2 * i + 1])


def _trivialaugment(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    space, last = published.TRIVIALAUGMENT, published.TRIVIAL_LEVELS - 1
    levels = whole(draws[:, 1], 0, last) / last
    _step(canvas, rows, space, _choose(draws[:, 0], len(space)), levels, draws[:, 2])


def _autoaugment(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    choice, last = _choose(draws[:, 0], len(published.CIFAR10)), published.AUTO_LEVELS - 1
    for number in np.unique(choice).tolist():
        for i, (name, p, level) in enumerate(published.CIFAR10[number]):
            chosen = np.flatnonzero((choice == number) & (draws[:, 1 + 2 * i] < p))
            if len(chosen):
                levels = np.full(len(chosen), (level or 0) / last)
                signs = draws[chosen, 2 + 2 * i]
                values = amounts(name, published.AUTOAUGMENT[name], levels, signs, canvas.side)
                STEPS[name](canvas, rows[chosen], values)


def _augmix(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    width, depth, alpha = operation["width"], operation["depth"], operation["alpha"]
    weights = _dirichlet(draws[:, 1 : 1 + width], alpha)
    share = mixing.beta(draws[:, 0], alpha)
    originals = canvas.images(rows)
    mixed = np.zeros((len(rows), canvas.side, canvas.side, 3), dtype=np.float32)
    for i in range(width):
        start = 9 + 25 * i
        images = _chain(np.stack(originals), canvas.ids[rows], draws[:, start : start + 25], operation, depth)
        mixed += weights[:, i, None, None, None].astype(np.float32) * images
    for i, original in enumerate(originals):
        mixed[i] = (1.0 - share[i]) * original + share[i] * 255.0 * mixed[i]
    out = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
    canvas.change(rows, lambda image, i: out[i])


def _chain(
    images: Images, ids: npt.NDArray[np.uint64], draws: Draws, operation: Operation, depth: int
) -> npt.NDArray[np.float32]:
    """Apply 1 to `depth` operations of AugMix to each image: draws (R, 25) hold the length, then triples."""
    canvas, space = Canvas(images, ids), published.AUGMIX
    lengths = whole(draws[:, 0], 1, depth)
    low, high = published.AUGMIX_MIN_LEVEL, operation["severity"]
    for i in range(depth):
        rows = np.flatnonzero(lengths > i)
        triple = draws[rows, 1 + 3 * i : 4 + 3 * i]
        levels = np.minimum(low, high) + np.maximum(high - low, 0.0) * triple[:, 1]
        _step(canvas, rows, space, _choose(triple[:, 0], len(space)), levels / published.AUGMIX_LEVELS, triple[:, 2])
    return canvas.finish()


def _dirichlet(draws: Draws, alpha: float) -> Draws:
    from scipy.special import gammaincinv  # noqa: PLC0415 - a tenth of a second that only AugMix should pay

    parts = np.asarray(gammaincinv(alpha, np.maximum(draws, 2.0**-54)), dtype=np.float64) + 1e-300
    return parts / parts.sum(axis=1, keepdims=True)  # type: ignore[no-any-return]


def _random_chain(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    names, functions = published.RANDOM, {**geometric.FUNCTIONS, **photometric.FUNCTIONS}
    built = [build(SPECS[name], {"p": 1.0}, "random_chain") for name in names]
    for i in range(operation["n"]):
        choice = _choose(draws[:, 3 * i], len(names))
        for number in np.unique(choice).tolist():
            chosen = np.flatnonzero(choice == number)
            numbers = draws[chosen, 3 * i + 1 : 3 * i + 3]
            functions[names[number]](canvas, rows[chosen], numbers, built[number])


FUNCTIONS: dict[str, Function] = {
    "randaugment": _randaugment,
    "trivialaugment": _trivialaugment,
    "autoaugment": _autoaugment,
    "augmix": _augmix,
    "random_chain": _random_chain,
}
