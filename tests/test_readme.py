"""The README against the program: commands, options, policies, files and numbers that it names are there."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
from typer.main import get_command

from augexp.augment.named_policies import NAMED_POLICIES
from augexp.cli import app

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = get_command(app).commands


def test_every_command_exists():
    blocks = "\n".join(re.findall(r"```bash\n(.+?)```", README, re.S))
    named = set(re.findall(r"^(?:\S*/)?augexp ([a-z-]+)", blocks, re.M)) | set(re.findall(r"`augexp ([a-z-]+)", README))
    assert named == set(COMMANDS)


def test_every_option_exists():
    known = {option for command in COMMANDS.values() for parameter in command.params for option in parameter.opts}
    known |= {option for command in COMMANDS.values() for p in command.params for option in p.secondary_opts}
    named = set(re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", re.sub(r"<!--.*?-->", "", README)))
    assert named
    assert named <= known, named - known


def test_every_policy_is_listed():
    section = README.split("## Policies")[1].split("\n\n")[1]
    assert set(NAMED_POLICIES) <= set(re.findall(r"`([a-z]+)`", section))


def test_every_local_link_leads_somewhere():
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


@pytest.mark.parametrize("name", ["compare", "test"])
def test_the_two_commands_stand_behind_their_markers(name):
    block = re.search(rf"<!-- command: {name} -->\n```bash\n(.+?)\n```", README, re.S)
    assert block
    assert block[1].startswith("python3 -m venv .venv && ")


# -- what was measured: benchmarks/readme.py writes it ----------------------------------------------


@pytest.fixture
def measured(monkeypatch, tmp_path):
    """The script that writes the measured blocks, on a copy of the README."""
    spec = importlib.util.spec_from_file_location("readme", ROOT / "benchmarks" / "readme.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "README", tmp_path / "README.md")
    module.README.write_text(README, encoding="utf-8")
    return module


def test_the_measured_blocks_say_what_the_results_say(measured):
    assert measured.update(README) == README
    assert measured.main(["--check"]) == 0


@pytest.mark.parametrize("name", ["example", "image-floor", "speed", "augmentation"])
def test_another_number_is_found_and_corrected(measured, capsys, name):
    before, block, after = re.split(rf"(?<=<!-- measured: {name} -->)(.+?)(?=<!-- /measured -->)", README, flags=re.S)
    wrong = before + re.sub(r"\d(?=\D*$)", lambda digit: str(9 - int(digit[0])), block) + after
    assert wrong != README
    measured.README.write_text(wrong, encoding="utf-8")
    assert measured.main(["--check"]) == 1
    assert capsys.readouterr().err == "README.md differs from the results; run: python benchmarks/readme.py\n"
    assert measured.README.read_text("utf-8") == wrong
    assert measured.main([]) == 0
    assert measured.README.read_text("utf-8") == README


@pytest.mark.parametrize(
    "text",
    [README.replace("<!-- measured: speed -->\n", ""), README.replace("measured: speed", "measured: spede")],
    ids=["missing", "misspelt"],
)
def test_a_block_that_is_missing_or_unknown_is_an_error(measured, capsys, text):
    measured.README.write_text(text, encoding="utf-8")
    assert measured.main([]) == 1
    error = capsys.readouterr().err
    assert error.startswith("README.md: measured blocks: received example, image-floor, ")
    assert error.count("\n") == 1
    assert measured.README.read_text("utf-8") == text


def test_records_that_differ_after_kills_are_not_praised(measured, monkeypatch):
    assert measured.measured("kills")["wrong"] == []
    monkeypatch.setattr(measured, "measured", lambda name: {"kills": [[1]], "wrong": ["none/seed-0/run.json"]})
    with pytest.raises(ValueError, match="records differ: none/seed-0/run.json"):
        measured.kills()
