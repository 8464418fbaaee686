"""The way of a batch: types, addresses of the draws, labels, and nothing written to."""

from __future__ import annotations

import numpy as np
import pytest
from builders import Draw

from augexp import seeds
from augexp.augment import policy as policies
from augexp.augment.named_policies import NAMED_POLICIES
from augexp.augment.pipeline import Augmenter, draws_of, rescale
from augexp.augment.pixels.canvas import Buffers
from augexp.errors import RunError


def batch(count=6, side=12, seed=0):
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (count, side, side, 3), dtype=np.uint8)
    return images, random.integers(0, 3, count), random.integers(0, 2**64, count, dtype=np.uint64)


DRAW = batch(20, 12, seed=9)


def augmenter(policy, seed=0, root_seed=0, partners=True):
    resolved = policies.resolve(policy) if isinstance(policy, str) else policy
    pool = (Draw(DRAW[0], DRAW[2]), DRAW[1]) if partners else None
    return Augmenter(resolved, root_seed=root_seed, seed=seed, num_classes=3, partners=pool)


def custom(*listed):
    return policies.resolve("mine", {"mine": {"operations": list(listed)}})


@pytest.mark.parametrize("name", NAMED_POLICIES)
@pytest.mark.parametrize(("count", "side"), [(5, 12), (1, 12), (3, 1), (2, 9)])
def test_types_shapes_and_ranges(name, count, side):
    images, labels, ids = batch(count, side)
    before = images.copy()
    images.flags.writeable = False
    pool = (Draw(batch(7, side)[0], batch(7, side)[2]), batch(7, side)[1])
    augment = Augmenter(policies.resolve(name), root_seed=0, seed=0, num_classes=3, partners=pool)
    for epoch in range(3):
        augmented, targets = augment(images, labels, ids, epoch)
        assert augmented.dtype == targets.dtype == np.float32
        assert augmented.shape == images.shape
        assert targets.shape == (count, 3)
        assert augmented.min() >= 0
        assert augmented.max() <= 1
        assert np.isfinite(augmented).all()
        np.testing.assert_allclose(targets.sum(axis=1), 1, atol=1e-6)
        if not policies.resolve(name).mixes_labels:
            np.testing.assert_array_equal(targets, np.eye(3, dtype=np.float32)[labels])
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize("name", NAMED_POLICIES)
def test_an_image_does_not_depend_on_its_batch(name):
    images, labels, ids = batch(12)
    whole, soft = (part.copy() for part in augmenter(name)(images, labels, ids, 3))
    order = np.random.default_rng(1).permutation(12)
    shuffled, shuffled_soft = (part.copy() for part in augmenter(name)(images[order], labels[order], ids[order], 3))
    np.testing.assert_array_equal(shuffled, whole[order])
    np.testing.assert_array_equal(shuffled_soft, soft[order])
    again = augmenter(name)
    for start, stop in ((0, 1), (1, 5), (5, 12)):
        part = slice(start, stop)
        augmented, targets = again(images[part], labels[part], ids[part], 3)
        np.testing.assert_array_equal(augmented, whole[part])
        np.testing.assert_array_equal(targets, soft[part])


@pytest.mark.parametrize(
    "name", [name for name, policy in NAMED_POLICIES.items() if policy.operations and name != "aa"]
)
def test_epochs_seeds_and_root_seeds_differ(name):
    images, labels, ids = batch(12)
    first = augmenter(name)(images, labels, ids, 0)[0].copy()
    assert not np.array_equal(first, augmenter(name)(images, labels, ids, 1)[0])
    assert not np.array_equal(first, augmenter(name, seed=1)(images, labels, ids, 0)[0])
    assert not np.array_equal(first, augmenter(name, root_seed=1)(images, labels, ids, 0)[0])
    np.testing.assert_array_equal(first, augmenter(name)(images, labels, ids, 0)[0])


