"""The parts of the documentation that the program itself says: options, operations, definitions, the schema.

    python docs/generate.py            # writes them
    python docs/generate.py --check    # fails where a page says something else

Whole pages below ``docs/reference/`` are written, and what stands between ``<!-- generated: NAME -->`` and
``<!-- /generated -->`` in other pages.
"""

from __future__ import annotations

import argparse
import contextlib
import inspect
import io
import json
import os
import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from typer.main import get_command

from augexp.analysis.schema import Comparison
from augexp.augment.catalogue.base import Spec
from augexp.augment.catalogue.registry import SPECS
from augexp.augment.named_policies import NAMED_POLICIES
from augexp.cli import app, output
from augexp.experiment.definition import Experiment
from augexp.experiment.plan import Plan
from augexp.experiment.sources import Data
from augexp.experiment.training import Training
from augexp.reporting import formats
from augexp.reporting.replication import page as replication_page
from augexp.reporting.worth import write as worth_files

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
MARKED = re.compile(r"(<!-- generated: ([\w-]+) -->\n)(.*?)(<!-- /generated -->)", re.S)
NOTE = "<!-- Written by docs/generate.py; change the program and run it again. -->"
RATE = 20e6
"""Bytes per second of the download times that a table shows."""

FAMILIES = {
    "geometric": "Geometric: where the pixels are",
    "photometric": "Photometric: which colour the pixels have",
    "spatial": "Spatial: covered, blurred, noisy",
    "composite": "Composite: they choose others",
    "mixing": "Mixing: two images and their labels",
}
HIDDEN = {"model_digest", "weights_digest", "stage", "screened", "asked"}
"""Keys that the program fills in."""


# -- whole pages ---------------------------------------------------------------------------------


def commands() -> str:
    """Return a section for each command: what it does, and its options as its help says them."""
    group: Any = get_command(app)
    context: Any = group.make_context("augexp", [], resilient_parsing=True)
    parts = [
        "# Commands",
        NOTE,
        "This page is made from the program: it says what `augexp COMMAND --help` says. Exit codes: 0 done, 1 failed "
        "(one line on stderr says what to do), 2 wrong usage, 130 interrupted.",
        _table(("command", "does"), [(f"[`{name}`](#{name})", help_of(group, name)) for name in group.commands]),
    ]
    for name in group.commands:
        command = group.commands[name]
        inner = type(context)(command, parent=context, info_name=name)
        usage = " ".join(["augexp", name, *command.collect_usage_pieces(inner)])
        parts += [f"## {name}", f"```text\n{usage}\n```", *_paragraphs(command.help)]
        records = [p.get_help_record(inner) for p in command.get_params(inner)]
        parts.append(_table(("option", "meaning"), [(_code(left), right) for left, right in filter(None, records)]))
    return _page(parts)


def help_of(group: Any, name: str) -> str:
    """Return the sentence that the list of commands says of one."""
    text: str = group.commands[name].short_help
    return text


def experiment() -> str:
    """Return every key of an experiment file with type, default and meaning."""
    parts = [
        "# Experiment file",
        NOTE,
        "An experiment is a TOML file. `name` is required, every other key has a default, and an unknown key is an "
        "error. `augexp compare FILE.toml` runs it, and options of the command line change single keys. The files "
        "below `experiments/` are examples.",
    ]
    for title, model in (("At the top", Experiment), ("[data]", Data), ("[training]", Training), ("[plan]", Plan)):
        texts, rows = attributes(model), []
        for key, field in model.model_fields.items():
            if key in HIDDEN or (model is Experiment and key in {"data", "training", "plan"}):
                continue
            default = "" if field.is_required() else _shown(field.get_default(call_default_factory=True))
            rows.append((_code(key), _kind(field), default, texts[key]))
        parts += [f"## {title}", _table(("key", "allowed", "default", "meaning"), rows)]
    return _page(parts)


def policies() -> str:
    """Return the named policies, then every operation with its range, source and picture."""
    rows = [
        (_code(name), f"{policy.summary}", "" if policy.source == "-" else policy.source)
        for name, policy in NAMED_POLICIES.items()
    ]
    parts = [
        "# Policies and operations",
        NOTE,
        "A policy is a list of operations. `augexp preview --arm NAME --describe` prints one, and `augexp preview "
        "my-photos/ --arm NAME --strength` draws its operations over their ranges on your images.",
        "## Policies by name",
        _table(("policy", "what it does", "source"), rows),
        "## Operations",
        "Each picture shows an operation from the smallest to the largest random number, with its default range, on a "
        "drawn image. Every operation also has `p`, the probability of being applied to an image. Lengths are "
        "fractions of the side of the image. Where an operation needs pixels beyond the edge, the image is mirrored "
        "there.",
    ]
    for family, title in FAMILIES.items():
        parts.append(f"### {title}")
        for spec in SPECS.values():
            if spec.family == family:
                parts += list(_operation(spec))
    parts += [
        "### Layers of Keras",
        'Any preprocessing layer of `keras.layers` is an operation too: `{ keras = "RandomContrast", factor = 0.2 }`.',
    ]
    return _page(parts)


