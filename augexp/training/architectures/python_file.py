"""A network that a function in a user's Python file builds.

The file is executed, with all that it says: that is only done where a person has named it, see
`augexp.experiment.networks`. Its digest covers this one file, so it cannot import others that lie beside it; installed
packages it can.
"""

from __future__ import annotations

import os
import sys
import types
from pathlib import Path

import keras  # noqa: TID253 - this module is only loaded by workers

from augexp.errors import RunError
from augexp.experiment import networks
from augexp.training.architectures.build_errors import explained

MODULE = "augexp_network_file"
"""Name of the module that the file becomes."""


def build(model: str, image_size: int, num_classes: int) -> keras.Model:
    """Execute the file of ``FILE.py:FUNCTION`` and return what its function builds.

    Args:
        model: the value of `Training.model`, with an absolute path.
        image_size: S, first argument of the function.
        num_classes: C, second argument of the function.

    Raises:
        RunError: one line that says what is wrong with the file, its function, or what it returned.
    """
    path, rest = networks.split(model)
    name, function_name = os.path.basename(path), rest.removeprefix(":")
    with explained(f"{name} cannot be executed", "mend the file", file=path):
        module = _execute(path)
    function = getattr(module, function_name, None)
    if not callable(function):
        there = [key for key, value in vars(module).items() if isinstance(value, types.FunctionType)]
        raise RunError(
            f"model: {name} has no function {function_name!r}; it has: {', '.join(there) or 'none'}; name one of "
            "(image_size, num_classes) that returns a keras.Model"
        )
    call = f"{function_name}({image_size}, {num_classes}) of {name}"
    with explained(f"{call} raised", "mend it, or another --image-size", file=path):
        built = function(image_size, num_classes)
    if not isinstance(built, keras.Model):
        raise RunError(f"model: {call} returned {type(built).__name__}; allowed is a keras.Model")
    return built


def _execute(path: str) -> types.ModuleType:
    module = types.ModuleType(MODULE)
    module.__file__ = path
    code = compile(Path(path).read_bytes(), path, "exec")
    sys.modules[MODULE] = module  # dataclasses and others look up the module of a class there
    exec(code, vars(module))  # noqa: S102 - the user's own file, named by the user
    return module
