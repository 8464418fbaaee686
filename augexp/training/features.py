"""Features of images under a policy: what a frozen backbone makes of each image and view, computed once.

    <data-dir>/features/<backbone>-<images>/<set>/view-<v>-<segment>.npy          float16 (n, D)
    <data-dir>/features/<backbone>-<images>/<set>/view-<v>-<segment>.targets.npy  float32 (n, C), where labels are mixed

A set is some rows of a store under one policy, a folder of its own by everything that can change a bit of it: rows,
policy, root seed, backbone, images, libraries. The seed of a block is not among them, so all seeds that train on the
same images share it; policies with equal operations share it, too. View v of an image is what the policy makes of it
with the random numbers of ``("views", v)``; where a policy does nothing there is one view. Images that are mixed are
mixed before the backbone, with partners from the same rows, and their soft targets are kept beside the features.

A file holds `SEGMENT` images, is written atomically by one process at a time, and is computed from the same images in
the same batches whoever computes it, so a process that was killed costs one segment and no bit. Several processes that
need the same set divide its segments among them. Nothing but memory maps is kept in memory. Any of it may be deleted
when no command is running: it is computed again.
"""

from __future__ import annotations

import hashlib
import io
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from augexp import files
from augexp.augment.pipeline import Augmenter, Floats, Ids
from augexp.augment.policy import Policy
from augexp.data.store import Draw, ImageBatch, Store
from augexp.errors import RunError
from augexp.results.records import LIBRARIES
from augexp.version import __version__

Positions = npt.NDArray[np.int64]

FOLDER = "features"
"""Below the data folder."""

SEGMENT = 1024
"""Images of a file."""

BATCH = 128
"""Images per forward pass; fixed, because the last bits may depend on it."""

VIEWS = "views"
"""Stands in the addresses of random numbers where a block has its seed."""

ADVICE = "free some space or choose another --data-dir, then repeat the command"

_PAUSE = 0.1
"""Seconds between two looks at what another process computes."""


@dataclass(frozen=True)
class Extractor:
    """A frozen backbone and where its features are kept.

    Attributes:
        compute: returns features, float32 (B, D), for images float32 (B, S, S, 3) in [0, 1].
        digest: of the backbone, see `Network.backbone_digest`.
        folder: of all features.
        root_seed: of the experiment.
        check: called after every segment; raises where the run is to be stopped.
        note: told once when features have to be computed.
    """

    compute: Callable[[Floats], Floats]
    digest: str
    folder: Path
    root_seed: int
    check: Callable[[], None] = lambda: None
    note: Callable[[str], None] = lambda text: None


class FeatureSet:
    """The features of some rows of a store under one policy.

    Args:
        extractor: what computes them.
        store: the prepared images.
        rows: int64 (n,), ascending.
        policy: resolved.
        views: V; 1 where the policy does nothing.
    """

    def __init__(self, extractor: Extractor, store: Store, rows: npt.NDArray[np.int64], policy: Policy, views: int):
        self._extractor = extractor
        self._draw, self._labels = store.view(rows), np.asarray(store.labels[rows])
        self._classes, self._mixes = len(store.classes), policy.mixes_labels
        self._augment = Augmenter(
            policy,
            root_seed=extractor.root_seed,
            seed=VIEWS,
            num_classes=self._classes,
            partners=(self._draw, self._labels),
        )
        self.views = views if policy.operations else 1
        name = f"{extractor.digest[:16]}-{store.fingerprint}"
        self.folder = extractor.folder / name / _set_name(policy, rows, extractor.root_seed)
        self._open: dict[Path, npt.NDArray[Any]] = {}

    def __len__(self) -> int:
        return len(self._draw)

    def batch(self, positions: Positions, view: int) -> tuple[Floats, Floats]:
        """Return features, float32 (B, D), and targets, float32 (B, C), of a view; what is missing is computed.

        Args:
            positions: int64 (B,), indices into the rows of this set.
            view: from 0 to V - 1.
        """
        segments = positions // SEGMENT
        wanted = np.unique(segments).tolist()
        self._complete([(view, segment) for segment in wanted])
        features: Floats | None = None
        targets = np.zeros((len(positions), self._classes), dtype=np.float32)
        targets[np.arange(len(positions)), self._labels[positions]] = 1.0
        for segment in wanted:
            chosen = np.flatnonzero(segments == segment)
            rows = positions[chosen] - segment * SEGMENT
            part = self._array(self._path(view, segment))
            if features is None:
                features = np.empty((len(positions), part.shape[1]), dtype=np.float32)
            features[chosen] = part[rows]
            if self._mixes:
                targets[chosen] = self._array(self._targets_path(view, segment))[rows]
        assert features is not None  # noqa: S101 - no batch is empty
        return features, targets

    # -- files ---------------------------------------------------------------------------------

    def _path(self, view: int, segment: int) -> Path:
        return self.folder / f"view-{view}-{segment:05}.npy"

    def _targets_path(self, view: int, segment: int) -> Path:
        return self.folder / f"view-{view}-{segment:05}.targets.npy"

    def _array(self, path: Path) -> npt.NDArray[Any]:
        if path not in self._open:
            self._open[path] = np.load(path, mmap_mode="r")
        return self._open[path]

    def _ready(self, view: int, segment: int) -> bool:
        """Tell whether a segment can be read; a damaged one is removed."""
        path = self._path(view, segment)
        if path in self._open:
            return True
        paths = [path, self._targets_path(view, segment)] if self._mixes else [path]
        try:
            lengths = {len(self._array(each)) for each in paths}
        except FileNotFoundError:
            lengths = set()
            paths = [each for each in paths if each in self._open]  # the targets are lost
        except (OSError, EOFError, ValueError):
            lengths = set()
        if lengths == {len(self._positions(segment))}:
            return True
        for each in paths:
            self._open.pop(each, None)
            each.unlink(missing_ok=True)
        return False

    def _positions(self, segment: int) -> Positions:
        return np.arange(segment * SEGMENT, min((segment + 1) * SEGMENT, len(self)))

    # -- computing -----------------------------------------------------------------------------

    def _complete(self, wanted: list[tuple[int, int]]) -> None:
        """Compute the segments that are missing, leaving to other processes what they are at."""
        missing = [each for each in wanted if not self._ready(*each)]
        if missing:
            self._make_folder()
            self._extractor.note("computes features with the frozen backbone, once for all seeds")
        while missing:
            computed = [each for each in missing if self._try_to_compute(*each)]
            missing = [each for each in missing if each not in computed and not self._ready(*each)]
            self._extractor.check()
            if missing and not computed:
                time.sleep(_PAUSE)

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise files.unwritable(self.folder, error, ADVICE) from None

    def _try_to_compute(self, view: int, segment: int) -> bool:
        """Compute a segment; return False where another process is at it."""
        path = self._path(view, segment)
        busy = RunError(f"{path}: another process computes these features")
        try:
            with files.hold_lock(path.with_suffix(".lock"), busy):
                if not self._ready(view, segment):
                    self._compute(view, segment)
        except RunError as error:
            if error is not busy:
                raise
            return False
        except OSError as error:
            raise files.unwritable(path, error, ADVICE) from None
        return True

    def _compute(self, view: int, segment: int) -> None:
        positions = self._positions(segment)
        features, targets = [], []
        for start in range(0, len(positions), BATCH):
            part = positions[start : start + BATCH]
            batch = self._draw[part]
            images, soft = self._augment(batch.images, self._labels[part], batch.ids, view)
            features.append(_half(self._extractor.compute(images)))
            targets.append(soft)
            self._extractor.check()
        if self._mixes:
            _write(self._targets_path(view, segment), np.concatenate(targets))
        _write(self._path(view, segment), np.concatenate(features))  # last: it says that the segment is complete


