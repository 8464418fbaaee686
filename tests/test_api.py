"""The whole program from a source to an answer, on runs of a fraction of a second."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import builders
import pytest

import augexp
from augexp import api, digests
from augexp.commands import answer as answers
from augexp.commands import compare
from augexp.errors import AugexpError, DefinitionError, ResultsError, RunError
from augexp.results.folder import Workspace, reopen_workspace

ROOT = Path(__file__).resolve().parents[1]
SMOKE = ROOT / "experiments" / "smoke.toml"
RECORDS = ("run.json", "epochs.csv", "predictions.npz")
FIGURES = ("comparison", "curves-none", "curves-standard", "samples", "unique-images")
TABLES = ("comparison.json", "comparison.schema.json", "comparison.csv", "runs.csv", "report.html")


def records_of(folder: Path) -> dict[str, bytes]:
    """Every byte of the records below a results folder, by path."""
    found = (path for path in (folder / "runs").rglob("*") if path.name in RECORDS)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def times_of(folder: Path) -> dict[str, int]:
    return {path.as_posix(): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def copy(smoke, tmp_path) -> Path:
    """A copy of the smoke results, to be changed."""
    shutil.copytree(smoke.folder, tmp_path / "results" / "smoke")
    return tmp_path / "results" / "smoke"


@pytest.fixture
def no_workers(monkeypatch) -> Iterator[None]:
    """Executing anything fails."""

    def refuse(*_: object) -> None:
        raise AssertionError("a worker was started")

    monkeypatch.setattr("augexp.engines.local.Worker", refuse)
    return


# -- the answer ----------------------------------------------------------------------------------


def test_compare_answers_and_writes_every_file(smoke) -> None:
    assert smoke.comparison.complete
    (contrast,) = smoke.comparison.contrasts
    assert contrast.seeds == (0, 1, 2)
    assert contrast.new_images is not None
    assert contrast.new_images.low < contrast.estimate < contrast.new_images.high
    made = {path.name for path in (smoke.folder / "comparison").iterdir() if not path.name.startswith(".")}
    assert made == {*(f"{name}.{form}" for name in FIGURES for form in ("png", "svg")), *TABLES}
    assert json.loads((smoke.folder / "comparison" / "comparison.json").read_text("utf-8")) == json.loads(
        smoke.comparison.model_dump_json()
    )


def test_nothing_written_names_the_machine(smoke) -> None:
    place = str(smoke.data_dir.parent)
    for path in (smoke.folder / "comparison").iterdir():
        assert place.encode() not in path.read_bytes(), path
    assert place not in (smoke.folder / "experiment.toml").read_text("utf-8")


def test_a_second_compare_executes_draws_and_loads_nothing(smoke) -> None:
    before = times_of(smoke.folder / "comparison") | times_of(smoke.folder / "runs")
    code = (
        "import sys, augexp\n"
        f"places = dict(results_dir={str(smoke.folder.parent)!r}, data_dir={str(smoke.data_dir)!r})\n"
        f"c = augexp.compare({str(SMOKE)!r}, **places)\n"
        "assert c.complete\n"
        "print(c.contrasts[0].estimate)\n"
        "heavy = {'tensorflow', 'keras', 'matplotlib', 'jinja2', 'ray'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert float(done.stdout) == smoke.comparison.contrasts[0].estimate
    assert before == times_of(smoke.folder / "comparison") | times_of(smoke.folder / "runs")


def test_a_deleted_run_is_repeated_alone_and_equal(smoke, copy) -> None:
    whole, times = records_of(copy), times_of(copy / "runs")
    shutil.rmtree(copy / "runs" / "standard" / "seed-1")
    again = augexp.compare(SMOKE, results_dir=copy.parent, data_dir=smoke.data_dir, jobs=1)
    assert records_of(copy) == whole
    changed = {path for path, time in times_of(copy / "runs").items() if time != times.get(path)}
    assert changed
    assert all("standard/seed-1/" in path for path in changed)
    assert again.contrasts == smoke.comparison.contrasts


def test_train_then_compare_with_one_job_and_a_control(smoke, tmp_path) -> None:
    """`train` and `compare` meet in the folder; one job gives the numbers of two; A/A is exactly zero."""
    base = augexp.define(SMOKE, policies={"empty": {"operations": []}})
    places = {"results_dir": tmp_path, "data_dir": smoke.data_dir}
    run = augexp.train(base, arm="none", seed=0, **places)
    assert run.status == "complete"
    assert (run.folder / "model.keras").is_file()
    assert reopen_workspace(tmp_path / "smoke").plan_history() == ()
    trained = times_of(run.folder)
    answer = augexp.compare(base, arms=["empty", "standard"], jobs=1, **places)
    assert trained == times_of(run.folder)
    control, contrast = answer.contrasts
    assert (control.arm, control.control, control.differences) == ("empty", "a/a", (0.0, 0.0, 0.0))
    assert contrast.differences == smoke.comparison.contrasts[0].differences
    theirs = {path: content for path, content in records_of(tmp_path / "smoke").items() if "/empty/" not in path}
    assert theirs == records_of(smoke.folder)
    assert len(reopen_workspace(tmp_path / "smoke").plan_history()) == 1


def test_a_failing_arm_is_missing_and_the_others_are_there(smoke, tmp_path) -> None:
    broken = {"broken": {"operations": [{"keras": "RandomCrop", "height": 5, "width": 5}]}}
    answer = augexp.compare(
        SMOKE, policies=broken, arms=["broken"], seeds=1, results_dir=tmp_path, data_dir=smoke.data_dir, jobs=1
    )
    assert not answer.complete
    (missing,) = answer.missing
    assert (missing.arm, missing.seed) == ("broken", 0)
    assert len(missing.reason) > 20
    assert (tmp_path / "smoke" / "comparison" / "report.html").is_file()
    state = augexp.status(tmp_path / "smoke")
    assert (state.pending, state.working, state.counts) == (True, False, {"complete": 1, "failed": 1})


def test_where_every_run_fails_there_is_no_answer_and_another_definition_may_follow(smoke, tmp_path) -> None:
    crop = {"operations": [{"keras": "RandomCrop", "height": 5, "width": 5}]}
    places = {"results_dir": tmp_path, "data_dir": smoke.data_dir, "jobs": 1}
    with pytest.raises(RunError, match=r"every run failed; the first one: .*keep the shape"):
        augexp.compare(SMOKE, policies={"b": crop, "c": crop}, baseline="b", arms=["c"], seeds=1, **places)
    assert augexp.compare(SMOKE, batch_size=16, seeds=1, **places).complete
    with pytest.raises(ResultsError, match=r"holds another experiment \(training.batch_size is 16 there and 8 here\)"):
        augexp.compare(SMOKE, batch_size=8, seeds=1, **places)


def test_a_batch_that_is_too_large_is_said_before_training(smoke, tmp_path) -> None:
    with pytest.raises(RunError, match=r"^batch_size: received 4096, but a training draw has only \d+ images; allowed"):
        augexp.compare(SMOKE, batch_size=4096, seeds=1, results_dir=tmp_path, data_dir=smoke.data_dir, jobs=1)
    assert not (tmp_path / "smoke" / "runs").exists()


# -- what is refused -----------------------------------------------------------------------------


@pytest.mark.usefixtures("no_workers")
def test_another_experiment_in_the_folder_is_refused_with_the_difference(smoke) -> None:
    with pytest.raises(ResultsError, match=r"training\.epochs is 2 there and 3 here"):
        augexp.compare(SMOKE, epochs=3, results_dir=smoke.folder.parent, data_dir=smoke.data_dir)
    with pytest.raises(ResultsError, match=r"data\.image_size is 16 there and 24 here"):
        augexp.train(SMOKE, image_size=24, results_dir=smoke.folder.parent, data_dir=smoke.data_dir)


@pytest.mark.usefixtures("no_workers")
def test_an_arm_of_another_definition_is_refused(smoke, copy) -> None:
    for path in (copy / "runs" / "standard").rglob("run.json"):
        builders.seal(path.parent, arm_hash="0" * 16)
    with pytest.raises(ResultsError, match="another definition of the arm 'standard'"):
        augexp.compare(SMOKE, results_dir=copy.parent, data_dir=smoke.data_dir)


@pytest.mark.usefixtures("no_workers")
def test_a_run_in_the_folder_of_another_is_refused(smoke, copy) -> None:
    shutil.copytree(copy / "runs" / "standard" / "seed-0", copy / "runs" / "standard" / "seed-3")
    with pytest.raises(ResultsError, match="'standard' with seed 0, which belongs elsewhere"):
        augexp.compare(SMOKE, results_dir=copy.parent, data_dir=smoke.data_dir)


@pytest.mark.usefixtures("no_workers")
def test_runs_on_other_images_are_refused(smoke, copy) -> None:
    builders.seal(copy / "runs" / "none" / "seed-0", store="0" * 16)
    with pytest.raises(ResultsError, match=r"other images \(store 0{16}, here"):
        augexp.compare(SMOKE, results_dir=copy.parent, data_dir=smoke.data_dir)


def test_wrong_changes_are_one_line() -> None:
    for changes, words in [
        ({"arms": ["standrad"]}, "standrad"),
        ({"epoch": 3}, "unknown key 'epoch'"),
        ({"model": "large"}, "received 'large'"),
    ]:
        with pytest.raises(DefinitionError, match=words) as caught:
            augexp.define(SMOKE, **changes)
        assert "\n" not in str(caught.value)
    with pytest.raises(DefinitionError, match="allowed are 'local' and 'ray'"):
        compare.open_engine("cluster", 0, None)


# -- drawn once, drawn again ---------------------------------------------------------------------


def open_all(smoke, folder: Path) -> tuple[Workspace, list, answers.Images]:
    workspace = reopen_workspace(folder)
    held = answers.plan_records(workspace)
    return workspace, held, answers.find_images(workspace, held, smoke.data_dir)


def test_a_missing_file_is_drawn_again_and_equal(smoke, copy) -> None:
    page = (copy / "comparison" / "report.html").read_bytes()
    figure = (copy / "comparison" / "comparison.svg").read_bytes()
    (copy / "comparison" / "report.html").unlink()
    workspace, held, images = open_all(smoke, copy)
    answers.publish(workspace, smoke.comparison, held, images.store, pictures=True)
    assert (copy / "comparison" / "report.html").read_bytes() == page
    assert (copy / "comparison" / "comparison.svg").read_bytes() == figure


def test_photos_can_be_left_out(smoke, copy) -> None:
    assert b"data:image/" in (copy / "comparison" / "report.html").read_bytes()
    page = augexp.report(copy, data_dir=smoke.data_dir, pictures=False)
    assert b"data:image/" not in page.read_bytes()
    assert not list((copy / "comparison").glob("samples*"))
    augexp.report(copy, data_dir=smoke.data_dir)
    assert b"data:image/" in page.read_bytes()
    assert (copy / "comparison" / "samples.png").is_file()


def test_report_without_the_images_says_the_same_without_photos(smoke, copy, tmp_path) -> None:
    before = json.loads((copy / "comparison" / "comparison.json").read_text("utf-8"))
    page = augexp.report(copy, data_dir=tmp_path / "nowhere")
    assert b"data:image/" not in page.read_bytes()
    assert json.loads((copy / "comparison" / "comparison.json").read_text("utf-8")) == before
    assert (copy / "comparison" / "samples.png").is_file()
    shutil.rmtree(copy / "comparison")
    with pytest.raises(ResultsError, match="--data-dir"):
        augexp.report(copy, data_dir=tmp_path / "nowhere")


def test_a_published_answer_about_unknown_images_is_one_line(copy) -> None:
    path = copy / "comparison" / "comparison.json"
    values = json.loads(path.read_text("utf-8"))
    del values["data"]["split"]
    path.write_text(json.dumps(values), encoding="utf-8")
    (copy / "comparison" / ".made").unlink()  # as in a folder of augexp 0.1
    shutil.rmtree(copy / "runs")
    with pytest.raises(ResultsError, match=r"comparison\.json: cannot be read") as caught:
        api.render_folder(copy, "md")
    assert "\n" not in str(caught.value)


def test_a_published_folder_gives_tables_and_says_what_is_missing(smoke, copy) -> None:
    shutil.rmtree(copy / "runs")
    for form in ("csv", "md", "latex", "json"):
        published = api.render_folder(copy, form, data_dir=smoke.data_dir)
        assert published == api.render_folder(smoke.folder, form, data_dir=smoke.data_dir)
    for call in (augexp.report, augexp.status, augexp.verify):
        with pytest.raises(ResultsError, match=r"runs/ is missing.*report\.html") as caught:
            call(copy)
        assert "\n" not in str(caught.value)
    (copy / "comparison" / "comparison.json").write_text('{"schema_version": 0}', encoding="utf-8")
    with pytest.raises(ResultsError, match="is not what was written"):
        api.render_folder(copy, "md")
    (copy / "comparison" / ".made").unlink()
    with pytest.raises(ResultsError, match="another version"):
        api.render_folder(copy, "md")


def test_an_edited_page_is_drawn_again_and_that_is_said(smoke, copy) -> None:
    page = copy / "comparison" / "report.html"
    before, notes = page.read_text("utf-8"), []
    page.write_text(before.replace("NO VERDICT", "HELPS"), encoding="utf-8")
    augexp.report(copy, data_dir=smoke.data_dir, note=notes.append)
    assert page.read_text("utf-8") == before
    assert notes == [f"{copy / 'comparison'}: changed since they were written, and so drawn again: report.html"]
    augexp.report(copy, data_dir=smoke.data_dir, note=notes.append)
    assert len(notes) == 1


def test_a_mark_cannot_reach_out_of_its_folder(smoke, copy) -> None:
    outside = copy / "precious"
    outside.write_text("mine", encoding="utf-8")
    mark = copy / "comparison" / ".made"
    values = json.loads(mark.read_text("utf-8"))
    files = {**values["files"], "../precious": "0" * 32}
    mark.write_text(json.dumps(digests.sealed({**values, "files": files})), encoding="utf-8")
    augexp.report(copy, data_dir=smoke.data_dir)
    assert outside.read_text("utf-8") == "mine"


# -- looking in ----------------------------------------------------------------------------------


def test_status_of_a_finished_comparison(smoke) -> None:
    state = augexp.status(smoke.folder)
    (interval,) = state.intervals
    (contrast,) = smoke.comparison.contrasts
    assert (state.finished, state.pending, state.working) == (6, False, False)
    assert (interval.estimate, interval.low) == (contrast.estimate, contrast.new_images.low)
    json.dumps(state.to_json(), allow_nan=False)


def test_status_of_half_a_comparison(copy) -> None:
    shutil.rmtree(copy / "runs" / "standard" / "seed-2")
    (copy / "runs" / "none" / "seed-2" / "run.json").unlink()
    state = augexp.status(copy)
    assert (state.finished, state.pending, state.intervals) == (4, True, ())


def test_verify_finds_equal_bits_and_a_changed_record(smoke, copy) -> None:
    path = copy / "runs" / "none" / "seed-2" / "epochs.csv"
    again = augexp.verify(copy, arm="none", seed=2, data_dir=smoke.data_dir)
    assert again.exact, again.words
    with pytest.raises(AugexpError, match="no finished run of arm standard, seed 9"):
        augexp.verify(copy, arm="standard", seed=9, data_dir=smoke.data_dir)
    path.write_bytes(path.read_bytes().replace(b"\n2,", b"\n3,"))
    with pytest.raises(ResultsError, match=r"epochs\.csv: cannot be read \(its content is not what was written\)"):
        augexp.verify(copy, arm="none", seed=2, data_dir=smoke.data_dir)


def test_pairs_of_any_plan_count(smoke, copy) -> None:
    base = augexp.define(SMOKE)
    assert compare.finished_pairs(Workspace(base, copy)) == 3
    # An arm that nobody has run: what was seen of the others makes it an edit all the same.
    edited = Workspace(base.replace(plan={"arms": ["none", "standard", "mixup"]}), copy)
    history = edited.commit_plan(compare.finished_pairs(edited))
    assert [entry.blocks_finished for entry in history] == [0, 3]
    shutil.rmtree(copy / "runs" / "standard")
    assert compare.finished_pairs(edited) == 0


# -- previews and policies -----------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".png", ".svg", ".html"])
def test_preview_writes_a_sheet(smoke, tmp_path, suffix) -> None:
    target = augexp.preview(SMOKE, arm="cutmix", output=tmp_path / f"sheet{suffix}", draws=2, data_dir=smoke.data_dir)
    assert target.stat().st_size > 2000
    strength = augexp.preview(
        SMOKE, arm="standard", output=tmp_path / f"strength{suffix}", strength=True, data_dir=smoke.data_dir
    )
    assert strength.read_bytes() != target.read_bytes()
    if suffix == ".html":
        assert "(synthetic images)" in target.read_text("utf-8")
        assert "(synthetic images)" in strength.read_text("utf-8")


def test_preview_refuses_other_files_before_it_reads_images(tmp_path) -> None:
    with pytest.raises(DefinitionError, match=r"'\.jpg'; allowed are \.png"):
        augexp.preview(SMOKE, output=tmp_path / "x.jpg", data_dir=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_export_policy_knows_custom_ones(tmp_path) -> None:
    assert 'layers.RandomFlip("horizontal")' in augexp.export_policy("flip")
    path = tmp_path / "mine.toml"
    path.write_text('[policies.mine]\noperations = [{ op = "rotation", degrees = 90 }]\n', encoding="utf-8")
    assert "layers.RandomRotation(0.25" in augexp.export_policy("mine", path)
    with pytest.raises(DefinitionError, match="mine"):
        augexp.export_policy("mine")


def test_index_opens_what_is_prepared(smoke) -> None:
    store = augexp.index(SMOKE, data_dir=smoke.data_dir)
    assert len(store.classes) == 4
    assert store.image_size == 16
