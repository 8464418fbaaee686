"""What the commands print on stdout: the answer, a run, the prepared images, how things stand."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

if TYPE_CHECKING:
    from augexp.analysis.schema import Comparison
    from augexp.data.store import Store
    from augexp.results.records import RunRecord


def print_comparison(comparison: Comparison, folder: Path) -> None:
    """Print tables, sentences of record and where the files are; warnings and what is missing on stderr."""
    from augexp.reporting import formats, tables, wording  # noqa: PLC0415 - keeps --help light

    console = Console(highlight=False)
    for table in formats.to_terminal(tables.terminal_tables(comparison)):
        console.print(table)
        console.print()
    for contrast in comparison.contrasts:
        _write(console, contrast.sentence)
        console.print()
    for text in wording.about_all_arms(comparison):
        _write(console, text)
        console.print()
    _write(console, f"report: {folder / 'comparison' / 'report.html'}")
    _write(console, f"figure: {folder / 'comparison' / 'comparison.png'}")
    complaints = Console(stderr=True, soft_wrap=True, highlight=False)
    for warning in comparison.warnings:
        complaints.print(f"warning: {warning}", markup=False)
    _print_missing(comparison, complaints)


def _print_missing(comparison: Comparison, complaints: Console) -> None:
    if comparison.complete:
        return
    failed = [one for one in comparison.missing if one.reason != "not run yet"] or list(comparison.missing)
    for one in failed[:5]:
        complaints.print(f"missing: {one.arm} seed {one.seed}: {one.reason}", markup=False)
    complaints.print(
        f"{len(comparison.missing)} runs are missing, so there is no verdict; repeat the same command to go on",
        markup=False,
    )


def print_run(record: RunRecord, following: str, *, as_json: bool = False) -> None:
    """Print what a run has done, and the command `following` that makes use of it."""
    if as_json:
        typer.echo(json.dumps({**record.run, "folder": str(record.folder), "timing": dict(record.timing)}, indent=1))
        return
    if not record.finished:
        typer.echo(f"{record.arm}, seed {record.seed}: {record.status}: {record.run.get('error', '')}")
        return
    console = Console(highlight=False)
    outcome = record.predictions()
    epochs = record.epochs
    seconds = record.timing.get("wall_seconds")
    took = f" in {seconds:.1f} s" if isinstance(seconds, int | float) else ""
    if record.status == "diverged":
        _write(console, f"{record.arm}, seed {record.seed}: diverged{took}: no finite loss or weights; that counts")
    else:
        _write(
            console,
            f"{record.arm}, seed {record.seed}: {len(epochs['epoch'])} epochs{took}, {int(epochs['steps'][-1]):,} "
            f"steps, {int(epochs['images_seen'][-1]):,} images seen, {int(epochs['unique_images'][-1]):,} of them "
            "different",
        )
    _write(
        console,
        f"test accuracy {100 * float(outcome.correct.mean()):.1f} % on {len(outcome.labels):,} images; "
        f"validation {_percent(epochs['val_accuracy'])}, clean training images {_percent(epochs['probe_accuracy'])}",
    )
    _write(console, f"records: {record.folder}")
    model = record.folder / "model.keras"
    if model.is_file():
        _write(console, f"network: {model}")
    _write(console, f"next: {following}")
    _write(console, "One run proves nothing: this trains all arms with several seeds, and makes use of the run.")


def _percent(values: Any) -> str:
    return f"{100 * float(values[-1]):.1f} %" if len(values) else "not measured"


def print_store(store: Store, *, as_json: bool = False) -> None:
    """Print what the prepared images are."""
    facts = store.facts
    if as_json:
        typer.echo(json.dumps({"path": str(store.path), **facts}, indent=1, ensure_ascii=False))
        return
    from rich.table import Table  # noqa: PLC0415 - keeps --help light
    from rich.text import Text  # noqa: PLC0415

    console = Console(highlight=False)
    table = Table("class", "train", "validation", "test", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, counts in facts["counts"].items():
        table.add_row(Text(name), *(f"{counts[split]:,}" for split in ("train", "validation", "test")))
    console.print(table)
    console.print()
    kind = "synthetic drawings" if facts["synthetic"] else "images"
    _write(console, f"{facts['images']:,} {kind} of {facts['image_size']} x {facts['image_size']} pixels: {store.path}")
    _write(console, facts["split"]["explanation"])
    twins = facts["duplicates"]
    _write(
        console,
        f"duplicates: {twins['exact']:,} exact, {twins['near']:,} near; {twins['excluded']:,} images kept out of "
        "training or validation because of them",
    )
    skipped = facts["skipped"]
    _write(console, f"skipped: {skipped['count']:,} records that cannot be decoded")
    for one in skipped["records"][:5]:
        _write(console, f"  {one['key']}: {one['reason']}")
    if skipped["count"] > 5:
        _write(console, f"  and more: {store.path / 'store.json'}")
    for warning in facts["warnings"]:
        sys.stderr.write(f"warning: {warning}\n")


# -- status --------------------------------------------------------------------------------------

_MARKS = {
    "complete": "done",
    "diverged": "diverged",
    "failed": "FAILED",
    "running": "running",
    "interrupted": "stopped",
    "waiting": "waiting",
}


def status_text(state: Mapping[str, Any]) -> str:
    """Return how a comparison stands, as lines of at most 80 columns where names are short."""
    runs = state["runs"]
    lines = [f"{state['name']}: {state['finished']} of {len(runs)} runs done ({state['seeds']} seeds"]
    lines[0] += f", at most {state['max_seeds']})" if state["max_seeds"] > state["seeds"] else ")"
    for kind in ("running", "failed", "interrupted"):
        for run in (run for run in runs if run["state"] == kind):
            lines.append(f"  {_MARKS[kind]:8} {run['arm']} seed {run['seed']}: {_progress(run)}")
    waiting = sum(run["state"] == "waiting" for run in runs)
    if waiting:
        lines.append(f"  {_MARKS['waiting']:8} {waiting} runs")
    for one in state["intervals"]:
        lines.append(
            f"  so far   {one['arm']} - {one['baseline']}: {one['estimate']:+.2f} pp, new images "
            f"{one['low']:+.2f} to {one['high']:+.2f} ({one['pairs']} pairs)"
        )
        if not state["pending"]:
            lines.append(f"           {one['verdict']}")
    lines.append(_outlook(state))
    return "\n".join(lines)


def _progress(run: Mapping[str, Any]) -> str:
    if run["error"]:
        return str(run["error"])
    pace = f", {run['seconds']:.1f} s each" if run["seconds"] else ""
    return f"epoch {run['epoch']} of {run['epochs']}{pace}"


def _outlook(state: Mapping[str, Any]) -> str:
    if not state["pending"]:
        return "all done: the plan asks for no more runs"
    if not state["working"]:
        return "nobody is working on it; augexp compare goes on from here"
    left = state["seconds_left"]
    return "time left: not known yet" if left is None else f"time left: about {_duration(left)}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def _write(console: Console, text: str) -> None:
    """Print text as it is: wrapped at words on a terminal, on one line elsewhere."""
    console.print(text, markup=False, soft_wrap=not console.is_terminal)