@pytest.mark.parametrize("name", ["none", "aa"])
def test_without_operations_an_image_is_only_rescaled(name):
    images, labels, ids = batch()
    for epoch in range(2):
        np.testing.assert_array_equal(augmenter(name)(images, labels, ids, epoch)[0], rescale(images))
    np.testing.assert_array_equal(rescale(images), (images / 255.0).astype(np.float32))
    assert rescale(images).dtype == np.float32


def test_a_named_policy_and_its_alias_draw_the_same():
    images, labels, ids = batch()
    alias = policies.resolve("other", {"other": {"policy": "standard"}})
    expected = augmenter("standard")(images, labels, ids, 2)[0].copy()
    np.testing.assert_array_equal(augmenter(alias)(images, labels, ids, 2)[0], expected)


def numbers(policy, epoch=0):
    augment = augmenter(policy)
    drawn = augment._draw(batch()[2], epoch)
    pairs = zip(augment._plain, drawn, strict=True)
    return {address: draws[:, : draws_of(operation)] for (operation, address), draws in pairs}


def test_removing_an_operation_leaves_the_draws_of_the_others():
    rotation, flip, noise = {"op": "rotation"}, {"op": "horizontal_flip"}, {"op": "noise"}
    mix = {"op": "augmix"}
    full = numbers(custom(flip, rotation, mix, noise, rotation))
    assert list(full) == ["horizontal_flip#0", "rotation#0", "augmix#0", "noise#0", "rotation#1"]
    for less in ((rotation, noise), (noise,), (mix, rotation, rotation), (rotation, flip)):
        for address, draws in numbers(custom(*less)).items():
            np.testing.assert_array_equal(draws, full[address])
    assert not np.array_equal(full["rotation#0"], full["rotation#1"])


def test_draws_stand_at_their_addresses():
    ids = batch()[2]
    for address, draws in numbers("strong", epoch=4).items():
        key = seeds.key("augment", 0, 0, 4, address)
        np.testing.assert_array_equal(draws, seeds.uniforms(key, ids, draws.shape[1]))


def test_many_purposes_at_once_are_the_purposes_one_by_one():
    ids = batch(50)[2]
    keys = np.array([seeds.key("a"), seeds.key("b"), 0, 2**64 - 1], dtype=np.uint64)
    together = seeds.uniforms_of(keys, ids, 5)
    assert together.shape == (4, 50, 5)
    for key, draws in zip(keys, together, strict=True):
        np.testing.assert_array_equal(draws, seeds.uniforms(int(key), ids, 5))
    np.testing.assert_array_equal(seeds.uniforms_of(keys, ids, 2), together[..., :2])
    assert seeds.uniforms_of(keys[:0], ids, 5).shape == (0, 50, 5)


def test_operations_gate_on_their_own_draws():
    # two flips, each of half the images: a quarter is flipped twice
    images, labels, ids = batch(400, 2)
    once = augmenter(custom({"op": "horizontal_flip"}))(images, labels, ids, 0)[0].copy()
    flipped = (once == rescale(images[:, :, ::-1])).all(axis=(1, 2, 3))
    assert 160 < flipped.sum() < 240
    twice = augmenter(custom({"op": "horizontal_flip"}, {"op": "horizontal_flip"}))(images, labels, ids, 0)[0]
    again = (twice == rescale(images[:, :, ::-1])).all(axis=(1, 2, 3))
    assert 160 < again.sum() < 240
    assert 60 < (flipped & ~again).sum() < 140


# -- mixing --------------------------------------------------------------------------------------


def test_mixing_needs_partners():
    with pytest.raises(RunError, match="'mixup' mixes pictures"):
        augmenter("mixup", partners=False)


