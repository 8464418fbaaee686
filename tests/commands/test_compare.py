"""What workers are given to do while the images are still being prepared."""

from __future__ import annotations

import pytest

from augexp.commands import compare
from augexp.engines.local import LocalEngine
from augexp.experiment import definition
from augexp.results.folder import open_workspace


class Recorder(LocalEngine):
    """An engine without processes, which notes down what it would have had them do."""

    def __init__(self):
        super().__init__(2)
        self.started, self.warmed = [], []

    def start(self, runs):
        self.started.append(runs)

    def warm(self, task, num_classes):
        self.warmed.append(num_classes)


def begin(folder, place):
    engine, experiment = Recorder(), definition.from_source([str(folder)], [])
    compare.start_early(engine, open_workspace(experiment, place))
    return engine


@pytest.mark.parametrize("inside", ["", "train"])
def test_networks_are_built_for_the_classes_of_a_folder(tmp_path, inside):
    for name in ("cat", "dog", "owl", ".hidden", "__MACOSX"):
        (tmp_path / "photos" / inside / name).mkdir(parents=True)
    (tmp_path / "photos" / inside / "readme.txt").touch()
    engine = begin(tmp_path / "photos", tmp_path / "results")
    assert len(engine.started) == 1
    assert engine.warmed == [3]


def test_a_folder_that_cannot_be_prepared_is_no_error_yet(tmp_path):
    (tmp_path / "photos" / "cat").mkdir(parents=True)
    engine = begin(tmp_path / "photos", tmp_path / "results")
    assert len(engine.started) == 1
    assert not engine.warmed


def test_categories_are_classes(tmp_path):
    engine, experiment = Recorder(), definition.from_source(["bedroom", "kitchen"], ["bedroom", "kitchen"])
    compare.start_early(engine, open_workspace(experiment, tmp_path))
    assert engine.warmed == [2]
