"""Property tests of the resume state machine against any sequence of answers, breaks and deaths."""

from __future__ import annotations

import contextlib
import hashlib
import random
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from augexp.data.download.connection import Dropped, Settings, Unusable
from augexp.data.download.progress import Reporter
from augexp.data.download.transfer import Fetched, fetch
from augexp.errors import DownloadError

SIZE = 3000
RIGHT = b"PK\x03\x04" + random.Random(1).randbytes(SIZE - 4)
OTHER = b"PK\x03\x04" + random.Random(2).randbytes(SIZE - 4)
SHORT = OTHER[:2000]
PAGE = b"<html>sorry</html>"
PIECE = 256
URLS = ("http://mirror/scenes/a.zip", "http://host/scenes/a.zip")


class Killed(BaseException):
    """Stands for the death of the process."""


@dataclass
class Step:
    """How one request is answered."""

    kind: str = "serve"
    content: bytes = RIGHT
    drop: int | None = None
    die: bool = False
    ignore_range: bool = False
    ignore_if_range: bool = False
    validator: str = "ETag"
    shift: int = 0
    length: bool = True


class Body:
    """An answer from memory."""

    def __init__(self, server: Script, status: int, headers: Mapping[str, str], body: bytes, step: Step) -> None:
        self.status, self.headers = status, dict(headers)
        self._server, self._body, self._step, self._at = server, body, step, 0

    def read(self, count: int) -> bytes:
        end = min(self._at + count, len(self._body))
        if self._step.drop is not None and end > self._step.drop:
            end = max(self._at, self._step.drop)
            if end == self._at:
                if self._step.die:
                    raise Killed
                raise Dropped("the connection broke")
        data = self._body[self._at : end]
        self._at = end
        self._server.sent += len(data)
        return data

    def close(self) -> None:
        pass


@dataclass
class Script:
    """Answers by the steps in turn, and behaves once they are used up."""

    steps: list[Step]
    sent: int = 0
    requests: list[Mapping[str, str]] = field(default_factory=list)

    def __call__(self, url: str, headers: Mapping[str, str]) -> Body:
        self.requests.append(headers)
        step = self.steps.pop(0) if self.steps else Step()
        if step.kind == "dropped":
            raise Dropped("no connection")
        if step.kind == "unusable":
            raise Unusable("too many redirects")
        if step.kind.isdigit():
            return Body(self, int(step.kind), {"Content-Length": "0"}, b"", step)
        content = PAGE if step.kind == "page" else step.content
        validator = f'"{hashlib.sha256(content).hexdigest()[:8]}"'
        common = {step.validator: validator} if step.validator else {}
        asked = headers.get("Range")
        matches = headers.get("If-Range") in (None, validator) or step.ignore_if_range
        if asked is None or step.ignore_range or not matches:
            length = {"Content-Length": str(len(content))} if step.length else {}
            return Body(self, 200, {**common, **length}, content, step)
        start = int(asked.removeprefix("bytes=").removesuffix("-"))
        if start >= len(content):
            return Body(self, 416, {"Content-Range": f"bytes */{len(content)}"}, b"", step)
        start = min(start + step.shift, len(content) - 1)
        span = f"bytes {start}-{len(content) - 1}/{len(content)}"
        return Body(self, 206, {**common, "Content-Range": span}, content[start:], step)


@contextlib.contextmanager
def target() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "a.zip"


def run(path: Path, script: Script, *, verify: bool = True) -> Fetched | str:
    """Fetch once, as one process would; the word says how it ended."""
    patience = Settings(first_delay=0.0, first_attempts=3, attempts=4, piece=PIECE, jitter=lambda: 0.0, connect=script)
    try:
        return fetch(
            URLS,
            path,
            size=SIZE if verify else None,
            sha256=hashlib.sha256(RIGHT).hexdigest() if verify else None,
            reporter=Reporter("a.zip", lambda event: None),
            stop=threading.Event(),
            settings=patience,
        )
    except DownloadError as error:
        return "failed" if "\n" not in str(error) else "more than one line"
    except Killed:
        return "killed"


STEPS = st.lists(
    st.builds(
        Step,
        kind=st.sampled_from(["serve"] * 8 + ["page", "404", "416", "429", "500", "204", "dropped", "unusable"]),
        content=st.sampled_from([RIGHT, RIGHT, OTHER, SHORT]),
        drop=st.none() | st.integers(0, SIZE),
        die=st.booleans(),
        ignore_range=st.booleans(),
        ignore_if_range=st.booleans(),
        validator=st.sampled_from(["ETag", "Last-Modified", ""]),
        shift=st.sampled_from([0, 0, 0, 7]),
        length=st.booleans(),
    ),
    max_size=12,
)


@settings(max_examples=120, deadline=None)
@given(steps=STEPS)
def test_only_the_right_bytes_get_the_final_name_and_it_ends(steps: list[Step]) -> None:
    with target() as path:
        script = Script(list(steps))
        for _ in range(len(steps) + 1):
            ended = run(path, script)
            if isinstance(ended, Fetched):
                break
            assert ended in ("failed", "killed")
            assert not path.exists()
        assert isinstance(ended, Fetched), "a well-behaved server did not end it"
        assert path.read_bytes() == RIGHT
        assert (ended.size, ended.sha256) == (SIZE, hashlib.sha256(RIGHT).hexdigest())
        assert [one.name for one in path.parent.iterdir()] == ["a.zip"]


@settings(max_examples=60, deadline=None)
@given(
    breaks=st.lists(
        st.builds(
            Step, drop=st.just(0) | st.integers(4, SIZE), die=st.booleans(), validator=st.sampled_from(["ETag", ""])
        ),
        max_size=20,
    )
)
def test_breaks_and_deaths_cost_nothing_that_has_arrived(breaks: list[Step]) -> None:
    with target() as path:
        script = Script(list(breaks))
        while not isinstance(run(path, script), Fetched):
            pass
        assert path.read_bytes() == RIGHT
        assert script.sent == SIZE


@settings(max_examples=80, deadline=None)
@given(
    steps=st.lists(
        st.builds(
            Step,
            kind=st.sampled_from(["serve"] * 6 + ["page", "500", "dropped"]),
            content=st.sampled_from([RIGHT, OTHER, SHORT]),
            drop=st.none() | st.integers(0, SIZE),
            die=st.booleans(),
            ignore_range=st.booleans(),
            validator=st.sampled_from(["ETag", "Last-Modified", ""]),
        ),
        max_size=12,
    )
)
def test_without_a_checksum_two_states_of_a_file_are_never_joined(steps: list[Step]) -> None:
    with target() as path:
        script = Script(list(steps))
        while not isinstance(run(path, script, verify=False), Fetched):
            assert not path.exists()
        assert path.read_bytes() in (RIGHT, OTHER, SHORT)