@pytest.mark.parametrize("op", ["mixup", "cutmix"])
def test_partners_are_augmented_with_their_own_draws(op):
    images, labels, ids = batch(8)
    policy = custom({"op": "rotation", "degrees": 40}, {"op": op, "alpha": 1.0})
    augmented, targets = (part.copy() for part in augmenter(policy)(images, labels, ids, 1))
    plain = augmenter(custom({"op": "rotation", "degrees": 40}))
    own = plain(images, labels, ids, 1)[0].copy()
    others = plain(DRAW[0], DRAW[1], DRAW[2], 1)[0].copy()
    chosen = np.floor(seeds.uniforms(seeds.key("augment", 0, 0, 1, f"{op}#0"), ids, 5)[:, 1] * 20).astype(int)
    for i in range(8):
        other = others[chosen[i]]
        if op == "mixup":
            apart = (own[i] - other).astype(np.float64)
            weight = float(((augmented[i] - other) * apart).sum() / (apart**2).sum())
            np.testing.assert_allclose(augmented[i], weight * own[i] + (1 - weight) * other, atol=1e-5)
        else:
            from_own = (augmented[i] == own[i]).all(axis=-1)
            assert (from_own | (augmented[i] == other).all(axis=-1)).all()
            weight = from_own.mean()
        expected = weight * np.eye(3)[labels[i]] + (1 - weight) * np.eye(3)[DRAW[1][chosen[i]]]
        np.testing.assert_allclose(targets[i], expected, atol=1e-3)


def test_mixing_with_a_probability_leaves_the_rest():
    images, labels, ids = batch(200, 2)
    augmented, targets = augmenter(custom({"op": "cutmix", "p": 0.0}))(images, labels, ids, 0)
    np.testing.assert_array_equal(augmented, rescale(images))
    np.testing.assert_array_equal(targets, np.eye(3)[labels])


def test_partners_come_from_the_whole_draw():
    images, labels, ids = batch(600, 12)
    augment = augmenter("mixup")
    drawn = np.floor(seeds.uniforms(seeds.key("augment", 0, 0, 0, "mixup#0"), ids, 5)[:, 1] * 20)
    assert set(drawn.astype(int)) == set(range(20))
    targets = augment(images, labels, ids, 0)[1]
    assert (targets.max(axis=1) < 0.99).sum() > 100


# -- memory --------------------------------------------------------------------------------------


def test_a_batch_that_is_referred_to_is_not_written_to():
    images, labels, ids = batch()
    augment = augmenter("standard")
    batches = [augment(images, labels, ids, epoch)[0] for epoch in range(12)]
    expected = [augmenter("standard")(images, labels, ids, epoch)[0].copy() for epoch in range(12)]
    for augmented, other in zip(batches, expected, strict=True):
        np.testing.assert_array_equal(augmented, other)
    views = [augment(images, labels, ids, epoch)[0][1:, ::2].T for epoch in range(12)]
    for view, other in zip(views, expected, strict=True):
        np.testing.assert_array_equal(view, other[1:, ::2].T)


def test_memory_is_used_again_once_it_is_free():
    buffers = Buffers(limit=2)
    address = buffers.take((4, 5)).ctypes.data
    assert buffers.take((4, 5)).ctypes.data == address
    first = buffers.take((4, 5))
    second = buffers.take((4, 5))
    third = buffers.take((4, 5))
    assert len({array.ctypes.data for array in (first, second, third)}) == 3
    del first
    assert buffers.take((2, 2)).shape == (2, 2)
    assert len(buffers._blocks) == 2


def test_batches_are_joined_in_memory_that_is_used_again():
    buffers = Buffers()
    parts = [DRAW[0][:5], DRAW[0][5:6], DRAW[0][6:]]
    joined = buffers.joined(parts)
    np.testing.assert_array_equal(joined, DRAW[0])
    address = joined.ctypes.data
    assert buffers.joined(parts[:1]) is parts[0]
    assert buffers.joined(parts).ctypes.data != address  # `joined` is still here
    del joined
    assert buffers.joined(parts).ctypes.data == address
