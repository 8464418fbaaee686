"""Images and labels that are handed over in Python: they are kept as a file in the data folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from augexp.commands.define import Source
from augexp.errors import DefinitionError


def as_source(source: Any, data_dir: str | Path) -> Source:
    """Return `source`, or the file of its arrays where it is (images, labels) or (images, labels, groups).

    Args:
        source: what a command takes; images are uint8 (N, H, W), (N, H, W, 1) or (N, H, W, 3), labels and groups (N,).
        data_dir: holds the file, which is written once for equal arrays.

    Raises:
        DefinitionError: another number of arrays.
    """
    if not isinstance(source, (tuple, list)) or not source or not hasattr(source[0], "shape"):
        known: Source = source
        return known
    if len(source) not in (2, 3):
        raise DefinitionError(
            f"SOURCE: received {len(source)} arrays; allowed are (images, labels) and (images, labels, groups)"
        )
    import hashlib  # noqa: PLC0415 - with numpy, not needed for definitions

    import numpy as np  # noqa: PLC0415

    from augexp.data.sources.arrays import FOLDER, save  # noqa: PLC0415

    digest, arrays = hashlib.blake2b(digest_size=8), {}
    for name, values in zip(("images", "labels", "groups"), source, strict=False):
        array = np.asarray(values)
        if array.dtype.hasobject:
            array = array.astype(str)  # as pandas keeps text
        arrays[name] = array = np.ascontiguousarray(array)
        digest.update(repr((name, array.dtype.str, array.shape)).encode())
        digest.update(array.data if array.dtype.kind != "U" else array.tobytes())
    path = Path(data_dir) / FOLDER / f"arrays-{digest.hexdigest()}.npz"
    if not path.exists():
        save(path, **arrays)
    return str(path)
