from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from augexp.data.decoding import staging as desks
from augexp.data.decoding.staging import Desk


def test_rows_with_gaps_land_where_they_belong(tmp_path: Path) -> None:
    rows = [0, 1, 4, 6, 7, 9]
    images = np.random.default_rng(0).integers(1, 256, (6, 5, 5, 3), np.uint8)
    keys, thumbnails = np.full((6, 20), 7, np.uint8), np.full((6, 8, 9), 9, np.uint8)
    desk = Desk(tmp_path, 10, 5)
    desk.put(rows, images, keys, thumbnails, [10, 11, 12, 13, 14, 15])
    np.testing.assert_array_equal(desk.images[rows], images)
    assert desk.sides.tolist() == [10, 11, 0, 0, 12, 0, 13, 14, 0, 15]
    assert not desk.images[[2, 3, 5, 8]].any()
    assert (desk.keys[rows] == 7).all()
    assert (desk.thumbnails[rows] == 9).all()
    np.testing.assert_array_equal(np.load(tmp_path / "images.npy"), desk.images)  # no byte too many


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

    desk = Desk(tmp_path, 3, 4)
    images = np.random.default_rng(0).integers(1, 256, (2, 4, 4, 3), np.uint8)
    normal = Path.open
    monkeypatch.setattr(desks.Path, "open", lambda *a, **k: Slow(normal(*a, **k)))
    desk.put([1, 2], images, np.zeros((2, 20), np.uint8), np.zeros((2, 8, 9), np.uint8), [4, 4])
    np.testing.assert_array_equal(desk.images[1:], images)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is always full")
def test_a_full_disk_is_an_error(tmp_path: Path) -> None:
    desk = Desk(tmp_path, 3, 4)
    (tmp_path / "images.npy").unlink()
    (tmp_path / "images.npy").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        desk.put([1], np.ones((1, 4, 4, 3), np.uint8), np.zeros((1, 20), np.uint8), np.zeros((1, 8, 9), np.uint8), [4])
