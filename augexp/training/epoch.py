"""One epoch: augment, count what the network is given, take the steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

from augexp.augment.pipeline import Augmenter
from augexp.training import backend
from augexp.training.feed import ON_A_DEVICE, ON_A_SPARE_CORE, ON_THE_SAME_CORE, feed
from augexp.training.image_counter import ImageCounter
from augexp.training.network import Network
from augexp.training.timing import RunTimer

TIMED_PORTIONS = 2
"""Portions after the first one that are timed."""


def train_epoch(
    network: Network,
    batches: Iterator[tuple[Any, Any]],
    augment: Augmenter,
    counter: ImageCounter,
    timer: RunTimer,
    *,
    steps: int,
    epoch: int,
    spare_core: bool = False,
    on_pace: Callable[[float], None] | None = None,
) -> None:
    """Take `steps` optimiser steps; what the network is given is what is counted.

    Args:
        network: is trained.
        batches: of `cyclic_generator`.
        augment: the arm's.
        counter: counts the images and notes their order.
        timer: is told what augmentation takes.
        steps: how many.
        epoch: passes over the training draw so far, from 0.
        spare_core: whether a core is idle that can augment meanwhile; changes no number.
        on_pace: is told the seconds that a step takes, once, where the epoch has portions enough to tell.
    """
    # A thread that augments helps where the processor waits, or has a core to spare; else it would only take turns.
    lead = ON_A_DEVICE if backend.has_device() else ON_A_SPARE_CORE if spare_core else ON_THE_SAME_CORE
    portions = feed(
        batches, augment, steps=steps, epoch=epoch, lead=lead, on_seconds=timer.add_augmentation, on_image=counter.count
    )
    begin, timed = 0.0, 0
    with closing(portions):
        for number, portion in enumerate(portions):
            counter.note_order(portion.ids)
            for images, targets in portion.batches():
                network.train(images, targets)
                for image in network.made():
                    counter.count(image)
            if number == 0:
                begin = time.perf_counter()  # the first steps are slower than the others
            elif number <= TIMED_PORTIONS:
                timed += len(portion.bounds)
                if number == TIMED_PORTIONS and on_pace is not None:
                    on_pace((time.perf_counter() - begin) / timed)
