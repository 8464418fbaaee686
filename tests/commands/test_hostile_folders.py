"""A results folder from somebody else: whatever it holds, nothing outside it is read or written, and one line says why.

Every folder is a copy of a real one with one thing changed. `report`, `status`, `verify` and `compare` open it while a
hook of the interpreter watches each file that is opened, renamed, made or removed.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import shutil
import socket
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import seal, write_images

from augexp import digests
from augexp.cli import main
from augexp.commands import verify
from augexp.engines.local import LocalEngine
from augexp.errors import ResultsError, RunError
from augexp.results.folder import Workspace, reopen_workspace

ROOT = Path(__file__).resolve().parents[2]
SMOKE = str(ROOT / "experiments" / "smoke.toml")
RUN = "runs/none/seed-0"
SECRET = "the key of the house"

WRITES = ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod")


class Watch:
    """Notes what is opened or changed below a place, apart from the folders that may be, and what is written at all."""

    def __init__(self) -> None:
        self.place = ""
        self.allowed: tuple[str, ...] = ()
        self.violations: list[str] = []
        sys.addaudithook(self._hook)

    def begin(self, place: Path, *allowed: Path) -> None:
        self.allowed = tuple(os.path.realpath(path) for path in allowed)
        self.place, self.violations = os.path.realpath(place), []

    def end(self) -> list[str]:
        self.place = ""
        return self.violations

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.place or event not in ("open", "os.listdir", "os.scandir", *WRITES):
            return
        paths = arguments[: 1 if event == "open" else 2]
        names = [one for one in paths if isinstance(one, (str, bytes, os.PathLike))]
        writes = event in WRITES
        if event == "open" and isinstance(arguments[2], int):
            writes = bool(arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC))
        for name in names:
            # A name that is renamed or removed is not followed; everything else is.
            path = os.fsdecode(name)
            real = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
            if event not in ("os.rename", "os.remove"):
                real = os.path.realpath(path)
            if any(real == root or real.startswith(root + os.sep) for root in self.allowed):
                continue
            if real.startswith(self.place + os.sep) or (writes and not _is_scratch(real)):
                self.violations.append(f"{event} {real}")


def _is_scratch(path: str) -> bool:
    """Tell whether a file is the interpreter's or a library's own: its cache, or a temporary place of its own."""
    temporary = os.path.realpath(tempfile.gettempdir())
    return (
        "__pycache__" in path
        or "matplotlib" in path
        or path.startswith(("/dev/", "/proc/"))
        or os.path.relpath(path, temporary).startswith(("augexp-", "tmp"))
    )


WATCH = Watch()


class Place:
    """A results folder that is about to be made hostile, with things beside it that belong to the reader."""

    def __init__(self, root: Path, smoke: Any) -> None:
        self.root = root
        self.folder, self.data, self.mine = root / "results" / "smoke", root / "data", root / "mine"
        shutil.copytree(smoke.folder, self.folder)
        shutil.copytree(smoke.data_dir, self.data)
        self.mine.mkdir()
        (self.mine / "file").write_text(SECRET)
        write_images(self.mine / "photos" / "a", range(3))
        for name in ("net.keras", "my.weights.h5", "metadata.csv", "arrays.npz"):
            (self.mine / name).write_text(SECRET)
        shutil.copytree(self.folder / "runs", self.mine / "runs")
        shutil.copytree(self.folder / "comparison", self.mine / "comparison")

    def path(self, name: str) -> Path:
        """Return the place of a file, with nothing there."""
        path = self.folder / name
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        return path

    def snapshot(self) -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in sorted(self.mine.rglob("*")) if path.is_file()}

    def edit_json(self, name: str, **changes: Any) -> None:
        path = self.folder / name
        path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **changes}), "utf-8")

    def edit_text(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")


def link(name: str, target: str = "mine/file") -> Callable[[Place], None]:
    return lambda place: place.path(name).symlink_to(place.root / target)


def pipe(name: str) -> Callable[[Place], None]:
    return lambda place: os.mkfifo(place.path(name))


def text(name: str, content: str | bytes) -> Callable[[Place], object]:
    data = content.encode() if isinstance(content, str) else content
    return lambda place: place.path(name).write_bytes(data)


def edited(name: str, **changes: Any) -> Callable[[Place], None]:
    return lambda place: place.edit_json(name, **changes)


def replaced(name: str, old: str, new: str) -> Callable[[Place], None]:
    return lambda place: place.edit_text(name, old, new)


def chain(place: Place) -> None:
    (place.folder / "first").symlink_to("second")
    (place.folder / "second").symlink_to(place.mine / "file")


def a_socket(place: Place) -> None:
    here = Path.cwd()
    os.chdir(place.path("plan.json").parent)  # names of sockets are short
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("plan.json")
    os.chdir(here)


def many_parts(place: Place) -> None:
    for name in ("runs.csv", "report.html", "comparison.json", ".made"):
        stem, suffix = Path(name).stem, Path(name).suffix
        for middle in ("", f".{os.getpid()}"):
            (place.folder / "comparison" / f".{stem}{middle}.part{suffix}").symlink_to(place.mine / "file")


def forged(**sections: dict[str, Any]) -> Callable[[Place], None]:
    """Return what has the folder rest on another definition, whose digests are all as they should be.

    A value that begins with ``@`` is a path of the reader's. Where `data` is another one, so is the recorded store.
    """

    def forge(place: Place) -> None:
        changes = {
            name: {key: str(place.root / value[1:]) if str(value)[:1] == "@" else value for key, value in keys.items()}
            for name, keys in sections.items()
        }
        workspace = reopen_workspace(place.folder)
        experiment = workspace.experiment.replace(**changes)
        for name in ("plan.json", "experiment.toml"):
            place.path(name)
        Workspace(experiment, place.folder).commit_plan(0)
        store = {"store": "0" * 16} if "data" in sections else {}
        for arm in experiment.plan.arms:
            for seed in range(3):
                folder = workspace.run_folder(arm, seed)
                seal(folder, arm_hash=experiment.arm_hash(arm), experiment_hash=experiment.hash, **store)

    return forge


NETWORK = {"model": "@mine/net.keras", "model_digest": digests.of_bytes(SECRET.encode())}
WEIGHTS = {"model": "MobileNetV3Small", "weights": "@mine/my.weights.h5", "weights_digest": "0" * 32}


class Bomb:
    """Unpickled, it writes a file beside the folder."""

    def __reduce__(self) -> Any:
        return os.mkdir, ("exploded",)


def pickled_array() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array([Bomb()], dtype=object), allow_pickle=True)
    return buffer.getvalue()


def npz(member: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name in ("labels", "predicted", "correct", "probabilities", "ids", "clusters", "classes", "meta"):
            file.writestr(f"{name}.npy", member)
    return buffer.getvalue()


def endless_array() -> bytes:
    header = b"{'descr': '<i8', 'fortran_order': False, 'shape': (9000000000000,)}"
    header += b" " * (117 - len(header)) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header


DEEP = "[" * 100_000
MANY = "9" * 5000

HOSTILE: dict[str, Callable[[Place], object]] = {
    **{
        f"link {name}": link(name)
        for name in (
            "experiment.toml", "plan.json", "horizon.json", ".lock", "comparison/.made", "comparison/report.html",
            "comparison/comparison.json", "comparison/.runs.csv.part", f"{RUN}/run.json", f"{RUN}/epochs.csv",
            f"{RUN}/predictions.npz", f"{RUN}/timing.json", f"{RUN}/checkpoint.npz", f"{RUN}/.unique-1",
            f"{RUN}/pulse.json", f"{RUN}/.lock", f"{RUN}/model.keras",
        )
    },
    "link comparison": link("comparison", "mine/comparison"),
    "link runs": link("runs", "mine/runs"),
    "link runs/none": link("runs/none", "mine/runs/none"),
    "link seed": link(RUN, "mine/runs/none/seed-0"),
    "link to nothing": link("comparison/new.svg", "mine/not-there"),
    "link to the file system": link("all", "../../../../../../../.."),
    "link by a link": chain,
    "links for temporary files": many_parts,
    "pipe run.json": pipe(f"{RUN}/run.json"),
    "pipe comparison.json": pipe("comparison/comparison.json"),
    "pipe .lock": pipe(".lock"),
    "pipe experiment.toml": pipe("experiment.toml"),
    "socket": a_socket,
    "store *": edited(f"{RUN}/run.json", store="*"),
    "store ?": edited(f"{RUN}/run.json", store="?" * 16),
    "store []": edited(f"{RUN}/run.json", store="[0-9a-f]*"),
    "store ..": edited(f"{RUN}/run.json", store="../../mine"),
    "marks outside": edited("comparison/.made", files=["../../mine/file", "/etc/passwd"], comparison="x"),
    "arm outside": edited(f"{RUN}/run.json", arm="../../../mine"),
    "name outside": replaced("experiment.toml", 'name = "smoke"', 'name = "../../mine"'),
    "arms outside": replaced("experiment.toml", '"none"', '"../../mine"'),
    "python file": replaced("experiment.toml", 'model = "tiny"', 'model = "../../mine/file.py:build"'),
    "images outside": forged(data={"source": "folder", "path": "@mine/photos"}),
    "table of images outside": forged(data={"source": "manifest", "path": "@mine/metadata.csv"}),
    "arrays outside": forged(data={"source": "arrays", "path": "@mine/arrays.npz"}),
    "images of LSUN outside": forged(data={"source": "lsun", "categories": ["cat", "dog"], "path": "@mine"}),
    "network outside": forged(training=NETWORK),
    "weights outside": forged(data={"image_size": 32}, training=WEIGHTS),
    "network outside, without a digest": forged(training={"model": NETWORK["model"]}),
    "deep run.json": text(f"{RUN}/run.json", DEEP),
    "deep plan.json": text("plan.json", DEEP),
    "deep timing.json": text(f"{RUN}/timing.json", DEEP),
    "deep comparison.json": text("comparison/comparison.json", DEEP),
    "deep .made": text("comparison/.made", DEEP),
    "deep experiment.toml": text("experiment.toml", f"a = {DEEP}"),
    "huge seed": edited(f"{RUN}/run.json", seed=10**400),
    "endless seed": text(f"{RUN}/run.json", f'{{"schema": 1, "seed": {MANY}}}'),
    "endless epoch": replaced(f"{RUN}/epochs.csv", "\n1,", f"\n{MANY},"),
    "endless seeds": replaced("experiment.toml", "seeds = 3", f"seeds = {MANY}"),
    "many seeds": replaced("experiment.toml", "seeds = 3", "seeds = 9000000000"),
    "pickle in predictions.npz": text(f"{RUN}/predictions.npz", npz(pickled_array())),
    "pickle as predictions.npz": text(f"{RUN}/predictions.npz", pickle.dumps(Bomb())),
    "endless array": text(f"{RUN}/predictions.npz", npz(endless_array())),
}  # fmt: skip

REFUSED = tuple(name for name in HOSTILE if name.startswith(("link", "pipe", "socket")))
"""Whatever opens such a folder is refused, before it reads anything."""


@pytest.fixture(autouse=True)
def nothing_is_executed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have `verify` and `compare` stop where they would train; that takes seconds and needs no hostile folder."""

    def refuse(kind: type[Exception]) -> Callable[..., Any]:
        def stop(*_: Any, **__: Any) -> Any:
            raise kind("here runs would be executed")

        return stop

    monkeypatch.setattr(verify, "rerun", refuse(ResultsError))
    monkeypatch.setattr(LocalEngine, "start", refuse(RunError))


