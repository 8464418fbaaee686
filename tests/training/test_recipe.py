"""Optimisers, schedules and label smoothing: what a step does, and the same bits after a break."""

from __future__ import annotations

import math

import numpy as np
import pytest

from augexp.errors import Interrupted
from augexp.experiment.training import Training
from augexp.results import records
from augexp.training import run
from augexp.training.network import Network, NetworkCache

SAME = (records.RUN, records.EPOCHS, records.PREDICTIONS)
RECIPES = {
    "adam": {},
    "adamw": {"optimizer": "adamw", "weight_decay": 0.05},
    "sgd momentum": {"optimizer": "sgd", "momentum": 0.9, "weight_decay": 0.001, "learning_rate": 0.05},
    "cosine warm-up": {"schedule": "cosine", "warmup": 1},
    "warm-up": {"warmup": 2},
    "smoothing": {"label_smoothing": 0.1},
}


def network(**recipe) -> Network:
    made = Network(Training(model="tiny", batch_size=4, epochs=3, **recipe), 8, 2, 15)
    made.renew(0, 0)
    return made


def step(network, targets=None):
    images = np.random.default_rng(0).random((4, 8, 8, 3), np.float32)
    network.train(images, np.eye(2, dtype=np.float32)[[0, 1, 1, 0]] if targets is None else targets)


@pytest.fixture(scope="module")
def finals():
    """The weights at the end by recipe, to tell the recipes apart."""
    return {}


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_repeats_and_goes_on_to_the_same_bits(name, finals, make_task, tiny, tmp_path):
    experiment, networks = tiny.replace(training=RECIPES[name]), NetworkCache()
    whole, again, other = (make_task(tmp_path / place, "standard", 0, experiment) for place in "abc")
    run.execute(whole, networks=networks)
    asked = iter([False, True, False])
    with pytest.raises(Interrupted):
        run.execute(again, networks=networks, stop=lambda: next(asked))
    events = []
    run.execute(again, networks=networks, report=events.append)
    assert events[0].epoch == 2
    run.execute(other, networks=networks)
    for file in SAME:
        assert len({(task.folder / file).read_bytes() for task in (whole, again, other)}) == 1
    manifest = records.read_run(whole.folder).run
    assert manifest.ledger.optimizer == experiment.training.describe_optimizer()
    assert manifest.ledger.schedule == experiment.training.describe_schedule()
    assert manifest.weights_final not in finals.values()
    finals[name] = manifest.weights_final


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
@pytest.mark.parametrize("warmup", [0, 1])
def test_the_learning_rate_of_every_step(schedule, warmup):
    made, warm, rates = network(schedule=schedule, warmup=warmup, learning_rate=0.01), 5 * warmup, []
    for _ in range(15):
        rates.append(float(made.optimizer.learning_rate))
        step(made)
    rise = [0.01 * k / (warm + 1) for k in range(1, warm + 1)]
    rest = 15 - warm
    after = [0.01 * (0.5 * (1 + math.cos(math.pi * k / rest)) if schedule == "cosine" else 1) for k in range(rest)]
    assert rates == pytest.approx(rise + after, rel=1e-5)


def test_the_cache_tells_recipes_apart():
    networks, base = NetworkCache(), Training(model="tiny", batch_size=4, epochs=3)
    made = [networks.network(base, 8, 2, 15)]
    assert networks.network(base, 8, 2, 15) is made[0]
    for recipe in list(RECIPES.values())[1:]:
        made.append(networks.network(base.model_copy(update=recipe), 8, 2, 15))
    assert len({id(one) for one in made}) == len(RECIPES)


def test_weight_decay_takes_its_share_times_the_learning_rate():
    plain, decayed = (network(optimizer="sgd", learning_rate=0.5, weight_decay=decay) for decay in (0.0, 0.1))
    start = plain.state()
    for each in (plain, decayed):
        step(each)
    weights = [state[: len(plain.model.weights)] for state in (start, plain.state(), decayed.state())]
    for before, without, after in zip(*weights, strict=True):
        np.testing.assert_allclose(after, without - 0.5 * 0.1 * before, atol=1e-6)


def test_momentum_carries_on():
    plain, carried = network(optimizer="sgd"), network(optimizer="sgd", momentum=0.5)
    step(plain), step(carried)
    assert plain.weights_hash() == carried.weights_hash()
    step(plain), step(carried)
    assert plain.weights_hash() != carried.weights_hash()


@pytest.mark.parametrize("targets", [np.eye(2)[[0, 1, 1, 0]], np.array([[0.7, 0.3]] * 4)], ids=["one-hot", "mixed"])
def test_smoothed_targets_are_what_is_trained_on(targets):
    targets = targets.astype(np.float32)
    smoothed, by_hand = network(label_smoothing=0.2), network()
    kept = targets.copy()
    step(smoothed, targets)
    np.testing.assert_array_equal(targets, kept)
    step(by_hand, (0.8 * targets + 0.1).astype(np.float32))
    assert smoothed.totals() == pytest.approx(by_hand.totals(), rel=1e-6)
    for own, other in zip(smoothed.state(), by_hand.state(), strict=True):
        np.testing.assert_allclose(own, other, atol=1e-6)


def test_evaluation_has_plain_targets(make_task, tiny, tmp_path):
    task = make_task(tmp_path, "none", 0, tiny.replace(training={"label_smoothing": 0.5}))
    run.execute(task)
    record = records.read_run(task.folder)
    predictions = record.predictions()
    right = predictions.probabilities[np.arange(len(predictions.labels)), predictions.labels].astype(float)
    assert record.run.test.loss == pytest.approx(-np.log(right).mean(), rel=1e-6)
