"""The comparison of a results folder: computed from its records, published in ``comparison/``, read from there.

``comparison/.made`` records what the files in that folder were drawn from, with a digest of each, so that the same
comparison is not drawn twice: without it, a command that has nothing to do would still load matplotlib. A file that
was changed since is drawn again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from augexp import digests, surroundings
from augexp.analysis.warnings import words as warning_words
from augexp.data.store_manifest import StoreManifest
from augexp.errors import ResultsError
from augexp.experiment import command_line
from augexp.experiment.definition import Experiment
from augexp.experiment.plan import Plan
from augexp.files import check_inside, write_atomically
from augexp.results.folder import Workspace, reopen_workspace
from augexp.results.manifests import Horizon, PlanEntry
from augexp.results.records import RunRecord, read_runs
from augexp.version import __version__

if TYPE_CHECKING:
    from augexp.analysis.schema import Comparison
    from augexp.data.store import Store

Note = Callable[[str], None]

MARK = ".made"

LOOKED_AT = 100
"""Images that are looked at to tell whether they have colours."""

GREY = "[grey-images]"
"""Code of the warning that they have none."""


class Images(NamedTuple):
    """What is known of the images behind the records.

    Attributes:
        store: the prepared images; None where they are not here any more.
        manifest: content of their ``store.json``; None where it is not known.
        draws: how the training draws of the seeds relate, see `Store.draw_mode`; may be empty.
        grey: whether they have no colours.
    """

    store: Store | None
    manifest: StoreManifest | None
    draws: str
    grey: bool = False


NO_IMAGES = Images(None, None, "")
"""Nothing is known of them."""


# -- from the records ----------------------------------------------------------------------------


def compute_and_publish(
    workspace: Workspace,
    store: Store,
    history: Sequence[PlanEntry],
    *,
    pictures: bool = True,
    note: Note = lambda text: None,
) -> Comparison:
    """Compute the comparison from the records and write ``comparison/`` where that has changed anything."""
    records = plan_records(workspace, store.fingerprint)
    comparison = compute(workspace, records, history, images_of(store, workspace.experiment, records))
    publish(workspace, comparison, records, store, pictures=pictures, note=note)
    return comparison


def plan_records(workspace: Workspace, fingerprint: str | None = None) -> list[RunRecord]:
    """Return the records of the plan's arms, unfinished ones left out, failed ones included.

    Where budgets are automatic, runs count as finished at the settled horizon alone. The records hold the predictions
    of those test images alone that the plan's stage may look at.

    Args:
        workspace: whose runs.
        fingerprint: of the images that they must have been run on; None takes that of the first one.

    Raises:
        ResultsError: a run of another definition, of other images, or in the folder of another run.
    """
    from augexp.analysis import sample_splitting  # noqa: PLC0415 - numpy
    from augexp.analysis.budget.horizon import epochs_of, readable  # noqa: PLC0415 - numpy

    records, horizon = records_at_any_budget(workspace, fingerprint), horizon_of(workspace)
    furthest = max((epochs_of(record) for record in records), default=0)
    if horizon is not None and workspace.horizon() is not None and furthest > horizon.epochs:
        raise ResultsError(
            f"{workspace.folder / 'horizon.json'}: says {horizon.epochs} epochs, but runs have gone to {furthest}, so "
            "it is older than they are; restore it from a copy, or delete it to have the horizon found again"
        )
    records = readable(records, horizon)
    return sample_splitting.restrict(records, workspace.experiment.plan)


def horizon_of(workspace: Workspace) -> Horizon | None:
    """Return how far the runs go where budgets are automatic; None where they are fixed."""
    if not workspace.experiment.training.auto:
        return None
    return workspace.horizon() or Horizon(epochs=workspace.experiment.first_horizon)


def records_at_any_budget(workspace: Workspace, fingerprint: str | None = None) -> list[RunRecord]:
    """Return the records of the plan's arms, however far they have gone; for the rest see `plan_records`."""
    experiment = workspace.experiment
    records = read_runs(workspace.folder)
    records = [record for record in records if record.arm in experiment.plan.arms]
    for record in records:
        if record.arm_hash != experiment.arm_hash(record.arm):
            raise ResultsError(
                f"{record.folder.parent}: was run with another definition of the arm {record.arm!r}; "
                "give the arm another name, or delete that folder"
            )
        if record.finished:
            fingerprint = fingerprint or record.run.store
            if record.run.store != fingerprint:
                raise ResultsError(
                    f"{record.folder}: was run on other images (store {record.run.store}, here {fingerprint}); "
                    "the source has changed: use another --name, or put the images back"
                )
    return records


def images_of(store: Store, experiment: Experiment, records: Sequence[RunRecord]) -> Images:
    """Return what is known of prepared images that are here."""
    plan = experiment.plan
    numbers = sorted({record.seed for record in records if record.finished}) or experiment.blocks(plan.max_seeds)
    return Images(store, store.manifest, store.draw_mode(experiment.data, numbers), _are_grey(store))


