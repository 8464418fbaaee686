"""Batch normalisation of a training step as one operation.

Keras computes it in TensorFlow as some twenty operations, each of which reads and writes all activations; in a step of
`smallnet` they take a fifth of the time (`benchmarks/normalisation.py` measures it). TensorFlow has one operation for
it with one for its gradient. The layers stay Keras' own, also in a file: only what a training step computes is replaced
while it is traced. The numbers agree to rounding and not to the bit, so this is for networks that are named here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras  # noqa: TID253 - this module is only loaded by workers

FUSED: tuple[str, ...] = ("smallnet",)
"""Networks whose steps are traced with it. `residual` is not: what was computed with it is verified to the bit."""


@contextmanager
def fused_normalisation(model: keras.Model, *, device: bool) -> Iterator[None]:
    """Let a network of `FUSED` normalise with one operation while its training step is traced by TensorFlow.

    Args:
        model: any network; others, and layers of another precision than float32, are left as they are.
        device: whether it is on an accelerator, where nothing is changed.
    """
    named = model.name in FUSED and not device
    layers = [layer for layer in model.layers if _can_be_fused(layer)] if named else []
    for layer in layers:
        layer.call = _fused(layer)
    try:
        yield
    finally:
        for layer in layers:
            del layer.call  # the method of the class is back


def _can_be_fused(layer: Any) -> bool:
    return (
        type(layer) is keras.layers.BatchNormalization
        and layer.compute_dtype == "float32"
        and layer.trainable
        and layer.scale
        and layer.center
        and layer.axis in (-1, 3)
        and not getattr(layer, "renorm", False)
    )


def _fused(layer: Any) -> Any:
    """Return what a layer does with activations, float32 (B, H, W, C), in training; with anything else as before."""
    import tensorflow as tf  # noqa: PLC0415 - only on this backend

    def call(inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if not training or mask is not None or inputs.shape.rank != 4 or not inputs.shape.is_fully_defined():
            return type(layer).call(layer, inputs, training=training, mask=mask)
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs, layer.gamma.value, layer.beta.value, epsilon=layer.epsilon, is_training=True
        )
        count = math.prod(inputs.shape[:-1])
        variance *= (count - 1) / count  # as in Keras, the mean of the squares: TensorFlow divides by one less
        for moving, value in ((layer.moving_mean, mean), (layer.moving_variance, variance)):
            moving.assign(moving * layer.momentum + value * (1.0 - layer.momentum))
        return outputs

    return call
