"""Networks of keras.applications by name: their preprocessing, weights from Keras' cache or a file, one-line errors."""

from __future__ import annotations

import urllib.error
import warnings
from pathlib import Path

import keras
import numpy as np
import pytest
from keras.src.utils import file_utils

from augexp.errors import RunError
from augexp.experiment.training import Training
from augexp.training.architectures import base
from augexp.training.architectures.weight_origins import value_of

SIZE = 32


def build(model: str = "MobileNet", **changes) -> base.Architecture:
    return base.build(Training(model=model, batch_size=4, **changes), SIZE, 3)


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """A file of weights of MobileNet without its head, and what it makes of an image."""
    path = tmp_path_factory.mktemp("weights") / "mobilenet.weights.h5"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's, of how Keras reads its variables
        keras.utils.set_random_seed(11)
        keras.applications.MobileNet(include_top=False, weights=None, input_shape=(SIZE, SIZE, 3)).save_weights(path)
    return path


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).random((2, SIZE, SIZE, 3), np.float32)


def test_drawn_anew_for_every_seed() -> None:
    architecture = build(weights="none")
    starts = []
    for seed in (1, 2, 1):
        architecture.renew(0, seed)
        starts.append([value_of(variable) for variable in architecture.model.weights])
    kernels = [i for i, variable in enumerate(architecture.model.weights) if variable.name == "kernel"]
    assert len(kernels) == 28
    assert all(not np.array_equal(starts[0][i], starts[1][i]) for i in kernels)
    assert all(np.array_equal(*pair) for pair in zip(starts[0], starts[2], strict=True))
    assert architecture.drawn == sum(starts[0][i].size for i in kernels)


@pytest.mark.parametrize("way", ["file", "imagenet"])
def test_trained_weights_and_own_preprocessing_from_a_file_and_from_the_cache_of_keras(
    way, weights, images, tmp_path, monkeypatch
) -> None:
    load = keras.Model.load_weights
    if way == "file":
        architecture = build(weights=str(weights), tune="head")
    else:
        cached = tmp_path / "models" / "mobilenet_1_0_224_tf_no_top.h5"
        cached.parent.mkdir()
        cached.write_bytes(weights.read_bytes())
        # The file of the test is in today's format, and the one that Keras would download in an older one.
        loaded = []
        monkeypatch.setattr(keras.Model, "load_weights", lambda net, path: (loaded.append(path), load(net, weights)))
        monkeypatch.setattr(file_utils.config, "keras_home", lambda: str(tmp_path))
        architecture = build(tune="head")
        assert loaded == [str(cached)]
        monkeypatch.undo()
    plain = keras.applications.MobileNet(include_top=False, weights=None, input_shape=(SIZE, SIZE, 3), pooling="avg")
    plain.load_weights(weights)
    expected = np.asarray(plain(keras.applications.mobilenet.preprocess_input(images * 255.0)))
    assert np.allclose(np.asarray(architecture.backbone(images)), expected, atol=1e-4)
    assert (architecture.drawn, len(architecture.model.weights)) == (1024 * 3, 2)
    assert not architecture.backbone.trainable_variables


def test_the_whole_network_goes_back_to_its_weights_for_every_seed(weights) -> None:
    architecture = build(weights=str(weights))
    starts = []
    for seed in (1, 2):
        architecture.renew(0, seed)
        starts.append([value_of(variable) for variable in architecture.model.weights])
        for variable in architecture.model.weights:
            variable.assign(variable + 1)
    differing = [
        v.path for v, a, b in zip(architecture.model.weights, *starts, strict=True) if not np.array_equal(a, b)
    ]
    assert differing == ["logits/kernel"]


def test_what_is_wrong_is_said_in_one_line(weights, tmp_path, monkeypatch) -> None:
    def offline(*arguments, **details):
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr(file_utils.config, "keras_home", lambda: str(tmp_path))
    monkeypatch.setattr(file_utils, "urlretrieve", offline)
    (tmp_path / "text.weights.h5").write_text("no weights")
    for changes, words in (
        ({}, "ImageNet weights of MobileNet cannot be had: .*Name or service not known; say --weights none or --wei"),
        ({"weights": str(tmp_path / "text.weights.h5")}, "MobileNet cannot take the weights of text.weights.h5: "),
        ({"weights": str(weights), "model": "MobileNetV2"}, "MobileNetV2 cannot take the weights of mobilenet.weights"),
    ):
        with pytest.raises(RunError, match=words) as caught:
            build(**changes)
        assert "\n" not in str(caught.value)
