"""Keras layers as operations: any image layer by name, as independent of the batch as the operations of augexp."""

from __future__ import annotations

import numpy as np
import pytest

from augexp.augment import policy as policies
from augexp.augment.catalogue.keras_layers import LAYERS, REFUSED
from augexp.augment.pipeline import Augmenter
from augexp.errors import DefinitionError

SIDE = 8
NEEDED = {
    "CenterCrop": {"height": SIDE, "width": SIDE},
    "RandomBrightness": {"factor": 0.3},
    "RandomColorDegeneration": {"factor": 0.5},
    "RandomColorJitter": {"brightness_factor": 0.3},
    "RandomContrast": {"factor": 0.3},
    "RandomCrop": {"height": SIDE, "width": SIDE},
    "RandomHue": {"factor": 0.3},
    "RandomPosterization": {"factor": 3},
    "RandomRotation": {"factor": 0.2},
    "RandomSaturation": {"factor": 0.8},
    "RandomSharpness": {"factor": 0.8},
    "RandomTranslation": {"height_factor": 0.3, "width_factor": 0.3},
    "RandomZoom": {"height_factor": 0.3},
    "Resizing": {"height": SIDE, "width": SIDE},
}


def batch(count=4, side=SIDE):
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (count, side, side, 3), dtype=np.uint8)
    return images, np.zeros(count, dtype=np.int64), random.integers(0, 2**64, count, dtype=np.uint64)


def augmenter(*listed, seed=0):
    policy = policies.resolve("mine", {"mine": {"operations": list(listed)}})
    return Augmenter(policy, root_seed=0, seed=seed, num_classes=2)


def test_every_image_layer_of_keras_is_allowed_or_refused_with_a_reason():
    import keras
    from keras.src.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
        BaseImagePreprocessingLayer,
    )

    image_layers = {
        name
        for name in dir(keras.layers)
        if isinstance(layer := getattr(keras.layers, name), type) and issubclass(layer, BaseImagePreprocessingLayer)
    }
    assert image_layers == set(LAYERS) | set(REFUSED)


@pytest.mark.slow
@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_runs_and_does_not_depend_on_the_batch(name):
    images, labels, ids = batch()
    before = images.copy()
    augment = augmenter({"keras": name, **NEEDED.get(name, {})})
    whole = augment(images, labels, ids, 0)[0].copy()
    assert whole.dtype == np.float32
    assert whole.shape == images.shape
    assert whole.min() >= 0
    assert whole.max() <= 1
    np.testing.assert_array_equal(augment(images[2:3], labels[2:3], ids[2:3], 0)[0], whole[2:3])
    np.testing.assert_array_equal(augment(images[::-1], labels, ids[::-1], 0)[0], whole[::-1])
    np.testing.assert_array_equal(images, before)


def test_a_layer_flips_by_the_draw_of_its_image():
    images, labels, ids = batch(24)
    augment = augmenter({"keras": "RandomFlip", "mode": "horizontal"})
    whole = np.rint(augment(images, labels, ids, 0)[0] * 255).astype(np.uint8)
    flipped = (whole == images[:, :, ::-1]).all(axis=(1, 2, 3))
    assert (flipped | (whole == images).all(axis=(1, 2, 3))).all()
    assert 4 < flipped.sum() < 20
    again = np.rint(augment(images[5:9], labels[5:9], ids[5:9], 0)[0] * 255).astype(np.uint8)
    np.testing.assert_array_equal(again, whole[5:9])
    other = augment(images, labels, ids, 1)[0]
    assert not np.array_equal(other, whole / np.float32(255))


def test_a_layer_stands_between_operations_of_augexp():
    images, labels, ids = batch(2)
    chain = augmenter({"op": "invert", "p": 1.0}, {"keras": "RandomInvert", "factor": [1.0, 1.0]}, {"op": "solarize"})
    plain = augmenter({"op": "solarize"})
    np.testing.assert_array_equal(chain(images, labels, ids, 0)[0], plain(images, labels, ids, 0)[0])


def test_a_layer_that_works_on_0_to_1():
    images, labels, ids = batch(2)
    augment = augmenter({"keras": "RandomInvert", "factor": [1.0, 1.0], "value_range": [0, 1]})
    np.testing.assert_array_equal(np.rint(augment(images, labels, ids, 0)[0] * 255), 255 - images)


@pytest.mark.parametrize(
    ("listed", "parts"),
    [
        ({"keras": "CenterCrop", "height": 4, "width": 4}, ["(4, 4, 3) from (8, 8, 3)", "keep the shape"]),
        ({"keras": "RandomRotation", "factor": 0.1, "fill_mode": "sideways"}, ["refuses its parameters", "sideways"]),
        ({"keras": "RandomFlip", "speed": 2}, ["keras.layers.RandomFlip refuses its parameters"]),
    ],
    ids=["size", "value", "key"],
)
def test_a_layer_that_cannot_be_used_says_why_in_one_line(listed, parts):
    images, labels, ids = batch(2)
    with pytest.raises(DefinitionError) as caught:
        augmenter(listed)(images, labels, ids, 0)
    assert "\n" not in str(caught.value)
    for part in parts:
        assert part in str(caught.value)
