"""From what a network returns to logits: pooling, a head, or the logits that it ends in already.

What a network returns is told by its shape, for C classes: feature maps (B, h, w, D) and tokens (B, n, D) are averaged
to features; features (B, D) get a head of dropout and one dense layer; C numbers are the network's own answer and are
used as they are, also one number where there are two classes (that of the second class). An answer in probabilities is
turned into logits: by taking the softmax or sigmoid away where a layer of Keras applies it, by a logarithm elsewhere.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import keras  # noqa: TID253 - this module is only loaded by workers
import numpy as np
import numpy.typing as npt

from augexp.errors import RunError
from augexp.training.architectures.build_errors import explained

HEAD_DROPOUT = 0.3
"""Fraction of the features that a training step leaves out."""

SMALLEST = 1e-7
"""Probability below which no logarithm is taken; the one that Keras' own losses use."""

_PROBES = 16
"""Images that a network's answers are looked at with."""

_TOLERANCE = 0.02
"""How far the sum of probabilities may be from one, where a layer says that they are some: rounding of bfloat16."""

_STRICT_TOLERANCE = 1e-4
"""The same where only the numbers say so."""


class Ends(NamedTuple):
    """A network, complete, and its parts where it has some.

    Attributes:
        whole: from images, float32 (B, S, S, 3) in [0, 1], to logits, float32 (B, C).
        backbone: from images to features (B, D); None where the network has its own answer.
        head: from features to logits; None there, too.
    """

    whole: keras.Model
    backbone: keras.Model | None = None
    head: keras.Model | None = None


def complete(network: keras.Model, label: str, image_size: int, num_classes: int) -> Ends:
    """Make a network from images to anything one from images to logits, see the module.

    Args:
        network: takes images, float32 (B, S, S, 3) in [0, 1].
        label: what errors call it.
        image_size: S.
        num_classes: C.

    Raises:
        RunError: it takes no such images, or returns something else.
    """
    images = keras.Input((image_size, image_size, 3), dtype="float32", name="images")
    what = f"{label} takes no images of {image_size} x {image_size} x 3"
    with explained(what, "choose another --image-size or network"):
        output = network(images)
    output = _single(output, label)
    rank, width = len(output.shape), output.shape[-1]
    if rank not in (2, 3, 4) or width is None:
        raise RunError(
            f"model: {label} returns {_shape(output.shape)}; allowed are feature maps (B, h, w, D), features (B, D) or "
            f"the logits of the {num_classes} classes (B, {num_classes})"
        )
    if rank == 2 and (width == num_classes or (width, num_classes) == (1, 2)):
        return Ends(_with_logits(network, label, images, binary=width < num_classes))
    if rank == 2 and _activation(last_layer(network)) in ("softmax", "sigmoid"):
        raise RunError(
            f"model: {label} ends in probabilities of {width} classes, the images have {num_classes}; let it end in "
            f"{num_classes}, or leave its last layer out"
        )
    return _with_head(images, output, num_classes)


def _single(output: Any, label: str) -> Any:
    """Return the only output."""
    if isinstance(output, (list, tuple)) and len(output) == 1:
        output = output[0]
    if isinstance(output, (list, tuple, dict)) or not hasattr(output, "shape"):
        count = len(output) if isinstance(output, (list, tuple, dict)) else 0
        raise RunError(f"model: {label} returns {count} outputs; allowed is one: features or logits")
    return output


def _shape(shape: Any) -> str:
    return f"({', '.join('B' if i == 0 else str(n) for i, n in enumerate(shape))})"


# -- features ------------------------------------------------------------------------------------


def _with_head(images: Any, output: Any, num_classes: int) -> Ends:
    features = output
    if len(output.shape) == 4:
        features = keras.layers.GlobalAveragePooling2D(name="pooling", dtype="float32")(output)
    elif len(output.shape) == 3:
        features = keras.layers.GlobalAveragePooling1D(name="pooling", dtype="float32")(output)
    backbone = keras.Model(images, features, name="backbone")
    inputs = keras.Input((int(features.shape[-1]),), dtype="float32", name="features")
    layers = [
        keras.layers.Dropout(HEAD_DROPOUT, name="head_dropout", dtype="float32"),
        keras.layers.Dense(num_classes, name="logits", dtype="float32"),
    ]
    x = inputs
    for layer in layers:
        x = layer(x)
    head = keras.Model(inputs, x, name="head")
    return Ends(keras.Model(images, head(backbone(images)), name="network"), backbone, head)


# -- an answer of its own ------------------------------------------------------------------------


