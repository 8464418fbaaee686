"""Every operation by name.

Conventions that hold for all of them:

- Amounts are drawn anew per image and epoch, uniformly over the stated range unless it says otherwise.
- Lengths are fractions of the side of the image, angles are degrees counted counter-clockwise.
- Images are turned about their centre; pixel centres lie at whole numbers.
- Where a geometric operation needs pixels beyond the edge, the image is mirrored there (edge pixel
  repeated). Published policies fill with black or grey instead; one border for every operation lets
  neighbours be composed into a single interpolation and adds no artificial corners to learn from.
- Photometric operations clip to the range of the image after every step, as 8-bit images do.
"""

from __future__ import annotations

from augexp.augment.catalogue import composite, geometric, keras_layers, mixing, photometric, spatial
from augexp.augment.catalogue.base import Operation, Spec

SPECS: dict[str, Spec] = {
    spec.name: spec for family in (geometric, photometric, spatial, composite, mixing) for spec in family.SPECS
}
"""Every operation of augexp by name, in the order of the families."""


def spec_of(operation: Operation) -> Spec:
    """Return the definition of an operation of augexp or of one that is a Keras layer."""
    return SPECS.get(operation.name) or keras_layers.SPECS[operation.name]
