"""How far runs go: on, while an arm gains on validation; never further than the cap; the same for later seeds."""

from __future__ import annotations

import numpy as np
import pytest
from builders import experiment, write_auto_run

from augexp.analysis.budget import horizon as horizons
from augexp.errors import ResultsError
from augexp.experiment.budget import milestones
from augexp.results.manifests import Horizon


def records_of(tmp_path, auto, epochs: int, gains: dict[str, float], seeds=range(5)):
    """Return runs to `epochs` whose validation is better by `gains` in pp in the second half than before."""
    runs = []
    for seed in seeds:
        for arm, gain in gains.items():
            validation = np.where(np.arange(1, epochs + 1) <= epochs // 2, 0.7, 0.7 + gain / 100)
            right = {epoch: np.ones(30, dtype=bool) for epoch in milestones(epochs)}
            runs.append(write_auto_run(tmp_path / str(epochs), auto, arm, seed, validation, right))
    return runs


@pytest.fixture
def auto():
    return experiment(epochs="auto", seeds=None)


def test_every_arm_goes_on_while_one_gains_more_than_the_region(tmp_path, auto):
    runs = records_of(tmp_path, auto, 20, {"none": 0.0, "standard": 0.6})
    found = horizons.advance(auto, runs, None, balanced=False)
    assert (found.epochs, found.settled, found.still_gaining) == (40, False, ("standard",))
    assert found.gains == pytest.approx({"none": 0.0, "standard": 0.6})
    assert "standard +0.6 pp" in horizons.describe(found, auto.plan)
    assert horizons.advance(auto, runs, found, balanced=False) == found  # the runs are not there yet


def test_a_gain_of_the_region_is_none(tmp_path, auto):
    runs = records_of(tmp_path, auto, 20, {"none": 0.1, "standard": 0.4})
    found = horizons.advance(auto, runs, None, balanced=False)
    assert (found.epochs, found.settled, found.still_gaining, found.seeds) == (20, True, (), (0, 1, 2, 3, 4))
    assert horizons.advance(auto, runs[:2], found, balanced=False) == found  # settled for all later seeds


def test_nothing_is_settled_before_the_first_look_is_complete(tmp_path, auto):
    runs = records_of(tmp_path, auto, 20, {"none": 0.0, "standard": 0.0}, seeds=range(4))
    assert horizons.advance(auto, runs, None, balanced=False) == Horizon(epochs=20)


def test_the_cap_ends_it_and_a_higher_one_goes_on_from_there(tmp_path):
    capped = experiment(epochs="auto", seeds=None, max_epochs=30)
    runs = records_of(tmp_path, capped, 30, {"none": 0.0, "standard": 2.0})
    found = horizons.advance(capped, runs, Horizon(epochs=30), balanced=False)
    assert (found.epochs, found.settled, found.still_gaining) == (30, True, ("standard",))
    assert "--max-epochs 60" in horizons.describe(found, capped.plan)
    further = horizons.advance(experiment(epochs="auto", seeds=None), runs, found, balanced=False)
    assert (further.epochs, further.settled) == (60, False)
    with pytest.raises(ResultsError, match="max_epochs: received 20, but the runs of made have gone to 30"):
        horizons.advance(experiment(epochs="auto", seeds=None, max_epochs=20), runs, found, balanced=False)


def test_only_runs_at_the_settled_horizon_can_be_read(tmp_path, auto):
    short = records_of(tmp_path, auto, 20, {"none": 0.0}, seeds=range(1))
    long = records_of(tmp_path, auto, 40, {"none": 0.0}, seeds=range(1))
    assert horizons.readable([*short, *long], None) == [*short, *long]
    assert horizons.readable([*short, *long], Horizon(epochs=40)) == []
    assert horizons.readable([*short, *long], Horizon(epochs=40, settled=True)) == long
