"""The definition of an experiment: every choice that can change a number, validated and frozen.

An `Experiment` is the question: which images (`Data`), which network and budget (`Training`), which
arms, seeds and looks (`Plan`). It comes from a TOML file, an image folder, LSUN category names or
nothing at all (the embedded sample); every default of augexp stands here or in `plan`,
`sources` and `training` of `augexp.experiment`.

Two hashes identify it. `Experiment.hash` covers what makes runs comparable (data, training, root
seed) and guards a results folder; `Experiment.plan_hash` covers what the verdict was planned with
(arms, seeds or looks, metric, region of practical equivalence).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Self

import tomli_w
from pydantic import BaseModel, Field, ValidationError, model_validator

from augexp.augment import policy as policies
from augexp.augment.catalogue.base import close_to
from augexp.augment.policy import Policy
from augexp.errors import DefinitionError
from augexp.experiment import folds, networks, nouns
from augexp.experiment.budget import FIRST_HORIZON, check_budget
from augexp.experiment.plan import Frozen, Plan, Slug
from augexp.experiment.source_kinds import KINDS
from augexp.experiment.sources import Data
from augexp.experiment.training import Training

FORMAT = 1
"""Version of the definition format; part of every hash."""

RECORDED = "experiment.toml"
"""Name of the definition that a results folder holds. No Python file is executed because of what it says."""


class Experiment(Frozen):
    """The whole question, ready to be executed.

    Attributes:
        name: of the results folder.
        root_seed: changes every random draw of the experiment at once.
        data, training, plan: the parts.
        policies: custom policies by name, each ``{operations = [...]}`` or ``{policy = "standard"}``
            (the same policy under a second name, for an A/A control).
    """

    name: Slug
    root_seed: int = Field(default=0, ge=0, lt=2**63)
    data: Data = Data()
    training: Training = Training()
    plan: Plan = Plan()
    policies: dict[Slug, dict[str, Any]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _arms_exist(self) -> Self:
        for name in (*self.plan.arms, *self.policies):
            networks.check_policy(self.training, self.policy(name))
        networks.check_size(self.training.model, self.data.image_size)
        folds.check_plan(self.plan, self.data.folds)
        return self

    @model_validator(mode="after")
    def _budget_fits(self) -> Self:
        check_budget(self.training.epochs, self.training.warmup, self.plan.max_epochs, self.plan.horizon)
        if self.training.auto and self.plan.metric == "auroc":
            raise ValueError(
                f"metric: received 'auroc' with epochs = {self.training.epochs!r}, where the accuracy on the "
                "validation images chooses the budget; name the epochs, such as --epochs 40"
            )
        return self

    @property
    def first_horizon(self) -> int:
        """The epochs to which the first runs go: the fixed budget, or with ``epochs = "auto"`` the first horizon."""
        if isinstance(self.training.epochs, int):
            return self.training.epochs
        return self.plan.horizon or min(FIRST_HORIZON, self.plan.max_epochs)

    def blocks(self, count: int) -> range:
        """Return the numbers of the runs of each arm that `count` seeds take, or with folds `count` repeats."""
        blocks, size = self.plan.blocks(count), self.data.folds or 1
        return range(blocks.start * size, blocks.stop * size)

    def run_name(self, arm: str, seed: int) -> str:
        """Return the name of a run for messages: with its seed, or with repeat and fold, which count from 1."""
        return f"{nouns.run_name(arm, seed, self.data.folds)} {self.data.size_name}".rstrip()

    def policy(self, arm: str) -> Policy:
        """Return the resolved policy of `arm`; raises DefinitionError for an unknown one."""
        return policies.resolve(arm, self.policies)

    @property
    def hash(self) -> str:
        """16 hex digits over data (without its place on disk), training and root seed."""
        return _hash(self.identity())

    @property
    def plan_hash(self) -> str:
        """16 hex digits over the plan and the resolved policies of its arms."""
        arms = {arm: self.policy(arm).definition() for arm in self.plan.arms}
        return plan_hash(self.hash, self.plan.definition(), arms)

    def arm_hash(self, arm: str) -> str:
        """16 hex digits over everything that can change a number of a run of `arm`."""
        return _hash({"experiment": self.hash, "policy": self.policy(arm).definition()})

    def identity(self) -> dict[str, Any]:
        """Return what makes runs comparable, as plain JSON values."""
        data = self.data.model_dump(mode="json", exclude={"path"})
        training = self.training.identity()
        return {"format": FORMAT, "data": data, "training": training, "root_seed": self.root_seed}

    def without_places(self) -> dict[str, Any]:
        """Return all choices as plain JSON values, for an answer that is given away: no path to images or networks."""
        values: dict[str, Any] = self.model_dump(mode="json", exclude={"data": {"path"}})
        for key in networks.DIGESTS.keys() & values["training"].keys():
            values["training"][key] = networks.short(key, values["training"][key])
        return values

    def replace(self, **sections: Mapping[str, Any] | Any) -> Experiment:
        """Return a validated copy; a mapping updates a section, anything else a top-level key."""
        values = self.model_dump(mode="json")
        for key, value in sections.items():
            if isinstance(value, Mapping) and isinstance(values.get(key), dict):
                values[key] = {**values[key], **value}
            else:
                values[key] = value
        return parse(values, origin="the options")


def plan_hash(experiment: str, plan: Mapping[str, Any], arms: Mapping[str, Any]) -> str:
    """Return the hash of a plan, 16 hex digits.

    Args:
        experiment: hash of the experiment.
        plan: see `Plan.definition`.
        arms: definition of the policy of every arm, by name.
    """
    return _hash({"experiment": experiment, "plan": plan, "arms": arms})


def _hash(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


# -- from and to plain values ------------------------------------------------------------------


def parse(values: Mapping[str, Any], *, origin: str) -> Experiment:
    """Validate plain values (as read from TOML); raises DefinitionError that names `origin` and key."""
    try:
        # JSON mode is strict about types and still takes arrays for tuples.
        return Experiment.model_validate_json(json.dumps(folds.settle(values), default=str))
    except ValidationError as error:
        raise DefinitionError(f"{origin}: {_explain(error)}") from None
    except DefinitionError as error:
        raise DefinitionError(f"{origin}: {error}") from None


def _explain(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        allowed = _fields(first["loc"][:-1])
        hint = close_to(str(first["loc"][-1]), allowed)
        return f"unknown key {where!r}; allowed here: {', '.join(allowed)}{hint}"
    if first["type"] == "value_error":
        return f"{where}: {first['ctx']['error']}" if where else str(first["ctx"]["error"])
    message = first["msg"][0].lower() + first["msg"][1:]
    if first["type"] == "string_pattern_mismatch":
        message = "allowed are lower-case letters, digits, '.', '_', '@' and '-', starting with a letter or digit"
    return f"{where}: received {first['input']!r}; {message}"


def _fields(location: tuple[int | str, ...]) -> list[str]:
    model: type[BaseModel] = Experiment
    for part in location:
        annotation = model.model_fields[str(part)].annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            model = annotation
    return list(model.model_fields)


def load(path: Path) -> Experiment:
    """Read an experiment file; its name defaults to the file's, its paths are relative to the file."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # editors on Windows begin a file with a mark
    except OSError as error:
        raise DefinitionError(f"{path}: cannot be read ({error.strerror}); name an existing .toml file") from None
    except ValueError as error:  # of the syntax, of bytes that are no text, of a number without end
        raise DefinitionError(f"{path}: not valid TOML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise DefinitionError(f"{path}: not valid TOML: nested too deeply") from None
    values.setdefault("name", slug(path.stem))
    data = values.get("data")
    if isinstance(data, dict) and isinstance(data.get("path"), str):
        data["path"] = str(os.path.abspath(path.parent / Path(data["path"]).expanduser()))
    training = values.get("training")
    if isinstance(training, dict):
        networks.locate(training, path.parent, recorded=path.name == RECORDED)
    return parse(values, origin=str(path))


def dumps(experiment: Experiment) -> str:
    """Return the resolved definition as TOML; `load` of it gives an equal experiment."""
    return tomli_w.dumps(experiment.model_dump(mode="json", exclude_none=True))


# -- from what a person names ------------------------------------------------------------------


def slug(text: str) -> str:
    """Turn any text into a name that `SLUG` allows."""
    name = re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-._")[:60]
    return name or "experiment-" + hashlib.blake2b(text.encode(), digest_size=4).hexdigest()


def of_source(source: str, where: Mapping[str, Any], *, origin: str) -> Experiment:
    """Return the experiment on some images where nothing else is said.

    Args:
        source: a name of `augexp.experiment.source_kinds.KINDS`.
        where: the keys of `Data` that say which images of this source.
        origin: what an error names.
    """
    defaults = KINDS[source].defaults
    values = {**defaults, "name": source, "data": {"source": source, **where, **defaults.get("data", {})}}
    experiment = parse(values, origin=origin)
    return experiment.model_copy(update={"name": slug(experiment.data.kind.title(experiment.data))})


def from_source(arguments: Sequence[str], known_categories: Sequence[str]) -> Experiment:
    """Find out what SOURCE means: nothing, an experiment .toml, an image folder, LSUN categories.

    Args:
        arguments: the words of the command line.
        known_categories: names of LSUN's labelled categories, for telling them from paths.
    """
    if len(arguments) == 1 and arguments[0].endswith(".toml"):
        return load(Path(arguments[0]))
    for kind in KINDS.values():
        where = kind.recognise(arguments, known_categories)
        if where is not None:
            return of_source(kind.name, where, origin=" ".join(arguments) or kind.name)
    unknown = next(word for word in arguments if word not in known_categories)
    close = get_close_matches(unknown, known_categories, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    *allowed, last = ["one experiment .toml", *(kind.means for kind in KINDS.values() if kind.means)]
    raise DefinitionError(
        f"SOURCE: received {unknown!r}, which is no folder, no .toml file and no LSUN category; {hint}"
        f"allowed are {', '.join(allowed)}, or {last}"
    )
