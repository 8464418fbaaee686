from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from augexp.data import splits
from augexp.data.splits import EXCLUDED, TEST, TRAIN, VALIDATION
from augexp.errors import DataError
from augexp.experiment.sources import Data


class Case:
    """N images, each with the identity of what it shows, in the order of their hashes as a store has them."""

    def __init__(self, contents: list[int], labels: list[int], given: list[int] | int = TRAIN, near: int = 0) -> None:
        """Take `near` contents in a row for near-duplicates of each other."""
        keys = np.stack([_key(content) for content in contents])
        order = np.lexsort((labels, *keys.T[::-1]))
        self.contents = np.array(contents)[order]
        self.keys, self.labels = keys[order], np.array(labels, np.int64)[order]
        self.given = np.broadcast_to(np.array(given, np.uint8), len(contents))[order]
        groups = self.contents // (near or 1)
        self.clusters = np.array([int(np.flatnonzero(groups == one)[0]) for one in groups], np.int64)

    def split(self, **data: Any) -> splits.Split:
        settings = Data(**{"source": "folder", "path": "x"} | data)
        return splits.split(settings, self.given, self.labels, self.clusters, self.keys, int(self.labels.max()) + 1)

    def sides(self, **data: Any) -> dict[int, set[int]]:
        """Return the splits in which each content is found."""
        codes = self.split(**data).codes
        return {int(one): set(codes[self.contents == one].tolist()) for one in np.unique(self.contents)}


def _key(content: int) -> np.ndarray:
    return np.frombuffer(np.random.default_rng(content).bytes(20), np.uint8)


def plain(n: int, classes: int = 2, start: int = 0) -> Case:
    return Case(list(range(start, start + n)), [number % classes for number in range(n)])


def shares(split: splits.Split) -> tuple[float, float]:
    return float((split.codes == TEST).mean()), float((split.codes == VALIDATION).mean())


def lsun(n: int, **more: Any) -> tuple[float, float]:
    """Return the shares of test and validation of an LSUN class of `n` training records without a val set."""
    settings = {"source": "lsun", "path": None, "categories": ("a", "b"), "test": "held-out"} | more
    return shares(plain(2 * n).split(**settings))


# -- properties --------------------------------------------------------------------------------

contents = st.lists(st.integers(0, 10_000), min_size=40, max_size=80, unique=True)


def full(case: Case) -> bool:
    """Say whether the thresholds alone leave no class without an image in any split."""
    low, high = splits.FOLDER_SHARES[0], sum(splits.FOLDER_SHARES)
    parts = np.searchsorted([low, high], splits.place(case.keys), side="right")
    return all(len(set(parts[case.labels == label].tolist())) == 3 for label in (0, 1))


@given(contents, st.integers(1, 10))
@settings(max_examples=50, deadline=None)
def test_removing_and_adding_images_moves_no_other(numbers: list[int], removed: int) -> None:
    before, after = (Case(some, [number % 2 for number in some]) for some in (numbers, numbers[removed:]))
    # A small class that chance leaves without an image in a split takes the nearest one instead.
    assume(full(before) and full(after))
    kept = after.sides()
    assert {one: side for one, side in before.sides().items() if one in kept} == kept


@given(contents, st.randoms())
@settings(max_examples=50, deadline=None)
def test_renaming_and_reordering_files_moves_nothing(numbers: list[int], random: Any) -> None:
    shuffled = list(numbers)
    random.shuffle(shuffled)
    assert Case(numbers, [n % 2 for n in numbers]).sides() == Case(shuffled, [n % 2 for n in shuffled]).sides()


@given(st.lists(st.integers(0, 30), min_size=60, max_size=90))
@settings(max_examples=50, deadline=None)
def test_exact_duplicates_are_on_one_side(numbers: list[int]) -> None:
    case = Case([*range(31), *numbers], [*(n % 2 for n in range(31)), *(n % 2 for n in numbers)])
    assert all(len(sides) == 1 for sides in case.sides().values())


