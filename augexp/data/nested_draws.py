"""Training draws of one block at several sizes, each part of the next larger one.

The images of a class are ranked by a hash of the block and of what each image shows. A smaller draw holds the first
ones of the block's own draw, a larger one holds all of it and the first ones of the rest of the pool. So the draw at
factor 1 is what it was without any other size, and no draw changes when sizes are added.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from augexp import seeds

Rows = npt.NDArray[np.int64]


def count(images: int, factor: float) -> int:
    """Return how many images a class has at `factor`, of `images` at factor 1: rounded, at least one."""
    return max(1, round(factor * images))


def resize(draw: Rows, pool: Rows, ids: npt.NDArray[np.uint64], factor: float, root_seed: int, seed: int) -> Rows:
    """Return a class's training draw of a block at `factor`; int64, in no particular order.

    Args:
        draw: int64, the rows at factor 1, part of `pool`.
        pool: int64, all rows of the class that may be trained on.
        ids: uint64 (N,), identity of every image of the store.
        factor: multiple of the draw; where the pool has too few images, all of it is taken.
        root_seed: of the experiment.
        seed: of the block.
    """
    wanted = count(len(draw), factor)
    key = seeds.key("nested draw", root_seed, seed)
    if wanted <= len(draw):
        return _ranked(draw, ids, key)[:wanted]
    rest = np.setdiff1d(pool, draw)
    return np.concatenate([draw, _ranked(rest, ids, key)[: wanted - len(draw)]])


def _ranked(rows: Rows, ids: npt.NDArray[np.uint64], key: int) -> Rows:
    """Return rows in the order of a hash of their images; equal images in the order of their rows."""
    ordered = np.sort(rows)
    ranked: Rows = ordered[np.argsort(seeds.uniforms(key, ids[ordered], 1)[:, 0], kind="stable")]
    return ranked
