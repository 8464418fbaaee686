"""Every benchmark can be imported without measuring anything, and says what it measures and how it is run."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
SHARED = "tables"  # no benchmark: what they have in common
CONTENDERS = ("by_hand", "by_hand_torch")  # in Keras and PyTorch: experiment.py runs and times them, imports included
SCRIPTS = {path.stem: path for path in sorted(FOLDER.glob("*.py")) if path.stem != SHARED}


def test_importing_loads_neither_a_network_library_nor_an_optional_one():
    program = """
import importlib, sys
for name in sys.argv[1:]:
    assert callable(importlib.import_module(name).main), name
    heavy = {"tensorflow", "keras", "torch", "torchvision", "albumentations", "ray"} & set(sys.modules)
    assert not heavy, (name, heavy)
print("imported", len(sys.argv) - 1)
"""
    names = [name for name in SCRIPTS if name not in CONTENDERS]
    done = subprocess.run([sys.executable, "-c", program, *names], cwd=FOLDER, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == (f"imported {len(names)}\n", "")


@pytest.mark.parametrize("name", SCRIPTS)
def test_it_says_what_it_measures_and_how_it_is_run(name):
    tree = ast.parse(SCRIPTS[name].read_text("utf-8"))
    title, *paragraphs = (ast.get_docstring(tree) or "").split("\n\n")
    assert len(title) > 40
    assert any(paragraph.strip().startswith(f"python benchmarks/{name}.py") for paragraph in paragraphs)
    assert "main" in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_the_list_of_benchmarks_names_them_all():
    text = (FOLDER / "README.md").read_text("utf-8")
    assert [name for name in SCRIPTS if f"{name}.py" not in text] == []
