"""The README against the program: commands, options, policies, files and numbers that it names are there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.main import get_command

from augexp.augment import policies
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
    assert set(policies.names()) <= set(re.findall(r"`([a-z]+)`", section))


def test_every_local_link_leads_somewhere():
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


@pytest.mark.parametrize("name", ["compare", "test"])
def test_the_two_commands_stand_behind_their_markers(name):
    block = re.search(rf"<!-- command: {name} -->\n```bash\n(.+?)\n```", README, re.S)
    assert block
    assert block[1].startswith("python3 -m venv .venv && ")


def test_the_published_sentence_is_the_one_of_the_tool():
    answer = json.loads((ROOT / "results/cats-dogs/comparison/comparison.json").read_text(encoding="utf-8"))
    assert f"> {answer['contrasts'][0]['sentence']}\n" in README


def test_the_table_of_augmentation_is_the_one_that_was_measured():
    found = json.loads((ROOT / "benchmarks/results/augmentation.json").read_text(encoding="utf-8"))
    rows = re.findall(r"^\| ([^|]+) \| (.+) \|$", README.split("| images/s on one core |")[1].split("\n\n")[0], re.M)
    named = dict(rows)
    named.pop("---", None)
    assert set(named) == set(found["sizes"][0]["contenders"])
    for name, cells in named.items():
        for cell, size in zip(cells.split(" | "), found["sizes"], strict=True):
            speed = f"{size['contenders'][name]['images_per_second']:,.0f}"
            ratio = size["ratios"].get(name)
            assert cell == (f"{speed} (1 / {ratio:.1f})" if ratio else speed), (name, size["side"])
