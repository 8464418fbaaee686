"""What depends on the Keras backend: threads, determinism, and one optimiser step as fast as it gets.

On TensorFlow the step is one compiled graph that is fed NumPy batches and adds up loss and hits inside
the graph, so that nothing is fetched between steps. Measured on one CPU thread, a compiled step in a
loop of one's own is a sixth faster than `Model.fit` on arrays, and 1.4 times as fast as `fit` on a
Python generator. On other backends the same interface is served by `Model.train_on_batch`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

import cv2  # noqa: TID253 - this module is only loaded by workers
import keras  # noqa: TID253 - this module is only loaded by workers
import numpy as np
import numpy.typing as npt

from augexp import surroundings
from augexp.augment.pixels.canvas import ALIGNMENT
from augexp.errors import RunError
from augexp.training.normalisation import fused_normalisation
from augexp.training.update import compiled_update

Floats = npt.NDArray[np.float32]


class Steps(Protocol):
    """What a network needs from its backend; images float32 (B, S, S, 3), targets float32 (B, C)."""

    def train(self, images: Floats, targets: Floats) -> None:
        """Take one optimiser step and add its loss and hits to the totals."""

    def totals(self) -> tuple[float, float]:
        """Return mean loss and accuracy over the steps since the last call, and start again from zero."""

    def forward(self, images: Floats) -> Floats:
        """Return logits (B, C) without dropout."""


def configure(threads: int = 1, memory_limit: int | None = None) -> None:
    """Set threads, determinism and Keras' own settings; call once, before the first computation.

    One thread per process makes floating-point sums independent of scheduling, and on small networks
    two such processes do nearly twice the work of one process with two threads.

    Args:
        threads: of one operation, and of operations side by side.
        memory_limit: MiB of GPU memory that this process may take; None lets it grow as needed.
            The GPU branches have not been run by the authors.
    """
    surroundings.reset_keras(keras)
    cv2.setNumThreads(threads)  # augmentation
    if keras.backend.backend() != "tensorflow":
        return
    import tensorflow as tf  # noqa: PLC0415 - only on this backend

    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        devices = tf.config.list_physical_devices("GPU")
        for device in devices:
            if memory_limit:
                limit = tf.config.LogicalDeviceConfiguration(memory_limit=memory_limit)
                tf.config.set_logical_device_configuration(device, [limit])
            else:
                tf.config.experimental.set_memory_growth(device, True)
    except RuntimeError:  # TensorFlow has computed already: a process that does more than run experiments
        return
    if devices:
        # On one CPU thread the kernels are deterministic as they are.
        tf.config.experimental.enable_op_determinism()


def has_device() -> bool:
    """Tell whether steps run on a device of their own, such as a GPU, while the processor is idle."""
    if keras.backend.backend() not in ("tensorflow", "jax"):
        return False
    return any(not name.startswith("cpu") for name in keras.distribution.list_devices())


def compile_steps(model: keras.Model, optimizer: Any, batch_size: int) -> Steps:
    """Return the training step and forward pass of `model`, compiled where the backend can.

    Raises:
        RunError: the compiled step needs a variable that neither a layer nor the optimiser holds.
    """
    if keras.backend.backend() == "tensorflow":
        return TensorFlowSteps(model, optimizer, batch_size)
    return _PlainSteps(model, optimizer)


def compile_forward(model: keras.Model) -> Callable[[Floats], Floats]:
    """Return the forward pass of a model that is not trained, compiled where the backend can."""
    if keras.backend.backend() == "tensorflow":
        return _TensorFlowForward(model)
    return lambda images: np.asarray(model.predict_on_batch(images), dtype=np.float32)


def activations(model: keras.Model) -> tuple[int, int]:
    """Return how many numbers a forward pass makes for one image, in all and at most in one operation.

    On TensorFlow, of every operation of the traced graph; elsewhere, of the layers that know their output.
    """
    if keras.backend.backend() == "tensorflow":
        shapes = _TensorFlowForward(model, training=True).shapes()
    else:
        layers = [layer for layer in model._flatten_layers() if not isinstance(layer, keras.Model)]
        shapes = [tuple(layer.output.shape[1:]) for layer in layers if hasattr(layer, "output")]
    sizes = [math.prod(number or 1 for number in shape) for shape in shapes]
    return sum(sizes), max(sizes, default=0)


class _TensorFlowForward:
    def __init__(self, model: keras.Model, *, training: bool = False) -> None:
        import tensorflow as tf  # noqa: PLC0415 - only on this backend

        def forward(images: Any) -> Any:
            return model(images, training=training)

        many = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)
        self._forward = tf.function(forward, input_signature=[many], autograph=False).get_concrete_function()
        self._copied, self._shared = tf.convert_to_tensor, tf.experimental.dlpack.from_dlpack

    def __call__(self, images: Floats) -> Floats:
        return np.asarray(self._forward(self.tensor(images)), dtype=np.float32)

    def shapes(self) -> list[tuple[int | None, ...]]:
        """Return the shape, without the batch, of everything that the graph computes for each image."""
        outputs = [output.shape for operation in self._forward.graph.get_operations() for output in operation.outputs]
        return [tuple(shape[1:]) for shape in outputs if shape.rank and shape[0] is None]

    def tensor(self, values: Floats) -> Any:
        """Return `values` as a tensor, without copying them where TensorFlow can read them where they lie."""
        # Its kernels end the process where shared memory starts at any other address.
        if values.flags.carray and values.__array_interface__["data"][0] % ALIGNMENT == 0:
            return self._shared(values.__dlpack__())
        return self._copied(values)


class TensorFlowSteps:
    """Compiled steps; see `Steps`.

    Attributes:
        images: how many the steps since the last totals were taken on.
        tensor: makes a tensor of an array, see `_TensorFlowForward.tensor`.
    """

    def __init__(self, model: keras.Model, optimizer: Any, batch_size: int) -> None:
        import tensorflow as tf  # noqa: PLC0415 - only on this backend

        self._loss = tf.Variable(0.0, dtype=tf.float64, trainable=False)
        self._hits = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.images = 0
        trainable = model.trainable_variables
        shape = model.input_shape[1:]
        update = compiled_update(optimizer, trainable, device=has_device())

        def train(images: Any, targets: Any) -> None:
            with tf.GradientTape() as tape:
                logits = model(images, training=True)
                loss = tf.nn.softmax_cross_entropy_with_logits(labels=targets, logits=logits)
                # Losses of layers, such as weight regularisation, count as in Keras.
                penalties = [tf.cast(penalty, loss.dtype) for penalty in model.losses]
                mean = tf.add_n([tf.reduce_mean(loss), *penalties]) if penalties else tf.reduce_mean(loss)
            update(tape.gradient(mean, trainable))
            self.add(loss, penalties, logits, targets, batch_size)

        features = tf.TensorSpec((batch_size, *shape), tf.float32)
        targets = tf.TensorSpec((batch_size, model.output_shape[-1]), tf.float32)
        with fused_normalisation(model, device=has_device()):
            compiled = tf.function(train, input_signature=[features, targets], autograph=False)
            self._train = compiled.get_concrete_function()
        check_held(self._train.variables, [*model.variables, *optimizer.variables], [self])
        self.forward = _TensorFlowForward(model)
        self.tensor = self.forward.tensor

    @property
    def counters(self) -> list[Any]:
        """The variables that hold the totals."""
        return [self._loss, self._hits]

    def add(self, loss: Any, penalties: list[Any], logits: Any, targets: Any, images: int) -> None:
        """Add a step to the totals, inside its graph.

        Args:
            loss: (B,) of every image.
            penalties: losses of layers.
            logits: (B, C).
            targets: (B, C).
            images: B.
        """
        import tensorflow as tf  # noqa: PLC0415 - only on this backend

        self._loss.assign_add(tf.reduce_sum(tf.cast(loss, tf.float64)))
        if penalties:
            self._loss.assign_add(images * tf.cast(tf.add_n(penalties), tf.float64))
        hits = tf.equal(tf.argmax(logits, axis=-1), tf.argmax(targets, axis=-1))
        self._hits.assign_add(tf.reduce_sum(tf.cast(hits, tf.int64)))

    def train(self, images: Floats, targets: Floats) -> None:
        """Take one step, see `Steps`."""
        self.images += len(images)
        self._train(self.tensor(images), self.tensor(targets))

    def totals(self) -> tuple[float, float]:
        """Return mean loss and accuracy, see `Steps`."""
        images = max(self.images, 1)
        loss, hits = float(self._loss.numpy()) / images, int(self._hits.numpy()) / images
        self._loss.assign(0.0)
        self._hits.assign(0)
        self.images = 0
        return loss, hits


def check_held(used: Any, renewed: list[Any], counters: list[Any]) -> None:
    """Raise RunError where a step needs a variable that nobody would renew, so that no checkpoint would hold it.

    Args:
        used: variables of TensorFlow that the step needs.
        renewed: variables of Keras that are made new for every block.
        counters: variables of TensorFlow that are set back after every epoch, or `TensorFlowSteps` that have some.
    """
    held = {id(variable.value) for variable in renewed}
    for counter in counters:
        held |= {id(each) for each in (counter.counters if isinstance(counter, TensorFlowSteps) else [counter])}
    for variable in used:
        if id(variable) not in held:
            raise RunError(
                f"model: a step changes {variable.name!r}, which no layer holds, so it cannot be made new for "
                "every seed; random numbers need a keras.random.SeedGenerator that is an attribute of the layer"
            )


class _PlainSteps:
    """The same through Keras' public interface; slower, for any backend."""

    def __init__(self, model: keras.Model, optimizer: Any) -> None:
        loss = keras.losses.CategoricalCrossentropy(from_logits=True)
        model.compile(optimizer=optimizer, loss=loss, metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")])
        self._model = model
        self._sums, self._batches = np.zeros(2), 0

    def train(self, images: Floats, targets: Floats) -> None:
        self._model.reset_metrics()  # whether they are means over one batch or all depends on the version
        measures = self._model.train_on_batch(images, targets, return_dict=True)
        self._sums += float(measures["loss"]), float(measures["accuracy"])
        self._batches += 1

    def totals(self) -> tuple[float, float]:
        loss, accuracy = self._sums / max(self._batches, 1)
        self._sums, self._batches = np.zeros(2), 0
        return float(loss), float(accuracy)

    def forward(self, images: Floats) -> Floats:
        return np.asarray(self._model.predict_on_batch(images), dtype=np.float32)
