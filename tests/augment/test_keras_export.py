"""A policy as Keras layers: the text builds a model that runs, and says what it cannot express."""

from __future__ import annotations

import ast

import numpy as np
import pytest

from augexp.augment import keras_export
from augexp.augment import policy as policies
from augexp.augment.catalogue.registry import SPECS
from augexp.augment.named_policies import NAMED_POLICIES


def layers(text):
    """Return the calls on `layers` that build the model, by name."""
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    return [call.func.attr for call in calls if ast.unparse(call.func).startswith("layers.")]


def custom(*listed):
    return policies.resolve("mine", {"mine": {"operations": list(listed)}})


def test_every_operation_is_expressed_or_said_to_have_no_equivalent():
    for name, spec in SPECS.items():
        expression = spec.keras(custom({"op": name}).operations[0])
        assert expression.code or expression.note


def test_standard():
    assert keras_export.export(policies.resolve("standard")) == (
        "import keras\n"
        "from keras import layers\n"
        "\n"
        "# standard@1: flip, rotation, zoom, shift and brightness, mild enough for natural photos\n"
        "augmentation = keras.Sequential(\n"
        "    [\n"
        '        layers.RandomFlip("horizontal"),\n'
        '        layers.RandomRotation(0.0416667, fill_mode="reflect"),\n'
        "        # zoom: same range; Keras draws 1 / size uniformly rather than the size\n"
        '        layers.RandomZoom((-0.107143, 0.136364), fill_mode="reflect"),\n'
        '        layers.RandomTranslation(0.1, 0.1, fill_mode="reflect"),\n'
        "        # brightness: Keras adds to the values; asked for was to multiply them\n"
        "        layers.RandomBrightness(0.25, value_range=(0, 255)),\n"
        "        layers.Rescaling(1 / 255),\n"
        "    ]\n"
        ")\n"
    )


@pytest.mark.parametrize("name", NAMED_POLICIES)
def test_every_policy_gives_python_that_names_every_operation_or_expresses_it(name):
    policy = policies.resolve(name)
    text = keras_export.export(policy)
    missing = text.count("# not expressible: ")
    assert len(layers(text)) == len(policy.operations) - missing + 1
    assert layers(text)[-1] == "Rescaling"


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMED_POLICIES)
def test_the_text_builds_layers_that_run(name):
    scope = {}
    exec(keras_export.export(policies.resolve(name)), scope)
    images = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3)).astype(np.float32)
    result = np.asarray(scope["augmentation"](images, training=True))
    assert result.shape == images.shape
    assert np.isfinite(result).all()


def test_a_probability_that_keras_does_not_have_is_said():
    text = keras_export.export(
        custom({"op": "rotation", "p": 0.5}, {"op": "horizontal_flip", "p": 0.1}, {"op": "jpeg"})
    )
    assert "Keras changes every picture; asked for was p = 0.5" in text
    assert "Keras flips half of the pictures; asked for was p = 0.1" in text
    assert "# not expressible: jpeg: Keras has no compression" in text


def test_noise_stands_behind_rescaling():
    text = keras_export.export(custom({"op": "noise", "std": 0.2}))
    assert layers(text) == ["Rescaling"]
    assert "not expressible: noise: layers.GaussianNoise(0.2) at its full strength" in text


def test_what_keras_does_not_reach_is_left_out():
    text = keras_export.export(custom({"op": "zoom", "factor": 0.8}, {"op": "shear", "x": 50.0}))
    assert layers(text) == ["Rescaling"]
    assert text.count("not expressible") == 2


def test_a_keras_layer_comes_back_as_itself():
    text = keras_export.export(custom({"keras": "RandomPerspective", "factor": 0.3, "value_range": [0, 1]}))
    assert "layers.RandomPerspective(factor=0.3)," in text
    assert "move it behind Rescaling" in text


def test_copies_and_learned_parts_are_said_to_be_left_out():
    assert "left out: 1 fixed copies of each image" in keras_export.export(policies.resolve("traditional"))
    assert "left out: the learned part" in keras_export.export(policies.resolve("neural"))
