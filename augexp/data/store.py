"""Prepared images on disk: decoded once, opened as memory maps, split by content.

    <data-dir>/stores/<name>-<fingerprint>/
      images.npy    uint8 (N, S, S, 3), rows in ascending order of content hash
      labels.npy    int64 (N,)
      keys.npy      uint8 (N, 20), BLAKE2b hash of the decoded pixels
      splits.npy    uint8 (N,)
      clusters.npy  int64 (N,)
      groups.npy    int64 (N,), where groups were declared: the first row of each image's group
      groups.json   the names of those groups, by first row
      store.json    classes, counts, skipped records and why, duplicates, split rule; digests of files and of itself
      .checked      which images have been found to be those of their content hashes, see `augexp.data.checked_images`

Memory is a batch, whatever N is. The small arrays are checked on opening; images when they are first needed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from augexp import digests, seeds
from augexp.data import folds, groups, nested_draws, splits
from augexp.data.checked_images import CheckedImages
from augexp.data.folds import FitRows
from augexp.data.store_manifest import read_manifest
from augexp.errors import DataError
from augexp.experiment.plan import DRAWS
from augexp.experiment.sources import Data
from augexp.files import check_inside, lacks_resources

FORMAT = 1
"""Version of the store's files and of the pixels in them."""

Rows = npt.NDArray[np.int64]
FINGERPRINT = re.compile(r"[0-9a-f]{16}")
"""What the fingerprint of a store looks like."""

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
        self._store, self.ids, self.rows = store, store.ids[rows], rows
        self._checked = False

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, positions: npt.NDArray[np.int64]) -> ImageBatch:
        if not self._checked:  # all of them at the first batch, so that it is written down once
            self._store.check_images(self.rows)
            self._checked = True
        return ImageBatch(np.asarray(self._store.images[self.rows[positions]]), self.ids[positions])


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
            self._check()
        except Exception as error:  # numpy has exceptions of several kinds for a damaged header
            raise self._damaged(error) from None
        self._checked = CheckedImages(path, self.fingerprint, len(self.labels))

    def _check(self) -> None:
        """Check the arrays but the images against ``store.json``; raises ValueError."""
        arrays = (self.keys, self.labels, self._splits, self.clusters)
        if [array.dtype for array in arrays] != [np.uint8, np.int64, np.uint8, np.int64] or self.keys.shape[1:] != (
            20,
        ):
            raise ValueError("arrays of other types")
        size = self.manifest.image_size
        if (
            self.images.shape[1:] != (size, size, 3)
            or self.images.dtype != np.uint8
            or self.manifest.images != len(self)
        ):
            raise ValueError("the images have another number, size or type")
        if wrong := digests.differing(self.path, self.manifest.files or {}):
            raise ValueError(f"{wrong[0]}: its digest differs")
        if fingerprint_of(self.classes, *arrays, *self._group_arrays()) != self.fingerprint:
            raise ValueError("keys, labels, splits, clusters and groups are not those of the fingerprint")
        for label, counts in enumerate(self.manifest.counts.get(name) for name in self.classes):
            own = np.bincount(self._splits[self.labels == label], minlength=256)
            if counts is None or any(own[code] != getattr(counts, part) for part, code in splits.CODES.items()):
                raise ValueError(f"counts: not those of {self.classes[label]!r}")

    def _group_arrays(self) -> tuple[npt.NDArray[Any], ...]:
        """Return what a fingerprint says of groups: their first rows, and the hashes of their names."""
        if self.groups is None:
            return ()
        first, which = np.unique(self.groups, return_inverse=True)
        hashes = np.array([groups.name_hash(self._names_of_groups[row]) for row in first.tolist()], np.uint64)
        return self.groups, hashes[which]

    def _damaged(self, error: Exception) -> DataError:
        text = " ".join(str(error).split())
        if lacks_resources(error):
            return DataError(f"{self.path}: the prepared images cannot be opened ({text}); repeat the command")
        return DataError(
            f"{self.path}: the prepared images are damaged ({text}); delete this folder, they will be prepared again"
        )

    @property
    def sealed(self) -> bool:
        """Whether digests tell that ``store.json`` is as it was written; not so in a store of augexp 0.1."""
        return self.manifest.seal is not None

    def check_images(self, rows: Rows | None = None, between: Callable[[], None] = lambda: None) -> None:
        """Check that images are those of their content hashes; one that has been checked is not read again.

        Args:
            rows: which ones, int64; None takes all.
            between: called now and then; may raise.

        Raises:
            DataError: one of them is another; the message says what to delete.
        """
        try:
            self._checked.check(self.images, self.keys, np.arange(len(self)) if rows is None else rows, between)
        except (OSError, ValueError) as error:
            raise self._damaged(error) from None

    def read_images(self, rows: Rows) -> npt.NDArray[np.uint8]:
        """Return some images, uint8 (B, S, S, 3), a copy; raises DataError where one is damaged."""
        self.check_images(rows)
        return np.array(self.images[rows])

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
        changes when seeds are added. With a `train_factor` other than 1 a part of each class's draw is taken, or
        more of its pool is added, see `nested_draws.resize`. With folds the draw is what `rows_of_run` says.
        """
        if data.folds is not None:
            return self.rows_of_run(data, root_seed, seed).train
        chosen = [
            self._draw_of_class(data.train_per_class, label, root_seed, seed) for label in range(len(self._pools))
        ]
        if data.train_factor != 1.0:
            chosen = [
                nested_draws.resize(draw, pool, self.ids, data.train_factor, root_seed, seed)
                for draw, pool in zip(chosen, self._pools, strict=True)
            ]
        return np.sort(np.concatenate(chosen))

    def _draw_of_class(self, n: int | None, label: int, root_seed: int, seed: int) -> Rows:
        """Return the rows of one class in the training draw of a block whose factor is 1."""
        pool = self._pools[label]
        if n is None or n >= len(pool):
            return pool
        if (seed + 1) * n <= len(pool):
            order = seeds.stream(root_seed, 0, "pool", self.classes[label]).permutation(len(pool))
            return pool[order[seed * n : (seed + 1) * n]]
        rows: Rows = seeds.stream(root_seed, seed, "draw", self.classes[label]).choice(pool, size=n, replace=False)
        return rows

    def largest_factor(self, data: Data) -> float:
        """Return the largest `train_factor` for which every class has images enough; at least 1."""
        n = data.train_per_class
        return min(len(pool) / min(n or len(pool), len(pool)) for pool in self._pools)

    def draw_mode(self, data: Data, seed_numbers: Sequence[int] = range(DRAWS)) -> DrawMode:
        """Say how the training draws of these seeds relate: one whole pool, disjoint, subsampled, or folds."""
        if data.folds is not None:
            return "folds"
        n, sizes = data.train_per_class, [len(pool) for pool in self._pools]
        if n is None or n >= max(sizes):
            return "whole" if data.train_factor == 1.0 else "subsampled"
        disjoint = (max(seed_numbers) + 1) * n <= min(sizes) and data.train_factor <= 1.0
        return "disjoint" if disjoint else "subsampled"

    @cached_property
    def _pools(self) -> list[Rows]:
        train = self.rows("train")
        return [train[self.labels[train] == label] for label in range(len(self.classes))]


def fingerprint_of(classes: Sequence[str], *arrays: npt.NDArray[Any]) -> str:
    """Return the fingerprint of a store, 16 hex digits, by its classes and its keys, labels, splits and clusters."""
    digest = hashlib.blake2b(json.dumps([FORMAT, list(classes)]).encode(), digest_size=8)
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _read_groups(path: Path, count: int) -> tuple[Rows | None, dict[int, str]]:
    if not (path / "groups.npy").exists():
        return None, {}
    rows: Rows = np.load(path / "groups.npy")
    names = {int(row): str(name) for row, name in json.loads((path / "groups.json").read_text(encoding="utf-8"))}
    if len(rows) != count or not set(np.unique(rows).tolist()) <= set(names):
        raise ValueError("groups differ")
    return rows, names


def open_store(path: Path) -> Store:
    """Open a prepared data set; raises DataError where it is missing or damaged, or a link leads out of it."""
    check_inside(Path(path), DataError)
    return Store(Path(path))


def find_store(data_dir: Path, fingerprint: str) -> Store | None:
    """Open the prepared data set with this fingerprint, if it is here.

    Args:
        data_dir: holds ``stores/``.
        fingerprint: as a record names it, which anybody may have written: 16 hex digits, or nothing is found.

    Raises:
        DataError: it is damaged, or holds other images under this name.
    """
    if not FINGERPRINT.fullmatch(fingerprint):
        return None
    paths = sorted((data_dir / "stores").glob(f"*-{fingerprint}"))
    if not paths:
        return None
    store = open_store(paths[0])
    if store.fingerprint != fingerprint:
        raise DataError(
            f"{store.path}: holds the images {store.fingerprint} under the name of others; delete this folder, they "
            "will be prepared again"
        )
    return store
