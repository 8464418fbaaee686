"""The experiment as a careful person writes it in Keras, without augexp; `experiment.py` times it.

    python benchmarks/by_hand.py PHOTOS [--xla]                            # PHOTOS/{train,test}/<class>/*.jpg
    python benchmarks/by_hand.py PHOTOS --model backbone.keras --size 64   # a saved backbone, all of it trained

Pictures are decoded once and cached, shuffled anew every epoch, augmented by Keras' own layers in the
input pipeline on all cores, and prefetched. XLA is off, which is not Keras' default but on these cores a
quarter faster (`--xla` leaves the default). Every model starts from its seed; validation every epoch, the
test images once at the end.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from keras import layers

BATCH, EPOCHS, SEEDS = 32, 5, 3
parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("photos")
parser.add_argument("--xla", action="store_true")
parser.add_argument("--model")
parser.add_argument("--size", type=int, default=32)
OPTIONS = parser.parse_args()
SIZE, JIT = OPTIONS.size, "auto" if OPTIONS.xla else False
AUTOTUNE = tf.data.AUTOTUNE


def load(folder: str) -> tuple[tf.data.Dataset, tf.data.Dataset, tf.data.Dataset, int]:
    """Return training, validation and test images, decoded and cached, and the number of classes."""
    options = {"image_size": (SIZE, SIZE), "batch_size": None, "label_mode": "int", "verbose": False}
    train, validation = keras.utils.image_dataset_from_directory(
        f"{folder}/train", validation_split=0.1, subset="both", seed=0, shuffle=True, **options
    )
    names = train.class_names
    test = keras.utils.image_dataset_from_directory(f"{folder}/test", shuffle=False, **options)
    return train.cache(), validation.batch(128).cache().prefetch(AUTOTUNE), test.batch(128).cache(), len(names)


def build(classes: int) -> keras.Sequential:
    """Return the network of `augexp.training.models`, or a saved one with a head, on pixels from 0 to 255."""
    if OPTIONS.model:
        backbone = keras.models.load_model(OPTIONS.model, compile=False)
        head = [layers.Dropout(0.3), layers.Dense(classes)]
        return keras.Sequential([keras.Input((SIZE, SIZE, 3)), layers.Rescaling(1 / 255), backbone, *head])
    return keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(16, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2D(32, 3, strides=2, padding="same", activation="relu"),
            layers.Conv2D(64, 3, strides=2, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dropout(0.3),
            layers.Dense(classes),
        ]
    )


def augmentation(seed: int) -> keras.Sequential:
    """Return the layers that come nearest to the policy `standard`."""
    return keras.Sequential(
        [
            layers.RandomFlip("horizontal", seed=seed),
            layers.RandomRotation(15 / 360, fill_mode="reflect", seed=seed + 1),
            layers.RandomZoom((-0.12, 0.12), fill_mode="reflect", seed=seed + 2),
            layers.RandomTranslation(0.1, 0.1, fill_mode="reflect", seed=seed + 3),
            layers.RandomBrightness(0.25, value_range=(0, 255), seed=seed + 4),
        ]
    )


def run(
    arm: str, seed: int, train: tf.data.Dataset, validation: tf.data.Dataset, test: tf.data.Dataset, classes: int
) -> float:
    """Train one arm with one seed; return the test accuracy."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    batches = train.shuffle(len(train), seed=seed).batch(BATCH, drop_remainder=True)
    if arm == "standard":
        augment = augmentation(10 * seed)
        batches = batches.map(lambda images, labels: (augment(images, training=True), labels), AUTOTUNE)
    model = build(classes)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss, metrics=["accuracy"], jit_compile=JIT)
    model.fit(batches.prefetch(AUTOTUNE), validation_data=validation, epochs=EPOCHS, verbose=0)
    return float(model.evaluate(test, verbose=0)[1])


def main() -> None:
    """Compare the arms."""
    data = load(OPTIONS.photos)
    accuracy = {arm: [run(arm, seed, *data) for seed in range(SEEDS)] for arm in ("none", "standard")}
    gain = 100 * (np.array(accuracy["standard"]) - np.array(accuracy["none"]))
    print(f"standard minus none: {gain.mean():+.1f} points, seeds {np.round(gain, 1).tolist()}")


if __name__ == "__main__":
    main()
