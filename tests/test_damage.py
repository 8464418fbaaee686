"""Damage anywhere in results and store is detected in one line or changes no output; a long test, and longer by hand.

``AUGEXP_DAMAGES=20000 pytest -m slow tests/test_damage.py`` tries more. Runs are executed in this process, and files
are published without drawing, so that each damage takes a fraction of a second.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from augexp import api, digests
from augexp.commands import answer, compare, verify
from augexp.engines.base import Outcome
from augexp.errors import AugexpError, RunError
from augexp.experiment import definition
from augexp.experiment.definition import Experiment
from augexp.progress import NullListener
from augexp.training import run

pytestmark = pytest.mark.slow

DAMAGES = int(os.environ.get("AUGEXP_DAMAGES", "2000"))
BATCHES = 8
"""Tests that share the damages, so that a failure is told before all of them have been tried."""


class Here:
    """An engine that executes runs in this process."""

    def __init__(self, networks: Any) -> None:
        self._networks = networks

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *details: object) -> None:
        pass

    side_by_side = 1

    def start(self, runs: int) -> None: ...

    def fit(self, *details: object) -> None: ...

    def warm(self, *details: object) -> None: ...

    def execute(self, tasks: Any, on_event: Any) -> Outcome:
        missing = [task for task in tasks if not task.is_finished]
        for task in missing:
            run.execute(task, networks=self._networks, checkpoint_seconds=1e9)
        return Outcome(executed=len(missing), finished_before=len(tasks) - len(missing))


class Idle(Here):
    """An engine that may not be asked for anything: everything is finished."""

    def execute(self, tasks: Any, on_event: Any) -> Outcome:
        if all(task.is_finished for task in tasks):
            return Outcome(finished_before=len(tasks))
        raise AssertionError("runs would be executed again without a word")


class Notes(NullListener):
    def __init__(self) -> None:
        self.texts: list[str] = []

    def note(self, message: str) -> None:
        self.texts.append(message)


def publish_texts(experiment: Any, comparison: Any, records: Any, store: Any, folder: Path) -> list[Path]:
    """Write what can be written without drawing."""
    texts = {f"comparison.{form}": api.render(comparison, form) for form in ("json", "csv", "md")}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


class Finished:
    """A finished experiment with an automatic budget, and a second one that differs in its root seed."""

    def __init__(self, place: Path, experiment: Experiment, networks: Any) -> None:
        self.place, self.experiment, self.networks = place, experiment, networks
        other = experiment.replace(root_seed=1)
        for name, one in (("finished", experiment), ("other", other)):
            api.compare(one, results_dir=place / name / "results", data_dir=place / name / "data", jobs=1)
        model = place / "finished" / "results" / "tiny" / "runs" / "standard" / "seed-0" / "model.keras"
        model.write_bytes(b"a network" * 100)
        model.with_name("model.keras.b2").write_text(f"{digests.of_file(model)}  model.keras\n")
        self.files = sorted(
            path.relative_to(place / "finished") for path in (place / "finished").rglob("*") if path.is_file()
        )

    def ask(self, folder: Path, about: Path) -> dict[str, tuple[str, Any, list[str]]]:
        """Return what each command says: kind, output without warnings, and notes and warnings."""
        results, data = folder / "results" / "tiny", folder / "data"
        parts = about.parts
        arm, seed = (parts[3], int(parts[4][5:])) if "runs" in parts and len(parts) > 4 else ("standard", 0)
        commands: dict[str, Callable[[Notes], Any]] = {
            "status": lambda notes: api.status(results).to_json(),
            "report": lambda notes: json.loads(api.render_folder(results, "json", data_dir=data, note=notes.note)),
            "verify": lambda notes: asdict(
                api.verify(results, arm=arm, seed=seed, data_dir=data, progress=notes)
            ),
            "compare": lambda notes: api.compare(
                self.experiment, results_dir=folder / "results", data_dir=data, jobs=1, progress=notes
            ).model_dump(mode="json"),
        }  # fmt: skip
        said = {}
        for name, command in commands.items():
            notes = Notes()
            try:
                output = command(notes)
                texts = [*notes.texts, *output.pop("warnings", [])]
                said[name] = ("output", output, texts)
            except (AugexpError, OSError) as error:
                said[name] = ("error", "", [str(error)])
        said["published"] = ("output", self.published(folder), [])
        return said

    @staticmethod
    def published(folder: Path) -> dict[str, str]:
        files = sorted((folder / "results" / "tiny" / "comparison").glob("comparison.*"))
        return {path.name: digests.of_file(path) for path in files}

    def judge(self, folder: Path, about: Path, undamaged: dict[str, Any], what: str) -> str:
        """Say how a damage was met: silent changes fail the test."""
        met, spoke = Counter[str](), False
        for name, (kind, output, texts) in self.ask(folder, about).items():
            assert not any("\n" in text for text in texts), f"{what}: {name} says more than a line: {texts}"
            _, expected, words = undamaged[name]
            if kind == "error" or set(texts) - set(words):
                met["told"] += 1
                spoke = True
            elif name == "verify" and not output["exact"]:
                met["told"] += 1
            elif name == "published" and spoke:
                continue  # an answer that was refused is not published again
            else:
                assert output == expected, f"{what}: {name} changed without a word"
        return "told" if met["told"] else "no effect"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, image_folder: Path, networks: Any) -> Iterator[Finished]:
    experiment = definition.parse(
        {
            "name": "tiny",
            "data": {"source": "folder", "path": str(image_folder), "image_size": 16},
            "training": {"model": "tiny", "epochs": "auto", "batch_size": 16, "probe": 20},
            "plan": {"arms": ["none", "standard"], "seeds": 3, "max_epochs": 4},
        },
        origin="test",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compare, "open_engine", lambda *details: Here(networks))
        patch.setattr(answer, "_draw", publish_texts)
        patch.setattr(verify, "LocalEngine", lambda jobs: Here(networks))
        made = Finished(tmp_path_factory.mktemp("damage"), experiment, networks)
        patch.setattr(compare, "open_engine", lambda *details: Idle(networks))
        yield made


@pytest.fixture(scope="module")
def undamaged(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], dict[str, Any]]:
    """Return what is said of the undamaged folder, by the run that a file belongs to."""
    known: dict[str, dict[str, Any]] = {}

    def ask(about: Path) -> dict[str, Any]:
        key = str(about.parent) if "runs" in about.parts else ""
        if key not in known:
            folder = tmp_path_factory.mktemp("undamaged") / "copy"
            shutil.copytree(finished.place / "finished", folder)
            known[key] = finished.ask(folder, about)
            assert {kind for kind, _, _ in known[key].values()} == {"output"}, known[key]
            assert known[key]["verify"][1]["exact"]
        return known[key]

    return ask


def damage(finished: Finished, path: Path, about: Path, rng: np.random.Generator) -> str:
    """Damage the file at `path`, which is `about` in its folder; return what was done, or nothing."""
    before = content = path.read_bytes()
    kind = str(rng.choice(["flip", "flip", "flip", "truncate", "zero", "swap", "stale"]))
    if kind == "flip" and content:
        at, bit = int(rng.integers(len(content))), int(rng.integers(8))
        content = content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :]
        kind = f"flip {at}.{bit}"
    elif kind == "truncate":
        content = content[: int(rng.integers(len(content) + 1))]
    elif kind == "zero" and content:
        start = int(rng.integers(len(content)))
        length = int(rng.integers(1, len(content) - start + 1))
        content = content[:start] + bytes(length) + content[start + length :]
    elif kind == "swap":
        others = [o for o in finished.files if o != about and o.suffix == about.suffix]
        if others:
            chosen = others[int(rng.integers(len(others)))]
            content, kind = (finished.place / "finished" / chosen).read_bytes(), f"swap {chosen}"
    else:
        stale = finished.place / "other" / about
        content = stale.read_bytes() if stale.is_file() else content
    if content == before:
        return ""
    path.write_bytes(content)
    return f"{about}: {kind}"


@pytest.mark.parametrize("batch", range(BATCHES))
def test_no_damage_changes_an_answer_without_a_word(
    finished: Finished, undamaged: Callable[[Path], dict[str, Any]], tmp_path: Path, batch: int
) -> None:
    rng, met = np.random.default_rng(batch), Counter[str]()
    while met.total() < DAMAGES // BATCHES:
        about = finished.files[int(rng.integers(len(finished.files)))]
        folder = tmp_path / "copy"
        shutil.copytree(finished.place / "finished", folder)
        if what := damage(finished, folder / about, about, rng):
            met[finished.judge(folder, about, undamaged(about), what)] += 1
        shutil.rmtree(folder)
    sys.stdout.write(f"batch {batch}: {dict(met)}\n")
    assert met["told"] > met["no effect"]


# -- edits that leave a file well-formed ---------------------------------------------------------


def edits_of_json(values: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield places in JSON values, and what to put there; `...` removes the key."""
    items = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    for key, value in items:
        here = (*path, key)
        if isinstance(value, bool):
            yield here, not value
        elif isinstance(value, (int, float)):
            yield here, value + 1
            yield here, str(value)
            yield here, -1
        elif isinstance(value, str):
            yield here, value + "x"
            yield here, 7
        if isinstance(values, dict):
            yield here, ...
            yield here, [[]]
        yield from edits_of_json(value, here)


