"""What people hand to the generators, as something that an array of row numbers indexes: by position, whatever it is.

Tables of pandas and its relatives are indexed by label, HDF5 only in ascending order, tensors and lists not at all.
Each becomes the same here: N items, of which ``values[rows]`` are those at the positions `rows`.
"""

from __future__ import annotations

import array
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from augexp.errors import DataError

_ADVICE = "np.asarray(...) makes an array of most things"

_TENSORS = ("tensorflow", "keras")
"""Packages whose tensors become arrays, since no array of numbers indexes them."""


class Indexable(Protocol):
    """N items; indexing with an int64 array of n row numbers returns those n items as one batch."""

    def __len__(self) -> int:
        """Return N."""

    def __getitem__(self, rows: Any, /) -> Any:
        """Return the items `rows`."""


class _Rows:
    """Reads rows of `values`, which are another kind than an array."""

    def __init__(self, values: Any) -> None:
        self._values = values

    def __len__(self) -> int:
        return len(self._values)


class _Table(_Rows):
    """A Series or DataFrame of pandas, or of a library with its interface: by position and not by label."""

    def __getitem__(self, rows: npt.NDArray[np.int64]) -> Any:
        return np.asarray(self._values.iloc[rows])


class _Ascending(_Rows):
    """A data set of h5py, which is read in ascending order and each row once."""

    def __getitem__(self, rows: npt.NDArray[np.int64]) -> Any:
        ascending, where = np.unique(rows, return_inverse=True)
        return self._values[ascending][where]


class _Orthogonal(_Rows):
    """An array of zarr."""

    def __len__(self) -> int:
        return int(self._values.shape[0])

    def __getitem__(self, rows: npt.NDArray[np.int64]) -> Any:
        return self._values.oindex[rows]


class _Unknown(_Rows):
    """Anything else: an array of row numbers may index it or not, which shows when the first batch is read."""

    def __init__(self, values: Any, name: str) -> None:
        super().__init__(values)
        self._name = name

    def __getitem__(self, rows: npt.NDArray[np.int64]) -> Any:
        try:
            batch = self._values[rows]
            # A batch may have parts, such as images and their identities.
            count = len(batch) if isinstance(batch, list) or hasattr(batch, "shape") else len(rows)
        except (TypeError, ValueError, KeyError, IndexError, NotImplementedError) as error:
            line = " ".join(f"{type(error).__name__}: {error}".split())[:120]
            raise DataError(
                f"{self._name}: received {_kind(self._values)}, which an array of row numbers does not index ({line}); "
                f"{_ADVICE}"
            ) from None
        if count != len(rows):
            raise DataError(
                f"{self._name}: received {_kind(self._values)}, which gave {count} items for {len(rows)} row numbers; "
                f"{_ADVICE}"
            )
        return batch


def by_position(values: Any, name: str) -> Indexable:
    """Return `values` as N items that an array of row numbers indexes by position; reads no row of large ones.

    Args:
        values: an array, a memory map, a list, a range, a pandas Series or DataFrame, a data set of h5py or zarr, a
            tensor, a view of a store, or anything else that an integer array can index.
        name: `features` or `labels`, for messages.

    Raises:
        DataError: it has no length or no rows, or is a list of rows of different shapes.
    """
    if type(values) is np.ndarray or isinstance(values, np.memmap):
        return _checked(values, values, name)
    if isinstance(values, (str, bytes, Mapping, set, frozenset)):
        raise _refused(values, name)
    module = type(values).__module__.partition(".")[0]
    if isinstance(values, (list, tuple, range, array.array, memoryview)) or (
        module in _TENSORS and hasattr(values, "__array__")
    ):
        return _checked(_array(values, name), values, name)
    if hasattr(values, "iloc"):
        return _checked(_Table(values), values, name)
    if module == "h5py":
        return _checked(_Ascending(values), values, name)
    if hasattr(values, "oindex"):
        return _checked(_Orthogonal(values), values, name)
    if isinstance(values, np.ndarray):  # a matrix, a masked array
        return _checked(values, values, name)
    if not hasattr(values, "__getitem__"):
        raise _refused(values, name)
    return _checked(_Unknown(values, name), values, name)


def _array(values: Any, name: str) -> npt.NDArray[Any]:
    try:
        return np.asarray(values)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{name}: received {_kind(values)} that is no array ({' '.join(str(error).split())[:120]}); "
            "its items need one shape in common"
        ) from None


def _checked(rows: Indexable, values: Any, name: str) -> Indexable:
    try:
        len(rows)
    except Exception:
        raise _refused(values, name) from None
    return rows


def _refused(values: Any, name: str) -> DataError:
    return DataError(
        f"{name}: received {_kind(values)}; allowed is what has a length and is indexed by an array of row numbers: "
        f"{_ADVICE}"
    )


def _kind(values: Any) -> str:
    kind = type(values)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__.partition('.')[0]}.{kind.__name__}"
