"""Grey pictures: policies without noise of single channels do not tint them, so that previews show them grey."""

from __future__ import annotations

import numpy as np
import pytest
from builders import pixels

from augexp.augment import pipeline, policy

GREY = np.stack([pixels(number)[..., :1].repeat(3, axis=-1) for number in range(12)])


@pytest.mark.parametrize("name", ["standard", "randaugment", "trivialaugment", "autoaugment", "augmix"])
def test_grey_pictures_stay_grey(name: str) -> None:
    augment = pipeline.Augmenter(policy.resolve(name, {}), root_seed=0, seed=0, num_classes=2)
    for epoch in range(4):
        images, _ = augment(GREY, np.arange(12) % 2, np.arange(12, dtype=np.uint64), epoch)
        written = np.rint(images * 255).astype(np.uint8)
        assert (written[..., :1] == written).all()
        assert not np.array_equal(written, GREY)
