"""The networks: small enough that ten runs are affordable, written against Keras alone.

To add one, write a `Builder` here, name it in `MODELS` and in `augexp.experiment.networks.BUILT_IN`. Networks from
elsewhere (files, keras.applications) are made in `augexp.training.architectures`.

Weights are drawn by this module from named streams and not by Keras' global state, so that they depend
on root seed, block and the variable's path alone: all arms of a block start from the same bits, and a
network that has been trained before can be made new without building it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras  # noqa: TID253 - this module is only loaded by workers

from augexp import seeds
from augexp.errors import RunError

Builder = Callable[[int, int, str], keras.Model]
"""Returns a new network that maps images, float32 (B, S, S, 3) in [0, 1], to logits, float32 (B, C).

Its arguments are S, C and the precision: `float32`, or `mixed_bfloat16` (weights and logits stay float32).
Layers may hold layers, and a model may be a layer. What `renew` needs: every layer with weights or random
numbers has a name, so that each weight has a path of its own that is the same whenever the network is built;
the layer that owns a weight holds its Keras initialiser in the attribute ``<weight>_initializer``, as most of
Keras' own layers do; and random numbers come from a ``keras.random.SeedGenerator`` that the layer holds.
Losses that layers add (``kernel_regularizer``, ``add_loss``) count in training.
"""

DROPOUT = 0.3
"""Fraction of the hidden units that a training step leaves out."""

SMALLNET_DROPOUT = 0.5
"""The same in `smallnet`, where the paper says no number."""

NORM_MOMENTUM = 0.9
"""Part of the moving statistics that a training step leaves as it is.

