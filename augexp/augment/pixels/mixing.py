"""Mixing operations: two images become one, and their labels a weighted pair.

Both images of a pair are augmented on their own before. The partner is any image of the training
draw, itself included, chosen by a draw of the image, so that a pair does not depend on how images
are put into batches.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from augexp.augment.catalogue.base import Operation
from augexp.augment.pixels.base import Draws
from augexp.augment.pixels.canvas import Floats


def beta(draws: Draws, alpha: float) -> Draws:
    """Turn numbers in [0, 1) into numbers of the distribution Beta(alpha, alpha), by its quantiles."""
    from scipy.special import betaincinv  # noqa: PLC0415 - a tenth of a second that only mixing should pay

    return np.asarray(betaincinv(alpha, alpha, draws), dtype=np.float64)


def mix(
    images: Floats, targets: Floats, partners: Floats, partner_targets: Floats, draws: Draws, operation: Operation
) -> None:
    """Mix `partners` into `images` and the targets alike, in place.

    Args:
        images: float32 (R, S, S, 3) on the scale 0 to 1.
        targets: float32 (R, C), rows that add up to 1.
        partners: images to mix in, like `images`.
        partner_targets: like `targets`.
        draws: in [0, 1), shape (R, at least the `draws` of the `Spec` less the one that chose the partner).
        operation: of `FUNCTIONS`.
    """
    share = FUNCTIONS[operation.name](images, partners, draws, operation).astype(np.float32)[:, None]
    targets *= share
    targets += partner_targets * (np.float32(1) - share)


def _mixup(images: Floats, partners: Floats, draws: Draws, operation: Operation) -> Draws:
    own = beta(draws[:, 0], operation["alpha"])
    weight = own.astype(np.float32)[:, None, None, None]
    images *= weight
    images += partners * (np.float32(1) - weight)
    return own


def _cutmix(images: Floats, partners: Floats, draws: Draws, operation: Operation) -> Draws:
    """Paste boxes of area ``1 - own``, cut off at the edges: the share of `images` is the area that is left."""
    own = beta(draws[:, 0], operation["alpha"])
    side = images.shape[1]
    half = np.sqrt(1.0 - own) * side / 2.0
    middles = np.floor(draws[:, 1:3].T * side)
    start = np.clip(np.floor(middles - half + 0.5), 0, side).astype(int)
    stop = np.clip(np.floor(middles + half + 0.5), 0, side).astype(int)
    for i in range(len(images)):
        rows, columns = slice(start[1, i], stop[1, i]), slice(start[0, i], stop[0, i])
        images[i, rows, columns] = partners[i, rows, columns]
    covered = (stop - start).prod(axis=0)
    return np.asarray(1.0 - covered / side**2)


FUNCTIONS: dict[str, Callable[[Floats, Floats, Draws, Operation], Draws]] = {"mixup": _mixup, "cutmix": _cutmix}
"""Each mixes partners into images, both float32 (R, S, S, 3), in place, and returns the share of the images (R,)."""
