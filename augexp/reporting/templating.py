"""Fill the templates of the report page and of the page of a preview sheet."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import jinja2
    from markupsafe import Markup


def fill_template(name: str, **values: Any) -> str:
    """Return the template `name` of the folder ``templates`` with `values`, which are escaped unless marked safe."""
    return _environment().get_template(name).render(values) + "\n"


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    import jinja2  # noqa: PLC0415 - only the page needs it

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("augexp.reporting"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["coded"] = _coded
    return environment


def _coded(text: str) -> Markup:
    """Escape a sentence and set what stands between back-quotes (names of arms) as code."""
    from markupsafe import Markup, escape  # noqa: PLC0415 - comes with jinja2

    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if odd % 2 else escape(part) for odd, part in enumerate(parts)
    )