@given(st.integers(0, 1_000), st.integers(2, 6))
@settings(max_examples=50, deadline=None)
def test_near_duplicates_are_on_one_side(start: int, near: int) -> None:
    case = Case(list(range(start, start + 120)), [n // near % 2 for n in range(start, start + 120)], near=near)
    codes = case.split().codes
    for cluster in np.unique(case.clusters):
        assert len(set(codes[case.clusters == cluster].tolist())) == 1


@given(st.integers(0, 10**6), st.lists(st.sampled_from([TRAIN, VALIDATION, TEST]), min_size=60, max_size=60))
@settings(max_examples=50, deadline=None)
def test_official_sets_keep_their_images_and_lose_the_repeats_to_them(start: int, given: list[int]) -> None:
    numbers = [start + n % 45 for n in range(60)]  # the first 15 come twice
    given[15:24] = [TRAIN, TEST, VALIDATION] * 3
    given[24:] = [TRAIN] * 36
    case = Case(numbers, [n % 2 for n in numbers], given)
    codes = case.split(test="official").codes
    assert (codes[case.given == TEST] == TEST).all()
    kept = set(case.contents[codes == TEST].tolist())
    assert not kept & set(case.contents[np.isin(codes, (TRAIN, VALIDATION))].tolist())
    validation = set(case.contents[codes == VALIDATION].tolist())
    assert not validation & set(case.contents[codes == TRAIN].tolist())
    assert ((codes == EXCLUDED) <= np.isin(case.given, (TRAIN, VALIDATION))).all()


# -- sizes -------------------------------------------------------------------------------------


def test_folder_shares() -> None:
    test, validation = shares(plain(8_000).split())
    assert test == pytest.approx(0.2, abs=0.015)
    assert validation == pytest.approx(0.1, abs=0.012)


@pytest.mark.parametrize("which", ["test", "validation"])
def test_named_counts_are_met_within_a_64th(which: str) -> None:
    split = plain(4_000).split(**{f"{which}_per_class": 500})
    assert shares(split)[which == "validation"] == pytest.approx(0.25, abs=0.02)


def test_lsun_default_counts_in_a_large_class() -> None:
    test, validation = lsun(12_500)
    assert test == pytest.approx(0.2, abs=0.01)  # 2500 of 12500 is 13/64
    assert validation == pytest.approx(300 / 12_500, abs=0.01)


def test_default_counts_take_no_more_than_their_share_of_a_small_class() -> None:
    test, validation = lsun(2_000)
    assert test == pytest.approx(0.25, abs=0.02)
    assert validation == pytest.approx(0.15, abs=0.02)


def test_a_named_count_takes_up_to_half_of_a_small_class() -> None:
    test, validation = lsun(2_000, test_per_class=2_500)
    assert test == pytest.approx(0.5, abs=0.025)
    assert validation == pytest.approx(0.15, abs=0.02)
    test, validation = lsun(2_000, test_per_class=2_500, validation_per_class=2_500)
    assert test == pytest.approx(0.5, abs=0.025)
    assert validation == pytest.approx(0.25, abs=0.02)  # half of what is left


def test_a_few_more_files_move_no_image_where_counts_are_wanted() -> None:
    settings = {"test_per_class": 100, "validation_per_class": 50}
    before, after = plain(1_000).sides(**settings), plain(1_020).sides(**settings)
    assert {one: after[one] for one in before} == before


def test_three_different_images_suffice() -> None:
    for start in range(0, 300, 3):
        numbers = list(range(start, start + 3))
        case = Case([*numbers, *range(1_000, 1_030)], [0] * 3 + [1] * 30)
        codes = case.split().codes[case.labels == 0]
        assert sorted(codes.tolist()) == [TRAIN, VALIDATION, TEST]


def test_every_class_has_every_split() -> None:
    for start in range(0, 2_000, 20):
        case = Case(list(range(start, start + 20)), [0] * 4 + [1] * 16)
        codes = case.split().codes
        for label in (0, 1):
            assert set(codes[case.labels == label].tolist()) == {TRAIN, VALIDATION, TEST}


# -- rules -------------------------------------------------------------------------------------


def with_official(train: int, official: int, code: int) -> Case:
    n = 2 * (train + official)
    return Case(list(range(n)), [k % 2 for k in range(n)], [TRAIN] * (2 * train) + [code] * (2 * official))


LSUN: dict[str, Any] = {"source": "lsun", "path": None, "categories": ("a", "b")}


@pytest.mark.parametrize(
    ("train", "settings", "rule"),
    [
        (400, {"train_per_class": 1_000}, "official"),
        (3_000, {"train_per_class": 1_000}, "official"),
        (3_500, {"train_per_class": 1_000}, "held-out"),
        (400, {"train_per_class": 200, "test_per_class": 150}, "held-out"),
        (400, {}, "official"),
        (400, {"test": "held-out"}, "held-out"),
        (3_500, {"test": "official", "train_per_class": 1_000}, "official"),
    ],
)
def test_rule_of_lsun(train: int, settings: dict[str, Any], rule: str) -> None:
    case = with_official(train, 30, VALIDATION)
    split = case.split(**LSUN | settings)
    assert split.rule == rule
    held_out = split.codes[case.given == VALIDATION]
    assert (held_out == (VALIDATION if rule == "held-out" else TEST)).all()
    assert (split.codes == VALIDATION).any()
    train_sizes = np.bincount(case.labels[split.codes == TRAIN])
    if settings.get("test") is None and rule == "held-out":
        assert train_sizes.min() >= settings["train_per_class"] - 40  # a share is a share


@pytest.mark.parametrize(
    ("settings", "rule"),
    [({}, "official"), ({"train_per_class": 100}, "held-out"), ({"train_per_class": 480}, "official")],
)
def test_rule_of_a_folder_with_its_own_test(settings: dict[str, Any], rule: str) -> None:
    split = with_official(500, 50, TEST).split(**settings)
    assert split.rule == rule


def test_folder_without_own_sets_is_held_out() -> None:
    split = plain(200).split()
    assert split.rule == "held-out"
    assert (
        "since the source has none for every class; validation was carved out of the training images"
        in split.explanation
    )


def test_own_validation_of_a_folder_stays_validation_beside_its_test() -> None:
    case = Case(list(range(90)), [k % 2 for k in range(90)], [TRAIN] * 60 + [VALIDATION] * 10 + [TEST] * 20)
    split = case.split()
    assert (split.codes == case.given).all()
    assert split.explanation == (
        "The test set is the source's own test set, since every training image is trained on; "
        "images per class: 30 train, 5 validation, 10 test."
    )


def test_explanations() -> None:
    case = with_official(400, 30, VALIDATION)
    assert case.split(**LSUN | {"train_per_class": 1_000}).explanation.startswith(
        "The test set is the source's own val set, since the training images are few; "
        "validation was carved out of the training images; images per class: "
    )
    assert case.split(**LSUN | {"train_per_class": 200, "test_per_class": 150}).explanation.startswith(
        "The test set was carved out of the training images by content hash, which leaves a whole training draw; "
        "the source's own val set is for validation; images per class: "
    )
    assert "by content hash, as asked for; " in case.split(**LSUN | {"test": "held-out"}).explanation


def test_excluded_images_are_counted_in_words() -> None:
    case = Case([*range(60), 0, 1], [k % 2 for k in range(60)] + [0, 1], [TRAIN] * 60 + [TEST] * 2)
    split = case.split()
    assert split.excluded == 2
    assert split.explanation.endswith(
        "2 training or validation images were left out because they repeat an evaluation image."
    )


def test_official_without_an_official_set() -> None:
    with pytest.raises(
        DataError, match='received "official", but the source has no test or validation set of its own for every class'
    ):
        plain(60).split(test="official")


def test_a_set_that_some_class_lacks_joins_the_training_images() -> None:
    # A scene beside an object: only the scene has a val set.
    case = Case(list(range(130)), [k % 2 for k in range(120)] + [0] * 10, [TRAIN] * 120 + [VALIDATION] * 10)
    split = case.split(**LSUN | {"test_per_class": 12, "validation_per_class": 12})
    assert split.rule == "held-out"
    assert "since the source has none for every class; validation was carved out" in split.explanation
    alike = Case(list(range(130)), [k % 2 for k in range(120)] + [0] * 10)
    assert (split.codes == alike.split(**LSUN | {"test_per_class": 12, "validation_per_class": 12}).codes).all()