def _with_logits(network: keras.Model, label: str, images: Any, *, binary: bool) -> keras.Model:
    layer = last_layer(network)
    activation = _activation(layer)
    answers = _answers(network, label, images)
    if activation == "sigmoid" and not binary:
        raise RunError(
            f"model: {label} ends in {answers.shape[1]} sigmoids, which are no probabilities of classes that exclude "
            "each other; let it end in logits or in softmax"
        )
    probabilities = _are_probabilities(answers, activation, label)
    if activation in ("softmax", "sigmoid") and _can_be_changed(layer):
        layer.activation = keras.activations.linear
        output, probabilities = keras.ops.cast(network(images), "float32"), False
        _check_stripped(keras.Model(images, output), answers, activation, label)
    else:
        output = keras.ops.cast(network(images), "float32")
    if activation == "sigmoid" and binary and not _can_be_changed(layer):
        output = _log(output) - _log(1.0 - output)
    if binary:
        output = keras.ops.concatenate([keras.ops.zeros_like(output), output], axis=-1)
    elif probabilities:
        output = _log(output)
    return keras.Model(images, output, name="network")


def _log(probabilities: Any) -> Any:
    return keras.ops.log(keras.ops.maximum(probabilities, SMALLEST))


def last_layer(network: Any) -> Any:
    """Return the layer or operation that a network ends in; None where its graph is not known."""
    while isinstance(network, keras.Model):
        if isinstance(network, keras.Sequential):
            network = network.layers[-1]
            continue
        try:
            outputs = network.outputs
        except (AttributeError, ValueError):
            return None
        if not outputs:
            return None
        network = outputs[0]._keras_history.operation
    return network


def _activation(layer: Any) -> str:
    """Return `softmax` or `sigmoid` where that is what a layer ends in, an empty text otherwise."""
    if type(layer).__name__ in ("Softmax", "Sigmoid"):  # layers and operations of these names
        return type(layer).__name__.lower()
    function = getattr(layer, "activation", None)
    names = {keras.activations.softmax: "softmax", keras.activations.sigmoid: "sigmoid"}
    try:
        return names.get(function, "")
    except TypeError:  # not hashable
        return ""


def _can_be_changed(layer: Any) -> bool:
    """Tell whether the activation of a layer can be taken away without changing anything else."""
    return getattr(layer, "activation", None) is not None and len(layer._inbound_nodes) == 1


def _probe_images(images: Any) -> npt.NDArray[np.float32]:
    """Return noise at several contrasts, and grey images from black to white."""
    side = int(images.shape[1])
    generator = np.random.default_rng(0)
    noise = generator.random((_PROBES, side, side, 3), np.float32)
    contrast = np.linspace(0.0, 1.0, _PROBES, dtype=np.float32)[:, None, None, None]
    return np.asarray(contrast * noise + (1 - contrast) * contrast[::-1], dtype=np.float32)


def _answers(network: keras.Model, label: str, images: Any) -> npt.NDArray[np.float64]:
    with explained(f"{label} cannot be executed", "mend the network"):
        values = keras.ops.convert_to_numpy(keras.ops.cast(network(_probe_images(images), training=False), "float32"))
    answers = np.asarray(values, dtype=np.float64)
    if not np.isfinite(answers).all():
        raise RunError(f"model: {label} returns numbers that are not finite for images in [0, 1]; mend its weights")
    return answers


def _are_probabilities(answers: npt.NDArray[np.float64], activation: str, label: str) -> bool:
    """Tell by the numbers whether answers (B, C) are probabilities; what a layer says is checked."""
    if answers.shape[1] == 1 or activation == "sigmoid":
        return False
    tolerance = _TOLERANCE if activation == "softmax" else _STRICT_TOLERANCE
    inside = bool(np.all((answers >= 0.0) & (answers <= 1.0 + tolerance)))
    found = inside and bool(np.all(np.abs(answers.sum(axis=1) - 1.0) <= tolerance))
    if activation == "softmax" and not found:
        raise RunError(
            f"model: {label} ends in softmax, but its numbers for one image do not add up to 1; apply it over the "
            "classes (the last axis), or let the network end in logits"
        )
    return found


def _check_stripped(model: keras.Model, before: npt.NDArray[np.float64], activation: str, label: str) -> None:
    """Check that logits give the probabilities that were there before the activation was taken away."""
    probes = _probe_images(model.inputs[0])
    logits = np.asarray(keras.ops.convert_to_numpy(model(probes, training=False)), dtype=np.float64)
    if activation == "softmax":
        shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
        after = shifted / shifted.sum(axis=1, keepdims=True)
    else:
        after = 1.0 / (1.0 + np.exp(-logits))
    if not np.allclose(before, after, atol=_TOLERANCE):
        raise RunError(f"model: {label} gives other answers without its {activation}; let it end in logits")
