"""One HTTP answer at a time: what the transfer needs of it, and every way in which it can fail.

The transfer knows nothing of the HTTP library. It gets an `Answer`, or one of two exceptions: `Dropped`
(worth another attempt) and `Unusable` (asking again would not help).
"""

from __future__ import annotations

import contextlib
import email.utils
import http
import queue
import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

MAX_REDIRECTS = 8

DIGITS = "[0-9]{1,18}"
"""A number of bytes; longer ones are no file, and Python refuses to read those of more than 4,300 digits."""


class Dropped(Exception):  # noqa: N818 - a state of the connection, handled by the transfer
    """The connection failed in a way that may be over in a moment."""


class Unusable(Exception):  # noqa: N818 - as above
    """This address cannot be used."""


class Answer(Protocol):
    """The answer to one request; the body has not been read yet.

    Attributes:
        status: HTTP status code after redirects.
        headers: names are compared without regard to case.
    """

    status: int
    headers: Mapping[str, str]

    def read(self, count: int) -> bytes:
        """Return what has arrived, at most `count` bytes; empty at the end. Raises Dropped."""
        ...

    def close(self) -> None:
        """Let the connection go."""
        ...


Connect = Callable[[str, Mapping[str, str]], Answer]
"""Asks for an URL with headers; raises Dropped or Unusable."""


@dataclass(frozen=True)
class Settings:
    """Timeouts, delays and limits of a transfer. All times in seconds.

    Attributes:
        first_attempts: failures in a row before anything has come from an address.
        attempts: failures in a row, without moving forward, once something has come from it.
        first_delay: before the second attempt; doubles with every further one.
        longest_delay: limit of the doubling.
        longest_wait: a server that asks (Retry-After) for more than this is given up.
        connect_timeout: until a connection stands.
        stall_timeout: without `least` bytes, and without the whole head of an answer once a connection stands.
        least: bytes that have to arrive in that time; fewer are a server that keeps a connection and sends nothing.
        piece: bytes read at once at most.
        jitter: returns a number in [0, 1); a delay is multiplied by 0.75 + half of it.
        wait: waits for so many seconds or until the event is set.
        connect: asks for an URL; None asks over HTTP with the two timeouts.
    """

    first_attempts: int = 4
    attempts: int = 10
    first_delay: float = 1.0
    longest_delay: float = 60.0
    longest_wait: float = 600.0
    connect_timeout: float = 15.0
    stall_timeout: float = 60.0
    least: int = 4096
    piece: int = 1 << 18
    jitter: Callable[[], float] = random.random
    wait: Callable[[threading.Event, float], object] = threading.Event.wait
    connect: Connect | None = None


class HttpAnswer:
    """An answer that comes over HTTP through `requests`."""

    def __init__(self, session: Any, response: Any, stall_timeout: float) -> None:
        """Take over an open `response` of `session`."""
        self._session = session
        self._raw = response.raw
        self._stall_timeout = stall_timeout
        self._closed = threading.Event()
        self._waiting_since: float | None = None
        threading.Thread(target=self._watch, daemon=True).start()
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = response.headers

    def _watch(self) -> None:
        """Break a connection on which one piece takes too long: a timeout of the library begins anew with each byte."""
        while not self._closed.wait(min(1.0, self._stall_timeout)):
            since = self._waiting_since
            if since is not None and time.monotonic() - since > 2 * self._stall_timeout:
                with contextlib.suppress(Exception):  # whatever state the library is in
                    self._raw.shutdown()
                return

    def read(self, count: int) -> bytes:
        """Return what has arrived, at most `count` bytes; empty at the end."""
        self._waiting_since = time.monotonic()
        try:
            return self._read(count)
        finally:
            self._waiting_since = None

    def _read(self, count: int) -> bytes:
        from urllib3 import exceptions  # noqa: PLC0415 - only where something is fetched

        try:
            # read1 returns what is there; read would wait for the full count and lose it in a drop.
            if hasattr(self._raw, "read1"):
                return bytes(self._raw.read1(count, decode_content=False))
            return bytes(self._raw.read(min(count, 16_384), decode_content=False))
        except exceptions.ReadTimeoutError:
            raise Dropped(f"nothing arrived for {self._stall_timeout:g} s") from None
        except exceptions.IncompleteRead:
            raise Dropped("the connection ended early") from None
        except (exceptions.HTTPError, OSError, ValueError) as error:
            if any(isinstance(arg, exceptions.IncompleteRead) for arg in error.args):
                raise Dropped("the connection ended early") from None
            raise Dropped(f"the connection broke ({_reason(error)})") from None

    def close(self) -> None:
        """Close the connection; it is not used again, as part of the body may still be on its way."""
        self._closed.set()
        self._raw.close()
        self._session.close()


