from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import pytest
from builders import decode_square, encode, image_strip, pixels
from PIL import Image

from augexp.data import duplicates

SIDE = 32


def hashes(squares: list[np.ndarray]) -> np.ndarray:
    return duplicates.difference_hashes(
        image_strip(decode_square(encode(one), len(one)) for one in squares).thumbnails()
    )


def found(squares: list[np.ndarray]) -> tuple[list[set[int]], int, list[tuple[int, int]]]:
    """Return groups of more than one image, exact repeats and near pairs, in terms of positions in `squares`."""
    hashed = [np.frombuffer(hashlib.blake2b(one.tobytes(), digest_size=20).digest(), np.uint8) for one in squares]
    order = sorted(range(len(squares)), key=lambda n: hashed[n].tobytes())
    images = np.stack([squares[n] for n in order])
    keys = np.stack([hashed[n] for n in order])
    clusters, exact, near, _ = duplicates.find_clusters(images, hashes(list(images)), keys)
    assert clusters.dtype == np.int64
    assert (clusters <= np.arange(len(clusters))).all()
    assert (clusters[clusters] == clusters).all()
    groups = [{order[row] for row in np.flatnonzero(clusters == root)} for root in np.unique(clusters)]
    return [one for one in groups if len(one) > 1], exact, [tuple(sorted((order[a], order[b]))) for a, b in near]


def others(count: int, start: int = 1_000) -> list[np.ndarray]:
    return [pixels(start + number, SIDE) for number in range(count)]


def test_different_images_stand_alone() -> None:
    assert found(others(300)) == ([], 0, [])


def test_equal_images_are_together() -> None:
    one = pixels(1, SIDE)
    assert found([one, *others(20), one, one]) == ([{0, 21, 22}], 2, [])


def test_the_same_image_saved_again_is_near() -> None:
    original = pixels(2, 256)
    versions = [
        decode_square(data, SIDE)
        for data in (
            encode(original),
            encode(original, "JPEG", quality=60),
            encode(original, "WEBP", quality=70),
            encode(np.asarray(Image.fromarray(original).resize((180, 180))), "JPEG", quality=85),
            encode(np.clip(original.astype(int) + 4, 0, 255).astype(np.uint8)),
        )
    ]
    groups, exact, near = found([*versions, *others(200)])
    assert groups == [{0, 1, 2, 3, 4}]
    assert exact == 0
    assert near


def test_the_same_hash_alone_is_not_enough() -> None:
    flat = [np.full((SIDE, SIDE, 3), level, np.uint8) for level in (20, 120, 220)]
    assert len(set(hashes(flat).tolist())) == 1
    assert found([*flat, *others(20)]) == ([], 0, [])
    close = [np.full((SIDE, SIDE, 3), level, np.uint8) for level in (120, 124)]
    assert found(close)[0] == [{0, 1}]


def test_mirrored_and_turned_images_are_other_images() -> None:
    # They are what augmentation makes; two real photos that are mirror images are left to chance.
    one = pixels(4, SIDE)
    assert found([one, one[:, ::-1], np.rot90(one)]) == ([], 0, [])


def test_chains_are_one_group() -> None:
    # Each is near its neighbour, the ends are not near each other.
    base = pixels(5, SIDE).astype(int) // 2 + 40
    chain = [(base + shift).astype(np.uint8) for shift in (0, 6, 12, 18)]
    groups, _, near = found([*chain, *others(50)])
    assert groups == [{0, 1, 2, 3}]
    assert (0, 3) not in near


def test_difference_hash_by_hand() -> None:
    # Brighter to the right everywhere: every bit is set. The other way round: none.
    ramp = np.repeat(np.linspace(0, 255, SIDE).astype(np.uint8)[None, :, None], SIDE, axis=0).repeat(3, axis=2)
    half = ramp.copy()
    half[:16] = 100  # the upper four rows of the thumbnail are flat; packed bits are read little-endian
    assert hashes([ramp, ramp[:, ::-1], half]).tolist() == [2**64 - 1, 0, 0xFFFFFFFF00000000]


def test_count_mixed() -> None:
    clusters = np.array([0, 1, 1, 3, 3, 3, 6])
    assert duplicates.count_mixed(clusters, np.array([0, 1, 1, 0, 0, 0, 1])) == 0
    assert duplicates.count_mixed(clusters, np.array([0, 1, 0, 0, 0, 1, 1])) == 5


# -- what looks alike and is not the same ---------------------------------------------------------


def stars(rng: np.random.Generator) -> np.ndarray:
    """One small dot on black."""
    square = np.zeros((SIDE, SIDE, 3), np.uint8)
    y, x = rng.integers(2, SIDE - 3, 2)
    square[y : y + 2, x : x + 2] = 255
    return square


def noise(rng: np.random.Generator) -> np.ndarray:
    """An even grey surface as a sensor sees it."""
    return np.clip(180 + rng.normal(0, 2, (SIDE, SIDE, 1)).repeat(3, axis=2), 0, 255).astype(np.uint8)


def one_scene(rng: np.random.Generator) -> np.ndarray:
    """What a fixed camera sees: always the same, with something small in it and the noise of a sensor."""
    square = pixels(77, SIDE).astype(int)
    y, x = rng.integers(0, SIDE - 4, 2)
    square[y : y + 4, x : x + 4] = rng.integers(0, 256, 3)
    return np.clip(square + rng.normal(0, 3, square.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("draw", [stars, noise, one_scene])
def test_look_alikes_stand_alone_and_their_copies_do_not(draw: Callable[[np.random.Generator], np.ndarray]) -> None:
    rng = np.random.default_rng(0)
    squares = list({one.tobytes(): one for one in (draw(rng) for _ in range(150))}.values())
    groups, exact, near = found([*squares, squares[3]])
    assert exact == 1
    assert {3, len(squares)} in groups
    assert len(near) < len(squares) // 20
    assert max(map(len, groups)) < 6


def test_a_twin_in_one_scene_is_found() -> None:
    rng = np.random.default_rng(1)
    squares = [one_scene(rng) for _ in range(100)]
    twin = np.clip(squares[0].astype(int) + 2, 0, 255).astype(np.uint8)
    groups, _, _ = found([*squares, twin])
    assert {0, 100} in groups


@pytest.mark.parametrize(("rule", "groups"), [("usual", 1), ("strict", 1), ("off", 0)])
def test_rules(rule: str, groups: int) -> None:
    one = pixels(1, SIDE)
    twin = one.copy()
    twin[0, 0] = 255 - twin[0, 0]
    images = np.stack(
        sorted((one, twin, *others(20)), key=lambda a: hashlib.blake2b(a.tobytes(), digest_size=20).digest())
    )
    keys = np.stack([np.frombuffer(hashlib.blake2b(a.tobytes(), digest_size=20).digest(), np.uint8) for a in images])
    result = duplicates.find_clusters(images, hashes(list(images)), keys, rule=rule)
    assert int((np.bincount(result.clusters) > 1).sum()) == groups
    assert result.exact == 0


def test_equal_keys_form_one_cluster() -> None:
    keys = np.array([[1], [1], [2], [3], [3], [3]], np.uint8).repeat(20, axis=1)
    assert duplicates.exact_clusters(keys).tolist() == [0, 0, 2, 3, 3, 3]
    assert duplicates.exact_clusters(keys[:0]).tolist() == []
