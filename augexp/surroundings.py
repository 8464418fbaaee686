"""Keeps what surrounds a program out of its numbers and pictures: environment variables, configuration files, settings.

What may change a number is part of the definition. Libraries read more than that: Keras its ``keras.json``, TensorFlow,
NumPy and OpenCV environment variables, matplotlib a ``matplotlibrc`` and whatever the calling program has set. The
processes that decode and train get an environment without those variables (`environment`), Keras gets its own defaults
back (`keras_defaults`), and pictures are drawn with matplotlib's (`drawing`).

One choice is the user's: ``KERAS_BACKEND``. Keras and TensorFlow are what the published numbers were made with; another
backend is used where that variable names one, through slower steps and with other numbers, and every record and answer
says so. What ``keras.json`` says of it is ignored: it speaks of other programs.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from augexp.errors import ResultsError, RunError

_PREFIXES = (
    "KERAS_", "TF_", "TFG_", "TF2_", "XLA_", "JAX_", "ONEDNN_", "DNNL_", "MKL_", "OPENBLAS_", "GOTO_", "BLIS_", "OMP_",
    "KMP_", "GOMP_", "VECLIB_", "NUMEXPR_", "NPY_", "OPENCV_", "CV_", "CUDNN_", "CUBLAS_", "NVIDIA_TF32_", "PILLOW_",
    "HDF5_",
)  # fmt: skip
"""Beginnings of the names of variables that change what a numerical library computes, or with how many threads."""

_KEPT = ("TF_CPP_", "TF_NUM_INT", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Beginnings of names among them that say what is printed, or how many threads: processes that train have one."""

_OF_PYTHON = ("PYTHONWARNINGS", "PYTHONOPTIMIZE", "PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONDEVMODE", "PYTHONSAFEPATH")
"""Settings of the interpreter that were made for other programs: a warning as an error ends a library's import."""

_KERAS_HOME = "AUGEXP_KERAS_HOME"
"""Where Keras keeps downloaded weights, in the environment of a process that must not read ``keras.json`` there."""

_OF_MATPLOTLIB = ("MPLBACKEND", "MATPLOTLIBRC")

BACKENDS = {"tensorflow": "tensorflow", "jax": "jax", "torch": "torch"}
"""What ``KERAS_BACKEND`` may be, and the module that it needs."""


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a child process: `variables` without those that change what libraries compute.

    Keras finds no configuration file, and the backend that `keras_backend` names. Entries of PYTHONPATH that are
    relative go: whatever lies in the working folder would take the place of a library.
    """
    kept = {name: value for name, value in variables.items() if _harmless(name)}
    home = variables.get("KERAS_HOME")
    if home and home != os.devnull:
        kept[_KERAS_HOME] = home
    # Nothing can lie below it, so that Keras neither reads a file there nor writes one.
    kept |= {"KERAS_HOME": os.devnull, "KERAS_BACKEND": variables.get("KERAS_BACKEND") or "tensorflow"}
    paths = kept.pop("PYTHONPATH", "").split(os.pathsep)
    if absolute := [path for path in paths if os.path.isabs(path)]:
        kept["PYTHONPATH"] = os.pathsep.join(absolute)
    return kept


def _harmless(name: str) -> bool:
    return name.startswith(_KEPT) or not (name.startswith(_PREFIXES) or name in _OF_PYTHON)


def settle() -> None:
    """Give this process the environment of `environment`; for programs of augexp's own, before libraries are loaded."""
    wanted = environment(os.environ)
    for name in [name for name in os.environ if name not in wanted or name in _OF_MATPLOTLIB]:
        del os.environ[name]
    os.environ.update({name: value for name, value in wanted.items() if name not in _OF_MATPLOTLIB})


# -- Keras ---------------------------------------------------------------------------------------


def keras_backend() -> str:
    """Return the backend that Keras is to use: TensorFlow, or what the variable ``KERAS_BACKEND`` names.

    Raises:
        RunError: there is no such backend, or it is not installed.
    """
    name = os.environ.get("KERAS_BACKEND") or "tensorflow"
    if name not in BACKENDS:
        raise RunError(
            f"KERAS_BACKEND: received {name!r}; allowed are {', '.join(BACKENDS)}; unset it to use tensorflow"
        )
    if importlib.util.find_spec(BACKENDS[name]) is None:
        raise RunError(
            f"KERAS_BACKEND: received {name!r}, which is not installed here; unset it to use tensorflow, "
            f"which the published numbers were made with, or install {name}"
        )
    return name


