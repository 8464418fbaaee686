"""The downloader against a server that misbehaves: a verified folder or one clear line, never anything between."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from lsun_server import Fault, Server, layout, make_catalogue, make_zip, pack

from augexp.data import download as downloads
from augexp.data import locks
from augexp.data.download import Progress, Result, Settings
from augexp.errors import DownloadError, Interrupted

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
        self.events: list[Progress] = []

    def download(self, **options: Any) -> Result:
        options = {"settings": FAST, "on_progress": self.events.append, "split": "val", **options}
        (result,) = downloads.download(["bedroom"], data_dir=self.data_dir, catalogue=self.catalogue, **options)
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


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Server(layout(ARCHIVES)) as server:
        yield Bench(tmp_path, server)


def whole(bench: Bench) -> None:
    assert bench.names() == [NAME]
    data = (bench.parent / NAME / "data.mdb").read_bytes()
    assert hashlib.sha256(data).digest() == hashlib.sha256(random.Random(0).randbytes(200_000)).digest()


# -- the good cases ----------------------------------------------------------------------------


def test_fetches_verifies_unpacks_and_leaves_it_alone_the_second_time(bench: Bench) -> None:
    first = bench.download()
    assert (first.status, first.transferred, first.verified) == ("fetched", SIZE, True)
    whole(bench)
    assert bench.server.requests[0][1]["user-agent"].startswith("augexp/")
    assert [event.stage for event in bench.events][-1] == "done"
    second = bench.download()
    assert (second.status, second.transferred) == ("here", 0)
    assert len(bench.server.requests) == 1


def test_archive_can_be_kept(bench: Bench) -> None:
    bench.download(keep_archive=True)
    assert bench.names() == [NAME, f"{NAME}.zip"]
    assert (bench.parent / f"{NAME}.zip").read_bytes() == ARCHIVES["bedroom", "val"]


def test_real_archives_in_the_official_layout(shared: Path, tmp_path: Path) -> None:
    scenes = shared / "data" / "lsun" / "scenes"
    archives = {
        (category, split): (scenes / f"{category}_{split}_lmdb.zip").read_bytes()
        for category in ("bedroom", "kitchen")
        for split in ("train", "val")
    }
    with Server(layout(archives)) as server:
        catalogue = make_catalogue(tmp_path / "catalogue.json", "http://127.0.0.1:9/lsun", archives)
        server.faults = [Fault(drop_after=1_000_000), Fault(drop_after=300_000)]
        results = downloads.download(
            ["bedroom", "kitchen"],
            data_dir=tmp_path,
            catalogue=catalogue,
            mirrors=[server.url],
            settings=FAST,
        )
    assert [result.folder.name for result in results] == [
        "bedroom_train_lmdb",
        "bedroom_val_lmdb",
        "kitchen_train_lmdb",
        "kitchen_val_lmdb",
    ]
    assert all((result.folder / "data.mdb").stat().st_size > 1_000_000 for result in results)
    assert server.most_at_once <= 2


def test_no_more_connections_than_asked_for(tmp_path: Path) -> None:
    archives = {(f"c{i}", "val"): make_zip(f"c{i}_val_lmdb", 30_000, i) for i in range(6)}
    with Server(layout(archives), rate=1_000_000) as server:
        catalogue = make_catalogue(tmp_path / "catalogue.json", server.url, archives)
        names = [category for category, _ in archives]
        results = downloads.download(names, data_dir=tmp_path, catalogue=catalogue, settings=FAST, jobs=3)
    assert [result.archive.category for result in results] == names
    assert 2 <= server.most_at_once <= 3


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


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_honoured(bench: Bench, form: str) -> None:
    value = "1" if form == "seconds" else formatdate(time.time() + 2, usegmt=True)
    bench.server.faults = [Fault(status=429, headers={"Retry-After": value})]
    start = time.monotonic()
    bench.download()
    assert time.monotonic() - start >= 0.9


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


# -- what is on disk ---------------------------------------------------------------------------


def test_zip_that_is_already_here_is_verified_and_unpacked(bench: Bench) -> None:
    bench.put(f"{NAME}.zip", ARCHIVES["bedroom", "val"])
    result = bench.download()
    assert (result.status, result.transferred) == ("unpacked", 0)
    assert bench.server.requests == []
    whole(bench)


@pytest.mark.parametrize("content", [b"half", b"X" * SIZE])
def test_wrong_zip_that_is_already_here_is_named_and_left(bench: Bench, content: bytes) -> None:
    path = bench.put(f"{NAME}.zip", content)
    with pytest.raises(DownloadError, match=r"delete it, or rename it to bedroom_val_lmdb.zip.part"):
        bench.download()
    assert path.read_bytes() == content


def test_folder_of_somebody_else_is_left_alone(bench: Bench) -> None:
    (bench.parent / NAME).mkdir(parents=True)
    (bench.parent / NAME / "data.mdb").write_bytes(b"mine")
    with pytest.raises(DownloadError, match="augexp did not unpack it"):
        bench.download()
    assert (bench.parent / NAME / "data.mdb").read_bytes() == b"mine"
    assert bench.server.requests == []


def test_damaged_folder_is_replaced(bench: Bench) -> None:
    bench.download()
    (bench.parent / NAME / "data.mdb").write_bytes(b"short")
    assert bench.download().status == "fetched"
    whole(bench)


def test_file_given_by_name_by_category_and_wrongly(bench: Bench, tmp_path: Path) -> None:
    def take(path: Path, *categories: str) -> list[Result]:
        return downloads.download(
            categories, split="both", data_dir=bench.data_dir, from_file=path, catalogue=bench.catalogue
        )

    named, other = tmp_path / f"{NAME}.zip", tmp_path / "from usb.zip"
    for path in (named, other):
        path.write_bytes(ARCHIVES["bedroom", "val"])
    with pytest.raises(DownloadError, match="cannot tell which LSUN archive"):
        downloads.download([], data_dir=bench.data_dir, from_file=other)
    (result,) = take(other, "bedroom")
    assert (result.status, result.verified) == ("unpacked", True)
    whole(bench)
    assert take(named)[0].status == "here"
    assert named.is_file()
    named.write_bytes(b"X" * SIZE)
    (bench.parent / NAME / "augexp.json").unlink()
    (bench.parent / NAME).rename(tmp_path / "away")
    with pytest.raises(DownloadError, match="wrong checksum"):
        take(named)
    with pytest.raises(DownloadError, match="a folder; name the zip file itself"):
        take(tmp_path / "away")
    with pytest.raises(DownloadError, match="not there"):
        take(tmp_path / "missing.zip")
    assert bench.names() == []


def test_plan_tells_what_is_here_and_what_is_missing(bench: Bench) -> None:
    def look(free: int = 1 << 40, **options: Any) -> downloads.Plan:
        return downloads.plan(
            ["bedroom"], data_dir=bench.data_dir, catalogue=bench.catalogue, free=lambda _: free, **options
        )

    assert not bench.data_dir.exists()
    plan = look()
    assert [(item.state, item.on_disk, item.to_fetch) for item in plan.items] == [("missing", 0, SIZE)]
    assert plan.to_fetch == SIZE
    assert plan.disk_needed == round(1.25 * SIZE) + SIZE
    assert not bench.data_dir.exists()
    bench.put(f"{NAME}.zip.part", b"PK" * 500)
    plan = look()
    assert [(item.state, item.on_disk, item.to_fetch) for item in plan.items] == [("partial", 1000, SIZE - 1000)]
    assert plan.disk_needed == round(1.25 * SIZE) + SIZE - 1000
    bench.download()
    assert [(item.state, item.to_fetch) for item in look().items] == [("here", 0)]
    assert look(free=0).disk_needed == 0


def test_too_little_room_is_said_before_the_first_byte(bench: Bench) -> None:
    bench.fail(r"about 0.00 GB are needed .* 0.00 GB are free; make room", free=lambda _: 100)
    assert bench.server.requests == []


def test_free_bytes_of_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    assert downloads.free_bytes(tmp_path / "a" / "b") > 0


def test_data_folder_that_cannot_be_made(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(DownloadError, match="cannot be made"):
        bench.download()


def test_full_disk_keeps_what_has_arrived(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from augexp.data import partial

    opened = partial.Partial._open

    class Full:
        def __init__(self, file: Any) -> None:
            self.file = file

        def write(self, data: Any) -> int:
            if self.file.tell() + len(data) > 100_000:
                raise OSError(28, "No space left on device")
            return int(self.file.write(data))

        def __getattr__(self, name: str) -> Any:
            return getattr(self.file, name)

    with monkeypatch.context() as patch:
        patch.setattr(partial.Partial, "_open", lambda self: Full(opened(self)))
        line = bench.fail("No space left on device")
        assert "are kept, make room" in line
    kept = (bench.parent / f"{NAME}.zip.part").stat().st_size
    assert 0 < kept <= 100_000
    assert bench.download().transferred == SIZE - kept


# -- several, and together ---------------------------------------------------------------------


def test_two_processes_at_once_give_one_clear_line(bench: Bench) -> None:
    bench.parent.mkdir(parents=True)
    with locks.hold(bench.parent / f"{NAME}.zip.lock", RuntimeError("busy")):
        bench.fail("another augexp is working on it")
    bench.download()
    whole(bench)


def test_one_failure_does_not_stop_the_others(tmp_path: Path) -> None:
    archives = {(f"c{i}", "val"): make_zip(f"c{i}_val_lmdb", 30_000, i) for i in range(4)}
    with Server(layout(archives)) as server:
        catalogue = make_catalogue(tmp_path / "catalogue.json", server.url, archives)
        names = [category for category, _ in archives]
        for gone in ("c1", "c2"):
            del server.files[f"/scenes/{gone}_val_lmdb.zip"]
        with pytest.raises(DownloadError, match="2 of 4 archives failed: c1_val.* 404 .*c2_val") as caught:
            downloads.download(names, data_dir=tmp_path, catalogue=catalogue, settings=FAST)
        assert "\n" not in str(caught.value)
        assert sorted(path.name for path in (tmp_path / "lsun").iterdir()) == ["c0_val_lmdb", "c3_val_lmdb"]


def test_ctrl_c_keeps_the_part(bench: Bench) -> None:
    bench.server.rate = 500_000

    def press(event: Progress) -> None:
        if event.stage == "downloading" and event.done > 20_000:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="same command goes on"):
        bench.download(on_progress=press)
    kept = (bench.parent / f"{NAME}.zip.part").stat().st_size
    assert 20_000 < kept < SIZE
    bench.server.rate = None
    assert bench.download().transferred == SIZE - kept
    whole(bench)


def test_speed_and_time_left() -> None:
    now = [0.0]
    events: list[Progress] = []
    reporter = downloads.Reporter("a.zip", events.append, interval=1.0, clock=lambda: now[0])
    reporter.enter("downloading", 10_000, done=4000)
    assert (events[-1].speed, events[-1].seconds_left) == (None, None)
    for second in range(1, 5):
        now[0] = float(second)
        reporter.move(4000 + 500 * second)
    assert (events[-1].speed, events[-1].seconds_left) == (500.0, 8.0)
    count = len(events)
    now[0] = 4.5
    reporter.move(6100)
    assert len(events) == count
    reporter.move(0)  # a start from the beginning: no speed from before
    reporter.note("starting over", warning=True)
    assert (events[-1].speed, events[-1].message, events[-1].warning) == (None, "starting over", True)


# -- killed ------------------------------------------------------------------------------------

CHILD = """
import sys
from pathlib import Path
from augexp.data.download import Settings, download
from augexp.data.lsun import read_catalogue
catalogue = read_catalogue(Path(sys.argv[1]))
download(["bedroom"], split="val", data_dir=Path(sys.argv[2]), catalogue=catalogue, settings=Settings(first_delay=0.01))
"""


def kill_at(process: subprocess.Popen[bytes], reached: Callable[[], bool]) -> None:
    while process.poll() is None and not reached():
        time.sleep(0.002)
    process.kill()
    process.wait()


@pytest.mark.slow
def test_killed_ten_times_at_random_moments_ends_verified(tmp_path: Path) -> None:
    content = make_zip(NAME, 5_000_000)
    archives = {("bedroom", "val"): content}
    chance = random.Random(20150610)
    with Server(layout(archives), rate=4_000_000) as server:
        make_catalogue(tmp_path / "catalogue.json", server.url, archives)
        command = [sys.executable, "-c", CHILD, str(tmp_path / "catalogue.json"), str(tmp_path / "data")]
        for _ in range(10):
            process = subprocess.Popen(command, env={**os.environ})
            goal = server.sent + chance.randrange(1, len(content) // 11)
            kill_at(process, lambda goal=goal: server.sent >= goal)  # type: ignore[misc]
            assert process.returncode == -9
            assert not (tmp_path / "data" / "lsun" / NAME).exists()
        subprocess.run(command, check=True)
        assert server.sent < 1.2 * len(content)
    folder = tmp_path / "data" / "lsun" / NAME
    assert (folder / "data.mdb").stat().st_size == 5_000_000
    assert [path.name for path in folder.parent.iterdir()] == [NAME]
    assert json.loads((folder / "augexp.json").read_text())["verified"] is True


@pytest.mark.slow
def test_killed_while_unpacking_is_never_taken_for_whole(tmp_path: Path) -> None:
    content = pack({f"{NAME}/data.mdb": random.Random(1).randbytes(60_000_000)})
    archives = {("bedroom", "val"): content}
    folder = tmp_path / "data" / "lsun" / NAME
    beside = folder.with_name(f"{NAME}.part-unpacking")
    with Server(layout(archives)) as server:
        make_catalogue(tmp_path / "catalogue.json", server.url, archives)
        command = [sys.executable, "-c", CHILD, str(tmp_path / "catalogue.json"), str(tmp_path / "data")]
        process = subprocess.Popen(command)
        kill_at(process, lambda: (beside / "data.mdb").exists())
        assert process.returncode == -9
        assert not folder.exists()
        sent = server.sent
        subprocess.run(command, check=True)
        assert server.sent == sent
    assert [path.name for path in folder.parent.iterdir()] == [NAME]
