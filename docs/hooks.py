"""What the site shows beside its pages: result files of the repository, under links that also work in a checkout.

A page links to ``../benchmarks/results/NAME.md``, ``../results/published/NAME/...`` or ``../experiments/NAME.toml``, as
one does in a checkout. The site has copies of these files, and the links are changed to them.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[1]
PLACES = {"benchmarks/results": "measured", "results/published": "published", "experiments": "experiments"}
"""Folder of the repository to folder of the site."""

PATTERNS = (
    "benchmarks/results/*.md",
    "results/published/*/comparison/report.html",
    "results/published/*/comparison/comparison.*",
    "results/published/*/comparison/unique-images.png",
    "results/published/*/comparison/samples.png",
    "experiments/*.toml",
)
LINK = re.compile(r"\]\(((?:\.\./)+)([\w./-]+)((?:#[\w-]*)?)\)")
TITLES = {"kills_of_commands": "Kills of commands", "near_duplicates": "Near-duplicates", "startup": "Start-up"}


def on_files(files: Any, config: Any) -> Any:
    """Add the result files."""
    for pattern in PATTERNS:
        for path in sorted(ROOT.glob(pattern)):
            place = site_place(path.relative_to(ROOT).as_posix())
            if path.suffix == ".md":
                title = TITLES.get(path.stem, path.stem.replace("-", " ").capitalize())
                files.append(File.generated(config, place, content=f"# {title}\n\n{path.read_text('utf-8')}"))
            else:
                files.append(File.generated(config, place, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Change links that leave ``docs/`` to the copies on the site."""
    here = posixpath.dirname(page.file.src_uri)

    def change(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join("docs", here, link[1] + link[2]))
        place = site_place(target)
        return f"]({posixpath.relpath(place, here or '.')}{link[3]})" if not place.startswith("docs/") else link[0]

    return LINK.sub(change, markdown)


def site_place(path: str) -> str:
    """Return where a file of the repository stands on the site; the path itself where it does not."""
    for folder, place in PLACES.items():
        if path.startswith(f"{folder}/"):
            return f"{place}/{path.removeprefix(f'{folder}/')}"
    return path
