"""Networks that are made new: same address, same bits, whatever happened before."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from augexp.errors import RunError
from augexp.experiment.definition import Training
from augexp.training import backend, models
from augexp.training.network import Network


@pytest.fixture(scope="module")
def network():
    return Network(Training(model="tiny", batch_size=4), 8, 3, 100)


def train(network, steps=3):
    generator = np.random.default_rng(0)
    for _ in range(steps):
        targets = np.eye(3, dtype=np.float32)[generator.integers(0, 3, 4)]
        network.train(generator.random((4, 8, 8, 3), np.float32), targets)


def test_renewed_is_as_new_also_in_optimiser_and_dropout(network):
    network.renew(0, 5)
    start = network.weights_hash()
    train(network)
    first, totals = network.weights_hash(), network.totals()
    network.renew(0, 6)
    assert network.weights_hash() != start
    train(network, 7)
    network.renew(0, 5)
    assert network.weights_hash() == start
    train(network)
    assert (network.weights_hash(), network.totals()) == (first, totals)
    assert start != first


def test_goes_on_from_a_state(network):
    network.renew(0, 1)
    train(network, 2)
    state = network.state()
    train(network, 2)
    expected = network.weights_hash()
    network.renew(9, 9)
    network.restore(state)
    train(network, 2)
    assert network.weights_hash() == expected
    with pytest.raises(ValueError, match="another network"):
        network.restore(state[:-1])


def test_the_layers_of_a_network_start_differently(network):
    network.renew(0, 1)
    weights = [np.asarray(variable.numpy()) for variable in network.model.trainable_variables]
    kernels = [weight.ravel()[:8] for weight in weights if weight.ndim > 1]
    assert all(not np.array_equal(first, second) for first, second in zip(kernels, kernels[1:], strict=False))
    assert all(np.all(weight == 0) for weight in weights if weight.ndim == 1)


@pytest.mark.parametrize(("name", "size"), [("small", 32), ("small", 17), ("tiny", 8)])
def test_shapes_and_types(name, size):
    built = models.build(name, size, 5, "mixed_bfloat16")
    assert built.output_shape == (None, 5)
    assert {variable.dtype for variable in built.trainable_variables} == {"float32"}
    assert built(np.zeros((2, size, size, 3), np.float32)).dtype == "float32"
    assert list(models.random_states(built)) == ["dropout"]


def test_the_definition_names_the_networks():
    assert get_args(Training.model_fields["model"].annotation) == tuple(models.MODELS)


def test_unknown_network():
    with pytest.raises(RunError, match="received 'huge'; allowed are small, tiny"):
        models.build("huge", 32, 2)


def test_plain_keras_steps_agree_with_the_compiled_ones(network, monkeypatch):
    monkeypatch.setattr(backend.keras.backend, "backend", lambda: "another")
    plain = Network(Training(model="tiny", batch_size=4), 8, 3, 100)
    assert type(plain._steps) is not type(network._steps)
    numbers = []
    for each in (network, plain):
        each.renew(0, 3)
        train(each)
        numbers.append((*each.totals(), *each.logits(np.ones((2, 8, 8, 3), np.float32)).ravel()))
    assert np.allclose(numbers[0], numbers[1], atol=1e-5)
