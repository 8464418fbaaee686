"""The downloader against a server that misbehaves: a verified folder or one clear line, never anything between."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

import pytest
from lsun_bench import ARCHIVES, HTML, NAME, SIZE, Bench, whole
from lsun_server import Fault, Server, layout, make_zip, pack

from augexp.data.download.categories import Settings
from augexp.errors import DownloadError


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Server(layout(ARCHIVES)) as server:
        yield Bench(tmp_path, server)


# -- breaks ------------------------------------------------------------------------------------


def test_drops_are_resumed_with_range_and_if_range(bench: Bench) -> None:
    bench.server.faults = [Fault(drop_after=50_000), Fault(drop_after=1), Fault(drop_after=70_000)]
    result = bench.download()
    whole(bench)
    assert result.transferred == SIZE
    assert bench.server.ranges == [None, "bytes=50000-", "bytes=50001-", "bytes=120001-"]
    etags = [headers.get("if-range") for _, headers in bench.server.requests]
    assert etags[0] is None
    assert len(set(etags[1:])) == 1
    assert etags[1] is not None
    assert "trying again" in bench.said()


def test_last_modified_serves_where_the_etag_is_weak(bench: Bench) -> None:
    date = "Wed, 10 Jun 2015 08:00:00 GMT"
    fault = {"headers": {"ETag": 'W/"x"', "Last-Modified": date}, "ignore_if_range": True}
    bench.server.faults = [Fault(drop_after=50_000, **fault), Fault(**fault)]
    bench.download()
    assert bench.server.requests[1][1]["if-range"] == date


def test_resumes_what_an_earlier_process_left(bench: Bench) -> None:
    bench.server.faults = [Fault(drop_after=60_000)] + [Fault(status=503)] * 20
    line = bench.fail("HTTP 503 Service Unavailable; gave up after 10 attempts")
    assert "60,000 bytes so far are kept" in line
    assert bench.names() == [f"{NAME}.zip.part", f"{NAME}.zip.part.json"]
    bench.server.faults = []
    assert bench.download().transferred == SIZE - 60_000
    whole(bench)
    assert "rehashing" in {event.stage for event in bench.events}
    assert bench.server.requests[-1][1]["if-range"] == bench.server.requests[-2][1]["if-range"]


def test_part_of_unknown_origin_is_taken_up_under_the_checksum(bench: Bench) -> None:
    bench.put(f"{NAME}.zip.part", ARCHIVES["bedroom", "val"][:150_000])
    assert bench.download().transferred == SIZE - 150_000
    assert bench.server.ranges == ["bytes=150000-"]
    whole(bench)


def test_part_that_was_whole_needs_no_request(bench: Bench) -> None:
    bench.put(f"{NAME}.zip.part", ARCHIVES["bedroom", "val"])
    assert bench.download().transferred == 0
    whole(bench)


@pytest.mark.parametrize("left", [b"X" * 100_000, b"X" * SIZE, b"X" * (SIZE + 5), b"\0" * 5_000_000])
def test_wrong_part_costs_one_start_from_the_beginning(bench: Bench, left: bytes) -> None:
    bench.put(f"{NAME}.zip.part", left)
    assert bench.download().transferred <= 2 * SIZE
    whole(bench)


def test_zeros_that_a_power_cut_left_are_fetched_again(bench: Bench) -> None:
    bench.put(f"{NAME}.zip.part", ARCHIVES["bedroom", "val"][:90_000] + bytes(65_536))
    assert bench.download().transferred == pytest.approx(SIZE - 90_000, abs=8)
    whole(bench)


def test_server_that_ignores_range_makes_a_start_from_the_beginning(bench: Bench) -> None:
    bench.server.default = Fault(ignore_range=True)
    bench.server.faults = [Fault(drop_after=50_000)]
    assert bench.download().transferred == SIZE + 50_000
    whole(bench)
    assert "the server cannot send the rest of a file; starting over" in bench.said()


def test_server_that_ignores_range_and_always_breaks_is_given_up(bench: Bench) -> None:
    bench.server.default = Fault(ignore_range=True, drop_after=50_000)
    bench.fail("the connection ended early after 50,000 of .* gave up")
    assert len(bench.server.requests) == 10


def test_file_that_changes_mid_way_starts_over(bench: Bench) -> None:
    old = make_zip(NAME, 200_000, seed=5)
    assert len(old) == SIZE
    bench.server.faults = [Fault(content=old, drop_after=50_000)]
    assert bench.download().transferred == SIZE + 50_000
    assert "the file there has changed; starting over" in bench.said()
    whole(bench)


def test_file_that_changes_mid_way_behind_an_ignored_if_range(bench: Bench) -> None:
    bench.server.faults = [
        Fault(content=make_zip(NAME, 200_000, seed=5), drop_after=50_000),
        Fault(ignore_if_range=True),
    ]
    assert bench.download().transferred == SIZE + 50_000
    whole(bench)


def test_another_range_than_asked_for_is_not_joined(bench: Bench) -> None:
    bench.server.faults = [Fault(drop_after=50_000), Fault(shift=10)]
    bench.download()
    assert bench.server.ranges == [None, "bytes=50000-", None]
    whole(bench)


def test_stall_is_noticed_and_resumed(bench: Bench) -> None:
    bench.server.faults = [Fault(stall_after=50_000)]
    assert bench.download().transferred == SIZE
    assert "nothing arrived for 0.3 s after 50,000 of" in bench.said()
    whole(bench)


def test_stall_before_the_headers(bench: Bench) -> None:
    with Server(layout(ARCHIVES)) as silent:
        silent.files = {}
        blocked = threading.Event()
        silent._answer = lambda handler: blocked.wait(2) and None  # type: ignore[method-assign]
        bench.download(mirrors=[silent.url], settings=Settings(first_delay=0.001, first_attempts=2, stall_timeout=0.1))
        blocked.set()
    assert "no answer within 0.1 s" in bench.said()
    whole(bench)


# -- answers that are not the archive ----------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_refusals_are_final_and_not_repeated(bench: Bench, status: int) -> None:
    bench.server.default = Fault(status=status, body=b"no")
    bench.fail(f"HTTP {status}")
    assert len(bench.server.requests) == 1
    assert bench.names() == []


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_trouble_that_may_pass_is_repeated(bench: Bench, status: int) -> None:
    bench.server.faults = [Fault(status=status, body=b"busy")] * 3
    bench.download()
    assert len(bench.server.requests) == 4
    whole(bench)


def test_trouble_that_stays_is_given_up_after_a_few_attempts(bench: Bench) -> None:
    bench.server.default = Fault(status=500)
    bench.fail("HTTP 500 Internal Server Error; gave up after 4 attempts")
    assert len(bench.server.requests) == 4


def test_delays_double_up_to_their_limit(bench: Bench) -> None:
    waits: list[float] = []
    patience = Settings(longest_delay=6.0, jitter=lambda: 0.5, wait=lambda _, seconds: waits.append(seconds))
    bench.server.faults = [Fault(drop_after=100_000)] + [Fault(status=500)] * 4
    bench.download(settings=patience)
    assert waits == [1.0, 2.0, 4.0, 6.0, 6.0]


def test_delays_are_spread(bench: Bench) -> None:
    waits: list[float] = []
    jitter = iter([0.0, 1.0, 0.25])
    patience = Settings(first_delay=8.0, jitter=lambda: next(jitter), wait=lambda _, seconds: waits.append(seconds))
    bench.server.faults = [Fault(status=502)] * 3
    bench.download(settings=patience)
    assert waits == [6.0, 20.0, 28.0]


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        ("17", 17, 17),
        (300, 200, 300),
        (-300, 1, 1),
        ("soon", 1, 1),
    ],
)
def test_retry_after_is_honoured(bench: Bench, value: str | int, low: float, high: float) -> None:
    waits: list[float] = []
    if isinstance(value, int):  # a date so many seconds from now, and not from when the tests were collected
        value = formatdate(time.time() + value, usegmt=True)
    patience = Settings(jitter=lambda: 0.5, wait=lambda _, seconds: waits.append(seconds))
    bench.server.faults = [Fault(status=429, headers={"Retry-After": value})]
    bench.download(settings=patience)
    assert len(waits) == 1
    assert low <= waits[0] <= high


def test_retry_after_beyond_patience_ends_at_once(bench: Bench) -> None:
    bench.server.default = Fault(status=503, headers={"Retry-After": "86400"})
    bench.fail("HTTP 503 Service Unavailable, and not again for 86400 s")
    assert len(bench.server.requests) == 1


def test_page_instead_of_the_archive(bench: Bench) -> None:
    bench.server.default = HTML
    line = bench.fail("a web page came instead of the archive")
    assert "<!DOCTYPE html>" in line
    assert bench.names() == []


def test_page_instead_of_the_rest_costs_nothing_that_is_here(bench: Bench) -> None:
    bench.put(f"{NAME}.zip.part", ARCHIVES["bedroom", "val"][:150_000])
    bench.server.default = Fault(content=HTML.content, ignore_range=True, headers=HTML.headers)
    bench.fail("a web page came instead of the archive")
    assert (bench.parent / f"{NAME}.zip.part").stat().st_size == 150_000
    bench.server.default = Fault()
    assert bench.download().transferred == SIZE - 150_000
    whole(bench)


def test_binary_rubbish_instead_of_the_archive(bench: Bench) -> None:
    bench.server.default = Fault(content=b"\x1f\x8b\x08" + bytes(SIZE))
    bench.fail("a file that is no zip came instead")


@pytest.mark.parametrize("content", [b"", b"P", b"PK\x03"])
def test_answer_that_is_cut_off_at_once(bench: Bench, content: bytes) -> None:
    bench.server.faults = [Fault(content=content)]
    bench.download()
    whole(bench)


def test_wrong_bytes_are_thrown_away(bench: Bench) -> None:
    wrong = make_zip(NAME, 200_000, seed=9)
    bench.server.default = Fault(content=wrong)
    line = bench.fail("wrong checksum")
    assert hashlib.sha256(ARCHIVES["bedroom", "val"]).hexdigest() in line
    assert hashlib.sha256(wrong).hexdigest() in line
    assert "likely cause" in line
    assert len(bench.server.requests) == 1
    assert bench.names() == []


def test_wrong_bytes_in_a_resumed_transfer_are_tried_once_more_from_the_beginning(bench: Bench) -> None:
    wrong = ARCHIVES["bedroom", "val"][:-1000] + bytes(1000)
    bench.server.faults = [Fault(drop_after=50_000), Fault(content=wrong, ignore_if_range=True, etag='"same"')]
    bench.server.faults[0].etag = '"same"'
    assert bench.download().transferred == 2 * SIZE
    assert "starting over" in bench.said()
    whole(bench)


@pytest.mark.parametrize("seed", range(3))
def test_wrong_length_of_the_file(bench: Bench, seed: int) -> None:
    content = ARCHIVES["bedroom", "val"]
    bench.server.default = Fault(content=[content[:-1], content + b"x", make_zip(NAME, 5000)][seed])
    bench.fail("the file there has .* bytes, the catalogue says 2")


@pytest.mark.parametrize("length", [SIZE - 1000, SIZE + 1000])
def test_wrong_content_length_is_refused_before_the_transfer(bench: Bench, length: int) -> None:
    bench.server.default = Fault(length=length)
    bench.fail(f"the file there has {length:,} bytes")
    assert bench.server.ranges == [None]


def test_missing_or_broken_content_length(bench: Bench) -> None:
    bench.server.faults = [Fault(length=None, drop_after=70_000), Fault(length=None)]
    assert bench.download().transferred == SIZE
    whole(bench)


def test_more_bytes_than_expected_without_content_length(bench: Bench) -> None:
    bench.server.default = Fault(content=ARCHIVES["bedroom", "val"] + b"x" * 100_000, length=None)
    bench.download()
    whole(bench)


def test_rest_of_a_shorter_file(bench: Bench) -> None:
    bench.put(f"{NAME}.zip.part", ARCHIVES["bedroom", "val"][:150_000])
    bench.server.default = Fault(content=ARCHIVES["bedroom", "val"][:100_000])
    bench.fail("HTTP 416 .* ends before byte 150,000")
    assert (bench.parent / f"{NAME}.zip.part").stat().st_size == 150_000


# -- addresses ---------------------------------------------------------------------------------


def test_redirects_are_followed_and_loops_are_not(bench: Bench) -> None:
    path = f"/scenes/{NAME}.zip"
    bench.server.faults = [Fault(location=path), Fault(location=f"{bench.server.url}{path}"), Fault(drop_after=10_000)]
    bench.download()
    whole(bench)


def test_redirect_loop_and_foreign_scheme(bench: Bench) -> None:
    bench.server.default = Fault(location=f"/scenes/{NAME}.zip")
    bench.fail("more than 8 redirects")
    bench.server.default = Fault(location="file:///etc/passwd")
    bench.fail("not a usable address")


def test_mirror_first_then_the_official_host(bench: Bench) -> None:
    with Server({}) as empty, Server(layout(ARCHIVES)) as cut:
        cut.default = Fault(drop_after=0)
        cut.faults = [Fault(drop_after=80_000)]
        bench.download(mirrors=[empty.url, cut.url + "/"])
        assert len(empty.requests) == 1
        assert bench.server.ranges == ["bytes=80000-"]
        assert "if-range" not in bench.server.requests[0][1]
    assert "HTTP 404 Not Found; going on with the next address" in bench.said()
    whole(bench)


def test_every_address_is_in_the_line(bench: Bench) -> None:
    with Server({}) as empty:
        bench.server.default = HTML
        line = bench.fail("web page", mirrors=[empty.url])
        assert f"{empty.url}/scenes/{NAME}.zip: HTTP 404 Not Found" in line


def test_nobody_listens(bench: Bench) -> None:
    bench.server.__exit__()
    line = bench.fail("no connection .*efused.*gave up after 4 attempts")
    assert "0x" not in line


@pytest.mark.parametrize("mirror", ["ftp://host", "/data/mirror", "dl.yf.io/lsun"])
def test_mirror_has_to_be_an_address(bench: Bench, mirror: str) -> None:
    with pytest.raises(DownloadError, match="allowed is an http"):
        bench.download(mirrors=[mirror])


@pytest.mark.parametrize("jobs", [0, -1, 99])
def test_jobs_stay_polite(bench: Bench, jobs: int) -> None:
    with pytest.raises(DownloadError, match="allowed are 1 to 4"):
        bench.download(jobs=jobs)


def test_unverified_mirror_is_loud_and_not_taken_for_verified(bench: Bench) -> None:
    mine = make_zip(NAME, 7000, seed=3)
    bench.server.default = Fault(content=mine)
    bench.fail("the catalogue says")
    result = bench.download(verify=False)
    assert not result.verified
    assert [event.message for event in bench.events if event.warning and "NOT VERIFIED" in (event.message or "")]
    assert bench.download(verify=False).status == "here"
    bench.server.default = Fault()
    assert bench.download().status == "fetched"
    whole(bench)


def test_unverified_parts_are_only_joined_within_one_state_of_a_file(bench: Bench) -> None:
    bench.put(f"{NAME}.zip.part", b"PK\x03\x04 of something else")
    bench.server.faults = [Fault(drop_after=90_000)]
    assert bench.download(verify=False).transferred == SIZE
    assert bench.server.ranges == [None, "bytes=90000-"]
    whole(bench)


def test_unverified_of_unknown_length(bench: Bench) -> None:
    bench.server.default = Fault(length=None)
    bench.download(verify=False)
    whole(bench)


def test_hostile_archive_from_an_unverified_mirror(bench: Bench, tmp_path: Path) -> None:
    bench.server.default = Fault(content=pack({f"{NAME}/data.mdb": b"x", "../../../evil.txt": b"evil"}))
    with pytest.raises(DownloadError, match="leads out of its folder"):
        bench.download(verify=False)
    assert not list(tmp_path.rglob("evil.txt"))
    assert not (bench.parent / NAME).exists()
