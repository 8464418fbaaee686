"""The networks: small enough that ten runs are affordable, written against Keras alone.

`small` halves the picture three times with strided 3x3 convolutions (16, 32, 64 filters) and ends in
one hidden layer of 64 with dropout. Strides take the place of max-pooling, which costs no accuracy
(Springenberg et al. 2014, arXiv:1412.6806) and, on one CPU core, three quarters of the time: 2,800
instead of 740 images per second at 32 pixels, batch 32. `tiny` is for tests.

Weights are drawn by this module from named streams and not by Keras' global state, so that they depend
on root seed, block and the variable's path alone: all arms of a block start from the same bits, and a
network that has been trained before can be made new without building it again.
"""

from __future__ import annotations

from typing import Any

import keras  # noqa: TID253 - this module is only loaded by workers

from augexp import seeds
from augexp.errors import RunError

_FILTERS = {"small": (16, 32, 64), "tiny": (4, 8)}
_HIDDEN = {"small": 64, "tiny": 8}

DROPOUT = 0.3
"""Fraction of the hidden units that a training step leaves out."""


def build(name: str, image_size: int, num_classes: int, precision: str = "float32") -> keras.Model:
    """Build a network that maps float32 (B, S, S, 3) in [0, 1] to float32 logits (B, C).

    Args:
        name: `small` or `tiny`.
        image_size: S.
        num_classes: C.
        precision: `float32`, or `mixed_bfloat16` (weights and logits stay float32).

    Raises:
        RunError: there is no such network.
    """
    if name not in _FILTERS:
        raise RunError(f"model: received {name!r}; allowed are {', '.join(_FILTERS)}")
    layers: list[Any] = [keras.Input((image_size, image_size, 3), dtype="float32")]
    for number, filters in enumerate(_FILTERS[name], start=1):
        layers.append(
            keras.layers.Conv2D(
                filters, 3, strides=2, padding="same", activation="relu", name=f"conv{number}", dtype=precision
            )
        )
    layers += [
        keras.layers.Flatten(name="flatten", dtype=precision),
        keras.layers.Dense(_HIDDEN[name], activation="relu", name="hidden", dtype=precision),
        keras.layers.Dropout(DROPOUT, name="dropout", dtype=precision),
        keras.layers.Dense(num_classes, name="logits", dtype="float32"),
    ]
    return keras.Sequential(layers, name=name)


def renew(model: keras.Model, root_seed: int, seed: int) -> None:
    """Give every variable the value that it has at the start of block `seed`, whatever it held before.

    Each weight is drawn by its layer's own initialiser with a seed of its own, named by the variable's
    path; each dropout layer's generator starts at its own seed and count zero.
    """
    for layer in model.layers:
        for variable in layer.weights:
            initializer = getattr(layer, f"{variable.name}_initializer")
            config = initializer.get_config()
            if "seed" in config:
                config["seed"] = seeds.integer(root_seed, seed, "weights", f"{layer.name}/{variable.name}")
            fresh = type(initializer).from_config(config)
            variable.assign(fresh(variable.shape, dtype=variable.dtype))
    for name, state in random_states(model).items():
        # Two words: the seed, and how often it has been used.
        state.assign([seeds.integer(root_seed, seed, "dropout", name), 0])


def random_states(model: keras.Model) -> dict[str, Any]:
    """Return the state variable of each layer's random generator, uint32 (2,), by the layer's name."""
    generators = {layer.name: getattr(layer, "seed_generator", None) for layer in model.layers}
    return {name: generator.state for name, generator in generators.items() if generator is not None}
