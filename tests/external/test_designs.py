"""Independent arms, plans and the number of seeds."""

from __future__ import annotations

import math
import os
from datetime import UTC, datetime

import numpy as np
import pytest
import tables
from scipy import stats

import augexp
from augexp.analysis import critical_values, statistics
from augexp.errors import AnalysisError, DefinitionError

ALONE = {"design": "independent", "endpoint": "final"}

# -- by hand -------------------------------------------------------------------------------------

ARM = np.array([[1.0, 1, 0, 1], [1, 0, 0, 1], [1, 1, 1, 1]])
BASELINE = np.array([[0.0, 1, 0, 1], [1, 0, 0, 0], [0, 0, 0, 1], [1, 1, 0, 1]])


def test_the_parts_of_independent_arms_by_hand() -> None:
    parts = statistics.independent(ARM, BASELINE)
    assert (parts.n, parts.m, len(parts.by_seed)) == (3, 4, 0)
    assert parts.estimate == pytest.approx(0.75 - 0.4375)
    arm, baseline = (1 / 16) / 3, np.var([0.5, 0.25, 0.25, 0.75], ddof=1) / 4
    assert parts.seeds == pytest.approx(arm + baseline)
    assert parts.images == pytest.approx(np.var([1 - 0.5, 2 / 3 - 0.5, 1 / 3, 1 - 0.75], ddof=1) / 4)
    assert parts.residual == pytest.approx(statistics.crossed(ARM).residual + statistics.crossed(BASELINE).residual)
    assert parts.degrees == pytest.approx((arm + baseline) ** 2 / (arm**2 / 2 + baseline**2 / 3))


def test_degrees_of_freedom_are_those_of_scipy() -> None:
    scores = [0.71, 0.74, 0.69, 0.75], [0.66, 0.70, 0.58, 0.64, 0.69, 0.63]
    first, second = (np.repeat(np.array(values)[:, None], 2, axis=1) for values in scores)
    expected = stats.ttest_ind(*scores, equal_var=False)
    assert statistics.independent(first, second).degrees == pytest.approx(expected.df)


def test_the_critical_value_is_welchs_with_equal_seeds_and_between_two_with_unequal_ones() -> None:
    equal = statistics.independent(ARM, BASELINE[:3])
    assert statistics.seed_quantile(equal, 0.975) == pytest.approx(stats.t.ppf(0.975, equal.degrees))
    parts = statistics.independent(ARM, BASELINE)
    first, second = parts.arms
    squares = (stats.t.ppf(0.975, 2) ** 2 * first.seeds + stats.t.ppf(0.975, 3) ** 2 * second.seeds) / parts.seeds
    share = 0.75 * (1 / 3 - 1 / 4) / (1 / 3 + 1 / 4)
    expected = math.sqrt((1 - share) * stats.t.ppf(0.975, parts.degrees) ** 2 + share * squares)
    assert statistics.seed_quantile(parts, 0.975) == pytest.approx(expected)
    assert statistics.seed_quantile(parts, 0.025) == pytest.approx(-expected)


def test_anytime_half_widths_of_two_arms_add_up() -> None:
    parts = statistics.independent(ARM.repeat(3, axis=0), BASELINE.repeat(3, axis=0))
    own = critical_values.level("anytime", 1)
    ends = [critical_values.anytime_quantile(arm.n, 0.025) * math.sqrt(arm.seeds) for arm in parts.arms]
    assert own.of(parts) * math.sqrt(parts.seeds) == pytest.approx(sum(ends))


def test_p_is_five_percent_where_the_interval_reaches_zero() -> None:
    generator = np.random.default_rng(5)
    first, second = (100.0 * (generator.random((n, 50)) < rate) for n, rate in ((4, 0.8), (9, 0.7)))
    parts = statistics.independent(first, second)
    half = statistics.half_widths(parts, critical_values.level("fixed", 1).of(parts), statistics.normal_quantile(0.975))
    shifted = statistics.independent(first - parts.estimate + half[1], second)
    assert statistics.p_value(shifted) == pytest.approx(0.05, abs=1e-9)


# -- the answer ----------------------------------------------------------------------------------


def test_independent_arms_have_no_pairs() -> None:
    columns = tables.table(n=7)
    keep = ~((columns["arm"] == "better") & (columns["seed"] > 4))
    columns = tables.rows_of(columns, keep)
    comparison = augexp.judge(columns, **ALONE, seeds={"none": 7, "better": 5})
    (contrast,) = comparison.contrasts
    assert (contrast.seeds, contrast.declared.baseline_seeds) == ((0, 1, 2, 3, 4), (0, 1, 2, 3, 4, 5, 6))
    assert (contrast.differences, contrast.wins, contrast.correlation, contrast.d_z, contrast.p_sign_flip) == (
        *((), None, None),
        *(None, None),
    )
    assert "5 seeds against 7 of `none`, no pairs, 60 test images" in contrast.sentence
    assert contrast.sentence.endswith("Declared, not verified: independent seeds, final epoch.")
    assert "better. " not in contrast.sentence
    assert contrast.new_images.low < contrast.estimate < contrast.new_images.high
    assert contrast.outlook.with_seeds[20] < contrast.outlook.half_width
    assert comparison.missing == ()


