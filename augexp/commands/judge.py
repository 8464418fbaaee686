"""`augexp judge` and `augexp plan`: runs that somebody else trained."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augexp.commands.answer import write_mark
from augexp.errors import DefinitionError, ResultsError
from augexp.experiment import definition
from augexp.files import check_inside
from augexp.version import __version__

if TYPE_CHECKING:
    from augexp.analysis.schema import Comparison
    from augexp.external.declaration import Declaration
    from augexp.external.plan_file import PlanFile


def judge(
    runs: Any,
    *,
    design: str | None = None,
    endpoint: str | None = None,
    baseline: str | None = None,
    seeds: int | Mapping[str, int] | None = None,
    plan: str | Path | None = None,
    metric: str | None = None,
    equivalence: float | None = None,
    first_run: datetime | str | None = None,
    pattern: str | None = None,
    name: str | None = None,
    results_dir: str | Path | None = None,
) -> Comparison:
    """Judge runs that somebody else trained, by what they said of each test image.

    Args:
        runs: path of a table (``.csv``, ``.tsv``, ``.parquet``) with the columns `arm, seed, image, label` and
            `predicted`, one `p_<class>` for each class, or `correct`; of a folder of such files or of one ``.npz`` per
            run; or a data frame, or a mapping of column names to arrays.
        design: `paired` (the same seed means the same initialisation and order in every arm) or `independent`.
        endpoint: which state of each network was tested: `final`, `validation`, or `best-on-test`, which gives no
            verdict.
        baseline: the arm that the others are compared with; None takes `none` or `baseline`.
        seeds: how many were fixed before the first run, in every arm or by arm; without them and without a plan the
            intervals are the wider, anytime-valid ones.
        plan: a file of `write_plan` that is older than the first run, in place of most of the above.
        metric: `auto` (balanced accuracy where the test classes differ in size), `accuracy`, `balanced_accuracy` or
            `auroc`, which takes probabilities.
        equivalence: r, half-width of the region of practical equivalence in percentage points; None takes 0.5.
        first_run: date of the first run, with a time zone; None takes that of the oldest file.
        pattern: where the files of a folder say arm and seed, like ``{arm}/seed-{seed}.csv``.
        name: of the comparison; None takes that of the file or folder.
        results_dir: where the report is written, in a folder of that name; None writes nothing.

    Returns:
        The answer. What was declared and cannot be verified stands in its `declared`.

    Raises:
        DataError, DefinitionError, AnalysisError, ResultsError: one line that says what to do.
    """
    from augexp.external import judging, plan_file, sources  # noqa: PLC0415 - the statistics
    from augexp.external.declaration import Declaration, check_words  # noqa: PLC0415

    planned = plan_file.read(Path(plan)) if plan is not None else None
    if planned is None:
        check_words(design, endpoint)
    declaration = Declaration(
        design, endpoint, baseline, seeds, metric, equivalence, _date(first_run)  # type: ignore[arg-type]
    )  # fmt: skip
    if name is not None and definition.slug(name) != name:
        raise DefinitionError(
            f"name: received {name!r}; allowed are lower-case letters, digits, '.', '_' and '-', starting with a "
            f"letter or digit, like {definition.slug(name)!r}"
        )
    title = definition.slug(name or (Path(runs).stem if isinstance(runs, (str, Path)) else "judged"))
    target = _free_folder(Path(results_dir) / title) if results_dir is not None else None
    source = sources.read(runs, pattern)
    command = _command(runs, declaration, planned, pattern, title)
    comparison = judging.judge(source, declaration, planned, name=title, command=command)
    if target is not None:
        publish(comparison, target)
    return comparison


def publish(comparison: Comparison, folder: Path) -> None:
    """Write tables, figure and report of a comparison of declared runs into ``comparison/`` of a results folder."""
    from augexp.reporting import figures, write  # noqa: PLC0415 - matplotlib and Jinja

    place = folder / "comparison"
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResultsError(
            f"{place}: cannot be written ({error.strerror}); choose another place with --results-dir"
        ) from None
    drawn = figures.draw_differences(comparison, place)
    drawn += write.write(comparison, (), None, place)
    write_mark(drawn, {"augexp": __version__})


def write_plan(
    output: str | Path,
    arms: Sequence[str],
    *,
    design: str | None = None,
    endpoint: str | None = None,
    baseline: str | None = None,
    seeds: int | None = None,
    looks: Sequence[int] | None = None,
    metric: str | None = None,
    equivalence: float | None = None,
) -> PlanFile:
    """Write down how runs will be judged, before the first one is made.

    Args:
        output: the file, which must not be there yet.
        arms: their names, the baseline among them.
        design: see `judge`, as for the next ones.
        endpoint: declared.
        baseline: the arm that the others are compared with.
        seeds: a fixed number of seeds; None takes `looks`.
        looks: numbers of seeds at which the comparison may stop; None takes 5, 8, 12, 20.
        metric: what is compared.
        equivalence: in percentage points.

    Raises:
        DefinitionError, ResultsError: one line that says what to do.
    """
    from augexp.external import plan_file  # noqa: PLC0415 - numpy
    from augexp.external.declaration import check_words, make_plan  # noqa: PLC0415

    check_words(design, endpoint)
    if seeds is not None and looks is not None:
        raise DefinitionError("looks: received with seeds; name a fixed number of seeds, or looks")
    if len(arms) < 2:
        raise DefinitionError(
            f"arms: received {', '.join(arms) or 'none'}; name the baseline and at least one other arm"
        )
    first = baseline or next((arm for arm in ("none", "baseline") if arm in arms), None)
    if first is None:
        raise DefinitionError(f"baseline: received none; name one of the arms {', '.join(arms)} with --baseline")
    plan = make_plan(
        tuple(arms), first, seeds=seeds, looks=tuple(looks) if looks else None, metric=metric, equivalence=equivalence
    )
    return plan_file.write(Path(output), plan, design, endpoint, now=datetime.now(UTC))  # type: ignore[arg-type]


def _date(value: datetime | str | None) -> datetime | None:
    if value is None:
        return None
    try:
        date = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise DefinitionError(
            f"first_run: received {value!r}; allowed are dates like 2026-05-01 or 2026-05-01T09:30+02:00"
        ) from None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _free_folder(folder: Path) -> Path:
    """Return a folder that holds no experiment; raises ResultsError where it does."""
    check_inside(folder)
    if (folder / "experiment.toml").exists() or (folder / "runs").exists():
        raise ResultsError(f"{folder}: holds an experiment of augexp compare; give these runs another --name")
    return folder


def _command(runs: Any, declaration: Declaration, planned: PlanFile | None, pattern: str | None, name: str) -> str:
    """Return the command line that repeats the answer; empty for runs in memory."""
    if not isinstance(runs, (str, Path)):
        return ""
    words = ["augexp", "judge", str(runs)]
    if planned is not None:
        words += ["--plan", str(planned.path)]
    else:
        words += [f"--{declaration.design}", "--endpoint", str(declaration.endpoint)]
        seeds = declaration.seeds
        if seeds is not None:
            text = str(seeds) if isinstance(seeds, int) else ",".join(f"{arm}={n}" for arm, n in seeds.items())
            words += ["--seeds", text]
        for flag in ("baseline", "metric", "equivalence"):
            if (value := getattr(declaration, flag)) is not None:
                words += [f"--{flag}", str(value)]
    if declaration.first_run is not None:
        words += ["--first-run", declaration.first_run.isoformat()]
    if pattern is not None:
        words += ["--pattern", pattern]
    return shlex.join([*words, "--name", name])
