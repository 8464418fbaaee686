"""Any image preprocessing layer of Keras as an operation of a policy.

The layer gets one image at a time, and before each the state of its random generators is set from
the image's draw. That makes a Keras operation as independent of batch size, order and worker as any
other here; given a whole batch, Keras draws by position in the batch. On the TensorFlow backend the
loop over the images is traced once and runs in the graph; elsewhere it is a Python loop.

The images go in as float32 on the scale `value_range` (the same that the layer is told, where it has
such an argument) and come back rounded to 8 bits, so that they fit between any two operations.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from augexp import surroundings
from augexp.augment.catalogue.base import Operation
from augexp.augment.catalogue.keras_layers import KERAS
from augexp.augment.pixels.base import Draws
from augexp.augment.pixels.canvas import Canvas, Rows
from augexp.errors import DefinitionError

Runner = Callable[[npt.NDArray[np.float32], npt.NDArray[np.uint32]], npt.NDArray[np.float32]]


def run(canvas: Canvas, rows: Rows, draws: Draws, operation: Operation) -> None:
    """Apply the layer of `operation` to the images `rows` (R,) with draws (R, 2) in [0, 1).

    Raises:
        DefinitionError: the layer does not take these parameters, or changes the size of the image.
    """
    scale = np.float32(operation["value_range"][1] / 255.0)
    images = np.stack(canvas.images(rows))
    states = np.floor(draws * 2.0**32).astype(np.uint32)
    with surroundings.keras_defaults(surroundings.load_keras()):
        changed = _runner(operation)(images * scale, states)
    if changed.shape != images.shape:
        raise DefinitionError(
            f"{operation.name}: the layer makes pictures of shape {changed.shape[1:]} from {images.shape[1:]}; "
            "allowed are layers and parameters that keep the shape"
        )
    out = np.clip(np.rint(changed / scale), 0, 255).astype(np.uint8)
    canvas.change(rows, lambda image, i: out[i])


def layer(operation: Operation) -> Any:
    """Build the Keras layer of `operation`.

    Raises:
        DefinitionError: Keras does not take these parameters.
    """
    keras = surroundings.load_keras()  # seconds, which only policies with Keras layers should pay
    name = operation.name.removeprefix(KERAS)
    layer_class = getattr(keras.layers, name)
    values: dict[str, Any] = {key: _plain(value) for key, value in operation.parameters}
    takes = inspect.signature(layer_class.__init__).parameters
    if "value_range" not in takes:
        del values["value_range"]
    if "seed" in takes:
        values["seed"] = 0  # replaced before every image
    if "data_format" in takes:
        values["data_format"] = "channels_last"
    try:
        with surroundings.keras_defaults(keras):
            return layer_class(**values, dtype="float32")
    except (TypeError, ValueError, NotImplementedError) as error:
        reason = " ".join(str(error).split())
        raise DefinitionError(f"{operation.name}: keras.layers.{name} refuses its parameters: {reason}") from None


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


@lru_cache(maxsize=64)
def _runner(operation: Operation) -> Runner:
    keras = surroundings.load_keras()
    built = layer(operation)

    def change(image: Any, state: Any) -> Any:
        generators = [variable for variable in built.variables if tuple(variable.shape) == (2,)]
        with keras.StatelessScope(state_mapping=[(variable, state) for variable in generators]):
            return built(image[None], training=True)[0]

    if keras.backend.backend() == "tensorflow":
        return _traced(change)

    def loop(images: npt.NDArray[np.float32], states: npt.NDArray[np.uint32]) -> npt.NDArray[np.float32]:
        pairs = zip(images, states, strict=True)
        return np.stack([keras.ops.convert_to_numpy(change(image, state)) for image, state in pairs])

    return loop


def _traced(change: Callable[[Any, Any], Any]) -> Runner:
    import tensorflow as tf  # noqa: PLC0415 - as above

    def all_of_them(images: Any, states: Any) -> Any:
        def change_pair(pair: Any) -> Any:
            return change(pair[0], pair[1])

        return tf.map_fn(change_pair, (images, states), fn_output_signature=tf.float32)

    mapped: Any = tf.function(all_of_them, reduce_retracing=True)

    def loop(images: npt.NDArray[np.float32], states: npt.NDArray[np.uint32]) -> npt.NDArray[np.float32]:
        # Augmentation belongs to the processor: a device would only add two copies.
        with tf.device("cpu:0"):
            return np.asarray(mapped(tf.constant(images), tf.constant(states)))

    return loop
