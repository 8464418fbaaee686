"""A run with an automatic budget: milestones on the way, and a further horizon as if it had never stopped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from augexp.errors import Interrupted
from augexp.experiment.budget import milestones
from augexp.results import records
from augexp.training import run

FILES = (records.RUN, records.EPOCHS, records.PREDICTIONS, records.MILESTONES)


@pytest.fixture
def auto(tiny):
    return tiny.replace(training={"epochs": "auto"})


@pytest.fixture
def make_auto(make_task, auto, tmp_path):
    """Return a task that goes to a horizon."""

    def make(name: str, horizon: int, *, extendable: bool = False):
        return replace(make_task(tmp_path / name, "standard", 0, auto), horizon=horizon, extendable=extendable)

    return make


def content(task):
    return {name: (task.folder / name).read_bytes() for name in FILES}


def names(task):
    return sorted(path.name for path in task.folder.iterdir())


@pytest.fixture
def direct(make_auto, networks):
    """A run that goes to ten epochs at once."""
    task = make_auto("direct", 10)
    run.execute(task, networks=networks)
    return task


def test_a_run_that_goes_on_ends_as_one_that_never_stopped(make_auto, networks, direct):
    run.execute(make_auto("extended", 5, extendable=True), networks=networks)
    assert records.CHECKPOINT in names(make_auto("extended", 5))
    assert records.read_run(make_auto("extended", 5).folder).run.ledger.epochs == 5
    events = []
    further = make_auto("extended", 10)
    assert not further.is_finished
    run.execute(further, networks=networks, report=events.append)
    assert (events[0].kind, events[0].epoch, events[0].epochs) == ("started", 5, 10)
    assert content(further) == content(direct)
    assert names(further) == names(direct)
    assert further.is_finished


@pytest.mark.parametrize("stop_at", [6, 7, 9])
def test_a_run_that_is_stopped_on_the_way_ends_equal(make_auto, networks, direct, stop_at):
    run.execute(make_auto("stopped", 5, extendable=True), networks=networks)
    task, events = make_auto("stopped", 10), []
    with pytest.raises(Interrupted):
        run.execute(task, networks=networks, report=events.append, stop=lambda: events[-1].epoch == stop_at)
    assert not (task.folder / records.RUN).exists()
    run.execute(task, networks=networks)
    assert content(task) == content(direct)


def test_a_run_whose_checkpoint_is_gone_starts_afresh_and_ends_equal(make_auto, networks, direct):
    run.execute(make_auto("lost", 5), networks=networks)
    assert records.CHECKPOINT not in names(make_auto("lost", 5))
    run.execute(make_auto("lost", 10), networks=networks)
    assert content(make_auto("lost", 10)) == content(direct)


def test_what_is_kept_at_a_milestone_is_the_result_of_that_budget(make_auto, networks, direct):
    longer = records.read_run(direct.folder)
    assert tuple(longer.milestones()) == milestones(10)
    run.execute(make_auto("short", 7), networks=networks)
    shorter = records.read_run(make_auto("short", 7).folder)
    for record, milestone in ((shorter, longer.milestones()[7]), (longer, longer.milestones()[10])):
        final = record.predictions()
        assert np.array_equal(final.predicted, milestone.predicted)
        own = final.probabilities[np.arange(len(final.labels)), final.labels]
        assert np.allclose(np.exp(milestone.log_probability), own, rtol=1e-5)


def test_a_cap_that_is_no_milestone_leaves_no_trace_when_it_is_raised(make_auto, networks, direct):
    run.execute(make_auto("capped", 6, extendable=True), networks=networks)
    assert 6 in records.read_run(make_auto("capped", 6).folder).milestones()
    run.execute(make_auto("capped", 10), networks=networks)
    assert content(make_auto("capped", 10)) == content(direct)


def test_a_fixed_budget_keeps_no_milestones(finished):
    folder = finished["standard", 0].folder
    assert not (folder / records.MILESTONES).exists()
    assert records.BALANCED not in finished["standard", 0].epochs


def test_validation_is_measured_with_equal_weight_for_every_class(direct):
    epochs = records.read_run(direct.folder).epochs
    assert len(epochs[records.BALANCED]) == 10
    assert ((epochs[records.BALANCED] >= 0) & (epochs[records.BALANCED] <= 1)).all()


def test_a_test_curve_is_a_column_more_and_changes_nothing_else(make_task, auto, networks, direct, tmp_path):
    experiment = auto.replace(training={"test_curve": True}, plan={"horizon": 10})
    task = make_task(tmp_path / "curve", "standard", 0, experiment)
    assert task.epochs == 10
    run.execute(task, networks=networks)
    own, other = records.read_run(task.folder), records.read_run(direct.folder)
    curve = own.epochs[records.TEST_ACCURACY]
    assert curve[-1] == own.run.test.accuracy
    at = {epoch: milestone.predicted == own.predictions().labels for epoch, milestone in own.milestones().items()}
    assert {epoch: float(right.mean()) for epoch, right in at.items()} == {e: curve[e - 1] for e in at}
    assert own.run.weights_final == other.run.weights_final
    assert {name: values.tolist() for name, values in own.epochs.items() if name in other.epochs} == {
        name: values.tolist() for name, values in other.epochs.items()
    }
    assert records.TEST_ACCURACY not in other.epochs


def test_a_run_with_a_test_curve_that_is_stopped_ends_equal(make_task, auto, networks, tmp_path):
    experiment = auto.replace(training={"test_curve": True}, plan={"horizon": 10})
    whole, stopped = (make_task(tmp_path / name, "standard", 0, experiment) for name in ("whole", "stopped"))
    run.execute(whole, networks=networks)
    events = []
    with pytest.raises(Interrupted):
        run.execute(stopped, networks=networks, report=events.append, stop=lambda: events[-1].epoch == 4)
    run.execute(stopped, networks=networks)
    assert content(stopped) == content(whole)
