"""A copy to give away: the same answer, and nothing that says where or on what it was made."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path

import pytest

from augexp import api
from augexp.commands import share
from augexp.errors import ResultsError
from augexp.experiment import definition
from augexp.results import records
from augexp.results.manifests import Timing


def text_of(folder: Path) -> str:
    """Return all bytes of a folder's files as text."""
    return "".join(path.read_bytes().decode("latin-1") for path in sorted(folder.rglob("*")) if path.is_file())


def test_a_copy_gives_the_same_answer_without_hosts_paths_and_photos(smoke, tmp_path: Path) -> None:
    folder = tmp_path / "Erika-M" / "smoke"
    shutil.copytree(smoke.folder, folder)
    for path in folder.rglob("timing.json"):
        values = json.loads(path.read_text("utf-8"))
        record = records.read_run(path.parent)
        timing = Timing.from_values({**{k: v for k, v in values.items() if k != "seal"}, "host": "named-host"})
        path.write_bytes(records.timing_bytes(timing, record.arm, record.seed, record.arm_hash))
    page = api.share(folder, tmp_path / "away", data_dir=smoke.data_dir)
    copy = tmp_path / "away"
    assert page == copy / "comparison" / "report.html"
    content = text_of(copy)
    for secret in ("named-host", socket.gethostname() + '"', str(tmp_path), "Erika-M", "data:image/webp"):
        assert secret not in content
    assert "named-host" in text_of(folder)
    original = api.status(folder)
    assert api.status(copy).intervals == original.intervals
    nowhere = tmp_path / "nowhere"
    assert api.render(share.answer.current(copy, nowhere), "csv") == api.render(smoke.comparison, "csv")
    api.report(copy, data_dir=nowhere)
    for name in ("predictions.npz", "epochs.csv", "run.json"):
        assert (copy / "runs/none/seed-0" / name).read_bytes() == (folder / "runs/none/seed-0" / name).read_bytes()


def test_photos_are_in_it_where_they_are_asked_for(smoke, tmp_path: Path) -> None:
    api.share(smoke.folder, tmp_path / "away", data_dir=smoke.data_dir, pictures=True)
    assert "data:image/webp" in text_of(tmp_path / "away" / "comparison")


def test_the_path_of_the_images_becomes_its_last_part() -> None:
    values = {"name": "x", "data": {"source": "folder", "path": "/home/NAME/secret/photos"}}
    experiment = definition.parse(values, origin="test")
    shared = share._without_paths(experiment)
    assert shared.data.path == "photos"
    assert shared.hash == experiment.hash


def test_an_answer_names_a_network_without_its_path() -> None:
    training = {"model": "/home/NAME/secret/net.keras", "model_digest": "0" * 32}
    values = {"name": "x", "data": {"source": "folder", "path": "/home/NAME/photos"}, "training": training}
    experiment = definition.parse(values, origin="test")
    told = experiment.without_places()
    assert told["training"]["model"] == "net.keras"
    assert told == share._without_paths(experiment).without_places()
    assert "NAME" not in json.dumps(told)


def test_what_failed_is_told_without_its_path() -> None:
    told = share._without_path_in("/home/NAME/a/run.json: cannot be written (No space); C:\\Users\\me\\x too")
    assert told == "(a path): cannot be written (No space); (a path) too"


def test_a_folder_that_holds_something_is_left_alone(smoke, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(
        ResultsError, match="share: received .*, which holds something; name a folder that is not there"
    ):
        api.share(smoke.folder, tmp_path, data_dir=smoke.data_dir)