def open_http(connect_timeout: float, stall_timeout: float) -> Connect:
    """Return a function that asks over HTTP(S), follows redirects and honours the proxy variables.

    Args:
        connect_timeout: seconds until a connection has to stand.
        stall_timeout: seconds without a single byte after which the connection counts as dead.
    """

    def connect(url: str, headers: Mapping[str, str]) -> HttpAnswer:
        import requests  # noqa: PLC0415 - only where something is fetched

        session = requests.Session()
        session.max_redirects = MAX_REDIRECTS
        try:
            timeouts = (connect_timeout, stall_timeout)
            response = _within(
                connect_timeout + stall_timeout,
                lambda: session.get(url, headers=dict(headers), stream=True, timeout=timeouts),
            )
            return HttpAnswer(session, response, stall_timeout)
        except TimeoutError as error:
            failure: Exception = Dropped(str(error))
        except requests.exceptions.TooManyRedirects:
            failure = Unusable(f"more than {MAX_REDIRECTS} redirects")
        except requests.exceptions.SSLError as error:
            failure = Unusable(f"the secure connection failed ({_reason(error)})")
        except requests.exceptions.ConnectTimeout:
            failure = Dropped(f"no connection within {connect_timeout:g} s")
        except requests.exceptions.ReadTimeout:
            failure = Dropped(f"no answer within {stall_timeout:g} s")
        except (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
            failure = Dropped(f"no connection ({_reason(error)})")
        except (requests.exceptions.RequestException, ValueError) as error:
            failure = Unusable(f"not a usable address ({_reason(error)})")
        session.close()
        raise failure from None

    return connect


def _within(seconds: float, work: Callable[[], Any]) -> Any:
    """Do `work` in a thread and return what it returns; raises TimeoutError where that takes longer.

    The timeouts of the library begin anew with each byte, so a head that never ends would never time out.
    """
    ended: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            ended.put((work(), None))
        except BaseException as error:  # noqa: BLE001 - raised again by the caller
            ended.put((None, error))

    threading.Thread(target=run, daemon=True).start()
    try:
        result, error = ended.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"no whole answer within {seconds:g} s") from None
    if error is not None:
        raise error
    return result


def _reason(error: BaseException) -> str:
    """The innermost cause in a few words: libraries wrap it several times, with object addresses in it."""
    seen = error
    while True:
        inner = getattr(seen, "reason", None) or next((arg for arg in seen.args if isinstance(arg, Exception)), None)
        if not isinstance(inner, BaseException):
            break
        seen = inner
    text = getattr(seen, "strerror", None) or str(seen.args[0] if seen.args else seen)
    return " ".join(text.rsplit(">: ", 1)[-1].split())[:160] or type(seen).__name__


# -- reading headers ---------------------------------------------------------------------------


def content_length(answer: Answer) -> int | None:
    """Bytes of the body as announced; None where that is missing or no number."""
    text = answer.headers.get("Content-Length", "").strip()
    return int(text) if re.fullmatch(DIGITS, text) else None


def validator(answer: Answer) -> str | None:
    """What `If-Range` may name: a strong ETag, else the date (RFC 9110, section 13.1.5)."""
    tag = answer.headers.get("ETag", "").strip()
    if tag and not tag.startswith("W/"):
        return tag
    return answer.headers.get("Last-Modified", "").strip() or None


def retry_after(answer: Answer) -> float | None:
    """Seconds that the server asks to wait, from a number or a date; None where it does not ask."""
    text = answer.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    with contextlib.suppress(ValueError, TypeError, OverflowError, OSError):
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    return None


def phrase(status: int) -> str:
    """The words for a status code; empty for one that has none."""
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""


def kind(answer: Answer, head: bytes) -> str:
    """What a body that begins with `head` and is no zip seems to be."""
    page = "html" in answer.headers.get("Content-Type", "").lower() or head.lstrip()[:1] == b"<"
    return "web page" if page else "file that is no zip"
