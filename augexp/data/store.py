"""Prepared images on disk: decoded once, opened as memory maps, split by content.

    <data-dir>/stores/<name>-<fingerprint>/
      images.npy    uint8 (N, S, S, 3), rows in ascending order of content hash
      labels.npy    int64 (N,)
      keys.npy      uint8 (N, 20), BLAKE2b hash of the decoded pixels
      splits.npy    uint8 (N,)
      clusters.npy  int64 (N,)
      store.json    classes, counts, skipped records and why, duplicates, split rule

Memory is a batch, whatever N is.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from augexp import seeds
from augexp.data import folds, splits
from augexp.data.folds import FitRows
from augexp.data.store_manifest import read_manifest
from augexp.errors import DataError
from augexp.experiment.plan import DRAWS
from augexp.experiment.sources import Data

Rows = npt.NDArray[np.int64]
DrawMode = Literal["whole", "disjoint", "subsampled", "folds"]


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

    @property
    def units(self) -> Rows:
        """What no split may tear apart, int64 (N,): images with the same number are near-duplicates of each other."""
        return self.clusters

    def rows(self, split: Literal["train", "validation", "test"]) -> Rows:
        """Return the row numbers of a split, int64, ascending."""
        return np.flatnonzero(self._splits == splits.CODES[split])

    def view(self, rows: Rows) -> Draw:
        """Return `rows` as something that the generators can index."""
        return Draw(self, rows)

    # -- what a run does with which images -----------------------------------------------------

    def rows_of_run(self, data: Data, root_seed: int, seed: int) -> FitRows:
        """Return the rows that the run of a block trains on, validates on and is tested on."""
        if data.folds is None:
            train = self.training_rows(data, root_seed, seed)
            return FitRows(train, self.rows("validation"), self.rows("test"))
        return folds.rows_of_fit(
            self.labels, self.units, self.ids, data.folds, root_seed, seed, data.validation_per_class
        )

    def tested_rows(self, data: Data) -> Rows:
        """Return the rows that some run is tested on, int64, ascending: with folds all of them."""
        return self.rows("test") if data.folds is None else np.arange(len(self))

    def training_rows(self, data: Data, root_seed: int, seed: int) -> Rows:
        """Return the rows of block `seed`'s training draw, int64, ascending.

        Per class, the pool is permuted once, and block k takes the k-th slice of `train_per_class`
        images, so that blocks are disjoint while the pool lasts; later blocks draw from the whole pool
        without replacement. A class with no more images than wanted is taken whole. No block's draw
        changes when seeds are added. With folds the draw is what `rows_of_run` says.
        """
        if data.folds is not None:
            return self.rows_of_run(data, root_seed, seed).train
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
        """Say how the training draws of these seeds relate: one whole pool, disjoint, subsampled, or folds."""
        if data.folds is not None:
            return "folds"
        n, sizes = data.train_per_class, [len(pool) for pool in self._pools]
        if n is None or n >= max(sizes):
            return "whole"
        return "disjoint" if (max(seed_numbers) + 1) * n <= min(sizes) else "subsampled"

    @cached_property
    def _pools(self) -> list[Rows]:
        train = self.rows("train")
        return [train[self.labels[train] == label] for label in range(len(self.classes))]


def open_store(path: Path) -> Store:
    """Open a prepared data set; raises DataError where it is missing or damaged."""
    return Store(Path(path))


def find_store(data_dir: Path, fingerprint: str) -> Store | None:
    """Open the prepared data set with this fingerprint, if it is here."""
    paths = sorted((data_dir / "stores").glob(f"*-{fingerprint}"))
    return open_store(paths[0]) if paths else None