Keras' 0.99 still holds a third of the initial values after a hundred steps, which is all that a small experiment has.
"""


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


def residual(image_size: int, num_classes: int, precision: str) -> keras.Model:
    """Stem of 16 filters, three stages of two residual blocks with 16, 32 and 64, average pooling, logits.

    The residual network of He et al. 2015 (arXiv:1512.03385, section 4.2) with 14 layers, batch normalisation after
    every convolution, and 1x1 convolutions where a shortcut changes shape (their option B). Made for 32 to 128 pixels.
    Cost: 175,000 weights, and for an image of 32 pixels 27 million multiplications and additions forward.
    """

    def normalised(x: Any, name: str, width: int, size: int = 3, strides: int = 1) -> Any:
        convolution = keras.layers.Conv2D(
            width,
            size,
            strides=strides,
            padding="same",
            use_bias=False,  # the normalisation has one
            kernel_initializer="he_normal",
            name=f"{name}_conv",
            dtype=precision,
        )
        return keras.layers.BatchNormalization(momentum=NORM_MOMENTUM, name=f"{name}_norm", dtype=precision)(
            convolution(x)
        )

    def relu(x: Any, name: str) -> Any:
        return keras.layers.ReLU(name=f"{name}_relu", dtype=precision)(x)

    images = keras.Input((image_size, image_size, 3), dtype="float32", name="images")
    x = relu(normalised(images, "stem", 16), "stem")
    for stage, width in enumerate((16, 32, 64), start=1):
        for block in (1, 2):
            name, strides = f"stage{stage}_block{block}", 2 if stage > 1 and block == 1 else 1
            shortcut = x if strides == 1 else normalised(x, f"{name}_shortcut", width, 1, strides)
            x = relu(normalised(x, f"{name}_a", width, strides=strides), f"{name}_a")
            x = keras.layers.Add(name=f"{name}_add", dtype=precision)([normalised(x, f"{name}_b", width), shortcut])
            x = relu(x, name)
    x = keras.layers.GlobalAveragePooling2D(name="pool", dtype=precision)(x)
    return keras.Model(images, keras.layers.Dense(num_classes, name="logits", dtype="float32")(x), name="residual")


def smallnet(
    image_size: int, num_classes: int, precision: str, *, padding: str = "same", dropout: float = SMALLNET_DROPOUT
) -> keras.Model:
    """Conv 16, norm, pool, conv 32, conv 32, norm, pool, dense 1024 with dropout: SmallNet of Perez & Wang 2017.

    arXiv:1712.04621, section 4.2: 3x3 convolutions with ReLU, batch normalisation, 2x2 max-pooling, made for 64 pixels.
    What the paper leaves open: padding and dropout, which are arguments here, so that a file with a function can choose
    others; ReLU in the hidden layer; initialisers (Keras' own); `NORM_MOMENTUM`.
    Cost at 64 pixels: 8.4 million weights, and for an image 24 million multiplications and additions forward.

    Args:
        image_size: at least 4 pixels, with ``padding="valid"`` 14.
        num_classes: C.
        precision: see `Builder`.
        padding: of the convolutions, `same` or `valid`.
        dropout: fraction of the 1024 hidden units that a training step leaves out.
    """

    def convolution(width: int, name: str) -> Any:
        return keras.layers.Conv2D(width, 3, padding=padding, activation="relu", name=name, dtype=precision)

    def normalisation(name: str) -> Any:
        return keras.layers.BatchNormalization(momentum=NORM_MOMENTUM, name=name, dtype=precision)

    layers: list[Any] = [
        keras.Input((image_size, image_size, 3), dtype="float32"),
        convolution(16, "conv1"),
        normalisation("norm1"),
        keras.layers.MaxPooling2D(2, name="pool1", dtype=precision),
        convolution(32, "conv2"),
        convolution(32, "conv3"),
        normalisation("norm2"),
        keras.layers.MaxPooling2D(2, name="pool2", dtype=precision),
        keras.layers.Flatten(name="flatten", dtype=precision),
        keras.layers.Dense(1024, activation="relu", name="hidden", dtype=precision),
        keras.layers.Dropout(dropout, name="dropout", dtype=precision),
        keras.layers.Dense(num_classes, name="logits", dtype="float32"),
    ]
    return keras.Sequential(layers, name="smallnet")


MODELS: dict[str, Builder] = {"small": small, "residual": residual, "smallnet": smallnet, "tiny": tiny}
"""The networks by name."""


def build(name: str, image_size: int, num_classes: int, precision: str = "float32") -> keras.Model:
    """Build a network by its name, see `Builder`; raises RunError where there is none of that name."""
    if name not in MODELS:
        raise RunError(f"model: received {name!r}; allowed are {', '.join(MODELS)}")
    return MODELS[name](image_size, num_classes, precision)


def renew(model: keras.Model, root_seed: int, seed: int) -> None:
    """Give every variable the value that it has at the start of block `seed`, whatever it held before.

    Each weight is drawn by its layer's own initialiser with a seed of its own, named by the variable's path, also
    where it is not trained (batch normalisation's moving statistics); each random generator starts at its own seed
    and count zero.

    Raises:
        RunError: a weight that cannot be drawn anew, see `Builder`; names the layer.
    """
    paths = set[str]()
    for layer, variable in _owned_weights(model):
        attribute, path = f"{variable.name}_initializer", variable.path.removeprefix(f"{model.name}/")
        initializer = getattr(layer, attribute, None)
        if not isinstance(initializer, keras.initializers.Initializer):
            raise RunError(
                f"model: layer {layer.name!r} has no Keras initialiser in {attribute!r}, so its weight "
                f"{variable.name!r} cannot be drawn anew for every seed; keep one there"
            )
        if path in paths:
            raise RunError(f"model: layer {layer.name!r} has the path of another, {path!r}; give it a name of its own")
        paths.add(path)
        config = initializer.get_config()
        if "seed" in config:
            config["seed"] = seeds.integer(root_seed, seed, "weights", path)
        fresh = type(initializer).from_config(config)
        variable.assign(fresh(variable.shape, dtype=variable.dtype))
    for name, state in random_states(model).items():
        # Two words: the seed, and how often it has been used.
        state.assign([seeds.integer(root_seed, seed, "dropout", name), 0])


def _owned_weights(model: keras.Model) -> Iterator[tuple[Any, Any]]:
    """Yield every weight with the layer that made it, which may lie inside other layers."""
    for layer in model._flatten_layers():
        inner = {id(weight) for part in layer._flatten_layers(include_self=False) for weight in part.weights}
        yield from ((layer, weight) for weight in layer.weights if id(weight) not in inner)


def random_states(model: keras.Model) -> dict[str, Any]:
    """Return the state variable of every random generator, integers (2,), by name.

    A layer's first generator, its own or one of a layer inside it, has the name of the layer; further ones are
    numbered (``block/1``). Keras' own names of generators depend on what else the process has built.
    """
    states: dict[str, Any] = {}
    known = {id(weight) for weight in model.weights}
    for name, owner in (*((layer.name, layer) for layer in model.layers), ("", model)):
        # Keras counts as variables: weights and the states of generators.
        own = [variable for variable in owner.variables if id(variable) not in known]
        known.update(map(id, own))
        states |= {f"{name}/{number}" if number else name: variable for number, variable in enumerate(own)}
    return states
