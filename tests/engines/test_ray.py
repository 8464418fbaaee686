"""A cluster of two nodes on this machine: the local engine's bytes, whichever way the images come."""

from __future__ import annotations

import copy
import signal
import socket
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from augexp.engines import network_files, ray_cluster, ray_node
from augexp.engines.ray_cluster import RayEngine
from augexp.errors import Interrupted, RunError
from augexp.experiment import networks
from augexp.experiment.training import Training
from augexp.results import heartbeat, records
from augexp.training import run

ADDRESS = "127.0.0.2"
"""Ray treats 127.0.0.1 as a machine without a network and lets no second node join."""

SAME = (records.RUN, records.EPOCHS, records.PREDICTIONS)


def test_a_missing_extra_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(RunError, match=r"Ray is not installed; pip install 'augexp\[ray\]', or use --engine local"):
        RayEngine()


def test_a_store_that_travelled_is_the_store(store, tiny):
    small, images = ray_node.take_apart(store)
    assert type(images) is np.ndarray
    assert np.shares_memory(images, store.images)
    again = ray_node.put_together(copy.deepcopy(small), images)
    rows = again.training_rows(tiny.data, 0, 0)
    assert np.array_equal(rows, store.training_rows(tiny.data, 0, 0))
    assert np.array_equal(again.view(rows)[np.arange(5)].images, store.view(rows)[np.arange(5)].images)
    assert again.fingerprint == store.fingerprint
    assert small is not store
    assert len(store.images) == len(store)


def test_files_of_a_run_travel_without_its_lock(tmp_path):
    (tmp_path / "a").mkdir()
    for name in (*SAME, *ray_node.STAYS, ".unique-3"):
        (tmp_path / "a" / name).write_bytes(name.encode())
    assert ray_node.progress_files(tmp_path / "a") == {}
    ray_node.put_files(tmp_path / "b", ray_node.take_files(tmp_path / "a"))
    assert {path.name for path in (tmp_path / "b").iterdir()} == {*SAME, ".unique-3"}


def test_a_node_with_other_libraries_is_named():
    assert ray_node.differences(ray_node.versions()) == ""
    assert ray_node.differences({**ray_node.versions(), "keras": "1.0"}).endswith(", not 1.0")


def test_a_run_asks_now_and_then_whether_to_stop(monkeypatch):
    now, asked, answer = [100.0], [], [False]
    monkeypatch.setattr(ray_node.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(ray_node, "_stopping", lambda events: asked.append(events) or answer[0])
    asking = ray_node._StopPoll("events")
    told = []
    for now[0] in (100.1, 100.5, 100.9, 101.0):
        told.append(asking())
    assert (told, len(asked)) == ([False] * 4, 2)
    answer[0] = True
    for now[0] in (101.4, 101.5, 101.6, 105.0):
        told.append(asking())
    assert (told[4:], len(asked)) == ([False, True, True, True], 3)


@pytest.fixture(scope="module")
def cluster():
    """A head and a second node with one core each; the driver is on the head."""
    ray = pytest.importorskip("ray", reason="the extra augexp[ray] is not installed")
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "node_ip_address": ADDRESS})
        yield made
        ray.shutdown()
        made.shutdown()


@pytest.fixture
def second(cluster):
    """The second node, which the test may kill."""
    node = cluster.add_node(num_cpus=1, node_ip_address=ADDRESS)
    cluster.wait_for_nodes()
    yield node
    if node in cluster.list_all_nodes():
        cluster.remove_node(node)


NET = """
import keras
def build(size, classes):
    conv = keras.layers.Conv2D(6, 3, strides=2)
    model = keras.Sequential([keras.Input((size, size, 3)), conv, keras.layers.BatchNormalization()])
    conv.set_weights([w * 0 + 0.1 * i for i, w in enumerate(conv.get_weights(), start=1)])
    return model
"""


@pytest.fixture
def net_experiment(tiny, tmp_path):
    """The network of a Python file, as a definition names it."""
    path = tmp_path / "net.py"
    path.write_text(NET)
    digest = networks.digest_of("model", path)
    return tiny.replace(training={"model": f"{path}:build", "model_digest": digest})


