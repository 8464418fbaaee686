"""The results folder of one experiment: guarded by the definition's hash, with the plan's history.

results/<name>/
  experiment.toml    the resolved definition; its hash guards the folder
  plan.json          every plan the folder has had, and how many pairs were finished by then
  horizon.json       with epochs = "auto": how far the runs go, and whether that is settled
  runs/<arm>/seed-<n>/
  comparison/

The two JSON files hold digests of themselves (see `augexp.digests`), and the first line of ``experiment.toml``, a
comment, one of the file and one of ``plan.json``. Folders of augexp 0.1 have none of them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augexp import digests
from augexp.errors import DefinitionError, ResultsError
from augexp.experiment import definition, network_files, screening
from augexp.experiment.definition import Experiment
from augexp.files import check_inside, write_atomically
from augexp.results import records, sealed_toml
from augexp.results.manifests import Horizon, PlanEntry, PlanHistory, RecordedPlan

TOML = "experiment.toml"

_RUN = records.RUN


@dataclass(frozen=True)
class Workspace:
    """One experiment and the folder that holds its results."""

    experiment: Experiment
    folder: Path

    @property
    def comparison(self) -> Path:
        """The folder of the answer: figures, tables, report."""
        return self.folder / "comparison"

    def run_folder(self, arm: str, seed: int) -> Path:
        """The folder of the run of `arm` with `seed`."""
        return records.run_folder(self.folder, arm, seed)

    def plan_history(self) -> tuple[PlanEntry, ...]:
        """Return every plan so far, oldest first."""
        path = self.folder / "plan.json"
        try:
            history = PlanHistory.from_values(digests.read_json(path, ("plans",))).plans
        except FileNotFoundError:
            history = ()
        except (OSError, ValueError) as error:
            raise _plan_error(path, f"damaged ({' '.join(str(error).split())})") from None
        if not sealed_toml.is_written_with(self.folder / TOML, history) and any(self.folder.glob(f"runs/*/*/{_RUN}")):
            what = "is not the one that experiment.toml was written with" if history else "is missing"
            raise _plan_error(path, what)
        return history

    def recorded_history(self) -> tuple[PlanEntry, ...]:
        """Return every plan so far, of which the last one has to be that of the definition; empty without any.

        Raises:
            ResultsError: a plan was edited after it was written down, or the definition was.
        """
        history = self.plan_history()
        for entry in history:
            if entry.hash_of(self.experiment.hash) != entry.plan_hash:
                raise _plan_error(self.folder / "plan.json", "damaged (a plan is not the one of its hash)")
        if history and history[-1].plan_hash != self.experiment.plan_hash:
            last, own = history[-1].plan.values(), self.experiment.plan.definition()
            changes = "; ".join(_differences(last, own, names=("in plan.json", "here"))) or "an arm has another policy"
            raise ResultsError(
                f"{self.folder / TOML}: its plan is not the last one of plan.json ({changes}); put it back, or repeat "
                "`augexp compare` with the plan that is meant, which writes down that it was changed"
            )
        return history

    def horizon(self) -> Horizon | None:
        """Return how far runs with an automatic budget go; None where that was not written down yet."""
        path = self.folder / "horizon.json"
        try:
            values = digests.read_json(path, tuple(Horizon.model_fields), self.experiment.hash)
            return Horizon.from_values(values)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise ResultsError(
                f"{path}: damaged ({' '.join(str(error).split())}); restore it from a copy, or delete it to have the "
                "horizon found again"
            ) from None

    def without_digests(self) -> tuple[str, ...]:
        """Return the names of the files beside the runs that hold no digest: those of augexp 0.1."""
        names = []
        for name, is_sealed in (
            ("plan.json", _holds_seal),
            ("horizon.json", _holds_seal),
            (TOML, sealed_toml.is_sealed),
        ):
            if (self.folder / name).is_file() and not is_sealed(self.folder / name):
                names.append(name)
        return tuple(names)

    def commit_horizon(self, horizon: Horizon) -> None:
        """Write down how far the runs go, before they do."""
        if horizon != self.horizon():
            values = digests.sealed(horizon.model_dump(mode="json"), self.experiment.hash)
            text = json.dumps(values, indent=1) + "\n"
            write_atomically(self.folder / "horizon.json", text, durable=True)

    def commit_definition(self) -> None:
        """Write the definition down for a single run; the one of a comparison stays, its plan with it."""
        if not (self.folder / "experiment.toml").is_file():
            self._write_definition(())

    def commit_plan(self, blocks_finished: int) -> tuple[PlanEntry, ...]:
        """Write the plan down before its first run; a changed plan is added, never put in place of one.

        Args:
            blocks_finished: seeds that could have been looked at, see `augexp.commands.compare.finished_pairs`.

        Returns:
            Every plan so far, oldest first.
        """
        history = self.plan_history()
        if not history or history[-1].plan_hash != self.experiment.plan_hash:
            plan = self.experiment.plan
            entry = PlanEntry(
                plan=RecordedPlan.from_values(plan.definition()),
                arms={arm: self.experiment.policy(arm).definition() for arm in plan.arms},
                plan_hash=self.experiment.plan_hash,
                blocks_finished=blocks_finished,
            )
            history = (*history, entry)
            text = json.dumps(digests.sealed(PlanHistory(plans=history).values()), indent=1) + "\n"
            write_atomically(self.folder / "plan.json", text, durable=True)
        self._write_definition(history)
        return history

    def _write_definition(self, history: Sequence[PlanEntry]) -> None:
        text = definition.dumps(_portable(self.experiment, self.folder))
        write_atomically(self.folder / TOML, sealed_toml.sealed(text, history), durable=True)


def open_workspace(experiment: Experiment, results_dir: Path) -> Workspace:
    """Return the experiment's workspace, creating it or checking that it holds this experiment.

    Raises:
        ResultsError: the folder holds an experiment of another hash (the message names what differs),
            or it cannot be written, or a link leads out of it.
    """
    folder = results_dir / experiment.name
    check_inside(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResultsError(
            f"{folder}: cannot be written ({error.strerror}); choose another place with --results-dir"
        ) from None
    path = folder / "experiment.toml"
    if path.is_file():
        other = definition.load(path)
        if other.hash != experiment.hash and not _abandon_failed_runs(folder):
            differences = "; ".join(_differences(other.identity(), experiment.identity()))
            raise ResultsError(
                f"{folder}: holds another experiment ({differences}); give this one a name of its own "
                "with --name, or delete that folder"
            )
    return Workspace(experiment, folder)


def _abandon_failed_runs(folder: Path) -> bool:
    """Clear a folder in which runs have failed and none has come to anything, for another definition; tell whether so.

    Whoever follows the advice of such a failure (a smaller batch, fewer images) loses nothing. A run that is finished,
    is going on or has a checkpoint keeps the folder for its own definition.
    """
    runs = [path for path in (folder / "runs").glob("*/seed-*") if path.is_dir()]
    if not runs or not all(_has_failed(path) for path in runs):
        return False
    for path in runs:
        (path / records.RUN).unlink(missing_ok=True)
    for name in ("plan.json", "experiment.toml"):
        (folder / name).unlink(missing_ok=True)
    return True


def _has_failed(folder: Path) -> bool:
    """Tell whether a run has failed with nothing to go on from."""
    try:
        return records.read_run(folder).status == "failed" and not (folder / records.CHECKPOINT).exists()
    except ResultsError:
        return False


def is_staged(experiment: Experiment, results_dir: Path) -> bool:
    """Tell whether a screening comes first; a comparison that was begun without one goes on without.

    Raises:
        ResultsError: the results folder has been begun the other way, so that seeds and images that are to be
            fresh have been looked at.
    """
    folder = results_dir / experiment.name
    sibling = _screening_of(folder)
    for place in (folder, sibling):
        check_inside(place)
    own, other = (Workspace(experiment, place).plan_history() for place in (folder, sibling))
    wanted = screening.is_wanted(experiment)
    if experiment.plan.screen is None and own and own[-1].plan_hash == experiment.plan_hash:
        wanted = False
    begun, beside = _stage(own), _stage(other)
    if not wanted and (begun in ("screening", "confirmation") or (not begun and beside == "screening")):
        raise ResultsError(
            f"{folder}: was begun with a screening ({folder if begun == 'screening' else sibling}), whose seeds and "
            "images chose its arms; repeat that command, or use another --name, and another --root-seed where it chose "
            "the arms of this one"
        )
    if wanted and (begun not in ("", "confirmation") or beside not in ("", "screening")):
        raise ResultsError(
            f"{folder if begun else sibling}: was begun without a screening, which needs fresh seeds and images; say "
            "--no-screen to go on, or use another --name"
        )
    return wanted


def _stage(history: Sequence[PlanEntry]) -> str:
    """Return the stage of the newest plan; empty without any."""
    return history[-1].plan.stage if history else ""


def _screening_of(folder: Path) -> Path:
    folder = folder.absolute()
    return folder.with_name(screening.folder_name(folder.name)) if folder.name else folder / screening.SUFFIX


def _where(folder: Path) -> str:
    """Say where the results are instead: of a screening, or in folders of this one, as those of `augexp worth`."""
    stage = _screening_of(folder)
    if stage.is_dir():
        return f"its policies are screened in {stage}, and the same `augexp compare` goes on from there"
    inner = sorted(path.parent.name for path in folder.glob("*/experiment.toml"))
    if not inner:
        return "name a folder that `augexp compare` wrote, such as results/sample"
    others = f" and {len(inner) - 1} more" if len(inner) > 1 else ""
    return f"it holds those of {inner[0]}{others}: name one of them, such as {folder / inner[0]}"


def reopen_workspace(folder: Path) -> Workspace:
    """Return the workspace that lies in `folder`; raises ResultsError where there is none or a link leaves it."""
    path = folder / "experiment.toml"
    if not path.is_file():
        raise ResultsError(f"{folder}: no results of an experiment here (experiment.toml is missing); {_where(folder)}")
    check_inside(folder)
    try:
        sealed_toml.check(path)
        return Workspace(definition.load(path), folder)
    except DefinitionError as error:
        raise ResultsError(str(error)) from None


def _portable(experiment: Experiment, folder: Path) -> Experiment:
    """Make paths of images and weights relative to the results, so that a tree of both can be moved.

    A Python file keeps its name alone: what a results folder says is never executed.
    """
    network = network_files.portable(experiment.training, folder)
    if network:
        experiment = experiment.replace(training=network)
    if experiment.data.path is None:
        return experiment
    try:
        path = os.path.relpath(experiment.data.path, folder)
    except ValueError:  # another drive on Windows
        return experiment
    return experiment.replace(data={"path": Path(path).as_posix()})


def _plan_error(path: Path, what: str) -> ResultsError:
    return ResultsError(f"{path}: {what}; restore it from a copy, or delete the folder to start the experiment afresh")


def _holds_seal(path: Path) -> bool:
    try:
        return digests.SEAL in json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError, RecursionError):
        return False


def _differences(
    there: Mapping[str, Any], here: Mapping[str, Any], prefix: str = "", names: tuple[str, str] = ("there", "here")
) -> Iterator[str]:
    for key in sorted({*there, *here}):
        old, new = there.get(key), here.get(key)
        if old == new:
            continue
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _differences(old, new, f"{prefix}{key}.", names)
        else:
            yield f"{prefix}{key} is {old!r} {names[0]} and {new!r} {names[1]}"
