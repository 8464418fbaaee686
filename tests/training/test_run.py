"""What makes two runs comparable: same start, same images, same budget; only the policy differs."""

from __future__ import annotations

import numpy as np
import pytest
from recorders import SAME, Recorder, content

from augexp.errors import Interrupted, ResultsError, RunError
from augexp.results import records
from augexp.training import run
from augexp.training.network import NetworkCache


@pytest.fixture
def seen(networks, monkeypatch, make_task, tmp_path):
    """Return what the network received in a run of an arm."""

    def execute(arm, seed=0):
        with monkeypatch.context() as patch:
            recorder = Recorder(networks, patch)
            run.execute(make_task(tmp_path / arm, arm, seed), networks=networks)
        return recorder

    return execute


def test_arms_of_a_block_start_equal_and_see_the_same_images_in_the_same_order(finished):
    none, standard = finished["none", 0].run, finished["standard", 0].run
    assert none.weights_initial == standard.weights_initial
    assert none.order == standard.order
    assert none.ledger == standard.ledger
    assert none.weights_final != standard.weights_final


def test_blocks_differ_in_start_and_order(finished):
    first, second = finished["none", 0].run, finished["none", 1].run
    assert first.weights_initial != second.weights_initial
    assert first.order != second.order


def test_same_policy_under_two_names_differs_by_nothing(finished):
    for seed in (0, 1):
        none, again = finished["none", seed], finished["again", seed]
        assert (none.folder / records.EPOCHS).read_bytes() == (again.folder / records.EPOCHS).read_bytes()
        assert (none.folder / records.PREDICTIONS).read_bytes() == (again.folder / records.PREDICTIONS).read_bytes()
        assert none.run.weights_final == again.run.weights_final


def test_the_same_run_twice_gives_the_same_bytes(finished, make_task, networks, tmp_path):
    task = make_task(tmp_path, "standard", 0)
    run.execute(task, networks=networks)
    assert content(task.folder) == content(finished["standard", 0].folder)
    assert {path.name for path in task.folder.iterdir()} == {*SAME, records.TIMING}


def test_a_network_that_is_used_again_gives_the_numbers_of_a_new_one(finished, make_task, tmp_path):
    task = make_task(tmp_path, "standard", 1)
    run.execute(task, networks=NetworkCache())
    assert content(task.folder) == content(finished["standard", 1].folder)


def test_unique_images_stay_without_augmentation_and_grow_with_it(finished, store, tiny):
    steps = finished["none", 0].run.counts.train // tiny.training.batch_size
    fed, images = steps * tiny.training.batch_size, finished["none", 0].run.counts.train
    none, standard = finished["none", 0].epochs, finished["standard", 0].epochs
    assert none["unique_images"][0] == fed
    assert fed <= none["unique_images"][-1] <= images
    assert list(standard["unique_images"]) == [fed, 2 * fed, 3 * fed]
    assert list(none["images_seen"]) == list(standard["images_seen"]) == [fed, 2 * fed, 3 * fed]


def test_augmented_tensors_change_from_epoch_to_epoch_and_evaluation_never_does(seen, store, tiny):
    recorder = seen("standard")
    per_epoch = len(recorder.batches) // tiny.training.epochs
    first, second = recorder.batches[:per_epoch], recorder.batches[per_epoch : 2 * per_epoch]
    hashes = [{image.tobytes() for images, _ in part for image in images} for part in (first, second)]
    assert not hashes[0] & hashes[1]
    clean = {image.tobytes() for image in np.asarray(store.images, np.float32) / np.float32(255)}
    evaluated = {image.tobytes() for images in recorder.evaluated for image in images}
    assert evaluated <= clean
    assert not hashes[0] <= clean


def test_the_baseline_trains_on_the_pictures_themselves(seen, store):
    clean = {image.tobytes() for image in np.asarray(store.images, np.float32) / np.float32(255)}
    recorder = seen("none")
    assert {image.tobytes() for images, _ in recorder.batches for image in images} <= clean
    assert all(images.dtype == np.float32 and targets.dtype == np.float32 for images, targets in recorder.batches)


@pytest.mark.parametrize("stop_after", [1, 2])
def test_a_stopped_run_ends_with_the_bits_of_an_uninterrupted_one(stop_after, finished, make_task, networks, tmp_path):
    task = make_task(tmp_path, "standard", 0)
    asked = iter([False] * (stop_after - 1) + [True] * 9)
    with pytest.raises(Interrupted):
        run.execute(task, networks=networks, stop=lambda: next(asked))
    assert (task.folder / records.CHECKPOINT).exists()
    events = []
    run.execute(task, networks=networks, report=events.append)
    assert events[0].kind == "started"
    assert events[0].epoch == stop_after
    assert content(task.folder) == content(finished["standard", 0].folder)
    assert {path.name for path in task.folder.iterdir()} == {*SAME, records.TIMING}