def edited(values: Any, path: tuple[Any, ...], new: Any) -> Any:
    values = json.loads(json.dumps(values))
    place = values
    for key in path[:-1]:
        place = place[key]
    if new is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = new
    return values


def edits(path: Path) -> Iterator[tuple[str, str]]:
    """Yield what an edit does, and the text of the file after it."""
    text = path.read_text(encoding="utf-8")
    if path.suffix in (".json", "") and text.startswith("{"):
        values = json.loads(text)
        for where, new in edits_of_json(values):
            yield f"{where} = {new!r}", json.dumps(edited(values, where, new), indent=1)
    elif path.suffix == ".toml":
        for number, line in enumerate(lines := text.splitlines()):
            key, equals, value = line.partition(" = ")
            others = {"true": "false", "false": "true"}
            news = [others[value]] if value in others else ['"x"', "7", "0.25", "[]"] if equals else []
            for new in [f"{key} = {new}" for new in news] + [""]:
                yield f"{line} -> {new}", "\n".join([*lines[:number], new, *lines[number + 1 :]]) + "\n"
    elif path.suffix == ".csv":
        rows = [line.split(",") for line in text.splitlines()]
        for row in range(len(rows)):
            yield f"without row {row}", "\n".join(",".join(r) for r in rows[:row] + rows[row + 1 :]) + "\n"
            for column in range(len(rows[row])):
                for new in ("0", "nan", "-1", "x"):
                    cells = [list(r) for r in rows]
                    cells[row][column] = new
                    yield f"cell {row}, {column} = {new}", "\n".join(",".join(r) for r in cells) + "\n"


