from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from augexp.data.decoding import staging
from augexp.data.decoding.staging import StagingArrays


def test_rows_with_gaps_land_where_they_belong(tmp_path: Path) -> None:
    rows = [0, 1, 4, 6, 7, 9]
    images = np.random.default_rng(0).integers(1, 256, (6, 5, 5, 3), np.uint8)
    keys, thumbnails = np.full((6, 20), 7, np.uint8), np.full((6, 8, 9), 9, np.uint8)
    arrays = StagingArrays(tmp_path, 10, 5)
    arrays.write(rows, images, keys, thumbnails, [10, 11, 12, 13, 14, 15])
    np.testing.assert_array_equal(arrays.images[rows], images)
    assert arrays.sides.tolist() == [10, 11, 0, 0, 12, 0, 13, 14, 0, 15]
    assert not arrays.images[[2, 3, 5, 8]].any()
    assert (arrays.keys[rows] == 7).all()
    assert (arrays.thumbnails[rows] == 9).all()
    np.testing.assert_array_equal(np.load(tmp_path / "images.npy"), arrays.images)  # no byte too many


def test_a_write_that_stops_half_way_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow:
        def __init__(self, file: object) -> None:
            self._file = file

        def __enter__(self) -> Slow:
            return self

        def __exit__(self, *_: object) -> None:
            self._file.close()

        def __getattr__(self, name: str) -> object:
            return getattr(self._file, name)

        def write(self, data: memoryview) -> int:
            return self._file.write(data[:10])

    arrays = StagingArrays(tmp_path, 3, 4)
    images = np.random.default_rng(0).integers(1, 256, (2, 4, 4, 3), np.uint8)
    normal = Path.open
    monkeypatch.setattr(staging.Path, "open", lambda *a, **k: Slow(normal(*a, **k)))
    arrays.write([1, 2], images, np.zeros((2, 20), np.uint8), np.zeros((2, 8, 9), np.uint8), [4, 4])
    np.testing.assert_array_equal(arrays.images[1:], images)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is always full")
def test_a_full_disk_is_an_error(tmp_path: Path) -> None:
    arrays = StagingArrays(tmp_path, 3, 4)
    (tmp_path / "images.npy").unlink()
    (tmp_path / "images.npy").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        arrays.write(
            [1], np.ones((1, 4, 4, 3), np.uint8), np.zeros((1, 20), np.uint8), np.zeros((1, 8, 9), np.uint8), [4]
        )
