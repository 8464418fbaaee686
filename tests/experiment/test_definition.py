"""Definitions: where they come from, what they refuse, what their hashes cover."""

from __future__ import annotations

from pathlib import Path

import pytest

from augexp.errors import DefinitionError
from augexp.experiment import definition
from augexp.experiment.definition import Experiment

CATEGORIES = ("bedroom", "kitchen", "church_outdoor")
ROOT = Path(__file__).resolve().parents[2]


def write(folder: Path, text: str, name: str = "mine.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_nothing_is_the_sample() -> None:
    sample = definition.from_source([], CATEGORIES)
    assert (sample.name, sample.data.source, sample.plan.seeds) == ("sample", "sample", 5)
    assert definition.from_source(["sample"], CATEGORIES) == sample


def test_folder_and_categories(tmp_path: Path) -> None:
    (tmp_path / "My Photos").mkdir()
    folder = definition.from_source([str(tmp_path / "My Photos")], CATEGORIES)
    assert (folder.name, folder.data.source) == ("my-photos", "folder")
    lsun = definition.from_source(["bedroom", "kitchen"], CATEGORIES)
    assert (lsun.name, lsun.data.categories) == ("bedroom-kitchen", ("bedroom", "kitchen"))


def test_the_defaults_of_a_source(tmp_path: Path) -> None:
    sample, folder, lsun = (
        definition.from_source(words, CATEGORIES) for words in ([], [str(tmp_path)], ["bedroom", "kitchen"])
    )
    assert (sample.data.image_size, sample.training.epochs, sample.plan.seeds) == (32, 60, 5)
    assert (folder.data.image_size, folder.data.path, folder.data.train_per_class) == (64, str(tmp_path), None)
    assert (lsun.data.image_size, lsun.data.train_per_class) == (64, 1000)


def test_a_name_on_disk_comes_before_the_sample_and_a_category_before_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("sample", "bedroom"):
        (tmp_path / name).mkdir()
    assert definition.from_source(["sample"], CATEGORIES).data.source == "folder"
    with pytest.raises(DefinitionError, match="bedroom: data: categories: received 1"):
        definition.from_source(["bedroom"], CATEGORIES)


def test_toml_round_trip(tmp_path: Path) -> None:
    text = """
    name = "round"
    [data]
    source = "folder"
    path = "pictures"
    image_size = 48
    [plan]
    arms = ["none", "mine", "again"]
    seeds = 3
    [policies.mine]
    operations = [{ op = "horizontal_flip", p = 0.5 }]
    [policies.again]
    policy = "standard"
    """
    first = definition.load(write(tmp_path, text))
    assert first.data.path == str(tmp_path / "pictures")
    again = definition.load(write(tmp_path, definition.dumps(first), "again.toml"))
    assert again == first
    assert (again.hash, again.plan_hash) == (first.hash, first.plan_hash)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[training]\nlearning_rat = 0.1", ["training.learning_rat", "did you mean 'learning_rate'", "epochs"]),
        ("[training]\nepochs = 0", ["training.epochs", "received 0", "from 1 to 10,000"]),
        ("[training]\nepochs = true", ["training.epochs", "received True", "whole numbers"]),
        ('[training]\nepochs = "5"', ["training.epochs", "received '5'", "whole numbers"]),
        (
            "[training]\nweight_decay = 0.1",
            ["training: weight_decay: received 0.1 with adam; allowed with adamw and sgd"],
        ),
        ('[training]\noptimizer = "adamw"', ["weight_decay: received 0 with adamw", "above, like 0.01"]),
        ("[training]\nmomentum = 0.9", ["training: momentum: received 0.9 with adam; allowed with sgd"]),
        ("[training]\nlabel_smoothing = 1.0", ["training.label_smoothing", "received 1.0", "less than 1"]),
        ('[training]\noptimizer = "lion"', ["received 'lion'; input should be 'adam', 'adamw' or 'sgd'"]),
        ("[training]\nepochs = 3\nwarmup = 3", ["warmup: received 3 of 3 epochs; allowed are 0 to 2"]),
        ("[training]\nweight_decay = nan", ["training.weight_decay: received nan"]),
        ('[data]\nsource = "web"', ["data.source: received 'web'; input should be 'sample', 'manifest'"]),
        ('[data]\nsource = "folder"', ["path: missing"]),
        ('[data]\nsource = "lsun"\ncategories = ["bedroom"]', ["categories: received 1;", "at least two"]),
        ('[data]\nsource = "lsun"\ncategories = ["bedroom", "bedroom"]', ["the same category is named twice"]),
        (
            '[data]\nsource = "folder"\npath = "x"\ncategories = ["bedroom"]',
            ["data: categories: only allowed with source = 'keras' or 'lsun', received source = 'folder'"],
        ),
        ('[plan]\narms = ["none", "standrad"]', ["standrad", "standard"]),
        ('[plan]\narms = ["standard"]', ["baseline", "'none'"]),
        ("[plan]\nlooks = [8, 5]", ["looks", "[8, 5]"]),
        ('name = "../up"', ["name", "'../up'", "lower-case"]),
        ("surprise = 1", ["unknown key 'surprise'"]),
        ("name = ", ["not valid TOML"]),
    ],
)
def test_wrong_definitions_name_file_key_received_allowed(tmp_path: Path, text: str, words: list[str]) -> None:
    path = write(tmp_path, text)
    with pytest.raises(DefinitionError) as caught:
        definition.load(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    for word in words:
        assert word in message, message


def test_unknown_source_gets_a_suggestion() -> None:
    with pytest.raises(DefinitionError, match="did you mean 'bedroom'"):
        definition.from_source(["bedrom", "kitchen"], CATEGORIES)
    with pytest.raises(DefinitionError, match="cannot be read"):
        definition.from_source(["missing.toml"], CATEGORIES)


def test_hash_covers_what_changes_numbers_and_nothing_else(tmp_path: Path) -> None:
    base = definition.from_source([str(tmp_path)], [])
    changed = [
        base.replace(data={"image_size": 32}),
        base.replace(training={"epochs": 3}),
        base.replace(training={"precision": "mixed_bfloat16"}),
        base.replace(root_seed=1),
    ]
    assert len({base.hash, *(one.hash for one in changed)}) == 1 + len(changed)
    moved = base.replace(data={"path": "/elsewhere"}, name="other")
    assert moved.hash == base.hash
    more = base.replace(plan={"seeds": 8})
    assert more.hash == base.hash
    assert more.plan_hash != base.plan_hash


def test_experiments_without_the_later_keys_keep_their_hashes_and_files() -> None:
    sample = definition.from_source([], CATEGORIES)
    folder = definition.of_source("folder", {"path": "/photos"}, origin="test").replace(training={"epochs": 20})
    assert (sample.hash, sample.plan_hash) == ("dce66d1ffa25ceef", "9475b774087f1bb4")
    assert (folder.hash, folder.plan_hash) == ("ae0cfd6415285c23", "1f9d6aa5a9af247c")
    assert folder.arm_hash("standard") == "f0ddfb5223587f4e"
    keys = ["model", "epochs", "batch_size", "learning_rate", "schedule", "precision", "probe"]
    assert list(folder.model_dump()["training"]) == keys
    later = (*definition.Training.LATER, *definition.Plan.LATER)
    assert not [key for key in later if key in definition.dumps(folder)]


@pytest.mark.parametrize(
    ("recipe", "optimizer", "schedule"),
    [
        ({}, "adam 0.001", "constant"),
        ({"optimizer": "adamw", "weight_decay": 0.01}, "adamw 0.001, weight decay 0.01", "constant"),
        (
            {"optimizer": "sgd", "learning_rate": 0.1, "momentum": 0.9, "label_smoothing": 0.1},
            "sgd 0.1, momentum 0.9, label smoothing 0.1",
            "constant",
        ),
        ({"warmup": 1}, "adam 0.001", "constant after 1 epoch of warm-up"),
        ({"warmup": 5, "schedule": "cosine"}, "adam 0.001", "cosine after 5 epochs of warm-up"),
    ],
)
def test_a_recipe_is_hashed_written_and_named(tmp_path: Path, recipe, optimizer: str, schedule: str) -> None:
    base = definition.from_source([], CATEGORIES)
    experiment = base.replace(training=recipe)
    assert (experiment.hash == base.hash) == (not recipe)
    again = definition.load(write(tmp_path, definition.dumps(experiment)))
    assert (again.training, again.hash) == (experiment.training, experiment.hash)
    training = experiment.training
    assert (training.describe_optimizer(), training.describe_schedule()) == (optimizer, schedule)
    assert experiment.replace(training=dict(base.training)) == base


def test_an_aa_arm_has_the_baseline_definition() -> None:
    values = {"name": "aa", "plan": {"arms": ["none", "empty"]}, "policies": {"empty": {"operations": []}}}
    control = definition.parse(values, origin="test")
    assert control.arm_hash("empty") == control.arm_hash("none")
    assert control.arm_hash("standard") != control.arm_hash("none")


def test_definitions_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        definition.from_source([], []).name = "other"  # type: ignore[misc]


@pytest.mark.parametrize("path", sorted((ROOT / "experiments").glob("*.toml")), ids=lambda path: path.stem)
def test_published_experiments_load_and_open_with_a_header(path: Path) -> None:
    assert isinstance(definition.load(path), Experiment)
    header = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    for word in ("Source:", "Cost:", "Expected:", "Command:"):
        assert any(line.startswith(f"# {word}") for line in header), f"{path.name} lacks the line '# {word}'"


def test_slug_survives_any_text() -> None:
    for text in ("Фото", "a b", "..", "-x-", "日本", "Ünï", "con/aux"):
        assert definition.parse({"name": definition.slug(text)}, origin="test").name
    assert definition.slug("Фото") != definition.slug("日本")