def test_the_file_of_a_network_travels(net_experiment):
    sent = network_files.read_files(net_experiment.training)
    assert sent == {"model": NET.encode()}
    path, function = networks.split(net_experiment.training.model)
    Path(path).unlink()
    here, again = (network_files.with_files_here(net_experiment, sent) for _ in range(2))
    assert here.hash == net_experiment.hash
    assert here.training == again.training  # so that a process keeps its network
    place, rest = networks.split(here.training.model)
    assert (Path(place).read_bytes(), rest) == (NET.encode(), function)
    with pytest.raises(RunError, match="model: .*net.py cannot be read"):
        network_files.read_files(net_experiment.training)
    assert network_files.read_files(Training()) == {}
    assert network_files.with_files_here(net_experiment, {}) is net_experiment


@pytest.mark.slow
@pytest.mark.parametrize("tune", ["all", "head"])
def test_a_network_of_the_user_gives_the_bytes_of_the_local_engine(
    tune, cluster, second, make_task, net_experiment, tmp_path
):
    experiment = net_experiment.replace(training={"tune": tune})
    expected = [
        replace(make_task(tmp_path / "local", arm, 0, experiment), features=tmp_path / "features")
        for arm in ("none", "standard")
    ]
    for task in expected:
        run.execute(task)
    tasks = [make_task(tmp_path / "ray", task.arm, 0, experiment) for task in expected]
    with RayEngine(cluster.address) as engine:
        assert engine.execute(tasks).executed == len(tasks)
    for task, other in zip(tasks, expected, strict=True):
        for name in SAME:
            assert (task.folder / name).read_bytes() == (other.folder / name).read_bytes()


def check(tasks, finished):
    for task in tasks:
        expected = finished[task.arm, task.seed].folder
        assert {name: (task.folder / name).read_bytes() for name in SAME} == {
            name: (expected / name).read_bytes() for name in SAME
        }
        assert {path.name for path in task.folder.iterdir()} == {*SAME, records.TIMING}


@pytest.mark.slow
@pytest.mark.parametrize("share_path", [True, False], ids=["shared path", "object store"])
def test_two_nodes_give_the_bytes_of_the_local_engine(share_path, cluster, second, make_task, finished, tmp_path):
    tasks = [make_task(tmp_path, arm, seed) for arm in ("none", "standard") for seed in (0, 1)]
    events = []
    with RayEngine(cluster.address, share_path=share_path) as engine:
        outcome = engine.execute(tasks, events.append)
        assert bool(engine._sent_stores) is not share_path
        assert (outcome.executed, outcome.failures) == (4, ())
        assert engine.execute(tasks).finished_before == 4
    check(tasks, finished)
    assert sum(event.kind == "finished" for event in events) == 4
    assert sum(event.kind == "epoch" for event in events) == 4 * 3


@pytest.fixture(scope="module")
def long(tiny):
    """Runs of some seconds, which leave time to interfere."""
    return tiny.replace(name="long", training={"epochs": 200})


@pytest.mark.slow
def test_a_node_that_dies_changes_no_number(cluster, second, long, make_task, networks, tmp_path):
    tasks = [make_task(tmp_path / "ray", arm, seed, long) for arm in ("none", "standard") for seed in (0, 1)]
    begun, killed = [], []

    def kill(event):
        if event.kind == "started":
            begun.append((event.arm, event.seed))
        if event.kind == "epoch" and len(begun) == 2 and not killed:  # both nodes are at work
            killed.append(second)
            cluster.remove_node(second, allow_graceful=False)

    with RayEngine(cluster.address) as engine:
        outcome = engine.execute(tasks, kill)
    assert (outcome.executed, outcome.failures) == (4, ())
    assert killed
    assert len(begun) == 5, "the run of the dead node was not begun again"
    for task in tasks:
        alone = make_task(tmp_path / "local", task.arm, task.seed, long)
        run.execute(alone, networks=networks)
        assert ray_node.take_files(alone.folder).keys() == ray_node.take_files(task.folder).keys()
        for name in SAME:
            assert (task.folder / name).read_bytes() == (alone.folder / name).read_bytes()


