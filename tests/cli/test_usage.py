"""Help and wrong usage: one line that says what to do, and the exit code of the documentation."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer
from command_lines import run

from augexp import cli
from augexp.cli import program
from augexp.errors import Interrupted

COMMANDS = typer.main.get_command(cli.app).commands  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(monkeypatch, capsys, name) -> None:
    code, out, _ = run(monkeypatch, capsys, name, "--help")
    assert code == 0
    assert "Usage: augexp" in out
    command = COMMANDS[name]
    assert command.help
    assert f"augexp {name}" in " ".join(command.help.split()) or name in ("status", "verify", "export", "export-policy")
    for parameter in command.params:
        assert parameter.help, f"augexp {name} does not explain {parameter.name}"


def test_shells_can_complete(monkeypatch, capsys) -> None:
    monkeypatch.setenv("_AUGEXP_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "augexp com")
    monkeypatch.setenv("COMP_CWORD", "1")
    code, out, _ = run(monkeypatch, capsys)
    assert (code, out.split()) == (0, ["compare"])


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["compare", "nowhere"], 1, "SOURCE: received 'nowhere'"),
        (["compare", "bedrom", "kitchen"], 1, "did you mean 'bedroom'"),
        (["compare", "bedroom"], 1, "at least two"),
        (["compare", "missing.toml"], 1, "missing.toml: cannot be read"),
        (["compare", "--arms", "standrad"], 1, "standard"),
        (["compare", "--arms", "none"], 1, "name at least one arm"),
        (["compare", "--model", "large"], 1, "received 'large'"),
        (["compare", "--test", "mine"], 1, "received 'mine'"),
        (["compare", "--metric", "f1"], 1, "received 'f1'"),
        (["compare", "--name", "../up"], 1, "lower-case"),
        (["compare", "--engine", "cloud"], 1, "'local' and 'ray'"),
        (["compare", "--equivalence", "-1"], 1, "greater than 0"),
        (["compare", "--epochs", "0"], 2, "--epochs"),
        (["compare", "--epochs", "many"], 2, "--epochs"),
        (["compare", "--jobs", "some"], 2, "'auto' and whole numbers from 1"),
        (["compare", "--jobs", "-1"], 2, "'auto' and whole numbers from 1"),
        (["compare", "--epoch", "3"], 2, "No such option"),
        (["compair"], 2, "compair"),
        (["train", "--augment", "--arm", "mixup"], 2, "received both"),
        (["train", "--seed", "-1"], 2, "--seed"),
        (["download"], 2, "name at least one LSUN category"),
        (["download", "bathroom"], 1, "bathroom"),
        (["index", "nowhere"], 1, "SOURCE: received 'nowhere'"),
        (["preview", "--arm", "blurr"], 1, "blurr"),
        (["preview", "-o", "sheet.jpg"], 1, "'.jpg'"),
        (["export-policy", "nothing"], 1, "nothing"),
        (["report", "nowhere"], 1, "experiment.toml is missing"),
        (["report", "nowhere", "--format", "pdf"], 2, "html, md, csv, latex, json"),
        (["status", "nowhere"], 1, "experiment.toml is missing"),
        (["verify", "nowhere"], 1, "experiment.toml is missing"),
        (["export", "nowhere"], 1, "experiment.toml is missing"),
        (["export", "nowhere", "--to", "wandb"], 2, "tensorboard, mlflow"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_wrong_usage_is_one_line(monkeypatch, capsys, tmp_path, words, code, said) -> None:
    monkeypatch.chdir(tmp_path)
    found, out, err = run(monkeypatch, capsys, *words)
    lines = [line for line in err.splitlines() if line and not line.startswith(("Usage:", "Try "))]
    assert found == code, err
    assert out == ""
    assert said in err
    assert len(lines) == 1, err
    assert "Traceback" not in err
    left = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != ".lock"]
    assert left == []


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (Interrupted("stopped; repeat it"), 130, "augexp: stopped; repeat it\n"),
        (KeyboardInterrupt(), 130, "augexp: interrupted; the same command goes on from here\n"),
        (OSError(28, "No space left on device", "/data"), 1, "augexp: /data: No space left on device\n"),
    ],
)
def test_how_the_program_ends(monkeypatch, capsys, error, code, line) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(program, "app", fail)
    found, _, err = run(monkeypatch, capsys)
    assert (found, err) == (code, line)


def test_a_defect_keeps_its_traceback(monkeypatch, capsys) -> None:
    def fail(**_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(program, "app", fail)
    with pytest.raises(ZeroDivisionError):
        run(monkeypatch, capsys)


def test_the_list_of_commands_needs_no_models() -> None:
    code = (
        "import sys\n"
        "from augexp.cli import main\n"
        "sys.argv = ['augexp', '--help']\n"
        "try:\n"
        "    main()\n"
        "except SystemExit:\n"
        "    pass\n"
        "heavy = {'pydantic', 'numpy', 'augexp.api', 'rich.console'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    listed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    for name in COMMANDS:
        assert f"\n  {name} " in listed


def test_an_archive_needs_no_category(monkeypatch, capsys, tmp_path) -> None:
    path = tmp_path / "bedroom_val_lmdb.zip"
    path.write_bytes(b"PK")
    code, _, err = run(monkeypatch, capsys, "download", "--from-file", path, "--data-dir", tmp_path / "data")
    assert code == 1
    assert "bedroom_val_lmdb.zip: not the archive of the catalogue: it has 2 bytes" in err


def test_ctrl_c_outside_training_says_what_is_left(monkeypatch, capsys, tmp_path) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("augexp.api.index", stop)
    code, _, err = run(monkeypatch, capsys, "index", "--data-dir", tmp_path)
    assert code == 130
    assert err == "augexp: stopped; what is finished is kept: repeat the same command to go on\n"


def test_a_lack_of_memory_is_one_line(monkeypatch, capsys, tmp_path) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("augexp.api.index", fail)
    code, _, err = run(monkeypatch, capsys, "index", "--data-dir", tmp_path)
    assert (code, err.count("\n")) == (1, 1)
    assert err.startswith("augexp: memory ran out")
