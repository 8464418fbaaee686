"""What the network of a learned policy is given: each image with others of its class.

Which ones is drawn for every image and epoch, addressed as all draws are: so a set does not depend on batches, and is
the same for all learned policies of a block.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from augexp import seeds
from augexp.augment.learned import Learned
from augexp.augment.pipeline import Augmenter, Floats, Ids, Images, OnImage

MAX_PARTNERS = 3
"""Two inputs of the network and the target of the second loss."""


class PartnerAugmenter:
    """What `Augmenter` is to other policies: makes sets of images in place of single ones.

    A set holds the original, then two images of its class (not where the network is given the original twice), then
    one more where there is a second loss. Each is one of the training draw's images of the class, the original among
    them, and is augmented by the operations of the policy, if there are any.

    Args:
        augmenter: of the policy.
        learned: of the policy.
        draw: the block's training draw: ``draw[positions]`` has ``images`` and ``ids``.
        labels: int64 (N,), of the draw.

    Attributes:
        pictures: P, images of a set.
    """

    def __init__(self, augmenter: Augmenter, learned: Learned, draw: Any, labels: npt.NDArray[np.int64]) -> None:
        self._augmenter, self._draw = augmenter, draw
        self._of_class = {label: np.flatnonzero(labels == label) for label in np.unique(labels).tolist()}
        self._columns = [0, 1] if learned.inputs == "class" else []
        self._columns += [] if learned.loss == "none" else [2]
        self.pictures = learned.pictures

    def __call__(
        self,
        images: Images | list[Images],
        labels: npt.NDArray[np.int64],
        ids: Ids,
        epoch: int,
        on_image: OnImage | None = None,
    ) -> tuple[Floats, Floats]:
        """Make sets of a batch; see `Augmenter` for the arguments.

        Returns:
            float32 (B, P, S, S, 3) on the scale 0 to 1, and float32 targets (B, C); `on_image` is told of originals.
        """
        originals, targets = self._augmenter(images, labels, ids, epoch, on_image)
        sets = self._augmenter.buffer((len(ids), self.pictures, *originals.shape[1:]))
        sets[:, 0] = originals
        for place, positions in enumerate(self._partners(labels, ids, epoch), start=1):
            batch = self._draw[positions]
            sets[:, place], _ = self._augmenter(batch.images, labels, batch.ids, epoch)
        return sets, targets

    def _partners(self, labels: npt.NDArray[np.int64], ids: Ids, epoch: int) -> list[npt.NDArray[np.int64]]:
        """Return positions in the draw, int64 (B,), of every other image of a set."""
        draws = seeds.uniforms(self._augmenter.key("learned", epoch), ids, MAX_PARTNERS)
        chosen = np.empty(draws.shape, dtype=np.int64)
        for label in np.unique(labels).tolist():
            rows, members = np.flatnonzero(labels == label), self._of_class[label]
            chosen[rows] = members[np.floor(draws[rows] * len(members)).astype(np.int64)]
        return [chosen[:, column] for column in self._columns]
