"""Every option of every command, found by walking the program, with a wrong value: it is refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_lines import run
from typer.main import get_command

from augexp.cli import app

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = get_command(app).commands  # type: ignore[attr-defined]

WRONG = "No such thing!"
"""No number, no allowed word, no policy, no name of a folder, no file, no address."""

MADE_IF_MISSING = ("--data-dir", "--out", "--results-dir", "--output", "--target")
"""Options for places that are made if they are missing: the wrong value is a place below a file."""

NEVER_WRONG = {
    ("compare", "--address"): "only Ray can tell whether a cluster answers there",
    ("worth", "--address"): "as above",
    ("preview", "--results-dir"): "where no run has trained a network, it is shown as it starts",
    ("report", "--data-dir"): "once an answer is published, the prepared images are not needed",
    ("export", "--data-dir"): "once an answer is published, the prepared images are not needed",
}
"""Options that no value is wrong for, and why."""

OPTIONS = [
    (command, option)
    for command in COMMANDS
    for parameter in COMMANDS[command].params
    for option in (*parameter.opts, *parameter.secondary_opts)
    if option.startswith("--")
]


def test_the_walk_finds_all_commands() -> None:
    assert set(NEVER_WRONG) <= set(OPTIONS)
    assert {"compare", "train", "download", "index", "preview"} <= {command for command, _ in OPTIONS}
    assert len(OPTIONS) > 80


def write_table(folder: Path) -> Path:
    """Write a table of three runs of two arms, of which one is right about more images."""
    rows = [
        f"{arm},{seed},{image},{image % 2},{(image % 2) ^ ((image + seed) % wrong == 0)}"
        for arm, wrong in (("none", 3), ("standard", 5))
        for seed in range(3)
        for image in range(60)
    ]
    path = folder / "runs.csv"
    path.write_text("\n".join(["arm,seed,image,label,predicted", *rows]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(("command", "option"), [pair for pair in OPTIONS if pair not in NEVER_WRONG])
def test_a_wrong_value_is_refused(monkeypatch, capsys, smoke, tmp_path, image_folder, command, option) -> None:
    if (command, option) == ("export", "--target"):
        pytest.importorskip("tensorboard")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    results, data = ["--results-dir", smoke.folder.parent], ["--data-dir", smoke.data_dir]
    source = image_folder if option == "--path" else ROOT / "experiments" / "smoke.toml"
    right = {
        "compare": [source, *results, *data],
        "train": [source, *results, *data],
        "worth": [source, *results, *data, "--seeds", "3", "-q"],
        "download": ["church_outdoor", "--split", "val", "--data-dir", tmp_path / "data", "-q"],
        "index": [source, *data],
        "preview": [source, *data],
        "export-policy": ["flip"],
        "report": [smoke.folder, "-f", "md", *data],
        "status": [smoke.folder],
        "verify": [smoke.folder, *data],
        "export": [smoke.folder, *data],
        "judge": [write_table(tmp_path), "--paired", "--endpoint", "final", "--seeds", "3"],
        "plan": ["--arms", "none,augmix", "--paired", "--endpoint", "final"],
        "overview": [smoke.folder],
        "replicate": ["perez-wang", "--model", "tiny", "--data-dir", tmp_path / "data"],
    }
    wrong = tmp_path / "file" / "below" if option in MADE_IF_MISSING else WRONG
    code, out, err = run(monkeypatch, capsys, command, *right[command], f"{option}={wrong}")
    lines = [line for line in err.splitlines() if line and not line.startswith(("Usage:", "Try "))]
    assert code in (1, 2), out
    assert out == ""
    assert len(lines) == 1, err
    assert option in err or str(wrong) in err
