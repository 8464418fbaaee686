"""`augexp replicate` from end to end, with drawn images in folders named by WordNet id and a tiny network."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from command_lines import run as run_program
from PIL import Image
from typer.main import get_command

import augexp
from augexp.cli import app
from augexp.commands import compare
from augexp.commands.replicate.own_options import own_options
from augexp.engines.base import Engine
from augexp.errors import DataError, DefinitionError, Interrupted, ResultsError
from augexp.experiment import definition
from augexp.experiment.replications import perez_wang
from augexp.results import records
from augexp.training import run

ROOT = Path(__file__).resolve().parents[2]

NUMBERS = {"cat": 17, "dog": 9, "goldfish": 50}
"""Images of each id, so that every class has 50."""

SETTING = {"per_class": 50, "epochs": 4, "model": "tiny", "arms": ["none", "traditional"], "seeds": 3}


def engine_of(networks):
    """Return an engine that executes runs here; `stop_after` epochs in all are an interruption."""

    class InProcess(Engine):
        STOPPED_AT_ONCE = ""
        stop_after = None
        epochs = executed = 0

        @classmethod
        def open(cls, **_):
            return cls()

        @property
        def side_by_side(self):
            return 1

        def start(self, runs): ...

        def close(self): ...

        def _execute(self, execution):
            for task in execution.pending:
                run.execute(task, networks=networks, report=execution.listener, stop=self._count)
                execution.executed += 1
                type(self).executed += 1

        @classmethod
        def _count(cls):
            cls.epochs += 1
            return cls.stop_after is not None and cls.epochs >= cls.stop_after

    return InProcess


@pytest.fixture
def in_this_process(monkeypatch, networks):
    engine = engine_of(networks)
    monkeypatch.setattr(compare, "open_engine", lambda *_: engine())
    return engine


class Notes:
    """A listener that keeps the notes."""

    def __init__(self):
        self.notes = []

    def stage(self, name, done, total): ...

    def runs(self, total): ...

    def event(self, event): ...

    def note(self, text):
        self.notes.append(text)


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Noisy images of 64 pixels, each class with a colour of its own."""
    folder, generator = tmp_path_factory.mktemp("tiny-imagenet"), np.random.default_rng(3)
    for place, (name, ids) in enumerate(perez_wang.CLASSES.items()):
        for one in ids:
            (folder / one).mkdir()
            for number in range(NUMBERS[name]):
                pixels = generator.integers(0, 200, (64, 64, 3))
                pixels[..., place] += 55
                Image.fromarray(pixels.astype(np.uint8)).save(folder / one / f"{one}_{number}.png")
    return folder


@pytest.fixture(scope="module")
def places(images, tmp_path_factory):
    place = tmp_path_factory.mktemp("replication")
    return {"data": images, "out": place / "out", "data_dir": place / "data"}


@pytest.fixture(scope="module")
def whole(places, networks):
    """Both pairs, and what was told."""
    told = Notes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compare, "open_engine", lambda *_: engine_of(networks)())
        return augexp.replicate(progress=told, **SETTING, **places), told


def test_time_and_disk_are_said_before_anything_is_trained(whole):
    _, told = whole
    assert told.notes[0].startswith("measuring how long an epoch takes: none, traditional")
    assert "for 12 runs of 4 epochs, 1 at a time" in told.notes[1]
    assert "disk: about" in told.notes[1]
    assert told.notes[2].startswith("perez-wang-dogs-cats: ")


def test_every_table_has_the_published_values_beside_ours(whole, places):
    replication, _ = whole
    assert [table.pair for table in replication.tables] == ["dogs-cats", "dogs-goldfish"]
    assert replication.complete
    for table in replication.tables:
        none, traditional = table.arms
        assert (none.arm, traditional.arm) == ("none", "traditional")
        published = perez_wang.published_of(table.pair)
        assert traditional.published_gain == published["traditional"] - published["none"]
        assert (table.seeds, table.train_images, table.test_images) == (3, 72, 20)
        comparison = json.loads((places["out"] / table.experiment / "comparison" / "comparison.json").read_text())
        (contrast,) = comparison["contrasts"]
        own = next(budget for budget in traditional.budgets if budget.key == "own-best")
        assert own.gain.estimate == pytest.approx(contrast["estimate"])
        (claim,) = table.claims
        assert claim.published == traditional.published_gain
        assert {one.key for one in claim.judged} == {budget.key for budget in traditional.budgets}


def test_the_best_epochs_are_those_of_the_records(whole, places):
    replication, _ = whole
    for table in replication.tables:
        runs = records.read_runs(places["out"] / table.experiment)
        for arm in table.arms:
            curves = np.array([r.epochs[records.TEST_ACCURACY] for r in runs if r.arm == arm.arm])
            assert arm.best_of_epochs.bias == pytest.approx(100 * (curves.max(axis=1) - curves[:, -1]).mean())


