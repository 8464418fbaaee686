"""Claims against made-up intervals, and the sampling error of the paper's own test images."""

from __future__ import annotations

import math

import pytest

from augexp.analysis.replication.claims import classify, sampling_error
from augexp.analysis.schema import Interval
from augexp.experiment.replications import perez_wang

CASES = {
    (1.0, 4.0): ("confirmed", "contradicted"),
    (0.1, 0.6): ("confirmed", "contradicted"),
    (-3.0, -1.0): ("contradicted", "confirmed"),
    (-0.4, 0.4): ("contradicted", "confirmed"),
    (0.1, 0.4): ("contradicted", "confirmed"),
    (-1.0, 0.5): ("undecidable", "undecidable"),
    (0.0, 3.0): ("undecidable", "undecidable"),
    (-5.0, 9.0): ("undecidable", "undecidable"),
}
"""What an interval says of a gain, and of no gain, where r is 0.5 pp."""


@pytest.mark.parametrize(("ends", "statuses"), CASES.items(), ids=str)
def test_an_interval_confirms_contradicts_or_decides_nothing(ends, statuses) -> None:
    interval = Interval(low=ends[0], high=ends[1])
    assert (classify(interval, "gain", 0.5), classify(interval, "no gain", 0.5)) == statuses


def test_without_an_interval_nothing_is_decided() -> None:
    assert classify(None, "gain", 0.5) == classify(None, "no gain", 0.5) == "undecidable"


def test_the_sampling_error_is_the_binomial_one() -> None:
    expected = 100 * 1.959963984540054 * math.sqrt(0.775 * 0.225 / 200 + 0.705 * 0.295 / 200)
    assert sampling_error(77.5, 70.5, 200) == pytest.approx(expected)
    assert sampling_error(50.0, 50.0, 800) == pytest.approx(sampling_error(50.0, 50.0, 200) / 2)


@pytest.mark.parametrize("pair", perez_wang.PAIRS)
def test_no_published_gain_exceeds_the_error_of_its_own_test_images(pair) -> None:
    published = perez_wang.published_of(pair)
    for accuracy in published.values():
        assert abs(accuracy - published["none"]) <= sampling_error(accuracy, published["none"], 200)


@pytest.mark.parametrize("pair", perez_wang.PAIRS)
def test_every_claim_of_a_gain_has_a_published_gain(pair) -> None:
    published = perez_wang.published_of(pair)
    listed = perez_wang.claims(pair, published)
    assert len(listed) == len({(c.arm, c.reference) for c in listed}) == 9
    assert all(published[c.arm] > published[c.reference] for c in listed if c.expects == "gain")
    assert [c.words for c in listed if c.expects == "no gain"] == ["neural-same is no better than none"]
    assert [c.words for c in perez_wang.claims(pair, ("none", "traditional"))] == ["traditional is better than none"]


def test_where_the_two_tables_disagree_each_claims_its_own_order() -> None:
    arms = ("traditional", "neural", "neural-content")
    assert [c.words for c in perez_wang.claims("dogs-cats", arms)] == [
        "traditional is better than neural", "neural-content is better than neural",
    ]  # fmt: skip
    assert [c.words for c in perez_wang.claims("dogs-goldfish", arms)] == [
        "neural is better than traditional", "neural is better than neural-content",
    ]  # fmt: skip
