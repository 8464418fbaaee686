"""The learning curve of one seed: made non-decreasing, and where it reaches an accuracy, on curves made by hand."""

from __future__ import annotations

import pytest

from augexp.analysis.worth.curve import isotonic, reach

X = [-2.0, -1.0, 0.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2, 3], [1, 2, 3]),
        ([3, 1], [2, 2]),
        ([1, 3, 2, 4], [1, 2.5, 2.5, 4]),
        ([5, 4, 3], [4, 4, 4]),
        ([1, 5, 3, 1], [1, 3, 3, 3]),
        ([2, 2, 1, 6], [5 / 3, 5 / 3, 5 / 3, 6]),
    ],
)
def test_neighbours_that_fall_are_pooled(values, expected):
    assert isotonic(values) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("curve", "target", "x", "censored"),
    [
        ([60, 64, 68, 72, 76], 70.0, 0.5, "none"),
        ([60, 64, 68, 72, 76], 61.0, -1.75, "none"),
        ([60, 64, 68, 72, 76], 68.0, 0.0, "none"),
        ([60, 64, 68, 72, 76], 76.0, 2.0, "none"),
        ([60, 64, 68, 72, 76], 60.0, -2.0, "none"),
        ([60, 64, 68, 72, 76], 76.1, 2.0, "above"),
        ([60, 64, 68, 72, 76], 59.9, -2.0, "below"),
        ([60, 64, 70, 66, 76], 68.0, 0.0, "none"),  # pooled to 68, 68: the first size that reaches it
        ([60, 64, 70, 66, 76], 72.0, 1.5, "none"),  # from 68 at 1 to 76 at 2
        ([60, 64, 68, 78, 74], 76.5, 2.0, "above"),  # pooled to 76: the seed's highest point counts for nothing
        ([70, 62, 66, 72, 76], 65.0, -2.0, "below"),  # pooled to 66, 66, 66
    ],
)
def test_where_a_curve_reaches_an_accuracy(curve, target, x, censored):
    found = reach(X, curve, target)
    assert found.x == pytest.approx(x, abs=1e-12)
    assert found.censored == censored


def test_sizes_need_not_be_doublings():
    assert reach([0.0, 1.0, 4.0], [50, 60, 90], 80.0).x == pytest.approx(3.0)
