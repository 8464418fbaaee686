"""The class that reads a source, by the source's name; its module is loaded when it is asked for."""

from __future__ import annotations

from importlib import import_module

from augexp.data.sources.base import Source
from augexp.experiment.source_kinds import KINDS


def source_class(name: str) -> type[Source]:
    """Return the class that reads the source `name`, a key of `augexp.experiment.source_kinds.KINDS`."""
    module, _, attribute = KINDS[name].reader.partition(":")
    loaded: type[Source] = getattr(import_module(module), attribute)
    return loaded
