"""What the network of a learned policy makes, on a sheet: as a run has trained it, or as it starts."""

from __future__ import annotations

import numpy as np
import pytest

import augexp
from augexp.augment.pixels.learned_network import apply, initial_weights
from augexp.reporting import preview_sheets
from augexp.reporting.learned import sheets
from augexp.results import learned_weights, records
from augexp.training import run


@pytest.fixture(scope="module")
def learning(tiny):
    return tiny.replace(plan={"arms": ["none", "neural", "neural-same"]}, training={"learning_rate": 0.01})


def columns_of(sheet, number):
    return np.stack([row.cells[number].image for row in sheet.rows]).astype(np.float32) / 255


def expected(weights, sheet):
    made = np.clip(apply(weights, columns_of(sheet, 1), columns_of(sheet, 2)), 0, 1)
    return np.rint(255 * made).astype(np.uint8)


def test_it_is_shown_as_it_starts_and_as_a_run_has_trained_it(learning, store, make_task, networks, tmp_path):
    before = sheets.samples(learning, "neural", store, 6, tmp_path)
    assert before.columns == ("original", *("input", "input", "made, epoch 1"), *("input", "input", "made, epoch 2"))
    assert "untrained, as seed 0 starts" in before.note
    learned = learning.policy("neural").learned
    made = np.stack([row.cells[3].image for row in before.rows])
    assert np.array_equal(made, expected(initial_weights(learned, 0, 0), before))
    task = make_task(tmp_path, "neural", 1, learning)
    run.execute(task, networks=networks)
    after = sheets.samples(learning, "neural", store, 6, tmp_path)
    assert "as the run of seed 1 has trained it" in after.note
    weights = learned_weights.read(task.folder / learned_weights.NAME, learned.shapes)
    assert np.array_equal(np.stack([row.cells[3].image for row in after.rows]), expected(weights, after))
    other = learning.replace(training={"epochs": 9})
    assert sheets.trained(tmp_path, other, "neural") is None
    (task.folder / records.RUN).write_text("damaged", encoding="utf-8")
    assert "untrained" in sheets.samples(learning, "neural", store, 6, tmp_path).note
    assert list(sheets.of_arms(learning, store, learning.plan.arms, tmp_path)) == [
        "learned-neural",
        "learned-neural-same",
    ]


def test_with_folds_a_sheet_names_the_fit(learning, store, monkeypatch, tmp_path):
    folded = learning.replace(data={"folds": 5, "test": "folds"}, plan={"seeds": None, "looks": [2, 3, 4]})
    weights = initial_weights(learning.policy("neural").learned, 0, 0)
    monkeypatch.setattr(sheets, "training_rows", lambda *_: np.arange(len(store.labels)))
    assert "untrained, as repeat 1 fold 1 starts" in sheets.samples(folded, "neural", store, 1, tmp_path).note
    monkeypatch.setattr(sheets, "trained", lambda *_: (weights, 7))
    assert "as the run of repeat 2 fold 3 has trained it" in sheets.samples(folded, "neural", store, 1, tmp_path).note


def test_the_control_shows_what_is_made_of_the_image_itself(learning, store, tmp_path):
    sheet = sheets.samples(learning, "neural-same", store, 6, tmp_path)
    assert sheet.columns == ("original", "made of it")
    weights, original = initial_weights(learning.policy("neural-same").learned, 0, 0), columns_of(sheet, 0)
    made = np.rint(255 * np.clip(apply(weights, original, original), 0, 1)).astype(np.uint8)
    assert np.array_equal(np.stack([row.cells[1].image for row in sheet.rows]), made)


def test_fixed_copies_are_shown_as_copies(tiny, store):
    experiment = tiny.replace(policies={"two": {"policy": "standard", "copies": 2}})
    sheet = preview_sheets.samples(experiment, "two", store)
    assert sheet.columns == ("original", "copy 1", "copy 2")
    assert "the fixed copies of seed 0" in sheet.note
    assert not np.array_equal(sheet.rows[0].cells[1].image, sheet.rows[0].cells[2].image)


def test_preview_writes_it(smoke, tmp_path):
    target = augexp.preview(
        (), arm="neural", output=tmp_path / "made.png", data_dir=smoke.data_dir, results_dir=tmp_path
    )
    assert target.stat().st_size > 2000