def test_equal_epochs_are_the_last_epoch_and_say_what_the_test_set_said(whole, places):
    replication, _ = whole
    table = replication.tables[0]
    runs = records.read_runs(places["out"] / table.experiment)
    for arm in table.arms:
        budget = next(b for b in arm.budgets if b.epochs == 4 and b.key != "own-best")
        accuracies = [100 * r.run.test.accuracy for r in runs if r.arm == arm.arm]
        assert budget.accuracy.estimate == pytest.approx(np.mean(accuracies))


def test_the_files_say_the_same(whole, places):
    replication, _ = whole
    out = places["out"]
    values, schema = (json.loads((out / f"replication.{end}").read_text("utf-8")) for end in ("json", "schema.json"))
    assert values == replication.model_dump(mode="json")
    jsonschema.validate(values, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**values, "papers": 2}, schema)
    with (out / "replication.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == sum(len(arm.budgets) for table in replication.tables for arm in table.arms)
    first = replication.tables[0].arms[1]
    row = next(row for row in rows if row["arm"] == "traditional" and row["budget"] == first.budgets[0].key)
    assert float(row["gain_pp"]) == first.budgets[0].gain.estimate
    text = (out / "replication.md").read_text("utf-8")
    page = (out / "replication.html").read_text("utf-8")
    for shown in (text, page):
        for table in replication.tables:
            assert f"{table.pair}: " in shown or f"{table.pair}: ".replace("-", "\\-") in shown
        assert "CycleGAN" in shown
        assert "undecidable" in shown
    assert '<rect class="square c' in page  # in the legend, as in the chart
    assert ".legend .square{" in page
    assert '<td class="whole">undecidable</td>' in page or '<td class="whole">confirmed</td>' in page
    for arm in replication.tables[0].arms:
        assert f'<th scope="row" class="name">{arm.arm}</th><td>{arm.title}</td>' in page
        assert f"| {arm.arm} | {arm.title} |" in text
    assert re.search(r"Without augmentation \d+\.\d % of the test images are right after the last epoch", text)
    assert "<img" not in page
    assert page.count("<svg") > 4
    assert 'src="http' not in page


def test_no_warning_names_an_option_of_another_command(whole, places):
    replication, _ = whole
    offered = {word for one in get_command(app).commands["replicate"].params for word in one.opts}
    out = places["out"]
    for table in replication.tables:
        text = (out / table.experiment / "comparison" / "comparison.json").read_text("utf-8")
        assert "--group-from" in " ".join(json.loads(text)["warnings"])
        assert "Only 20 test images" in " ".join(table.warnings)
    found = re.findall(r"(?<![\w-])--[a-z][a-z-]*", " ".join(text for t in replication.tables for text in t.warnings))
    assert set(found) <= offered
    for form in ("html", "md", "json"):
        assert "group-from" not in (out / f"replication.{form}").read_text("utf-8")


def test_no_note_names_an_option_of_another_command(whole):
    _, told = whole
    offered = {word for one in get_command(app).commands["replicate"].params for word in one.opts}
    assert any(note.startswith("About ") for note in told.notes)  # the estimate of each comparison
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", " ".join(told.notes))) <= offered


def test_the_time_ahead_is_that_of_the_median_run(whole, places):
    ahead = augexp.replicate_forecast(**{**SETTING, "seeds": 4}, **places)
    assert ahead.runs == 4
    for arm, seconds in ahead.epochs.items():
        runs = [r for r in records.read_runs(places["out"] / "perez-wang-dogs-cats") if r.arm == arm]
        assert seconds == np.median([np.mean([epoch.seconds for epoch in r.timing.epochs[1:]]) for r in runs])


def test_what_is_there_is_not_trained_again(whole, places, in_this_process):
    replication, _ = whole
    told = Notes()
    again = augexp.replicate(progress=told, **SETTING, **places)
    assert again == replication
    assert in_this_process.executed == 0
    assert told.notes[0].startswith("every run is there: nothing is left to train")


def test_after_an_interruption_the_same_call_goes_on_to_the_same_bits(whole, places, tmp_path, in_this_process):
    own = {**places, "out": tmp_path / "out"}
    setting = {**SETTING, "pairs": ["dogs-cats"]}
    in_this_process.stop_after = 2 * 2 + 7
    with pytest.raises(Interrupted):
        augexp.replicate(**setting, **own)
    begun = records.read_runs(tmp_path / "out" / "perez-wang-dogs-cats")
    assert 0 < len(begun) < 6
    in_this_process.stop_after = None
    done = augexp.replicate(**setting, **own)
    assert done.tables == whole[0].tables[:1]


def test_folds_test_every_image(places, tmp_path, in_this_process):
    setting = {**SETTING, "pairs": ["dogs-cats"], "variants": ["folds"], "epochs": 2}
    done = augexp.replicate(**setting, **{**places, "out": tmp_path / "out"})
    folds = done.tables[1]
    assert (folds.variant, folds.folds, folds.seeds, folds.test_images) == ("folds", 5, 2, 100)
    assert folds.arms[1].budgets[0].gain.interval is not None
    assert folds.arms[1].budgets[0].gain.scope == "new images"


# -- the definitions ------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", [perez_wang.TABLE, *perez_wang.VARIANTS], ids=lambda variant: variant.name)
@pytest.mark.parametrize("pair", perez_wang.PAIRS)
def test_every_experiment_has_its_definition(pair, variant):
    path = perez_wang.definition_file(variant.experiment(pair))
    experiment = definition.load(path)
    assert experiment.name == path.stem
    assert experiment.training.test_curve
    assert experiment.training.learning_rate == 1e-4
    assert experiment.first_horizon == perez_wang.EPOCHS
    assert set(experiment.plan.arms) <= {arm.name for arm in perez_wang.ARMS}
    assert experiment.data.image_size == 64


def test_the_wheel_holds_every_definition():
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    for variant in (perez_wang.TABLE, *perez_wang.VARIANTS):
        for pair in variant.pairs:
            name = f"{variant.experiment(pair)}.toml"
            assert f'"experiments/{name}" = "augexp/experiment/replications/{name}"' in text


# -- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "perez"}, "replicate: received 'perez'; allowed is perez-wang"),
        ({"pairs": ["cats-dogs"]}, "pairs: received 'cats-dogs'; allowed are dogs-cats, dogs-goldfish"),
        ({"pairs": []}, "pairs: received nothing"),
        ({"variants": ["dropout"]}, "variants: received 'dropout'; allowed are first-ids, batch-128, folds"),
        ({"arms": ["cyclegan"]}, "arms: received 'cyclegan'; allowed are none, traditional"),
        ({"arms": ["none"]}, "arms: received the baseline alone"),
        ({"epochs": 5}, "epochs: received 5; allowed are 2, 4, 6, 10, 14, 20, 28, 40"),
        ({"per_class": 10}, "per_class: received 10; allowed are whole numbers from 25 to 500"),
        ({"seeds": 0}, "seeds"),
        ({"model": "smal"}, "model: received 'smal'"),
    ],
)
def test_wrong_values_are_one_line(places, changes, words):
    with pytest.raises(DefinitionError) as caught:
        augexp.replicate(**{**SETTING, **places, **changes})
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_error_names_the_options_of_this_command(whole, places, in_this_process):
    with pytest.raises(ResultsError) as caught:
        augexp.replicate(**{**SETTING, **places, "per_class": 40})
    assert str(caught.value).endswith("the source has changed: use another --out, or put the images back")
    with (
        pytest.raises(ResultsError, match="^give this one a folder of its own with --out, or delete that folder$"),
        own_options(),
    ):
        raise ResultsError("give this one a name of its own with --name, or delete that folder")