def test_a_seed_that_is_shared_means_nothing_to_independent_arms() -> None:
    columns = tables.table(n=5)
    moved = columns | {"seed": columns["seed"] + 100 * (columns["arm"] == "better")}
    first, second = (augexp.judge(table, **ALONE, seeds=5).contrasts[0] for table in (columns, moved))
    assert first.new_images == second.new_images
    assert second.seeds == (100, 101, 102, 103, 104)


def test_pairs_are_narrower_where_pairing_helps() -> None:
    generator = np.random.default_rng(8)
    m, levels = 400, generator.normal(0, 0.4, 8)
    columns = {name: [] for name in ("arm", "seed", "image", "label", "correct")}
    for place, arm in enumerate(("none", "better")):
        for seed, level in enumerate(levels):
            right = generator.normal(0.8 + level + 0.2 * place, 1.0, m) > 0
            columns["arm"] += [arm] * m
            columns["seed"] += [seed] * m
            columns["image"] += [f"i{i}" for i in range(m)]
            columns["label"] += [i % 2 for i in range(m)]
            columns["correct"] += right.astype(int).tolist()
    paired = augexp.judge(columns, design="paired", endpoint="final", seeds=8).contrasts[0]
    independent = augexp.judge(columns, **ALONE, seeds=8).contrasts[0]
    assert paired.estimate == pytest.approx(independent.estimate)
    widths = [c.new_images.high - c.new_images.low for c in (paired, independent)]
    assert widths[0] < 0.7 * widths[1]


# -- how many seeds ------------------------------------------------------------------------------


def dated(path, when: float):
    os.utime(path, (when, when))
    return path


def plan(tmp_path, **said):
    values = {"design": "paired", "endpoint": "final", **said}
    return augexp.write_plan(tmp_path / "plan.toml", ["none", "better"], **values)


def test_an_older_plan_unlocks_planned_looks(tmp_path) -> None:
    written = plan(tmp_path)
    path = tables.write_csv(tmp_path / "runs.csv", tables.table())
    dated(path, written.written.timestamp() + 60)
    judged = augexp.judge(path, plan=written.path)
    assert (judged.look.rule, judged.look.number, judged.look.looks) == ("looks", 1, (5, 8, 12, 20))
    assert judged.look.alpha == 0.01639
    assert any("is older than the first run" in text for text in judged.declared.statements)
    dated(path, written.written.timestamp() - 60)
    late = augexp.judge(path, plan=written.path)
    assert late.look.rule == "anytime"
    assert late.warnings[0].startswith("[late-plan] Plan.toml was written on ")


def test_runs_without_a_date_do_not_unlock_a_plan(tmp_path) -> None:
    written = plan(tmp_path)
    judged = augexp.judge(tables.table(), plan=written.path)
    assert judged.look.rule == "anytime"
    assert judged.warnings[0].startswith("[undated-runs] ")
    named = augexp.judge(tables.table(), plan=written.path, first_run=datetime(2999, 1, 1, tzinfo=UTC))
    assert named.look.rule == "looks"


def test_the_answer_is_that_of_the_first_look_that_decides(tmp_path) -> None:
    written = plan(tmp_path)
    decided = augexp.judge(tables.table(n=9, m=400, gain=2.0), plan=written.path, first_run="2999-01-01")
    assert (decided.look.number, decided.contrasts[0].seeds) == (1, (0, 1, 2, 3, 4))
    assert "Runs outside the blocks of the plan were left out: seed 5, 6, 7, 8." in decided.warnings
    open_ = augexp.judge(tables.table(n=9, m=60, gain=0.1), plan=written.path, first_run="2999-01-01")
    assert (open_.look.number, len(open_.contrasts[0].seeds), open_.missing) == (2, 8, ())
    few = augexp.judge(tables.table(n=4), plan=written.path, first_run="2999-01-01")
    assert [(run.arm, run.seed) for run in few.missing] == [("none", 4), ("better", 4)]
    more = augexp.judge(tables.table(n=21, m=60, gain=0.0), plan=written.path, first_run="2999-01-01")
    assert (more.look.rule, more.look.seeds) == ("anytime", 21)


