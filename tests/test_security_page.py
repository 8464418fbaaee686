"""Every line of SECURITY.md names a test that is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LINES = [
    line
    for line in (ROOT / "SECURITY.md").read_text("utf-8").split("## What is not trusted")[1].splitlines()
    if line.startswith("| ") and not line.startswith("| what ")
]


@pytest.mark.parametrize("line", LINES)
def test_the_test_that_holds_a_line_is_there(line: str) -> None:
    files = [ROOT / name for name in re.findall(r"`(tests/[\w/.]+)`", line)]
    assert files
    text = "".join(path.read_text("utf-8") for path in files)
    for name in re.findall(r"`(test_\w+)`", line):
        assert f"def {name}(" in text
