"""Operations that mix two pictures and their labels.

Both pictures of a pair are augmented on their own before. The partner is any picture of the training
draw, itself included, chosen by a draw of the picture, so that a pair does not depend on how pictures
are put into batches.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from augexp.augment.catalogue.base import Operation

Floats = npt.NDArray[np.float32]
Draws = npt.NDArray[np.float64]


def beta(draws: Draws, alpha: float) -> Draws:
    """Turn numbers in [0, 1) into numbers of the distribution Beta(alpha, alpha), by its quantiles."""
    from scipy.special import betaincinv  # noqa: PLC0415 - a tenth of a second that only mixing should pay

    return np.asarray(betaincinv(alpha, alpha, draws), dtype=np.float64)


def mix(
    pictures: Floats, targets: Floats, partners: Floats, partner_targets: Floats, draws: Draws, operation: Operation
) -> None:
    """Mix `partners` into `pictures` and the targets alike, in place.

    Args:
        pictures: float32 (R, S, S, 3) on the scale 0 to 1.
        targets: float32 (R, C), rows that add up to 1.
        partners: pictures to mix in, like `pictures`.
        partner_targets: like `targets`.
        draws: in [0, 1), shape (R, 3): the weight, then the place (`cutmix` only).
        operation: `mixup` or `cutmix`.
    """
    own = beta(draws[:, 0], operation["alpha"])
    if operation.name == "mixup":
        weight = own.astype(np.float32)[:, None, None, None]
        pictures *= weight
        pictures += partners * (np.float32(1) - weight)
    else:
        own = _paste(pictures, partners, own, draws[:, 1], draws[:, 2])
    share = own.astype(np.float32)[:, None]
    targets *= share
    targets += partner_targets * (np.float32(1) - share)


def _paste(pictures: Floats, partners: Floats, own: Draws, x: Draws, y: Draws) -> Draws:
    """Paste boxes of area ``1 - own`` (cut off at the edges) and return the area that is left of `pictures`."""
    side = pictures.shape[1]
    half = np.sqrt(1.0 - own) * side / 2.0
    middles = np.floor(np.stack([x, y]) * side)
    start = np.clip(np.floor(middles - half + 0.5), 0, side).astype(int)
    stop = np.clip(np.floor(middles + half + 0.5), 0, side).astype(int)
    for i in range(len(pictures)):
        rows, columns = slice(start[1, i], stop[1, i]), slice(start[0, i], stop[0, i])
        pictures[i, rows, columns] = partners[i, rows, columns]
    covered = (stop - start).prod(axis=0)
    return np.asarray(1.0 - covered / side**2)
