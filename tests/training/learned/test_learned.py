"""Learned policies: what is trained, what stays equal to other arms, and what an interruption must not change."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from builders import Draw
from recorders import Recorder, content

import augexp
from augexp.augment import policy as policies
from augexp.augment.learned import Learned
from augexp.augment.partners import PartnerAugmenter
from augexp.augment.pipeline import Augmenter
from augexp.augment.pixels.learned_network import apply, initial_weights
from augexp.errors import DefinitionError, Interrupted, RunError
from augexp.experiment.definition import Training
from augexp.results import learned_weights, records
from augexp.training import backend, run
from augexp.training.learned.part import LearnedPart
from augexp.training.network import Network

NEURAL = ("neural", "neural-content", "neural-style", "neural-same")
SIZE, CLASSES, BATCH = 16, 3, 4


def learned_of(name: str) -> Learned:
    learned = policies.resolve(name).learned
    assert learned is not None
    return learned


@pytest.fixture(scope="module")
def experiment(tiny):
    return tiny.replace(plan={"arms": ["none", *NEURAL]}, training={"learning_rate": 0.01})


@pytest.fixture
def execute(experiment, make_task, networks, tmp_path):
    def do(arm, seed=0, place="runs", **details):
        task = make_task(tmp_path / place, arm, seed, experiment)
        run.execute(task, networks=networks, **details)
        return records.read_run(task.folder)

    return do


def make(batch_size: int = BATCH) -> Network:
    return Network(Training(model="tiny", batch_size=batch_size), SIZE, CLASSES, 100)


def sets_of(learned: Learned, seed: int = 0, count: int = BATCH) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    targets = np.eye(CLASSES, dtype=np.float32)[generator.integers(0, CLASSES, count)]
    return generator.random((count, learned.pictures, SIZE, SIZE, 3), np.float32), targets


@pytest.mark.parametrize("name", NEURAL)
def test_the_loss_reaches_every_weight_of_the_network_that_makes_images(name):
    learned, network = learned_of(name), make()
    network.learn(learned)
    network.renew(0, 3)
    start = network.part.weights()
    assert all(np.array_equal(*pair) for pair in zip(start, initial_weights(learned, 0, 3), strict=True))
    for step in range(3):
        network.train(*sets_of(learned, step))
    assert all(not np.array_equal(*pair) for pair in zip(start, network.part.weights(), strict=True))


@pytest.mark.parametrize("name", ["neural-content", "neural-style"])
def test_the_second_loss_falls_and_is_recorded(name, execute):
    record = execute(name)
    lines = (record.folder / records.EPOCHS).read_text(encoding="utf-8").splitlines()
    assert lines[0].endswith(f",{learned_weights.SECOND_LOSS}")
    losses = [float(line.rpartition(",")[2]) for line in lines[1:]]
    assert len(losses) == 3
    assert losses[0] > losses[1] > losses[2] > 0


def test_the_second_losses_are_what_they_say():
    generator = np.random.default_rng(0)
    made, target = generator.random((2, 5, SIZE, SIZE, 3)).astype(np.float32)
    optimizer = keras.optimizers.Adam()
    content_loss, style_loss = (
        float(LearnedPart(learned_of(name), SIZE, optimizer).second_loss(made, target))
        for name in ("neural-content", "neural-style")
    )
    assert content_loss == pytest.approx(np.mean((made - target) ** 2), rel=1e-5)
    grams = [np.einsum("bijc,bijd->bcd", images, images) / SIZE**2 for images in (made, target)]
    assert style_loss == pytest.approx(np.mean((grams[0] - grams[1]) ** 2), rel=1e-4)


def test_a_frozen_network_without_a_second_loss_is_a_fixed_function():
    learned, network, plain = Learned(frozen=True), make(), make(2 * BATCH)
    network.learn(learned)
    network.renew(0, 1)
    plain.renew(0, 1)
    weights = network.part.weights()
    function = backend.compile_forward(network.part.model)
    for step in range(4):
        sets, targets = sets_of(learned, step)
        network.train(sets, targets)
        made = function(np.concatenate([sets[:, 1], sets[:, 2]], axis=-1))
        assert np.array_equal(made, network.made())
        plain.train(np.concatenate([sets[:, 0], made]), np.concatenate([targets, targets]))
    assert network.weights_hash() == plain.weights_hash()
    assert network.totals() == plain.totals()
    assert all(np.array_equal(*pair) for pair in zip(weights, network.part.weights(), strict=True))


def test_what_is_made_agrees_with_the_network_without_keras():
    network, generator = make(), np.random.default_rng(1)
    network.learn(Learned())
    network.renew(0, 2)
    first, second = generator.random((2, 3, SIZE, SIZE, 3), np.float32)
    made = np.asarray(network.part.model(np.concatenate([first, second], axis=-1)))
    assert np.abs(made).max() > 0.01
    np.testing.assert_allclose(apply(network.part.weights(), first, second), made, atol=1e-5)


def test_arms_of_a_block_start_equal_and_show_the_same_images_in_the_same_order(execute, networks, monkeypatch):
    none, originals = execute("none").run, []
    for arm in ("neural", "neural-content", "neural-same"):
        with monkeypatch.context() as patch:
            recorder = Recorder(networks, patch)
            record = execute(arm)
        originals.append([image.tobytes() for sets, _ in recorder.batches for image in sets[:, 0]])
        assert (record.run.weights_initial, record.run.order) == (none.weights_initial, none.order)
        assert record.run.weights_final != none.weights_final
    assert originals[0] == originals[1] == originals[2]


def test_the_ledger_counts_what_was_made(execute):
    none, record = execute("none"), execute("neural")
    ledger, before = record.run.ledger, none.run.ledger
    assert (ledger.steps, ledger.generated) == (before.steps, before.images_seen)
    assert ledger.images_seen == 2 * before.images_seen == record.epochs["images_seen"][-1]
    assert before.generated is None
    images = none.epochs["unique_images"][-1]
    assert record.epochs["unique_images"][-1] == images + ledger.generated


def test_evaluation_never_sees_what_was_made(execute, networks, store, monkeypatch):
    clean = {image.tobytes() for image in np.asarray(store.images, np.float32) / np.float32(255)}
    recorder = Recorder(networks, monkeypatch)
    execute("neural-content")
    assert {image.tobytes() for images in recorder.evaluated for image in images} <= clean
    assert {image.tobytes() for sets, _ in recorder.batches for image in sets.reshape(-1, SIZE, SIZE, 3)} <= clean


@pytest.mark.parametrize("arm", ["neural", "neural-style"])
def test_a_stopped_run_ends_with_the_bits_of_an_uninterrupted_one(arm, execute):
    whole = execute(arm)
    asked = iter([True, *[False] * 9])
    with pytest.raises(Interrupted):
        execute(arm, place="again", stop=lambda: next(asked))
    record = execute(arm, place="again")
    assert content(record.folder) == content(whole.folder)
    weights = [(each.folder / learned_weights.NAME).read_bytes() for each in (whole, record)]
    assert weights[0] == weights[1]
    assert record.run.learned_final == whole.run.learned_final


def test_a_run_killed_between_checkpoints_ends_with_the_same_bits(execute):
    def die_in_epoch_three(event):
        if event.kind == "epoch" and event.epoch == 2:
            raise SystemExit  # after its row was written, before its checkpoint

    whole = execute("neural-content")
    with pytest.raises(SystemExit):
        execute("neural-content", place="again", report=die_in_epoch_three, checkpoint_seconds=0)
    assert content(execute("neural-content", place="again").folder) == content(whole.folder)


def test_a_network_that_has_learned_before_is_as_new_for_other_arms(execute, finished, make_task, networks, tmp_path):
    execute("neural-content")
    task = make_task(tmp_path / "after", "standard", 0)
    run.execute(task, networks=networks)
    assert content(task.folder) == content(finished["standard", 0].folder)


def test_the_weights_that_were_learned_are_kept(execute):
    record, learned = execute("neural-content"), learned_of("neural-content")
    weights = learned_weights.read(record.folder / learned_weights.NAME, learned.shapes)
    assert [weight.shape for weight in weights] == list(learned.shapes)
    assert not np.array_equal(weights[0], initial_weights(learned, 0, 0)[0])
    assert learned_weights.NAME in record.run.files
    assert learned_weights.read(record.folder / learned_weights.NAME, learned.shapes[:-1]) is None
    assert learned_weights.read(record.folder / "missing.npz", learned.shapes) is None


def test_partners_are_of_the_class_whatever_the_batches_are_and_new_in_every_epoch():
    generator = np.random.default_rng(3)
    labels = generator.integers(0, 2, 40)
    images = np.repeat(np.arange(40, dtype=np.uint8), 4 * 4 * 3).reshape(40, 4, 4, 3)
    ids = generator.integers(0, 2**63, 40).astype(np.uint64)
    draw = Draw(images, ids)

    def partners(rows, epoch, name="neural-content"):
        policy = policies.resolve(name)
        augmenter = Augmenter(policy, root_seed=0, seed=1, num_classes=2)
        sets, _ = PartnerAugmenter(augmenter, policy.learned, draw, labels)(
            images[rows], labels[rows], ids[rows], epoch
        )
        return np.rint(255 * sets[:, :, 0, 0, 0]).astype(int)

    rows = np.arange(40)
    whole = partners(rows, 0)
    assert np.array_equal(whole[:, 0], rows)
    assert (labels[whole] == labels[:, None]).all()
    assert np.array_equal(partners(rows[::-1], 0), whole[::-1])
    assert np.array_equal(partners(rows, 0, "neural"), whole[:, :3])
    assert (partners(rows, 1)[:, 1:] != whole[:, 1:]).mean() > 0.8
    assert len(np.unique(whole[:, 1:])) > 30
    assert partners(rows, 0, "neural-same").shape == (40, 1)


@pytest.mark.slow
def test_compared_and_verified(experiment, tmp_path):
    answer = augexp.compare(
        experiment.replace(plan={"arms": ["none", "neural-content"], "seeds": 2}),
        results_dir=tmp_path / "r", data_dir=tmp_path / "d", jobs=1, pictures=False,
    )  # fmt: skip
    assert answer.complete
    none, neural = answer.arms
    assert neural.images_seen == 2 * none.images_seen == 2 * answer.ledger["images_seen"]
    verified = augexp.verify(tmp_path / "r" / "tiny", arm="neural-content", data_dir=tmp_path / "d")
    assert verified.exact, verified.words


def test_what_cannot_learn_is_refused_in_one_line(monkeypatch):
    with pytest.raises(DefinitionError, match="policies.neural: has a learned part, received with tune") as caught:
        augexp.define((), model="MobileNetV2", tune="head", arms=["neural"], image_size=32)
    assert "\n" not in str(caught.value)
    monkeypatch.setattr(backend.keras.backend, "backend", lambda: "another")
    with pytest.raises(RunError, match="needs the backend tensorflow of Keras; received another") as error:
        make().learn(Learned())
    assert "\n" not in str(error.value)
