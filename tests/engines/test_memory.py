"""What a run of a network needs, so that automatic jobs leave room."""

from __future__ import annotations

import subprocess
import sys

import pytest

from augexp.augment.learned import Learned
from augexp.engines import memory, resources
from augexp.engines.local import LocalEngine
from augexp.engines.memory import NetworkSize, built_in_size, run_memory
from augexp.errors import RunError
from augexp.experiment import networks
from augexp.experiment.training import Training

MB = 2**20


def test_the_rule_is_above_what_was_measured_and_leaves_small_networks_as_they_are() -> None:
    for model, size, batch, measured in (
        ("small", 64, 32, 640),
        ("residual", 32, 32, 691),
        ("residual", 64, 32, 814),
        ("residual", 128, 32, 1300),
        ("residual", 64, 128, 1249),
    ):
        needed = run_memory(built_in_size(model, size), batch)
        assert measured * MB < needed < 2 * measured * MB, (model, size, batch, needed / MB)
    assert run_memory(built_in_size("small", 64), 32) == run_memory(built_in_size("tiny", 64), 32) == 900 * MB
    frozen, trained = (NetworkSize(3_415_586, 11_035_910, 393_216, whole) for whole in (False, True))
    assert 749 * MB < run_memory(frozen, 32) < run_memory(trained, 32)
    assert 1164 * MB < run_memory(trained, 32) < 2000 * MB
    assert run_memory(frozen, 32) == run_memory(frozen, 64)


@pytest.mark.parametrize("model", networks.BUILT_IN)
def test_sizes_of_built_in_networks_are_those_of_their_graphs(model) -> None:
    from augexp.training import backend, models

    for size in (32, 64):
        built = models.build(model, size, 3)
        activations, largest = backend.activations(built)
        stated = built_in_size(model, size)
        assert activations * 0.98 <= stated.activations <= activations * 1.2
        assert largest == stated.largest
        assert sum(variable.shape.num_elements() for variable in _tensors(built)) <= stated.weights


def _tensors(model):
    return [variable.value for variable in model.weights]


NET = """
import keras
def build(size, classes):
    return keras.Sequential([keras.Input((size, size, 3)), keras.layers.Conv2D(4, 3, strides=2)])
def fails(size, classes):
    raise ValueError("no")
"""


def test_a_network_from_elsewhere_is_measured_in_another_process_which_says_what_is_wrong(tmp_path) -> None:
    path = tmp_path / "net.py"
    path.write_text(NET)
    training = Training(model=f"{path}:build")
    assert memory.memory_of(training, 16, 2) == 900 * MB
    size = memory._measured(training, 16, 2)
    assert (size.weights, size.trained) == (3 * 9 * 4 + 4 + 4 * 2 + 2, True)
    assert size.largest == 16 * 16 * 3
    with pytest.raises(RunError, match=r"fails\(16, 2\) of net.py raised: ValueError: no") as caught:
        memory.memory_of(training.model_copy(update={"model": f"{path}:fails"}), 16, 2)
    assert "\n" not in str(caught.value)


def test_automatic_jobs_go_by_it_and_named_ones_do_not(monkeypatch) -> None:
    monkeypatch.setattr(resources, "gpu_memory", list)
    monkeypatch.setattr(resources, "cores", lambda: list(range(8)))
    monkeypatch.setattr(resources, "available_memory", lambda: 8 * 900 * MB)
    for training, size, jobs in ((Training(), 64, 8), (Training(model="residual"), 128, 4)):
        engine = LocalEngine()
        assert engine.jobs == 8
        engine.fit(training, size, 2)
        assert engine.jobs == jobs
    engine = LocalEngine(jobs=6)
    engine.fit(Training(model="residual", batch_size=4096), 512, 2)
    assert engine.jobs == 6


def test_the_driver_loads_no_tensorflow_for_it() -> None:
    code = (
        "import sys\nfrom augexp.engines import local\nfrom augexp.experiment.training import Training\n"
        "local.LocalEngine().fit(Training(model='residual'), 64, 2)\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_learned_policies_need_more() -> None:
    training = Training(model="smallnet")
    alone = memory.needed(training, 64, 2, [])
    assert alone == memory.memory_of(training, 64, 2)
    with_parts = memory.needed(training, 64, 2, [Learned(), Learned(filters=64)])
    assert with_parts > memory.needed(training, 64, 2, [Learned()]) > alone
