"""A plan that is written down before the first run: ``augexp plan`` writes it, ``augexp judge`` reads it.

The file holds its own date and a hash over its content, so that an edit shows. Neither proves anything to somebody who
wants to cheat; both keep one from planning by accident what has been seen already.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import tomli_w

from augexp.analysis.declared.schema import Design, Endpoint
from augexp.errors import DefinitionError
from augexp.external.declaration import DeclaredPlan, check_words, make_plan
from augexp.files import write_atomically

FORMAT = 1
KEYS = (
    *("format", "written", "arms", "baseline", "design", "endpoint"),
    *("seeds", "looks", "metric", "equivalence", "hash"),
)

HEAD = """# The plan of a comparison of runs that are not trained by augexp. Keep it as it is: `augexp judge --plan`
# checks that it was not changed, and that it is older than the first run.
"""


@dataclass(frozen=True)
class PlanFile:
    """What a plan file says.

    Attributes:
        path: of the file.
        written: when.
        plan: arms, baseline, seeds or looks, metric and region of practical equivalence.
        design, endpoint: declared.
        digest: 16 hex digits over the content.
    """

    path: Path
    written: datetime
    plan: DeclaredPlan
    design: Design
    endpoint: Endpoint
    digest: str


def write(path: Path, plan: DeclaredPlan, design: Design, endpoint: Endpoint, *, now: datetime) -> PlanFile:
    """Write a plan down.

    Args:
        path: a file that is not there yet.
        plan: with a fixed number of seeds or looks.
        design: declared.
        endpoint: declared.
        now: its date, with a time zone.

    Raises:
        DefinitionError: the file is there, or a word is unknown.
        ResultsError: it cannot be written.
    """
    check_words(design, endpoint)
    if path.exists():
        raise DefinitionError(
            f"{path}: is there already; a plan is never overwritten: choose another name with --output"
        )
    values: dict[str, Any] = {
        "format": FORMAT,
        "written": now.astimezone(UTC).replace(microsecond=0).isoformat(),
        "arms": list(plan.arms),
        "baseline": plan.baseline,
        "design": design,
        "endpoint": endpoint,
        **({"looks": list(plan.looks)} if plan.seeds is None else {"seeds": plan.seeds}),
        "metric": plan.metric,
        "equivalence": plan.equivalence,
    }
    values["hash"] = _hash(values)
    write_atomically(path, HEAD + tomli_w.dumps(values), durable=True, advice="choose another place with --output")
    return read(path)


def read(path: Path) -> PlanFile:
    """Read a plan; raises DefinitionError where it is damaged or was changed after it was written."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DefinitionError(
            f"{path}: cannot be read ({error.strerror}); name a file that `augexp plan` wrote"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DefinitionError(f"{path}: not valid TOML: {error}") from None
    missing = [key for key in KEYS if key not in values and key not in ("seeds", "looks")]
    if missing or values.get("format") != FORMAT:
        raise DefinitionError(f"{path}: no plan of `augexp plan` ({', '.join(missing) or 'format'}); write one with it")
    digest = values.pop("hash")
    if digest != _hash(values):
        raise DefinitionError(
            f"{path}: was changed after `augexp plan` wrote it; put it back as it was, or judge without it"
        )
    plan = make_plan(
        tuple(values["arms"]),
        values["baseline"],
        seeds=values.get("seeds"),
        looks=tuple(values["looks"]) if "looks" in values else None,
        metric=values["metric"],
        equivalence=values["equivalence"],
        origin=str(path),
    )
    check_words(values["design"], values["endpoint"])
    return PlanFile(path, datetime.fromisoformat(values["written"]), plan, values["design"], values["endpoint"], digest)


def _hash(values: dict[str, Any]) -> str:
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
