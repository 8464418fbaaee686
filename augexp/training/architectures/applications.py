"""Networks of keras.applications, without their heads, from images in [0, 1] to features.

Each network was trained on images on a scale of its own; that step (``preprocess_input`` of its module) becomes a part
of the network, so that images stay in [0, 1] outside.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import keras  # noqa: TID253 - this module is only loaded by workers

from augexp.experiment.training import Training
from augexp.training.architectures.build_errors import explained

DOWNLOAD_TIMEOUT = 1800.0
"""Seconds to wait for another process that downloads weights."""


def build(training: Training, image_size: int) -> keras.Model:
    """Build a network of keras.applications without its head, with global average pooling.

    Args:
        training: its `model` is the name, its `weights` are `imagenet` (downloaded by Keras itself, into its own
            cache), `none` or a file.
        image_size: S.

    Returns:
        A model from images, float32 (B, S, S, 3) in [0, 1], to features (B, D).

    Raises:
        RunError: one line that says why it cannot be built, or its weights cannot be had.
    """
    name, weights = training.model, training.weights or "imagenet"
    images = keras.Input((image_size, image_size, 3), dtype="float32", name="images")
    function = getattr(keras.applications, name)
    if weights == "imagenet":
        what, advice = f"ImageNet weights of {name} cannot be had", _imagenet_advice()
    elif weights == "none":
        what, advice = f"{name} cannot be built for images of {image_size} pixels", "choose another --image-size"
    else:
        what = f"{name} cannot take the weights of {os.path.basename(weights)}"
        advice = "the file has to hold the weights of this network built with include_top=False"
    with explained(what, advice), _one_download(weights):
        base = function(
            include_top=False,
            weights=None if weights == "none" else weights,
            input_shape=(image_size, image_size, 3),
            pooling="avg",
        )
    return keras.Model(images, base(_preprocessed(function, images)), name=name.lower())


def _preprocessed(function: Any, images: Any) -> Any:
    """Bring images from [0, 1] to the scale of the network."""
    pixels = keras.layers.Rescaling(255.0, name="pixels")(images)
    return sys.modules[function.__module__].preprocess_input(pixels)


def _imagenet_advice() -> str:
    folder = Path(os.environ.get("KERAS_HOME", "~/.keras")) / "models"
    return f"say --weights none or --weights FILE, or put the file into {folder}, where Keras looks first"


def _one_download(weights: str) -> Any:
    """Let one process of this machine at a time download."""
    if weights != "imagenet":
        return contextlib.nullcontext()
    import filelock  # noqa: PLC0415 - only where it is needed

    place = Path(tempfile.gettempdir()) / f"augexp-imagenet-{os.getuid() if hasattr(os, 'getuid') else 0}.lock"
    return filelock.FileLock(place, timeout=DOWNLOAD_TIMEOUT)
