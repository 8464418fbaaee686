"""What a run's network is given: images, or the features that a frozen backbone has made of them.

Either way the same generator draws in the same order, and what is fed is counted and recorded in the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from augexp.augment import policy as policies
from augexp.augment.copies import CopiedDraw, CopyAugmenter, labels_of
from augexp.augment.partners import PartnerAugmenter
from augexp.augment.pipeline import Augmenter, Floats, rescale
from augexp.data.store import Store
from augexp.training.features import FOLDER, Extractor, FeatureAugmenter, FeatureSet, PositionDraw
from augexp.training.network import Network
from augexp.training.task import RunTask

Rows = npt.NDArray[np.int64]
Lookup = Callable[[npt.NDArray[np.int64]], Floats]
"""Returns the inputs, float32 (B, ...), of some rows by their positions, int64 (B,)."""


class Inputs(Protocol):
    """What training and evaluation take their batches from.

    Attributes:
        draw: the block's training draw, for `cyclic_generator`.
        labels: what the generator yields beside it.
        augment: what makes inputs and targets of its batches, as `Augmenter` does.
    """

    draw: Any
    labels: Rows
    augment: Any

    def plain(self, rows: Rows) -> Lookup:
        """Return what gives the inputs of some rows of the store, ascending, as they are: never augmented."""


class ImageInputs:
    """Images, augmented anew in every epoch, or as the policy says.

    Args:
        task: whose arm and seed.
        store: the prepared images.
        rows: of the block's training draw.
        check: called now and then while images are checked; raises where the run is to be stopped.
    """

    def __init__(self, task: RunTask, store: Store, rows: Rows, check: Callable[[], None] = lambda: None) -> None:
        self._store, self._check = store, check
        self.draw: Any = store.view(rows)
        store.check_images(rows, check)
        policy = task.experiment.policy(task.arm)
        self.labels = np.asarray(store.labels[rows], dtype=np.int64)
        augmenter = Augmenter(
            policy,
            root_seed=task.experiment.root_seed,
            seed=task.seed,
            num_classes=len(store.classes),
            partners=(self.draw, self.labels),
        )
        self.augment: Any = augmenter
        if policy.learned is not None:
            self.augment = PartnerAugmenter(augmenter, policy.learned, self.draw, self.labels)
        if policy.copies:
            self.augment = CopyAugmenter(augmenter)
            self.draw = CopiedDraw(self.draw, policy.copies)
            self.labels = labels_of(self.labels, policy.copies)

    def plain(self, rows: Rows) -> Lookup:
        """Return what rescales the images of some rows."""
        self._store.check_images(rows, self._check)
        view = self._store.view(rows)
        return lambda positions: rescale(view[positions].images)


class FeatureInputs:
    """Features of a frozen backbone, computed once for every image and view.

    Args:
        task: whose arm and seed.
        store: the prepared images.
        rows: of the block's training draw.
        network: holds the backbone.
        check: called now and then while features are computed; raises where the run is to be stopped.
        note: told when features have to be computed.
    """

    def __init__(
        self,
        task: RunTask,
        store: Store,
        rows: Rows,
        network: Network,
        check: Callable[[], None],
        note: Callable[[str], None],
    ) -> None:
        self._store, self._rows = store, rows
        self._as_they_are = policies.resolve("none", {})
        folder = features_folder(task)
        self._extractor = Extractor(
            network.features, network.backbone_digest, folder, task.experiment.root_seed, check, note
        )
        policy, views = task.experiment.policy(task.arm), task.experiment.training.views
        self.draw, self.labels = PositionDraw(store.view(rows)), np.asarray(store.labels[rows], dtype=np.int64)
        self.augment = FeatureAugmenter(FeatureSet(self._extractor, store, rows, policy, views))

    def plain(self, rows: Rows) -> Lookup:
        """Return what looks up the features of some rows; those of training images in the set of all of them."""
        of = self._rows if len(rows) and np.isin(rows, self._rows).all() else rows
        features = FeatureSet(self._extractor, self._store, of, self._as_they_are, 1)
        places = np.searchsorted(of, rows)
        return lambda positions: features.batch(places[positions], 0)[0]


def features_folder(task: RunTask) -> Path:
    """Return where features are kept: where the task says, or in the data folder that holds the images."""
    return task.features if task.features is not None else task.store_path.parent.parent / FOLDER


def inputs_of(
    task: RunTask, store: Store, rows: Rows, network: Network, check: Callable[[], None], note: Callable[[str], None]
) -> Inputs:
    """Return what the network of a run is given; for the arguments see `FeatureInputs`."""
    if network.backbone is None:
        return ImageInputs(task, store, rows, check)
    return FeatureInputs(task, store, rows, network, check, note)
