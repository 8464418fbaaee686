"""Folds of images that belong to groups: what status and report say, after the images are gone too."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from PIL import Image

import augexp
from augexp import api
from augexp.cli import output
from augexp.commands import status


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The results of 2 repeats of 3 folds on 96 images of 24 patients, whose images are deleted afterwards."""
    place = tmp_path_factory.mktemp("patients")
    generator = np.random.default_rng(5)
    for number in range(96):
        label = number % 2
        image = generator.integers(0, 200, (16, 16, 3))
        image[8 * label : 8 * label + 8] += 40
        (place / "photos" / "ab"[label]).mkdir(parents=True, exist_ok=True)
        path = place / "photos" / "ab"[label] / f"patient{number // 4}_{number}.png"
        Image.fromarray(image.astype(np.uint8)).save(path)
    comparison = augexp.compare(
        place / "photos", group_from=r"patient(\d+)_", folds=3, repeats=2, epochs=3, image_size=16, model="tiny",
        batch_size=16, results_dir=place / "results", data_dir=place / "data", jobs=1, pictures=False,
    )  # fmt: skip
    shutil.rmtree(place / "photos")
    shutil.rmtree(place / "data")
    return place / "results" / comparison.name


def test_status_says_how_many_groups_the_interval_rests_on(folder):
    state = status.status(folder)
    assert (state.test_images, state.test_groups) == (96, 24)
    assert "(2 repeats, 96 images of 24 groups)" in output.status_text(state)
    assert state.to_json()["test_groups"] == 24


def test_the_report_is_the_same_after_the_images_are_gone(folder, tmp_path):
    before = (folder / "comparison" / "comparison.json").read_bytes()
    (folder / "comparison" / "report.html").unlink()
    api.report(folder, data_dir=tmp_path)
    assert (folder / "comparison" / "comparison.json").read_bytes() == before
    assert api.render_folder(folder, "json", data_dir=tmp_path).encode() == before
    page = (folder / "comparison" / "report.html").read_text("utf-8")
    assert "2 repeats of 3 folds, 6 paired fits, 96 images of 24 groups" in page
    assert "Counted by groups the interval is" in page
