"""What lies around a program changes no number and no picture, or one line says why not."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from augexp import surroundings
from augexp.errors import RunError
from augexp.version import PACKAGE

COMMAND = ("compare", "--model", "tiny", "--epochs", "2", "--seeds", "3", "--image-size", "16", "--limit", "20", "-q")
"""The sample's definition, as small as it gets."""

TIMES = ("timing.json", "heartbeat.json", ".made")
"""Files that hold nothing but how long something took, or a digest of that."""

SECONDS = re.compile(rb'"\w*_seconds": [\d.e-]+|(?m:,[\d.]+$)|<td class="r">\d+\.\d</td>|\b\d+\.\d (?=s |s<)')
"""How long something took, in the other files."""


class Surroundings(NamedTuple):
    """What a program is started in: variables, and files of the working folder."""

    variables: dict[str, str] = {}
    files: dict[str, str | bytes] = {}
    caller: str = ""
    refusal: str = ""


HOSTILE_RC = (
    "image.origin: lower\nfont.size: 31\nfigure.dpi: 37\nsavefig.dpi: 41\nsavefig.bbox: tight\ntext.usetex: True\n"
    "axes.prop_cycle: cycler('color', ['red'])\naxes.formatter.use_locale: True\naxes.titlelocation: right\n"
    "image.interpolation: gaussian\npath.sketch: 3, 100, 2\nlines.antialiased: False\nsvg.hashsalt: mine\n"
)

CALLER = """
import decimal, locale, sys, warnings
import cv2, matplotlib, numpy as np
from PIL import Image, ImageFile
np.seterr(all="raise"); np.random.seed(1); np.set_printoptions(precision=1)
decimal.getcontext().prec = 2
ImageFile.LOAD_TRUNCATED_IMAGES = True; Image.MAX_IMAGE_PIXELS = 10
cv2.setUseOptimized(False); cv2.setNumThreads(1); cv2.setRNGSeed(5)
matplotlib.rcParams.update({"image.origin": "lower", "font.size": 31.0, "savefig.dpi": 41, "axes.facecolor": "black"})
import keras
keras.config.set_image_data_format("channels_first"); keras.config.set_floatx("float64")
keras.config.set_epsilon(0.1); keras.config.set_dtype_policy("mixed_float16"); keras.utils.set_random_seed(3)
warnings.simplefilter("error")
import augexp
augexp.compare(model="tiny", epochs=2, seeds=3, image_size=16, limit=20)
assert matplotlib.rcParams["font.size"] == 31.0 and keras.config.floatx() == "float64"
"""

CASES = {
    "keras.json of another layout": Surroundings(
        {"KERAS_HOME": "{here}"},
        {"keras.json": '{"image_data_format": "channels_first", "floatx": "float64", "epsilon": 0.1}'},
    ),
    "keras.json that Keras refuses": Surroundings(
        {"HOME": "{here}"}, {".keras/keras.json": '{"floatx": "bfloat16", "epsilon": 1, "backend": "torch"}'}
    ),
    "Keras' variables": Surroundings(
        {"KERAS_MAX_EPOCHS": "1", "KERAS_MAX_STEPS_PER_EPOCH": "1", "KERAS_NNX_ENABLED": "true"}
    ),
    "another backend of Keras": Surroundings(
        {"KERAS_BACKEND": "theano"}, refusal="augexp: KERAS_BACKEND: received 'theano'; allowed are tensorflow, jax"
    ),
    "TensorFlow's variables": Surroundings(
        {
            "TF_ENABLE_ONEDNN_OPTS": "0",
            "TF_XLA_FLAGS": "--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit",
            "XLA_FLAGS": "--xla_cpu_enable_fast_math=true",
            "TF_NUM_INTRAOP_THREADS": "3",
            "ONEDNN_MAX_CPU_ISA": "SSE41",
        }
    ),
    "variables of NumPy, OpenCV and threads": Surroundings(
        {
            "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
            "OPENBLAS_CORETYPE": "Prescott",
            "OPENCV_CPU_DISABLE": "AVX2,FP16",
            "OMP_NUM_THREADS": "3",
        }
    ),
    "a notebook's backend of matplotlib": Surroundings({"MPLBACKEND": "module://not_installed.here"}),
    "a matplotlibrc that a variable names": Surroundings(
        {"MATPLOTLIBRC": "{here}/rc"}, {"rc/matplotlibrc": HOSTILE_RC}
    ),
    "a matplotlibrc in the working folder": Surroundings({}, {"matplotlibrc": HOSTILE_RC}),
    "a matplotlibrc that is no text": Surroundings(
        {}, {"matplotlibrc": b"font.size: \xff\xfe\n"}, refusal="augexp: matplotlib cannot be loaded ('utf-8' codec"
    ),
    "modules of the working folder": Surroundings(
        {"PYTHONPATH": "."},
        {f"{name}.py": "raise SystemExit('shadow')" for name in ("keras", "PIL", "queue", "statistics", "typer")},
    ),
    "locale and time zone": Surroundings(
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "LANG": "de_DE", "TZ": "Asia/Kathmandu"}
    ),
    "settings of the interpreter": Surroundings(
        {"PYTHONWARNINGS": "error", "PYTHONOPTIMIZE": "1", "PYTHONHASHSEED": "7", "PYTHONDEVMODE": "1"}
    ),
    "a home that cannot be written": Surroundings({"HOME": "/dev/null/home", "MPLCONFIGDIR": "/dev/null/mpl"}),
    "a caller with settings of its own": Surroundings(caller=CALLER),
}


