"""A process that builds a network once, says how large it is or why it cannot be built, and ends.

So the process that the user has started loads no TensorFlow and executes no file of a network.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from augexp import child_process
from augexp.engines import worker

if TYPE_CHECKING:
    from augexp.experiment.training import Training


def main() -> None:
    """Answer one question: ``(Training, image size, number of classes)``."""
    driver = child_process.parent()
    training, image_size, num_classes = driver.receive()
    size: list[tuple[int, int, int, bool]] = []
    ending, message = worker.attempt(lambda: size.append(_measure(training, image_size, num_classes)))
    driver.send(("size", size[0]) if ending == "finished" else ("error", message))


def _measure(training: Training, image_size: int, num_classes: int) -> tuple[int, int, int, bool]:
    with worker.without_needless_imports():
        from augexp.training import backend  # noqa: PLC0415 - loads TensorFlow
        from augexp.training.architectures import base  # noqa: PLC0415

    backend.configure(threads=1)
    architecture = base.build(training, image_size, num_classes)
    activations, largest = backend.activations(architecture.backbone or architecture.model)
    weights = sum(math.prod(variable.shape) for variable in architecture.whole.weights)
    return weights, activations, largest, architecture.backbone is None


if __name__ == "__main__":
    main()
