"""The pages of an LMDB database, looked at before the library does: on a damaged page it ends the whole process.

The layout is that of LMDB 0.9 on 64-bit little-endian machines, the only one that LSUN is distributed in: a page begins
with its number (u64), two bytes of padding, flags (u16), and the ends of the free space (u16 each); the offsets of
the nodes follow. Only the tree of the main database is looked at, in the order of the keys, as far as keys are wanted.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_HEADER, _META_MAGIC, _NO_PAGE = 16, 0xBEEFC0DE, 0xFFFFFFFFFFFFFFFF
_BRANCH, _LEAF = 0x01, 0x02
_BIG = 0x01
"""Flag of a node whose value lies in pages of its own."""

_MAX_DEPTH = 32
_PAGE = struct.Struct("<QHHHH")
_NODE = struct.Struct("<HHHH")


class Damage(Exception):  # noqa: N818 - a state of a file, told to whoever asked
    """A page is not what its place says; the message says which and why."""


class _Meta(NamedTuple):
    page_size: int
    special: bool
    root: int
    last_page: int
    transaction: int


def check_pages(file: Path, most: int | None) -> None:
    """Walk the pages that hold the first `most` keys, or all of them.

    Raises:
        Damage: one of them is zeroed, cut off, or belongs elsewhere.
        OSError: the file cannot be read.
    """
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
        meta = _newest_meta(data)
        if meta is None or meta.special or meta.root == _NO_PAGE:
            return  # empty, or of a kind that LSUN has not: left to the library
        count = 0
        for keys in _leaves(data, meta, meta.root, _MAX_DEPTH):
            count += keys
            if most is not None and count >= most:
                return


def _newest_meta(data: mmap.mmap) -> _Meta | None:
    """Return the newer of the two descriptions at the start of the file; None where neither is one."""
    first = _meta(data, 0)
    second = _meta(data, first.page_size if first else 4096)
    return max((meta for meta in (first, second) if meta), key=lambda meta: meta.transaction, default=None)


def _meta(data: mmap.mmap, start: int) -> _Meta | None:
    begin = start + _HEADER
    if len(data) < begin + 136 or struct.unpack_from("<I", data, begin)[0] != _META_MAGIC:
        return None
    page_size = struct.unpack_from("<I", data, begin + 24)[0]
    flags = struct.unpack_from("<H", data, begin + 24 + 48 + 4)[0]
    root, last_page, transaction = struct.unpack_from("<QQQ", data, begin + 24 + 88)
    return _Meta(page_size, bool(flags), root, last_page, transaction)


def _leaves(data: mmap.mmap, meta: _Meta, number: int, depth: int) -> Iterator[int]:
    """Yield the number of keys of each leaf below a page, in the order of the keys."""
    if depth == 0:
        raise Damage(f"page {number:,} refers to pages that refer to it")
    start = number * meta.page_size
    if number > meta.last_page or start + meta.page_size > len(data):
        raise Damage(f"page {number:,} lies behind the end of the file")
    own, _, flags, lower, upper = _PAGE.unpack_from(data, start)
    kind = flags & (_BRANCH | _LEAF)
    if own != number or kind not in (_BRANCH, _LEAF) or not _HEADER <= lower <= upper <= meta.page_size:
        zeroed = not any(data[start : start + meta.page_size])
        raise Damage(f"page {number:,} of {meta.last_page + 1:,} {'is empty' if zeroed else 'belongs elsewhere'}")
    count = (lower - _HEADER) // 2
    offsets = struct.unpack_from(f"<{count}H", data, start + _HEADER)
    nodes = [_node(data, meta, start, offset, number, leaf=kind == _LEAF) for offset in offsets]
    if kind == _LEAF:
        yield count
        return
    if not nodes:
        raise Damage(f"page {number:,} refers to no other")
    for child in nodes:
        yield from _leaves(data, meta, child, depth - 1)


def _node(data: mmap.mmap, meta: _Meta, start: int, offset: int, number: int, *, leaf: bool) -> int:
    """Check that a node lies within its page, and its value within the file; return the page that it refers to."""
    if offset < _HEADER or offset + _NODE.size > meta.page_size:
        raise Damage(f"page {number:,} holds a place outside itself")
    low, high, flags, key_size = _NODE.unpack_from(data, start + offset)
    end = offset + _NODE.size + key_size
    if not leaf:
        if end > meta.page_size:
            raise Damage(f"page {number:,} holds a key that is longer than itself")
        return int(low | high << 16 | flags << 32)
    size = low | high << 16
    if end + (8 if flags & _BIG else size) > meta.page_size:
        raise Damage(f"page {number:,} holds a value that is longer than itself")
    if flags & _BIG:
        first = struct.unpack_from("<Q", data, start + end)[0]
        pages = -(-(_HEADER + size) // meta.page_size)
        if first + pages > meta.last_page + 1 or (first + pages) * meta.page_size > len(data):
            raise Damage(f"page {number:,} refers to a value behind the end of the file")
    return 0
