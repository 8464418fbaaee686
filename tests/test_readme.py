"""The README against the program: commands, options, policies, files and numbers that it names are there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.main import get_command

from augexp.augment import policy
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
    assert set(policy.names()) <= set(re.findall(r"`([a-z]+)`", section))


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


def test_the_list_says_what_was_measured():
    names = (
        "experiment",
        "engines",
        "training",
        "training-fast-core",
        "ahead",
        "precision",
        "index",
        "memory",
        "startup",
        "kills",
    )
    found = {name: json.loads((ROOT / f"benchmarks/results/{name}.json").read_text(encoding="utf-8")) for name in names}
    text = " ".join(README.split())

    def speeds(row):
        return [f"{found['training']['sizes'][side][row]['ratio']:.2f}" for side in ("32", "64")]

    def against_none(measured):
        low, high = measured["against_none_interval"]
        return f"{measured['against_none']:.2f}", f"{low:.2f} to {high:.2f}"

    spared = found["training"]["with a spare core"]
    alone_64, alone_64_interval = against_none(found["training"]["sizes"]["64"]["standard"])
    spared_64, spared_64_interval = against_none(spared["64"]["standard"])
    fast = found["training-fast-core"]["sizes"]["64"]["standard"]["against_none"]
    ahead = {side: arms["standard"]["ratio"] for side, arms in found["ahead"]["sizes"].items()}
    none, standard = speeds("none"), speeds("standard")
    least, warp = speeds("read, rescale (by hand)"), speeds("read, warp, table (by hand)")
    precision, startup = found["precision"], found["startup"]["seconds"]
    nodes = re.search(r"Two nodes take (\S+) of", (ROOT / "benchmarks/results/engines.md").read_text(encoding="utf-8"))
    assert nodes
    (jobs,) = (faster for name, _, faster, _ in found["engines"]["rows"] if name == "2 jobs")
    change = precision["accuracy"]
    ends = f"(−{-change['low']:.1f} to +{change['high']:.1f})"
    decoding = found["index"]["decoding"]
    for said in (
        f"takes {found['experiment']['ratio']:.2f} of the time of a script",
        f"do {jobs} × the work of one job on one",
        f"trains at {alone_64} of the speed of the arm without augmentation on one core (95 % interval "
        f"{alone_64_interval}), and at {spared_64} ({spared_64_interval}) where a second core",
        f"three times as fast it was {fast:.2f}",
        f"gives {ahead['64']:.2f} × the speed with `standard` and 64 pixels, {ahead['32']:.2f} × with 32",
        f"take {nodes[1]} of the time of one",
        f"trains at {none[0]} of the speed with 32 pixels and {none[1]} with 64",
        f"with `standard` at {standard[0]} and {standard[1]}; with a core to spare, at "
        f"{spared['32']['standard']['ratio']:.2f} and {spared['64']['standard']['ratio']:.2f}",
        f"reaches {least[0]} and {least[1]}; with one call for the warp and one for the table per picture, "
        f"{warp[0]} and {warp[1]}",
        f"{precision['ratios']['64']:.2f} × as fast with 64 pixels",
        f"{precision['ratios']['32']:.2f} × with 32; accuracy on cats and dogs, with 32 pixels, changed by "
        f"{change['difference']:+.1f} pp {ends}",
        f"indexed in {found['index']['limit']['ratio']:.2f} of the time",
        f"JPEG is decoded at {decoding['JPEG']['ratio']:.2f} and WebP at {decoding['WEBP']['ratio']:.2f} of",
        f"takes {found['memory']['growth']:.0f} MiB more private memory",
        f"answers in {startup['augexp --help']:.1f} s, and `augexp compare` on finished results in "
        f"{startup['augexp compare, runs finished']:.1f} s",
        f"After {len(found['kills']['kills'])} random `kill -9`",
    ):
        assert said in text, said
    assert found["kills"]["wrong"] == []
