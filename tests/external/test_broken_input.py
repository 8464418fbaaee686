"""Broken input ends in one line that says what was received and how to mend it, never in a number."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tables

import augexp
from augexp.errors import AugexpError

PAIRED = {"design": "paired", "endpoint": "final", "seeds": 5}


def refused(runs, words: str, **said) -> str:
    """Judge runs and check that this is refused in one line that holds `words`."""
    with pytest.raises(AugexpError) as caught:
        augexp.judge(runs, **{**PAIRED, **said})
    message = str(caught.value)
    assert "\n" not in message
    assert words in message, message
    return message


def folded(columns):
    """Return a table of the same runs as repeats of two folds."""
    places = {name: place for place, name in enumerate(dict.fromkeys(columns["image"].tolist()))}
    fold = np.array([places[name] % 2 for name in columns["image"].tolist()])
    return {name: values for name, values in columns.items() if name != "seed"} | {
        "repeat": columns["seed"],
        "fold": fold,
    }


BROKEN_TABLES = {
    "no rows": (lambda t: tables.rows_of(t, np.zeros(600, dtype=bool)), "no rows"),
    "no seed": (lambda t: {k: v for k, v in t.items() if k != "seed"}, "the column 'seed' is missing"),
    "no outcome": (
        lambda t: {k: v for k, v in t.items() if not k.startswith("p_")},
        "nothing says what the networks predicted",
    ),
    "one class of probabilities": (
        lambda t: {k: v for k, v in t.items() if k != "p_class-1"},
        "the probabilities of one class alone",
    ),
    "group": (
        lambda t: t | {"group": [str(place) for place in range(len(t["label"]))]},
        "has another group than in an",
    ),
    "fold alone": (lambda t: t | {"fold": t["seed"]}, "received a column 'fold' without 'repeat'"),
    "repeat alone": (lambda t: t | {"repeat": t["seed"]}, "received a column 'repeat' without 'fold'"),
    "one fold": (lambda t: t | {"repeat": t["seed"], "fold": t["seed"]}, "every repeat has the same number of folds"),
    "other folds in an arm": (
        lambda t: tables.changed(folded(t), 7, fold=1 - int(folded(t)["fold"][7])),
        "is in another fold than in another arm",
    ),
    "a cluster in two folds": (
        lambda t: folded(t) | {"cluster": np.zeros(len(t["seed"]), dtype=int)},
        "images that belong together have to be in one fold",
    ),
    "seed is a word": (lambda t: tables.changed(t, 7, seed="x"), "row 8: seed: received 'x'"),
    "seed is a fraction": (lambda t: tables.changed(t, 7, seed="1.5"), "row 8: seed: received '1.5'"),
    "seed is negative": (lambda t: tables.changed(t, 7, seed="-1"), "row 8: seed: received '-1'"),
    "seed is missing": (lambda t: tables.changed(t, 7, seed=float("nan")), "row 8: seed: received nothing"),
    "arm is empty": (lambda t: tables.changed(t, 7, arm=" "), "row 8: arm: received nothing"),
    "image is empty": (lambda t: tables.changed(t, 7, image=""), "row 8: image: received nothing"),
    "label outside": (lambda t: tables.changed(t, 7, label="dog"), "row 8: label: received 'dog'"),
    "label differs": (
        lambda t: tables.changed(t, 67, label="class-0"),
        "row 68: image 'image-007.png' has the label 'class-0'",
    ),
    "probability above one": (lambda t: tables.changed(t, 7, **{"p_class__0": 1.4}), "p_class-0: received 1.4"),
    "probability below zero": (lambda t: tables.changed(t, 7, **{"p_class__0": -0.4}), "received -0.4"),
    "logits": (lambda t: tables.changed(t, 7, **{"p_class__1": 7.25}), "are these logits or percent?"),
    "probability is NaN": (lambda t: tables.changed(t, 7, **{"p_class__0": float("nan")}), "received nan"),
    "probability is a word": (lambda t: tables.changed(t, 7, **{"p_class__0": "0,5"}), "received '0,5'"),
    "sums": (lambda t: tables.changed(t, 7, **{"p_class__0": 0.1, "p_class__1": 0.2}), "sum up to 0.3"),
    "image missing": (lambda t: tables.rows_of(t, np.arange(600) != 130), "none seed 2: has 59 of the 60 test images"),
    "image twice": (
        lambda t: tables.rows_of(t, np.sort(np.append(np.arange(600), 130))),
        "none seed 2: image 'image-010.png' is there 2 times",
    ),
    "one arm": (lambda t: tables.rows_of(t, t["arm"] == "none"), "arm: received 'none' alone"),
    "one class": (
        lambda t: tables.rows_of(t, np.char.equal(t["label"], "class-1")),
        "label: received the single class 'class-1'",
    ),
    "correct contradicts": (
        lambda t: t | {"correct": np.zeros(600, dtype=int)},
        "correct: received 0, but the label is",
    ),
    "correct is no truth value": (lambda t: t | {"correct": np.full(600, 2)}, "correct: received"),
    "column lengths": (lambda t: t | {"label": t["label"][:5]}, "column 'label': received an array of shape (5,)"),
}


@pytest.mark.parametrize("name", BROKEN_TABLES)
def test_a_broken_table_is_one_line(name) -> None:
    change, words = BROKEN_TABLES[name]
    refused(change(tables.table()), words)


def test_two_images_of_one_name() -> None:
    columns = tables.table()
    columns["image"] = np.char.replace(columns["image"], "image-001.png", "image-000.png")
    refused(columns, "row 2: image 'image-000.png' has the label 'class-1', and in an earlier row 'class-0'")


def test_a_predicted_class_that_is_no_label() -> None:
    refused(tables.changed(tables.table(probabilities=False), 7, predicted="1"), "none seed 0: predicted: received '1'")


def test_a_repeat_of_folds_is_named_as_the_table_numbers_it() -> None:
    columns = folded(tables.table())
    refused(tables.rows_of(columns, np.arange(600) != 130), "none repeat 2: has 59 of the 60 test images")
    twice = tables.rows_of(columns, np.sort(np.append(np.arange(600), 130)))
    assert "has its own arm and repeat" in refused(twice, "none repeat 2: image 'image-010.png' is there 2 times")
    for name in ("p_class-0", "p_class-1"):
        columns[name][60:120] = columns[name][:60]
    refused(columns, "none repeat 0 and none repeat 1 are the same run, number by number")
    wrong = folded(tables.changed(tables.table(probabilities=False), 7, predicted="1"))
    refused(wrong, "none repeat 0: predicted: received '1'")


def test_a_missing_repeat_is_named() -> None:
    columns = folded(tables.table())
    kept = ~((columns["arm"] == "better") & (columns["repeat"] == 3))
    found = augexp.judge(tables.rows_of(columns, kept), **PAIRED)
    assert [run.name for run in found.missing] == ["better repeat 3"]
    assert "better repeat 3 (" in " ".join(found.warnings)


def test_one_run_under_two_seeds() -> None:
    columns = tables.table()
    for name in ("p_class-0", "p_class-1"):
        columns[name][60:120] = columns[name][:60]
    refused(columns, "none seed 0 and none seed 1 are the same run, number by number: the seed reaches nothing")


def test_one_run_under_two_arms() -> None:
    columns = tables.table()
    for name in ("p_class-0", "p_class-1"):
        columns[name][300:360] = columns[name][:60]
    refused(columns, "better seed 0 and none seed 0 are the same run, number by number: a run would be compared with")


def test_without_probabilities_equal_runs_are_a_warning_until_the_whole_arm_is_equal() -> None:
    columns = tables.table(probabilities=False)
    columns["predicted"][60:120] = columns["predicted"][:60]
    warned = augexp.judge(columns, **PAIRED).warnings
    assert [text for text in warned if text.startswith("[equal-runs] None seed 0 and none seed 1 have")]
    columns["predicted"][:300] = np.tile(columns["predicted"][:60], 5)
    refused(columns, "the seed reaches nothing")
    columns = tables.table(probabilities=False)
    columns["predicted"][300:] = columns["predicted"][:300]
    refused(columns, "a run would be compared with itself")


# -- what is declared ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"design": None}, "design: say how the seeds of two arms relate"),
        ({"endpoint": None}, "endpoint: say which state of each network was tested"),
        ({"design": "nested"}, "design: received 'nested'; allowed are paired, independent"),
        ({"endpoint": "best"}, "endpoint: received 'best'; allowed are final, validation, best-on-test"),
        ({"baseline": "nobody"}, "baseline: received 'nobody'; the arms are better, none"),
        ({"metric": "f1"}, "metric: received 'f1'"),
        ({"equivalence": -1.0}, "equivalence: received -1"),
        ({"seeds": {"none": 5, "better": 5}}, "with pairs; every arm has the same seeds"),
        ({"design": "independent", "seeds": {"none": 5}}, "seeds: received none; the arms are none, better"),
        ({"first_run": "yesterday"}, "first_run: received 'yesterday'"),
        ({"name": "My runs"}, "name: received 'My runs'"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_declaration_that_cannot_be_is_one_line(said, words) -> None:
    refused(tables.table(), words, **said)


def test_a_baseline_has_to_be_named_where_none_is_called_so() -> None:
    refused(tables.table(arms=("plain", "better")), "baseline: received none; name one of the arms better, plain")


def test_best_on_test_is_described_and_not_judged() -> None:
    (contrast,) = augexp.judge(tables.table(), **{**PAIRED, "endpoint": "best-on-test"}).contrasts
    assert contrast.estimate is not None
    assert contrast.verdict.startswith("NO VERDICT: the test images chose the epoch")
    assert not contrast.decided
    assert (contrast.new_images, contrast.these_images, contrast.p, contrast.p_sign_flip) == (None,) * 4
    assert all(measure.interval is None and measure.p is None for measure in (*contrast.measures, *contrast.classes))


def test_a_missing_run_blocks_the_verdict() -> None:
    columns = tables.table()
    keep = ~((columns["arm"] == "better") & (columns["seed"] == 3))
    comparison = augexp.judge(tables.rows_of(columns, keep), **PAIRED)
    assert [(run.arm, run.seed) for run in comparison.missing] == [("better", 3)]
    assert comparison.contrasts[0].verdict == "NO VERDICT YET: runs are missing"
    assert comparison.contrasts[0].seeds == (0, 1, 2, 4)


def test_a_baseline_at_chance_is_a_warning() -> None:
    columns = tables.table(m=400, probabilities=False)
    generator = np.random.default_rng(3)
    columns["predicted"][:2000] = generator.choice(["class-0", "class-1"], 2000)
    assert any(t.startswith("[baseline-at-chance] `none` gets ") for t in augexp.judge(columns, **PAIRED).warnings)


def test_predicted_that_is_not_the_highest_and_columns_without_meaning_are_warnings() -> None:
    columns = tables.table()
    predicted = np.where(columns["p_class-1"] > 0.7, "class-1", "class-0")
    warned = augexp.judge(columns | {"predicted": predicted, "loss": columns["p_class-0"]}, **PAIRED).warnings
    assert any(text.startswith("[predicted-not-argmax] ") for text in warned)
    assert any(text == "[ignored-columns] Columns that mean nothing here were not read: loss." for text in warned)


# -- files ---------------------------------------------------------------------------------------


def text_file(tmp_path, text: str | bytes, name: str = "runs.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("arm,seed,image,label,predicted\n", "no rows"),
        ("arm;seed;image;label;predicted\n", "the column 'arm' is missing; received arm;seed"),
        ("arm,seed,image,label,predicted,label\n", "received two columns 'label'"),
        ("arm,seed,image,label,predicted\nnone,0,a\n", "row 2: received 3 cells; the headings name 5"),
        (b"arm,seed,image,label,predicted\nnone,0,\xff\xfe,x,x\n", "is no text in UTF-8"),
        ("arm,seed,image,label,correct\nnone,0,a,x,maybe\n", "row 2: correct: received 'maybe'"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_broken_text_file_is_one_line(tmp_path, text, words) -> None:
    assert refused(text_file(tmp_path, text), words).startswith((str(tmp_path), "no rows"))


def test_files_that_are_not_there_or_not_tables(tmp_path) -> None:
    refused(tmp_path / "nothing.csv", "no such file or folder")
    refused(text_file(tmp_path, "x", "runs.txt"), "received a file '.txt'")
    folder = tmp_path / "empty"
    folder.mkdir()
    refused(folder, "no file of runs below this folder")
    refused([1, 2], "runs: received list")


def test_a_parquet_file_that_is_none_or_cannot_be_read_here(tmp_path) -> None:
    path = text_file(tmp_path, b"PAR0", "runs.parquet")
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        refused(path, "the library pyarrow is needed")
    else:
        refused(path, "cannot be read")


def npz(folder, name: str, **arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.getvalue())


LABELS, GOOD = np.arange(10) % 2, np.full((10, 2), 0.5)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"predicted": LABELS}, "the array 'labels' is missing"),
        ({"labels": LABELS}, "nothing says what the network predicted"),
        ({"labels": LABELS, "predicted": LABELS[:4]}, "predicted: received an array of shape (4,)"),
        ({"labels": LABELS, "probabilities": GOOD[:4]}, "probabilities: received float64 of shape (4, 2)"),
        ({"labels": LABELS, "probabilities": GOOD[:, :1]}, "at least two"),
        ({"labels": LABELS + 1, "probabilities": GOOD}, "label: received class numbers 1 to 2; the 2 classes have"),
        ({"labels": LABELS, "probabilities": GOOD, "classes": np.array(["a"])}, "1 classes"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_broken_npz_is_one_line(tmp_path, arrays, words) -> None:
    npz(tmp_path, "none/seed-0.npz", **arrays)
    refused(tmp_path, words)


def test_a_damaged_npz_and_one_without_a_place(tmp_path) -> None:
    npz(tmp_path, "run.npz", labels=LABELS, predicted=LABELS)
    refused(tmp_path, "nothing says the arm; give an array 'arm' of one value, or --pattern")
    (tmp_path / "run.npz").write_bytes(b"PK\x03\x04")
    refused(tmp_path, "cannot be read as .npz")


def test_patterns_are_checked(tmp_path) -> None:
    npz(tmp_path, "none-0.npz", labels=LABELS, predicted=LABELS)
    refused(tmp_path, "allowed are paths with {arm} and {seed} once each", pattern="{arm}.npz")
    refused(tmp_path, "the file none-0.npz does not fit the pattern", pattern="{arm}/{seed}.npz")


def test_files_with_other_columns_or_classes(tmp_path) -> None:
    npz(tmp_path, "none/seed-0.npz", labels=LABELS, probabilities=GOOD)
    npz(tmp_path, "none/seed-1.npz", labels=LABELS, predicted=LABELS)
    refused(tmp_path, "has no probabilities, which")
    npz(tmp_path, "none/seed-1.npz", labels=LABELS, probabilities=GOOD, classes=np.array(["a", "b"]))
    refused(tmp_path, "received the classes a, b, in this order; the others have 0, 1")
