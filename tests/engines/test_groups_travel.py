"""A store whose images belong to groups goes to another node with them."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
from builders import write_images

from augexp.data.preparation import prepare
from augexp.engines import ray_node
from augexp.experiment.sources import Data


def test_groups_go_with_the_store(tmp_path: Path) -> None:
    write_images(tmp_path / "in", range(60))
    rows = [f"{number}.png,{'ab'[number % 2]},patient {number // 2}" for number in range(60)]
    (tmp_path / "in" / "metadata.csv").write_text("\n".join(["file_name,label,group", *rows]))
    store = prepare(Data(source="manifest", path=str(tmp_path / "in"), image_size=16), tmp_path / "data")
    small, images = ray_node.take_apart(store)
    there = ray_node.put_together(pickle.loads(pickle.dumps(small)), images)
    test = store.rows("test")
    assert np.array_equal(there.group_hashes(test), store.group_hashes(test))
    assert there.group_names(test) == store.group_names(test)
    assert np.array_equal(there.units, store.units)
