"""The layers of the package: imports point down, packages stay small, and the command line starts light."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import augexp
from augexp.engines.registry import ENGINES
from augexp.experiment.source_kinds import KINDS
from augexp.version import PACKAGE

LAYERS = {
    **dict.fromkeys(("errors", "version"), 0),
    **dict.fromkeys(("digests", "files", "seeds", "progress", "surroundings"), 1),
    **dict.fromkeys(("augment", "child_process"), 2),
    "experiment": 3,
    **dict.fromkeys(("data", "results"), 4),
    **dict.fromkeys(("training", "analysis"), 5),
    **dict.fromkeys(("engines", "external", "reporting"), 6),
    "commands": 7,
    "api": 8,
    "cli": 9,
}
"""A module imports from its own package and from lower layers; two packages of one layer do not know each other."""

MAX_MODULES = 16
"""Modules of its own that a package may have: an index that is read at a glance."""

REGISTERED = [*ENGINES.values(), *(kind.reader for kind in KINDS.values())]
"""Modules that a registry names; an index may leave them to it."""

MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")
PACKAGES = sorted(path.parent for path in PACKAGE.rglob("__init__.py") if path.parent != PACKAGE)


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def imported(path: Path) -> Iterator[str]:
    """Yield the dotted name of every module of augexp that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "augexp")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            if module == "augexp":
                yield from (f"augexp.{alias.name}" for alias in node.names)
            elif module.startswith("augexp."):
                yield from (_module(module, alias.name) for alias in node.names)


def _module(package: str, name: str) -> str:
    """Return the module that ``from package import name`` loads: `name` itself where it is a module."""
    place = PACKAGE.joinpath(*package.split(".")[1:], name)
    return f"{package}.{name}" if place.is_dir() or place.with_suffix(".py").is_file() else package


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_down(path: Path) -> None:
    own = path.relative_to(PACKAGE).with_suffix("").parts[0]
    if own == "__main__":
        return
    assert own in LAYERS, f"{path}: a package without a layer; give it one here and in CONTRIBUTING.md"
    for module in imported(path):
        assert module != "augexp", f"{path} imports the root package; import the module that is meant"
        other = module.split(".")[1]
        assert other == own or LAYERS[other] < LAYERS[own], f"{path} (layer {LAYERS[own]}) imports {module}"


def test_no_circle() -> None:
    graph = {_dotted(path): {m for m in imported(path) if m != _dotted(path)} for path in MODULES}
    open_, done = set[str](), set[str]()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in open_, f"imports in a circle: {' -> '.join((*trail, module))}"
        if module in done:
            return
        open_.add(module)
        for other in sorted(graph.get(module, ())):
            visit(other, (*trail, module))
        open_.remove(module)
        done.add(module)

    for module in graph:
        visit(module, ())


def _dotted(path: Path) -> str:
    return "augexp." + ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


def test_contributing_names_every_layer() -> None:
    text = (Path(__file__).resolve().parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d) \| ([^|]+) \|", text, re.MULTILINE)
    listed = {name.strip("/"): int(layer) for layer, names in rows for name in re.findall(r"`([\w/]+)`", names)}
    assert listed == LAYERS


def test_every_layer_exists() -> None:
    for name in LAYERS:
        assert (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file(), name


@pytest.mark.parametrize("package", PACKAGES, ids=name_of)
def test_a_package_is_small_and_its_index_names_its_modules(package: Path) -> None:
    own = [path.stem for path in package.glob("*.py") if path.stem != "__init__"]
    inner = [path.name for path in package.iterdir() if (path / "__init__.py").is_file()]
    assert len(own) <= MAX_MODULES
    index = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8"))) or ""
    registered = [path.partition(":")[0].rpartition(".") for path in REGISTERED]
    optional = {name for parent, _, name in registered if parent == f"augexp.{name_of(package).replace('/', '.')}"}
    listed = re.findall(r"^- `(\w+)`: \S", index, re.MULTILINE)
    missing = {*own, *inner} - {*listed} - optional
    assert not missing, f"{package}/__init__.py: one line for each module"
    assert len(listed) == len({*listed})
    assert {*listed} <= {*own, *inner}


def test_a_class_name_means_one_thing() -> None:
    names = Counter(
        node.name
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    )
    assert {name: count for name, count in names.items() if count > 1} == {}


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
    lengths = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert {name: lines for name, lines in lengths.items() if lines > 400} == {}