def load_keras() -> Any:
    """Import Keras in a program that may be somebody else's, and return it.

    Raises:
        RunError: Keras cannot be loaded with the configuration that it finds, or is on another backend already.
    """
    wanted = keras_backend()
    try:
        keras: Any = importlib.import_module("keras")
    except Exception as error:
        line = " ".join(str(error).split())[:200]
        raise RunError(
            f"Keras cannot be loaded ({line}); mend or remove its configuration file, keras.json in "
            f"{os.environ.get('KERAS_HOME', '~/.keras')}"
        ) from None
    if keras.backend.backend() != wanted:
        raise RunError(
            f"Keras is on the backend {keras.backend.backend()!r} in this program, where augexp uses {wanted!r}; set "
            "the environment variable KERAS_BACKEND to one of them before Keras is imported"
        )
    return keras


@contextlib.contextmanager
def keras_defaults(keras: Any) -> Iterator[None]:
    """Give Keras the settings of a fresh installation while the block runs, whatever the program has set."""
    config = keras.config
    before = (config.floatx(), config.epsilon(), config.image_data_format(), config.dtype_policy())
    _set_keras(keras, "float32", 1e-7, "channels_last", "float32")
    try:
        yield
    finally:
        _set_keras(keras, *before)


def reset_keras(keras: Any) -> None:
    """Give Keras the settings of a fresh installation for good, in a process that is augexp's own.

    Once it is loaded, Keras looks for downloaded weights where it always does.
    """
    restore_keras_home()
    _set_keras(keras, "float32", 1e-7, "channels_last", "float32")
    keras.config.set_max_epochs(None)
    keras.config.set_max_steps_per_epoch(None)


def restore_keras_home() -> None:
    """Have Keras, once it is loaded in a process that is augexp's own, look for downloads where it always does."""
    if os.environ.get("KERAS_HOME") != os.devnull:
        return
    del os.environ["KERAS_HOME"]
    user = os.path.expanduser("~")
    home = os.path.join(user if os.access(user, os.W_OK) else "/tmp", ".keras")  # noqa: S108 - as Keras does
    if named := os.environ.pop(_KERAS_HOME, ""):
        home = os.environ["KERAS_HOME"] = named
    config: Any = importlib.import_module("keras.src.backend.config")
    if hasattr(config, "_KERAS_DIR"):
        config._KERAS_DIR = home


def _set_keras(keras: Any, floatx: str, epsilon: float, data_format: str, policy: Any) -> None:
    keras.config.set_floatx(floatx)
    keras.config.set_epsilon(epsilon)
    keras.config.set_image_data_format(data_format)
    keras.config.set_dtype_policy(policy)


# -- matplotlib ----------------------------------------------------------------------------------


def load_matplotlib() -> Any:
    """Import matplotlib, which figures in files need no backend of; return it.

    Where its configuration keeps it from being loaded (a notebook exports a backend to programs that lack it), it is
    loaded without the variables ``MPLBACKEND`` and ``MATPLOTLIBRC``.

    Raises:
        ResultsError: it cannot be loaded.
    """
    if "matplotlib" in sys.modules:
        return sys.modules["matplotlib"]
    log = logging.getLogger("matplotlib")
    level = log.level
    log.setLevel(logging.ERROR)  # what it says of its configuration concerns other programs
    try:
        return _import_matplotlib()
    finally:
        log.setLevel(level)


def _import_matplotlib() -> Any:
    with contextlib.suppress(Exception):
        return importlib.import_module("matplotlib")
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        del sys.modules[name]  # halves of it, which would not be loaded again
    hidden = {name: os.environ.pop(name) for name in _OF_MATPLOTLIB if name in os.environ}
    try:
        return importlib.import_module("matplotlib")
    except Exception as error:
        line = " ".join(str(error).split())[:200]
        raise ResultsError(
            f"matplotlib cannot be loaded ({line}); mend or rename the file matplotlibrc in this folder or in "
            "matplotlib's configuration folder, then repeat the command: finished runs are kept"
        ) from None
    finally:
        os.environ.update(hidden)


@contextlib.contextmanager
def drawing(settings: Mapping[str, Any]) -> Iterator[None]:
    """Draw with matplotlib's own defaults and `settings`; what the program had set comes back after the block."""
    matplotlib = load_matplotlib()
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(settings)
        yield
