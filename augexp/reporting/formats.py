"""The forms in which a comparison and its runs are written down."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from augexp.results.records import COLUMNS, INTEGER_COLUMNS, RunRecord


def runs_csv(records: Sequence[RunRecord]) -> str:
    """Return ``runs.csv``: one row per run and epoch, with arm, seed, status and the seconds of the epoch.

    Numbers are in full precision; `seconds` is empty where the times of a run are not known. It is the
    only column that differs between two equal runs.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("arm", "seed", "status", *COLUMNS, "seconds"))
    for record in sorted(records, key=lambda r: (r.arm, r.seed)):
        times = [entry.get("seconds", "") for entry in record.timing.get("epochs", ())]
        for row in range(len(record.epochs.get("epoch", ()))):
            cells = [_cell(record, name, row) for name in COLUMNS]
            seconds = times[row] if row < len(times) else ""
            writer.writerow((record.arm, record.seed, record.status, *cells, seconds))
    return text.getvalue()


def _cell(record: RunRecord, name: str, row: int) -> Any:
    value = record.epochs[name][row]
    return int(value) if name in INTEGER_COLUMNS else repr(float(value))
