"""Declared groups: each is on one side of every split and of the halves of a screening, and others do not move."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from builders import png, write_images

from augexp.analysis.sample_splitting import screening_half
from augexp.data import splits
from augexp.data.groups import name_hash, named, units
from augexp.data.preparation import prepare
from augexp.errors import DataError
from augexp.experiment.sources import Data

DATA = Data(source="manifest", path="t.csv")


def drawn(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Return labels, clusters, keys, given splits and groups of a random data set with duplicates across groups."""
    count, classes = int(rng.integers(20, 60)), int(rng.integers(2, 4))
    groups = rng.integers(0, rng.integers(6, count), count)
    labels = rng.integers(0, classes, count)
    labels[: 3 * classes] = np.arange(3 * classes) % classes
    keys = np.sort(rng.integers(0, 256, (count, 20), dtype=np.uint8).view("S20").ravel()).view(np.uint8)
    clusters = np.arange(count)
    for row in rng.choice(np.arange(1, count), int(rng.integers(0, 6)), replace=False):
        clusters[row] = clusters[rng.integers(0, row)]  # a near-duplicate, of any group and class
    given = np.full(count, splits.TRAIN, np.uint8)
    if rng.random() < 0.5:
        given = rng.choice([splits.TRAIN] * 3 + [splits.VALIDATION, splits.TEST], count).astype(np.uint8)
        given[: 3 * classes] = splits.TRAIN
    return labels, clusters, keys.reshape(count, 20), given, groups


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=pytest.mark.slow)])
def test_no_group_straddles_a_split_or_a_half_of_random_data_sets(count: int) -> None:
    rng = np.random.default_rng(0)
    for _ in range(count):
        labels, clusters, keys, given, numbers = drawn(rng)
        declared = named(f"patient {number}" for number in numbers)
        split = splits.split(DATA, given, labels, clusters, keys, int(labels.max()) + 1, declared)
        used = split.codes != splits.EXCLUDED
        for whole in (numbers, clusters):
            sides = np.unique(np.stack([whole[used], split.codes[used]]), axis=1)
            assert len(np.unique(sides[0])) == sides.shape[1]
        test = split.codes == splits.TEST
        half = screening_half(
            labels[test], units(clusters, declared.rows)[test], keys[test, :8].copy().view("u8")[:, 0]
        )
        for whole in (numbers[test], clusters[test]):
            sides = np.unique(np.stack([whole, half]), axis=1)
            assert len(np.unique(sides[0])) == sides.shape[1]


def test_units_are_the_connected_parts() -> None:
    clusters, groups = np.array([0, 1, 1, 3, 4, 5]), np.array([7, 7, 8, 9, 9, 2])
    assert units(clusters, groups).tolist() == [0, 0, 0, 3, 3, 5]
    assert units(clusters, None) is clusters


def test_adding_and_renaming_files_moves_no_other_group() -> None:
    rng = np.random.default_rng(1)
    count = 400
    numbers = rng.integers(0, 60, count)
    keys = np.sort(rng.integers(0, 256, (count, 20), dtype=np.uint8).view("S20").ravel()).view(np.uint8).reshape(-1, 20)
    labels, given = rng.integers(0, 2, count), np.zeros(count, np.uint8)

    def sides(rows: np.ndarray, names: list[str]) -> dict[str, int]:
        found = splits.split(DATA, given[rows], labels[rows], np.arange(len(rows)), keys[rows], 2, named(names))
        return dict(zip(names, found.codes.tolist(), strict=True))

    every = [f"patient {number}" for number in numbers]
    whole = sides(np.arange(count), every)
    assert len(set(whole.values())) == 3
    for _ in range(20):
        rows = np.flatnonzero(rng.random(count) < 0.8)  # the others are added later
        fewer = sides(rows, [every[row] for row in rows])
        assert fewer.items() <= whole.items()
        renamed = {f"patient {number}": f"renamed {number}" for number in rng.choice(60, 5, replace=False)}
        again = sides(np.arange(count), [renamed.get(name, name) for name in every])
        assert {name: side for name, side in again.items() if not name.startswith("renamed")}.items() <= whole.items()


def write_patients(folder: Path, patients: int = 40) -> Path:
    """Write 4 images of each patient, of both classes, called ``patient<p>_<n>.png``."""
    for name in ("a", "b"):
        (folder / name).mkdir(parents=True)
    for number in range(4 * patients):
        (folder / "ab"[number % 2] / f"patient{number // 4}_{number % 4}.png").write_bytes(png(number))
    return folder


