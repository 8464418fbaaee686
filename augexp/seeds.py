"""Named random streams: one for every purpose, none a shifted copy of another.

A stream is the Philox counter-based generator (Salmon et al. 2011) keyed with the BLAKE2b hash of the
root seed, the seed of the block and the name of the purpose. Additive keys (`seed + i`) would make
neighbouring seeds shifted copies of one sequence; hashed keys do not.

Draws that belong to one image (augmentation) cannot afford a generator object per image. They come
from `uniforms`: a hash of (key, image, index) evaluated for a whole batch at once, so that a draw
depends on nothing but its address and not on batch size, order, worker or machine.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_ELEVEN, _TWENTY_SEVEN, _THIRTY, _THIRTY_ONE = (np.uint64(n) for n in (11, 27, 30, 31))


def key(*names: int | str, bits: int = 64) -> int:
    """Hash `names` to a non-negative integer below ``2**bits`` (at most 512 bits).

    Integers and strings are told apart (``1`` is not ``"1"``), and the boundaries between names count.
    """
    digest = hashlib.blake2b(digest_size=bits // 8)
    for name in names:
        text = f"{type(name).__name__}:{name}".encode()
        digest.update(len(text).to_bytes(8, "little") + text)
    return int.from_bytes(digest.digest(), "little")


def stream(root_seed: int, seed: int, *names: int | str) -> np.random.Generator:
    """Return the generator of the purpose `names` (for instance ``"order", epoch``) in block `seed`."""
    return np.random.Generator(np.random.Philox(key=key("stream", root_seed, seed, *names, bits=128)))


def integer(root_seed: int, seed: int, *names: int | str) -> int:
    """Return a seed below 2**31 for a library that wants a Python integer, such as Keras."""
    return key("integer", root_seed, seed, *names) >> 33


def _mix(x: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Apply the SplitMix64 finaliser (Steele et al. 2014, variant 13 of Stafford) elementwise."""
    x = (x ^ (x >> np.uint64(30))) * _MIX_1
    x = (x ^ (x >> np.uint64(27))) * _MIX_2
    return x ^ (x >> np.uint64(31))


def uniforms(stream_key: int, ids: npt.NDArray[np.uint64], count: int) -> npt.NDArray[np.float64]:
    """Draw `count` numbers in [0, 1) for every image.

    Args:
        stream_key: 64-bit key of the purpose, from `key` (seed, epoch and operation go in there).
        ids: uint64 identity of each image, shape (B,).
        count: numbers per image.

    Returns:
        float64 of shape (B, count). Row b depends on `stream_key` and ``ids[b]`` alone, and column j
        does not depend on `count`.
    """
    base = _mix(_mix(ids ^ np.uint64(stream_key)) + np.uint64(stream_key))
    index = np.arange(1, count + 1, dtype=np.uint64) * _GOLDEN
    bits = _mix(base[:, None] + index[None, :])
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53


def uniforms_of(
    stream_keys: npt.NDArray[np.uint64], ids: npt.NDArray[np.uint64], count: int
) -> npt.NDArray[np.float64]:
    """Draw for several purposes at once: ``uniforms_of(keys, ids, n)[k]`` equals ``uniforms(keys[k], ids, n)``.

    Args:
        stream_keys: uint64 keys of the purposes, from `key`, shape (K,).
        ids: uint64 identity of each image, shape (B,).
        count: numbers per purpose and image.

    Returns:
        float64 of shape (K, B, count).
    """
    # In place throughout: at the size of a batch the calls cost more than the arithmetic.
    keys = stream_keys[:, None]
    base = _mix_in_place(ids[None, :] ^ keys)
    base += keys
    _mix_in_place(base)
    index = np.arange(1, count + 1, dtype=np.uint64)
    index *= _GOLDEN
    bits = _mix_in_place(base[:, :, None] + index)
    bits >>= _ELEVEN
    return np.multiply(bits, 2.0**-53, dtype=np.float64)


def _mix_in_place(x: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Do what `_mix` does, overwriting `x`."""
    shifted = x >> _THIRTY
    x ^= shifted
    x *= _MIX_1
    np.right_shift(x, _TWENTY_SEVEN, out=shifted)
    x ^= shifted
    x *= _MIX_2
    np.right_shift(x, _THIRTY_ONE, out=shifted)
    x ^= shifted
    return x
