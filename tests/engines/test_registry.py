"""Every engine is found by its name, and is one."""

from __future__ import annotations

import importlib

import pytest

from augexp.engines.base import Engine
from augexp.engines.local import LocalEngine
from augexp.engines.registry import ENGINES, open_engine
from augexp.errors import DefinitionError


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_keeps_the_contract(name):
    module, _, class_name = ENGINES[name].partition(":")
    engine = getattr(importlib.import_module(module), class_name)
    assert issubclass(engine, Engine)
    assert not engine.__abstractmethods__
    assert "stopped at once; " in engine.STOPPED_AT_ONCE


def test_options_arrive():
    calls = []
    with open_engine("local", jobs=3, address=None, when_spare=lambda: calls.append("spare")) as engine:
        assert isinstance(engine, LocalEngine)
        assert engine.jobs == 3
        engine._when_spare()
    assert calls == ["spare"]


def test_an_unknown_engine_is_one_line():
    with pytest.raises(DefinitionError, match="^engine: received 'cluster'; allowed are 'local'.* and '.*'$"):
        open_engine("cluster", jobs=1, address=None, when_spare=lambda: None)
