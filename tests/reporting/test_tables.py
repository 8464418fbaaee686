"""The summary tables: what they hold, what they leave open, and that every form shows the same numbers."""

from __future__ import annotations

import csv
import io
import math

import comparisons
import pytest
from rich.console import Console

from augexp.reporting import formats, tables

CASES = comparisons.cases()


def test_a_contrast_is_one_row_with_both_intervals_and_its_words() -> None:
    comparison = CASES["win"][0]
    (row,) = tables.contrasts(comparison).text_rows()
    assert row == ["standard", "none", "5", "+1.64", "+0.84", "+2.44", "+1.16", "+2.12", "HELPS, by at least 0.8 pp"]


def test_a_contrast_without_intervals_leaves_them_open() -> None:
    (row,) = tables.contrasts(CASES["smoke"][0]).text_rows()
    assert row[3:8] == ["+0.80", *[tables.MISSING] * 4]
    (row,) = tables.contrasts(CASES["unfinished"][0]).text_rows()
    assert row[2:8] == ["0", *[tables.MISSING] * 5]


def test_headings_are_told_apart() -> None:
    comparison = CASES["win"][0]
    for table in tables.all_tables(comparison):
        titles = [column.title for column in table.columns]
        keys = [column.key or column.title for column in table.columns]
        assert len(set(titles)) == len(titles)
        assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("name", ["trivialaugment", "a" * 40])
def test_80_columns_hold_a_contrast_whose_numbers_and_name_are_not_broken(name: str) -> None:
    comparison = CASES["win"][0]
    comparison = comparisons.changed(comparison, arm=name)
    console = Console(width=80, record=True, file=io.StringIO())
    for renderable in formats.to_terminal(tables.terminal_tables(comparison)):
        console.print(renderable)
    text = console.export_text()
    for whole in ("+0.84 to +2.44", "+1.16 to +2.12", *([name] if len(name) < 20 else [])):
        assert whole in text


def test_contrasts_keep_the_order_of_the_plan() -> None:
    rows = tables.contrasts(CASES["many"][0]).rows
    assert [row[0] for row in rows] == [f"arm-{i}" for i in range(1, 6)]


def test_interval_labels_are_in_the_note_once() -> None:
    note = tables.contrasts(CASES["many"][0]).note
    assert note.count("new images: simultaneous 95 % interval, 20 pairs, 3,000 test images") == 1
    note = tables.contrasts(CASES["smoke"][0]).note
    assert note == "Paired differences of test accuracy in percentage points."


def test_arms_show_gap_and_cost_and_a_dash_where_not_measured() -> None:
    arm = comparisons.one_arm(
        "none", summary="nothing", diverged=1, metric=80.125, gap=-0.25, unique_images=1000, wall_seconds=None,
        cpu_seconds=7.0,
    )  # fmt: skip
    (row,) = tables.arms(CASES["win"][0].model_copy(update={"arms": (arm,)})).text_rows()
    assert row == ["none", "nothing", "5", "1", "80.12", "−0.2", "1,000", tables.MISSING, "7.0"]


def test_measures_without_interval_and_p_leave_them_open() -> None:
    comparison = CASES["win"][0]
    comparison = comparisons.changed(comparison, measures=(comparisons.measure("Brier score", 3000, 0.25, 0.5, 0.25),))
    (row,) = tables.measures(comparison, comparison.contrasts[0]).text_rows()
    assert row == ["Brier score", "3,000", "0.250", "0.500", "+0.250", *[tables.MISSING] * 3]


def test_empty_tables_are_left_out() -> None:
    nothing = [comparisons.one_arm(name, wall_seconds=None) for name in ("none", "standard")]
    comparison = CASES["unfinished"][0].model_copy(update={"ledger": {}, "arms": tuple(nothing)})
    assert [table.title for table in tables.all_tables(comparison)] == [
        "Differences on sample (synthetic images)",
        "Arms",
        "Data",
        "Plan",
    ]


def test_a_drawn_sample_is_called_synthetic() -> None:
    comparison = CASES["win"][0]
    assert "synthetic" in tables.contrasts(comparison).title
    assert "synthetic" not in tables.contrasts(comparison.model_copy(update={"synthetic": False})).title


@pytest.mark.parametrize("name", sorted(CASES))
def test_csv_holds_the_very_numbers_of_the_comparison(name: str) -> None:
    comparison = CASES[name][0]
    rows = list(csv.DictReader(io.StringIO(formats.csv_table(tables.contrasts(comparison)))))
    for row, contrast in zip(rows, comparison.contrasts, strict=True):
        assert row["verdict"] == contrast.verdict
        assert repr(float(row["difference_pp"])) == repr(math.nan if contrast.estimate is None else contrast.estimate)
        ends = [row["new_images_low_pp"], row["new_images_high_pp"]]
        interval = contrast.new_images
        assert ends == (["", ""] if interval is None else [repr(interval.low), repr(interval.high)])
