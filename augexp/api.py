"""What the commands do, as functions that return values.

    import augexp
    comparison = augexp.compare("my-photos/", arms=["none", "standard"], seeds=8)
    print(comparison.contrasts[0].sentence)

Functions take SOURCE as the command line does: an `Experiment`, the path of an experiment .toml
or image folder, LSUN category names, or nothing (the embedded sample). `train` and `compare` meet only
through the results folder. Everything heavy is loaded by the call that needs it.
"""

from augexp.commands.compare import compare
from augexp.commands.define import Source, define
from augexp.commands.download import download
from augexp.commands.export import export, export_policy
from augexp.commands.index import index
from augexp.commands.preview import preview
from augexp.commands.report import FORMATS, render, render_folder, report
from augexp.commands.status import status
from augexp.commands.train import train
from augexp.commands.verify import verify

__all__ = [
    "FORMATS",
    "Source",
    "compare",
    "define",
    "download",
    "export",
    "export_policy",
    "index",
    "preview",
    "render",
    "render_folder",
    "report",
    "status",
    "train",
    "verify",
]
