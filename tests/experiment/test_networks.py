"""What a definition says of its network: which words it takes, what is hashed, and what is never executed."""

from __future__ import annotations

from pathlib import Path

import pytest

from augexp import api
from augexp.errors import DefinitionError, ResultsError
from augexp.experiment import command_line, definition, networks
from augexp.experiment.training import Training
from augexp.results.folder import open_workspace, reopen_workspace


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "place" / "my_net.py"
    path.parent.mkdir()
    path.write_text("raise SystemExit('executed')")
    return path


def test_applications_are_those_of_keras() -> None:
    import keras

    functions = {name for name, value in vars(keras.applications).items() if callable(value) and name[0].isupper()}
    assert functions == set(networks.APPLICATIONS)


def test_the_content_of_a_file_is_hashed_and_its_place_is_not(net: Path, tmp_path: Path) -> None:
    first = api.define(model=f"{net}:build")
    moved = tmp_path / "renamed.py"
    moved.write_bytes(net.read_bytes())
    assert api.define(model=f"{moved}:build").hash == first.hash
    assert api.define(model=f"{net}:other").hash != first.hash
    net.write_text("something else")
    assert api.define(model=f"{net}:build").hash != first.hash
    with pytest.raises(DefinitionError, match="has changed since the definition was recorded"):
        api.define(first)
    assert api.define(first, model=f"{net}:build").hash != first.hash
    assert api.define(first, model="small").hash == api.define().hash


def test_relative_files_are_those_beside_the_caller_or_beside_the_definition(net: Path, monkeypatch) -> None:
    monkeypatch.chdir(net.parent)
    experiment = api.define(model="my_net.py:build")
    assert experiment.training.model == f"{net}:build"
    monkeypatch.chdir(net.parent.parent)
    (net.parent / "mine.toml").write_text('[training]\nmodel = "my_net.py:build"\n')
    told = api.define("place/mine.toml").training
    assert (told.model, told.model_digest) == (experiment.training.model, experiment.training.model_digest)
    with pytest.raises(DefinitionError, match=r"model: .*my_net.py cannot be read \(No such file or directory\)"):
        api.define(model="my_net.py:build")


def test_a_results_folder_never_makes_a_file_run(net: Path, tmp_path: Path) -> None:
    experiment = api.define(model=f"{net}:build", name="mine")
    workspace = open_workspace(experiment, tmp_path / "results")
    workspace.commit_plan(0)
    text = (workspace.folder / "experiment.toml").read_text()
    assert 'model = "my_net.py:build"' in text
    assert str(tmp_path) not in text
    assert reopen_workspace(workspace.folder).experiment.hash == experiment.hash
    (workspace.folder / "my_net.py").write_bytes(net.read_bytes())  # also where it lies there
    recorded = api.define(workspace.folder / "experiment.toml")
    assert recorded.hash == experiment.hash
    for call in (
        lambda: api.compare(recorded, results_dir=tmp_path / "results", data_dir=tmp_path / "data"),
        lambda: api.train(recorded, results_dir=tmp_path / "results", data_dir=tmp_path / "data"),
    ):
        with pytest.raises(DefinitionError, match="executed only where you name it .* --model FOLDER/my_net.py:build"):
            call()
    assert command_line.command(experiment.replace(name="sample")) == "augexp compare --model my_net.py:build"
    text = "".join(line for line in text.splitlines(keepends=True) if "digest" not in line)
    (workspace.folder / "experiment.toml").write_text(text.replace("my_net.py", str(net)))
    for call in (
        lambda: api.verify(workspace.folder, data_dir=tmp_path),
        lambda: api.compare(workspace.folder / "experiment.toml", results_dir=tmp_path, data_dir=tmp_path),
    ):
        with pytest.raises(
            (DefinitionError, ResultsError),
            match="only where you name it|no finished run|damaged|digest differs",
        ):
            call()
    named = api.define(workspace.folder / "experiment.toml", model=f"{net}:build")
    assert (named.hash, named.training.model) == (experiment.hash, f"{net}:build")


def test_a_saved_network_is_found_again_from_the_results(tmp_path: Path) -> None:
    path = tmp_path / "net.keras"
    path.write_bytes(b"weights")
    experiment = api.define(model=str(path), tune="head", views=3, name="mine")
    workspace = open_workspace(experiment, tmp_path / "results")
    workspace.commit_plan(0)
    assert 'model = "../../net.keras"' in (workspace.folder / "experiment.toml").read_text()
    again = reopen_workspace(workspace.folder).experiment
    assert (again.hash, again.training.model) == (experiment.hash, str(path))
    assert again.training.model_digest == networks.digest_of("model", path)


@pytest.mark.parametrize(
    ("training", "words"),
    [
        ({"model": "MobileNetV3Smal"}, "received 'MobileNetV3Smal'; allowed are small, .*; did you mean 'MobileNetV3S"),
        ({"model": "my_net.py"}, "received 'my_net.py'; name the function that builds the network, like my_net.py:bu"),
        ({"model": "my_net.py:"}, "received 'my_net.py:'; name the function"),
        ({"model": "net.h5"}, "received 'net.h5'; allowed are"),
        ({"weights": "imagenet"}, "weights: received 'imagenet' with the network 'small'; allowed with a network of k"),
        ({"model": "VGG16", "weights": "yes"}, "weights: received 'yes'; allowed are none, imagenet, or a file FILE.w"),
        ({"tune": "head"}, "tune: received 'head' with the network 'small', which has no trained backbone"),
        ({"model": "VGG16", "weights": "none", "tune": "head"}, "tune: received 'head' with weights = 'none'"),
        ({"views": 3}, "views: received 3 with tune = 'all'"),
        ({"views": 40}, "views: received 40 with tune = 'all'"),
        ({"model": "n.keras", "precision": "mixed_bfloat16"}, "precision: received 'mixed_bfloat16' with the saved ne"),
        ({"model": "VGG16", "image_size": 16}, "data.image_size: received 16 with the network VGG16, which takes 32"),
        ({"model": "n.keras"}, "model: .*n.keras cannot be read"),
        ({"model": "VGG16", "weights": "w.h5"}, "weights: .*w.h5 cannot be read"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(training, words) -> None:
    with pytest.raises(DefinitionError, match=words) as caught:
        api.define(**training)
    assert "\n" not in str(caught.value)


def test_later_keys_are_left_out_at_their_defaults() -> None:
    assert not {"weights", "tune", "views", "model_digest"} & set(Training().model_dump())
    explicit = Training(weights=None, tune="all", views=40, model_digest=None)
    assert definition.parse({"name": "a", "training": explicit.model_dump()}, origin="test").training == Training()
