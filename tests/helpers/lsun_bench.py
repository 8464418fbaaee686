"""A server, its catalogue and a data folder, and what a finished download looks like."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path
from typing import Any

import pytest
from lsun_server import Fault, Server, make_catalogue, make_zip

from augexp.data.download.categories import Result, Settings, download
from augexp.data.download.progress import DownloadProgress
from augexp.errors import DownloadError

FAST = Settings(first_delay=0.001, longest_delay=0.002, connect_timeout=5.0, stall_timeout=0.3)
ARCHIVES = {("bedroom", "val"): make_zip("bedroom_val_lmdb")}
NAME = "bedroom_val_lmdb"
SIZE = len(ARCHIVES["bedroom", "val"])
HTML = Fault(content=b"<!DOCTYPE html><html><body>busy</body></html>", headers={"Content-Type": "text/html"})


class Bench:
    """A server, its catalogue, and a data folder."""

    def __init__(self, tmp_path: Path, server: Server) -> None:
        self.server = server
        self.data_dir = tmp_path / "data"
        self.parent = self.data_dir / "lsun"
        self.catalogue_file = tmp_path / "catalogue.json"
        self.catalogue = make_catalogue(self.catalogue_file, server.url, ARCHIVES)
        self.events: list[DownloadProgress] = []

    def download(self, **options: Any) -> Result:
        options = {"settings": FAST, "on_progress": self.events.append, "split": "val", **options}
        (result,) = download(["bedroom"], data_dir=self.data_dir, catalogue=self.catalogue, **options)
        return result

    def fail(self, words: str, **options: Any) -> str:
        """Expect one clear line and nothing under a final name."""
        with pytest.raises(DownloadError, match=words) as caught:
            self.download(**options)
        assert "\n" not in str(caught.value)
        assert not (self.parent / NAME).exists()
        assert not (self.parent / f"{NAME}.zip").exists()
        return str(caught.value)

    def names(self) -> list[str]:
        return sorted(path.name for path in self.parent.iterdir())

    def said(self) -> str:
        return "\n".join(event.message for event in self.events if event.message)

    def put(self, name: str, content: bytes) -> Path:
        self.parent.mkdir(parents=True, exist_ok=True)
        path = self.parent / name
        path.write_bytes(content)
        return path


def whole(bench: Bench) -> None:
    assert bench.names() == [NAME]
    data = (bench.parent / NAME / "data.mdb").read_bytes()
    assert hashlib.sha256(data).digest() == hashlib.sha256(random.Random(0).randbytes(200_000)).digest()
