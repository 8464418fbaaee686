"""What is to be measured has to fit the classes, which is checked before anything is trained."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import augexp
from augexp.commands.compare import check_measures
from augexp.errors import DefinitionError


def classes(count):
    return SimpleNamespace(classes=tuple(f"class-{number}" for number in range(count)))


def test_the_auroc_takes_at_most_a_hundred_classes():
    experiment = augexp.define((), metric="auroc")
    check_measures(classes(100), experiment)
    with pytest.raises(DefinitionError, match=r"^metric: received 'auroc' with 101 classes; allowed are at most 100"):
        check_measures(classes(101), experiment)
    check_measures(classes(101), augexp.define((), metric="accuracy"))


def test_the_positive_class_is_one_of_the_images():
    experiment = augexp.define((), metric="auroc", positive="class-7")
    check_measures(classes(8), experiment)
    with pytest.raises(DefinitionError, match=r"^positive: received 'class-7'; allowed is one of the classes class-0"):
        check_measures(classes(7), experiment)
