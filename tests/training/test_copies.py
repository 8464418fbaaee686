"""Fixed copies: the same pictures in every epoch, beside the originals; what they cost and how they are compared."""

from __future__ import annotations

import numpy as np
import pytest
from recorders import Recorder, content

import augexp
from augexp.errors import DefinitionError, Interrupted
from augexp.experiment.budget import equal_steps
from augexp.results import records
from augexp.training import run


@pytest.fixture(scope="module")
def copied(tiny):
    return tiny.replace(
        plan={"arms": ["none", "standard-2n", "standard-2n-again"]},
        policies={"standard-2n": {"policy": "standard", "copies": 1}, "standard-2n-again": {"policy": "standard-2n"}},
        training={"epochs": 4},
    )


@pytest.fixture
def execute(copied, make_task, networks, tmp_path):
    def do(arm, seed=0, **details):
        task = make_task(tmp_path, arm, seed, copied)
        run.execute(task, networks=networks, **details)
        return records.read_run(task.folder)

    return do


def test_every_epoch_shows_the_originals_and_the_same_copies_in_another_order(
    copied, execute, networks, store, monkeypatch
):
    recorder = Recorder(networks, monkeypatch)
    record = execute("standard-2n")
    images = record.run.counts.train
    steps = 2 * images // copied.training.batch_size
    assert len(recorder.batches) == 4 * steps
    epochs = [recorder.batches[start : start + steps] for start in range(0, 4 * steps, steps)]
    orders = [[image.tobytes() for batch, _ in epoch for image in batch] for epoch in epochs]
    clean = {image.tobytes() for image in np.asarray(store.images, np.float32) / np.float32(255)}
    shown = set().union(*orders)
    assert len(shown & clean) == len(shown - clean) == images
    assert all(len(set(order)) == len(order) >= 2 * images - copied.training.batch_size for order in orders)
    assert len({tuple(order) for order in orders}) == 4
    targets = {image: set() for image in shown}
    for batch, soft in recorder.batches:
        for image, target in zip(batch, soft, strict=True):
            targets[image.tobytes()].add(int(np.argmax(target)))
    assert all(len(labels) == 1 for labels in targets.values())
    assert {image.tobytes() for images in recorder.evaluated for image in images} <= clean


def test_the_ledger_says_what_is_shown(copied, execute):
    none, record = execute("none"), execute("standard-2n")
    images, batch = record.run.counts.train, copied.training.batch_size
    steps = 4 * (2 * images // batch)
    ledger = record.run.ledger
    assert (ledger.steps, ledger.images_seen, ledger.epochs, ledger.copies) == (steps, steps * batch, 4, 1)
    assert record.epochs["unique_images"][-1] == 2 * images == 2 * none.run.counts.train
    assert none.run.ledger.copies is None
    assert none.run.weights_initial == record.run.weights_initial
    assert sorted(record.milestones()) == [2, 4] == list(equal_steps(4, 1))
    assert not (none.folder / records.MILESTONES).exists()


def test_another_seed_draws_other_copies(execute, networks, monkeypatch):
    shown = []
    for seed in (0, 1):
        with monkeypatch.context() as patch:
            recorder = Recorder(networks, patch)
            execute("standard-2n", seed)
        shown.append({image.tobytes() for images, _ in recorder.batches for image in images})
    common = shown[0] & shown[1]
    assert common
    assert len(common) <= len(shown[0]) // 2


def test_a_stopped_run_ends_with_the_bits_of_an_uninterrupted_one(execute):
    whole, again = execute("standard-2n"), "standard-2n-again"
    asked = iter([False, True, *[True] * 9])
    with pytest.raises(Interrupted):
        execute(again, stop=lambda: next(asked))
    record = execute(again)
    same = content(record.folder)
    for name in (records.EPOCHS, records.PREDICTIONS):
        assert same[name] == content(whole.folder)[name]
    assert (record.folder / records.MILESTONES).read_bytes() == (whole.folder / records.MILESTONES).read_bytes()
    assert record.run.weights_final == whole.run.weights_final


def test_arms_are_compared_at_equal_epochs_and_at_equal_steps(copied, tmp_path):
    planned = copied.replace(plan={"seeds": 3, "metric": "accuracy"})
    answer = augexp.compare(planned, results_dir=tmp_path / "r", data_dir=tmp_path / "d", jobs=1, pictures=False)
    contrast = answer.contrasts[0]
    point = contrast.equal_steps
    assert (point.epochs, point.steps[0]) == ((4, 2), answer.ledger["steps"])
    assert abs(point.steps[1] - point.steps[0]) <= 2
    assert point.difference == pytest.approx(np.mean(point.differences))
    folders = {arm: tmp_path / "r" / "tiny" / "runs" / arm for arm in copied.plan.arms}
    for seed, difference in enumerate(point.differences):
        none, arm = (records.read_run(folders[arm] / f"seed-{seed}") for arm in ("none", "standard-2n"))
        right = arm.milestones()[2].predicted == arm.predictions().labels
        assert difference == pytest.approx(100 * (right.mean() - none.predictions().correct.mean()))
    assert "In as many epochs `none` takes" in contrast.sentence
    assert "the difference is" in contrast.sentence


def test_a_frozen_backbone_refuses_copies_in_one_line():
    with pytest.raises(
        DefinitionError, match="policies.traditional: has fixed copies of images, received with tune"
    ) as e:
        augexp.define((), model="MobileNetV2", tune="head", arms=["traditional"], image_size=32)
    assert "\n" not in str(e.value)
