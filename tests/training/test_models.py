"""Networks that are made new: same address, same bits, whatever happened before."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras
import numpy as np
import pytest

from augexp.errors import RunError
from augexp.experiment import networks
from augexp.experiment.training import Training
from augexp.results import records
from augexp.training import backend, models, run
from augexp.training.network import Network, NetworkCache

HANDMADE = "handmade"


class Unit(keras.layers.Layer):
    """A layer with layers inside, one of them random."""

    def __init__(self, width: int, **details: Any) -> None:
        super().__init__(**details)
        self.dense = keras.layers.Dense(width, activation="relu", name="dense")
        self.dropout = keras.layers.Dropout(0.5, name="dropout")

    def build(self, shape: Any) -> None:
        self.dense.build(shape)

    def call(self, x: Any, training: bool = False) -> Any:
        return self.dropout(self.dense(x), training=training)


def handmade(image_size: int, num_classes: int, precision: str) -> keras.Model:
    """Normalisation, a model and layers as layers, four dropouts, and losses of layers."""
    layers = keras.layers
    images = keras.Input((image_size, image_size, 3), dtype="float32")
    x = layers.Conv2D(4, 3, strides=2, name="conv", kernel_regularizer="l2", dtype=precision)(images)
    x = layers.BatchNormalization(momentum=0.5, name="norm", dtype=precision)(x)
    x = layers.Dropout(0.5, name="first", dtype=precision)(layers.Flatten(dtype=precision)(x))
    inner = [layers.Dense(8, name="a", dtype=precision), layers.Dropout(0.5, dtype=precision)]
    inner += [
        layers.Dense(8, name="b", activity_regularizer="l2", dtype=precision),
        layers.Dropout(0.5, dtype=precision),
    ]
    x = keras.Sequential(inner, name="nested")(x)
    x = Unit(8, name="unit", dtype=precision)(x)
    return keras.Model(images, layers.Dense(num_classes, name="logits", dtype="float32")(x), name=HANDMADE)


def make(name: str) -> Network:
    # No definition can name the network of the tests.
    training = Training(batch_size=4).model_copy(update={"model": name})
    return Network(training, 16, 3, 100)


@pytest.fixture(scope="module", autouse=True)
def _with_handmade():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(models.MODELS, HANDMADE, handmade)
        yield


@pytest.fixture(scope="module", params=[*models.MODELS, HANDMADE])
def network(request, _with_handmade):
    return make(request.param)


def train(network, steps=3):
    generator = np.random.default_rng(0)
    for _ in range(steps):
        targets = np.eye(3, dtype=np.float32)[generator.integers(0, 3, 4)]
        network.train(generator.random((4, 16, 16, 3), np.float32), targets)


def positions(network):
    return {name: tuple(state.numpy()) for name, state in models.random_states(network.model).items()}


def test_renewed_is_as_new_also_in_optimiser_statistics_and_generators(network):
    network.renew(0, 5)
    start, generators = network.state(), positions(network)
    train(network)
    first, totals, moved = network.weights_hash(), network.totals(), positions(network)
    assert all(moved[name][0] == seed and moved[name][1] > 0 for name, (seed, _) in generators.items())
    network.renew(0, 6)
    assert all(positions(network)[name] != state for name, state in generators.items())
    assert network.weights_hash() != first
    train(network, 7)
    network.renew(0, 5)
    assert all(np.array_equal(*pair) for pair in zip(network.state(), start, strict=True))
    train(network)
    assert (network.weights_hash(), network.totals()) == (first, totals)


def test_goes_on_from_a_state(network):
    network.renew(0, 1)
    train(network, 2)
    state = network.state()
    train(network, 2)
    expected = network.weights_hash(), positions(network)
    network.renew(9, 9)
    network.restore(state)
    train(network, 2)
    assert (network.weights_hash(), positions(network)) == expected
    with pytest.raises(ValueError, match="another network"):
        network.restore(state[:-1])


def test_the_layers_of_a_network_start_differently(network):
    network.renew(0, 1)
    weights = {variable.path: np.asarray(variable.numpy()) for variable in network.model.weights}
    kernels = [weight.ravel()[:8].tobytes() for weight in weights.values() if weight.ndim > 1]
    assert len(set(kernels)) == len(kernels) >= 4
    for path, weight in weights.items():
        if weight.ndim == 1:
            assert np.all(weight == (1 if path.endswith(("gamma", "moving_variance")) else 0)), path
    generators = positions(network)
    assert len({seed for seed, _ in generators.values()}) == len(generators)
    assert {count for _, count in generators.values()} <= {0}


def test_evaluation_takes_moving_statistics_and_changes_nothing(network):
    network.renew(0, 1)
    moving = [variable for variable in network.model.weights if "moving" in variable.path]
    before = [variable.numpy().copy() for variable in moving]
    assert bool(moving) == (network.model.name in ("residual", "smallnet", HANDMADE))
    train(network)
    assert all(not np.array_equal(v.numpy(), old) for v, old in zip(moving, before, strict=True))
    images = np.random.default_rng(1).random((4, 16, 16, 3), np.float32)
    trained, generators = network.weights_hash(), positions(network)
    together, alone = network.logits(images), network.logits(images[:1])
    np.testing.assert_allclose(together[:1], alone, rtol=1e-4, atol=1e-5)
    assert (network.weights_hash(), positions(network)) == (trained, generators)


def test_plain_keras_steps_of_a_network_built_again_agree_with_the_compiled_ones(network, monkeypatch):
    monkeypatch.setattr(backend.keras.backend, "backend", lambda: "another")
    plain = make(network.model.name)
    assert type(plain._steps) is not type(network._steps)
    starts, numbers = [], []
    for each in (network, plain):
        each.renew(0, 3)
        starts.append((each.weights_hash(), positions(each)))
        train(each)
        numbers.append((*each.totals(), *each.logits(np.ones((2, 16, 16, 3), np.float32)).ravel()))
    assert starts[0] == starts[1]
    assert np.allclose(numbers[0], numbers[1], atol=1e-5)


@pytest.mark.parametrize("name", [*models.MODELS, HANDMADE])
def test_arms_start_equal_and_end_equal_where_they_are_the_same(name, make_task, tiny, tmp_path, monkeypatch):
    # Under the name of another, since a definition cannot name the network of the tests.
    monkeypatch.setitem(models.MODELS, "tiny", models.MODELS[name])
    networks, finished = NetworkCache(), {}
    experiment = tiny.replace(training={"epochs": 1})
    for arm, seed in (("none", 0), ("standard", 0), ("again", 0), ("none", 1)):
        task = make_task(tmp_path, arm, seed, experiment)
        run.execute(task, networks=networks)
        finished[arm, seed] = records.read_run(task.folder).run
    none, standard, again, other = finished.values()
    assert none.weights_initial == standard.weights_initial == again.weights_initial != other.weights_initial
    assert none.weights_final == again.weights_final != standard.weights_final
    assert none.test == again.test


@pytest.mark.parametrize(
    ("name", "size"), [("small", 32), ("small", 17), ("residual", 32), ("residual", 17), ("smallnet", 17), ("tiny", 8)]
)
def test_shapes_and_types(name, size):
    built = models.build(name, size, 5, "mixed_bfloat16")
    assert built.output_shape == (None, 5)
    assert {variable.dtype for variable in built.weights} == {"float32"}
    assert built(np.zeros((2, size, size, 3), np.float32)).dtype == "float32"


@pytest.mark.parametrize(
    ("name", "start", "parameters"),
    [("small", "7d353e9c924e633fde2ccccab2c8f5be", 40227), ("tiny", "f2c27610449d1ae10c3e5fb847e5ef09", 1467)],
)
def test_networks_of_published_numbers_start_with_the_same_bits(name, start, parameters):
    network = make(name)
    network.renew(0, 5)
    assert (network.weights_hash(), network.parameters) == (start, parameters)
    assert positions(network) == {"dropout": (1058036091, 0)}


def test_every_generator_is_found():
    built = handmade(16, 3, "float32")
    assert list(models.random_states(built)) == ["first", "nested", "nested/1", "unit"]


def test_moving_statistics_are_no_trained_numbers():
    network = make("residual")
    weights = sum(int(np.prod(variable.shape)) for variable in network.model.weights)
    assert network.parameters == weights - 2 * (5 * 16 + 5 * 32 + 5 * 64)


def test_smallnet_is_the_network_of_the_paper_and_its_open_choices_are_arguments():
    size, classes = 64, 2
    built = models.smallnet(size, classes, "float32")
    kernels = [tuple(weight.shape) for weight in built.weights if weight.name == "kernel"]
    assert kernels == [(3, 3, 3, 16), (3, 3, 16, 32), (3, 3, 32, 32), (16 * 16 * 32, 1024), (1024, 2)]
    kinds = [type(layer).__name__ for layer in built.layers[:-4]]
    convolution, pooled = "Conv2D", ["BatchNormalization", "MaxPooling2D"]
    assert kinds == [convolution, *pooled, convolution, convolution, *pooled]
    assert built.get_layer("dropout").rate == 0.5
    other = models.smallnet(size, classes, "float32", padding="valid", dropout=0.25)
    assert other.get_layer("flatten").output.shape == (None, 13 * 13 * 32)
    assert other.get_layer("dropout").rate == 0.25


def test_losses_of_layers_are_trained_and_told(monkeypatch):
    images, targets = np.ones((4, 16, 16, 3), np.float32), np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]

    def penalised(image_size: int, num_classes: int, precision: str, l2: float = 10.0) -> keras.Model:
        layers = [keras.Input((image_size, image_size, 3)), keras.layers.Flatten()]
        regularizer = keras.regularizers.L2(l2)
        layers.append(keras.layers.Dense(num_classes, name="logits", kernel_regularizer=regularizer))
        return keras.Sequential(layers)

    ends = []
    for l2 in (0.0, 10.0):
        monkeypatch.setitem(models.MODELS, HANDMADE, partial(penalised, l2=l2))
        network = make(HANDMADE)
        network.renew(0, 0)
        weights = network.state()[0].astype(float)
        logits = network.logits(images).astype(float)
        entropy = np.log(np.exp(logits).sum(1)) - (logits * targets).sum(1)
        network.train(images, targets)
        assert network.totals()[0] == pytest.approx(entropy.mean() + l2 * (weights**2).sum(), rel=1e-5)
        ends.append(network.weights_hash())
    assert ends[0] != ends[1]


def twins(initializer: Any, second: str) -> keras.Model:
    """Two nested models of one layer each, the second one with an initialiser for its bias."""
    images = keras.Input((8, 8, 3))
    x = keras.layers.Flatten()(images)
    for name in ("one", second):
        layer, features = keras.layers.Dense(4, name=name), keras.Input((x.shape[-1],))
        x = keras.Model(features, layer(features))(x)
    layer.bias_initializer = initializer
    return keras.Model(images, x)


@pytest.mark.parametrize(
    ("initializer", "second", "words"),
    [
        (
            None,
            "two",
            "layer 'two' has no Keras initialiser in 'bias_initializer', so its weight 'bias' cannot be",
        ),
        (np.zeros, "two", "layer 'two' has no Keras initialiser in 'bias_initializer'"),
        (keras.initializers.Zeros(), "one", "layer 'one' has the path of another, 'one/kernel'; give it a name"),
    ],
)
def test_a_weight_that_cannot_be_drawn_anew_is_refused(initializer, second, words):
    with pytest.raises(RunError, match=words) as caught:
        models.renew(twins(initializer, second), 0, 0)
    assert "\n" not in str(caught.value)


class Noise(keras.layers.Layer):
    """Draws from the generator of the whole process."""

    def call(self, x: Any, training: bool = False) -> Any:
        return x + keras.random.normal(keras.ops.shape(x)) if training else x


def test_random_numbers_that_no_layer_holds_are_refused(monkeypatch):
    layers = [keras.Input((16, 16, 3)), Noise(name="noise"), keras.layers.Flatten(), keras.layers.Dense(3)]
    monkeypatch.setitem(models.MODELS, HANDMADE, lambda *_: keras.Sequential(layers))
    with pytest.raises(RunError, match="a step changes '.*seed_generator.*', which no layer holds") as caught:
        make(HANDMADE)
    assert "\n" not in str(caught.value)


def test_the_definition_names_the_networks():
    assert set(networks.BUILT_IN) == set(models.MODELS) - {HANDMADE}


def test_unknown_network():
    with pytest.raises(RunError, match="received 'huge'; allowed are small, residual, smallnet, tiny"):
        models.build("huge", 32, 2)
