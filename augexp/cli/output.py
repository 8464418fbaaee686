"""What the commands print on stdout: the answer, a run, the prepared images, how things stand."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from augexp.cli.text import printable
from augexp.experiment.nouns import nouns

if TYPE_CHECKING:
    from augexp.analysis.schema import Comparison
    from augexp.data.store import Store
    from augexp.reporting.tables import Table
    from augexp.results.records import RunRecord
    from augexp.results.status import RunStatus, Status


def print_answer(comparison: Comparison, folder: Path, *, as_json: bool) -> None:
    """Print a comparison for people, or as JSON; exit with code 1 where runs are missing.

    Args:
        comparison: what is printed.
        folder: of the results, for people.
        as_json: print the whole of it as JSON.
    """
    if as_json:
        from augexp import api  # noqa: PLC0415 - keeps --help light

        typer.echo(api.render(comparison, "json"), nl=False)
    else:
        print_comparison(comparison, folder)
    if not comparison.complete:
        raise typer.Exit(1)


def print_comparison(comparison: Comparison, folder: Path) -> None:
    """Print tables, sentences of record and where the files are; warnings and what is missing on stderr."""
    from augexp.reporting import formats, tables, wording  # noqa: PLC0415 - keeps --help light
    from augexp.reporting.declared import words  # noqa: PLC0415

    console = Console(highlight=False)
    for text in [f"{words.HEADING}:"] * bool(comparison.declared) + [*words.statements(comparison)]:
        _write(console, text)
    for table in formats.to_terminal(tables.terminal_tables(comparison)):
        console.print(table)
        console.print()
    for contrast in comparison.contrasts:
        _write(console, contrast.sentence)
        if contrast.groups and contrast.groups.sentence:
            _write(console, contrast.groups.sentence)
        console.print()
    for text in wording.about_all_arms(comparison):
        _write(console, text)
        console.print()
    _write(console, f"report: {folder / 'comparison' / 'report.html'}")
    _write(console, f"figure: {folder / 'comparison' / 'comparison.png'}")
    stderr = Console(stderr=True, soft_wrap=True, highlight=False)
    for warning in comparison.warnings:
        stderr.print(printable(f"warning: {warning}"), markup=False)
    _print_missing(comparison, stderr)


def print_tables(tables: Sequence[Table]) -> None:
    """Print tables one below the other."""
    from augexp.reporting import formats  # noqa: PLC0415 - keeps --help light

    console = Console(highlight=False)
    for table in formats.to_terminal(tables):
        console.print(table)
        console.print()


def _print_missing(comparison: Comparison, stderr: Console) -> None:
    if comparison.complete:
        return
    failed = [run for run in comparison.missing if run.reason != "not run yet"] or list(comparison.missing)
    for run in failed[:5]:
        stderr.print(printable(f"missing: {run.name or f'{run.arm} seed {run.seed}'}: {run.reason}"), markup=False)
    stderr.print(
        f"{len(comparison.missing)} runs are missing, so there is no verdict; repeat the same command to go on"
        if comparison.declared is None
        else f"{len(comparison.missing)} runs are missing, so there is no verdict; judge again when they are there",
        markup=False,
    )


def print_run(record: RunRecord, following: str, *, as_json: bool = False) -> None:
    """Print what a run has done, and the command `following` that makes use of it."""
    if as_json:
        values = {**record.run.values(), "folder": str(record.folder), "timing": record.timing.values()}
        typer.echo(json.dumps(values, indent=1))
        return
    if not record.finished:
        typer.echo(printable(f"{record.arm}, {record.title}: {record.status}: {record.run.error or ''}"))
        return
    console = Console(highlight=False)
    outcome = record.predictions()
    epochs = record.epochs
    seconds = record.timing.wall_seconds
    took = f" in {seconds:.1f} s" if seconds is not None else ""
    if record.status == "diverged":
        _write(console, f"{record.arm}, {record.title}: diverged{took}: no finite loss or weights; that counts")
    else:
        _write(
            console,
            f"{record.arm}, {record.title}: {len(epochs['epoch'])} epochs{took}, {int(epochs['steps'][-1]):,} "
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
    _write(
        console,
        "One run proves nothing: this trains all arms with several seeds, and makes use of the run."
        if record.run.fold is None
        else "One fit proves nothing: this trains all arms in all folds, and makes use of the fit.",
    )


def _percent(values: Any) -> str:
    return f"{100 * float(values[-1]):.1f} %" if len(values) else "not measured"


def print_store(store: Store, *, as_json: bool = False) -> None:
    """Print what the prepared images are."""
    manifest = store.manifest
    if as_json:
        typer.echo(json.dumps({"path": str(store.path), **manifest.plain()}, indent=1, ensure_ascii=False))
        return
    from rich.table import Table  # noqa: PLC0415 - keeps --help light
    from rich.text import Text  # noqa: PLC0415

    console = Console(highlight=False)
    table = Table("class", "train", "validation", "test", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, counts in manifest.counts.items():
        table.add_row(
            Text(printable(name)), *(f"{count:,}" for count in (counts.train, counts.validation, counts.test))
        )
    console.print(table)
    console.print()
    kind, size = "synthetic drawings" if manifest.synthetic else "images", manifest.image_size
    _write(console, f"{manifest.images:,} {kind} of {size} x {size} pixels: {store.path}")
    _write(console, manifest.split.explanation)
    duplicates = manifest.duplicates
    _write(
        console,
        f"duplicates: {duplicates.exact:,} exact, {duplicates.near:,} near; {duplicates.excluded:,} images kept out of "
        "training or validation because of them",
    )
    if manifest.groups:
        from augexp.reporting.groups.words import about_groups  # noqa: PLC0415 - as above

        _write(console, f"groups: {about_groups(manifest.groups)}")
    skipped = manifest.skipped
    _write(console, f"skipped: {skipped.count:,} records that cannot be decoded")
    for record in skipped.records[:5]:
        _write(console, f"  {record.key}: {record.reason}")
    if skipped.count > 5:
        _write(console, f"  and more: {store.path / 'store.json'}")
    if manifest.ignored_files:
        reasons = "; ".join(f"{files.count:,} {files.reason}" for files in manifest.unread)
        _write(console, f"not read: {manifest.ignored_files:,} files{reasons and f': {reasons}'}")
    for scale in manifest.scales:
        _write(
            console,
            f"values: {scale.images:,} pictures of {scale.kind} values, {scale.lowest:,g} to {scale.highest:,g}; black "
            f"is {scale.black:,g}, white is {scale.white:,g}",
        )
    for warning in manifest.warnings:
        sys.stderr.write(printable(f"warning: {warning}") + "\n")


# -- status --------------------------------------------------------------------------------------

_MARKS = {
    "failed": "FAILED",
    "running": "running",
    "interrupted": "stopped",
    "waiting": "waiting",
}


def status_text(status: Status) -> str:
    """Return how a comparison stands, as lines of at most 80 columns where names are short."""
    unit = nouns(status.folds).blocks + (f" of {status.folds} folds" if status.folds else "")
    lines = [f"{status.name}: {status.finished} of {len(status.runs)} runs done ({status.seeds} {unit}"]
    lines[0] += f", at most {status.max_seeds})" if status.max_seeds > status.seeds else ")"
    for state in ("running", "failed", "interrupted"):
        for run in (run for run in status.runs if run.state == state):
            name = run.name or f"{run.arm} seed {run.seed}"
            lines.append(f"  {_MARKS[state]:8} {name}: {_progress(run)}")
    waiting = status.counts.get("waiting")
    if waiting:
        lines.append(f"  {_MARKS['waiting']:8} {waiting} runs")
    if status.horizon is not None:
        further = "no further" if status.horizon_settled else "further while an arm still gains on validation"
        lines.append(f"  horizon  {status.horizon} epochs, {further}")
    for interval in status.intervals:
        lines.append(
            f"  so far   {interval.arm} - {interval.baseline}: {interval.estimate:+.2f} pp, new images "
            f"{interval.low:+.2f} to {interval.high:+.2f}"
        )
        lines.append(f"           ({_rests_on(interval.pairs, status)})")
        if not status.pending:
            lines.append(f"           {interval.verdict}")
    lines.append(_outlook(status))
    return "\n".join(lines)


def _rests_on(pairs: int, status: Status) -> str:
    """Say how many pairs, test images and groups an interval rests on."""
    parts = [f"{pairs} {nouns(status.folds).blocks if status.folds else 'pairs'}"]
    if status.test_images is not None:
        groups = "" if status.test_groups is None else f" of {status.test_groups:,} groups"
        parts.append(f"{status.test_images:,} {nouns(status.folds).images}{groups}")
    return ", ".join(parts)


def _progress(run: RunStatus) -> str:
    if run.error:
        return printable(run.error)
    pace = f", {run.seconds:.1f} s each" if run.seconds else ""
    return f"epoch {run.epoch} of {run.epochs}{pace}"


def _outlook(status: Status) -> str:
    if not status.pending:
        return "all done: the plan asks for no more runs"
    if not status.working:
        return "nobody is working on it; augexp compare goes on from here"
    left = status.seconds_left
    if left is None:
        return "time left: not known yet"
    most = status.seconds_left_at_most
    longest = f", up to {_duration(most)} if the runs have to go on to the cap" if most is not None else ""
    return f"time left: about {_duration(left)}{longest}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def _write(console: Console, text: str) -> None:
    """Print text as it is: wrapped at words on a terminal, on one line elsewhere."""
    console.print(printable(text), markup=False, soft_wrap=not console.is_terminal)
