"""A folder of small images beside a data folder, prepared on demand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from augexp.data.preparation import prepare
from augexp.data.store import Store
from augexp.errors import DataError
from augexp.experiment.sources import Data


class Place:
    """A temporary image folder with a data folder beside it."""

    def __init__(self, path: Path) -> None:
        self.images, self.data_dir = path / "in", path / "data"

    def prepare(self, **settings: Any) -> Store:
        """Prepare the folder (or what `settings` say) at 16 pixels."""
        named = {"source": "folder", "path": str(self.images), "image_size": 16} | settings
        return prepare(Data(**named), self.data_dir, jobs=2)

    def refusal(self, **settings: Any) -> str:
        with pytest.raises(DataError) as caught:
            self.prepare(**settings)
        text = str(caught.value)
        assert "\n" not in text
        return text

    def left(self) -> list[str]:
        """Return what lies in the folder of the stores."""
        return sorted(path.name for path in (self.data_dir / "stores").iterdir())


LSUN: dict[str, Any] = {"source": "lsun", "categories": ("a", "b")}
"""Settings of `Data` for two LSUN categories."""
