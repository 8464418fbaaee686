"""Servers that mean harm: bodies, heads and drips without end, lengths that no number holds; all end in one line."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from augexp.data.download.connection import Settings
from augexp.data.download.progress import Reporter
from augexp.data.download.transfer import fetch
from augexp.errors import DownloadError

ZIP = b"PK\x03\x04"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\n"
QUICK = Settings(
    first_attempts=1,
    attempts=1,
    first_delay=0.0,
    connect_timeout=2.0,
    stall_timeout=0.5,
    wait=lambda stop, seconds: None,
)


@contextlib.contextmanager
def server(answer: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """Answer every connection by a function, which ends once its event is set; give the address."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=handle, args=(connection,), daemon=True).start()

        def handle(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                connection.recv(65536)
                answer(connection, stop)

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/scenes/x.zip"
        finally:
            stop.set()
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


def refusal(url: str, target: Path, **limits: int | None) -> str:
    """Return why nothing was fetched: one line, with nothing under the final name."""
    values = {"size": None, "ceiling": None, **limits}
    with pytest.raises(DownloadError) as caught:
        fetch(
            [url],
            target,
            sha256=None,
            reporter=Reporter("x", lambda event: None),
            stop=threading.Event(),
            settings=QUICK,
            **values,
        )
    assert not target.exists()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_body_without_end_takes_no_more_room_than_the_archive(tmp_path: Path) -> None:
    sizes = []

    def answer(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(HEAD + b"\r\n" + ZIP)
        while not stop.is_set():
            connection.sendall(b"x" * 65536)
            sizes.extend(path.stat().st_size for path in tmp_path.glob("*.part"))

    with server(answer) as url:
        assert "more than the 1,000,000 bytes that the catalogue says" in refusal(
            url, tmp_path / "x.zip", ceiling=1_000_000
        )
    assert max(sizes) <= 1_000_000
    assert not list(tmp_path.iterdir())


def test_a_body_that_announces_more_than_the_archive_is_not_begun(tmp_path: Path) -> None:
    def answer(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(HEAD + b"Content-Length: 999999999999\r\n\r\n" + ZIP)
        stop.wait(10)

    with server(answer) as url:
        assert "more than the 1,000 bytes" in refusal(url, tmp_path / "x.zip", ceiling=1000)


def test_a_head_without_end_is_broken_off(tmp_path: Path) -> None:
    def answer(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(HEAD + b"X-Long: ")
        while not stop.wait(0.05):
            connection.sendall(b"x")

    with server(answer) as url:
        assert "no whole answer within 2.5 s" in refusal(url, tmp_path / "x.zip")


def test_a_byte_now_and_then_is_no_progress(tmp_path: Path) -> None:
    def answer(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(HEAD + b"Content-Length: 100000\r\n\r\n" + ZIP)
        while not stop.wait(0.05):
            connection.sendall(b"x")

    with server(answer) as url:
        assert " bytes arrived in " in refusal(url, tmp_path / "x.zip", size=100_000)


def test_a_piece_that_never_ends_to_be_announced_is_broken_off(tmp_path: Path) -> None:
    def answer(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\n" + ZIP + b"\r\n1;")
        while not stop.wait(0.05):
            connection.sendall(b"x")

    with server(answer) as url:
        assert "x.zip: http://" in refusal(url, tmp_path / "x.zip", size=100_000)


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n" + ZIP,
        b"HTTP/1.1 416 No\r\nContent-Range: bytes */" + b"9" * 5000 + b"\r\n\r\n",
        b"HTTP/1.1 503 Busy\r\nRetry-After: " + b"9" * 5000 + b"\r\n\r\n",
    ],
)
def test_a_length_of_5000_digits_is_no_number(tmp_path: Path, head: bytes) -> None:
    (tmp_path / "x.zip.part").write_bytes(ZIP)
    with server(lambda connection, stop: connection.sendall(head)) as url:
        assert len(refusal(url, tmp_path / "x.zip", size=100_000)) < 1000


def test_a_link_in_the_place_of_the_part_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(b"mine")
    (tmp_path / "x.zip.part").symlink_to(tmp_path / "mine")
    with server(lambda connection, stop: connection.sendall(HEAD + b"\r\n" + ZIP)) as url:
        assert "x.zip.part: cannot be written" in refusal(url, tmp_path / "x.zip")
    assert (tmp_path / "mine").read_bytes() == b"mine"


def test_a_link_in_the_place_of_the_notes_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(b"mine")
    for name in ("x.zip.part.json", "x.zip.part.json.new"):
        (tmp_path / name).symlink_to(tmp_path / "mine")
    with server(lambda connection, stop: connection.sendall(HEAD + b"Content-Length: 9\r\n\r\n" + ZIP)) as url:
        assert "the connection ended" in refusal(url, tmp_path / "x.zip")
    assert (tmp_path / "mine").read_bytes() == b"mine"
