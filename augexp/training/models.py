"""The networks: small enough that ten runs are affordable, written against Keras alone.

To add one, write a `Builder` here, name it in `MODELS` and in `augexp.experiment.definition.Training.model`.

Weights are drawn by this module from named streams and not by Keras' global state, so that they depend
on root seed, block and the variable's path alone: all arms of a block start from the same bits, and a
network that has been trained before can be made new without building it again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras  # noqa: TID253 - this module is only loaded by workers

from augexp import seeds
from augexp.errors import RunError

Builder = Callable[[int, int, str], keras.Model]
"""Returns a new network that maps images, float32 (B, S, S, 3) in [0, 1], to logits, float32 (B, C).

Its arguments are S, C and the precision: `float32`, or `mixed_bfloat16` (weights and logits stay float32). All
that is random or trained must lie in the layers of the model itself, not in layers inside of a layer, and each
weight's initialiser in the layer's attribute ``<weight>_initializer``, as in Keras' own layers: see `renew`.
"""

DROPOUT = 0.3
"""Fraction of the hidden units that a training step leaves out."""


def small(image_size: int, num_classes: int, precision: str) -> keras.Model:
    """Halve the image three times with strided 3x3 convolutions of 16, 32 and 64 filters; hidden layer of 64."""
    return _strided_convolutions("small", (16, 32, 64), 64, image_size, num_classes, precision)


def tiny(image_size: int, num_classes: int, precision: str) -> keras.Model:
    """Halve the image twice, with next to no weights: for tests."""
    return _strided_convolutions("tiny", (4, 8), 8, image_size, num_classes, precision)


def _strided_convolutions(
    name: str, filters: tuple[int, ...], hidden: int, image_size: int, num_classes: int, precision: str
) -> keras.Model:
    """Build a strided convolution for each of `filters` and one hidden layer with dropout.

    Strides take the place of max-pooling, which costs no accuracy (Springenberg et al. 2014, arXiv:1412.6806)
    and, on one CPU core, three quarters of the time: 2,800 instead of 740 images per second for `small` at 32
    pixels, batch 32.
    """
    layers: list[Any] = [keras.Input((image_size, image_size, 3), dtype="float32")]
    for number, width in enumerate(filters, start=1):
        layers.append(
            keras.layers.Conv2D(
                width, 3, strides=2, padding="same", activation="relu", name=f"conv{number}", dtype=precision
            )
        )
    layers += [
        keras.layers.Flatten(name="flatten", dtype=precision),
        keras.layers.Dense(hidden, activation="relu", name="hidden", dtype=precision),
        keras.layers.Dropout(DROPOUT, name="dropout", dtype=precision),
        keras.layers.Dense(num_classes, name="logits", dtype="float32"),
    ]
    return keras.Sequential(layers, name=name)


MODELS: dict[str, Builder] = {"small": small, "tiny": tiny}
"""The networks by name."""


def build(name: str, image_size: int, num_classes: int, precision: str = "float32") -> keras.Model:
    """Build a network by its name, see `Builder`; raises RunError where there is none of that name."""
    if name not in MODELS:
        raise RunError(f"model: received {name!r}; allowed are {', '.join(MODELS)}")
    return MODELS[name](image_size, num_classes, precision)


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
