"""How much memory a run of a network needs, so that ``--jobs auto`` starts no more of them than there is room for.

Measured, private memory in MB of a process that trains 32 images at a time, and what the rule below says: `residual`
at 64 and 128 pixels 433 and 911, 900 and 1,646; EfficientNet-Lite0 with 3.4 million weights 683 and 1,164, 916 and
1,621; frozen 378 and 749, 900 and 1,254. What a worker takes beside the network, such as images that wait to be
trained on, is in the part that all have.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from augexp.augment.learned import Learned
from augexp.child_process import ChildProcess
from augexp.engines.resources import WORKER_MEMORY
from augexp.engines.worker_process import THREAD_VARIABLES
from augexp.errors import RunError
from augexp.experiment import networks
from augexp.experiment.training import Training

MODULE = "augexp.engines.network_measure"
"""What the process executes that builds a network to measure it."""

FLOAT = 4
"""Bytes of a number; mixed precision is not counted on."""

EVALUATION_BATCH = 128
"""Images per forward pass of evaluations and of a frozen backbone."""

BASE = 600 * 2**20
"""Bytes of libraries, images and their augmentation."""

COPIES = 6
"""How often a weight is there: itself, its start, its gradient, two moments of the optimiser, and in a checkpoint."""

KEPT = 0.7
"""Share of all outputs of a forward pass that wait for the gradient at once; measured: 0.45 and 0.57."""

ALIVE = 3
"""Outputs of the largest size that a forward pass holds at once, scratch memory included."""


class NetworkSize(NamedTuple):
    """What memory depends on.

    Attributes:
        weights: numbers of the whole network.
        activations: numbers that a forward pass makes for an image.
        largest: of them, the most that one operation makes.
        trained: whether the gradient goes through them, or only through a head.
    """

    weights: int
    activations: int
    largest: int
    trained: bool = True


_PER_PIXEL = {"small": (26, 4, 64), "residual": (747, 16, 64), "smallnet": (189, 16, 2053), "tiny": (9, 3, 64)}
"""Activations, largest output and weights of the networks that are built in, per pixel of the image."""


def built_in_size(model: str, image_size: int) -> NetworkSize:
    """Return the size of a network of `augexp.training.models`, without building it."""
    activations, largest, weights = (number * image_size**2 for number in _PER_PIXEL[model])
    return NetworkSize(200_000 + weights, activations, largest)


def run_memory(size: NetworkSize, batch_size: int) -> int:
    """Return the bytes of private memory that a worker needs for a network; never less than for a small one."""
    training = int(KEPT * batch_size * size.activations) if size.trained else 0
    images = max(training, EVALUATION_BATCH * ALIVE * size.largest)
    return max(WORKER_MEMORY, BASE + FLOAT * (images + COPIES * size.weights))


def with_learned(memory: int, learned: Learned, image_size: int, batch_size: int) -> int:
    """Return the bytes that a run needs where a learned policy makes images, too.

    The network sees twice the images in a step; what makes them keeps its outputs for the gradient.

    Args:
        memory: of a run with twice the images in a step.
        learned: of the policy.
        image_size: side of the images in pixels.
        batch_size: originals in a step.
    """
    outputs = 2 * learned.layers * learned.filters + learned.pictures * 6
    return memory + FLOAT * int(KEPT * batch_size * outputs * image_size**2)


def needed(training: Training, image_size: int, num_classes: int, parts: Sequence[Learned]) -> int:
    """Return the bytes that the largest run needs where arms have these learned parts; see `memory_of`."""
    if not parts:
        return memory_of(training, image_size, num_classes)
    batch_size = training.batch_size
    doubled = memory_of(training.model_copy(update={"batch_size": 2 * batch_size}), image_size, num_classes)
    return max(with_learned(doubled, part, image_size, batch_size) for part in parts)


def memory_of(training: Training, image_size: int, num_classes: int) -> int:
    """Return the bytes that a run of this network needs; a network from elsewhere is built once in another process.

    Raises:
        RunError: it cannot be built.
    """
    if networks.kind_of(training.model) == "built-in":
        return run_memory(built_in_size(training.model, image_size), training.batch_size)
    return run_memory(_measured(training, image_size, num_classes), training.batch_size)


def _measured(training: Training, image_size: int, num_classes: int) -> NetworkSize:
    environment = {**dict.fromkeys(THREAD_VARIABLES, "1"), "TF_CPP_MIN_LOG_LEVEL": "3"}
    child = ChildProcess(MODULE, environment)
    try:
        child.send((training, image_size, num_classes))
        kind, answer = child.receive()
    except (EOFError, OSError):
        raise RunError(
            f"model: the process that builds {networks.short('model', training.model)} has ended; it may need more "
            "memory than there is: name the number of runs side by side with --jobs"
        ) from None
    finally:
        child.close()
    if kind != "size":
        raise RunError(answer)
    return NetworkSize(*answer)
