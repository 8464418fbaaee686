"""The Keras layers that a policy may name, known without importing Keras.

Only layers that take pictures to pictures of the same size, one at a time and without training, are
here. Left out of `keras.layers`' image preprocessing layers: `CutMix` and `MixUp` (they need labels;
augexp has its own), `MaxNumBoundingBoxes` (no pictures), and `CenterCrop`, `RandomCrop` and `Resizing`
unless they keep the size, which the adapter checks when it runs.
"""

from __future__ import annotations

LAYERS = (
    "AugMix",
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

REFUSED = ("CutMix", "MaxNumBoundingBoxes", "MixUp")
"""Image preprocessing layers of Keras that cannot be an operation of a policy."""
