"""The optimiser's update of a large network as one compiled pass over its parameters.

Adam as single operations reads and writes every parameter, gradient and moment more than ten times; for the 8.4 million
of `smallnet` that is a third of a step. XLA joins them into one pass (`benchmarks/update.py` measures it). Convolutions
and their gradients stay outside, where XLA is slower on CPUs. Smaller networks are left alone: there the compiler takes
longer than the update.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import keras  # noqa: TID253 - this module is only loaded by workers

FUSED_FROM = 4_194_304  # parameters (2^22, 16 MiB as float32), above what the caches of a core hold


def compiled_update(
    optimizer: keras.optimizers.Optimizer, variables: list[Any], *, device: bool
) -> Callable[[Any], None]:
    """Return a function for a TensorFlow graph that applies gradients to `variables`.

    Args:
        optimizer: built for `variables` or for more than them.
        variables: what is trained.
        device: whether it is on an accelerator, where nothing is changed.

    Returns:
        A function of the gradients, one for each variable in their order.
    """
    import tensorflow as tf  # noqa: PLC0415 - only on this backend

    def update(gradients: Any) -> None:
        optimizer.apply(gradients, variables)

    parameters = sum(math.prod(variable.shape) for variable in variables)
    if device or parameters < FUSED_FROM or sys.platform != "linux":
        return update
    compiled: Callable[[Any], None] = tf.function(update, jit_compile=True, autograph=False)
    return compiled
