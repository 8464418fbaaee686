"""Batch normalisation as one operation: the numbers of Keras to rounding, in a training step alone."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from augexp.training import backend, models, normalisation

SIZE, BATCH = 8, 6


def trained(monkeypatch, fused: bool) -> keras.Model:
    """Return a smallnet after two steps of plain gradient descent, which passes gradients on as they are."""
    monkeypatch.setattr(normalisation, "FUSED", ("smallnet",) if fused else ())
    model = models.smallnet(SIZE, 2, "float32", dropout=0.0)
    models.renew(model, 1, 0)
    optimizer = keras.optimizers.SGD(0.1)
    optimizer.build(model.trainable_variables)
    steps = backend.compile_steps(model, optimizer, BATCH)
    generator = np.random.default_rng(5)
    for _ in range(2):
        images = generator.random((BATCH, SIZE, SIZE, 3), dtype=np.float32)
        steps.train(images, np.eye(2, dtype=np.float32)[generator.integers(0, 2, BATCH)])
    return model


def test_weights_and_moving_statistics_are_those_of_keras(monkeypatch):
    plain, fused = (trained(monkeypatch, one) for one in (False, True))
    fresh = models.smallnet(SIZE, 2, "float32", dropout=0.0)
    models.renew(fresh, 1, 0)
    for variable, ours, keras_own in zip(fresh.weights, fused.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(ours, keras_own, rtol=1e-4, atol=2e-6, err_msg=variable.path)
        assert np.abs(keras_own - variable.numpy()).max() > 1e-4, variable.path  # the steps changed it


def test_the_training_graph_has_the_operation_and_evaluation_has_not(monkeypatch):
    assert [operations(monkeypatch, models.smallnet(SIZE, 2, "float32"), fused) for fused in (False, True)] == [
        [0, 0],
        [2, 0],
    ]


def test_only_images_in_training_are_normalised_with_it(monkeypatch):
    """A network from elsewhere may have the same name, and layers that are frozen, or normalise something else."""
    images = keras.Input((SIZE, SIZE, 3))
    x = keras.layers.BatchNormalization(name="images")(images)
    x = keras.layers.BatchNormalization(name="frozen", trainable=False)(x)
    x = keras.layers.BatchNormalization(name="rows", axis=1)(x)
    x = keras.layers.BatchNormalization(name="vectors")(keras.layers.Flatten()(x))
    model = keras.Model(images, keras.layers.Dense(2)(x), name="smallnet")
    assert operations(monkeypatch, model, fused=True) == [1, 0]


def operations(monkeypatch, model: keras.Model, fused: bool) -> list[int]:
    """Return how many times the operation stands in the graphs of training and evaluation."""
    monkeypatch.setattr(normalisation, "FUSED", ("smallnet",) if fused else ())
    optimizer = keras.optimizers.SGD(0.1)
    optimizer.build(model.trainable_variables)
    steps = backend.TensorFlowSteps(model, optimizer, BATCH)
    steps.train(np.zeros((BATCH, SIZE, SIZE, 3), np.float32), np.eye(2, dtype=np.float32)[np.zeros(BATCH, int)])
    return [
        sum(operation.type == "FusedBatchNormV3" for operation in graph.graph.get_operations())
        for graph in (steps._train, steps.forward._forward)
    ]


@pytest.mark.parametrize(
    ("name", "precision", "replaced"),
    [
        ("smallnet", "float32", 2),
        ("smallnet", "mixed_bfloat16", 0),
        ("residual", "float32", 0),
        ("small", "float32", 0),
    ],
)
def test_other_networks_and_precisions_are_left_alone(name, precision, replaced):
    model = models.MODELS[name](SIZE, 2, precision)
    with normalisation.fused_normalisation(model, device=False):
        assert sum("call" in vars(layer) for layer in model.layers) == replaced
    assert not any("call" in vars(layer) for layer in model.layers)


def test_nothing_is_replaced_on_an_accelerator():
    model = models.smallnet(SIZE, 2, "float32")
    with normalisation.fused_normalisation(model, device=True):
        assert not any("call" in vars(layer) for layer in model.layers)


def test_the_layers_are_restored_after_an_error():
    model = models.smallnet(SIZE, 2, "float32")
    with pytest.raises(RuntimeError, match="while tracing"), normalisation.fused_normalisation(model, device=False):
        raise RuntimeError("while tracing")
    assert not any("call" in vars(layer) for layer in model.layers)
