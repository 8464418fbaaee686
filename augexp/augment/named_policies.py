"""The built-in policies, each with a version and its source.

A version is raised when the operations or their ranges change, so that an old definition that names
``randaugment@1`` is refused rather than run with other images.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class NamedPolicy:
    """A built-in policy; `copies` and `learned` as in `augexp.augment.policy.Policy`, the latter as plain values."""

    version: int
    summary: str
    source: str
    operations: tuple[Mapping[str, Any], ...]
    copies: int = 0
    learned: Mapping[str, Any] | None = field(default=None)


_STANDARD: tuple[Mapping[str, Any], ...] = (
    {"op": "horizontal_flip"},
    {"op": "rotation", "degrees": 15.0},
    {"op": "zoom", "factor": 0.12},
    {"op": "shift", "x": 0.1, "y": 0.1},
    {"op": "brightness", "factor": 0.25},
)

_PEREZ_WANG = "Perez & Wang 2017 (arXiv 1712.04621)"

NAMED_POLICIES: dict[str, NamedPolicy] = {
    "none": NamedPolicy(1, "no augmentation: the baseline", "-", ()),
    "aa": NamedPolicy(
        1, "no augmentation under a second name: the A/A control, whose gain must be exactly zero", "-", (),
    ),
    "flip": NamedPolicy(1, "mirrors half of the pictures", "Krizhevsky et al. 2012", ({"op": "horizontal_flip"},)),
    "crop": NamedPolicy(
        1, "random crop after padding by an eighth (4 of 32 pixels)", "He et al. 2015 (arXiv 1512.03385)",
        ({"op": "random_crop", "padding": 0.125},),
    ),
    "standard": NamedPolicy(
        1, "flip, rotation, zoom, shift and brightness, mild enough for natural photos",
        "the usual recipe; ranges of this project", _STANDARD,
    ),
    "strong": NamedPolicy(
        1, "standard with wider ranges, plus shear, contrast, saturation, hue and erasing", "ranges of this project",
        (
            {"op": "horizontal_flip"},
            {"op": "rotation", "degrees": 30.0},
            {"op": "shear", "x": 15.0, "y": 15.0},
            {"op": "zoom", "factor": 0.3},
            {"op": "shift", "x": 0.2, "y": 0.2},
            {"op": "brightness", "factor": 0.4},
            {"op": "contrast", "factor": 0.4},
            {"op": "saturation", "factor": 0.5},
            {"op": "hue", "degrees": 15.0},
            {"op": "erasing", "p": 0.5, "area_max": 0.25},
        ),
    ),
    "randaugment": NamedPolicy(
        1, "two random operations of 14 at magnitude 9 of 30", "Cubuk et al. 2019 (arXiv 1909.13719)",
        ({"op": "randaugment", "n": 2, "m": 9.0},),
    ),
    "trivialaugment": NamedPolicy(
        1, "one random operation of 14 at a random strength, wide ranges", "Mueller & Hutter 2021 (arXiv 2103.10158)",
        ({"op": "trivialaugment"},),
    ),
    "augmix": NamedPolicy(
        1, "three random chains mixed with the original; without the consistency loss of the paper",
        "Hendrycks et al. 2019 (arXiv 1912.02781)", ({"op": "augmix", "severity": 3.0, "width": 3, "depth": 3},),
    ),
    "autoaugment": NamedPolicy(
        1, "the 25 sub-policies learned on CIFAR-10 (flip, padded crop and cutout of the paper are policies of their "
        "own here)", "Cubuk et al. 2018 (arXiv 1805.09501)", ({"op": "autoaugment"},),
    ),
    "cutout": NamedPolicy(
        1, "covers a square of half the side", "DeVries & Taylor 2017 (arXiv 1708.04552)",
        ({"op": "cutout", "size": 0.5},),
    ),
    "mixup": NamedPolicy(
        1, "blends pairs of pictures and their labels", "Zhang et al. 2017 (arXiv 1710.09412)",
        ({"op": "mixup", "alpha": 0.2},),
    ),
    "cutmix": NamedPolicy(
        1, "pastes a box of a second picture and mixes the labels by area", "Yun et al. 2019 (arXiv 1905.04899)",
        ({"op": "cutmix", "alpha": 1.0},),
    ),
    "traditional": NamedPolicy(
        1, "one fixed copy of each image beside it: shifted, zoomed, turned, flipped, distorted and of another hue",
        f"{_PEREZ_WANG}; ranges of this project", (
            {"op": "horizontal_flip"},
            {"op": "rotation", "degrees": 15.0},
            {"op": "zoom", "factor": 0.2},
            {"op": "shift", "x": 0.1, "y": 0.1},
            {"op": "perspective"},
            {"op": "hue", "degrees": 20.0},
        ), copies=1,
    ),
    "neural": NamedPolicy(
        1, "a network makes an image of two others of the class; it learns from the loss of the classifier alone",
        _PEREZ_WANG, (), learned={"loss": "none"},
    ),
    "neural-content": NamedPolicy(
        1, "a network makes an image of two others of the class, and learns to make it like a third one", _PEREZ_WANG,
        (), learned={"loss": "content"},
    ),
    "neural-style": NamedPolicy(
        1, "a network makes an image of two others of the class, and learns to give it the colours of a third one",
        _PEREZ_WANG, (), learned={"loss": "style"},
    ),
    "neural-same": NamedPolicy(
        1, "control: the network of neural, which is given the image itself twice", _PEREZ_WANG, (),
        learned={"loss": "none", "inputs": "same"},
    ),
    "random": NamedPolicy(
        1, "a random policy as control: random operations of the families of standard, default ranges, drawn anew for "
        "every picture", "control; see random_chain", ({"op": "random_chain", "n": 4},),
    ),
    "harmful": NamedPolicy(
        1, "a deliberately harmful control: turns pictures anywhere, keeps one bit, adds heavy noise and covers most",
        "control", (
            {"op": "vertical_flip"},
            {"op": "rotation", "degrees": 180.0},
            {"op": "zoom", "factor": 0.9},
            {"op": "posterize", "bits": 1, "p": 0.5},
            {"op": "invert"},
            {"op": "hue", "degrees": 180.0},
            {"op": "noise", "std": 0.5},
            {"op": "cutout", "size": 0.9},
        ),
    ),
}  # fmt: skip
"""The policies by name."""
