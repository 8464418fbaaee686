"""A network that Keras has saved, loaded without executing what it may hold."""

from __future__ import annotations

import os

import keras  # noqa: TID253 - this module is only loaded by workers

from augexp.errors import RunError
from augexp.training.architectures.build_errors import explained, last_line


def load(path: str) -> keras.Model:
    """Load a ``.keras`` file in Keras' safe mode, in which Python code in the file is refused.

    Raises:
        RunError: one line that says why it cannot be loaded.
    """
    name = os.path.basename(path)
    with explained(f"{name} cannot be loaded", "save it again with model.save, or take another file"):
        try:
            model = keras.models.load_model(path, compile=False, safe_mode=True)
        except Exception as error:
            raise _refusal(name, error) or error from None
    if not isinstance(model, keras.Model):
        raise RunError(f"model: {name} holds a {type(model).__name__}; allowed is a saved keras.Model")
    return model


def _refusal(name: str, error: Exception) -> RunError | None:
    """Return the error for what safe mode and missing classes are reported as; None for anything else."""
    text = str(error)
    if "safe_mode" in text or "lambda" in text.lower():
        return RunError(
            f"model: {name} holds Python code (a Lambda layer), which is not executed from a saved network; build it "
            "by a function of your own, FILE.py:FUNCTION"
        )
    if "Could not locate" in text or "not a registered" in text:
        return RunError(
            f"model: {name} holds a class that is not Keras' own ({last_line(error)}); build it by a function of your "
            "own, FILE.py:FUNCTION"
        )
    return None
