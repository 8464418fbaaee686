"""Every source of images by its name in `Data.source`; the module of one is loaded when it is asked for."""

from __future__ import annotations

from importlib import import_module

from augexp.data.sources.base import Source

CLASSES = {
    "sample": "augexp.data.sources.sample:SampleSource",
    "folder": "augexp.data.sources.folder:FolderSource",
    "lsun": "augexp.data.sources.lsun:LsunSource",
}


def source_class(name: str) -> type[Source]:
    """Return the class that reads the source `name`."""
    module, _, attribute = CLASSES[name].partition(":")
    loaded: type[Source] = getattr(import_module(module), attribute)
    return loaded
