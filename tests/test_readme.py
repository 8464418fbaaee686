"""The README's two commands and its length, and the measured parts of README and docs."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAX_LINES = 120


def test_it_is_short():
    assert len(README.splitlines()) <= MAX_LINES


@pytest.mark.parametrize("name", ["compare", "test"])
def test_the_two_commands_stand_behind_their_markers(name):
    block = re.search(rf"<!-- command: {name} -->\n```bash\n(.+?)\n```", README, re.S)
    assert block
    assert block[1].startswith("python3 -m venv .venv && ")


# -- what was measured: benchmarks/readme.py writes it ----------------------------------------------


@pytest.fixture
def measured(monkeypatch, tmp_path):
    """The script that writes the measured blocks, on copies of the pages."""
    spec = importlib.util.spec_from_file_location("readme", ROOT / "benchmarks" / "readme.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    copies = []
    for page in module.PAGES:
        copies.append(tmp_path / page.name)
        copies[-1].write_text(page.read_text("utf-8"), encoding="utf-8")
    monkeypatch.setattr(module, "PAGES", tuple(copies))
    return module


def page_of(module, name):
    """Return the page with a measured block."""
    (page,) = [page for page in module.PAGES if f"<!-- measured: {name} -->" in page.read_text("utf-8")]
    return page


def test_the_measured_blocks_say_what_the_results_say(measured):
    texts = {page: page.read_text("utf-8") for page in measured.PAGES}
    assert measured.update(texts) == texts
    assert measured.main(["--check"]) == 0


@pytest.mark.parametrize("name", ["example", "image-floor", "gallery", "speed", "augmentation"])
def test_another_number_is_found_and_corrected(measured, capsys, name):
    page = page_of(measured, name)
    right = page.read_text("utf-8")
    before, block, after = re.split(rf"(?<=<!-- measured: {name} -->)(.+?)(?=<!-- /measured -->)", right, flags=re.S)
    wrong = before + re.sub(r"\d(?=\D*$)", lambda digit: str(9 - int(digit[0])), block) + after
    assert wrong != right
    page.write_text(wrong, encoding="utf-8")
    assert measured.main(["--check"]) == 1
    assert capsys.readouterr().err == f"{page.name} differs from the results; run: python benchmarks/readme.py\n"
    assert page.read_text("utf-8") == wrong
    assert measured.main([]) == 0
    assert page.read_text("utf-8") == right


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<!-- measured: speed -->\n", ""),
        ("measured: speed", "measured: spede"),
        ("<!-- measured: speed", "<!-- measured: gallery"),
    ],
    ids=["missing", "misspelt", "twice"],
)
def test_a_block_that_is_missing_or_unknown_is_an_error(measured, capsys, old, new):
    page = page_of(measured, "speed")
    text = page.read_text("utf-8").replace(old, new)
    page.write_text(text, encoding="utf-8")
    assert measured.main([]) == 1
    error = capsys.readouterr().err
    assert error.startswith("README.md and docs: measured blocks: received example, ")
    assert error.count("\n") == 1
    assert page.read_text("utf-8") == text


def test_records_that_differ_after_kills_are_not_praised(measured, monkeypatch):
    assert measured.measured("kills")["wrong"] == []
    monkeypatch.setattr(measured, "measured", lambda name: {"kills": [[1]], "wrong": ["none/seed-0/run.json"]})
    with pytest.raises(ValueError, match="records differ: none/seed-0/run.json"):
        measured.kills()
