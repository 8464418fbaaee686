"""One optimiser step of both networks, compiled into one graph.

The network that is judged sees 2B images at once: the B originals and the B that were made. Its loss is the mean over
all of them; the network that makes images is trained on (1 - w) of it and w of the second loss.
"""

from __future__ import annotations

from typing import Any

import keras  # noqa: TID253 - this module is only loaded by workers
import numpy as np
import numpy.typing as npt

from augexp.errors import RunError
from augexp.training import backend
from augexp.training.learned.part import LearnedPart
from augexp.training.normalisation import fused_normalisation
from augexp.training.update import compiled_update

Floats = npt.NDArray[np.float32]


class LearnedSteps:
    """Steps of a network and of the one that makes images for it.

    Args:
        steps: of the network alone; its totals are added to.
        model: the network.
        optimizer: of the network.
        part: what makes images.
        batch_size: B, originals of a step.

    Attributes:
        made: the images of the last step, float32 (B, S, S, 3).

    Raises:
        RunError: Keras computes with another backend than TensorFlow.
    """

    def __init__(self, steps: Any, model: keras.Model, optimizer: Any, part: LearnedPart, batch_size: int) -> None:
        if not isinstance(steps, backend.TensorFlowSteps):
            raise RunError(
                f"policy: a learned policy needs the backend tensorflow of Keras; received {keras.backend.backend()}, "
                "so set KERAS_BACKEND=tensorflow, or choose another policy"
            )
        import tensorflow as tf  # noqa: PLC0415 - only on this backend

        self.made: Floats = np.empty((0, *model.input_shape[1:]), np.float32)
        self._steps, self._second = steps, tf.Variable(0.0, dtype=tf.float64, trainable=False)
        self._count = 0
        trained, learned = model.trainable_variables, part.learned
        update = compiled_update(optimizer, trained, device=backend.has_device())

        def train(sets: Any, targets: Any) -> Any:
            originals, others = sets[:, 0], [sets[:, place] for place in range(1, learned.pictures)]
            first, second = (others[0], others[1]) if learned.inputs == "class" else (originals, originals)
            targets = tf.concat([targets, targets], 0)
            with tf.GradientTape() as tape:
                made = part.model(tf.concat([first, second], -1), training=True)
                made = tf.stop_gradient(made) if learned.frozen else made
                logits = model(tf.concat([originals, made], 0), training=True)
                loss = tf.nn.softmax_cross_entropy_with_logits(labels=targets, logits=logits)
                penalties = [tf.cast(penalty, loss.dtype) for penalty in model.losses]
                total = tf.add_n([tf.reduce_mean(loss), *penalties]) if penalties else tf.reduce_mean(loss)
                if learned.loss != "none":
                    distance = part.second_loss(made, others[-1])
                    self._second.assign_add(tf.cast(distance, tf.float64))
                    if learned.weight:
                        total = (1.0 - learned.weight) * total + learned.weight * distance
            gradients = tape.gradient(total, [*trained, *part.trainable])
            update(gradients[: len(trained)])
            if part.trainable:
                part.optimizer.apply(gradients[len(trained) :], part.trainable)
            steps.add(loss, penalties, logits, targets, 2 * batch_size)
            return made

        sets = tf.TensorSpec((batch_size, learned.pictures, *model.input_shape[1:]), tf.float32)
        targets = tf.TensorSpec((batch_size, model.output_shape[-1]), tf.float32)
        with fused_normalisation(model, device=backend.has_device()):
            compiled = tf.function(train, input_signature=[sets, targets], autograph=False)
            self._train = compiled.get_concrete_function()
        backend.check_held(
            self._train.variables, [*model.variables, *optimizer.variables, *part.variables()], [self._second, steps]
        )

    def train(self, sets: Floats, targets: Floats) -> None:
        """Take one step on sets of images, float32 (B, P, S, S, 3), and targets, float32 (B, C)."""
        self._steps.images += 2 * len(sets)
        self._count += 1
        self.made = self._train(self._steps.tensor(sets), self._steps.tensor(targets)).numpy()

    def second_loss(self) -> float:
        """Return the mean of the second loss over the steps since the last call."""
        value = float(self._second.numpy()) / max(self._count, 1)
        self._second.assign(0.0)
        self._count = 0
        return value
