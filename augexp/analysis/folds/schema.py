"""The models of a comparison that are about folds."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class _FoldsValue(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_serialization_defaults_required=True)


class FoldsOutlook(_FoldsValue):
    """What folds would give with the runs that are planned anyway.

    Attributes:
        folds, repeats: K and R.
        images: all there are, near-duplicates counted once.
        half_width: for new images, in pp; an estimate from the variances of this comparison.
        seeds: that the plan may reach.
        held_out: half-width with so many seeds and the test images that there are, in pp.
    """

    folds: int
    repeats: int
    images: int
    half_width: float
    seeds: int
    held_out: float
