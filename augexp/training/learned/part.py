"""The network of a learned policy, with its optimiser and its second loss.

It computes in float32 and is drawn from streams of the block, so all learned policies of a block with equal shapes
start from the same bits. Its optimiser is a second one of the recipe's; the network that is judged keeps its own.
"""

from __future__ import annotations

import hashlib
from typing import Any

import keras  # noqa: TID253 - this module is only loaded by workers
import numpy as np
import numpy.typing as npt

from augexp.augment.learned import CHANNELS, SIZE, Learned
from augexp.augment.pixels.learned_network import initial_weights
from augexp.training.architectures.weight_origins import value_of

Floats = npt.NDArray[np.float32]


class LearnedPart:
    """What makes images, float32 (B, S, S, 3), of pairs of them.

    Args:
        learned: of the policy.
        image_size: S.
        optimizer: a fresh one.

    Attributes:
        model: from pairs, float32 (B, S, S, 6), to images; they are not clipped.
        trainable: the weights that a step changes; none where the policy says that they stay.
    """

    def __init__(self, learned: Learned, image_size: int, optimizer: Any) -> None:
        self.learned, self.optimizer = learned, optimizer
        layers: list[Any] = [keras.Input((image_size, image_size, 2 * CHANNELS), dtype="float32")]
        for number in range(learned.layers):
            layers.append(
                keras.layers.Conv2D(
                    learned.filters, SIZE, padding="same", activation="relu", name=f"make{number + 1}", dtype="float32"
                )
            )
        layers.append(keras.layers.Conv2D(CHANNELS, SIZE, padding="same", name="image", dtype="float32"))
        self.model = keras.Sequential(layers, name="learned")
        self.trainable: list[Any] = [] if learned.frozen else list(self.model.trainable_variables)
        self.optimizer.build(self.trainable)
        self._fresh_optimizer = [value_of(variable) for variable in self.optimizer.variables]

    def second_loss(self, made: Any, target: Any) -> Any:
        """Return the second loss, a number, of images made and their targets, each (B, S, S, 3).

        `content`: the mean over all values of the squared difference. `style`: the mean over the nine entries of the
        squared difference of the Gram matrices, the products of two channels averaged over the pixels, so that the
        number does not grow with the image (Gatys et al. 2015, arXiv:1508.06576).
        """
        if self.learned.loss == "content":
            return keras.ops.mean(keras.ops.square(made - target))
        return keras.ops.mean(keras.ops.square(_gram(made) - _gram(target)))

    def renew(self, root_seed: int, seed: int) -> None:
        """Become the untrained network of block `seed`, optimiser included."""
        for variable, value in zip(self.model.weights, initial_weights(self.learned, root_seed, seed), strict=True):
            variable.assign(value)
        for variable, value in zip(self.optimizer.variables, self._fresh_optimizer, strict=True):
            variable.assign(value)

    def variables(self) -> list[Any]:
        """Return all that training changes."""
        return [*self.model.weights, *self.optimizer.variables]

    def weights(self) -> list[Floats]:
        """Return a copy of kernel and bias of every convolution in turn."""
        return [value_of(variable) for variable in self.model.weights]

    def weights_hash(self) -> str:
        """Return 32 hex digits over the bits of all weights."""
        digest = hashlib.blake2b(digest_size=16)
        for value in self.weights():
            digest.update(f"{value.shape};".encode() + value.tobytes())
        return digest.hexdigest()


def _gram(images: Any) -> Any:
    side = images.shape[1]
    pixels = keras.ops.reshape(images, (-1, side * side, CHANNELS))
    return keras.ops.matmul(keras.ops.transpose(pixels, (0, 2, 1)), pixels) / float(side * side)