def execute(place: Path, case: Surroundings) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder of its own, in these surroundings."""
    place.mkdir()
    for name, content in case.files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    variables = {name: value.replace("{here}", str(place)) for name, value in case.variables.items()}
    paths = [str(PACKAGE.parent), *([variables.pop("PYTHONPATH")] if "PYTHONPATH" in variables else [])]
    words = ["-c", case.caller] if case.caller else ["-m", "augexp", *COMMAND]
    return subprocess.run(
        [sys.executable, *words],
        cwd=place,
        env={**os.environ, "HOME": str(place.parent), "PYTHONPATH": os.pathsep.join(paths), **variables},
        capture_output=True,
        text=True,
        errors="replace",
    )


def content(place: Path) -> dict[str, str]:
    """Return a hash of every file of the results that holds no time, and the prepared images' description."""
    files = [path for path in (place / "results").rglob("*") if path.is_file() and path.name not in TIMES]
    files += (place / "data" / "stores").glob("*/store.json")
    bytes_of = {path: path.read_bytes() for path in files}
    timed = {
        path: SECONDS.sub(b"", text) for path, text in bytes_of.items() if path.suffix in (".json", ".csv", ".html")
    }
    return {str(path.relative_to(place)): hashlib.sha256(text).hexdigest() for path, text in (bytes_of | timed).items()}


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    place = tmp_path_factory.mktemp("reference") / "plain"
    done = execute(place, Surroundings())
    assert done.returncode == 0, done.stderr
    return content(place)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_surroundings_change_no_byte(name: str, reference: dict[str, str], tmp_path: Path) -> None:
    case = CASES[name]
    done = execute(tmp_path / "case", case)
    lines = [line for line in done.stderr.splitlines() if not line.startswith("warning: ")]
    assert "Traceback" not in done.stderr
    if case.refusal:
        assert done.returncode == 1
        assert len(lines) == 1
        assert lines[0].startswith(case.refusal)
        return
    assert done.returncode == 0, done.stderr
    assert len(reference) > 30
    assert content(tmp_path / "case") == reference


# -- the parts, in a moment -------------------------------------------------------------------------


def test_environment_drops_what_changes_numbers_and_keeps_the_rest() -> None:
    given = {
        "PATH": "/bin", "CUDA_VISIBLE_DEVICES": "0", "TF_CPP_MIN_LOG_LEVEL": "1", "LANG": "de_DE", "HOME": "/home/me",
        "KERAS_HOME": "/home/me/.keras", "KERAS_MAX_EPOCHS": "1", "TF_ENABLE_ONEDNN_OPTS": "0", "XLA_FLAGS": "--x",
        "NPY_DISABLE_CPU_FEATURES": "AVX2", "OPENCV_CPU_DISABLE": "AVX2", "PYTHONWARNINGS": "error",
        "PYTHONPATH": os.pathsep.join(["", "here", os.path.abspath("there")]),
    }  # fmt: skip
    assert surroundings.environment(given) == {
        "PATH": "/bin", "CUDA_VISIBLE_DEVICES": "0", "TF_CPP_MIN_LOG_LEVEL": "1", "LANG": "de_DE", "HOME": "/home/me",
        "KERAS_HOME": os.devnull, "AUGEXP_KERAS_HOME": "/home/me/.keras", "KERAS_BACKEND": "tensorflow",
        "PYTHONPATH": os.path.abspath("there"),
    }  # fmt: skip


