"""Which network: what `Training.model` and `Training.weights` may be, told without loading Keras.

A network is built in, or one of keras.applications, or a file of the user: a saved network (``FILE.keras``), or a
function that builds one (``FILE.py:FUNCTION``). What such a file holds belongs to the definition and its hash, as a
digest of its content; its place on this machine does not.

A Python file is executed only where a person has named it. A results folder therefore records its name without its
folder, and a name without a folder is never executed: see `augexp.experiment.network_files`.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any, Literal, Protocol

from augexp.augment.catalogue.base import close_to
from augexp.augment.policy import Policy
from augexp.errors import DefinitionError

BUILT_IN = ("small", "residual", "smallnet", "tiny")
"""The networks of `augexp.training.models`."""

NetworkKind = Literal["built-in", "application", "saved", "function"]

_SIZES = {
    "ConvNeXtBase ConvNeXtLarge ConvNeXtSmall ConvNeXtTiny ConvNeXtXLarge": 32,
    "DenseNet121 DenseNet169 DenseNet201": 32,
    "EfficientNetB0 EfficientNetB1 EfficientNetB2 EfficientNetB3": 32,
    "EfficientNetB4 EfficientNetB5 EfficientNetB6 EfficientNetB7": 32,
    "EfficientNetV2B0 EfficientNetV2B1 EfficientNetV2B2 EfficientNetV2B3": 32,
    "EfficientNetV2L EfficientNetV2M EfficientNetV2S": 32,
    "InceptionResNetV2 InceptionV3": 75,
    "MobileNet MobileNetV2 MobileNetV3Large MobileNetV3Small": 32,
    "NASNetLarge NASNetMobile": 32,
    "ResNet50 ResNet101 ResNet152 ResNet50V2 ResNet101V2 ResNet152V2": 32,
    "VGG16 VGG19": 32,
    "Xception": 71,
}

APPLICATIONS: dict[str, int] = {name: size for names, size in _SIZES.items() for name in names.split()}
"""The networks of keras.applications by name, each with the smallest side of an image in pixels that it takes."""

WEIGHTS = ("none", "imagenet")
"""What `Training.weights` may be beside a file: drawn anew for every seed, or trained on ImageNet by Keras' authors."""

WEIGHTS_SUFFIX = ".h5"
"""How a file of weights ends, also as ``.weights.h5``."""

DIGESTS = {"model": "model_digest", "weights": "weights_digest"}
"""Keys of `Training` that may name a file, each with the key that says what the file holds."""

ALLOWED = (
    f"{', '.join(BUILT_IN)}, a network of keras.applications such as MobileNetV3Small, a saved network FILE.keras, "
    "or FILE.py:FUNCTION"
)


def kind_of(model: str) -> NetworkKind:
    """Say what `Training.model` names; raises ValueError with what is allowed."""
    if model in BUILT_IN:
        return "built-in"
    if model in APPLICATIONS:
        return "application"
    if model.endswith(".keras"):
        return "saved"
    file, _, function = model.rpartition(":")
    if file.endswith(".py") and function.isidentifier():
        return "function"
    if model.endswith(".py") or file.endswith(".py"):
        raise ValueError(f"received {model!r}; name the function that builds the network, like my_net.py:build")
    raise ValueError(f"received {model!r}; allowed are {ALLOWED}{close_to(model, (*BUILT_IN, *APPLICATIONS))}")


def is_file(key: str, value: str | None) -> bool:
    """Tell whether the value of `model` or `weights` names a file."""
    if key == "model":
        return value is not None and kind_of(value) in ("saved", "function")
    return value is not None and value.endswith(WEIGHTS_SUFFIX)


def split(value: str) -> tuple[str, str]:
    """Return the path that a value names, and the rest: ``:FUNCTION``, or nothing."""
    if value.endswith((".keras", WEIGHTS_SUFFIX)):
        return value, ""
    path, colon, function = value.rpartition(":")
    return path, colon + function


def short(key: str, value: Any) -> Any:
    """Return a value of `Training` without the place of a file on this machine."""
    if key not in DIGESTS or not is_file(key, value):
        return value
    path, rest = split(value)
    return os.path.basename(path) + rest


# -- what fits together --------------------------------------------------------------------------


class NetworkChoice(Protocol):
    """The keys of `Training` that have to fit together."""

    model: str
    weights: str | None
    tune: Literal["all", "head"]
    views: int
    precision: Literal["float32", "mixed_bfloat16"]


