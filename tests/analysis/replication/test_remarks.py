"""Warnings beside a replication: what was found stays, and no option is named that the command does not have."""

from __future__ import annotations

import pytest
from typer.main import get_command

from augexp.analysis.replication.remarks import OPTIONS, applicable
from augexp.analysis.warnings import words
from augexp.analysis.wording import as_sentence
from augexp.cli import app
from augexp.data import remarks as of_images
from augexp.data.store_manifest import GroupCounts

SHARED = "5 policies share the error probability, which widens every interval."
CASES = {
    "screen": (words.many_policies(5, folds=None), SHARED),
    "max-epochs": (
        words.still_gains(["none"], 40),
        "[still-gaining] `none` still gained on validation at the cap of 40 epochs, so the own best budget may lie "
        "beyond.",
    ),
    "test": (
        words.small_official_test(200, 3.1, 0.5),
        "[few-test-images] The official test set of 200 images leaves ±3.1 pp whatever the number of seeds, so no "
        "difference can be shown to be below ±0.5 pp.",
    ),
    "image-size": (
        words.at_chance("none", 51.0, 50.0),
        "[baseline-at-chance] `none` gets 51.0 %, which is not clearly above the 50.0 % of chance: there is nothing "
        "yet that augmentation could improve; try more --epochs, more images or another --model.",
    ),
    "aside": (
        of_images.of_groups(GroupCounts(declared="", count=9, train=4, validation=2, test=3, largest=8, joined=2))[0],
        "2 of the 9 groups share near-duplicates with another; such groups count as one.",
    ),
}


def test_the_options_are_those_of_the_command() -> None:
    offered = {word for one in get_command(app).commands["replicate"].params for word in one.opts}  # type: ignore[attr-defined]
    assert {word for word in offered if word.startswith("--")} == OPTIONS


@pytest.mark.parametrize("name", CASES)
def test_a_remedy_that_the_command_lacks_is_left_out(name) -> None:
    text, expected = CASES[name]
    assert applicable([as_sentence(text)]) == (expected,)


def test_what_can_be_said_stays_as_it_is() -> None:
    texts = (words.no_own_budget(2, 40), words.not_fitted("none", 0.3), words.coded("x", "a (b); c (d), and e"))
    assert applicable(texts) == texts


def test_names_that_begin_with_wordnet_ids_are_no_groups() -> None:
    text = "[undeclared-groups] Names begin in 9 ways: declare them with --group-from '([^/]+)/[^/]+$' (or so)."
    assert applicable([text, "it stays."]) == ("it stays.",)


def test_a_remedy_alone_leaves_nothing() -> None:
    assert applicable(["Try --screen", "--screen ranks them"]) == ()
