"""Which weights are drawn anew for every seed, and which have values to return to.

A network that comes from elsewhere may hold weights that were trained, weights that were drawn at random a moment
ago, and weights that no initialiser describes. What is what is found, not asked: while it is built, the initialiser of
every weight is noted. One that still gives the very values which the weight has was the last to set them, so that the
weight is drawn anew, by the same rule, with a seed of its own; otherwise something has put other values there
(trained weights, mostly), and every seed starts from those.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras  # noqa: TID253 - this module is only loaded by workers
import numpy as np
import numpy.typing as npt

from augexp import seeds
from augexp.errors import RunError

BUILD_SEED = 0
"""Seed of the global generators while a network is built, so that each process builds the same one."""

Notes = dict[int, tuple[Any, Any]]
"""A variable and its initialiser, by the identity of the variable."""


@contextlib.contextmanager
def noted_initializers() -> Iterator[Notes]:
    """Note the initialiser of every weight that a layer makes inside the block, with all global generators seeded."""
    notes: Notes = {}
    original = keras.layers.Layer.add_weight

    def add_weight(layer: Any, *arguments: Any, **details: Any) -> Any:
        given = list(arguments)
        if len(given) > 1:
            details["initializer"] = given.pop(1)
            if len(given) > 1:
                details["dtype"] = given.pop(1)
        if details.get("initializer") is None:
            dtype = str(details.get("dtype") or layer.variable_dtype)
            details["initializer"] = "glorot_uniform" if "float" in dtype else "zeros"  # as Keras does
        details["initializer"] = keras.initializers.get(details["initializer"])
        variable = original(layer, *given, **details)
        notes[id(variable)] = (variable, details["initializer"])
        return variable

    keras.utils.set_random_seed(BUILD_SEED)
    keras.layers.Layer.add_weight = add_weight
    try:
        yield notes
    finally:
        keras.layers.Layer.add_weight = original


@dataclass(frozen=True)
class WeightOrigin:
    """What a weight is at the start of every block.

    Attributes:
        variable: the weight.
        address: names its random stream; the same whenever the network is built.
        initializer: draws it; None where it has a value to return to.
        value: that value, of the variable's shape and type; None where it is drawn.
    """

    variable: Any
    address: str
    initializer: Any = None
    value: npt.NDArray[Any] | None = None

    @property
    def is_random(self) -> bool:
        """Whether it differs between seeds."""
        return self.initializer is not None and "seed" in self.initializer.get_config()

    def renew(self, root_seed: int, seed: int) -> None:
        """Give the weight the value that it has at the start of block `seed`."""
        if self.initializer is None:
            self.variable.assign(self.value)
            return
        initializer = self.initializer
        if self.is_random:
            config = {**initializer.get_config(), "seed": seeds.integer(root_seed, seed, "weights", self.address)}
            initializer = type(initializer).from_config(config)
        self.variable.assign(initializer(self.variable.shape, dtype=self.variable.dtype))


def origins(model: keras.Model, notes: Notes) -> list[WeightOrigin]:
    """Return the origin of every weight, in the order of ``model.weights``.

    Raises:
        RunError: a weight is drawn by something that gives other numbers each time and takes no seed.
    """
    return [_origin(variable, str(number), notes) for number, variable in enumerate(model.weights)]


def _origin(variable: Any, address: str, notes: Notes) -> WeightOrigin:
    value = value_of(variable)
    _, initializer = notes.get(id(variable), (None, None))
    if not callable(initializer):
        return WeightOrigin(variable, address, value=value)
    if _drawn(initializer, variable, value):
        if isinstance(initializer, keras.initializers.Initializer):
            return WeightOrigin(variable, address, initializer=initializer)
        return WeightOrigin(variable, address, value=value)
    if not np.array_equal(_numbers(initializer, variable), _numbers(initializer, variable)):
        raise RunError(
            f"model: the weight {variable.path!r} is drawn by {type(initializer).__name__}, which gives other numbers "
            "each time, so it cannot be drawn anew for every seed; take an initialiser of Keras with a whole number, "
            "or nothing, as its seed"
        )
    return WeightOrigin(variable, address, value=value)


def _drawn(initializer: Any, variable: Any, value: npt.NDArray[Any]) -> bool:
    """Tell whether the initialiser gives the value that the weight has, bit by bit."""
    drawn = _numbers(initializer, variable)
    return drawn.shape == value.shape and drawn.astype(value.dtype).tobytes() == value.tobytes()


def _numbers(initializer: Any, variable: Any) -> npt.NDArray[Any]:
    return np.asarray(keras.ops.convert_to_numpy(initializer(variable.shape, dtype=variable.dtype)))


def value_of(variable: Any) -> npt.NDArray[Any]:
    """Return a copy of a variable as it lies in memory."""
    # A variable itself would be converted with a deprecation warning of NumPy; a tensor is not.
    return np.array(keras.ops.convert_to_numpy(keras.ops.copy(variable)), order="C")
