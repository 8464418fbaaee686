"""Mixing two images and their labels with given numbers."""

from __future__ import annotations

import numpy as np
import pytest

from augexp.augment.catalogue import base
from augexp.augment.catalogue.registry import SPECS
from augexp.augment.pixels import mixing

MIXING = [name for name, spec in SPECS.items() if spec.family == "mixing"]


def test_every_mixing_operation_is_tested_here():
    assert MIXING == ["mixup", "cutmix"]


def run(name, alpha, draws, side=4):
    operation = base.build(SPECS[name], {"alpha": alpha}, "test")
    images = np.full((1, side, side, 3), 0.8, dtype=np.float32)
    others = np.full((1, side, side, 3), 0.4, dtype=np.float32)
    targets, labels = (np.array([row], dtype=np.float32) for row in ([1, 0, 0], [0, 0, 1]))
    mixing.mix(images, targets, others, labels, np.array([draws]), operation)
    np.testing.assert_array_equal(others, np.float32(0.4))
    return images[0], targets[0]


def test_mixup_weighs_images_and_labels_alike():
    image, target = run("mixup", 1.0, [0.25, 0.0, 0.0])  # Beta(1, 1) is uniform: a quarter of its own
    np.testing.assert_allclose(image, 0.25 * 0.8 + 0.75 * 0.4, atol=1e-6)
    np.testing.assert_allclose(target, [0.25, 0, 0.75], atol=1e-6)


def test_cutmix_pastes_a_box_and_counts_its_pixels():
    # a quarter of the area: 2 x 2 pixels around the pixel (1, 2)
    image, target = run("cutmix", 1.0, [0.75, 0.25, 0.5])
    expected = np.full((4, 4), 0.8, dtype=np.float32)
    expected[1:3, 0:2] = 0.4
    np.testing.assert_array_equal(image, np.repeat(expected[..., None], 3, axis=-1))
    np.testing.assert_allclose(target, [12 / 16, 0, 4 / 16])


def test_cutmix_counts_what_is_left_of_a_box_at_the_edge():
    image, target = run("cutmix", 1.0, [0.75, 0.0, 0.0])  # around the corner: one pixel of four remains
    assert (image == np.float32(0.4)).all(axis=-1).sum() == 1
    np.testing.assert_allclose(target, [15 / 16, 0, 1 / 16])


@pytest.mark.parametrize("name", MIXING)
def test_the_ends_are_one_image_or_the_other(name):
    image, target = run(name, 1.0, [1.0, 0.5, 0.5])
    np.testing.assert_array_equal(image, np.float32(0.8))
    np.testing.assert_array_equal(target, [1, 0, 0])
    image, target = run(name, 1.0, [0.0, 0.5, 0.5])
    np.testing.assert_array_equal(image, np.float32(0.4))
    np.testing.assert_array_equal(target, [0, 0, 1])


@pytest.mark.parametrize("name", MIXING)
def test_a_single_pixel(name):
    image, target = run(name, 1.0, [0.5, 0.5, 0.5], side=1)
    assert image.shape == (1, 1, 3)
    assert target.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("alpha", [0.01, 0.2, 1.0, 5.0, 100.0])
def test_beta_has_its_moments(alpha):
    draws = (np.arange(20_000) + 0.5) / 20_000
    values = mixing.beta(draws, alpha)
    assert np.isfinite(values).all()
    assert values.mean() == pytest.approx(0.5, abs=1e-4)
    assert values.var() == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.01)
    assert (np.diff(values) >= 0).all()
