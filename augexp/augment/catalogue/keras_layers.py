"""The Keras layers that a policy may name as operations, known without importing Keras.

Only layers that take images to images, one at a time and without training, are here. `CenterCrop`,
`RandomCrop` and `Resizing` are allowed where they keep the size, which is checked when they run.
"""

from __future__ import annotations

from augexp.augment.catalogue.base import KerasExpression, Operation, Spec

KERAS = "keras:"
"""Prefix of the name of an operation that is a Keras layer."""

LAYERS = (
    "AutoContrast",
    "CenterCrop",
    "ContrastLimitedAdaptiveHistogramEqualization",
    "Equalization",
    "RandAugment",
    "RandomBrightness",
    "RandomColorDegeneration",
    "RandomColorJitter",
    "RandomContrast",
    "RandomCrop",
    "RandomElasticTransform",
    "RandomErasing",
    "RandomFlip",
    "RandomGaussianBlur",
    "RandomGrayscale",
    "RandomHue",
    "RandomInvert",
    "RandomPerspective",
    "RandomPosterization",
    "RandomRotation",
    "RandomSaturation",
    "RandomSharpness",
    "RandomShear",
    "RandomTranslation",
    "RandomZoom",
    "Resizing",
    "Solarization",
)
"""Names of allowed classes of `keras.layers`."""

WORDS = {("RandomFlip", "mode"): ("horizontal", "vertical", "horizontal_and_vertical")}
"""What a parameter may be of which Keras takes every word: with another one its layer would do nothing."""

REFUSED = {
    "AugMix": "it chooses with Python's global generator, so that no run could be repeated; use op = 'augmix'",
    "CutMix": "it needs the labels; use op = 'cutmix'",
    "MaxNumBoundingBoxes": "it changes no pictures",
    "MixUp": "it needs the labels; use op = 'mixup'",
}
"""Image preprocessing layers of Keras that cannot be an operation of a policy, and why."""


def _itself(operation: Operation) -> KerasExpression:
    values = {key: value for key, value in operation.parameters if key != "value_range"}
    arguments = ", ".join(f"{key}={value!r}" for key, value in values.items())
    large = operation["value_range"][1] == 255
    note = "" if large else "give it pictures on the scale 0 to 1: move it behind Rescaling"
    return KerasExpression(f"{operation.name.removeprefix(KERAS)}({arguments})", note)


SPECS = {
    KERAS + name: Spec("keras", KERAS + name, f"the layer keras.layers.{name}", "", draws=2, keras=_itself)
    for name in LAYERS
}
"""Layers by the name of the operation; their two draws are the halves of the state of a Keras random generator.

Keras checks their parameters, when the layer is built.
"""
