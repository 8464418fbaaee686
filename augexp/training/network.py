"""A network that is built and traced once and then trained many times, each time as if new.

Building and tracing costs as much as several epochs of a small network. A worker keeps its `Network`
in a `NetworkCache` and calls `Network.renew` before each run; the numbers are those of a fresh process.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any

import keras  # noqa: TID253 - this module is only loaded by workers
import numpy as np
import numpy.typing as npt

from augexp.augment.learned import Learned
from augexp.experiment.definition import Experiment
from augexp.experiment.training import Training
from augexp.training import backend, models
from augexp.training.architectures import base
from augexp.training.architectures.weight_origins import value_of
from augexp.training.learned.part import LearnedPart
from augexp.training.learned.steps import LearnedSteps

Floats = npt.NDArray[np.float32]


class Network:
    """A model with its optimiser and compiled steps.

    Where only a head is trained, "images" means features, float32 (B, D), in everything but `whole` and `backbone`.

    Attributes:
        model: what is trained.
        whole: from images to logits: the same, or backbone and head.
        backbone: what is frozen, from images to features; None where all is trained.
        backbone_digest: 32 hex digits over what decides about its features; empty without one.
        part: what makes images and is trained, too, see `learn`; None without a learned policy.

    Args:
        training: model, recipe and precision.
        image_size: side of the images in pixels.
        num_classes: C.
        total_steps: length of the budget, which cosine schedule and warm-up need.
    """

    def __init__(self, training: Training, image_size: int, num_classes: int, total_steps: int) -> None:
        self._architecture = base.build(training, image_size, num_classes)
        self.model, self.whole = self._architecture.model, self._architecture.whole
        self.backbone, self.backbone_digest = self._architecture.backbone, self._architecture.backbone_digest
        self._new_optimizer = partial(_new_optimizer, training, total_steps)
        self.optimizer = self._new_optimizer()
        self.optimizer.build(self.model.trainable_variables)
        self._fresh_optimizer = [value_of(variable) for variable in self.optimizer.variables]
        self._steps = backend.compile_steps(self.model, self.optimizer, training.batch_size)
        self._features: Callable[[Floats], Floats] | None = None
        self._tune = training.describe_tune()
        self._smoothing = training.label_smoothing
        self.totals = self._steps.totals
        self._batch_size, self._image_size = training.batch_size, image_size
        self._learned: dict[Learned, tuple[LearnedPart, LearnedSteps]] = {}
        self.part: LearnedPart | None = None
        self._part_steps: LearnedSteps | None = None

    def learn(self, learned: Learned | None) -> None:
        """Train with the learned part of a policy from now on, or without one; call `renew` after it.

        Raises:
            RunError: the backend of Keras cannot.
        """
        if learned is not None and learned not in self._learned:
            part = LearnedPart(learned, self._image_size, self._new_optimizer())
            steps = LearnedSteps(self._steps, self.model, self.optimizer, part, self._batch_size)
            self._learned = {learned: (part, steps)}
        self.part, self._part_steps = (None, None) if learned is None else self._learned[learned]

    def made(self) -> Floats | tuple[()]:
        """Return the images that the last step has made itself, float32 (B, S, S, 3); none without a learned part."""
        return () if self._part_steps is None else self._part_steps.made

    def second_loss(self) -> float:
        """Return the mean of the second loss over the steps since the last call; 0 without one."""
        return 0.0 if self._part_steps is None else self._part_steps.second_loss()

    @property
    def parameters(self) -> int:
        """Number of trained numbers."""
        return sum(int(np.prod(variable.shape)) for variable in self.model.trainable_variables)

    def ledger_entries(self) -> dict[str, Any]:
        """Return what the ledger says of a network from elsewhere: what is trained, and how much of it is drawn."""
        drawn = self._architecture.drawn
        if drawn is None:
            return {}
        return {"drawn": drawn, **({"tune": self._tune} if self._tune else {})}

    def renew(self, root_seed: int, seed: int) -> None:
        """Become the untrained network of block `seed`: weights, optimiser, dropout, totals."""
        self._architecture.renew(root_seed, seed)
        for variable, value in zip(self.optimizer.variables, self._fresh_optimizer, strict=True):
            variable.assign(value)
        if self.part is not None:
            self.part.renew(root_seed, seed)
        self.totals()
        self.second_loss()

    def train(self, images: Floats, targets: Floats) -> None:
        """Take one step on images float32 (B, S, S, 3) and targets float32 (B, C), which are smoothed here.

        With a learned part, on sets of images float32 (B, P, S, S, 3), see `augexp.augment.partners`.
        """
        if self._smoothing:
            targets = targets * (1 - self._smoothing) + self._smoothing / targets.shape[1]
        (self._part_steps or self._steps).train(images, targets)

    def logits(self, images: Floats) -> Floats:
        """Return logits float32 (B, C) for images float32 (B, S, S, 3): no dropout, moving statistics."""
        return self._steps.forward(images)

    def features(self, images: Floats) -> Floats:
        """Return what the frozen backbone makes of images float32 (B, S, S, 3): features float32 (B, D)."""
        if self._features is None:
            self._features = backend.compile_forward(self.backbone)
        return self._features(images)

    def finite(self) -> bool:
        """Tell whether every weight is a finite number.

        The logits do not tell: on some processors TensorFlow's fusion of convolution and ReLU turns NaN into 0.
        """
        learned = self.part.model.weights if self.part is not None else []
        return all(np.isfinite(value_of(variable)).all() for variable in (*self.model.weights, *learned))

    def weights_hash(self) -> str:
        """Return 32 hex digits over the bits of all weights, their names and shapes."""
        digest = hashlib.blake2b(self.backbone_digest.encode(), digest_size=16)
        for address, variable in self._architecture.addressed_weights():
            value = value_of(variable)
            digest.update(f"{address}:{value.dtype}:{value.shape};".encode())
            digest.update(value.tobytes())
        return digest.hexdigest()

    def state(self) -> list[npt.NDArray[Any]]:
        """Return a copy of everything that training changes: weights, moving statistics, optimiser, generators."""
        return [value_of(variable) for variable in self._variables()]

    def restore(self, state: list[npt.NDArray[Any]]) -> None:
        """Go on from a `state`; raises ValueError where it does not fit this network."""
        variables = self._variables()
        if [tuple(value.shape) for value in state] != [tuple(variable.shape) for variable in variables]:
            raise ValueError("the state belongs to another network")
        for variable, value in zip(variables, state, strict=True):
            variable.assign(value)
        self.totals()
        self.second_loss()

    def _variables(self) -> list[Any]:
        own = [*self.model.weights, *self.optimizer.variables, *models.random_states(self.model).values()]
        return own if self.part is None else [*own, *self.part.variables()]


def _new_optimizer(training: Training, total_steps: int) -> keras.optimizers.Optimizer:
    return _optimizer(training, _learning_rate(training, total_steps))


def _optimizer(training: Training, rate: Any) -> keras.optimizers.Optimizer:
    if training.optimizer == "sgd":
        decay = training.weight_decay or None
        return keras.optimizers.SGD(rate, momentum=training.momentum, weight_decay=decay)
    if training.optimizer == "adamw":
        return keras.optimizers.AdamW(rate, weight_decay=training.weight_decay)
    return keras.optimizers.Adam(rate)


def _learning_rate(training: Training, total_steps: int) -> Any:
    """Return a number, or the schedule: step k of W warm-up steps has k / (W + 1) of the rate, counted from 1."""
    if training.constant_rate:
        return training.learning_rate
    rate, warm = training.learning_rate, total_steps * training.warmup // training.schedule_epochs
    return keras.optimizers.schedules.CosineDecay(
        rate / (warm + 1),
        total_steps - warm,
        alpha=0.0 if training.schedule == "cosine" else 1.0,  # the part of the rate that is left at the end
        warmup_target=rate if warm else None,
        warmup_steps=warm,
    )


class NetworkCache:
    """Keeps the last network, so that runs of one experiment share building and tracing."""

    def __init__(self) -> None:
        self._key: tuple[Any, ...] = ()
        self._network: Network | None = None

    def network(self, training: Training, image_size: int, num_classes: int, total_steps: int) -> Network:
        """Return a network for these settings, the same object for equal ones; call `renew` on it."""
        key = (training, image_size, num_classes, 0 if training.constant_rate else total_steps)
        if self._network is None or key != self._key:
            self._network = Network(training, image_size, num_classes, total_steps)
            self._key = key
        return self._network

    def warm(self, experiment: Experiment, num_classes: int) -> None:
        """Build the network of `experiment` ahead of its first run, where the images are not needed for it."""
        if experiment.training.constant_rate:
            size, batch = experiment.data.image_size, experiment.training.batch_size
            network = self.network(experiment.training, size, num_classes, 0)
            network.learn(None)
            # The first execution of a graph costs as much as tracing it; `renew` undoes the step.
            images = np.zeros((batch, *network.model.input_shape[1:]), np.float32)
            network.train(images, np.full((batch, num_classes), 1 / num_classes, np.float32))
            network.logits(images)
