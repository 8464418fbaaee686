"""A head on the features of a frozen backbone: the same guarantees, features computed once, and what a kill costs."""

from __future__ import annotations

import threading
import warnings
from pathlib import Path

import keras
import numpy as np
import pytest

from augexp import files, seeds
from augexp.augment.pipeline import Augmenter, rescale
from augexp.commands import verify as verifying
from augexp.data.generator import pass_order
from augexp.engines.base import Outcome
from augexp.errors import Interrupted, RunError
from augexp.experiment import networks as network_names
from augexp.results import records
from augexp.training import features, run
from augexp.training.inputs import features_folder
from augexp.training.network import Network, NetworkCache

SAME = (records.RUN, records.EPOCHS, records.PREDICTIONS)


@pytest.fixture(scope="module")
def backbone(tmp_path_factory) -> Path:
    """Feature maps of 6 channels; its weights are other ones than its initialisers draw."""
    keras.utils.set_random_seed(3)
    layers = [keras.layers.Conv2D(6, 3, strides=2, activation="relu"), keras.layers.BatchNormalization()]
    path = tmp_path_factory.mktemp("backbone") / "backbone.keras"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's, of how Keras reads its variables
        keras.Sequential([keras.Input((16, 16, 3)), *layers]).save(path)
    return path


@pytest.fixture
def experiment(tiny, backbone):
    digest = network_names.digest_of("model", backbone)
    training = {"model": str(backbone), "model_digest": digest, "tune": "head", "views": 2, "epochs": 3}
    return tiny.replace(
        training=training,
        policies={"again": {"policy": "none"}, "twin": {"policy": "standard"}},
        plan={"arms": ["none", "standard", "again", "twin", "mixup"]},
    )


@pytest.fixture(autouse=True)
def _small(monkeypatch) -> None:
    monkeypatch.setattr(features, "SEGMENT", 32)
    monkeypatch.setattr(features, "BATCH", 16)


@pytest.fixture
def head_task(make_task, experiment, tmp_path):
    """Return the task of an arm, with features in a folder of the test."""

    def make(arm: str, seed: int = 0, place: str = "a", kept: str = "features"):
        task = make_task(tmp_path / place, arm, seed, experiment)
        return type(task)(**{**vars(task), "features": tmp_path / kept})

    return make


def execute(task, networks, **options):
    run.execute(task, networks=networks, **options)
    return records.read_run(task.folder).run


def content(task) -> dict[str, bytes]:
    return {name: (task.folder / name).read_bytes() for name in SAME}


