"""`augexp worth` from end to end: nested runs at every size, an interruption, what it costs, what it writes."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from in_process import Notes, engine_of
from PIL import Image

import augexp
from augexp.analysis.worth.schema import Worth
from augexp.commands import compare
from augexp.errors import DefinitionError, Interrupted, RunError
from augexp.results import records

SIZES = (0.25, 0.5, 1.0, 2.0)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A folder of 240 images, bright above or below."""
    folder = tmp_path_factory.mktemp("photos")
    generator = np.random.default_rng(11)
    for name, above in (("above", 25), ("below", 0)):
        (folder / name).mkdir()
        for number in range(120):
            image = generator.integers(0, 200, (16, 16, 3))
            image[:8] += above
            image[8:] += 25 - above
            Image.fromarray(image.astype(np.uint8)).save(folder / name / f"{number}.png")
    return folder


def worth(photos, place, told=None, **changes):
    settings = {"image_size": 16, "model": "tiny", "batch_size": 8, "epochs": 4, "seeds": 3, "train_per_class": 32}
    return augexp.worth(
        photos, name="photos", progress=told, results_dir=place / "results", data_dir=photos.parent / "data",
        **(settings | changes),
    )  # fmt: skip


@pytest.fixture
def engine(monkeypatch, networks):
    """Have all runs executed in this process."""
    made = engine_of(networks)
    monkeypatch.setattr(compare, "open_engine", lambda *_: made())
    return made


@pytest.fixture(scope="module")
def undisturbed(photos, networks, tmp_path_factory):
    place, told = tmp_path_factory.mktemp("undisturbed"), Notes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compare, "open_engine", lambda *_: engine_of(networks)())
        return place, told, worth(photos, place, told)


def test_the_baseline_is_trained_at_every_size_and_the_arm_at_one(undisturbed):
    _, told, answer = undisturbed
    assert answer.complete
    assert [(size.factor, size.images) for size in answer.sizes] == [(0.25, 16), (0.5, 32), (1.0, 64), (2.0, 128)]
    assert [[arm.arm for arm in size.arms] for size in answer.sizes] == [
        ["none"], ["none"], ["none", "standard"], ["none"],
    ]  # fmt: skip
    assert told.totals == [15]
    assert len(answer.by_seed) == 3
    assert answer.cost.plain == 2 * 3 * 4 * 64
    assert answer.cost.images_trained == 3 * 4 * (16 + 32 + 2 * 64 + 128)


def test_the_cost_is_said_before_the_first_run(undisturbed):
    _, told, _ = undisturbed
    assert told.notes[0].startswith(
        "sizes: 16, 32, 64, 128 training images; 15 runs, 15 of them missing; 3,648 images are trained on with 4 "
        "epochs each, 2.38 times a comparison at 64 images; the records take about 1 MB"
    )
    assert any(note.startswith("about ") for note in told.notes)


def test_three_sizes_cost_less_than_two_and_a_half_comparisons(photos, tmp_path, engine):
    answer = worth(photos, tmp_path, sizes=[0.25, 0.5])
    assert [size.factor for size in answer.sizes] == [0.25, 0.5, 1.0]
    assert answer.cost.ratio == 1.375


def test_the_files_hold_the_answer(undisturbed):
    place, _, answer = undisturbed
    folder = place / "results" / "photos-worth" / "worth"
    assert Worth.model_validate_json((folder / "worth.json").read_text("utf-8")) == answer
    assert json.loads((folder / "worth.schema.json").read_text("utf-8"))["title"] == "Worth"
    for name in ("report.html", "worth.md"):
        assert "What is augmentation worth in photos?" in (folder / name).read_text("utf-8")
    assert len((folder / "worth.csv").read_text("utf-8").splitlines()) == 4
    assert (folder / "worth.png").read_bytes()[:4] == b"\x89PNG"


def test_interrupted_it_goes_on_to_the_same_answer(photos, tmp_path, engine, undisturbed):
    engine.stop_after = 9
    with pytest.raises(Interrupted):
        worth(photos, tmp_path)
    engine.stop_after = None
    told = Notes()
    again = worth(photos, tmp_path, told)
    assert told.totals[0] < 15
    seconds = ("cost", "sizes")
    assert again.model_dump(exclude=set(seconds)) == undisturbed[2].model_dump(exclude=set(seconds))
    for size, expected in zip(again.sizes, undisturbed[2].sizes, strict=True):
        assert [arm.accuracies for arm in size.arms] == [arm.accuracies for arm in expected.arms]
    told = Notes()
    assert worth(photos, tmp_path, told) == again
    assert told.totals == []


def test_full_trains_the_arm_at_every_size(photos, tmp_path, engine):
    answer = worth(photos, tmp_path, sizes=[0.5], full=True)
    assert [[arm.arm for arm in size.arms] for size in answer.sizes] == [["none", "standard"]] * 2


def test_own_best_budgets_at_every_size(photos, tmp_path, engine):
    answer = worth(photos, tmp_path, sizes=[0.5], epochs="auto", max_epochs=20)
    assert [size.horizon.epochs for size in answer.sizes] == [20, 20]
    assert all(len(arm.epochs) == 3 for size in answer.sizes for arm in size.arms)
    assert "own best budget" in answer.sentence


def test_without_a_number_of_photos_it_is_judged_at_a_quarter_of_all(photos, tmp_path):
    told = Notes()
    assert worth(photos, tmp_path, told, train_per_class=None, batch_size=16, dry_run=True) is None
    counts = told.notes[-1].removeprefix("sizes: ").partition(" training")[0].split(", ")
    assert counts == ["20", "41", "82", "164"]  # a sixteenth is 10, less than a batch
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"sizes": [1.0]}, DefinitionError, r"sizes: received \[1.0\]; allowed are multiples"),
        ({"sizes": [0.5, -1.0]}, DefinitionError, r"sizes: received \[0.5, -1.0\]; allowed are multiples"),
        ({"sizes": [8.0]}, DefinitionError, "sizes: received 8, but there are photos for"),
        ({"sizes": [0.0625]}, RunError, "batch_size: received 8, but the training draw at 0.0625 times"),
        ({"arm": "none"}, DefinitionError, "arm: received the baseline 'none'"),
        ({"arm": "nothing"}, DefinitionError, "nothing"),
        ({"folds": 5, "train_per_class": None, "seeds": None}, DefinitionError, "folds: received with worth"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(photos, tmp_path, changes, error, words):
    with pytest.raises(error, match=words) as caught:
        worth(photos, tmp_path, **changes)
    assert "\n" not in str(caught.value)


def test_the_analysis_loads_no_tensorflow():
    program = (
        "import sys, augexp.analysis.worth.answer, augexp.reporting.worth.write, augexp.commands.worth.execute;"
        "assert not {'tensorflow', 'keras', 'torch', 'jax'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_fewer_than_three_seeds_have_no_interval(photos, tmp_path, engine):
    answer = worth(photos, tmp_path, sizes=[0.5], seeds=2)
    assert answer.interval is None
    assert any(text.startswith("[few-seeds]") for text in answer.warnings)
    assert records.read_runs(tmp_path / "results" / "photos-worth" / "at-1")
