"""Fixed copies: augmented images that are drawn once and then shown in every epoch beside the originals.

With k copies an epoch shows (1 + k) N images. The draws of a copy are addressed by its number where others are
addressed by the epoch, so a copy is made anew whenever it is shown and is the same picture every time: nothing is kept.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from augexp.augment.pipeline import Augmenter, Floats, Ids, Images, OnImage, rescale


class CopiedDraw:
    """A training draw of N images as (1 + k) N: position p stands for image p mod N, and its copy p // N.

    Args:
        draw: what is drawn from: ``draw[positions]`` has ``images`` and ``ids``.
        copies: k.
    """

    def __init__(self, draw: Any, copies: int) -> None:
        self._draw, self._copies = draw, copies

    def __len__(self) -> int:
        return len(self._draw) * (1 + self._copies)

    def __getitem__(self, positions: npt.NDArray[np.int64]) -> Any:
        return self._draw[positions % len(self._draw)]


def labels_of(labels: npt.NDArray[np.int64], copies: int) -> npt.NDArray[np.int64]:
    """Return what belongs to the positions of a `CopiedDraw`: label, and number of the copy, int64 ((1 + k) N, 2)."""
    numbers = np.repeat(np.arange(1 + copies), len(labels))
    return np.stack([np.tile(labels, 1 + copies), numbers], axis=1)


class CopyAugmenter:
    """What `Augmenter` is to images that are drawn anew: leaves originals as they are, and makes each copy as ever.

    Args:
        augmenter: of the policy.
    """

    def __init__(self, augmenter: Augmenter) -> None:
        self._augmenter = augmenter

    def __call__(
        self,
        images: Images | list[Images],
        labels: npt.NDArray[np.int64],
        ids: Ids,
        epoch: int,
        on_image: OnImage | None = None,
    ) -> tuple[Floats, Floats]:
        """Make a batch; see `Augmenter`.

        Args:
            images: uint8 (B, S, S, 3), or several such arrays that together have B images.
            labels: int64 (B, 2), see `labels_of`.
            ids: uint64 (B,).
            epoch: changes nothing.
            on_image: is called with every finished image in their order.
        """
        del epoch
        whole = np.concatenate(images) if isinstance(images, list) else images
        finished, targets = self._augmenter.buffer(whole.shape), self._augmenter.one_hot(labels[:, 0])
        for copy in np.unique(labels[:, 1]).tolist():
            rows = np.flatnonzero(labels[:, 1] == copy)
            if copy == 0:
                finished[rows] = rescale(whole[rows])
            else:
                finished[rows], targets[rows] = self._augmenter(whole[rows], labels[rows, 0], ids[rows], f"copy {copy}")
        if on_image:
            for image in finished:
                on_image(image)
        return finished, targets