def cached(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def cache() -> NetworkCache:
    return NetworkCache()


def test_arms_start_equal_and_end_equal_where_they_are_the_same(head_task, cache):
    done = {arm: execute(head_task(arm), cache) for arm in ("none", "standard", "again", "twin", "mixup")}
    other = execute(head_task("none", 1), cache)
    starts = {manifest.weights_initial for manifest in done.values()}
    assert len(starts) == 1
    assert other.weights_initial not in starts
    assert len({manifest.order for manifest in done.values()}) == 1
    assert done["none"].weights_final == done["again"].weights_final
    assert done["standard"].weights_final == done["twin"].weights_final
    assert len({manifest.weights_final for manifest in done.values()}) == 3
    ledger = done["none"].ledger
    assert (ledger.parameters, ledger.drawn) == (6 * 2 + 2, 6 * 2)
    assert ledger.tune == "the head, on features of a frozen backbone; 2 views of each image that is augmented"


def test_features_are_those_of_the_backbone_view_by_view_and_shared_by_all_seeds(head_task, store, cache, monkeypatch):
    computed, given = [], []
    original = Network.features
    monkeypatch.setattr(Network, "features", lambda self, x: (computed.append(len(x)), original(self, x))[1])
    train = Network.train
    monkeypatch.setattr(Network, "train", lambda self, x, y: (given.append((x.copy(), y.copy())), train(self, x, y)))
    task = head_task("standard")
    execute(task, cache)
    rows = store.training_rows(task.experiment.data, 0, 0)
    # two views, the training images as they are (for the probe), validation and test
    assert sum(computed) == 3 * len(rows) + len(store.rows("validation")) + len(store.rows("test"))
    steps = len(given) // 3
    first, second, third = (np.concatenate([x for x, _ in given[i * steps : (i + 1) * steps]]) for i in range(3))
    assert {row.tobytes() for row in first} & {row.tobytes() for row in third}
    assert not {row.tobytes() for row in first} & {row.tobytes() for row in second}
    computed.clear()
    execute(head_task("standard", 1), cache)
    execute(head_task("twin", 2), cache)
    assert not computed
    augment = Augmenter(task.experiment.policy("standard"), root_seed=0, seed="views", num_classes=2)
    network, expected = cache.network(task.experiment.training, 16, 2, 0), []
    for start in range(0, len(rows), 16):
        batch = store.view(rows)[np.arange(start, min(start + 16, len(rows)))]
        images, _ = augment([batch.images], store.labels[rows][start : start + 16], batch.ids, 1)
        expected.append(network.features(images).astype(np.float16).astype(np.float32))
    order = pass_order(len(rows), seeds.integer(0, 0, "order"), 1)[: len(second)]
    assert np.array_equal(second, np.concatenate(expected)[order])


def test_mixed_images_are_mixed_before_the_backbone_and_keep_their_targets(head_task, store, cache, monkeypatch):
    given = []
    train = Network.train
    monkeypatch.setattr(Network, "train", lambda self, x, y: (given.append(y.copy()), train(self, x, y)))
    task = head_task("mixup")
    execute(task, cache)
    targets = np.concatenate(given)
    assert np.allclose(targets.sum(1), 1)
    assert np.mean((targets > 0.01) & (targets < 0.99)) > 0.2
    rows = store.training_rows(task.experiment.data, 0, 0)
    partners = (store.view(rows), store.labels[rows])
    policy = task.experiment.policy("mixup")
    augment = Augmenter(policy, root_seed=0, seed="views", num_classes=2, partners=partners)
    batch = store.view(rows)[np.arange(16)]
    _, expected = augment([batch.images], store.labels[rows][:16], batch.ids, 0)
    order = pass_order(len(rows), seeds.integer(0, 0, "order"), 0)[: len(targets) // 3]
    for place in range(16):
        if place in order:
            assert np.array_equal(targets[list(order).index(place)], expected[place])


@pytest.mark.parametrize("arm", ["none", "standard", "mixup"])
def test_killed_in_the_middle_of_the_features_it_ends_with_the_same_bytes(arm, head_task, cache, monkeypatch):
    straight, killed = head_task(arm, place="a", kept="whole"), head_task(arm, place="b", kept="parts")
    execute(straight, cache)
    original, calls = Network.features, []

    class Killed(Exception):
        pass

    def fail_now_and_then(self, images):
        calls.append(len(images))
        if len(calls) % 4 == 0:
            raise Killed
        return original(self, images)

    monkeypatch.setattr(Network, "features", fail_now_and_then)
    deaths = 0
    while True:
        try:
            execute(killed, cache)
        except Killed:
            deaths += 1
            continue
        break
    assert deaths >= 2
    assert content(straight) == content(killed)
    assert cached(straight.features) == cached(killed.features)
    assert not list(killed.features.rglob("*.lock"))


def test_a_damaged_file_is_computed_again(head_task, cache):
    task = head_task("standard")
    execute(task, cache)
    before, files_before = content(task), cached(task.features)
    first, second, third = sorted(task.features.rglob("view-0-*.npy"))[:3]
    first.write_bytes(first.read_bytes()[:-7])
    second.write_bytes(b"")
    third.unlink()
    again = head_task("standard", place="b")
    execute(again, cache)
    assert content(again) == before
    assert cached(task.features) == files_before


def test_lost_targets_of_mixed_images_are_made_again(head_task, cache):
    task = head_task("mixup")
    execute(task, cache)
    before, files_before = content(task), cached(task.features)
    sorted(task.features.rglob("*.targets.npy"))[0].unlink()
    again = head_task("mixup", place="b")
    execute(again, cache)
    assert content(again) == before
    assert cached(task.features) == files_before


def test_what_another_process_computes_is_waited_for_and_a_stop_ends_the_waiting(head_task, cache):
    task = head_task("none")
    execute(task, cache)
    sizes = {path: path.stat().st_size for path in task.features.rglob("view-0-00000.npy")}
    path = max(sizes, key=sizes.__getitem__)  # of the training images, which are most: the first epoch needs it
    saved = path.read_bytes()
    path.unlink()
    notes, held, waiting = [], threading.Event(), threading.Event()

    def other() -> None:
        with files.hold_lock(path.with_suffix(".lock"), RuntimeError()):
            held.set()
            assert waiting.wait(20)
            path.write_bytes(saved)

    def report(event) -> None:
        notes.append(event.message)
        if "computes features" in event.message:
            waiting.set()

    thread = threading.Thread(target=other)
    thread.start()
    assert held.wait(20)
    with pytest.raises(Interrupted, match="stopped while features were computed"):
        execute(head_task("none", place="b"), cache, stop=lambda: True)
    execute(head_task("none", place="b"), cache, report=report)
    thread.join()
    assert path.read_bytes() == saved
    assert sum("computes features" in note for note in notes) == 1


def test_stopped_after_an_epoch_it_goes_on_to_the_same_bits(head_task, cache):
    straight, stopped = head_task("standard", place="a"), head_task("standard", place="b")
    execute(straight, cache)
    with pytest.raises(Interrupted, match="stopped after epoch 1"):
        execute(stopped, cache, stop=lambda: True)
    execute(stopped, NetworkCache())
    assert content(straight) == content(stopped)


def test_the_network_that_is_kept_takes_images(head_task, store, cache):
    task = head_task("standard")
    task = type(task)(**{**vars(task), "keep_model": True})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's, of how Keras reads its variables
        execute(task, cache)
    model = keras.models.load_model(task.folder / records.MODEL)
    rows = store.rows("test")
    logits = np.asarray(model(rescale(store.view(rows)[np.arange(len(rows))].images)))
    predictions = records.read_run(task.folder).predictions()
    assert np.allclose(np.exp(logits) / np.exp(logits).sum(1, keepdims=True), predictions.probabilities, atol=2e-3)


def test_verify_computes_the_features_again(head_task, store, cache):
    task = head_task("standard")
    execute(task, cache)
    record = records.read_run(task.folder)

    class Here:
        def execute(self, tasks, on_event):
            (again,) = tasks
            assert features_folder(again) != task.features
            assert not features_folder(again).exists()
            execute(again, cache)
            return Outcome(1)

    assert verifying.rerun(record, task.experiment, store.path, engine=Here()).exact


def test_without_a_place_of_its_own_it_is_the_data_folder(make_task, experiment, store, tmp_path):
    task = make_task(tmp_path, "none", 0, experiment)
    assert features_folder(task) == store.path.parent.parent / "features"


HEADED = """
import keras
def headed(size, classes):
    return keras.Sequential([keras.Input((size, size, 3)), keras.layers.Flatten(), keras.layers.Dense(classes)])
def drawn(size, classes):
    return keras.Sequential([keras.Input((size, size, 3)), keras.layers.Conv2D(4, 3)])
def huge(size, classes):
    conv = keras.layers.Conv2D(4, 3)
    model = keras.Sequential([keras.Input((size, size, 3)), conv])
    conv.set_weights([w * 0 + 1e6 for w in conv.get_weights()])
    return model
"""


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("headed", "net.py:headed ends in the logits of the classes, so it has no backbone"),
        ("drawn", "net.py:drawn, whose weight '.*kernel' is drawn at random; a frozen backbone needs trained weights"),
        ("huge", "features of the frozen backbone reach .*; allowed are finite numbers up to 65,504"),
    ],
)
def test_what_has_no_backbone_is_refused_in_one_line(name, words, make_task, tiny, tmp_path):
    (tmp_path / "net.py").write_text(HEADED)
    model = f"{tmp_path / 'net.py'}:{name}"
    task = make_task(tmp_path, "none", 0, tiny.replace(training={"model": model, "tune": "head"}))
    with pytest.raises(RunError, match=words) as caught:
        run.execute(type(task)(**{**vars(task), "features": tmp_path}))
    assert "\n" not in str(caught.value)
