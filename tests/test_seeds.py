"""Streams are addressed by name, and no two addresses share draws."""

from __future__ import annotations

import numpy as np

from augexp import seeds


def test_key_tells_names_apart() -> None:
    keys = [
        seeds.key("a", "bc"),
        seeds.key("ab", "c"),
        seeds.key("abc"),
        seeds.key(1),
        seeds.key("1"),
        seeds.key(1, 2),
        seeds.key(12),
    ]
    assert len(set(keys)) == len(keys)


def test_key_is_the_same_on_every_machine() -> None:
    # Frozen: a change here changes every number of every experiment.
    assert seeds.key("order", 0) == 10854511086801627209
    assert seeds.integer(0, 1, "weights") == 1178555085


def test_stream_repeats_and_neighbouring_seeds_do_not_overlap() -> None:
    first, again = seeds.stream(7, 0, "order", 3), seeds.stream(7, 0, "order", 3)
    assert np.array_equal(first.random(100), again.random(100))
    windows = [seeds.stream(7, seed, "order", 3).integers(0, 2**63, 1000) for seed in range(20)]
    assert len(np.unique(np.concatenate(windows))) == 20_000


def test_uniforms_depend_on_their_address_alone() -> None:
    ids = seeds.stream(0, 0, "ids").integers(0, 2**63, 50).astype(np.uint64)
    key = seeds.key("augment", 0, 0, 1, "rotation#0")
    draws = seeds.uniforms(key, ids, 5)
    assert draws.shape == (50, 5)
    order = np.arange(50)[::-1]
    assert np.array_equal(seeds.uniforms(key, ids[order], 5), draws[order])
    assert np.array_equal(seeds.uniforms(key, ids[3:4], 2), draws[3:4, :2])
    assert not np.isin(seeds.uniforms(key + 1, ids, 5), draws).any()


def test_uniforms_are_uniform_and_uncorrelated() -> None:
    # Sequential ids are the hard case for a hash: 200,000 rows, bounds at 5 standard errors.
    draws = seeds.uniforms(seeds.key("test"), np.arange(200_000, dtype=np.uint64), 4)
    assert draws.min() >= 0.0
    assert draws.max() < 1.0
    counts = np.stack([np.histogram(draws[:, j], bins=64, range=(0, 1))[0] for j in range(4)])
    chi2 = ((counts - 200_000 / 64) ** 2 / (200_000 / 64)).sum(axis=1)
    assert (np.abs(chi2 - 63) < 5 * np.sqrt(2 * 63)).all()
    correlation = np.corrcoef(np.concatenate([draws[:-1], draws[1:]], axis=1).T)
    assert np.abs(correlation[~np.eye(8, dtype=bool)]).max() < 5 / np.sqrt(200_000)
