"""Policies: names, versions, custom definitions, and the errors of wrong ones."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from augexp.augment import policy as policies
from augexp.augment.catalogue.keras_layers import LAYERS
from augexp.augment.catalogue.registry import SPECS
from augexp.augment.named_policies import NAMED_POLICIES
from augexp.errors import DefinitionError

# Every named policy and the operations that it is made of: a policy that is not here fails the suite.
NAMED = {
    "none": [],
    "aa": [],
    "flip": ["horizontal_flip"],
    "crop": ["random_crop"],
    "standard": ["horizontal_flip", "rotation", "zoom", "shift", "brightness"],
    "strong": [
        "horizontal_flip", "rotation", "shear", "zoom", "shift", "brightness", "contrast", "saturation", "hue",
        "erasing",
    ],
    "randaugment": ["randaugment"],
    "trivialaugment": ["trivialaugment"],
    "augmix": ["augmix"],
    "autoaugment": ["autoaugment"],
    "cutout": ["cutout"],
    "mixup": ["mixup"],
    "cutmix": ["cutmix"],
    "traditional": ["horizontal_flip", "rotation", "zoom", "shift", "perspective", "hue"],
    "neural": [],
    "neural-content": [],
    "neural-style": [],
    "neural-same": [],
    "random": ["random_chain"],
    "harmful": [
        "vertical_flip", "rotation", "zoom", "posterize", "invert", "hue", "noise", "cutout",
    ],
}  # fmt: skip


def custom(*listed):
    return policies.resolve("mine", {"mine": {"operations": list(listed)}})


def test_every_policy_is_named_here():
    assert list(NAMED_POLICIES) == list(NAMED)


@pytest.mark.parametrize("name", NAMED)
def test_a_named_policy_resolves(name):
    policy = policies.resolve(name)
    assert policy.name == name
    assert policy.version >= 1
    assert [operation.name for operation in policy.operations] == NAMED[name]
    assert policies.resolve(f"{name}@{policy.version}") == policy
    assert json.loads(json.dumps(policy.definition())) == policy.definition()
    assert hash(policy) == hash(policies.resolve(name))


def test_standard_is_what_the_documentation_says():
    assert policies.resolve("standard").definition()["operations"] == [
        {"op": "horizontal_flip", "p": 0.5},
        {"op": "rotation", "degrees": 15.0, "p": 1.0},
        {"op": "zoom", "factor": 0.12, "p": 1.0},
        {"op": "shift", "x": 0.1, "y": 0.1, "p": 1.0},
        {"op": "brightness", "factor": 0.25, "p": 1.0},
    ]


def test_the_name_is_not_part_of_the_definition():
    empty = policies.resolve("none").definition()
    assert policies.resolve("aa").definition() == empty
    assert custom().definition() == empty
    alias = policies.resolve("again", {"again": {"policy": "standard"}})
    assert alias.name == "again"
    assert alias.definition() == policies.resolve("standard").definition()
    chained = policies.resolve("a", {"a": {"policy": "b"}, "b": {"policy": "standard@1"}})
    assert chained.definition() == alias.definition()


def test_a_definition_holds_every_parameter_and_the_version_of_the_pixels():
    definition = custom({"op": "rotation"}).definition()
    assert definition == {
        "engine": policies.PIXEL_VERSION,
        "operations": [{"op": "rotation", "degrees": 15.0, "p": 1.0}],
    }
    assert custom({"op": "rotation", "degrees": 10}).definition() != definition


def test_whole_numbers_stay_whole_and_others_become_floats():
    posterize, rotation = custom({"op": "posterize", "bits": 3.0}, {"op": "rotation", "degrees": 10}).operations
    assert posterize["bits"] == 3
    assert isinstance(posterize["bits"], int)
    assert isinstance(rotation["degrees"], float)


@pytest.mark.parametrize("name", SPECS)
def test_every_parameter_is_checked_at_both_ends(name):
    for parameter in SPECS[name].all_parameters:
        neighbours = {low: parameter.low for low, _ in SPECS[name].ordered} if parameter.name.endswith("_max") else {}
        for good in (parameter.low, parameter.high):
            values = {"op": name, **neighbours, parameter.name: good}
            for low, high in SPECS[name].ordered:
                if parameter.name == low:
                    values[high] = parameter.high
                if parameter.name == high:
                    values[low] = parameter.low
            assert custom(values).operations[0][parameter.name] == good
        for bad in (parameter.low - 0.5, parameter.high + 1, "5", None, True, float("nan"), [1]):
            if bad is None:
                continue
            with pytest.raises(DefinitionError) as caught:
                custom({"op": name, parameter.name: bad})
            text = str(caught.value)
            assert name in text
            assert f"{parameter.name}: received" in text
            assert parameter.unit in text
            assert "\n" not in text


WRONG = [
    ("standrad", {}, ["'standrad'", "did you mean 'standard'", "randaugment"]),
    ("standard@7", {}, ["'standard@7'", "standard@1"]),
    ("standard@", {}, ["'standard@'", "standard@1"]),
    ("x", {"x": {"operations": [{"op": "rotatoin"}]}}, ["policies.x: operations[0]", "did you mean 'rotation'"]),
    ("x", {"x": {"operations": [{"op": "rotation", "degree": 3}]}}, ["'degree'", "did you mean 'degrees'"]),
    ("x", {"x": {"operations": [{"op": "flip"}]}}, ["op: received 'flip'"]),
    ("x", {"x": {"operations": [{"op": 3}]}}, ["op: received 3"]),
    ("x", {"x": {"operations": [{"keras": "RandomFlop"}]}}, ["did you mean 'RandomFlip'"]),
    ("x", {"x": {"operations": [{"keras": "Dense", "units": 3}]}}, ["received 'Dense'"]),
    ("x", {"x": {"operations": [{"keras": "MixUp"}]}}, ["use op = 'mixup'"]),
    ("x", {"x": {"operations": [{"keras": "AugMix"}]}}, ["no run could be repeated"]),
    (
        "x",
        {"x": {"operations": [{"keras": "RandomFlip", "mode": "horizontl"}]}},
        ["RandomFlip: mode: received 'horizontl'; allowed: horizontal, vertical", "did you mean 'horizontal'?"],
    ),
    ("x", {"x": {"operations": [{"keras": "RandomFlip", "seed": 1}]}}, ["seed: not allowed"]),
    ("x", {"x": {"operations": [{"keras": "RandomFlip", "value_range": [0, 2]}]}}, ["allowed: [0, 255] or [0, 1]"]),
    ("x", {"x": {"operations": [{"keras": "RandomFlip", "mode": {"a": 1}}]}}, ["RandomFlip: mode: received"]),
    ("x", {"x": {"operations": [{"op": "shear", "keras": "RandomShear"}]}}, ["op = <operation of augexp>"]),
    ("x", {"x": {"operations": ["rotation"]}}, ["received 'rotation'"]),
    ("x", {"x": {"operations": "rotation"}}, ["a list of operations"]),
    ("x", {"x": {"operation": []}}, ["'operation'", "operations (a list)"]),
    ("x", {"x": {}}, ["operations (a list)"]),
    ("x", {"x": {"policy": 3}}, ["policy: received 3"]),
    ("x", {"x": {"policy": "stranded"}}, ["'stranded'"]),
    ("x", {"x": {"policy": "y"}, "y": {"policy": "x"}}, ["refers to itself (x -> y -> x)"]),
    ("standard", {"standard": {"operations": []}}, ["belongs to a policy of augexp"]),
    ("x", {"x": {"operations": [{"op": "jpeg", "quality_min": 95}]}}, ["at most quality_max = 90"]),
    ("x", {"x": {"operations": [{"op": "mixup"}, {"op": "rotation"}]}}, ["mixing operations come last"]),
]


@pytest.mark.parametrize(("name", "definitions", "parts"), WRONG, ids=[f"{i}" for i in range(len(WRONG))])
def test_a_wrong_definition_says_what_where_and_how_to_mend_it(name, definitions, parts):
    with pytest.raises(DefinitionError) as caught:
        policies.resolve(name, definitions)
    text = str(caught.value)
    assert "\n" not in text
    for part in parts:
        assert part in text


def test_several_mixing_operations_may_end_a_policy():
    assert custom({"op": "rotation"}, {"op": "mixup", "p": 0.5}, {"op": "cutmix", "p": 0.5}).mixes_labels


def test_only_mixing_policies_mix_labels():
    assert [name for name in NAMED if policies.resolve(name).mixes_labels] == ["mixup", "cutmix"]


@pytest.mark.parametrize("name", NAMED)
def test_a_description_names_operations_ranges_and_sources(name):
    policy = policies.resolve(name)
    text = policy.describe()
    assert text.startswith(f"{name}@{policy.version}: ")
    for operation in policy.operations:
        assert f"{operation.name}(" in text
        assert SPECS[operation.name].source in text
        for parameter in SPECS[operation.name].parameters:
            assert parameter.allowed in text
    if not policy.operations:
        assert "only rescaled" in text


def test_operations_that_can_break_labels_are_marked():
    text = custom({"op": "vertical_flip"}, {"op": "hue"}, {"op": "brightness"}).describe()
    assert "can break labels: vertical_flip: where up and down decide the class" in text
    assert "can break labels: hue: where colour decides the class" in text
    assert "can break labels: brightness" not in text
    assert "labels: soft" in policies.resolve("mixup").describe()


@pytest.mark.parametrize("name", SPECS)
def test_every_operation_says_what_it_means_and_where_it_comes_from(name):
    spec = SPECS[name]
    assert spec.meaning
    assert spec.source
    assert all(parameter.unit for parameter in spec.parameters)


def test_a_keras_layer_keeps_its_parameters():
    policy = custom({"keras": "RandomPerspective", "factor": 0.3}, {"keras": "RandomZoom", "height_factor": [-0.1, 0]})
    assert policy.definition()["operations"] == [
        {"op": "keras:RandomPerspective", "factor": 0.3, "value_range": [0.0, 255.0]},
        {"op": "keras:RandomZoom", "height_factor": [-0.1, 0], "value_range": [0.0, 255.0]},
    ]
    assert "the layer keras.layers.RandomPerspective" in policy.describe()
    assert not policy.breaks_labels
    assert "RandomPerspective" in LAYERS


def test_policies_are_light():
    code = "import sys, augexp.augment.policy; print(*sorted(m.split('.')[0] for m in sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "cv2", "keras", "tensorflow", "scipy", "matplotlib", "PIL"} & set(loaded)


def test_copies_belong_to_a_policy_and_to_its_hash_only_where_they_are_set():
    made = {"mine": {"policy": "standard", "copies": 2}, "fresh": {"policy": "traditional", "copies": 0}}
    mine, fresh = (policies.resolve(name, made) for name in made)
    assert (mine.copies, mine.version, mine.operations) == (2, 0, policies.resolve("standard").operations)
    assert mine.definition() == {**policies.resolve("standard").definition(), "copies": 2}
    assert fresh.operations == policies.resolve("traditional").operations
    assert "copies" not in fresh.definition()
    assert policies.resolve("traditional").copies == 1
    without = {"less": {"policy": "traditional", "without": ["hue"]}}
    assert policies.resolve("less", without).copies == 1
    assert "2 of each picture" in mine.describe()


def test_a_learned_part_belongs_to_a_policy_and_to_its_hash_only_where_it_is_set():
    mine = policies.resolve("mine", {"mine": {"learned": {"loss": "content", "weight": 0.5, "filters": 4}}})
    part = mine.learned
    assert part is not None
    assert (part.loss, part.weight, part.filters, part.pictures) == ("content", 0.5, 4, 4)
    assert mine.definition()["learned"] == part.definition()
    assert "learned" not in policies.resolve("none").definition()
    names = ("neural", "neural-content", "neural-style", "neural-same")
    kinds = [policies.resolve(name).learned for name in names]
    assert [kind.loss for kind in kinds] == ["none", "content", "style", "none"]
    assert [kind.weight for kind in kinds] == [0.0, 0.25, 0.25, 0.0]
    assert [kind.pictures for kind in kinds] == [3, 4, 4, 1]
    assert "two images of the class; 0.25 x content loss" in policies.resolve("neural-content").describe()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"policy": "standard", "copies": -1}, "copies: received -1; allowed are whole numbers from 1 to 20"),
        ({"policy": "standard", "copies": True}, "copies: received True"),
        ({"policy": "none", "copies": 1}, "copies: received 1 without operations; name some"),
        ({"copies": 1}, "allowed is operations .a list., or policy"),
        ({"policy": "traditional", "learned": {}}, "copies: received 1 with a learned part; allowed is one of both"),
        ({"policy": "mixup", "learned": {}}, "mixes classes; .* leave the mixing out"),
        ({"learned": {"loss": "x"}}, "loss: received 'x'; allowed: none, content, style"),
        ({"learned": {"weight": 0.5}}, "weight: received 0.5; allowed is 0, since there is no second loss"),
        ({"learned": {"loss": "style", "weight": 1}}, "weight: received 1; allowed is a number from 0 to below 1"),
        ({"learned": {"filter": 2}}, "unknown key 'filter'; .*; did you mean 'filters'"),
        ({"learned": {"filters": 0}}, "filters: received 0; allowed are whole numbers from 1 to 256"),
        ({"learned": {"frozen": 1}}, "frozen: received 1; allowed are true and false"),
        ({"learned": []}, "learned: received .*; allowed is a table with loss, inputs"),
    ],
)
def test_wrong_copies_and_learned_parts_are_refused_in_one_line(values, words):
    with pytest.raises(DefinitionError, match=words) as caught:
        policies.resolve("mine", {"mine": values})
    assert "\n" not in str(caught.value)
