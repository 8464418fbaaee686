"""The words that are stored with an answer about runs that somebody else trained."""

from __future__ import annotations

from augexp.analysis.declared.schema import Design, Endpoint

DESIGNS: dict[Design, str] = {
    "paired": "the same seed means the same initialisation and order in every arm",
    "independent": "the seeds of the arms have nothing to do with each other",
}
"""What each design means."""

ENDPOINTS: dict[Endpoint, str] = {
    "final": "every run was tested after the last epoch of a budget that was fixed beforehand and equal in all arms",
    "validation": "the epoch at which a run was tested was chosen on validation images, by one rule in all arms",
    "best-on-test": "the epoch at which a run was tested was chosen on the test images",
}
"""What each endpoint means."""

_SHORT: dict[str, str] = {
    "paired": "same initialisation and order in both arms",
    "independent": "independent seeds",
    "final": "final epoch",
    "validation": "epoch chosen on validation",
    "best-on-test": "epoch chosen on the test images",
}

SAME_RECIPE = "nothing but the arm differs between runs: data, network, recipe and budget are the same"
"""What every comparison of somebody else's runs takes for granted."""


def not_verified(design: Design, endpoint: Endpoint) -> str:
    """Return the end of a sentence of record: what was declared, in a few words."""
    return f"Declared, not verified: {_SHORT[design]}, {_SHORT[endpoint]}"
