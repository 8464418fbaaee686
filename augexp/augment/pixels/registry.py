"""The function of every operation, by its name."""

from __future__ import annotations

from augexp.augment.catalogue.keras_layers import SPECS
from augexp.augment.pixels import composite, geometric, keras_layers, photometric, spatial
from augexp.augment.pixels.base import Function

FUNCTIONS: dict[str, Function] = {
    **geometric.FUNCTIONS,
    **photometric.FUNCTIONS,
    **spatial.FUNCTIONS,
    **composite.FUNCTIONS,
    **dict.fromkeys(SPECS, keras_layers.run),
}
"""All but the operations that mix labels, which `mixing` applies to pairs of finished images."""
