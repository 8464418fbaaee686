"""augexp: does image augmentation help on these images, by how much, and how sure is that?

    import augexp
    comparison = augexp.compare("my-photos/")
    print(comparison.contrasts[0].sentence)

    for images, labels in augexp.cyclic_generator(features, labels, batch_size=32, seed=0):
        ...

Every name is loaded when it is first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from augexp.analysis.schema import Comparison
    from augexp.api import (
        compare,
        define,
        download,
        export,
        export_policy,
        index,
        judge,
        overview,
        preview,
        replicate,
        replicate_forecast,
        report,
        status,
        train,
        verify,
        worth,
        write_plan,
    )
    from augexp.augment.pipeline import Augmenter
    from augexp.augment.policy import Policy
    from augexp.data.generator import cyclic_generator, generator
    from augexp.data.store import Store, open_store
    from augexp.errors import AugexpError
    from augexp.experiment.definition import Experiment
    from augexp.experiment.plan import Plan
    from augexp.experiment.sources import Data
    from augexp.experiment.training import Training
    from augexp.results.records import RunRecord
    from augexp.version import __version__

__all__ = [
    "Augmenter",
    "AugexpError",
    "Comparison",
    "Data",
    "Experiment",
    "Plan",
    "Policy",
    "RunRecord",
    "Store",
    "Training",
    "__version__",
    "compare",
    "cyclic_generator",
    "define",
    "download",
    "export",
    "export_policy",
    "generator",
    "index",
    "judge",
    "open_store",
    "overview",
    "preview",
    "replicate",
    "replicate_forecast",
    "report",
    "status",
    "train",
    "verify",
    "worth",
    "write_plan",
]

_MODULES = {
    **dict.fromkeys(("generator", "cyclic_generator"), "augexp.data.generator"),
    "Experiment": "augexp.experiment.definition",
    "Training": "augexp.experiment.training",
    "Data": "augexp.experiment.sources",
    "Plan": "augexp.experiment.plan",
    **dict.fromkeys(("Store", "open_store"), "augexp.data.store"),
    "Comparison": "augexp.analysis.schema",
    "RunRecord": "augexp.results.records",
    "Augmenter": "augexp.augment.pipeline",
    "Policy": "augexp.augment.policy",
    "AugexpError": "augexp.errors",
    "__version__": "augexp.version",
}
"""The module that a public name comes from, where that is not `augexp.api`."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'augexp' has no attribute {name!r}")
    value = getattr(import_module(_MODULES.get(name, "augexp.api")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
