"""The downloader with a server that behaves: plans, folders, files, several at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lsun_bench import ARCHIVES, FAST, NAME, SIZE, Bench, whole
from lsun_server import Fault, Server, layout, make_catalogue, make_zip

from augexp.data.download.categories import Result, download
from augexp.data.download.plan import DownloadPlan, free_bytes, plan_download
from augexp.data.download.progress import DownloadProgress, Reporter
from augexp.errors import DownloadError, Interrupted
from augexp.files import hold_lock


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Server(layout(ARCHIVES)) as server:
        yield Bench(tmp_path, server)


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
        results = download(
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
        results = download(names, data_dir=tmp_path, catalogue=catalogue, settings=FAST, jobs=3)
    assert [result.archive.category for result in results] == names
    assert 2 <= server.most_at_once <= 3


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


def test_a_wrong_file_is_told_by_its_size_and_an_archive_elsewhere_needs_no_room(bench: Bench, tmp_path: Path) -> None:
    def take(path: Path, free: int) -> list[Result]:
        return download([], data_dir=bench.data_dir, from_file=path, catalogue=bench.catalogue, free=lambda _: free)

    path = tmp_path / f"{NAME}.zip"
    path.write_bytes(b"<html>404 Not Found</html>\n")
    with pytest.raises(DownloadError, match="not the archive of the catalogue: it has 27 bytes, .* name another file"):
        take(path, free=0)
    whole_zip = ARCHIVES["bedroom", "val"]
    path.write_bytes(whole_zip)
    needed = plan_download(["bedroom"], split="val", data_dir=bench.data_dir, catalogue=bench.catalogue).disk_needed
    with pytest.raises(DownloadError, match="are needed"):
        take(path, free=needed - len(whole_zip) - 1)
    (result,) = take(path, free=needed - len(whole_zip))
    assert result.status == "unpacked"


def test_file_given_by_name_by_category_and_wrongly(bench: Bench, tmp_path: Path) -> None:
    def take(path: Path, *categories: str) -> list[Result]:
        return download(categories, split="both", data_dir=bench.data_dir, from_file=path, catalogue=bench.catalogue)

    named, other = tmp_path / f"{NAME}.zip", tmp_path / "from usb.zip"
    for path in (named, other):
        path.write_bytes(ARCHIVES["bedroom", "val"])
    with pytest.raises(DownloadError, match="cannot tell which LSUN archive"):
        download([], data_dir=bench.data_dir, from_file=other)
    (result,) = take(other)
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
    def look(free: int = 1 << 40, **options: Any) -> DownloadPlan:
        return plan_download(
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


def test_without_verification_the_catalogue_says_nothing_of_the_size(bench: Bench) -> None:
    plan = plan_download(
        ["bedroom"], data_dir=bench.data_dir, catalogue=bench.catalogue, free=lambda _: 100, verify=False
    )
    assert [item.to_fetch for item in plan.items] == [None]
    assert plan.disk_needed == 0
    plan.check()


def test_free_bytes_of_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "a" / "b") > 0


def test_data_folder_that_cannot_be_made(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(DownloadError, match="cannot be made"):
        bench.download()


def test_full_disk_keeps_what_has_arrived(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from augexp.data.download import partial

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
    with hold_lock(bench.parent / f"{NAME}.zip.lock", RuntimeError("busy")):
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
            download(names, data_dir=tmp_path, catalogue=catalogue, settings=FAST)
        assert "\n" not in str(caught.value)
        assert sorted(path.name for path in (tmp_path / "lsun").iterdir()) == ["c0_val_lmdb", "c3_val_lmdb"]


def test_ctrl_c_keeps_the_part(bench: Bench) -> None:
    bench.server.rate = 500_000

    def press(event: DownloadProgress) -> None:
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
    events: list[DownloadProgress] = []
    reporter = Reporter("a.zip", events.append, interval=1.0, clock=lambda: now[0])
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
    assert (events[-1].speed, events[-1].message, events[-1].warning) == (None, "a.zip: starting over", True)
