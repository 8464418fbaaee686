"""The network of a learned policy without a library of networks: its first weights, and what it makes of images."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from augexp import seeds
from augexp.augment.learned import SIZE, Learned
from augexp.augment.pixels.canvas import Floats


def initial_weights(learned: Learned, root_seed: int, seed: int) -> list[Floats]:
    """Draw the weights that block `seed` starts from: Glorot & Bengio 2010, uniform; biases are zero.

    Returns:
        float32 arrays of `Learned.shapes`; the same for all learned policies of a block with equal shapes.
    """
    weights: list[Floats] = []
    for number, shape in enumerate(learned.shapes):
        if len(shape) == 1:
            weights.append(np.zeros(shape, np.float32))
            continue
        limit = math.sqrt(6.0 / (SIZE * SIZE * (shape[2] + shape[3])))
        draws = seeds.stream(root_seed, seed, "learned", number).uniform(-limit, limit, shape)
        weights.append(draws.astype(np.float32))
    return weights


def apply(weights: Sequence[Floats], first: Floats, second: Floats) -> Floats:
    """Return what the network makes of pairs of images, float32 (B, S, S, 3), not clipped; for a few images.

    Args:
        weights: kernel and bias of every convolution in turn.
        first: float32 (B, S, S, 3) on the scale 0 to 1.
        second: like `first`.
    """
    x: Floats = np.concatenate([first, second], axis=-1)
    for place in range(0, len(weights), 2):
        padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (SIZE, SIZE), axis=(1, 2))
        x = np.einsum("bijcyx,yxcf->bijf", windows, weights[place], optimize=True) + weights[place + 1]
        if place + 2 < len(weights):
            x = np.maximum(x, 0.0)
    return x.astype(np.float32)
