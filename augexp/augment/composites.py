"""Operations that choose other operations: RandAugment, TrivialAugment, AutoAugment, AugMix, random chains."""

from __future__ import annotations

from augexp.augment.primitives import Function

FUNCTIONS: dict[str, Function] = {}