@pytest.mark.parametrize("named", [True, False])
def test_keras_reads_no_configuration_and_finds_downloaded_weights_where_they_are(named: bool, tmp_path: Path) -> None:
    folder = tmp_path / ("elsewhere" if named else ".keras")
    folder.mkdir()
    (folder / "keras.json").write_text('{"floatx": "bfloat16", "image_data_format": "channels_first"}')
    variables = surroundings.environment({**os.environ, "HOME": str(tmp_path), "PYTHONPATH": str(PACKAGE.parent)})
    variables = {**variables, "AUGEXP_KERAS_HOME": str(folder)} if named else variables
    code = (
        "import keras\nfrom augexp import surroundings\nsurroundings.reset_keras(keras)\n"
        "from keras.src.utils import file_utils\n"
        "print(file_utils.config.keras_home(), keras.config.image_data_format())"
    )
    done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(folder), "channels_last"]


def test_a_backend_that_is_named_is_kept_and_one_that_is_missing_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert surroundings.environment({"KERAS_BACKEND": "jax"})["KERAS_BACKEND"] == "jax"
    monkeypatch.setenv("KERAS_BACKEND", "")
    assert surroundings.keras_backend() == "tensorflow"
    monkeypatch.setitem(surroundings.BACKENDS, "torch", "a_module_that_is_nowhere")
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    with pytest.raises(RunError, match="KERAS_BACKEND: received 'torch', which is not installed here; unset it to use"):
        surroundings.keras_backend()


def test_keras_gets_its_own_settings_and_the_program_gets_back_what_it_had() -> None:
    import keras

    config = keras.config
    before = (config.floatx(), config.epsilon(), config.image_data_format(), config.dtype_policy().name)
    config.set_image_data_format("channels_first")
    config.set_floatx("float64")
    config.set_epsilon(0.5)
    try:
        with surroundings.keras_defaults(keras):
            assert (config.image_data_format(), config.floatx(), config.epsilon()) == ("channels_last", "float32", 1e-7)
            assert keras.layers.Conv2D(1, 3).data_format == "channels_last"
        assert (config.image_data_format(), config.floatx(), config.epsilon()) == ("channels_first", "float64", 0.5)
    finally:
        surroundings.reset_keras(keras)
    assert before == (config.floatx(), config.epsilon(), config.image_data_format(), config.dtype_policy().name)


def test_pictures_are_drawn_with_matplotlibs_own_settings() -> None:
    import matplotlib

    with matplotlib.rc_context({"image.origin": "lower", "savefig.dpi": 41, "font.size": 31.0}):
        with surroundings.drawing({"font.size": 10.0}):
            drawn = {key: matplotlib.rcParams[key] for key in ("image.origin", "savefig.dpi", "font.size")}
        assert matplotlib.rcParams["image.origin"] == "lower"
    assert drawn == {"image.origin": "upper", "savefig.dpi": "figure", "font.size": 10.0}


@pytest.mark.parametrize(
    ("variables", "files", "refused"),
    [
        ({"MPLBACKEND": "module://not_installed.here"}, {}, False),
        ({"MATPLOTLIBRC": "rc"}, {"rc": b"backend: \xff"}, False),
        ({}, {"matplotlibrc": b"font.size: \xff"}, True),
    ],
)
def test_matplotlib_loads_whatever_its_configuration_says(
    variables: dict[str, str], files: dict[str, bytes], refused: bool, tmp_path: Path
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_bytes(text)
    code = (
        "from augexp import surroundings\nfrom augexp.errors import ResultsError\n"
        "try: surroundings.load_matplotlib(); print('loaded')\n"
        "except ResultsError as error: print(error)"
    )
    paths = {"PYTHONPATH": str(PACKAGE.parent)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, **paths, **variables},
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    expected = "matplotlib cannot be loaded (" if refused else "loaded"
    assert done.stdout.startswith(expected)
    assert len(done.stdout.splitlines()) == 1
