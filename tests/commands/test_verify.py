"""Executing a run again: exact here, and named differences where there are some."""

from __future__ import annotations

import dataclasses
import shutil

import pytest
from builders import seal

import augexp
from augexp.commands import verify
from augexp.engines.base import Outcome
from augexp.errors import DataError, DefinitionError, ResultsError
from augexp.training import run


class HereEngine:
    """Executes in this process."""

    def __init__(self, networks):
        self.networks = networks

    def execute(self, tasks, on_event):
        for task in tasks:
            run.execute(task, networks=self.networks, report=on_event)
        return Outcome(executed=len(tasks))


def edited(record, folder, **changes):
    shutil.copytree(record.folder, folder)
    return seal(folder, **changes)


def test_a_run_is_reproduced_bit_by_bit(finished, tiny, store, networks):
    again = verify.rerun(finished["standard", 1], tiny, store.path, engine=HereEngine(networks))
    assert again.exact
    assert (again.changed_predictions, again.largest_difference) == (0, 0.0)
    assert "standard seed 1: bit-exact" in again.words


def test_other_numbers_are_told_with_what_may_be_the_reason(finished, tmp_path):
    true, other = finished["none", 0], finished["standard", 0]
    same_place = verify.compare(true, other)
    assert not same_place.exact
    assert same_place.order_equal
    assert "differs in weights, epochs, predictions" in same_place.words
    assert "same kind of processor" in same_place.words
    old = edited(other, tmp_path / "a", versions={**other.run.versions, "tensorflow": "1.0"})
    assert "tensorflow 1.0 -> " in verify.compare(old, true).words
    moved = dataclasses.replace(other, timing=other.timing.model_copy(update={"processor": "abacus"}))
    assert "abacus -> " in verify.compare(moved, true).words
    assert "not rounding" in verify.compare(edited(other, tmp_path / "b", order="f"), true).words


def test_other_images_or_definitions_are_refused(finished, tiny, store, tmp_path):
    with pytest.raises(ResultsError, match="the images have changed since"):
        verify.compare(edited(finished["none", 0], tmp_path / "a", store="0000"), finished["none", 0])
    with pytest.raises(ResultsError, match="another definition"):
        verify.rerun(finished["none", 0], tiny.replace(training={"epochs": 9}), store.path)


def test_a_run_is_chosen_by_name_or_at_random(finished):
    found = list(finished.values())
    assert verify.choose(found, "none", 1).folder == finished["none", 1].folder
    assert len({verify.choose(found, draw=n).folder for n in range(40)}) == len(found)
    with pytest.raises(ResultsError, match="no finished run of arm none, seed 9; there are: none seed 0"):
        verify.choose(found, "none", 9)


def test_a_python_file_runs_again_only_where_it_is_named_and_has_not_changed(tmp_path) -> None:
    net = tmp_path / "net.py"
    net.write_text(
        "import keras\n"
        "def build(size, classes):\n"
        "    return keras.Sequential([keras.Input((size, size, 3)), keras.layers.AveragePooling2D(8)])\n"
    )
    results = tmp_path / "results"
    augexp.train(
        model=f"{net}:build", epochs=1, image_size=16, limit=40, arm="none", results_dir=results, data_dir=tmp_path
    )
    folder = results / "sample"
    with pytest.raises(DefinitionError, match="executed only where you name it"):
        augexp.verify(folder, data_dir=tmp_path)
    assert augexp.verify(folder, model=f"{net}:build", data_dir=tmp_path).exact
    net.write_text(net.read_text() + "# another one\n")
    with pytest.raises(DefinitionError, match="has changed since the definition was recorded"):
        augexp.verify(folder, model=f"{net}:build", data_dir=tmp_path)


@pytest.mark.slow
def test_what_was_used_here_is_read_again_and_what_was_not_has_to_be_named(tmp_path, image_folder) -> None:
    import keras

    keras.Sequential([keras.Input((16, 16, 3)), keras.layers.AveragePooling2D(8)]).save(tmp_path / "net.keras")
    images, net, data = tmp_path / "images", str(tmp_path / "net.keras"), tmp_path / "data"
    shutil.copytree(image_folder, images)
    augexp.train(images, model=net, epochs=1, image_size=16, arm="none", results_dir=tmp_path, data_dir=data, name="r")
    folder = tmp_path / "r"
    assert augexp.verify(folder, data_dir=data).exact
    for path in (data / "stores").iterdir():
        shutil.rmtree(path, ignore_errors=True)
    assert augexp.verify(folder, data_dir=data).exact  # its images are prepared again
    (tmp_path / "moved").mkdir()
    for path in (folder, data, images, tmp_path / "net.keras"):
        path.rename(tmp_path / "moved" / path.name)
    folder, data, images, net = (tmp_path / "moved" / name for name in ("r", "data", "images", "net.keras"))
    assert augexp.verify(folder, data_dir=data).exact
    elsewhere = tmp_path / "elsewhere"
    with pytest.raises(DefinitionError, match=r"^model: .*net.keras is what .* records.* with --model /.*/net.keras$"):
        augexp.verify(folder, data_dir=elsewhere)
    with pytest.raises(DefinitionError, match=r"^path: .*images is what .* records.* with --path /.*/images$"):
        augexp.verify(folder, model=str(net), data_dir=elsewhere)
    assert augexp.verify(folder, model=str(net), path=str(images), data_dir=elsewhere).exact
    images.rename(tmp_path / "images")
    shutil.rmtree(data / "stores")
    with pytest.raises(DataError, match=r"^path: .*/moved/images is not there, and .* name the images with --path"):
        augexp.verify(folder, model=str(net), data_dir=data)
