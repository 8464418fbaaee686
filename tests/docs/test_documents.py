"""README and docs against the program: commands, options, names, files, links and numbers that they name are there."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import documents
import pytest
from documents import PAGES, ROOT, Block, name_of

from augexp.augment.named_policies import NAMED_POLICIES
from augexp.cli.program import COMMANDS

SITE = (ROOT / "mkdocs.yml").read_text("utf-8")
pages = pytest.mark.parametrize("page", PAGES, ids=name_of)


def script(name: str):
    """Return a script of the repository as a module."""
    spec = importlib.util.spec_from_file_location(Path(name).stem, ROOT / name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# -- every page -----------------------------------------------------------------------------------


@pages
def test_every_block_means_something(page, tmp_path):
    found = documents.blocks(page.read_text("utf-8"))
    assert [wrong for block in found for wrong in documents.wrong_in_block(block, tmp_path)] == []


@pages
def test_every_command_option_and_name_in_the_text_exists(page):
    assert documents.wrong_in_words(page.read_text("utf-8")) == []


@pages
def test_every_link_leads_somewhere(page):
    assert documents.dead_links(page, page.read_text("utf-8")) == []


@pages
def test_a_fence_is_closed_and_names_its_language(page):
    text = page.read_text("utf-8")
    assert len(re.findall(r"^```", text, re.M)) == 2 * len(documents.blocks(text))


@pages
def test_the_site_leads_to_every_page(page):
    assert page.name == "README.md" or re.search(rf"^ .*: {name_of(page).removeprefix('docs/')}$", SITE, re.M)


def test_the_site_asks_nobody_for_anything():
    assert re.search(r"^  font: false", SITE, re.M)
    assert "http" not in SITE


def test_every_command_has_an_example():
    named = set()
    for page in PAGES:
        if page.parent.name != "reference":
            for block in documents.blocks(page.read_text("utf-8")):
                if block.language == "bash":
                    named |= {
                        words[1] for words in documents.commands(block.text) if words[0] == "augexp" and words[1:]
                    }
    assert set(COMMANDS) <= named


def test_every_policy_is_listed():
    text = (ROOT / "docs" / "policies.md").read_text("utf-8").split("<!-- policies -->")[1].split("\n\n")[0]
    assert set(re.findall(r"`([a-z-]+)`", text)) == set(NAMED_POLICIES)


# -- what is generated ----------------------------------------------------------------------------


def test_the_generated_pages_say_what_the_program_says():
    generate = script("docs/generate.py")
    for path, text in generate.outdated().items():
        assert path.read_text("utf-8") == text


def test_an_option_that_is_renamed_is_found_in_the_generated_pages(monkeypatch, capsys):
    generate = script("docs/generate.py")
    changed = generate.commands().replace("--equivalence", "--region")
    monkeypatch.setitem(generate.PAGES, "reference/commands.md", lambda: changed)
    assert generate.main(["--check"]) == 1
    assert capsys.readouterr().err == (
        "docs/reference/commands.md differs from the program; run: python docs/generate.py\n"
    )


def test_every_operation_has_its_picture(monkeypatch, capsys):
    pictures = script("docs/pictures.py")
    assert pictures.main(["--check"]) == 0
    monkeypatch.setattr(
        pictures, "wanted", lambda: ["twirl", *(path.stem for path in pictures.OPERATIONS.glob("*.webp"))]
    )
    assert pictures.main(["--check"]) == 1
    assert capsys.readouterr().err == "docs/images: twirl; run: python docs/pictures.py\n"


def test_the_notebook_is_python_without_results():
    notebook = json.loads((ROOT / "docs" / "notebooks" / "answer.ipynb").read_text("utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells)
    compile("\n".join("".join(cell["source"]) for cell in cells), "answer.ipynb", "exec")


# -- that these tests can fail --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        (Block("bash", "augexp compare my-photos/ --sedes 8\n"), "No such option: --sedes"),
        (Block("bash", "augexp compare --seeds eight\n"), "valid integer"),
        (Block("bash", "augexp compair my-photos/\n"), "unknown command"),
        (Block("bash", "augexp compare --arms standrad\n"), "unknown policy standrad"),
        (Block("bash", "pip install x && augexp --verison\n"), "unknown option"),
        (Block("bash", "augexp judge\n"), "Missing argument"),
        (Block("bash", "curl example.org\n"), "not a program"),
        (Block("python", "for x in:\n"), "invalid syntax"),
        (Block("python", "from augexp import compair\n"), "compair: not a name of augexp"),
        (Block("python", "import augexp\n\naugexp.compair('photos')\n"), "compair: not a name of augexp"),
        (Block("toml", 'name = "a"\n[plan]\narm = ["none"]\n'), "arm"),
        (Block("toml", "name = \n"), "Invalid value"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_broken_block_is_found(block, complaint, tmp_path):
    (wrong,) = documents.wrong_in_block(block, tmp_path)
    assert complaint in wrong


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("see `augexp jduge`", "`augexp jduge`: unknown command"),
        ("see `augexp train --seeds 3`", "`augexp train --seeds 3`: unknown option --seeds"),
        ("see `--sedes`", "`--sedes`: unknown option --sedes"),
        ("see `augexp.compair`", "`augexp.compair`: not a name of augexp"),
    ],
)
def test_a_wrong_word_is_found(text, complaint):
    assert documents.wrong_in_words(text) == [complaint]


def test_a_dead_link_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# One title\n", encoding="utf-8")
    text = "[a](page.md#one-title) [b](pgae.md) [c](page.md#two) ![d](d.png) [e](https://example.org)"
    assert documents.dead_links(page, text) == [
        "pgae.md: not there", "page.md#two: no such heading", "d.png: not there",
    ]  # fmt: skip


# -- the site -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path):
    pytest.importorskip("material", reason="the extra docs is not installed")
    pytest.importorskip("mkdocstrings", reason="the extra docs is not installed")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    source, style = r"""<(?:script|img|iframe)[^>]*\bsrc=["']?(?:https?:)?//""", r"<link[^>]*\bstylesheet[^>]*//"
    loaded = rf"{source}|{style}|@import[^;]*//"
    for page in (tmp_path / "site").rglob("*.html"):
        assert not re.search(loaded, page.read_text("utf-8")), page
