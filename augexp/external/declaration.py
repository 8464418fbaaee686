"""What is declared about the runs, and the plan that it becomes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, get_args

from pydantic import Field, ValidationError

from augexp.analysis.declared.schema import Design, Endpoint
from augexp.errors import DefinitionError
from augexp.experiment.plan import LOOKS, Plan

DESIGNS: tuple[Design, ...] = get_args(Design)
ENDPOINTS: tuple[Endpoint, ...] = get_args(Endpoint)
MIN_LOOK = 3
"""Seeds below which there is no interval."""

METRICS = ("auto", "accuracy", "balanced_accuracy")

ArmName = Annotated[str, Field(pattern=r"^[^`\s\x00-\x1f]([^`\x00-\x1f]{0,61}[^`\s\x00-\x1f])?$")]
"""Names of arms that need not be those of policies: up to 63 characters on one line, no back-quotes."""


class DeclaredPlan(Plan):
    """A plan about arms that are no policies of this program."""

    arms: tuple[ArmName, ...]
    baseline: ArmName


@dataclass(frozen=True)
class Declaration:
    """What is said about runs that nobody here has seen.

    Attributes:
        design: how the seeds of two arms relate; None where it was not said.
        endpoint: which state of each network was tested; None where it was not said.
        baseline: the arm that the others are compared with; None takes `none` or `baseline`.
        seeds: how many were fixed before the first run, in every arm or by arm; None where nothing was fixed.
        metric: `auto` takes balanced accuracy where the test classes differ in size.
        equivalence: r, half-width of the region of practical equivalence in percentage points.
        first_run: when the first run was made; None takes the date of the oldest file.
    """

    design: Design | None = None
    endpoint: Endpoint | None = None
    baseline: str | None = None
    seeds: int | Mapping[str, int] | None = None
    metric: str | None = None
    equivalence: float | None = None
    first_run: datetime | None = None


def check_words(design: str | None, endpoint: str | None) -> None:
    """Check that design and endpoint were said and are known; raises DefinitionError, one line."""
    if design is None:
        raise DefinitionError(
            "design: say how the seeds of two arms relate: --paired where the same seed means the same initialisation "
            "and order in every arm, --independent where it does not"
        )
    if design not in DESIGNS:
        raise DefinitionError(f"design: received {design!r}; allowed are {', '.join(DESIGNS)}")
    if endpoint is None:
        raise DefinitionError(
            "endpoint: say which state of each network was tested: --endpoint final (after the last epoch of a fixed "
            "budget), validation (an epoch that validation images chose) or best-on-test (which gives no verdict)"
        )
    if endpoint not in ENDPOINTS:
        raise DefinitionError(f"endpoint: received {endpoint!r}; allowed are {', '.join(ENDPOINTS)}")


def check_looks(plan: Plan) -> None:
    """Raise DefinitionError where looks begin before there is an interval; that is for runs without folds."""
    if plan.looks[0] < MIN_LOOK:
        raise DefinitionError(
            f"looks: received {list(plan.looks)}; allowed are increasing numbers from {MIN_LOOK}, and from 2 for "
            "cross-validated runs, whose tables have columns fold and repeat"
        )


def make_plan(
    arms: tuple[str, ...],
    baseline: str,
    *,
    seeds: int | None = None,
    looks: tuple[int, ...] | None = None,
    metric: str | None = None,
    equivalence: float | None = None,
    origin: str = "plan",
) -> DeclaredPlan:
    """Return a validated plan; raises DefinitionError that names `origin` and key."""
    values: dict[str, Any] = {"arms": arms, "baseline": baseline, "seeds": seeds, "looks": looks or LOOKS}
    if metric is not None:
        values["metric"] = metric
    if equivalence is not None:
        values["equivalence"] = equivalence
    try:
        return DeclaredPlan.model_validate_json(json.dumps(values))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        if first["type"] == "value_error":
            raise DefinitionError(": ".join(filter(None, (origin, where, str(first["ctx"]["error"]))))) from None
        message = first["msg"][0].lower() + first["msg"][1:]
        if first["type"] == "string_pattern_mismatch":
            message = "allowed are up to 63 printable characters without back-quotes"
        raise DefinitionError(f"{origin}: {where}: received {first['input']!r}; {message}") from None


def parse_seeds(text: str) -> int | dict[str, int]:
    """Read a number of seeds, or one for each arm like ``none=5,augmix=8``; raises ValueError in words."""
    wrong = ValueError(f"received {text!r}; allowed are a whole number from 3, or ARM=N,ARM=N for independent arms")
    try:
        if "=" not in text:
            values: int | dict[str, int] = int(text)
        else:
            pairs = [part.rpartition("=") for part in text.split(",")]
            values = {arm.strip(): int(count) for arm, _, count in pairs}
    except ValueError:
        raise wrong from None
    if any(count < 3 for count in (values.values() if isinstance(values, dict) else [values])):
        raise wrong
    return values
