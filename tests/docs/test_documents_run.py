"""The blocks of README and docs that are marked with ``<!-- run -->``, executed page by page; and the notebook."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import documents
import numpy as np
import pytest
from documents import PAGES, ROOT, name_of
from PIL import Image

pytestmark = pytest.mark.slow
RUNNABLE = [page for page in PAGES if "<!-- run -->" in page.read_text("utf-8")]


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    """Two classes of drawn images: bright spots on noise, more of them in one class."""
    folder, draw = tmp_path_factory.mktemp("photos") / "my-photos", np.random.default_rng(0)
    for spots, name in enumerate(("cat", "dog"), start=1):
        (folder / name).mkdir(parents=True)
        for number in range(40):
            pixels = draw.integers(0, 120, (48, 48, 3), dtype=np.uint8)
            for row, column in draw.integers(0, 36, (4 * spots, 2)):
                pixels[row : row + 12, column : column + 12] = draw.integers(150, 255, 3)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture
def surroundings(tmp_path) -> dict[str, str]:
    """An environment in which `augexp` and `python` are those of the tests."""
    if shutil.which("bash") is None:
        pytest.skip("no bash")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, words in (("augexp", "-m augexp"), ("python", "")):
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n', encoding="utf-8")
        (programs / name).chmod(0o755)
    path = os.pathsep.join((str(programs), os.environ["PATH"]))
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}


@pytest.mark.parametrize("page", RUNNABLE, ids=name_of)
def test_the_marked_blocks_of_a_page_run(page, photos, surroundings, tmp_path):
    here = tmp_path / "here"
    here.mkdir()
    shutil.copytree(photos, here / "my-photos")
    executed = 0
    for block in documents.blocks(page.read_text("utf-8")):
        if block.mark.startswith("file: "):
            (here / block.mark.removeprefix("file: ")).write_text(block.text, encoding="utf-8")
        if block.mark != "run":
            continue
        program = ["bash", "-euo", "pipefail", "-c"] if block.language == "bash" else [sys.executable, "-c"]
        done = subprocess.run(
            [*program, block.text], cwd=here, env=surroundings, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, f"{block.text}\n{done.stderr}"
        executed += 1
    assert executed


def test_the_notebook_runs_from_top_to_bottom(surroundings, tmp_path):
    notebook = json.loads((ROOT / "docs" / "notebooks" / "answer.ipynb").read_text("utf-8"))
    code = "\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=surroundings, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    assert "changed accuracy by" in done.stdout
    assert (tmp_path / "standard.png").is_file()
