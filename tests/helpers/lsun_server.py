"""A web server on loopback with LSUN's layout that misbehaves on command, and what belongs to it."""

from __future__ import annotations

import hashlib
import io
import json
import random
import threading
import time
import zipfile
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from augexp.data.download.catalogue import Catalogue, read_catalogue

PIECE = 1 << 14


class Fault:
    """How to answer one request; the default is to behave.

    Attributes:
        status: sent instead of the file, with `headers` and `body`.
        drop_after: close the connection after so many body bytes.
        stall_after: send nothing more after so many body bytes, until the server ends.
        ignore_range: answer with the whole file.
        length: Content-Length that is announced instead of the true one; None leaves it out.
        content: sent instead of the file.
        etag: instead of the file's.
        shift: answer a range request with a range that begins so many bytes later.
        ignore_if_range: answer with the range although the validator differs.
        location: redirect there.
    """

    def __init__(self, **values: Any) -> None:
        self.status: int = values.pop("status", 200)
        self.headers: dict[str, str] = values.pop("headers", {})
        self.body: bytes = values.pop("body", b"")
        self.drop_after: int | None = values.pop("drop_after", None)
        self.stall_after: int | None = values.pop("stall_after", None)
        self.ignore_range: bool = values.pop("ignore_range", False)
        self.length: int | None | str = values.pop("length", "true")
        self.content: bytes | None = values.pop("content", None)
        self.etag: str | None = values.pop("etag", None)
        self.shift: int = values.pop("shift", 0)
        self.ignore_if_range: bool = values.pop("ignore_if_range", False)
        self.location: str | None = values.pop("location", None)
        assert not values, values


class Server:
    """Serves `files` (path to bytes).

    Attributes:
        faults: taken one by one, one per request; an empty list means to behave.
        default: what to do once `faults` is empty.
        requests: (path, headers) of every request.
        sent: body bytes handed to the system so far.
        rate: bytes per second per connection; None is unlimited.
    """

    def __init__(self, files: dict[str, bytes], *, rate: float | None = None) -> None:
        self.files = files
        self.faults: list[Fault] = []
        self.default = Fault()
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.sent = 0
        self.most_at_once = 0
        self.now_at_once = 0
        self.rate = rate
        self.lock = threading.Lock()
        self.closing = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                try:
                    server._answer(self)
                except (ConnectionError, TimeoutError):
                    pass
                finally:
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    @property
    def ranges(self) -> list[str | None]:
        return [headers.get("range") for _, headers in self.requests]

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        headers = {name.lower(): value for name, value in handler.headers.items()}
        with self.lock:
            self.requests.append((handler.path, headers))
            fault = self.faults.pop(0) if self.faults else self.default
        content = fault.content if fault.content is not None else self.files.get(handler.path)
        if fault.location is not None:
            return self._send(handler, 302, {"Location": fault.location}, b"", fault)
        if content is None:
            return self._send(handler, 404, {"Content-Type": "text/html"}, b"<html>not here</html>", fault)
        if fault.status != 200:
            return self._send(handler, fault.status, fault.headers, fault.body, fault)
        etag = fault.etag or f'"{hashlib.md5(content).hexdigest()}"'
        answer = {"ETag": etag, "Accept-Ranges": "bytes", "Content-Type": "application/zip", **fault.headers}
        start = self._range(headers, etag, fault)
        if start is None:
            return self._send(handler, 200, answer, content, fault)
        if start >= len(content):
            return self._send(handler, 416, {"Content-Range": f"bytes */{len(content)}"}, b"", fault)
        start += fault.shift
        answer["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        return self._send(handler, 206, answer, content[start:], fault)

    @staticmethod
    def _range(headers: dict[str, str], etag: str, fault: Fault) -> int | None:
        asked = headers.get("range")
        if asked is None or fault.ignore_range:
            return None
        if "if-range" in headers and headers["if-range"] != etag and not fault.ignore_if_range:
            return None
        return int(asked.removeprefix("bytes=").removesuffix("-"))

    def _send(
        self, handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str], body: bytes, fault: Fault
    ) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        length = len(body) if fault.length == "true" else fault.length
        if length is not None:
            handler.send_header("Content-Length", str(length))
        handler.send_header("Connection", "close")
        handler.end_headers()
        ends = [end for end in (fault.drop_after, fault.stall_after) if end is not None]
        body = body[: min(ends)] if ends else body
        for position in range(0, len(body), PIECE):
            piece = body[position : position + PIECE]
            if self.rate is not None:
                time.sleep(len(piece) / self.rate)
            with self.lock:
                # A connection counts from its first to its last piece, both as seen by the client.
                self.now_at_once += (position == 0) - (position + PIECE >= len(body))
                self.most_at_once = max(self.most_at_once, self.now_at_once)
            handler.wfile.write(piece)
            with self.lock:
                self.sent += len(piece)
        if fault.stall_after is not None:
            self.closing.wait(30)


# -- archives ----------------------------------------------------------------------------------


def make_zip(folder: str, size: int = 200_000, seed: int = 0) -> bytes:
    """A zip with the members of an LSUN archive; the content is noise, so that it does not shrink."""
    content = random.Random(seed).randbytes(size)
    return pack({f"{folder}/data.mdb": content, f"{folder}/lock.mdb": bytes(8192)})


def pack(members: dict[str, bytes], change: Callable[[zipfile.ZipInfo], None] | None = None) -> bytes:
    """A zip with `members`; `change` may alter the directory entry of each."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in members.items():
            info = zipfile.ZipInfo("placeholder", date_time=(2015, 6, 10, 0, 0, 0))
            info.filename = info.orig_filename = name
            info.external_attr = 0o100644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            if change is not None:
                change(info)
            file.writestr(info, content)
    return buffer.getvalue()


def layout(archives: dict[tuple[str, str], bytes]) -> dict[str, bytes]:
    """Paths at the host for (category, split) archives."""
    return {f"/scenes/{category}_{split}_lmdb.zip": content for (category, split), content in archives.items()}


def make_catalogue(path: Path, host: str, archives: dict[tuple[str, str], bytes]) -> Catalogue:
    """Write a catalogue of `archives` to `path`, as if `host` were the official one, and read it."""
    values: dict[str, Any] = {}
    for (category, split), content in archives.items():
        entry = values.setdefault(category, {"group": "scene", "splits": {}})
        entry["splits"][split] = {
            "url": f"{host}/scenes/{category}_{split}_lmdb.zip",
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "images": 1,
            "dir_in_zip": f"{category}_{split}_lmdb",
        }
    path.write_text(json.dumps(values), encoding="utf-8")
    return read_catalogue(path)
