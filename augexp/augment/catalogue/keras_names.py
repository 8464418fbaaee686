"""The Keras layers that a policy may name, known without importing Keras.

Only layers that take pictures to pictures, one at a time and without training, are here. `CenterCrop`,
`RandomCrop` and `Resizing` are allowed where they keep the size, which the adapter checks when it runs.
"""

from __future__ import annotations

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

REFUSED = {
    "AugMix": "it chooses with Python's global generator, so that no run could be repeated; use op = 'augmix'",
    "CutMix": "it needs the labels; use op = 'cutmix'",
    "MaxNumBoundingBoxes": "it changes no pictures",
    "MixUp": "it needs the labels; use op = 'mixup'",
}
"""Image preprocessing layers of Keras that cannot be an operation of a policy, and why."""
