"""Which augexp this is, and where it lies. Every other module may import this one; it imports nothing of augexp."""

from __future__ import annotations

from pathlib import Path

__version__ = "0.2.0"

PACKAGE = Path(__file__).resolve().parent
"""Folder of the package; child processes import from its parent, so that they run the same code."""
