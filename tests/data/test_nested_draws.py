"""Training draws at several sizes: nested in each seed, with the draw at factor 1 as it always was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from builders import write_classes

from augexp.data.preparation import prepare
from augexp.data.store import Store, open_store
from augexp.errors import DefinitionError
from augexp.experiment import definition
from augexp.experiment.sources import Data

FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    place = tmp_path_factory.mktemp("nested")
    write_classes(place / "in", {"a": range(90), "b": range(1_000, 1_080)})
    return open_store(prepare(Data(source="folder", path=str(place / "in"), image_size=16), place, jobs=2).path)


def data(factor: float, per_class: int | None = 12) -> Data:
    return Data(source="folder", path="in", train_per_class=per_class, train_factor=factor)


@pytest.mark.parametrize("seed", range(6))
def test_each_draw_is_part_of_the_next_larger_one(store: Store, seed: int) -> None:
    draws = [store.training_rows(data(factor), 7, seed) for factor in FACTORS]
    assert [len(rows) for rows in draws] == [6, 12, 24, 48, 96]
    for smaller, larger in zip(draws, draws[1:], strict=False):
        assert set(smaller) < set(larger)
    for rows in draws:
        assert np.bincount(store.labels[rows]).tolist() == [len(rows) // 2] * 2
        assert set(rows) <= set(store.rows("train"))
    usual = Data(source="folder", path="in", train_per_class=12)
    assert draws[2].tolist() == store.training_rows(usual, 7, seed).tolist()


def test_seeds_draw_differently_from_one_whole_pool(store: Store) -> None:
    draws = [set(store.training_rows(data(0.25, None), 7, seed).tolist()) for seed in range(3)]
    assert len({frozenset(draw) for draw in draws}) == 3
    assert store.draw_mode(data(0.25, None), range(3)) == "subsampled"
    assert store.draw_mode(data(1.0, None), range(3)) == "whole"


def test_the_largest_factor_is_that_of_the_smallest_class(store: Store) -> None:
    smallest = min(np.bincount(store.labels[store.rows("train")]))
    assert store.largest_factor(data(1.0)) == smallest / 12
    assert store.largest_factor(data(1.0, None)) == 1.0


def test_the_usual_factor_leaves_no_trace_in_a_definition(tmp_path: Path) -> None:
    plain = definition.parse({"name": "x", "data": {"source": "folder", "path": "in"}}, origin="x")
    assert plain.replace(data={"train_factor": 1.0}).hash == plain.hash
    assert plain.replace(data={"train_factor": 0.5}).hash != plain.hash
    assert "train_factor" not in definition.dumps(plain)


def test_a_factor_with_folds_is_refused() -> None:
    values = {"name": "x", "data": {"source": "folder", "path": "in", "folds": 5, "train_factor": 0.5}}
    with pytest.raises(DefinitionError, match="train_factor: received 0.5 with folds; allowed is 1"):
        definition.parse(values, origin="x")