def schema() -> str:
    """Return the fields of ``comparison.json``, part by part."""
    parts = [
        "# JSON schema",
        NOTE,
        "`comparison.json` holds the whole answer. Differences are in percentage points (pp), accuracies in percent. "
        "The formal schema lies beside it in each results folder, and here: "
        "[`comparison.schema.json`](comparison.schema.json). Those of `augexp worth` and `augexp replicate` are "
        "[`worth.schema.json`](worth.schema.json) and [`replication.schema.json`](replication.schema.json).",
    ]
    for model in reversed(_models(Comparison)):
        texts, summary = attributes(model), (inspect.getdoc(model) or "").partition("\n\n")[0]
        rows = [(_code(key), _type(field.annotation), texts.get(key, "")) for key, field in model.model_fields.items()]
        parts += [f"## {model.__name__}", " ".join(summary.split()), _table(("field", "type", "meaning"), rows)]
    return _page(parts)


PAGES: dict[str, Callable[[], str]] = {
    "reference/commands.md": commands,
    "reference/experiment.md": experiment,
    "reference/policies.md": policies,
    "reference/schema.md": schema,
    "reference/comparison.schema.json": formats.json_schema,
    "reference/replication.schema.json": replication_page.json_schema,
    "reference/worth.schema.json": worth_files.json_schema,
}


# -- parts of pages ------------------------------------------------------------------------------


def lsun() -> str:
    """Return the scenes of LSUN by size of download."""
    catalogue = json.loads((ROOT / "augexp" / "data" / "download" / "lsun.json").read_text("utf-8"))
    rows = []
    for name, images, size in sorted(_scenes(catalogue), key=lambda scene: scene[2]):
        minutes = f"{max(1, round(size / RATE / 60))} min"
        rows.append(f"| {name} | {images:,} | {size / 1e9:.2f} GB | {minutes} |")
    head = ["| category | training images | download | at 20 MB/s |", "|---|---:|---:|---:|"]
    return "\n".join([*head, *rows])


def _scenes(catalogue: Any) -> Iterator[tuple[str, int, int]]:
    for name, entry in catalogue.items():
        if entry["group"] == "scene":
            yield name, entry["splits"]["train"]["images"], entry["splits"]["train"]["bytes"]


def screen() -> str:
    """Return what the first command prints, with the numbers of the published answer on the sample."""
    place = ROOT / "results" / "published" / "sample" / "comparison" / "comparison.json"
    comparison = Comparison.model_validate_json(place.read_text("utf-8"))
    stdout, stderr, width = io.StringIO(), io.StringIO(), os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "80"
    try:
        with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
            output.print_comparison(comparison, Path("results", "sample"))
    finally:
        os.environ.pop("COLUMNS") if width is None else os.environ.update(COLUMNS=width)
    lines = [line.rstrip() for line in (stdout.getvalue() + "\n" + stderr.getvalue()).splitlines()]
    shown = (textwrap.fill(line, 80) if len(line) > 80 else line for line in lines)  # as a terminal does
    return "\n".join(["```text", *shown, "```"])


def benchmarks() -> str:
    """Return a link to each table of results."""
    names = sorted(path.stem for path in (ROOT / "benchmarks" / "results").glob("*.md"))
    return "\n".join(f"* [{name}](../benchmarks/results/{name}.md)" for name in names)


BLOCKS: dict[str, Callable[[], str]] = {"lsun": lsun, "screen": screen, "benchmarks": benchmarks}


# -- pieces --------------------------------------------------------------------------------------


def attributes(model: type[BaseModel]) -> dict[str, str]:
    """Return what the docstring of a model says of its fields, inherited ones included."""
    texts: dict[str, str] = {}
    for one in reversed(model.__mro__):
        section = inspect.cleandoc(one.__doc__ or "").partition("Attributes:")[2]
        for entry in re.split(r"\n {4}(?=[\w, ]+: )", section)[1:]:
            names, _, text = entry.partition(": ")
            for name in names.split(","):
                texts[name.strip()] = " ".join(text.partition("\n\n")[0].split()).replace("``", "`")
    return texts


