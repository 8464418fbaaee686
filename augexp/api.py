"""What the commands do, as functions that return values.

    import augexp
    comparison = augexp.compare("my-photos/", arms=["none", "standard"], seeds=8)
    print(comparison.contrasts[0].sentence)

Functions take SOURCE as the command line does: an `Experiment`, the path of an experiment .toml
or image folder, LSUN category names, or nothing (the embedded sample). `train` and `compare` meet only
through the results folder. Everything heavy is loaded by the call that needs it.
"""

from augexp.commands.compare import compare as compare
from augexp.commands.define import Source as Source
from augexp.commands.define import define as define
from augexp.commands.download import download as download
from augexp.commands.export import export as export
from augexp.commands.export import export_policy as export_policy
from augexp.commands.index import index as index
from augexp.commands.judge import judge as judge
from augexp.commands.judge import write_plan as write_plan
from augexp.commands.overview import OVERVIEW_FORMATS as OVERVIEW_FORMATS
from augexp.commands.overview import overview as overview
from augexp.commands.preview import preview as preview
from augexp.commands.replicate.run import replicate as replicate
from augexp.commands.replicate.run import replicate_forecast as replicate_forecast
from augexp.commands.report import FORMATS as FORMATS
from augexp.commands.report import render as render
from augexp.commands.report import render_folder as render_folder
from augexp.commands.report import report as report
from augexp.commands.share import share as share
from augexp.commands.status import status as status
from augexp.commands.train import train as train
from augexp.commands.verify import verify as verify
from augexp.commands.worth.execute import worth as worth