def check(choice: NetworkChoice, *, views: bool) -> None:
    """Raise ValueError, with the key, where `model`, `weights`, `tune`, `views` and `precision` contradict.

    Args:
        choice: of the definition.
        views: whether a number of views is asked for.
    """
    kind, model = kind_of(choice.model), short("model", choice.model)
    _check_weights(choice.weights, kind, model)
    if choice.tune == "head" and kind == "built-in":
        raise ValueError(
            f"tune: received 'head' with the network {model!r}, which has no trained backbone to be kept as it is; "
            "allowed with a network of keras.applications, FILE.keras or FILE.py:FUNCTION"
        )
    if choice.tune == "head" and choice.weights == "none":
        raise ValueError(
            "tune: received 'head' with weights = 'none', but only a trained backbone can be kept as it is; say "
            "weights = 'imagenet' or a file, or tune = 'all'"
        )
    if views and choice.tune != "head":
        raise ValueError(
            f"views: received {choice.views} with tune = 'all', where every epoch augments anew; allowed with tune = "
            "'head', whose backbone sees each image once a view"
        )
    if choice.precision != "float32" and kind == "saved":
        raise ValueError(
            f"precision: received {choice.precision!r} with the saved network {model!r}, whose arithmetic was chosen "
            "when it was saved; allowed is float32"
        )


def _check_weights(weights: str | None, kind: NetworkKind, model: str) -> None:
    if weights is None:
        return
    if kind != "application":
        raise ValueError(
            f"weights: received {short('weights', weights)!r} with the network {model!r}; allowed with a network of "
            "keras.applications, so leave it out"
        )
    if weights not in WEIGHTS and not is_file("weights", weights):
        raise ValueError(f"weights: received {weights!r}; allowed are none, imagenet, or a file FILE.weights.h5")


def check_policy(choice: NetworkChoice, policy: Policy) -> None:
    """Raise ValueError where only a head is trained and a policy needs the images themselves."""
    what = "fixed copies of images" if policy.copies else "a learned part" if policy.learned else ""
    if what and choice.tune == "head":
        raise ValueError(
            f"policies.{policy.name}: has {what}, received with tune = 'head', which trains on the features of a "
            "frozen backbone; say tune = 'all', or choose another policy"
        )


def check_size(model: str, image_size: int) -> None:
    """Raise ValueError where a network of keras.applications cannot take images of this side in pixels."""
    smallest = APPLICATIONS.get(model, 0)
    if image_size < smallest:
        raise ValueError(
            f"data.image_size: received {image_size} with the network {model}, which takes {smallest} pixels or more"
        )


# -- files ---------------------------------------------------------------------------------------


def locate(training: dict[str, Any], folder: Path, *, recorded: bool) -> None:
    """Make the files that plain values of `Training` name absolute, read from a definition that lies in `folder`.

    A Python file keeps its bare name where the definition is one that a results folder holds, or says the digest.
    """
    for key, digest in DIGESTS.items():
        value = training.get(key)
        if not isinstance(value, str) or not _names_file(key, value):
            continue
        if key == "model" and kind_of(value) == "function" and (recorded or digest in training):
            training[key] = short(key, value)
            continue
        path, rest = split(value)
        training[key] = os.path.abspath(folder / Path(path).expanduser()) + rest


def _names_file(key: str, value: str) -> bool:
    try:
        return is_file(key, value)
    except ValueError:  # said where the definition is validated
        return False


def absolute(key: str, value: Any) -> Any:
    """Return a value of `Training` that a person has named, with an absolute path where it names a file."""
    if key not in DIGESTS or not isinstance(value, (str, Path)) or not _names_file(key, str(value)):
        return value
    value = str(value)
    path, rest = split(value)
    return os.path.abspath(Path(path).expanduser()) + rest


def digest_of(key: str, path: Path) -> str:
    """Return 32 hex digits over the content of a file; raises DefinitionError, naming `key`, where it is missing."""
    digest = hashlib.blake2b(digest_size=16)
    try:
        with path.open("rb") as file:
            while part := file.read(1 << 20):
                digest.update(part)
    except OSError as error:
        raise DefinitionError(f"{key}: {path} cannot be read ({error.strerror}); name an existing file") from None
    return digest.hexdigest()