def _models(model: type[BaseModel], seen: dict[str, type[BaseModel]] | None = None) -> list[type[BaseModel]]:
    """Return a model and those that its fields hold, the inner ones first."""
    seen = {} if seen is None else seen
    if model.__name__ in seen:
        return []
    seen[model.__name__] = model
    for field in model.model_fields.values():
        for inner in _classes(field.annotation):
            _models(inner, seen)
    return list(reversed(seen.values()))


def _classes(annotation: Any) -> Iterator[type[BaseModel]]:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _classes(part)


def _operation(spec: Spec) -> Iterator[str]:
    yield f"#### `{spec.name}`"
    yield f"{spec.meaning[0].upper()}{spec.meaning[1:]}. Source: {spec.source}."
    if spec.breaks:
        yield f"Can change the right label: {spec.breaks}."
    rows = [(_code(p.name), "" if p.default is None else f"{p.default:g}", p.allowed) for p in spec.all_parameters]
    yield _table(("parameter", "default", "allowed"), rows)
    if spec.choices:
        yield f"Chooses from: {', '.join(spec.choices)}."
    else:
        yield f"![{spec.name}, from its smallest to its largest draw](../images/operations/{spec.name}.webp)"


def _kind(field: Any) -> str:
    rules = {type(rule).__name__.lower(): rule for rule in field.metadata}
    bounds = [f"{sign} {getattr(rules[key], key):,g}" for key, sign in _SIGNS.items() if key in rules]
    return " ".join(filter(None, (_type(field.annotation), f"({', '.join(bounds)})" if bounds else "")))


_SIGNS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
_WORDS = {"str": "text", "int": "whole number", "float": "number", "bool": "true or false", "NoneType": "nothing"}


def _type(annotation: Any) -> str:
    arguments = [one for one in get_args(annotation) if one is not Ellipsis and not hasattr(one, "pattern")]
    origin = getattr(annotation, "__origin__", None)
    name = getattr(origin, "__name__", "") or getattr(annotation, "__name__", str(annotation))
    if hasattr(annotation, "__metadata__"):  # Annotated
        return _type(annotation.__origin__)
    if "Literal" in str(origin):
        return ", ".join(f"`{word}`" for word in arguments)
    if name in ("tuple", "list"):
        inner = _type(arguments[0]) if len(set(map(str, arguments))) == 1 else ", ".join(map(_type, arguments))
        return f"list of {inner}"
    if name == "dict":
        return f"table of {_type(arguments[1])}" if len(arguments) == 2 else "table"
    if arguments:
        return " or ".join(_type(one) for one in arguments if one is not type(None))
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return f"[{name}](#{name.lower()})"
    return {**_WORDS, "Any": "any value"}.get(name, name)


def _shown(value: Any) -> str:
    if value is None or value == {}:
        return "not set"
    return _code(json.dumps(value) if not isinstance(value, str) else value)


def _paragraphs(text: str | None) -> Iterator[str]:
    for part in (text or "").split("\n\n"):
        yield re.sub(r"^Examples: (.+)$", _examples, " ".join(part.split()))


def _examples(match: re.Match[str]) -> str:
    lines = "\n".join(one.strip() for one in match[1].split(" | "))
    return f"```bash\n{lines}\n```"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([cell.replace("|", "&#124;") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _code(text: str) -> str:
    """Return code for a cell of a table, where a bar would end the cell."""
    if not any(mark in text for mark in "|<>"):
        return f"`{text}`"
    return f"<code>{text.replace('<', '&lt;').replace('>', '&gt;')}</code>"


def _page(parts: Sequence[str]) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"


# -- the files -----------------------------------------------------------------------------------


def outdated() -> dict[Path, str]:
    """Return the files that say something else than the program, with what they should say."""
    wanted = {DOCS / name: write() for name, write in PAGES.items()}
    for path in sorted(DOCS.glob("*.md")):
        text = path.read_text("utf-8")
        wanted[path] = MARKED.sub(lambda block: f"{block[1]}{BLOCKS[block[2]]()}\n{block[4]}", text)
    return {path: text for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files, or check them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail where something would change")
    check = parser.parse_args(arguments).check
    changed = outdated()
    for path, text in changed.items():
        if check:
            print(f"{path.relative_to(ROOT)} differs from the program; run: python docs/generate.py", file=sys.stderr)
        else:
            path.write_text(text, "utf-8")
    return 1 if check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
