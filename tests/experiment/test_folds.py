"""Folds in a definition: two ways to say them, the looks that go with them, and what does not go with them."""

from __future__ import annotations

import pytest

from augexp import api
from augexp.errors import DefinitionError
from augexp.experiment import definition, screening

FOLDER = {"name": "photos", "data": {"source": "folder", "path": "photos", "image_size": 64}}


def photos(**sections):
    return definition.parse({**FOLDER, **{k: {**FOLDER.get(k, {}), **v} for k, v in sections.items()}}, origin="test")


def test_both_ways_to_say_folds_mean_the_same():
    named, worded = photos(data={"folds": 5}), photos(data={"test": "folds"})
    assert named == worded
    assert (named.data.folds, named.data.test, named.plan.looks) == (5, "folds", (2, 3, 4))
    assert definition.parse(named.model_dump(mode="json"), origin="again") == named


def test_without_folds_nothing_is_said_of_them_and_hashes_stay():
    plain = photos()
    assert "folds" not in plain.model_dump(mode="json")["data"]
    assert "repeats" not in plain.plan.definition()
    assert plain.hash == "b3b40a390c4b5343"
    assert plain.plan.looks == (5, 8, 12, 20)
    assert photos(data={"folds": 5}).hash != plain.hash != photos(data={"folds": 4}).hash


def test_looks_that_are_named_stay():
    assert photos(data={"folds": 5}, plan={"looks": [3, 6]}).plan.looks == (3, 6)


def test_a_block_is_a_repeat_of_all_folds():
    experiment = photos(data={"folds": 5})
    assert list(experiment.blocks(2)) == list(range(10))
    assert experiment.run_name("none", 7) == "none repeat 2 fold 3"
    assert photos().run_name("none", 7) == "none seed 7"


def test_many_policies_are_not_screened():
    arms = ["none", "flip", "standard", "randaugment", "augmix"]
    assert screening.is_wanted(photos(plan={"arms": arms}))
    assert not screening.is_wanted(photos(plan={"arms": arms}, data={"folds": 5}))


def test_the_samples_own_number_of_seeds_says_nothing_about_repeats():
    assert api.define((), folds=5).plan.fixed is None
    assert api.define((), folds=5, repeats=3).plan.fixed == 3


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"data": {"folds": 1}}, "folds: received 1"),
        ({"data": {"folds": 21}}, "folds: received 21"),
        ({"data": {"folds": 5, "test": "held-out"}}, "every image is a test image: leave one of the two out"),
        ({"data": {"folds": 5, "train_per_class": 10}}, "allowed are sources that are used whole"),
        ({"data": {"folds": 5, "test_per_class": 10}}, "test_per_class: received 10 with folds = 5"),
        ({"data": {"folds": 5}, "plan": {"seeds": 8}}, "name --repeats instead"),
        ({"data": {"folds": 5}, "plan": {"screen": True}}, "screen: received with folds"),
        ({"data": {"folds": 5}, "plan": {"looks": [1, 2]}}, "looks: received"),
        ({"plan": {"repeats": 4}}, "repeats: received 4 without folds"),
        ({"plan": {"looks": [2, 5]}}, "looks: received"),
    ],
)
def test_what_does_not_go_with_folds_is_refused_in_one_line(sections, words):
    with pytest.raises(DefinitionError) as caught:
        photos(**sections)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
