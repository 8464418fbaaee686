"""Operations that choose other operations, with choices fixed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from augexp.augment import pipeline, published
from augexp.augment.catalogue import base
from augexp.augment.catalogue.registry import SPECS
from augexp.augment.pixels import composite
from augexp.augment.pixels.canvas import Canvas, rescale

COMPOSITE = [name for name, spec in SPECS.items() if spec.family == "composite"]
TESTED = ["randaugment", "trivialaugment", "autoaugment", "augmix", "random_chain"]


def test_every_composite_operation_is_tested_here():
    assert COMPOSITE == TESTED
    assert set(composite.FUNCTIONS) == set(COMPOSITE)


def photo(side=16, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)


def run(name, parameters, draws, image):
    operation = base.build(SPECS[name], {**parameters, "p": 1.0}, "test")
    canvas = Canvas(image[None], np.zeros(1, dtype=np.uint64))
    numbers = np.zeros((1, pipeline.draws_of(operation)))
    numbers[0, 1 : 1 + len(draws)] = draws
    pipeline.apply(operation, canvas, numbers)
    return canvas.finish()[0]


def steps(image, *listed):
    """Apply published operations with given amounts."""
    canvas = Canvas(image[None], np.zeros(1, dtype=np.uint64))
    for name, amount in listed:
        composite.STEPS[name](canvas, np.zeros(1, dtype=np.intp), np.array([amount]))
    return canvas.finish()[0]


def pick(space, name):
    """Return a draw that chooses `name`."""
    return (list(space).index(name) + 0.5) / len(space)


@pytest.mark.parametrize("name", published.RANDAUGMENT)
def test_randaugment_applies_what_it_chose(name):
    span = published.RANDAUGMENT[name]
    draws = [pick(published.RANDAUGMENT, name), 0.9, pick(published.RANDAUGMENT, "identity"), 0.9]
    amount = composite.amounts(name, span, np.array([0.5]), np.array([0.9]), 16)[0]
    np.testing.assert_array_equal(run("randaugment", {"m": 15}, draws, photo()), steps(photo(), (name, amount)))


def test_randaugment_draws_the_sign_and_goes_on():
    space = published.RANDAUGMENT
    draws = [pick(space, "rotate"), 0.1, pick(space, "brightness"), 0.9, pick(space, "solarize"), 0.1]
    result = run("randaugment", {"n": 3, "m": 10}, draws, photo())
    expected = steps(photo(), ("rotate", -10.0), ("brightness", 0.3), ("solarize", 256 - 256 / 3))
    np.testing.assert_array_equal(result, expected)
    np.testing.assert_array_equal(run("randaugment", {"n": 0}, draws, photo()), rescale(photo()))


@pytest.mark.parametrize("name", published.TRIVIALAUGMENT)
def test_trivialaugment_has_31_levels(name):
    space = published.TRIVIALAUGMENT
    for draw, level in ((0.0, 0.0), (0.5, 0.5), (0.999, 1.0), (1.5 / 31, 1 / 30)):
        amount = composite.amounts(name, space[name], np.array([level]), np.array([0.2]), 16)[0]
        result = run("trivialaugment", {}, [pick(space, name), draw, 0.2], photo())
        np.testing.assert_allclose(result, steps(photo(), (name, amount)), atol=1e-6)


@pytest.mark.parametrize("number", range(25))
def test_autoaugment_applies_each_step_with_its_probability(number):
    (first, p, level), (second, q, other) = published.CIFAR10[number]
    space, choose = published.AUTOAUGMENT, (number + 0.5) / 25

    def listed(name, step_level):
        amount = composite.amounts(name, space[name], np.array([(step_level or 0) / 9]), np.array([0.7]), 16)[0]
        return name, amount

    one, two = listed(first, level), listed(second, other)
    below, above = max(p - 1e-9, -1.0), q + 1e-9
    np.testing.assert_array_equal(
        run("autoaugment", {}, [choose, p, 0.7, q, 0.7], photo()),
        rescale(photo()),  # a draw at the probability is already outside
    )
    if p > 0:
        np.testing.assert_array_equal(
            run("autoaugment", {}, [choose, below, 0.7, above, 0.7], photo()), steps(photo(), one)
        )
    if p > 0 and q > 0:
        both = run("autoaugment", {}, [choose, below, 0.7, q - 1e-9, 0.7], photo())
        np.testing.assert_array_equal(both, steps(photo(), one, two))


def augmix_draws(share, weights, chains):
    draws = np.full(1 + 8 + 8 * 25, 0.5)
    draws[0] = share
    draws[1 : 1 + len(weights)] = weights
    for i, (length, triples) in enumerate(chains):
        draws[9 + 25 * i] = length
        for j, triple in enumerate(triples):
            draws[10 + 25 * i + 3 * j : 13 + 25 * i + 3 * j] = triple
    return draws


def test_augmix_mixes_chains_with_the_original():
    image, space = photo(), published.AUGMIX
    solarize = (pick(space, "solarize"), 0.5, 0.0)
    shear = (pick(space, "shear_x"), 0.0, 0.9)
    # one chain of one operation; alpha 1 makes both weights uniform: the mean of the original and the chain
    chains = [(0.0, [solarize])]
    result = run("augmix", {"width": 1, "severity": 4.1}, augmix_draws(0.5, [0.3], chains), image)
    changed = steps(image, ("solarize", 256 * (1 - 0.21)))
    np.testing.assert_allclose(result, (rescale(image) + changed) / 2, atol=0.51 / 255)
    # two chains with the weights -ln(1 - u): the first of two operations
    chains = [(0.9, [solarize, shear]), (0.0, [shear])]
    draws = augmix_draws(1.0 - 2**-53, [0.5, 0.75], chains)
    result = run("augmix", {"width": 2, "depth": 2, "severity": 4.1}, draws, image)
    first = steps(image, ("solarize", 256 * (1 - 0.21)), ("shear_x", 0.3 * 0.01))
    second = steps(image, ("shear_x", 0.3 * 0.01))
    np.testing.assert_allclose(result, first / 3 + second * 2 / 3, atol=0.51 / 255)


def test_augmix_without_share_is_the_original():
    chains = [(0.9, [(0.1, 0.5, 0.5)] * 3)] * 3
    np.testing.assert_array_equal(
        run("augmix", {}, augmix_draws(0.0, [0.2, 0.4, 0.6], chains), photo()), rescale(photo())
    )


@pytest.mark.parametrize("name", published.RANDOM)
def test_random_chain_uses_the_default_ranges(name):
    draws = [pick(dict.fromkeys(published.RANDOM), name), 0.8, 0.3]
    operation = base.build(SPECS[name], {"p": 1.0}, "test")
    canvas = Canvas(photo()[None], np.zeros(1, dtype=np.uint64))
    numbers = np.array([[0.0, 0.8, 0.3]])
    pipeline.apply(operation, canvas, numbers)
    np.testing.assert_array_equal(run("random_chain", {"n": 1}, draws, photo()), canvas.finish()[0])


def test_random_chain_chooses_n_times():
    names = dict.fromkeys(published.RANDOM)
    flip = pick(names, "horizontal_flip")
    twice = run("random_chain", {"n": 2}, [flip, 0, 0, flip, 0, 0], photo())
    np.testing.assert_array_equal(twice, rescale(photo()))
    thrice = run("random_chain", {"n": 3}, [flip, 0, 0] * 3, photo())
    np.testing.assert_array_equal(thrice, rescale(photo()[:, ::-1]))


@pytest.mark.parametrize(("name", "parameters"), [("randaugment", {"n": 10}), ("random_chain", {"n": 10})])
def test_the_longest_chains_have_draws_enough(name, parameters):
    assert np.isfinite(run(name, parameters, np.full(SPECS[name].draws, 0.6), photo())).all()


def test_the_widest_augmix_has_draws_enough():
    result = run("augmix", {"width": 8, "depth": 8}, np.full(SPECS["augmix"].draws, 0.99), photo())
    assert np.isfinite(result).all()


def test_choices_are_uniform():
    count = 4000
    canvas = Canvas(np.zeros((count, 1, 1, 3), dtype=np.uint8), np.zeros(count, dtype=np.uint64))
    operation = base.build(SPECS["trivialaugment"], {}, "test")
    draws = np.random.default_rng(0).random((count, 4))
    pipeline.apply(operation, canvas, draws)
    # black images: of the fourteen only solarize at threshold 0 (one level of 31) turns them white
    white = (canvas.finish() == 1.0).all(axis=(1, 2, 3)).mean()
    assert white == pytest.approx(1 / 14 / 31, abs=0.002)
