"""The README and the pages of ``docs/`` as data: blocks, commands, inline code, links, and what is wrong with them.

Marks are comments on the line before a block: ``<!-- run -->`` has it executed by the slow tests, and
``<!-- file: NAME -->`` writes it to a file that later blocks of the page use.
"""

from __future__ import annotations

import ast
import importlib
import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.main import get_command

import augexp
from augexp.augment.named_policies import NAMED_POLICIES
from augexp.cli import app
from augexp.cli.program import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PROGRAMS = {"python", "python3", "pip", "pytest", "mkdocs", "ruff", "mypy", "bash", "docker"}
"""Programs beside augexp that a block may call; what follows them is not checked."""

FENCE = re.compile(r"^(?:<!-- ([^\n]*?) -->\n)?```(\w+)\n(.*?)^```$", re.S | re.M)
LINK = re.compile(r"\]\(([^)\s]+)\)")
GROUP: Any = get_command(app)
CONTEXT = GROUP.make_context("augexp", [], resilient_parsing=True)


@dataclass(frozen=True)
class Block:
    """A block of code: its language, its text, and the mark before it (may be empty)."""

    language: str
    text: str
    mark: str = ""


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(text: str) -> list[Block]:
    return [Block(language, code, mark or "") for mark, language, code in FENCE.findall(text)]


def commands(code: str) -> Iterator[list[str]]:
    """Yield the words of every command of a block for bash, without comments and redirections."""
    for line in code.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split, lexer.commenters, words = True, "#", []
        for word in [*lexer, ";"]:
            if set(word) <= set(";&|"):
                if words:
                    yield words
                words = []
            else:
                words.append(word)


def wrong_in_command(words: list[str]) -> str:
    """Say what is wrong with a command line; empty where nothing is."""
    program = Path(words[0]).name
    if program != "augexp":
        return "" if program in PROGRAMS else f"{words[0]}: not a program that the documentation may call"
    words = words[1 : words.index(">")] if ">" in words else words[1:]
    if words and words[0].startswith("-"):
        known = {option for parameter in GROUP.params for option in parameter.opts} | {"--help", "-h"}
        known |= {"--install-completion", "--show-completion"}
        return "" if set(words) <= known else f"augexp {' '.join(words)}: unknown option"
    if not words or words[0] not in COMMANDS:
        return f"augexp {' '.join(words)}: unknown command"
    command = GROUP.commands[words[0]]
    try:
        context = command.make_context(words[0], words[1:], parent=CONTEXT)
    except Exception as error:  # usage errors of the parser, whichever class it has for them
        return f"augexp {' '.join(words)}: {getattr(error, 'format_message', error.__str__)()}"
    arms = (context.params.get("arms") or "").split(",") + [context.params.get("arm") or ""]
    unknown = {arm for arm in arms if arm} - set(NAMED_POLICIES) - {"gentle"}
    return f"augexp {' '.join(words)}: unknown policy {', '.join(unknown)}" if unknown and words[0] != "plan" else ""


def wrong_in_block(block: Block, folder: Path) -> list[str]:
    """Return what is wrong with a block; `folder` is for files."""
    if block.language == "bash":
        return [wrong for words in commands(block.text) if (wrong := wrong_in_command(words))]
    try:
        if block.language == "python":
            return [f"python: {name}: not a name of augexp" for name in _missing_names(ast.parse(block.text))]
        if block.language == "toml":
            (folder / "block.toml").write_text(block.text, encoding="utf-8")
            tomllib.loads(block.text)
            augexp.define(folder / "block.toml")
    except (SyntaxError, ValueError, augexp.AugexpError) as error:
        return [f"{block.language}: {error}"]
    return []


def _missing_names(tree: ast.Module) -> list[str]:
    """Return what a block takes from augexp, by import or as an attribute, that is not there."""
    missing = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "augexp":
            found = importlib.import_module(node.module or "")
            missing += [alias.name for alias in node.names if not hasattr(found, alias.name)]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "augexp":
            missing += [] if hasattr(augexp, node.attr) else [node.attr]
    return missing


def wrong_in_words(text: str) -> list[str]:
    """Return commands, options and Python names in inline code that the program does not have."""
    wrong = []
    for code in re.findall(r"`([^`\n]+)`", FENCE.sub("", text)):
        if match := re.match(r"augexp ([a-z][a-z-]*)(?= |$)", code):
            if match[1] not in COMMANDS:
                wrong.append(f"`{code}`: unknown command")
                continue
            known = _options(match[1])
        else:
            known = set().union(*(_options(name) for name in COMMANDS)) | {"--install-completion", "--show-completion"}
            known |= {"--version", "--help", "--check"}
        if unknown := set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", code)) - known:
            wrong.append(f"`{code}`: unknown option {', '.join(unknown)}")
        if (match := re.match(r"augexp\.([a-z_]+)$", code)) and match[1] not in augexp.__all__:
            wrong.append(f"`{code}`: not a name of augexp")
    return wrong


def _options(name: str) -> set[str]:
    return {option for p in GROUP.commands[name].params for option in (*p.opts, *p.secondary_opts)} | {"--help"}


def dead_links(page: Path, text: str) -> list[str]:
    """Return links of a page to files or headings that are not there; web addresses are not asked for."""
    dead = []
    for link in LINK.findall(FENCE.sub("", text)):
        if re.match(r"https?://", link):
            continue
        target, _, heading = link.partition("#")
        place = (page.parent / target).resolve() if target else page
        if not place.exists():
            dead.append(f"{link}: not there")
        elif heading and place.suffix == ".md" and heading not in _headings(place.read_text("utf-8")):
            dead.append(f"{link}: no such heading")
    return dead


def _headings(text: str) -> set[str]:
    """Return the anchors of a page, as MkDocs makes them."""
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.M)
    return {re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", title).strip().lower()) for title in titles}
