"""A real backbone, where its file lies beside the project: A/A, equal starts, and what `--tune head` costs."""

from __future__ import annotations

import pytest

import augexp
from augexp.results import records

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def backbone(shared):
    path = shared / "data" / "backbones" / "efficientnet-lite0.keras"
    if not path.is_file():
        pytest.skip("the backbone beside the project (../shared/data/backbones) is not here")
    return path


def check(folder) -> None:
    runs = {(run.arm, run.seed): run.run for run in records.read_runs(folder)}
    for seed in {seed for _, seed in runs}:
        none, standard, again = (runs[arm, seed] for arm in ("none", "standard", "again"))
        assert none.weights_initial == standard.weights_initial == again.weights_initial
        assert none.weights_final == again.weights_final != standard.weights_final
        assert none.order == standard.order
    assert len({run.weights_initial for run in runs.values()}) == 2


@pytest.mark.parametrize("network", ["frozen", "whole", "application"])
def test_a_real_backbone_in_an_a_a_comparison(network, backbone, image_folder, tmp_path) -> None:
    options = {
        "frozen": {"model": str(backbone), "tune": "head", "views": 2, "epochs": 3},
        "whole": {"model": str(backbone), "epochs": 1},
        "application": {"model": "MobileNetV3Small", "weights": "none", "epochs": 1},
    }[network]
    experiment = augexp.define(image_folder, image_size=32, seeds=2, **options)
    experiment = experiment.replace(
        policies={"again": {"policy": "none"}}, plan={"arms": ["none", "standard", "again"]}, name="aa"
    )
    comparison = augexp.compare(experiment, results_dir=tmp_path, data_dir=tmp_path, jobs=2)
    assert comparison.complete
    check(tmp_path / "aa")
    control = next(contrast for contrast in comparison.contrasts if contrast.arm == "again")
    assert control.estimate == 0.0


def test_another_policy_computes_its_own_features_alone(backbone, shared, tmp_path) -> None:
    photos = shared / "data" / "tiny-imagenet"
    for label, name in (("cat", "n02123045"), ("dog", "n02085620")):
        (tmp_path / "photos" / label).mkdir(parents=True)
        for path in sorted((photos / name).iterdir())[:60]:
            (tmp_path / "photos" / label / path.name).symlink_to(path)
    settings = {"model": str(backbone), "tune": "head", "views": 3, "seeds": 3, "epochs": 4, "image_size": 64}
    places = {"results_dir": tmp_path / "results", "data_dir": tmp_path / "data"}
    seen = []
    for arms in (["none", "standard"], ["none", "standard", "randaugment"]):
        comparison = augexp.compare(tmp_path / "photos", arms=arms, jobs=2, **settings, **places)
        assert comparison.complete
        files = (tmp_path / "data" / "features").rglob("*.npy")
        seen.append({path: path.stat().st_mtime_ns for path in files})
    before, after = seen
    assert before.items() <= after.items()  # nothing was computed again
    assert len({path.parent for path in after} - {path.parent for path in before}) == 1
    assert len(after) - len(before) == 3  # a file for each view