def test_independent_looks_share_the_error_among_them(tmp_path) -> None:
    written = plan(tmp_path, design="independent")
    judged = augexp.judge(tables.table(), plan=written.path, first_run="2999-01-01")
    assert judged.look.alpha == pytest.approx(0.05 / 4)
    assert judged.look.t is None


def test_a_number_that_was_fixed_and_is_exceeded_was_not_fixed() -> None:
    judged = augexp.judge(tables.table(n=6), design="paired", endpoint="final", seeds=5)
    assert (judged.look.rule, judged.look.seeds) == ("anytime", 6)
    assert any(text.startswith("[more-seeds] 5 seeds were fixed and 6 are there") for text in judged.warnings)
    open_ = augexp.judge(tables.table(n=6), design="paired", endpoint="final")
    assert open_.look.rule == "anytime"
    assert any(text.startswith("[seeds-not-fixed] ") for text in open_.warnings)


def test_a_plan_is_kept_as_it_was_written(tmp_path) -> None:
    written = plan(tmp_path, seeds=8, metric="accuracy", equivalence=1.0)
    assert (written.plan.seeds, written.plan.equivalence) == (8, 1.0)
    with pytest.raises(DefinitionError, match="is there already; a plan is never overwritten"):
        plan(tmp_path)
    with pytest.raises(DefinitionError, match=r"equivalence: received 0.5, and 1.0 is in .*plan\.toml"):
        augexp.judge(tables.table(n=8), plan=written.path, equivalence=0.5)
    with pytest.raises(DefinitionError, match="there is no run of 'better'"):
        augexp.judge(tables.table(n=8, arms=("none", "other")), plan=written.path)
    text = written.path.read_text("utf-8")
    written.path.write_text(text.replace("seeds = 8", "seeds = 5"), encoding="utf-8")
    with pytest.raises(DefinitionError, match="was changed after `augexp plan` wrote it"):
        augexp.judge(tables.table(), plan=written.path)
    written.path.write_text("seeds = 5\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match="no plan of `augexp plan`"):
        augexp.judge(tables.table(), plan=written.path)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"looks": [8, 5]}, "looks: received"),
        ({"seeds": 5, "looks": [5, 8]}, "looks: received with seeds"),
        ({"baseline": "x"}, "baseline: received 'x'"),
        ({"design": None}, "design: say how"),
        ({"metric": "f1"}, "metric: received 'f1'"),
    ],
    ids=str,
)
def test_a_plan_that_cannot_be_is_one_line(tmp_path, said, words) -> None:
    with pytest.raises(DefinitionError) as caught:
        plan(tmp_path, **said)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


# -- a verdict by AUROC --------------------------------------------------------------------------


@pytest.mark.parametrize("design", ["paired", "independent"])
def test_the_auroc_of_declared_runs_is_that_of_their_scores(design: str) -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is in the dev extra")
    columns = tables.table(n=5)
    comparison = augexp.judge(columns, design=design, endpoint="final", seeds=5, metric="auroc")
    (contrast,) = comparison.contrasts
    positive, areas = columns["label"] == "class-1", []
    for arm in ("none", "better"):
        rows = [(columns["arm"] == arm) & (columns["seed"] == seed) for seed in range(5)]
        areas.append(np.mean([metrics.roc_auc_score(positive[own], columns["p_class-1"][own]) for own in rows]))
    assert comparison.metric == "auroc"
    assert contrast.estimate == pytest.approx(100 * (areas[1] - areas[0]), abs=1e-9)
    assert contrast.new_images.low < contrast.estimate < contrast.new_images.high


def test_an_auroc_takes_probabilities() -> None:
    with pytest.raises(
        AnalysisError, match="metric: received 'auroc'; that takes the probabilities of all 2"
    ) as caught:
        augexp.judge(tables.table(probabilities=False), **ALONE, seeds=5, metric="auroc")
    assert "\n" not in str(caught.value)


def test_an_auroc_of_folds_is_refused() -> None:
    columns = tables.table(n=4)
    folds = np.arange(len(columns["seed"])) % 60 % 5
    columns = {k: v for k, v in columns.items() if k != "seed"} | {"repeat": columns["seed"], "fold": folds}
    with pytest.raises(DefinitionError, match="metric: received 'auroc' with folds = 5, whose fits rank"):
        augexp.judge(columns, design="paired", endpoint="final", seeds=4, metric="auroc")


def test_what_was_fixed_of_folds_are_repeats() -> None:
    columns = tables.table(n=4)
    folds = np.arange(len(columns["seed"])) % 60 % 5
    columns = {k: v for k, v in columns.items() if k != "seed"} | {"repeat": columns["seed"], "fold": folds}
    declared = augexp.judge(columns, design="paired", endpoint="final", seeds=4).declared
    assert "The number of repeats was fixed before the first run." in declared.statements
