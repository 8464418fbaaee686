"""The engines by name, each loaded when it is asked for."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from augexp.errors import DefinitionError

if TYPE_CHECKING:
    from augexp.engines.base import Engine

ENGINES = {
    "local": "augexp.engines.local:LocalEngine",
    "ray": "augexp.engines.ray_cluster:RayEngine",
}
"""What ``--engine`` may be, and the class: a subclass of `augexp.engines.base.Engine`."""


def open_engine(name: str, **options: Any) -> Engine:
    """Return an engine, not yet started; `options` as for `Engine.open`. Raises DefinitionError for an unknown name."""
    if name not in ENGINES:
        *others, last = map(repr, ENGINES)
        raise DefinitionError(f"engine: received {name!r}; allowed are {', '.join(others)} and {last}")
    module, _, class_name = ENGINES[name].partition(":")
    engine: type[Engine] = getattr(importlib.import_module(module), class_name)
    return engine.open(**options)
