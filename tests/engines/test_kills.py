"""A handful of kill -9 in the middle of a comparison; `benchmarks/kills.py` does it twenty times."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "kills.py"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("epochs", "arms"), [("60", "none,standard"), ("auto", "none,standard"), ("4", "none,neural-content")]
)
def test_killed_at_random_the_records_are_those_of_an_undisturbed_comparison(epochs, arms):
    options = ["--kills", "3", "--seed", "3", "--epochs", epochs, "--arms", arms, "--seeds", "3", "--no-write"]
    done = subprocess.run([sys.executable, str(SCRIPT), *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 kills in " in done.stdout
    assert "every record is byte for byte that of the undisturbed one" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["index", "drawing", "folds-ray"])
def test_other_commands_killed_at_random_leave_what_undisturbed_ones_leave(kind):
    if kind.endswith("ray"):
        pytest.importorskip("ray", reason="the extra augexp[ray] is not installed")
    script = SCRIPT.with_name("kills_of_commands.py")
    words = [sys.executable, str(script), "--kinds", kind, "--kills", "2", "--seed", "3", "--no-write"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"| {kind} | 2 |" in done.stdout
    assert "every file is byte for byte that of the undisturbed one" in done.stdout
