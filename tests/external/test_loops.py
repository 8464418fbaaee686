"""The loops of docs/tables.md: short, and those whose library is here are executed and their table judged."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np
import pytest

import augexp

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "tables.md").read_text(encoding="utf-8")
LOOPS = re.findall(r"```python\n(.+?)```", TEXT, re.S)
MAX_LINES = 15


def loop(name: str) -> str:
    return re.search(rf"<!-- loop: {name} -->\n```python\n(.+?)```", TEXT, re.S)[1]


def judge(**said) -> augexp.Comparison:
    return augexp.judge("runs.csv", design="paired", endpoint="final", **said)


def test_every_loop_is_short_and_is_python() -> None:
    assert len(LOOPS) == 5
    for text in LOOPS:
        ast.parse(text)
        assert len([line for line in text.splitlines() if line.strip()]) <= MAX_LINES


def test_the_loop_for_keras_writes_a_table_that_can_be_judged(tmp_path, monkeypatch) -> None:
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    monkeypatch.chdir(tmp_path)
    generator = np.random.default_rng(0)
    labels = np.arange(120) % 2
    features = generator.normal(labels[:, None] * 0.8, 1.0, (120, 4)).astype("float32")

    def build():
        network = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(2, activation="softmax")])
        network.compile("adam", "sparse_categorical_crossentropy")
        return network

    given = {
        "classes": ["cat", "dog"], "build": build, "names": [f"{i}.png" for i in range(60)],
        "arms": {"none": lambda x: x, "noise": lambda x: x + generator.normal(0, 0.5, x.shape).astype("float32")},
        "x_train": features[:60], "y_train": labels[:60], "x_test": features[60:], "y_test": labels[60:],
    }  # fmt: skip
    exec(compile(loop("keras"), "tables.md", "exec"), given)
    comparison = judge(seeds=5)
    assert (comparison.look.seeds, comparison.test_images, comparison.classes) == (5, 60, ("cat", "dog"))
    assert {"accuracy", "log_loss", "auroc", "f1"} <= {measure.key for measure in comparison.contrasts[0].measures}


def test_the_loop_for_scikit_learn_judges_two_preprocessings_of_digits(tmp_path, monkeypatch) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    from sklearn.datasets import load_digits
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import Binarizer

    monkeypatch.chdir(tmp_path)
    digits = load_digits()
    given = {
        "classes": digits.target_names.tolist(), "names": [f"digit-{i}" for i in range(900, 1797)],
        "arms": {
            "none": lambda seed: ExtraTreesClassifier(20, random_state=seed),
            "binary": lambda seed: make_pipeline(Binarizer(threshold=8), ExtraTreesClassifier(20, random_state=seed)),
        },
        "x_train": digits.data[:900], "y_train": digits.target[:900],
        "x_test": digits.data[900:], "y_test": digits.target[900:],
    }  # fmt: skip
    exec(compile(loop("sklearn"), "tables.md", "exec"), given)
    comparison = judge(seeds=8)
    assert (comparison.look.seeds, comparison.test_images, len(comparison.classes)) == (8, 897, 10)
    assert comparison.contrasts[0].tone == "hurts"
