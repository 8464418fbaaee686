"""Folds: what a definition says where every image is a test image.

A repeat of K-fold cross-validation deals all images into K folds. Each fold is the test set of one fit, which trains on
the other folds; the next repeat deals anew. A fit has a number, f = repeat x K + fold, which takes the place of the
seed: it names the folder of the run and keys its random streams.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from augexp.experiment.plan import LOOKS, Plan

WORD = "folds"
"""What `Data.test` is where every image is a test image."""

DEFAULT = 5
"""Folds where their number is not said."""

MIN_FOLDS, MAX_FOLDS = 2, 20

MIN_REPEATS = 2
"""Repeats below which there is no interval."""

REPEAT_LOOKS = (2, 3, 4)
"""Numbers of repeats at which a planned comparison with folds may stop: 10, 15 and 20 fits of an arm with 5 folds."""


def settle(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a definition in which ``data.test``, ``data.folds`` and ``plan.looks`` go together.

    Either of the first two means folds. The usual looks become those of the design, seeds or repeats; others stay.
    """
    data = values.get("data")
    if not isinstance(data, Mapping):
        return _with_looks(values, folded=False)
    test, number = data.get("test", "auto"), data.get("folds")
    if number is not None and test == "auto":
        data = {**data, "test": WORD}
    elif test == WORD and number is None:
        data = {**data, "folds": DEFAULT}
    return _with_looks({**values, "data": data}, folded=data.get("folds") is not None)


def _with_looks(values: Mapping[str, Any], *, folded: bool) -> dict[str, Any]:
    plan = values.get("plan")
    usual, other = (REPEAT_LOOKS, LOOKS) if folded else (LOOKS, REPEAT_LOOKS)
    plan = {} if plan is None else plan
    if not isinstance(plan, Mapping):
        return dict(values)
    looks = plan.get("looks")
    named = isinstance(looks, (list, tuple)) and tuple(looks) != other
    if named or (looks is not None and not isinstance(looks, (list, tuple))) or (looks is None and not folded):
        return dict(values)
    return {**values, "plan": {**plan, "looks": list(usual)}}


def check_data(folds: int | None, test: str, train_per_class: int | None, test_per_class: int | None) -> None:
    """Raise ValueError, with the key and what is allowed, where keys of `Data` do not go with folds."""
    if folds is None and test != WORD:
        return
    if folds is None or test != WORD:
        raise ValueError(
            f"folds: received {folds} with test = {test!r}; with folds every image is a test image: "
            "leave one of the two out"
        )
    if train_per_class is not None:
        raise ValueError(
            f"folds: received {folds} with train_per_class = {train_per_class}; with folds a fit trains on "
            "all images outside its fold: allowed are sources that are used whole, such as an image folder"
        )
    if test_per_class is not None:
        raise ValueError(
            f"test_per_class: received {test_per_class} with folds = {folds}, where every image is a test "
            "image; leave it out"
        )


def check_metric(plan: Plan, folds: int | None) -> None:
    """Raise ValueError, with the key and what is allowed, where the metric has no interval in this design."""
    if folds is not None and plan.metric == "auroc":
        raise ValueError(
            f"metric: received 'auroc' with folds = {folds}, whose fits rank the images on scales of their own, so "
            "that its interval is not known; choose --metric accuracy or balanced_accuracy, or leave the folds out"
        )


def check_plan(plan: Plan, folds: int | None) -> None:
    """Raise ValueError, with the key and what is allowed, where the plan counts something that the design has not."""
    check_metric(plan, folds)
    if folds is None:
        if plan.repeats is not None:
            raise ValueError(f"repeats: received {plan.repeats} without folds; name --folds too, or name --seeds")
        if plan.looks[0] < 3:
            raise ValueError(f"looks: received {list(plan.looks)}; allowed are increasing numbers from 3")
        return
    if plan.seeds is not None:
        raise ValueError(
            f"seeds: received {plan.seeds} with folds = {folds}; a plan with folds counts repeats of all folds: "
            "name --repeats instead"
        )
    if plan.screen or plan.stage != "whole":
        raise ValueError(
            f"screen: received with folds = {folds}; a screening needs test images that the confirmation has not: "
            "leave one of the two out"
        )
