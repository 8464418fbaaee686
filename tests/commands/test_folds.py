"""A comparison with folds, from images to the report: 100 images get an interval for new images."""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pytest
from builders import seal
from PIL import Image

import augexp
from augexp import api
from augexp.cli import output
from augexp.commands import answer, status, verify
from augexp.commands.export import export
from augexp.engines.base import Execution
from augexp.errors import AnalysisError, ResultsError
from augexp.reporting import charts, figures, tables
from augexp.results.folder import reopen_workspace
from augexp.results.records import read_run, read_runs
from augexp.training.task import RunTask


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder of 100 images, bright above or below, among them a pair of equal ones."""
    folder = tmp_path_factory.mktemp("hundred")
    generator = np.random.default_rng(11)
    for name, above in (("above", 25), ("below", 0)):
        (folder / "photos" / name).mkdir(parents=True)
        for number in range(50):
            image = generator.integers(0, 200, (16, 16, 3))
            image[:8] += above
            image[8:] += 25 - above
            Image.fromarray(image.astype(np.uint8)).save(folder / "photos" / name / f"{number}.png")
    shutil.copy(folder / "photos" / "above" / "0.png", folder / "photos" / "above" / "1.png")
    return folder


def compare(place, **changes):
    return augexp.compare(
        place / "photos", results_dir=place / "results", data_dir=place / "data", jobs=1, image_size=16, model="tiny",
        batch_size=16, **changes,
    )  # fmt: skip


@pytest.fixture(scope="module")
def comparison(place):
    return compare(place, folds=5, repeats=2, epochs=4)


@pytest.fixture(scope="module")
def folder(place, comparison):
    return place / "results" / comparison.name


def test_a_hundred_images_get_an_interval_for_new_images(comparison):
    (contrast,) = comparison.contrasts
    assert comparison.complete
    assert contrast.new_images is not None
    assert (comparison.folds, comparison.look.seeds, comparison.test_images, comparison.test_clusters) == (
        5,
        2,
        100,
        99,
    )
    assert contrast.seeds == (0, 1)
    assert contrast.verdict.startswith(("HELPS", "HURTS", "UNDECIDED", "DOES", "NO PRACTICAL"))
    assert "on average over training sets of 79 images drawn like these" in contrast.sentence
    assert "2 repeats of 5 folds, 10 paired fits, 99 images, each tested once in every repeat" in contrast.sentence
    assert comparison.draws == "folds"
    assert not any("conditional on this training set" in warning for warning in comparison.warnings)
    assert "--folds 5" in comparison.command
    assert "--repeats 2" in comparison.command


def test_every_image_is_tested_once_in_every_repeat(folder):
    for repeat in range(2):
        fits = [read_run(folder / "runs" / "none" / f"seed-{5 * repeat + k}") for k in range(5)]
        assert [(fit.run.repeat, fit.run.fold) for fit in fits] == [(repeat, k) for k in range(5)]
        assert sum(fit.run.counts.test for fit in fits) == 100
        assert len(np.unique(np.concatenate([fit.predictions().ids for fit in fits]))) == 99
        for arm in ("standard",):
            for k, fit in enumerate(fits):
                other = read_run(folder / "runs" / arm / f"seed-{5 * repeat + k}")
                assert np.array_equal(other.predictions().ids, fit.predictions().ids)
                assert (other.run.order, other.run.ledger) == (fit.run.order, fit.run.ledger)


def test_status_names_repeats_and_folds(folder):
    state = status.status(folder)
    assert (state.folds, state.seeds, len(state.runs)) == (5, 2, 20)
    assert state.runs[-1].name == "standard repeat 2 fold 5"
    assert state.intervals[0].pairs == 2
    assert "(2 repeats, 100 images)" in output.status_text(state)


def test_the_report_is_the_same_after_the_images_are_gone(place, folder, tmp_path):
    before = answer.current(folder, place / "data")
    again = answer.current(folder, tmp_path / "nowhere")
    assert again == before
    page = (folder / "comparison" / "report.html").read_text("utf-8")
    assert "repeats of 5 folds" in page
    assert "Won by standard." in page


SEED = re.compile(r"[^.<>]{0,40}(?<!root.)(?<!root_)(?<!--)\b[Ss]eeds?\b[^.<>]{0,20}")


def test_no_form_of_the_answer_speaks_of_seeds(comparison, folder):
    page = (folder / "comparison" / "report.html").read_text("utf-8")
    assert SEED.findall(page) == []
    assert SEED.findall(api.render(comparison, "md")) == []
    assert SEED.findall(" ".join(table.note + table.title for table in tables.terminal_tables(comparison))) == []
    assert "Thin lines: one fit each" in page
    assert "one repeat" in page
    assert "none, repeat 2 fold 5" in page or "validation, repeat 2 fold 5" in page
    assert "mean of 10 fits" in figures._thin_and_bold(charts.accuracy_chart(read_runs(folder), "none", 5))


def test_own_budgets_are_those_of_fits(place):
    found = compare(place, folds=3, repeats=2, max_epochs=4, name="auto")
    assert SEED.findall(api.render(found, "md")) == []
    assert "For every fit the other fits choose" in api.render(found, "html")


def test_the_table_of_all_fits_is_exported(folder, place, tmp_path):
    text = export(folder, "table", str(tmp_path / "runs.csv"), data_dir=place / "data")
    assert "2,000" not in text
    assert "400 rows of 20 runs" in text


def test_the_exported_table_is_judged_with_the_same_numbers(comparison, folder, place, tmp_path):
    path = tmp_path / "runs.csv"
    export(folder, "table", str(path), data_dir=place / "data")
    judged = augexp.judge(path, design="paired", endpoint="final", seeds=2)
    (expected,), (found,) = comparison.contrasts, judged.contrasts
    for name in ("estimate", "p", "relative_error_reduction"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), abs=1e-12)
    for name in ("new_images", "these_images", "components"):
        first, second = (getattr(contrast, name).model_dump() for contrast in (found, expected))
        assert first == pytest.approx(second, abs=1e-12)
    for first, second in zip(found.classes, expected.classes, strict=True):
        assert first.interval.model_dump() == pytest.approx(second.interval.model_dump(), abs=1e-12)
    assert (judged.folds, judged.test_clusters, found.verdict) == (5, 99, expected.verdict)
    assert "2 repeats of 5 folds, 10 paired fits" in found.sentence


def test_a_missing_fit_blocks_the_verdict_and_is_named(folder, tmp_path):
    copy = tmp_path / folder.name
    shutil.copytree(folder, copy)
    shutil.rmtree(copy / "runs" / "none" / "seed-7")
    workspace = reopen_workspace(copy)
    records = answer.plan_records(workspace)
    found = answer.compute(workspace, records, workspace.plan_history(), answer.Images(None, None, ""))
    assert [run.name for run in found.missing] == ["none repeat 2 fold 3"]
    assert found.contrasts[0].seeds == (0,)
    assert found.contrasts[0].verdict == "NO VERDICT YET: runs are missing"


# -- messages about a single fit ------------------------------------------------------------------


@pytest.fixture
def copied(folder, tmp_path):
    """A copy of the results folder, to be changed."""
    shutil.copytree(folder, tmp_path / folder.name)
    return tmp_path / folder.name


def test_train_says_the_repeat_and_the_fold(folder, capsys):
    output.print_run(read_run(folder / "runs" / "none" / "seed-7"), "augexp compare")
    said = capsys.readouterr().out.replace(str(folder), "")
    assert said.startswith("none, repeat 2 fold 3: 4 epochs")
    assert "One fit proves nothing: this trains all arms in all folds" in said
    assert "seed" not in said.replace("seed-7", "")


def test_a_fit_that_has_failed_is_called_by_its_name(folder, tmp_path, capsys):
    experiment = reopen_workspace(folder).experiment
    task = RunTask(experiment, "none", 7, tmp_path, tmp_path / "runs" / "none" / "seed-7")
    told = []
    Execution([], told.append, None, "").fail(task, "memory ran out")
    record = read_run(task.folder)
    assert (record.run.repeat, record.run.fold) == (1, 2)
    output.print_run(record, "augexp compare")
    assert capsys.readouterr().out == "none, repeat 2 fold 3: failed: memory ran out\n"


def test_status_names_a_fit_that_has_failed(copied):
    seal(copied / "runs" / "none" / "seed-7", status="failed", error="it broke")
    text = output.status_text(status.status(copied))
    assert "none repeat 2 fold 3: it broke" in text
    assert "seed" not in text


def test_verify_names_fits(folder):
    runs = read_runs(folder)
    fit = next(run for run in runs if (run.arm, run.seed) == ("none", 7))
    assert verify.compare(fit, fit).words.startswith("none repeat 2 fold 3: bit-exact")
    with pytest.raises(ResultsError) as caught:
        verify.choose(runs, "none", 12, folds=5)
    said = "no finished run of arm none, repeat 3 fold 3 (--seed 12); there are: none repeat 1 fold 1 (--seed 0), none"
    assert str(caught.value).startswith(said)
    with pytest.raises(ResultsError, match="no finished run of arm mixup, fit any; there are"):
        verify.choose(runs, "mixup", folds=5)


def test_a_fit_in_the_folder_of_another_one_is_named(copied):
    (copied / "runs" / "none" / "seed-7").rename(copied / "runs" / "none" / "seed-17")
    with pytest.raises(ResultsError, match="holds the run of 'none' with repeat 2 fold 3, which belongs elsewhere"):
        read_runs(copied)


def test_fits_that_are_no_pair_are_named(copied):
    workspace = reopen_workspace(copied)
    seal(copied / "runs" / "none" / "seed-7", order="another")
    with pytest.raises(AnalysisError, match="^repeat 2 fold 3: the arms differ in image order, so they are no pair"):
        answer.compute(workspace, answer.plan_records(workspace), workspace.plan_history(), answer.NO_IMAGES)
    for path in (copied / "runs").glob("*/seed-*"):
        seal(path, order="one", weights_initial="one")
    with pytest.raises(AnalysisError, match="^all 10 fits start from the same weights"):
        answer.compute(workspace, answer.plan_records(workspace), workspace.plan_history(), answer.NO_IMAGES)


def test_a_table_without_a_whole_repeat_is_refused(copied, place, tmp_path):
    for repeat in range(2):
        shutil.rmtree(copied / "runs" / "none" / f"seed-{5 * repeat}")
    with pytest.raises(ResultsError, match="no repeat is finished in every arm"):
        export(copied, "table", str(tmp_path / "runs.csv"), data_dir=place / "data")


def test_own_best_budgets_are_chosen_by_the_other_fits(place):
    found = compare(place, folds=3, repeats=2, max_epochs=4, name="auto")
    (contrast,) = found.contrasts
    assert len(found.arms[0].budget.epochs) == 6
    assert contrast.new_images is not None
    assert [point.epochs for point in contrast.equal_budgets][-1] == found.horizon.epochs
    assert len(contrast.equal_budgets[0].differences) == 2
    assert contrast.gain.pairs == 6
    assert "each at its own best budget" in contrast.sentence
    values = json.loads((place / "results" / "auto" / "comparison" / "comparison.json").read_text("utf-8"))
    assert values["folds"] == 3