@pytest.mark.parametrize("name", ["run.json", "timing.json", "plan.json", "horizon.json", "store.json", "epochs.csv",
                                  "experiment.toml", ".made"])  # fmt: skip
def test_no_edit_changes_an_answer_without_a_word(
    finished: Finished, undamaged: Callable[[Path], dict[str, Any]], tmp_path: Path, name: str
) -> None:
    about = next(file for file in finished.files if file.name == name)
    original = finished.place / "finished" / about
    rng, met = np.random.default_rng(5), Counter[str]()
    every = [(what, text) for what, text in edits(original) if text != original.read_text(encoding="utf-8")]
    wanted = min(len(every), max(40, DAMAGES // 40))
    for number in sorted(rng.choice(len(every), wanted, replace=False).tolist()):
        what, text = every[number]
        folder = tmp_path / "copy"
        shutil.copytree(finished.place / "finished", folder)
        (folder / about).write_text(text, encoding="utf-8")
        met[finished.judge(folder, about, undamaged(about), f"{about}: {what}")] += 1
        shutil.rmtree(folder)
    sys.stdout.write(f"{name}: {dict(met)}\n")


def test_a_run_that_fails_is_no_damage() -> None:
    """The engine of these tests would tell: an `AssertionError` is no `AugexpError`."""
    assert not issubclass(AssertionError, (AugexpError, OSError))
    assert issubclass(RunError, AugexpError)