def test_an_expression_declares_groups_of_any_source(tmp_path: Path) -> None:
    path = str(write_patients(tmp_path / "in"))
    plain = Data(source="folder", path=path, image_size=16)
    store = prepare(plain.model_copy(update={"group_from": r"patient(\d+)_"}), tmp_path)
    assert store.manifest.groups is not None
    assert store.manifest.groups.count == 40
    assert store.manifest.groups.largest == 4
    found = [set(store.group_names(store.rows(part))) for part in ("train", "validation", "test")]
    assert set.union(*found) == {str(number) for number in range(40)}
    assert sum(map(len, found)) == 40
    hashes = store.group_hashes(store.rows("test"))
    assert hashes is not None
    assert set(hashes.tolist()) == {name_hash(name) for name in found[2]}
    alone = prepare(plain, tmp_path)
    assert (alone.groups, alone.manifest.groups, alone.units is alone.clusters) == (None, None, True)
    assert alone.fingerprint != store.fingerprint
    assert "groups" not in alone.manifest.plain()


def test_an_expression_that_does_not_fit_every_name_is_one_line(tmp_path: Path) -> None:
    path = str(write_patients(tmp_path / "in"))
    with pytest.raises(
        DataError, match=r"group_from: received 'patient1\(\.\*\)_'.* nothing in 120 of 160 names, such as ./pat"
    ):
        prepare(Data(source="folder", path=path, image_size=16, group_from="patient1(.*)_"), tmp_path)


def test_too_few_groups_are_named(tmp_path: Path) -> None:
    path = str(write_patients(tmp_path / "in"))
    with pytest.raises(DataError, match="class 'a' has no .* images belong to 1 group, and .* at least 3 groups"):
        prepare(Data(source="folder", path=path, image_size=16, group_from="(patient)"), tmp_path)


def test_official_splits_that_share_groups_are_said_and_counted(tmp_path: Path) -> None:
    write_images(tmp_path / "in", range(80))
    rows = [f"{n}.png,{'ab'[n % 2]},{'test' if n >= 56 else 'train'},{n // 2 % 30}" for n in range(80)]
    (tmp_path / "in" / "metadata.csv").write_text("\n".join(["file_name,label,split,group", *rows]))
    store = prepare(Data(source="manifest", path=str(tmp_path / "in"), image_size=16), tmp_path / "data")
    # the groups 28, 29 and 0 to 9 have test images; 0 to 9 have 20 training images too
    counts = store.manifest.groups
    assert counts is not None
    assert (counts.excluded, counts.test, len(store.rows("test"))) == (20, 12, 24)
    assert "20 training or validation images were left out because their group has" in "".join(store.manifest.warnings)
    assert "20 more were left out because their group" in store.manifest.split.explanation
    assert not set(store.group_names(store.rows("train"))) & set(store.group_names(store.rows("test")))


NAMES = {
    "patients": (
        [f"{'ab'[n % 2]}/patient{n // 4}_{n % 4:02}.png" for n in range(80)],
        "--group-from '([^/]*[0-9A-Za-z])",
    ),
    "folders": ([f"{'ab'[n // 40]}/subject {n // 4}/{n}.png" for n in range(80)], "--group-from '([^/]+)/[^/]+$'"),
    "copies": (
        [f"a/IMG_{n:04}{(' (2)', '')[n % 3 > 0]}.png" for n in range(3)]
        + [f"{'ab'[n % 2]}/IMG_{n % 40:04}{' (2)' * (n >= 40)}.png" for n in range(1, 80)],
        "--group-from '([^/]+?)(?: ",
    ),
    "numbers": ([f"{'ab'[n % 2]}/{n}.png" for n in range(80)], ""),
    "classes": ([f"{'ab'[n % 2]}/{'ab'[n % 2]}_{n}.png" for n in range(80)], ""),
    "cameras' names": ([f"{'ab'[n % 2]}/DSC_{n:05}.png" for n in range(80)], ""),
    "hashes": ([f"{'ab'[n % 2]}/{name_hash(str(n)):016x}.png" for n in range(80)], ""),
}


@pytest.mark.parametrize("kind", NAMES)
def test_names_that_look_like_groups_are_told_with_the_option_that_fits_them(tmp_path: Path, kind: str) -> None:
    names, option = NAMES[kind]
    for number, name in enumerate(dict.fromkeys(names)):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(number))
    data = Data(source="folder", path=str(tmp_path / "in"), image_size=16)
    warnings = [text for text in prepare(data, tmp_path / "data").manifest.warnings if "[undeclared-groups]" in text]
    assert len(warnings) == bool(option)
    if option:
        assert option in warnings[0]
        expression = warnings[0].split("--group-from '")[1].split("' (or")[0]
        store = prepare(data.model_copy(update={"group_from": expression}), tmp_path / "data")
        assert store.manifest.groups is not None
        assert 20 <= store.manifest.groups.count <= 45
        assert not any("[undeclared-groups]" in text for text in store.manifest.warnings)
