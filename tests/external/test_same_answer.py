"""Runs of this program, exported and judged, give every number of their comparison; all kinds of files agree."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import builders
import numpy as np
import pytest
import tables

import augexp
from augexp.analysis import comparison
from augexp.external.export import write_table
from augexp.results.records import read_runs

ONLY_THERE = {"gain", "sentence", "equal_budgets"}
"""Of a contrast, what a table of predictions does not hold: epochs, and the words about who has verified what."""

PAIRED = {"design": "paired", "endpoint": "final"}


def contrasts(answer: augexp.Comparison) -> list[dict]:
    excluded = {*ONLY_THERE, "declared"}
    return [contrast.model_dump(mode="json", exclude=excluded) for contrast in answer.contrasts]


def close(first, second) -> None:
    """Check that two nested values are equal, numbers to 1e-12."""
    assert type(first) is type(second), (first, second)
    if isinstance(first, dict):
        assert first.keys() == second.keys()
        for key in first:
            close(first[key], second[key])
    elif isinstance(first, list):
        assert len(first) == len(second)
        for one, other in zip(first, second, strict=True):
            close(one, other)
    elif isinstance(first, float):
        assert abs(first - second) <= 1e-12, (first, second)
    else:
        assert first == second


@pytest.mark.parametrize(
    "design",
    ["plain", "unbalanced with clusters", "groups", "few groups", "several arms", "looks", "few images", "smoke"],
)
def test_every_number_of_an_exported_comparison_comes_back(tmp_path, design) -> None:
    arms = ["none", "standard", "mixup"] if design == "several arms" else ["none", "standard"]
    seeds, m = {"smoke": (3, 60), "few images": (5, 20)}.get(design, (6, 120))
    plan = {"seeds": None, "looks": [3, 6, 12]} if design == "looks" else {"seeds": seeds}
    experiment = builders.experiment(arms=arms, **plan)
    details = {}
    if design == "unbalanced with clusters":
        details = {"labels": (np.arange(m) % 3 == 0).astype(int), "clusters": np.arange(m) // 2 * 2}
    if "groups" in design:
        count = 7 if design == "few groups" else 20
        names = [f"patient {place % count}" for place in range(m)]
        details = {"labels": (np.arange(m) % 3 == 0).astype(int), "clusters": np.arange(m) // 2 * 2, "groups": names}
        details["clusters"][4:] = np.arange(4, m)  # near-duplicates of the patients 0 and 1, and 2 and 3
    outcomes = builders.draw_outcomes(seeds, m, 0.3, arms=arms, seed=7)
    for seed in range(seeds):
        builders.write_block(tmp_path, experiment, seed, outcomes, **details)
    records = read_runs(tmp_path)
    expected = comparison.compare(experiment, records, builders.plan_history(experiment))
    path = tmp_path / "table.csv"
    assert write_table(records, path) == len(arms) * seeds * m
    said = dict(PAIRED, seeds=seeds)
    if design == "looks":
        written = augexp.write_plan(tmp_path / "plan.toml", arms, design="paired", endpoint="final", looks=[3, 6, 12])
        said = {"plan": written.path, "first_run": "2999-01-01"}
    judged = augexp.judge(path, **said)
    by_arm = {contrast["arm"]: contrast for contrast in contrasts(judged)}
    close(contrasts(expected), [by_arm[contrast.arm] for contrast in expected.contrasts])
    for name in ("look", "missing", "metric", "test_images", "test_clusters", "classes", "equivalence", "baseline"):
        assert getattr(judged, name) == getattr(expected, name), name
    assert set(judged.best) == set(expected.best)


def answers(runs, **said) -> dict:
    values = json.loads(augexp.judge(runs, **{**PAIRED, "seeds": 5, **said}).model_dump_json())
    return {key: values[key] for key in values if key not in ("name", "source", "command", "declared", "warnings")}


def per_run(columns):
    """Yield arm, seed and the columns of every run of a table."""
    for arm in dict.fromkeys(columns["arm"].tolist()):
        for seed in dict.fromkeys(columns["seed"].tolist()):
            yield arm, seed, tables.rows_of(columns, (columns["arm"] == arm) & (columns["seed"] == seed))


def test_every_kind_of_file_gives_the_same_answer(tmp_path) -> None:
    columns = tables.table(classes=3, m=90)
    expected = answers(columns)
    assert answers(tables.write_csv(tmp_path / "runs.csv", columns)) == expected
    assert answers(tables.write_csv(tmp_path / "runs.tsv", columns, "\t")) == expected
    for arm, seed, run in per_run(columns):
        keep = {name: values for name, values in run.items() if name not in ("arm", "seed")}
        for place in ("text", "arrays"):
            (tmp_path / place / arm).mkdir(parents=True, exist_ok=True)
        tables.write_csv(tmp_path / "text" / arm / f"{seed}.csv", keep)
        buffer = io.BytesIO()
        probabilities = np.stack([run[f"p_class-{c}"] for c in range(3)], axis=1)
        classes = np.array([f"class-{c}" for c in range(3)])
        labels = np.array([int(label[-1]) for label in run["label"]])
        np.savez(buffer, labels=labels, images=run["image"], probabilities=probabilities, classes=classes)
        (tmp_path / "arrays" / f"{arm}_seed_{seed}.npz").write_bytes(buffer.getvalue())
    assert answers(tmp_path / "text") == expected
    assert answers(tmp_path / "arrays") == expected
    assert answers(tmp_path / "text", pattern="{arm}/{seed}.csv") == expected


def test_the_order_of_the_rows_means_nothing() -> None:
    columns = tables.table()
    order = np.random.default_rng(1).permutation(len(columns["arm"]))
    shuffled, plain = answers(tables.rows_of(columns, order)), answers(columns)
    close({k: v for k, v in shuffled.items() if k != "experiment_hash"} | {"contrasts": []},
          {k: v for k, v in plain.items() if k != "experiment_hash"} | {"contrasts": []})  # fmt: skip
    for first, second in zip(shuffled["contrasts"], plain["contrasts"], strict=True):
        close({k: v for k, v in first.items() if k != "declared"}, {k: v for k, v in second.items() if k != "declared"})


def test_parquet_and_pandas_give_the_same_answer(tmp_path) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    columns = tables.table(classes=3, m=90)
    frame = pandas.DataFrame(columns)
    expected = answers(columns)
    assert answers(frame) == expected
    frame.to_parquet(tmp_path / "runs.parquet")
    assert answers(tmp_path / "runs.parquet") == expected
    frame["arm"] = frame["arm"].astype("category")
    frame.to_parquet(tmp_path / "category.parquet")
    assert answers(tmp_path / "category.parquet") == expected


def test_less_in_the_table_gives_fewer_numbers_and_the_same_ones() -> None:
    columns = tables.table(m=90)
    whole = augexp.judge(columns, **PAIRED, seeds=5)
    said = columns["p_class-1"] > columns["p_class-0"]
    predicted = np.where(said, "class-1", "class-0")
    kept = {name: columns[name] for name in ("arm", "seed", "image", "label")}
    by_class = augexp.judge(kept | {"predicted": predicted}, **PAIRED, seeds=5)
    correct = augexp.judge(kept | {"correct": (predicted == columns["label"]).astype(int)}, **PAIRED, seeds=5)
    for fewer, further in ((by_class, ["f1"]), (correct, [])):
        (one,), (other,) = whole.contrasts, fewer.contrasts
        assert (one.new_images, one.p, one.wins, one.classes) == (other.new_images, other.p, other.wins, other.classes)
        assert [measure.key for measure in other.measures] == ["accuracy", *further]
    assert by_class.contrasts[0].confusion == whole.contrasts[0].confusion
    assert correct.contrasts[0].confusion is None
    ranked = {"auroc", "average_precision", "f1"}
    assert {measure.key for measure in whole.contrasts[0].measures} > ranked


def test_judging_needs_no_tensorflow(tmp_path) -> None:
    path = tables.write_csv(tmp_path / "runs.csv", tables.table())
    code = (
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('tensorflow', 'keras'): raise ImportError(name)\n"
        "sys.meta_path.insert(0, Absent())\n"
        "sys.argv = ['augexp', 'judge', sys.argv[1], '--paired', '--endpoint', 'final', '--seeds', '5',\n"
        "            '--results-dir', sys.argv[2]]\n"
        "from augexp.cli import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code, path, tmp_path / "results"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Declared, and not verified:\n")
    written = {path.name for path in Path(tmp_path / "results" / "runs" / "comparison").iterdir()}
    assert written >= {"report.html", "comparison.json", "comparison.csv", "runs.csv", "comparison.png"}
