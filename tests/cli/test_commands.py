"""The commands on a finished comparison: what they print, where, and with which exit code."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import builders
import pytest
from builders import write_classes
from command_lines import run
from typer.testing import CliRunner

from augexp.cli import app
from augexp.cli.text import printable
from augexp.progress import RunEvent

ROOT = Path(__file__).resolve().parents[2]
SMOKE = str(ROOT / "experiments" / "smoke.toml")
RUNNER = CliRunner()


def call(*words: object, code: int = 0, columns: int = 80) -> tuple[str, str]:
    """Call augexp and return stdout and stderr."""
    result = RUNNER.invoke(app, [str(word) for word in words], env={"COLUMNS": str(columns)}, prog_name="augexp")
    assert result.exit_code == code, f"{result.output}{result.exception!r}"
    return result.stdout, result.stderr


def places(smoke) -> list[object]:
    return ["--results-dir", smoke.folder.parent, "--data-dir", smoke.data_dir]


def test_compare_prints_the_answer_on_stdout_and_warnings_on_stderr(smoke) -> None:
    out, err = call("compare", SMOKE, *places(smoke))
    (contrast,) = smoke.comparison.contrasts
    assert contrast.sentence in out
    assert str(smoke.folder / "comparison" / "report.html") in out
    assert "standard" in out
    assert "synthetic" in out
    for warning in smoke.comparison.warnings:
        assert f"warning: {warning}" in err
        assert f"warning: {warning}" not in out


def test_tables_fit_into_80_columns(smoke) -> None:
    out, _ = call("compare", SMOKE, *places(smoke))
    tables = out[: out.index(smoke.comparison.contrasts[0].sentence)]
    assert max(map(len, tables.splitlines())) <= 80


def test_compare_as_json_is_the_file(smoke) -> None:
    out, _ = call("compare", SMOKE, *places(smoke), "--json", "-q")
    assert out == (smoke.folder / "comparison" / "comparison.json").read_text("utf-8")


@pytest.mark.parametrize("jobs", ["auto", "0", "1"])
def test_jobs_may_be_a_number_or_auto(smoke, jobs) -> None:
    call("compare", SMOKE, *places(smoke), "--jobs", jobs, "-q")


def test_what_is_missing_is_named_and_fails(smoke, monkeypatch) -> None:
    from augexp import api
    from augexp.analysis.schema import Missing

    lacking = smoke.comparison.model_copy(
        update={"missing": (Missing(arm="standard", seed=2, reason="memory ran out [bold]"),)}
    )
    monkeypatch.setattr(api, "compare", lambda *_, **__: lacking)
    _, err = call("compare", SMOKE, *places(smoke), code=1)
    assert "missing: standard seed 2: memory ran out [bold]" in err
    assert "repeat the same command" in err


def test_train_says_what_it_did_and_what_comes_next(smoke) -> None:
    out, _ = call("train", SMOKE, "--no-augment", "--seed", 1, *places(smoke))
    assert "none, seed 1: 2 epochs" in out
    assert "test accuracy" in out
    assert f"next: augexp compare {SMOKE} --results-dir {smoke.folder.parent} --data-dir {smoke.data_dir}" in out
    record = json.loads(call("train", SMOKE, "--augment", "--json", *places(smoke))[0])
    assert (record["arm"], record["seed"], record["status"]) == ("standard", 0, "complete")


def test_status_in_words_and_as_json(smoke) -> None:
    out, _ = call("status", smoke.folder)
    assert "smoke: 6 of 6 runs done (3 seeds)" in out
    assert "so far   standard - none:" in out
    assert "all done" in out
    assert max(map(len, out.splitlines())) <= 80
    assert json.loads(call("status", smoke.folder, "--json")[0])["finished"] == 6
    assert call("status", smoke.folder, "--watch")[0] == out


def test_status_of_work_in_progress(smoke, tmp_path) -> None:
    shutil.copytree(smoke.folder, tmp_path / "smoke")
    shutil.rmtree(tmp_path / "smoke" / "runs" / "none" / "seed-2")
    builders.seal(tmp_path / "smoke" / "runs" / "standard" / "seed-1", status="failed", error="it broke")
    out, _ = call("status", tmp_path / "smoke")
    assert "4 of 6 runs done" in out
    assert "FAILED   standard seed 1: it broke" in out
    assert "waiting  1 runs" in out
    assert "nobody is working on it" in out


def test_watch_ends_where_nobody_works(smoke, tmp_path, monkeypatch) -> None:
    shutil.copytree(smoke.folder, tmp_path / "smoke")
    shutil.rmtree(tmp_path / "smoke" / "runs" / "none" / "seed-2")
    waits: list[float] = []
    monkeypatch.setattr("augexp.cli.results.time.sleep", waits.append)
    out, _ = call("status", tmp_path / "smoke", "--watch")
    assert 2 <= len(waits) <= 20
    assert out.count("5 of 6 runs done") == len(waits) + 1


@pytest.mark.parametrize(("form", "words"), [("csv", "difference_pp"), ("md", "| standard |"), ("latex", "\\toprule")])
def test_report_as_tables(smoke, tmp_path, form, words) -> None:
    out, _ = call("report", smoke.folder, "--format", form, "--data-dir", smoke.data_dir)
    assert words in out
    printed, _ = call("report", smoke.folder, "-f", form, "-o", tmp_path / "table", "--data-dir", smoke.data_dir)
    assert printed == f"{tmp_path / 'table'}\n"
    assert (tmp_path / "table").read_text("utf-8") == out


def test_report_draws_the_page_and_opens_it(smoke, tmp_path, monkeypatch) -> None:
    shutil.copytree(smoke.folder, tmp_path / "smoke")
    opened: list[str] = []
    monkeypatch.setattr("augexp.cli.results.webbrowser.open", opened.append)
    out, _ = call("report", tmp_path / "smoke", "--open", "--data-dir", smoke.data_dir)
    page = tmp_path / "smoke" / "comparison" / "report.html"
    assert out == f"{page}\n"
    assert opened == [page.as_uri()]


def test_index_prints_classes_and_splits(smoke) -> None:
    out, _ = call("index", SMOKE, "--data-dir", smoke.data_dir)
    assert "drawn-boat" in out
    assert "synthetic drawings of 16 x 16 pixels" in out
    assert max(map(len, out[: out.index("\n\n")].splitlines())) <= 80
    facts = json.loads(call("index", SMOKE, "--data-dir", smoke.data_dir, "--json")[0])
    assert facts["image_size"] == 16


def test_the_data_folder_can_come_from_the_environment(smoke, monkeypatch) -> None:
    monkeypatch.setenv("AUGEXP_DATA_DIR", str(smoke.data_dir))
    monkeypatch.setenv("AUGEXP_RESULTS_DIR", str(smoke.folder.parent))
    assert str(smoke.data_dir) in call("index", SMOKE)[0]
    assert smoke.comparison.contrasts[0].sentence in call("compare", SMOKE)[0]


def test_preview_writes_and_describes(smoke, tmp_path) -> None:
    target = tmp_path / "sheet.html"
    assert call("preview", SMOKE, "-o", target, "--draws", 1, "--data-dir", smoke.data_dir)[0] == f"{target}\n"
    assert target.is_file()
    out, _ = call("preview", "--arm", "randaugment", "--describe")
    assert out.startswith("randaugment@")
    assert "source:" in out


def test_export_policy_prints_layers() -> None:
    out, _ = call("export-policy", "standard")
    assert "layers.RandomFlip" in out
    compile(out, "policy", "exec")


def test_version() -> None:
    import augexp

    assert call("--version")[0] == f"augexp {augexp.__version__}\n"


# -- progress ------------------------------------------------------------------------------------


def test_progress_in_a_pipe_is_a_line_per_run(capsys) -> None:
    from augexp.cli.progress import show

    with show(quiet=False) as progress:
        progress.stage("decoding images", 1, 10)
        progress.stage("decoding images", 2, 10)
        progress.runs(2)
        progress.event(RunEvent("started", "none", 0, epochs=2))
        progress.event(RunEvent("epoch", "none", 0, epoch=1, epochs=2, row={"val_accuracy": 0.5}))
        progress.event(RunEvent("finished", "none", 0, epoch=2, epochs=2, message="complete"))
        progress.event(RunEvent("failed", "mixup", 0, message="it broke"))
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("decoding images") == 1
    assert "1/2 none seed 0 finished: complete" in err
    assert "mixup seed 0 failed: it broke" in err
    assert "epoch" not in err


def test_quiet_says_nothing(capsys) -> None:
    from augexp.cli.progress import show

    with show(quiet=True) as progress:
        progress.stage("decoding images", 1, 10)
        progress.note("anything")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 猫 🐕", "plain é 猫 🐕"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("two\nlines\r", "two\\nlines\\r"),
        ("\x9b2J \u202egnp.exe", "\\x9b2J \\u202egnp.exe"),
        ("\udce9", "\\udce9"),
    ],
)
def test_a_terminal_obeys_no_name(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.skipif(sys.platform == "win32", reason="such names exist on POSIX systems only")
def test_names_reach_the_terminal_without_escape_sequences(tmp_path, monkeypatch, capsys) -> None:
    write_classes(tmp_path / "in", {"\x1b[31mred": range(20), "plain": range(30, 50)})
    (tmp_path / "in" / "plain" / "\x1b]0;title\x07.png").write_bytes(b"bad")
    words = ("index", tmp_path / "in", "--image-size", "16", "--data-dir", tmp_path / "data")
    code, out, err = run(monkeypatch, capsys, *words)
    assert code == 0
    assert "\\x1b[31mred" in out
    assert "\x1b" not in out + err
    write_classes(tmp_path / "other", {"\x1b[31mred": [1], "plain": range(9)})
    code, out, err = run(monkeypatch, capsys, "index", tmp_path / "other", "--data-dir", tmp_path / "data")
    assert code == 1
    assert "\x1b" not in out + err
    assert len(err.splitlines()) >= 1
