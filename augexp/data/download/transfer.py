"""Fetch one archive: resume, retry, change to the next mirror, and accept nothing but the right bytes.

The rules, in the order in which they matter:

- What arrives is hashed as it arrives; only bytes with the catalogue's size and SHA-256 get the final name.
- A break is followed by a request for the rest (RFC 9110: `Range`, and `If-Range` with the validator that the
  same address gave before). A server that ignores `Range`, or whose file has changed, makes the transfer start
  from the beginning, and says so.
- Bytes on disk are only thrown away for an answer that has been looked at and is an archive of the right
  size: an error page does not cost the gigabytes that came before it.
- Trouble that may pass (a drop, a stall, 429, 5xx) is retried with exponential back-off and jitter; a transfer
  that moves forward may break any number of times. Trouble that stays (404, a page instead of the archive,
  another size) leads to the next mirror at once.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from augexp.data.download import connection
from augexp.data.download.connection import Answer, Dropped, Settings, Unusable, open_http
from augexp.data.download.partial import Partial
from augexp.data.download.progress import Reporter
from augexp.errors import DownloadError, Interrupted
from augexp.version import __version__

USER_AGENT = f"augexp/{__version__} (LSUN downloader; python-requests)"

ZIP_MAGIC = b"PK\x03\x04"


@dataclass(frozen=True)
class Fetched:
    """What a transfer came to: the hash and size of the file, the bytes that crossed the network."""

    sha256: str
    size: int
    transferred: int
    url: str


class _Retry(Exception):  # noqa: N818
    """This attempt failed; another one may do."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class _Refused(Exception):  # noqa: N818
    """This address does not have the archive."""


def fetch(
    urls: Sequence[str],
    target: Path,
    *,
    size: int | None,
    sha256: str | None,
    reporter: Reporter,
    stop: threading.Event,
    settings: Settings,
    ceiling: int | None = None,
) -> Fetched:
    """Fetch `target` from the first of `urls` that has it.

    Args:
        urls: tried in this order.
        target: final name; ``.part`` and ``.part.json`` stand beside it until then.
        size: expected bytes; None accepts any.
        sha256: expected hash; None accepts any, and then bytes are only joined that are known to be of one file.
        reporter: gets the progress.
        stop: once set, the transfer ends with Interrupted at the next piece.
        settings: timeouts, delays and limits.
        ceiling: bytes that are taken at most where `size` is None; None takes all that comes.

    Raises:
        DownloadError: no address had it; nothing stands under the final name.
        Interrupted: `stop` was set; the ``.part`` is kept.
    """
    return _Transfer(target, size, sha256, reporter, stop, settings, ceiling).run(urls)