def _are_grey(store: Store) -> bool:
    """Tell whether images spread over the whole store have three equal channels."""
    images = store.read_images(np.arange(0, len(store.labels), max(1, len(store.labels) // LOOKED_AT)))
    return bool((images[..., :1] == images).all())


def compute(
    workspace: Workspace, records: Sequence[RunRecord], history: Sequence[PlanEntry], images: Images
) -> Comparison:
    """Return the comparison; equal records give an equal one on every machine and in every folder."""
    from augexp.analysis.comparison import compare  # noqa: PLC0415 - the statistics

    comparison = compare(
        workspace.experiment,
        records,
        history,
        manifest=images.manifest,
        draws=images.draws,
        command=command_line.command(workspace.experiment),
        horizon=horizon_of(workspace),
        grey=images.grey,
    )
    remarks = remarks_on(workspace, records, images)
    return comparison.model_copy(update={"warnings": (*comparison.warnings, *remarks)}) if remarks else comparison


def remarks_on(workspace: Workspace, records: Sequence[RunRecord], images: Images) -> tuple[str, ...]:
    """Return what a reader has to know of the files that an answer was read from; nothing where all have digests."""
    from augexp.analysis import wording  # noqa: PLC0415 - numpy

    finished = [record for record in records if record.finished]
    parts = [warning_words.runs_without_digests(sum(not record.sealed for record in finished), len(finished))]
    parts += workspace.without_digests()
    parts += ["store.json"] if images.store is not None and not images.store.sealed else []
    unreadable = sum(not record.timing.readable for record in finished)
    texts = [warning_words.without_digests(parts) if any(parts) else "", warning_words.unreadable_times(unreadable)]
    return tuple(wording.as_sentence(text) for text in texts if text)


def check_halves(store: Store, plan: Plan) -> None:
    """Check that each half of the test images can be judged by, where the plan's stage looks at one of them alone.

    Raises:
        DataError: a half lacks a class or has too few images.
    """
    from augexp.analysis import sample_splitting  # noqa: PLC0415 - numpy

    if plan.stage != "whole":
        rows = store.rows("test")
        sample_splitting.check(store.labels[rows], store.units[rows], store.ids[rows], store.classes)


# -- publishing ----------------------------------------------------------------------------------


def publish(
    workspace: Workspace,
    comparison: Comparison,
    records: Sequence[RunRecord],
    store: Store | None,
    *,
    pictures: bool,
    again: bool = False,
    note: Note = lambda text: None,
) -> None:
    """Write tables, figures and report into ``comparison/``, unless they are there and show the same comparison.

    Args:
        workspace: where to.
        comparison: what they show.
        records: the runs behind it.
        store: the images; without them no photo is shown.
        pictures: whether photos may appear.
        again: draw even where the files are there and show the same comparison.
        note: told where files are drawn again because they are not as they were written.
    """
    folder = workspace.comparison
    photos = pictures and store is not None
    mark = {"augexp": __version__, "comparison": _digest(comparison), "photos": photos}
    before = _read_mark(folder)
    changed = digests.differing(folder, before.files)
    if changed:
        note(f"{folder}: changed since they were written, and so drawn again: {', '.join(changed)}")
    if not again and before.values == mark and not changed:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARK).unlink(missing_ok=True)  # some of the files that it lists are about to be replaced
        drawn = _draw(workspace.experiment, comparison, records, store if photos else None, folder)
        # What was drawn while the images were here stays, unless photos are to be left out.
        if store is not None or not pictures:
            for name in set(before.files) - {path.name for path in drawn}:
                (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise ResultsError(
            f"{folder}: cannot be written ({error.strerror or error}); free some space or choose another --results-dir"
        ) from None
    write_mark(drawn, mark)


def write_mark(drawn: Sequence[Path], values: Mapping[str, Any]) -> None:
    """Write down what the files of a comparison's folder, one at least, were drawn from, with a digest of each."""
    files = {path.name: digests.of_file(path) for path in sorted(drawn)}
    text = json.dumps(digests.sealed({**values, "files": files}), indent=1) + "\n"
    write_atomically(drawn[0].with_name(MARK), text)


def is_drawn(folder: Path, values: Mapping[str, Any]) -> bool:
    """Tell whether the files of an answer's folder were drawn from `values`, and are as they were written."""
    before = _read_mark(folder)
    return before.values == dict(values) and not digests.differing(folder, before.files)


def _draw(
    experiment: Experiment, comparison: Comparison, records: Sequence[RunRecord], store: Store | None, folder: Path
) -> list[Path]:
    surroundings.load_matplotlib()
    from augexp.reporting import figures, preview_sheets, sheet_files, write  # noqa: PLC0415 - matplotlib and Jinja
    from augexp.reporting.learned import sheets as learned_sheets  # noqa: PLC0415 - OpenCV

    finished = [record for record in records if record.finished]
    # A policy that failed in every run may fail here as well.
    arms = [arm for arm in experiment.plan.arms if any(record.arm == arm for record in finished)]
    sheets = {}
    if store is not None:
        sheets = preview_sheets.of_arms(experiment, store, arms)
        sheets |= learned_sheets.of_arms(experiment, store, arms, folder.parent)
    paths = []
    for name, sheet in sheets.items():
        for suffix in (".png", ".svg"):
            paths.append(folder / f"{name}{suffix}")
            sheet_files.save(sheet, paths[-1])
    paths += figures.draw(comparison, finished, folder)
    return paths + write.write(comparison, finished, store, folder, tuple(sheets.values()))


def _digest(comparison: Comparison) -> str:
    text = json.dumps(comparison.model_dump(mode="json"), sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


class _Mark(NamedTuple):
    """Content of ``comparison/.made``: what was drawn, and the digests of the files by name."""

    values: dict[str, Any]
    files: dict[str, str]


def _read_mark(folder: Path) -> _Mark:
    """Return what is recorded; nothing where that is damaged or of augexp 0.1, which recorded no digests."""
    try:
        values = digests.read_json(folder / MARK, ())
        # Names alone: what is deleted or looked for by them lies in this folder.
        files = {str(name): str(digest) for name, digest in values.pop("files").items() if Path(name).name == name}
    except (OSError, ValueError, KeyError, AttributeError):
        return _Mark({}, {})
    return _Mark({key: value for key, value in values.items() if key != digests.SEAL}, files)


# -- from a folder -------------------------------------------------------------------------------


def recompute(workspace: Workspace, data_dir: Path) -> tuple[Comparison, list[RunRecord], Store | None]:
    """Compute the comparison of a results folder; return it with its records, and the images where they are here.

    Raises:
        ResultsError: no finished run, or nothing that describes the images.
    """
    records = plan_records(workspace)
    if not any(record.finished for record in records):
        raise no_runs(workspace)
    images = find_images(workspace, records, data_dir)
    return compute(workspace, records, workspace.recorded_history(), images), records, images.store


def current(folder: Path, data_dir: Path) -> Comparison:
    """Return the comparison of what is in a results folder now, without writing anything."""
    check_inside(folder)
    if not (folder / "runs").is_dir() and (folder / "comparison" / "comparison.json").is_file():
        return published(folder)
    return recompute(reopen_workspace(folder), data_dir)[0]


def published(folder: Path) -> Comparison:
    """Read the published comparison; raises ResultsError where it cannot be read, or a link leads out of the folder."""
    check_inside(folder)
    from augexp.analysis.schema import Comparison  # noqa: PLC0415 - pydantic models take a while to build

    path = folder / "comparison" / "comparison.json"
    digest = _read_mark(path.parent).files.get(path.name)
    if digest is not None and digests.differing(path.parent, {path.name: digest}):
        raise ResultsError(
            f"{path}: is not what was written (its digest differs); restore it from a copy, or repeat the command that "
            "wrote it"
        )
    try:
        return Comparison.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        first = str(error).splitlines()[0]
        raise ResultsError(
            f"{path}: cannot be read ({first}); it was written by another version of augexp, or is damaged"
        ) from None


def find_images(workspace: Workspace, records: Sequence[RunRecord], data_dir: Path) -> Images:
    """Return what is known of the images of finished runs; without them, as the published comparison describes them.

    Raises:
        ResultsError: neither the images nor a published comparison are there.
        DataError: the images are damaged.
    """
    from augexp.data.store import find_store  # noqa: PLC0415 - numpy

    fingerprint = next(str(record.run.store) for record in records if record.finished)
    store = find_store(data_dir, fingerprint)
    if store is not None:
        return images_of(store, workspace.experiment, records)
    if (workspace.comparison / "comparison.json").is_file():
        known = published(workspace.folder)
        manifest = StoreManifest.model_validate(known.data) if known.data else None
        return Images(None, manifest, known.draws, any(GREY in warning for warning in known.warnings))
    raise ResultsError(
        f"{data_dir / 'stores'}: the prepared images {fingerprint} of these runs are not here, and there is no answer "
        "yet that describes them; name their place with --data-dir, or execute `augexp compare` again"
    )


def no_runs(workspace: Workspace) -> ResultsError:
    """Return the error that says what can be done with a results folder that has no finished run."""
    if (workspace.comparison / "comparison.json").is_file():
        return ResultsError(
            f"{workspace.folder}: holds a published answer without its runs (runs/ is missing); read "
            "comparison/report.html, or ask `augexp report` for --format md, csv, latex or json"
        )
    return ResultsError(f"{workspace.folder}: no finished run here yet; `augexp compare` executes them")