def test_a_run_killed_between_checkpoints_ends_with_the_same_bits(finished, make_task, networks, tmp_path, monkeypatch):
    task = make_task(tmp_path, "standard", 0)

    def die_in_epoch_three(event):
        if event.kind == "epoch" and event.epoch == 2:
            raise SystemExit  # after its row was written, before its checkpoint

    with pytest.raises(SystemExit):
        run.execute(task, networks=networks, report=die_in_epoch_three, checkpoint_seconds=0)
    events = []
    run.execute(task, networks=networks, report=events.append)
    assert events[0].epoch == 1
    assert content(task.folder) == content(finished["standard", 0].folder)


def test_a_checkpoint_of_another_definition_is_refused(finished, make_task, networks, tmp_path, tiny):
    task = make_task(tmp_path, "standard", 0, tiny.replace(training={"learning_rate": 0.01}))
    with pytest.raises(Interrupted):
        run.execute(task, networks=networks, stop=lambda: True)
    events = []
    task = make_task(tmp_path, "standard", 0)
    run.execute(task, networks=networks, report=events.append)
    assert events[0].kind == "note"
    assert "another definition" in events[0].message
    assert content(task.folder) == content(finished["standard", 0].folder)


def test_a_damaged_checkpoint_starts_the_run_afresh(finished, make_task, networks, tmp_path):
    task = make_task(tmp_path, "none", 0)
    task.folder.mkdir(parents=True)
    (task.folder / records.CHECKPOINT).write_bytes(b"half of it")
    run.execute(task, networks=networks)
    assert content(task.folder) == content(finished["none", 0].folder)


@pytest.mark.parametrize("layer", ["first", "last"])
def test_a_diverged_run_is_an_outcome_with_predictions(layer, make_task, networks, tmp_path, monkeypatch):
    task = make_task(tmp_path, "none", 0)
    original = networks.network

    def poisoned(*arguments):
        network = original(*arguments)
        renew = network.renew

        def renew_and_poison(*block):
            renew(*block)
            weights = network.model.weights[0 if layer == "first" else -1]
            weights.assign(np.full(weights.shape, np.nan))

        monkeypatch.setattr(network, "renew", renew_and_poison)
        return network

    monkeypatch.setattr(networks, "network", poisoned)
    run.execute(task, networks=networks)
    record = records.read_run(task.folder)
    assert record.status == "diverged"
    assert record.finished
    predictions = record.predictions()
    assert np.all(predictions.predicted == 0)
    assert np.all(predictions.probabilities == np.float32(0.5))
    if layer == "last":  # on some processors a fused convolution hides the first one's from the loss
        assert np.isnan(record.epochs["train_loss"]).all()


def test_a_batch_larger_than_the_training_draw_is_refused(make_task, networks, tmp_path, tiny):
    task = make_task(tmp_path, "none", 0, tiny.replace(training={"batch_size": 500}))
    with pytest.raises(RunError, match="received 500, but a training draw has only .* lower training.batch_size"):
        run.execute(task, networks=networks)


def test_a_folder_that_cannot_be_made_is_one_clear_line(make_task, networks, tmp_path):
    (tmp_path / "runs").write_text("a file where a folder should be", encoding="utf-8")
    with pytest.raises(ResultsError, match="cannot be written"):
        run.execute(make_task(tmp_path, "none", 0), networks=networks)


def test_predictions_cover_the_test_split_in_order(finished, store):
    predictions = finished["none", 0].predictions()
    rows = store.rows("test")
    assert np.array_equal(predictions.labels, store.labels[rows])
    assert np.array_equal(predictions.ids, store.ids[rows])
    assert np.allclose(predictions.probabilities.sum(axis=1), 1, atol=1e-6)
    assert finished["none", 0].run.test.accuracy == pytest.approx(predictions.correct.mean())


def test_bfloat16_is_trained_and_recorded(make_task, tmp_path, tiny):
    task = make_task(tmp_path, "none", 0, tiny.replace(training={"precision": "mixed_bfloat16", "schedule": "cosine"}))
    run.execute(task)
    record = records.read_run(task.folder)
    assert record.status == "complete"
    assert (record.run.ledger.precision, record.run.ledger.schedule) == ("mixed_bfloat16", "cosine")