@pytest.mark.slow
def test_ctrl_c_brings_the_checkpoints_back(cluster, long, make_task, networks, tmp_path):
    tasks = [make_task(tmp_path / "ray", "standard", seed, long) for seed in (0, 1)]
    heartbeats, begun = [], []

    def interrupt(event):
        begun.extend([event] if event.kind == "started" else [])
        if event.kind == "epoch" and not heartbeats:
            heartbeats.append(heartbeat.read(tasks[event.seed].folder))  # Ray may begin with either
            signal.raise_signal(signal.SIGINT)

    with RayEngine(cluster.address) as engine, pytest.raises(Interrupted, match="0 of 2 runs finished.*same command"):
        engine.execute(tasks, interrupt)
    assert len(begun) == 1, "two runs on one core"
    task, other = tasks if begun[0].seed == 0 else tasks[::-1]
    assert heartbeats[0].alive
    assert heartbeat.read(task.folder) is None
    assert (task.folder / records.CHECKPOINT).exists()
    assert not (other.folder / records.CHECKPOINT).exists()
    events = []
    run.execute(task, networks=networks, report=events.append)
    assert events[0].epoch >= 1, "it started afresh"
    alone = make_task(tmp_path / "local", "standard", task.seed, long)
    run.execute(alone, networks=networks)
    for name in SAME:
        assert (task.folder / name).read_bytes() == (alone.folder / name).read_bytes()


@pytest.mark.slow
def test_runs_go_on_to_a_further_horizon_as_locally(cluster, tiny, make_task, networks, tmp_path):
    auto = tiny.replace(training={"epochs": "auto"})
    first = [
        replace(make_task(tmp_path / "ray", arm, 0, auto), horizon=4, extendable=True) for arm in ("none", "standard")
    ]
    started = []
    with RayEngine(cluster.address) as engine:
        assert engine.execute(first).executed == 2
        assert all((task.folder / records.CHECKPOINT).exists() for task in first)
        further = [replace(task, horizon=7, extendable=False) for task in first]
        outcome = engine.execute(further, lambda e: started.append(e.epoch) if e.kind == "started" else None)
    assert (outcome.executed, outcome.failures, started) == (2, (), [4, 4])
    for task in further:
        alone = replace(make_task(tmp_path / "local", task.arm, 0, auto), horizon=7)
        run.execute(alone, networks=networks)
        assert ray_node.take_files(alone.folder).keys() == ray_node.take_files(task.folder).keys()
        for name in (*SAME, records.MILESTONES):
            assert (task.folder / name).read_bytes() == (alone.folder / name).read_bytes()


@pytest.mark.slow
def test_an_error_of_a_run_is_told_and_the_others_go_on(cluster, make_task, tiny, tmp_path):
    bad = make_task(tmp_path / "a", "none", 0, tiny.replace(training={"batch_size": 500}))
    good = make_task(tmp_path / "b", "none", 0)
    with RayEngine(cluster.address) as engine:
        outcome = engine.execute([bad, good])
    assert (outcome.executed, len(outcome.failures)) == (1, 1)
    assert "received 500, but a training draw has only" in outcome.failures[0].message
    assert records.read_run(bad.folder).status == "failed"


@pytest.mark.slow
def test_no_cluster_at_an_address_is_one_line():
    pytest.importorskip("ray", reason="the extra augexp[ray] is not installed")
    with pytest.raises(RunError, match="address: received '127.0.0.3:1', where no Ray cluster answers"):
        RayEngine("127.0.0.3:1").start(1)


@pytest.mark.slow
def test_what_listens_and_is_no_cluster_is_one_line(monkeypatch):
    pytest.importorskip("ray", reason="the extra augexp[ray] is not installed")
    monkeypatch.setattr(ray_cluster, "PROBE_TIMEOUT", 5.0)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(RunError, match=f"address: received '{address}', where no Ray cluster answers"):
            RayEngine(address).start(1)