class _Transfer:
    def __init__(
        self,
        target: Path,
        size: int | None,
        sha256: str | None,
        reporter: Reporter,
        stop: threading.Event,
        settings: Settings,
        ceiling: int | None,
    ) -> None:
        self.target, self.size, self.sha256, self.ceiling = target, size, sha256, ceiling
        self.reporter, self.stop, self.settings = reporter, stop, settings
        self.connect = settings.connect or open_http(settings.connect_timeout, settings.stall_timeout)
        self.part = Partial(target)
        self.transferred = 0
        self.joined = False  # whether the bytes may stem from more than one state of the file
        self.ranges = True  # whether the present address can send the rest of a file
        self.ended = False  # a body of unknown length came to its end

    def run(self, urls: Sequence[str]) -> Fetched:
        faults = []
        try:
            with contextlib.suppress(OSError):
                self.reporter.enter("rehashing", (self.part.path).stat().st_size or None)
            self.part.rehash(self.size, self._advance)
            self.joined = self.part.length > 0
            self.reporter.enter("downloading", self.size, self.part.length)
            for position, url in enumerate(urls):
                try:
                    self._fetch_from(url)
                    self.part.finish(self.target)
                    return Fetched(self.part.sha256, self.part.length, self.transferred, url)
                except _Refused as fault:
                    faults.append(f"{url}: {fault}")
                    if position + 1 < len(urls):
                        self.reporter.note(f"{url}: {fault}; going on with the next address", warning=True)
        finally:
            self.part.close()
        kept = f"; the {self.part.length:,} bytes so far are kept, the same command goes on from there"
        raise DownloadError(f"{self.target.name}: {'; '.join(faults)}{kept if self.part.length else ''}")

    def _advance(self, done: int) -> None:
        if self.stop.is_set():
            raise Interrupted("stopped; the same command goes on where this one ended")
        self.reporter.move(done)

    # -- one address ---------------------------------------------------------------------------

    def _fetch_from(self, url: str) -> None:
        self.ranges, self.ended = True, False
        failures, mark, before = 0, self.part.length, self.transferred
        while True:
            try:
                if not self._complete():
                    self._attempt(url)
                if self._complete() and self._verified():
                    return
                continue
            except _Retry as fault:
                failure = fault
            step = min(1 << 20, (self.size or 0) // 100)
            if self.part.length > mark + step:
                failures, mark = 0, self.part.length
            failures += 1
            moved = self.transferred > before
            if failures >= (self.settings.attempts if moved else self.settings.first_attempts):
                raise _Refused(f"{failure}; gave up after {failures} attempts in a row")
            self._wait(failure, failures)

    def _complete(self) -> bool:
        known = self.size if self.size is not None else self.part.total
        return self.ended if known is None else self.part.length >= known

    def _verified(self) -> bool:
        """Whether the whole file is the right one; a wrong one is thrown away, and tried once more if joined."""
        received, length = self.part.sha256, self.part.length
        if self.sha256 is None or received == self.sha256:
            return True
        self.part.empty()
        if self.joined:
            self.joined = False
            self.reporter.note(
                "the checksum of the resumed file is wrong: the parts do not belong together; starting over",
                warning=True,
            )
            return False
        raise _Refused(
            f"wrong checksum: expected sha256 {self.sha256}, received {received} ({length:,} bytes, thrown away); "
            "likely cause: the bytes were changed on the way (proxy, damaged mirror), or the file there is another one"
        )

    def _wait(self, failure: _Retry, failures: int) -> None:
        delay = min(self.settings.longest_delay, self.settings.first_delay * 2.0 ** (failures - 1))
        delay = max(delay * (0.75 + 0.5 * self.settings.jitter()), failure.after or 0.0)
        self.reporter.note(f"{failure}; trying again in {delay:.0f} s", warning=True)
        self.settings.wait(self.stop, delay)
        self._advance(self.part.length)

    # -- one request ---------------------------------------------------------------------------

    def _attempt(self, url: str) -> None:
        part = self.part
        same = part.url == url and part.validator is not None
        if part.length and self.sha256 is None and not same:
            # Without a checksum nothing would tell if these bytes and the next belonged to two files.
            self.reporter.note("what is here cannot be matched with the file there; starting over", warning=True)
            part.empty()
        headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
        if part.length and self.ranges:
            headers["Range"] = f"bytes={part.length}-"
            if same and part.validator is not None:
                headers["If-Range"] = part.validator
        try:
            with contextlib.closing(self.connect(url, headers)) as answer:
                if answer.status == 200:
                    self._begin(url, answer)
                elif answer.status == 206 and "Range" in headers:
                    self._go_on(url, answer)
                else:
                    self._turn_down(answer, asked=part.length if "Range" in headers else None)
                    return
                self._receive(answer)
        except Dropped as fault:
            raise _Retry(str(fault)) from None
        except Unusable as fault:
            raise _Refused(str(fault)) from None

    def _begin(self, url: str, answer: Answer) -> None:
        """The whole file from its first byte on: look at it before anything on disk is given up for it."""
        head = b""
        while len(head) < len(ZIP_MAGIC) and (data := answer.read(self.settings.piece)):
            head += data
        self.transferred += len(head)
        if not head.startswith(ZIP_MAGIC[: len(head)]):
            raise _Refused(
                f"a {connection.kind(answer, head)} came instead of the archive (it begins with {head[:40]!r}); "
                "likely cause: an error page, or a proxy or network that wants a login"
            )
        if len(head) < len(ZIP_MAGIC):
            raise _Retry(f"the answer ended after {len(head)} bytes")
        declared = connection.content_length(answer)
        if self.size is not None and declared is not None and declared != self.size:
            raise _Refused(f"the file there has {declared:,} bytes, the catalogue says {self.size:,}")
        if declared is not None:
            self._check_ceiling(declared)
        validator = connection.validator(answer)
        if self.part.length:
            changed = self.part.url == url and self.part.validator is not None and validator != self.part.validator
            why = "the file there has changed" if changed else "the server cannot send the rest of a file"
            self.reporter.note(f"{why}; starting over", warning=True)
        self.part.restart(url, validator, declared)
        self.joined = False
        self.part.write(head)

    def _go_on(self, url: str, answer: Answer) -> None:
        """The rest of the file: check that it is the rest that was asked for."""
        span = re.fullmatch(
            rf"bytes ({connection.DIGITS})-({connection.DIGITS})/({connection.DIGITS}|\*)",
            answer.headers.get("Content-Range", "").strip(),
        )
        part, validator = self.part, connection.validator(answer)
        if span is None or int(span[1]) != part.length:
            self.ranges = False
            raise _Retry(f"the server sent another range than bytes {part.length}- of the file")
        total = None if span[3] == "*" else int(span[3])
        if self.size is not None and total is not None and total != self.size:
            raise _Refused(f"the file there has {total:,} bytes, the catalogue says {self.size:,}")
        if part.url == url and None not in (part.validator, validator) and part.validator != validator:
            self.ranges = False
            raise _Retry("the file there has changed")
        if (url, validator) != (part.url, part.validator):
            part.adopt(url, validator, total)
        self.joined = True

    def _check_ceiling(self, count: int) -> None:
        if self.ceiling is not None and count > self.ceiling:
            raise _Refused(f"more than the {self.ceiling:,} bytes that the catalogue says")

    def _receive(self, answer: Answer) -> None:
        part = self.part
        self._advance(part.length)
        known = self.size if self.size is not None else part.total
        progress = "{:,} of " + ("unknown" if known is None else f"{known:,}") + " bytes"
        since, mark = time.monotonic(), part.length
        while True:
            if (seconds := time.monotonic() - since) > self.settings.stall_timeout:
                if part.length - mark < self.settings.least:
                    slow = f"only {part.length - mark:,} bytes arrived in {seconds:.0f} s"
                    raise _Retry(f"{slow} after {progress.format(part.length)}")
                since, mark = time.monotonic(), part.length
            try:
                data = answer.read(self.settings.piece)
            except Dropped as fault:
                raise _Retry(f"{fault} after {progress.format(part.length)}") from None
            if not data:
                break
            self.transferred += len(data)
            # What goes beyond the size is not wanted; the checksum tells whether the rest is right.
            if self.ceiling is not None and self.size is None and part.length + len(data) > self.ceiling:
                part.empty()
                self._check_ceiling(self.ceiling + 1)
            part.write(data if self.size is None else data[: self.size - part.length])
            self._advance(part.length)
            if self.size is not None and part.length >= self.size:
                return
        if self.size is None and part.total is None:
            self.ended = True
        elif not self._complete():
            raise _Retry(f"the connection ended after {progress.format(part.length)}")

    def _turn_down(self, answer: Answer, asked: int | None) -> None:
        """Any status but a body."""
        status = answer.status
        text = f"HTTP {status} {connection.phrase(status)}".rstrip()
        if status == 416 and asked is not None:
            has = "".join(re.findall(rf"/({connection.DIGITS})$", answer.headers.get("Content-Range", "").strip()))
            shorter = f"{text}: the file there ends before byte {asked:,} (it has {has or 'unknown'} bytes)"
            if self.size is not None:
                raise _Refused(f"{shorter}, the catalogue says {self.size:,}")
            self.ended, self.part.total = has == str(asked), None
            if not self.ended:
                self.part.empty()
                raise _Retry(shorter)
            return
        if status in (408, 425, 429) or status >= 500:
            after = connection.retry_after(answer)
            if after is not None and after > self.settings.longest_wait:
                raise _Refused(f"{text}, and not again for {after:.0f} s")
            raise _Retry(text, after)
        raise _Refused(text)
