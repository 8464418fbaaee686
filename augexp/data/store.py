"""Prepared images on disk: decoded once, opened as memory maps, split by content.

    <data-dir>/stores/<name>-<fingerprint>/
      images.npy    uint8 (N, S, S, 3), rows in ascending order of content hash
      labels.npy    int64 (N,)
      keys.npy      uint8 (N, 20), BLAKE2b hash of the decoded pixels
      splits.npy    uint8 (N,)
      clusters.npy  int64 (N,)
      groups.npy    int64 (N,), where groups were declared: the first row of each image's group
      groups.json   the names of those groups, by first row
      store.json    classes, counts, skipped records and why, duplicates, split rule

Memory is a batch, whatever N is.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from augexp import seeds
from augexp.data import groups, splits
from augexp.data.store_manifest import read_manifest
from augexp.errors import DataError
from augexp.experiment.plan import DRAWS
from augexp.experiment.sources import Data

Rows = npt.NDArray[np.int64]
DrawMode = Literal["whole", "disjoint", "subsampled"]


class ImageBatch(NamedTuple):
    """A batch of un-augmented images.

    Attributes:
        images: uint8 (B, S, S, 3), a copy.
        ids: uint64 (B,), identity of each image, which augmentation addresses its draws with.
    """

    images: npt.NDArray[np.uint8]
    ids: npt.NDArray[np.uint64]


class Draw:
    """Some rows of a store, indexable by position: ``draw[positions]`` reads one `ImageBatch`."""

    def __init__(self, store: Store, rows: Rows) -> None:
        self._images, self.ids, self.rows = store.images, store.ids[rows], rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, positions: npt.NDArray[np.int64]) -> ImageBatch:
        return ImageBatch(np.asarray(self._images[self.rows[positions]]), self.ids[positions])


class Store:
    """A prepared data set of N images of C classes.

    Attributes:
        path: its folder.
        manifest: content of ``store.json``.
        fingerprint: 16 hex digits over all pixels, labels and splits.
        classes: names of the C classes; a label is an index into them.
        images: uint8 (N, S, S, 3), memory-mapped.
        labels: int64 (N,).
        keys: uint8 (N, 20), content hashes, ascending.
        clusters: int64 (N,), near-duplicates share the number of their first row.
        groups: int64 (N,), images of one declared group share the number of their first row; None without groups.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.manifest = read_manifest(path / "store.json")
            self.fingerprint, self.classes = self.manifest.fingerprint, self.manifest.classes
            self.images = np.load(path / "images.npy", mmap_mode="r")
            self.labels: npt.NDArray[np.int64] = np.load(path / "labels.npy")
            self.keys: npt.NDArray[np.uint8] = np.load(path / "keys.npy")
            self.clusters: npt.NDArray[np.int64] = np.load(path / "clusters.npy")
            self._splits: npt.NDArray[np.uint8] = np.load(path / "splits.npy")
            self.groups, self._names_of_groups = _read_groups(path, len(self.labels))
            if not len(self.images) == len(self.labels) == len(self.keys) == len(self.clusters) == len(self._splits):
                raise ValueError("lengths differ")
        except (OSError, EOFError, ValueError) as error:
            raise DataError(
                f"{path}: the prepared images are damaged ({error}); delete this folder, they will be prepared again"
            ) from None

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def image_size(self) -> int:
        """S, side of the images in pixels."""
        return int(self.images.shape[1])

    @cached_property
    def ids(self) -> npt.NDArray[np.uint64]:
        """First 8 bytes of each content hash, uint64 (N,)."""
        return np.ascontiguousarray(self.keys[:, :8]).view(np.uint64)[:, 0]

    @cached_property
    def units(self) -> Rows:
        """What is kept whole, int64 (N,): near-duplicates joined with groups; `clusters` without groups."""
        return groups.units(self.clusters, self.groups)

    def group_hashes(self, rows: Rows) -> npt.NDArray[np.uint64] | None:
        """Return 64 bits of the name of each row's group, the same in every store, uint64; None without groups."""
        if self.groups is None:
            return None
        return np.array([groups.name_hash(self._names_of_groups[row]) for row in self.groups[rows].tolist()], np.uint64)

    def group_names(self, rows: Rows) -> tuple[str, ...]:
        """Return the names of the groups of `rows`, each once, in ascending order of their hashes."""
        if self.groups is None:
            return ()
        names = [self._names_of_groups[row] for row in np.unique(self.groups[rows]).tolist()]
        return tuple(sorted(names, key=groups.name_hash))

    def rows(self, split: Literal["train", "validation", "test"]) -> Rows:
        """Return the row numbers of a split, int64, ascending."""
        return np.flatnonzero(self._splits == splits.CODES[split])

    def view(self, rows: Rows) -> Draw:
        """Return `rows` as something that the generators can index."""
        return Draw(self, rows)

    # -- training draws ----------------------------------------------------------------------

    def training_rows(self, data: Data, root_seed: int, seed: int) -> Rows:
        """Return the rows of block `seed`'s training draw, int64, ascending.

        Per class, the pool is permuted once, and block k takes the k-th slice of `train_per_class`
        images, so that blocks are disjoint while the pool lasts; later blocks draw from the whole pool
        without replacement. A class with no more images than wanted is taken whole. No block's draw
        changes when seeds are added.
        """
        chosen = []
        for label, pool in enumerate(self._pools):
            n = data.train_per_class
            if n is None or n >= len(pool):
                chosen.append(pool)
                continue
            if (seed + 1) * n <= len(pool):
                order = seeds.stream(root_seed, 0, "pool", self.classes[label]).permutation(len(pool))
                chosen.append(pool[order[seed * n : (seed + 1) * n]])
            else:
                rng = seeds.stream(root_seed, seed, "draw", self.classes[label])
                chosen.append(rng.choice(pool, size=n, replace=False))
        return np.sort(np.concatenate(chosen))

    def draw_mode(self, data: Data, seed_numbers: Sequence[int] = range(DRAWS)) -> DrawMode:
        """Say how the training draws of these seeds relate: one whole pool, disjoint, or subsampled."""
        n, sizes = data.train_per_class, [len(pool) for pool in self._pools]
        if n is None or n >= max(sizes):
            return "whole"
        return "disjoint" if (max(seed_numbers) + 1) * n <= min(sizes) else "subsampled"

    @cached_property
    def _pools(self) -> list[Rows]:
        train = self.rows("train")
        return [train[self.labels[train] == label] for label in range(len(self.classes))]


def _read_groups(path: Path, count: int) -> tuple[Rows | None, dict[int, str]]:
    if not (path / "groups.npy").exists():
        return None, {}
    rows: Rows = np.load(path / "groups.npy")
    names = {int(row): str(name) for row, name in json.loads((path / "groups.json").read_text(encoding="utf-8"))}
    if len(rows) != count or not set(np.unique(rows).tolist()) <= set(names):
        raise ValueError("groups differ")
    return rows, names


def open_store(path: Path) -> Store:
    """Open a prepared data set; raises DataError where it is missing or damaged."""
    return Store(Path(path))


def find_store(data_dir: Path, fingerprint: str) -> Store | None:
    """Open the prepared data set with this fingerprint, if it is here."""
    paths = sorted((data_dir / "stores").glob(f"*-{fingerprint}"))
    return open_store(paths[0]) if paths else None
