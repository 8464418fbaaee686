"""The answer in the forms that people pass on: one self-contained HTML page, Markdown, CSV, LaTeX and JSON.

Every form is made from one `Comparison`, so no number can differ between them, and the same comparison
gives the same bytes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from augexp.analysis import pictures
from augexp.analysis.blocks import Page

if TYPE_CHECKING:
    import jinja2


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    import jinja2  # noqa: PLC0415 - only the page needs it

    return jinja2.Environment(
        loader=jinja2.PackageLoader("augexp.analysis"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def lay_out(page: Page) -> str:
    """Return a page as one HTML file that asks for nothing outside itself."""
    environment = _environment()
    css = environment.get_template("report.css").render()
    return environment.get_template("report.html").render(page=page, css=css, swatch=pictures.swatch) + "\n"