def _half(features: Floats) -> npt.NDArray[np.float16]:
    with np.errstate(over="ignore"):
        half = features.astype(np.float16)
    if not np.isfinite(half).all():
        raise RunError(
            f"model: features of the frozen backbone reach {float(np.max(np.abs(features))):.3g}; allowed are finite "
            "numbers up to 65,504, so let it end in a normalisation, or say --tune all"
        )
    return half


def _write(path: Path, array: npt.NDArray[Any]) -> None:
    buffer = io.BytesIO()
    np.save(buffer, array)
    # A file is believed by its shape: its numbers must not be lost while its name is kept.
    files.write_atomically(path, buffer.getvalue(), durable=True, advice=ADVICE)


def _set_name(policy: Policy, rows: npt.NDArray[np.int64], root_seed: int) -> str:
    """Return the name of a set's folder, by what can change a bit of it beside backbone and images."""
    facts = {
        "policy": policy.definition(),
        "root_seed": root_seed if policy.operations else None,
        "versions": {"augexp": __version__, **{name: version(name) for name in LIBRARIES}},
        "segment": SEGMENT,
        "batch": BATCH,
    }
    digest = hashlib.blake2b(json.dumps(facts, sort_keys=True).encode(), digest_size=8)
    digest.update(np.ascontiguousarray(rows, dtype="<i8").tobytes())
    return digest.hexdigest()


# -- in the place of images ----------------------------------------------------------------------


class PositionDraw:
    """What the generator draws from where features stand for images: a batch's ``images`` are positions, int64 (B,)."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw

    def __len__(self) -> int:
        return len(self._draw)

    def __getitem__(self, positions: Positions) -> ImageBatch:
        return ImageBatch(positions, self._draw.ids[positions])  # type: ignore[arg-type] # see the class


class FeatureAugmenter:
    """What `Augmenter` is to images: looks up the view of an epoch.

    Args:
        features: of the block's training draw under the arm's policy.
    """

    def __init__(self, features: FeatureSet) -> None:
        self._features = features

    def __call__(
        self,
        images: Any,
        labels: Any,
        ids: Ids,
        epoch: int,
        on_image: Callable[[Floats], None] | None = None,
    ) -> tuple[Floats, Floats]:
        """Return features, float32 (B, D), and targets, float32 (B, C), of view ``epoch mod V``.

        Args:
            images: positions, int64 (B,), or several such arrays, as `PositionDraw` gives them.
            labels: not needed, since positions say it all.
            ids: not needed either.
            epoch: passes over the training draw so far, from 0.
            on_image: is called with the features of every image, float32 (D,).
        """
        positions = np.concatenate(images) if isinstance(images, list) else images
        features, targets = self._features.batch(positions, epoch % self._features.views)
        if on_image:
            for row in features:
                on_image(row)
        return features, targets
