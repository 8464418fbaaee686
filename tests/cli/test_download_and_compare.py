"""`augexp download A B && augexp compare A B`, from a server on loopback, with the folder from the environment."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from lsun_server import Server, layout, make_catalogue
from typer.testing import CliRunner

import augexp
from augexp.cli import app
from augexp.data.download import catalogue
from augexp.errors import DownloadError

DRAWN = {"classroom": "drawn-boat", "tower": "drawn-tree"}
"""Scene categories of LSUN, and the drawings that stand in for them."""


def call(*words: str) -> str:
    result = CliRunner().invoke(app, list(words), prog_name="augexp")
    assert result.exit_code == 0, f"{result.output}{result.exception!r}"
    return result.stdout


def pack(folder: Path, name: str) -> bytes:
    """Return an archive as LSUN publishes it: one folder with an LMDB."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for part in ("data.mdb", "lock.mdb"):
            archive.write(folder / part, f"{name}/{part}")
    return buffer.getvalue()


@pytest.fixture
def mirror(smoke, tmp_path, monkeypatch) -> Iterator[str]:
    """A server with two categories; the official host is one that cannot be reached."""
    archives = {
        (category, split): pack(smoke.data_dir / "sample-1" / f"{drawn}_{split}_lmdb", f"{category}_{split}_lmdb")
        for category, drawn in DRAWN.items()
        for split in ("train", "val")
    }
    make_catalogue(tmp_path / "catalogue.json", "http://127.0.0.1:9", archives)
    monkeypatch.setenv(catalogue.CATALOGUE_VARIABLE, str(tmp_path / "catalogue.json"))
    monkeypatch.setenv("AUGEXP_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    with Server(layout(archives)) as server:
        yield server.url


def test_downloaded_categories_can_be_indexed(mirror, tmp_path) -> None:
    out = call("download", *DRAWN, "--yes", "--mirror", mirror)
    assert out.count("MB transferred") == 4
    assert (tmp_path / "data" / "lsun" / "tower_train_lmdb" / "data.mdb").is_file()
    # The drawings have 80 training images of each class, fewer than LSUN's defaults ask for.
    said = call("index", *DRAWN, "--image-size", "16", "--train-per-class", "20")
    assert "classroom" in said
    assert str(tmp_path / "data" / "stores") in said


def test_python_downloads_too(mirror, tmp_path) -> None:
    seen: set[str] = set()
    (fetched,) = augexp.download(
        "tower", split="val", data_dir=str(tmp_path / "here"), mirrors=[mirror], progress=lambda e: seen.add(e.stage)
    )
    assert (fetched.status, fetched.verified) == ("fetched", True)
    assert (fetched.folder / "data.mdb").is_file()
    assert fetched.folder.parent == tmp_path / "here" / "lsun"
    assert "unpacking" in seen
    (again,) = augexp.download(["tower"], split="val", data_dir=tmp_path / "here")
    assert (again.status, again.transferred) == ("here", 0)
    with pytest.raises(DownloadError, match="attic"):
        augexp.download("attic", data_dir=tmp_path / "here")


@pytest.mark.slow
def test_downloaded_categories_can_be_compared(mirror, tmp_path) -> None:
    call("download", *DRAWN, "--yes", "--mirror", mirror)
    small = ("--image-size", "16", "--train-per-class", "20", "--model", "tiny", "--epochs", "1", "--seeds", "3")
    said = call("compare", *DRAWN, *small, "--batch-size", "8")
    assert "On new images of these classes" in said
    assert (tmp_path / "results" / "classroom-tower" / "comparison" / "report.html").is_file()