def call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: object
) -> tuple[int, str, list[str]]:
    """Call augexp as a shell does; return its exit code, stderr, and what it did beside the folder."""
    monkeypatch.setattr(sys, "argv", ["augexp", *map(str, words)])
    code = 0
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1 if end.code else 0
    finally:
        violations = WATCH.end()
    return code, capsys.readouterr().err, violations


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="links and pipes are made here that this system does not have")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_folder_harms_nobody(name: str, smoke, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    for command in ("status", "report", "verify", "compare"):
        place = Place(tmp_path / command, smoke)
        HOSTILE[name](place)
        before = place.snapshot()
        where = ["--data-dir", place.data]
        words = {
            "status": [place.folder],
            "report": [place.folder, *where],
            "verify": [place.folder, *where, "--arm", "none", "--seed", "0", "-q"],
            "compare": [SMOKE, "--results-dir", place.folder.parent, *where, "-q"],
        }[command]
        WATCH.begin(tmp_path, place.folder, place.data, place.folder.with_name("smoke-screening"))
        code, err, violations = call(monkeypatch, capsys, command, *words)
        assert violations == [], f"{command}: {violations}"
        assert place.snapshot() == before
        assert not list(tmp_path.rglob("exploded"))
        assert "Traceback" not in err
        if name in REFUSED or code:
            lines = [line for line in err.splitlines() if not line.startswith("warning: ")]
            assert len(lines) == 1, f"{command}: {err}"
            assert lines[0].startswith("augexp: ")
            assert SECRET not in err
            assert code == 1
        page = place.folder / "comparison" / "report.html"
        if name.startswith("store") and not code and page.is_file():
            assert b"data:image/webp" not in page.read_bytes()


OUTSIDE = {
    name: f"--{key}"
    for key, names in (
        ("path", ("images outside", "table of images outside", "arrays outside")),
        ("model", ("network outside", "network outside, without a digest")),
        ("weights", ("weights outside",)),
    )
    for name in names
}


@pytest.mark.slow
@pytest.mark.parametrize("name", OUTSIDE)
def test_what_a_folder_records_outside_is_read_only_where_it_is_named(
    name: str, smoke, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    place = Place(tmp_path, smoke)
    HOSTILE[name](place)
    words = ["verify", place.folder, "--data-dir", place.data, "--arm", "none", "--seed", "0", "-q"]
    WATCH.begin(tmp_path, place.folder, place.data)
    code, err, violations = call(monkeypatch, capsys, *words)
    assert (code, violations) == (1, [])
    option, path = OUTSIDE[name], err.rpartition(" ")[2].strip()
    assert f"is read only where you name it: repeat the command with {option} {tmp_path / 'mine'}" in err
    WATCH.begin(tmp_path, place.folder, place.data)
    code, err, violations = call(monkeypatch, capsys, *words, option, path)
    assert code == 1
    assert any(path in one for one in violations), "the same folder does not read it where it is named"


def test_there_are_enough_of_them() -> None:
    assert len(HOSTILE) >= 30
