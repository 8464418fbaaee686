"""The ladder of the house: imports point down, and the command line starts light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import augexp

PACKAGE = Path(augexp.__file__).parent
FLOORS = {
    "errors": 0,
    "version": 0,
    "files": 0,
    "seeds": 0,
    "plan": 0,
    "augment": 1,
    "experiment": 2,
    "screening": 3,
    "studies": 3,
    "data": 3,
    "training": 4,
    "analysis": 5,
    "workspace": 6,
    "progress": 6,
    "reproduction": 6,
    "previews": 6,
    "trackers": 6,
    "answers": 7,
    "execution": 8,
    "inspection": 8,
    "api": 9,
    "cli": 10,
}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def imported_rooms(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            found |= {f"augexp.{alias.name}" for alias in node.names} if module == "augexp" else {module}
    return {room(name) for name in found if name.split(".")[0] == "augexp"} - {"", "__version__"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_point_down(path: Path) -> None:
    own = path.relative_to(PACKAGE).with_suffix("").parts[0]
    if own == "__main__":
        return
    assert own in FLOORS, f"{path}: a room without a floor; give it one here and in CONTRIBUTING.md"
    for other in imported_rooms(path):
        assert other == own or FLOORS[other] < FLOORS[own] or other == "errors", (
            f"{path} (floor {FLOORS[own]}) imports {other}"
        )


def test_a_room_in_the_ladder_exists() -> None:
    for name in FLOORS:
        assert (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file(), name


@pytest.mark.parametrize("module", ["augexp", "augexp.cli", "augexp.api"])
def test_starts_light(module: str) -> None:
    code = (
        f"import sys, {module}\n"
        "heavy = {'tensorflow', 'keras', 'matplotlib', 'cv2', 'scipy', 'ray', 'mlflow'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_public_name_loads() -> None:
    for name in augexp.__all__:
        assert getattr(augexp, name) is not None
    assert {*augexp.__all__} <= {*dir(augexp)}
    with pytest.raises(AttributeError, match="no attribute 'compar'"):
        _ = augexp.compar  # type: ignore[attr-defined]


def test_no_module_outgrows_a_reader() -> None:
    lengths = {path.relative_to(PACKAGE).as_posix(): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert {name: lines for name, lines in lengths.items() if lines > 400} == {}
