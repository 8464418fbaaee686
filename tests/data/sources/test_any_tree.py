"""Whatever lies in a folder: every file is an image, is skipped with a reason or is counted; or one line says why."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from random import Random

import pytest
from builders import png
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from augexp.data.preparation import prepare
from augexp.data.sources.unread import is_worth_a_word
from augexp.data.store_manifest import StoreManifest
from augexp.errors import DataError
from augexp.experiment.sources import Data
from augexp.seeds import key

FOLDERS = (
    "cat", "dog", "Dog", "train", "test", "val", "training_set", "test_set", "results", "data", "a b", "é", "e\u0301",
    ".hidden", "__MACOSX", "x.png", "\x1b[31mred",
)  # fmt: skip
FILES = (
    "1.png", "2.PNG", "3.jpg", "noend", "README", "notes.txt", "4.heic", "5.ppm", ".DS_Store", "Thumbs.db", "é.png",
    "e\u0301.png", "6.tiff", "bad.png", "\n.png",
)  # fmt: skip
OUTPUT = ("experiment.toml", "plan.json", "store.json", "images.npy", ".lock")

paths = st.lists(st.sampled_from(FOLDERS), min_size=0, max_size=3)
leaves = st.one_of(
    st.tuples(st.just("file"), st.sampled_from((*FILES, *OUTPUT)), st.integers(0, 40)),
    st.tuples(st.just("images"), st.sampled_from(("", "p", "q")), st.integers(1, 12)),
    st.tuples(st.just("link"), st.sampled_from(("loop", "dead.png", "other")), st.just(0)),
    st.tuples(st.just("folder"), st.sampled_from((*FOLDERS, "stores/requests", "runs")), st.just(0)),
    st.tuples(st.just("pipe"), st.sampled_from(("pipe.jpg", "pipe")), st.just(0)),
)
trees = st.lists(st.tuples(paths, leaves), min_size=0, max_size=14)

BASES: dict[str, tuple[list[str], ...]] = {
    "nothing": (),
    "classes": (["cat"], ["dog"]),
    "splits": (["train", "cat"], ["train", "dog"], ["test_set", "cat"], ["test_set", "dog"]),
}
"""Folders that hold a dozen images to begin with; two trees of three grow inside these alone."""


def grow(root: Path, tree: list[tuple[list[str], tuple[str, str, int]]]) -> None:
    """Write a tree; what does not fit any more, as a file where a folder is, is left out."""
    for number, (path, (kind, name, count)) in enumerate(tree):
        place = root.joinpath(*path)
        try:
            place.mkdir(parents=True, exist_ok=True)
            if kind == "file":
                content = b"bad" if name.startswith("bad") or name.endswith("txt") else png(100 * number + count)
                (place / name).write_bytes(content)
            elif kind == "images":
                for n in range(count):
                    (place / f"{name}{n}.png").write_bytes(png(key("tree", *path, name, n) % 10**9))
            elif kind == "link":
                target = {"loop": root, "other": root / "dog"}.get(name, root / "nowhere")
                (place / name).symlink_to(target)
            elif kind == "pipe":
                os.mkfifo(place / name)
            else:
                (place / name).mkdir(parents=True, exist_ok=True)
        except OSError:
            continue


def files_of(root: Path) -> int:
    """Count the files that count: what is hidden, what systems leave behind, and augexp's own output does not."""
    count, entered = 0, set[str]()
    for place, below, names in os.walk(root, followlinks=True):
        inner, own = set(below), set(names)
        results = "experiment.toml" in own and ("plan.json" in own or inner & {"runs", "comparison"})
        data = os.path.isdir(os.path.join(place, "stores", "requests"))
        if os.path.realpath(place) in entered or results or data or {"store.json", "images.npy"} <= own:
            below.clear()
            continue
        entered.add(os.path.realpath(place))
        below[:] = sorted(name for name in below if not name.startswith(".") and name not in ("__MACOSX", "@eaDir"))
        count += sum(map(is_worth_a_word, names))
    return count


def outcome(data: Data, data_dir: Path) -> tuple[StoreManifest | None, str]:
    """Return the description of the store, or the error."""
    try:
        return prepare(data, data_dir, jobs=1).manifest, ""
    except DataError as error:
        return None, str(error)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the trees hold named pipes and symbolic links")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(trees, st.sampled_from(sorted(BASES)), st.booleans(), st.randoms(use_true_random=False))
def test_every_file_is_explained_or_one_line_names_the_cause(
    tree: list[tuple[list[str], tuple[str, str, int]]], base: str, inside: bool, random: Random
) -> None:
    with tempfile.TemporaryDirectory() as place:
        root = Path(place, "in")
        root.mkdir()
        grow(root, [(path, ("images", f"{'-'.join(path)}-", 12)) for path in BASES[base]])
        if inside and BASES[base]:
            tree = [([*random.choice(BASES[base]), *path], leaf) for path, leaf in tree]
        grow(root, tree)
        data = Data(source="folder", path=str(root), image_size=8, max_skipped=1.0)
        manifest, text = outcome(data, Path(place, "out"))
        event("refused" if manifest is None else "prepared")
        if manifest is None:
            assert len(text.replace("\n.png", "").splitlines()) == 1
            assert len(text) > 30
            return
        assert manifest.images + manifest.skipped.count == manifest.records
        assert sum(files.count for files in manifest.unread) == manifest.ignored_files
        explained = manifest.records + manifest.ignored_files
        # A link into another class shows its files twice: once as that class', once as its own.
        assert explained >= files_of(root)
        if not any(kind == "link" for _, (kind, _, _) in tree):
            assert explained == files_of(root)
