"""An operation is a `Spec` and a function of the same name in modules of the same name: neither without the other."""

from __future__ import annotations

from importlib import import_module

import pytest

from augexp.augment.catalogue import keras_layers
from augexp.augment.catalogue.base import build
from augexp.augment.catalogue.registry import SPECS, spec_of
from augexp.augment.pixels import composite
from augexp.augment.pixels.registry import FUNCTIONS

FAMILIES = ("geometric", "photometric", "spatial", "composite", "mixing")


@pytest.mark.parametrize("family", FAMILIES)
def test_every_spec_has_a_function_in_the_module_of_its_family_and_the_reverse(family):
    specs = import_module(f"augexp.augment.catalogue.{family}").SPECS
    functions = import_module(f"augexp.augment.pixels.{family}").FUNCTIONS
    assert [spec.name for spec in specs] == list(functions)
    assert {spec.family for spec in specs} == {family}


def test_no_two_operations_have_one_name():
    listed = [spec.name for family in FAMILIES for spec in import_module(f"augexp.augment.catalogue.{family}").SPECS]
    assert listed == list(SPECS)
    assert len(set(listed)) == len(listed)


def test_a_batch_finds_the_function_of_every_operation_but_the_mixing_ones():
    expected = {name for name, spec in SPECS.items() if spec.family != "mixing"} | set(keras_layers.SPECS)
    assert set(FUNCTIONS) == expected
    for name, function in FUNCTIONS.items():
        family = SPECS[name].family if name in SPECS else "keras_layers"
        assert function.__module__ == f"augexp.augment.pixels.{family}"


@pytest.mark.parametrize("name", [name for name, spec in SPECS.items() if spec.family in FAMILIES[:3]])
def test_a_caption_says_the_amount_where_one_is_drawn(name):
    operation = build(SPECS[name], {}, "test")
    assert spec_of(operation) is SPECS[name]
    captions = {spec_of(operation).caption(operation, u) for u in (0.0, 0.5, 0.999)}
    assert (captions == {""}) == (SPECS[name].draws == 0)
    assert len(captions) == (1 if SPECS[name].draws == 0 or name == "cutout" else 3)  # only its place is drawn


def test_composite_operations_choose_from_what_there_is():
    for spec in SPECS.values():
        assert bool(spec.choices) == (spec.family == "composite")
        for name, span in spec.choices.items():
            assert name in (SPECS if span is None else composite.STEPS)
