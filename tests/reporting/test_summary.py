"""The summary tables: what they hold, what they leave open, and that every form shows the same numbers."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import digests
import pytest
from rich.console import Console

from augexp.reporting import summary, tables, terminal
from augexp.reporting.digest import Arm, Measure

CASES = digests.cases()


def test_a_contrast_is_one_row_with_both_intervals_and_its_words() -> None:
    digest = CASES["win"][0]
    (row,) = summary.contrasts(digest).text_rows()
    assert row == ["standard", "none", "5", "+1.64", "+0.84", "+2.44", "+1.16", "+2.12", "HELPS, by at least 0.8 pp"]


def test_a_contrast_without_intervals_leaves_them_open() -> None:
    (row,) = summary.contrasts(CASES["smoke"][0]).text_rows()
    assert row[3:8] == ["+0.80", *[tables.MISSING] * 4]
    (row,) = summary.contrasts(CASES["unfinished"][0]).text_rows()
    assert row[2:8] == ["0", *[tables.MISSING] * 5]


def test_headings_are_told_apart() -> None:
    digest = CASES["win"][0]
    for table in summary.all_tables(digest):
        titles = [column.title for column in table.columns]
        keys = [column.key or column.title for column in table.columns]
        assert len(set(titles)) == len(titles)
        assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("name", ["trivialaugment", "a" * 40])
def test_80_columns_hold_a_contrast_whose_numbers_and_name_are_not_broken(name: str) -> None:
    digest = CASES["win"][0]
    digest = replace(digest, contrasts=tuple(replace(one, arm=name) for one in digest.contrasts))
    console = Console(width=80, record=True, file=io.StringIO())
    for renderable in tables.to_terminal([terminal.contrasts(digest)]):
        console.print(renderable)
    text = console.export_text()
    for whole in ("+0.84 to +2.44", "+1.16 to +2.12", *([name] if len(name) < 20 else [])):
        assert whole in text


def test_contrasts_keep_the_order_of_the_plan() -> None:
    rows = summary.contrasts(CASES["many"][0]).rows
    assert [row[0] for row in rows] == [f"arm-{i}" for i in range(1, 6)]


def test_interval_labels_are_in_the_note_once() -> None:
    note = summary.contrasts(CASES["many"][0]).note
    assert note.count("new images: 95 % interval, 20 pairs, 3,000 images") == 1
    note = summary.contrasts(CASES["smoke"][0]).note
    assert note == "Paired differences of test accuracy in percentage points."


def test_arms_show_gap_and_cost_and_a_dash_where_not_measured() -> None:
    digest = replace(CASES["win"][0], arms=(Arm("none", "nothing", 5, 1, 80.125, -0.25, 1000, None, 7.0),))
    (row,) = summary.arms(digest).text_rows()
    assert row == ["none", "nothing", "5", "1", "80.12", "−0.2", "1,000", tables.MISSING, "7.0"]


def test_measures_without_interval_and_p_leave_them_open() -> None:
    digest = CASES["win"][0]
    one = replace(digest.contrasts[0], measures=(Measure("Brier score", 3000, 0.25, 0.5, 0.25),))
    (row,) = summary.measures(digest, one).text_rows()
    assert row == ["Brier score", "3,000", "0.250", "0.500", "+0.250", *[tables.MISSING] * 3]


def test_empty_tables_are_left_out() -> None:
    digest = replace(CASES["unfinished"][0], ledger=(), data=(), plan=())
    assert [table.title for table in summary.all_tables(digest)] == [
        "Differences on sample (synthetic images)",
        "Arms",
    ]


def test_a_drawn_sample_is_called_synthetic() -> None:
    digest = CASES["win"][0]
    assert "synthetic" in summary.contrasts(digest).title
    assert "synthetic" not in summary.contrasts(replace(digest, synthetic=False)).title


@pytest.mark.parametrize("name", sorted(CASES))
def test_csv_holds_the_very_numbers_of_the_digest(name: str) -> None:
    digest = CASES[name][0]
    rows = list(csv.DictReader(io.StringIO(tables.to_csv(summary.contrasts(digest)))))
    for row, contrast in zip(rows, digest.contrasts, strict=True):
        assert row["verdict"] == contrast.words
        assert repr(float(row["difference_pp"])) == repr(contrast.estimate)
        ends = [row["new_images_low_pp"], row["new_images_high_pp"]]
        assert ends == (["", ""] if contrast.wide is None else [repr(value) for value in contrast.wide])
