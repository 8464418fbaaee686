"""Networks of the user: a function in a Python file, a saved network; what they may be, and what is told otherwise."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from augexp.errors import RunError
from augexp.experiment.training import Training
from augexp.results import records
from augexp.training import models, run
from augexp.training.architectures import base
from augexp.training.network import Network, NetworkCache

SOURCE = '''
import keras
import numpy as np
from keras import layers

def images(size):
    return keras.Input((size, size, 3))

def nested(size, classes):
    """Normalisation, a model as a layer, two dropouts, a penalty, softmax, and no name anywhere."""
    inputs = images(size)
    x = layers.Conv2D(4, 3, strides=2, activation="relu")(inputs)
    x = layers.BatchNormalization(momentum=0.5)(x)
    inner = [layers.Flatten(), layers.Dense(8, kernel_regularizer="l2"), layers.Dropout(0.5)]
    x = layers.Dropout(0.2)(keras.Sequential(inner)(x))
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))

def maps(size, classes):
    """Feature maps, of layers whose weights and initialisers have other names."""
    return keras.Sequential([images(size), layers.DepthwiseConv2D(3), layers.SeparableConv2D(4, 3), layers.PReLU()])

class Scale(layers.Layer):
    """A weight whose initialiser no attribute holds, and one that no layer drew."""
    def __init__(self):
        super().__init__()
        self.shift = keras.Variable(np.random.random(()), dtype="float32")
    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],), initializer="random_normal", name="scale")
    def call(self, x):
        return x * self.scale + self.shift

class Own(keras.Model):
    def __init__(self, classes):
        super().__init__()
        self.parts = [layers.Flatten(), Scale(), layers.Dense(classes)]
    def call(self, x):
        for part in self.parts:
            x = part(x)
        return x

def subclassed(size, classes):
    return Own(classes)

def pretrained(size, classes):
    """Tokens; the convolution has got other weights than it was drawn with."""
    conv = layers.Conv2D(4, 3)
    model = keras.Sequential([images(size), conv, layers.Reshape((-1, 4))])
    conv.set_weights([np.full(w.shape, 0.25, "float32") for w in conv.get_weights()])
    return model

def binary(size, classes):
    return keras.Sequential([images(size), layers.Flatten(), layers.Dense(1, activation="sigmoid")])

def logarithm(size, classes):
    return keras.Sequential([images(size), layers.Flatten(), layers.Dense(classes), layers.Softmax()])

def raises(size, classes):
    raise ValueError("first line\\nthe second one")

def leaves(size, classes):
    raise SystemExit(3)

def nothing(size, classes):
    return None

def two(size, classes):
    inputs = images(size)
    return keras.Model(inputs, [layers.Flatten()(inputs), layers.Flatten()(inputs)])

def scalar(size, classes):
    return keras.Sequential([images(size), layers.Reshape((-1,)), layers.Reshape((1, 1, 1, -1))])

def fixed(size, classes):
    return keras.Sequential([images(224), layers.Flatten(), layers.Dense(classes)])

def thousand(size, classes):
    return keras.Sequential([images(size), layers.Flatten(), layers.Dense(10, activation="softmax")])

def sigmoids(size, classes):
    return keras.Sequential([images(size), layers.Flatten(), layers.Dense(classes, activation="sigmoid")])

def not_finite(size, classes):
    return keras.Sequential([images(size), layers.Flatten(), layers.Dense(classes, bias_initializer=lambda s, dtype:
        np.full(s, np.inf, "float32"))])

def frozen(size, classes):
    model = keras.Sequential([images(size), layers.Flatten(), layers.Dense(classes)])
    model.trainable = False
    return model

class Dice(keras.initializers.Initializer):
    def __call__(self, shape, dtype=None):
        return np.random.random(shape).astype("float32")

def dice(size, classes):
    return keras.Sequential([images(size), layers.Flatten(), layers.Dense(classes, kernel_initializer=Dice())])

number = 3
'''

KINDS = ("nested", "maps", "subclassed", "pretrained")


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("network") / "my_net.py"
    path.write_text(SOURCE)
    return path


def make(model: str, classes: int = 3, **changes: Any) -> Network:
    return Network(Training(model=model, batch_size=4, **changes), 16, classes, 100)


def train(network: Network, classes: int = 3) -> None:
    generator = np.random.default_rng(0)
    for _ in range(2):
        targets = np.eye(classes, dtype=np.float32)[generator.integers(0, classes, 4)]
        network.train(generator.random((4, 16, 16, 3), np.float32), targets)


@pytest.mark.parametrize("name", KINDS)
def test_a_network_of_the_user_is_made_new_and_is_the_same_whenever_it_is_built(file, name):
    network = make(f"{file}:{name}")
    network.renew(0, 5)
    start, state = network.weights_hash(), network.state()
    train(network)
    end, totals = network.weights_hash(), network.totals()
    assert end != start
    network.renew(0, 6)
    assert network.weights_hash() != start
    network.renew(0, 5)
    assert all(np.array_equal(*pair) for pair in zip(network.state(), state, strict=True))
    train(network)
    assert (network.weights_hash(), network.totals()) == (end, totals)
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])  # so that Keras counts names on
    again = make(f"{file}:{name}")
    again.renew(0, 5)
    assert again.weights_hash() == start
    train(again)
    assert (again.weights_hash(), again.totals()) == (end, totals)


def test_every_random_weight_and_every_dropout_differs_between_seeds_and_the_rest_does_not(file):
    network = make(f"{file}:nested")
    values = []
    for seed in (1, 2):
        network.renew(0, seed)
        values.append([v.numpy().copy() for v in network.model.weights])
        values[-1] += [v.numpy().copy() for v in models.random_states(network.model).values()]
    kinds = [bool(np.array_equal(*pair)) for pair in zip(*values, strict=True)]
    paths = [variable.path for variable in network.model.weights]
    assert [same for same, path in zip(kinds, paths, strict=False)] == ["kernel" not in path for path in paths]
    assert kinds[len(paths) :] == [False, False]


def test_trained_weights_come_back_for_every_seed_and_only_the_head_is_drawn(file):
    network = make(f"{file}:pretrained")
    heads = []
    for seed in (1, 2):
        network.renew(0, seed)
        values = [variable.numpy().copy() for variable in network.model.weights]
        assert all(np.all(value == 0.25) for value in values[:2])
        heads.append(values[2])
        train(network)
        assert not np.all(network.model.weights[0].numpy() == 0.25)
    assert not np.array_equal(*heads)


def test_weights_without_an_attribute_are_drawn_and_those_without_an_initialiser_kept(file):
    network = make(f"{file}:subclassed")
    starts = []
    for seed in (1, 2):
        network.renew(0, seed)
        starts.append({v.path.rpartition("/")[2]: v.numpy().copy() for v in network.model.weights})
        train(network)
    shift = next(name for name in starts[0] if name.startswith("variable"))
    assert not np.array_equal(starts[0]["scale"], starts[1]["scale"])
    assert np.array_equal(starts[0][shift], starts[1][shift])


@pytest.mark.parametrize(("name", "classes"), [("nested", 3), ("logarithm", 3), ("binary", 2)])
def test_probabilities_become_logits_that_mean_the_same(file, name, classes):
    keras.utils.set_random_seed(0)
    original: dict[str, Any] = {}
    exec(SOURCE, original)  # noqa: S102 - the file of these tests
    plain = original[name](16, classes)
    architecture = base.build(Training(model=f"{file}:{name}", batch_size=4), 16, classes)
    for target, value in zip(architecture.model.weights, plain.weights, strict=True):
        target.assign(value)
    images = np.random.default_rng(0).random((5, 16, 16, 3), np.float32)
    logits = np.asarray(architecture.whole(images))
    assert logits.shape == (5, classes)
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    expected = np.asarray(plain(images))
    assert np.allclose(chances[:, -1:] if name == "binary" else chances, expected, atol=1e-6)
    assert np.any(logits.max(1) > 0) == (name == "nested")  # a logarithm only where no layer holds the softmax


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("raises", r"raises\(16, 3\) of my_net.py raised: ValueError: the second one \(my_net.py, line \d+\); mend it"),
        ("leaves", "raised: SystemExit: 3"),
        ("nothing", "returned NoneType; allowed is a keras.Model"),
        ("absent", "has no function 'absent'; it has: images, nested, maps"),
        ("number", "has no function 'number'"),
        ("two", "returns 2 outputs; allowed is one"),
        ("scalar", r"returns \(B, 1, 1, 1, 768\); allowed are feature maps"),
        ("fixed", "takes no images of 16 x 16 x 3: .*224.*; choose another --image-size"),
        ("thousand", "ends in probabilities of 10 classes, the images have 3"),
        ("sigmoids", "ends in 3 sigmoids, which are no probabilities"),
        ("not_finite", "numbers that are not finite"),
        ("frozen", "has no weight that can be trained"),
        ("dice", "kernel' is drawn by Dice, which gives other numbers each time"),
    ],
)
def test_what_is_wrong_with_a_function_is_said_in_one_line(file, name, words):
    with pytest.raises(RunError, match=words) as caught:
        make(f"{file}:{name}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("def build(:", "broken.py cannot be executed: SyntaxError: invalid syntax"),
        ("import a_module_beside", r"ModuleNotFoundError: No module named 'a_module_beside' \(broken.py, line 1\)"),
        ("x = 1\nbuild = 1 / 0", r"ZeroDivisionError: division by zero \(broken.py, line 2\); mend the file"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_one_line(tmp_path, source, words):
    (tmp_path / "broken.py").write_text(source)
    (tmp_path / "a_module_beside.py").touch()
    with pytest.raises(RunError, match=words) as caught:
        make(f"{tmp_path / 'broken.py'}:build")
    assert "\n" not in str(caught.value)


def test_a_missing_and_a_changed_file_are_refused(file, tmp_path):
    with pytest.raises(RunError, match="model: .*gone.keras cannot be read .*No such file"):
        make(str(tmp_path / "gone.keras"))
    with pytest.raises(RunError, match=r"model: .*my_net.py has changed since it was named; restore it"):
        make(f"{file}:maps", model_digest="0" * 32)
    with pytest.raises(RunError, match="nobody has named it"):
        make("my_net.py:maps")


# -- saved networks ------------------------------------------------------------------------------


def saved(path: Path, *layers: Any) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's, of how Keras reads its variables
        keras.Sequential([keras.Input((16, 16, 3)), *layers]).save(path)
    return path


def test_a_saved_network_with_and_without_a_head(tmp_path):
    layers = keras.layers
    body = saved(tmp_path / "body.keras", layers.Conv2D(4, 3), layers.BatchNormalization())
    headed = saved(tmp_path / "headed.keras", layers.Flatten(), layers.Dense(3, activation="softmax"))
    network, other = make(str(body)), make(str(headed))
    assert network.model.output_shape == other.model.output_shape == (None, 3)
    starts = []
    for seed in (1, 2):
        network.renew(0, seed)
        other.renew(0, seed)
        starts.append((network.weights_hash(), other.weights_hash()))
    assert starts[0][0] != starts[1][0]  # the head is drawn
    assert starts[0][1] == starts[1][1]  # its own head is kept


def test_code_in_a_saved_network_is_not_executed(tmp_path):
    marker = tmp_path / "executed"
    touch = keras.layers.Lambda(lambda x: (open(MARKER, "w").close(), x)[1])  # noqa: F821 - set below
    touch.function.__globals__["MARKER"] = str(marker)
    path = saved(tmp_path / "evil.keras", touch, keras.layers.Flatten())
    marker.unlink()
    with pytest.raises(RunError, match=r"evil.keras holds Python code \(a Lambda layer\), which is not executed"):
        make(str(path))
    assert not marker.exists()


class Foreign(keras.layers.Layer):
    def call(self, x: Any) -> Any:
        return x


def test_damaged_and_foreign_saved_networks_are_refused_in_one_line(tmp_path):
    path = saved(tmp_path / "net.keras", keras.layers.Flatten())
    (tmp_path / "half.keras").write_bytes(path.read_bytes()[:500])
    (tmp_path / "text.keras").write_text("no network")
    saved(tmp_path / "foreign.keras", Foreign(), keras.layers.Flatten())
    for name, words in (
        ("half", "half.keras cannot be loaded: "),
        ("text", "text.keras cannot be loaded: "),
        ("foreign", "foreign.keras holds a class that is not Keras' own .* build it by a function of your own"),
    ):
        with pytest.raises(RunError, match=words) as caught:
            make(str(tmp_path / f"{name}.keras"))
        assert "\n" not in str(caught.value)


# -- runs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", KINDS)
def test_arms_start_equal_and_end_equal_where_they_are_the_same(file, name, make_task, tiny, tmp_path):
    networks, finished = NetworkCache(), {}
    experiment = tiny.replace(training={"epochs": 1, "model": f"{file}:{name}"})
    for arm, seed in (("none", 0), ("standard", 0), ("again", 0), ("none", 1)):
        task = make_task(tmp_path, arm, seed, experiment)
        run.execute(task, networks=networks)
        finished[arm, seed] = records.read_run(task.folder).run
    none, standard, again, other = finished.values()
    assert none.weights_initial == standard.weights_initial == again.weights_initial != other.weights_initial
    assert none.weights_final == again.weights_final != standard.weights_final
    assert none.test == again.test


def test_a_stopped_run_goes_on_to_the_same_bits_in_another_process_network(file, make_task, tiny, tmp_path):
    experiment = tiny.replace(training={"model": f"{file}:nested"})
    straight, stopped = (make_task(tmp_path / name, "standard", 0, experiment) for name in ("a", "b"))
    run.execute(straight)
    with pytest.raises(Exception, match="stopped after epoch 1"):
        run.execute(stopped, stop=lambda: True)
    keras.Sequential([keras.Input((2,)), keras.layers.Dropout(0.5), keras.layers.Dense(1)])
    run.execute(stopped)
    for name in (records.RUN, records.EPOCHS, records.PREDICTIONS):
        assert (straight.folder / name).read_bytes() == (stopped.folder / name).read_bytes()
