"""The network that a definition names, complete: what is trained, what is frozen, what every seed starts from.

Networks that are built in name their layers and are made new by `augexp.training.models`. Networks from elsewhere are
described by `WeightOrigin`, and everything in them is addressed by its number, since names that Keras gives depend on
what else a process has built.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras  # noqa: TID253 - this module is only loaded by workers

from augexp import seeds
from augexp.errors import DefinitionError, RunError
from augexp.experiment import networks
from augexp.experiment.training import Training
from augexp.training import models
from augexp.training.architectures import applications, ends, python_file, saved_file
from augexp.training.architectures.weight_origins import Notes, WeightOrigin, noted_initializers, origins, value_of

DIGEST_SIZE = 16
"""Bytes of a digest."""


class Architecture:
    """A network to be trained.

    Attributes:
        model: what is trained: from images, float32 (B, S, S, 3), or from features, float32 (B, D), to logits (B, C).
        whole: from images to logits; the same network where all of it is trained.
        backbone: from images to features, frozen; None where all of the network is trained.
        backbone_digest: 32 hex digits over the backbone's weights and layers; empty without one.
    """

    backbone: keras.Model | None = None
    backbone_digest = ""

    drawn: int | None = None
    """Numbers that are drawn anew for every seed; None where all are."""

    def __init__(self, model: keras.Model, whole: keras.Model | None = None) -> None:
        self.model, self.whole = model, whole or model

    def renew(self, root_seed: int, seed: int) -> None:
        """Give every variable the value that it has at the start of block `seed`."""
        models.renew(self.model, root_seed, seed)

    def addressed_weights(self) -> Iterator[tuple[str, Any]]:
        """Yield every weight with an address that is the same whenever the network is built."""
        return ((variable.path, variable) for variable in self.model.weights)


class ForeignArchitecture(Architecture):
    """A network from elsewhere: weights with values to return to, names that mean nothing."""

    def __init__(self, parts: ends.Ends, notes: Notes, label: str, tune: str) -> None:
        if tune == "head" and (parts.backbone is None or parts.head is None):
            raise RunError(
                f"model: {label} ends in the logits of the classes, so it has no backbone to be kept as it is; save it "
                "without its last layer, or say --tune all"
            )
        super().__init__(parts.head if tune == "head" and parts.head is not None else parts.whole, parts.whole)
        if tune == "head" and parts.backbone is not None:
            _check_trained(origins(parts.backbone, notes), label)
            parts.backbone.trainable = False
            self.backbone, self.backbone_digest = parts.backbone, _digest(parts.backbone)
        self._origins = origins(self.model, notes)
        self.drawn = sum(math.prod(origin.variable.shape) for origin in self._origins if origin.is_random)
        if not self.model.trainable_variables:
            raise RunError(f"model: {label} has no weight that can be trained; set trainable = True for some layer")

    def renew(self, root_seed: int, seed: int) -> None:
        """Draw anew what is drawn, give everything else the values that it came with, and seed every generator."""
        for origin in self._origins:
            origin.renew(root_seed, seed)
        for number, state in enumerate(models.random_states(self.model).values()):
            state.assign([seeds.integer(root_seed, seed, "dropout", str(number)), 0])

    def addressed_weights(self) -> Iterator[tuple[str, Any]]:
        """Yield every weight with its number."""
        return ((str(number), variable) for number, variable in enumerate(self.model.weights))


def build(training: Training, image_size: int, num_classes: int) -> Architecture:
    """Build the network of a definition; its files lie where the definition says.

    Raises:
        RunError: one line that says what is wrong with the network.
    """
    if training.model in models.MODELS:
        return Architecture(models.build(training.model, image_size, num_classes, training.precision))
    label = networks.short("model", training.model)
    for key, digest in networks.DIGESTS.items():
        _check_file(key, getattr(training, key), getattr(training, digest))
    source: Callable[[], keras.Model] = {
        "application": lambda: applications.build(training, image_size),
        "saved": lambda: saved_file.load(training.model),
        "function": lambda: python_file.build(training.model, image_size, num_classes),
    }[networks.kind_of(training.model)]
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(training.precision)
    try:
        with noted_initializers() as notes:
            parts = ends.complete(source(), label, image_size, num_classes)
    finally:
        keras.config.set_dtype_policy(before)
    return ForeignArchitecture(parts, notes, label, training.tune)


def _check_file(key: str, value: str | None, digest: str | None) -> None:
    """Raise RunError where a file of the network is missing or is not the one that the definition means."""
    if not networks.is_file(key, value) or value is None:
        return
    path, _ = networks.split(value)
    if not os.path.isabs(path):
        raise RunError(f"{key}: {value} has no folder, so nobody has named it; repeat the command with --{key}")
    try:
        found = networks.digest_of(key, Path(path))
    except DefinitionError as error:
        raise RunError(str(error)) from None
    if digest is not None and found != digest:
        raise RunError(f"{key}: {path} has changed since it was named; restore it, or use another --name")


def _check_trained(backbone: list[WeightOrigin], label: str) -> None:
    """Raise RunError where a backbone holds weights drawn at random: its features would be those of one such draw."""
    for origin in backbone:
        if origin.is_random:
            raise RunError(
                f"tune: received 'head' with {label}, whose weight {origin.variable.path!r} is drawn at random; a "
                "frozen backbone needs trained weights: load some in the function, or say --tune all"
            )


def _digest(backbone: keras.Model) -> str:
    """Return 32 hex digits over what decides about a backbone's features: its weights, and its layers."""
    digest = hashlib.blake2b(digest_size=DIGEST_SIZE)
    for layer in backbone._flatten_layers(include_self=False):
        digest.update(f"{type(layer).__module__}.{type(layer).__name__};".encode())
    for variable in backbone.weights:
        value = value_of(variable)
        digest.update(f"{value.dtype}:{value.shape};".encode())
        digest.update(value.tobytes())
    return digest.hexdigest()
