"""The image sets of keras.datasets: their download is Keras' own; what it gives is kept as arrays."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from augexp import surroundings
from augexp.data.sources.arrays import FOLDER, ArraySource, save
from augexp.errors import DataError

if TYPE_CHECKING:
    from augexp.experiment.sources import Data
    from augexp.progress import StageProgress


class KerasSource(ArraySource):
    """One image set with its training and test images."""

    @classmethod
    def open(cls, data: Data, data_dir: Path, progress: StageProgress) -> Self:
        """Return the images of the set that `data` names, downloaded by Keras where they are not here."""
        (name,) = data.categories
        path = data_dir / FOLDER / f"keras-{name}.npz"
        if not path.is_file():
            progress(f"loading {name} with Keras", 0, 1)
            _save(name, path)
        return cls(path, data_dir, data.limit)


def _save(name: str, path: Path) -> None:
    datasets = surroundings.load_keras().datasets
    surroundings.restore_keras_home()
    try:
        (images, labels), (test_images, test_labels) = getattr(datasets, name).load_data()
    except Exception as error:  # Keras raises Exception itself for a download that fails
        raise DataError(
            f"keras:{name}: keras.datasets cannot load it ({' '.join(str(error).split())[:160]}); connect to the "
            "network once, or put its file where Keras keeps data sets (~/.keras/datasets)"
        ) from None
    splits = np.repeat(["train", "test"], [len(images), len(test_images)])
    save(
        path,
        images=np.concatenate([images, test_images]),
        labels=np.concatenate([np.ravel(labels), np.ravel(test_labels)]),
        splits=splits,
    )
