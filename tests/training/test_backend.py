"""What is handed to the compiled step, and running ahead of it."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from augexp.augment.pixels.canvas import ALIGNMENT, Buffers
from augexp.results import records
from augexp.training import backend, prefetch, run
from augexp.training import epoch as epochs
from augexp.training.feed import ON_A_SPARE_CORE, Lead


@pytest.fixture
def steps(networks, tiny):
    network = networks.network(tiny.training, 16, 2, 15)
    network.renew(0, 0)
    return network._steps


def placed(offset, shape=(16, 16, 16, 3)):
    """Return an array whose memory starts `offset` bytes after an aligned address."""
    size = 4 * int(np.prod(shape))
    block = np.empty(size + 2 * ALIGNMENT, dtype=np.uint8)
    start = -block.ctypes.data % ALIGNMENT + offset
    values = block[start : start + size].view(np.float32).reshape(shape)
    values[:] = np.random.default_rng(0).random(shape, dtype=np.float32)
    return values


def read_only(values):
    values.flags.writeable = False
    return values


@pytest.mark.parametrize(
    "given",
    [placed(0), placed(4), placed(16), placed(32), np.asfortranarray(placed(0)), read_only(placed(0)), placed(0)[::-1]],
    ids=["aligned", "4", "16", "32", "other order", "read-only", "backwards"],
)
def test_any_array_gives_the_same_logits(steps, given):
    np.testing.assert_array_equal(steps.forward(given), steps.forward(np.array(given, order="C")))


def test_memory_is_shared_only_where_tensorflow_can_read_it(steps):
    aligned, moved = placed(0), placed(4)
    shared, copied = steps.tensor(aligned), steps.tensor(moved)
    aligned[:], moved[:] = 3.0, 3.0
    assert float(shared.numpy().min()) == 3.0
    assert float(copied.numpy().max()) < 1.0


def test_a_finished_batch_is_shared_and_not_written_to_while_a_tensor_holds_it(steps):
    buffers = Buffers(limit=4)
    first = buffers.take((16, 16, 16, 3))
    first[:] = 0.25
    held = steps.tensor(first)
    address = first.ctypes.data
    del first
    other = buffers.take((16, 16, 16, 3))
    assert other.ctypes.data != address
    other[:] = 0.75
    assert float(held.numpy().max()) == 0.25
    del held
    assert address in {buffers.take((16, 16, 16, 3)).ctypes.data, other.ctypes.data}


def test_the_processor_is_not_a_device():
    assert not backend.has_device()


@pytest.mark.parametrize(
    "lead", [None, ON_A_SPARE_CORE, Lead(1, batches=1)], ids=["device", "spare core", "queue full"]
)
def test_running_ahead_changes_no_number(lead, finished, make_task, networks, tmp_path, monkeypatch):
    started = []
    thread = prefetch.threading.Thread
    monkeypatch.setattr(prefetch.threading, "Thread", lambda **details: started.append(details) or thread(**details))
    monkeypatch.setattr(backend, "has_device", lambda: lead is None)
    if lead is not None:
        monkeypatch.setattr(epochs, "ON_A_SPARE_CORE", lead)
    task = make_task(tmp_path, "standard", 0)
    run.execute(task, networks=networks, spare_core=lead is not None)
    assert len(started) == 3  # one for each epoch
    for name in (records.RUN, records.EPOCHS, records.PREDICTIONS):
        assert (task.folder / name).read_bytes() == (finished["standard", 0].folder / name).read_bytes()
    assert not [one for one in threading.enumerate() if one.name == "augexp-ahead"]