def test_missing_images_say_how_to_get_them(tmp_path, images):
    own = {"out": tmp_path / "out", "data_dir": tmp_path / "data"}
    with pytest.raises(DataError, match="tiny: no such folder; Tiny ImageNet is at http"):
        augexp.replicate(data=tmp_path / "tiny", **SETTING, **own)
    (tmp_path / "tiny").mkdir()
    for one in images.iterdir():
        if one.name != "n02123394":
            (tmp_path / "tiny" / one.name).symlink_to(one)
    with pytest.raises(DataError, match="n02123394: no images of this WordNet id; Tiny ImageNet is at"):
        augexp.replicate(data=tmp_path / "tiny", **SETTING, **own)


def test_the_program_says_how_long_it_takes(monkeypatch, capsys, places, in_this_process, tmp_path):
    words = ["--data", places["data"], "--data-dir", places["data_dir"], "--out", tmp_path / "out", "--model", "tiny"]
    words += ["--per-class", "50", "--epochs", "2", "--arms", "none,traditional", "--pairs", "dogs-goldfish", "-q"]
    code, out, err = run_program(monkeypatch, capsys, "replicate", "perez-wang", *words, "--estimate")
    assert (code, err) == (0, "")
    assert "for 16 runs of 2 epochs, 1 at a time" in out
    assert not (tmp_path / "out").exists()


def test_the_program_prints_what_was_found(monkeypatch, capsys, whole, places, in_this_process):
    words = ["--data", places["data"], "--data-dir", places["data_dir"], "--out", places["out"], "--model", "tiny"]
    words += ["--per-class", "50", "--epochs", "4", "--arms", "none,traditional", "--seeds", "3", "-q"]
    code, out, err = run_program(monkeypatch, capsys, "replicate", "perez-wang", *words)
    assert code == 0
    assert "dogs-cats: " in out
    assert "1 undecidable" in out or "confirmed" in out
    assert err == f"page: {places['out'] / 'replication.html'}\n"
    assert re.search(r"^ traditional +\+\d\.\d \(±\d\.\d\) +equal steps +[+−]?\d", out, re.M)
    assert re.search(r"^ +own best budget +[+−]?\d", out, re.M)
