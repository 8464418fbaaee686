"""Which images: the `data` section of a definition, and the sources that it can name.

A source has two parts. Its `SourceKind`, in `augexp.experiment.source_kinds`, is what a definition has to know before
an image is read: the keys that it needs, the words and defaults that mean it, how it is described. Its
`augexp.data.sources.base.Source` lists and reads the images.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, field_validator, model_validator

from augexp.experiment import folds as fold_rules
from augexp.experiment.plan import Frozen
from augexp.experiment.source_kinds import COLUMNS, KINDS, SourceKind

if TYPE_CHECKING:
    SourceName = str
else:
    SourceName = Literal[tuple(KINDS)]


class Data(Frozen):
    """Which images, at which size, split how.

    Attributes:
        source: `sample` (drawn, synthetic), `folder` (one sub-folder per class), `lsun`, `manifest` (a table names the
            images), `arrays` (a file of numpy) or `keras` (an image set of keras.datasets).
        path: the image folder (`folder`); the table, or the folder that holds it (`manifest`); the file (`arrays`);
            for `lsun` a folder that already holds the unpacked LMDBs, by default ``<data-dir>/lsun``. A relative path
            in a TOML file is relative to that file.
        categories: LSUN categories, each one class (`lsun`); the name of the set (`keras`).
        image_size: side of the square images in pixels.
        limit: read at most this many records per class, chosen by key hash; None reads what the
            splits need (`lsun`) or everything (`folder`).
        train_per_class: images per class in one block's training draw; None takes all there are.
        test: `official` takes LSUN's `val` or the folder's own ``test/``; `held-out` carves the test
            set out of the training images by content hash; `auto` holds out where train stays large
            enough for a whole training draw, and takes the official one where it does not; `folds` makes every
            image a test image, the official ones too.
        test_per_class: wanted test images per class where they are held out; None means 2500 for
            LSUN and a fifth of the class for a folder.
        validation_per_class: wanted validation images per class where they are carved out of train;
            None means 300 for LSUN and a tenth of the class for a folder.
        max_skipped: fraction of undecodable records above which indexing fails.
        near_duplicates: which images are kept on one side of a split: `usual` takes those that look the same after
            they were saved again, `strict` those that are all but equal, `off` exact repeats alone.
        file_column, label_column: of the table (`manifest` only); None takes ``file_name`` and ``label``.
        split_column, group_column: of the table; None takes ``split`` and ``group`` where there are such columns.
        group_from: regular expression that is searched for in the name of each image (its path below the folder, or
            in the table); what its first group matches is the group of the image: the patient, camera or house.
        fit: how a picture that is not square becomes so: `crop` takes its middle, `pad` keeps all of it between black
            borders, `squash` changes its proportions.
        folds: K, parts of which each is the test set of one fit, see `augexp.experiment.folds`; None holds a test
            set out.
        train_factor: multiple of a block's training draw that is trained on. A smaller one is part of that draw, a
            larger one holds it: the draws of one block at several factors are nested.
    """

    LATER = ("near_duplicates", *COLUMNS, "group_from", "fit", "folds", "train_factor")

    source: SourceName = "sample"
    path: str | None = None
    categories: tuple[str, ...] = ()
    image_size: int = Field(default=32, ge=8, le=512)
    limit: int | None = Field(default=None, ge=4)
    train_per_class: int | None = Field(default=None, ge=2)
    test: Literal["auto", "official", "held-out", "folds"] = "auto"
    test_per_class: int | None = Field(default=None, ge=1)
    validation_per_class: int | None = Field(default=None, ge=1)
    max_skipped: float = Field(default=0.05, ge=0.0, le=1.0)
    near_duplicates: Literal["usual", "strict", "off"] = "usual"
    folds: int | None = Field(default=None, ge=fold_rules.MIN_FOLDS, le=fold_rules.MAX_FOLDS)
    train_factor: float = Field(default=1.0, gt=0.0, le=1024.0)

    file_column: str | None = Field(default=None, min_length=1)
    label_column: str | None = Field(default=None, min_length=1)
    split_column: str | None = Field(default=None, min_length=1)
    group_column: str | None = Field(default=None, min_length=1)
    group_from: str | None = Field(default=None, min_length=1)
    fit: Literal["crop", "pad", "squash"] = "crop"

    @field_validator("group_from")
    @classmethod
    def _has_a_group(cls, expression: str | None) -> str | None:
        if expression is None:
            return None
        try:
            count = re.compile(expression).groups
        except re.error as error:
            raise ValueError(f"received {expression!r}, which is no regular expression ({error})") from None
        if not count:
            raise ValueError(
                f"received {expression!r}; needed is a regular expression with a group in parentheses that matches the "
                r"name of the patient or camera, like 'patient(\d+)'"
            )
        return expression

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.group_from is not None and self.group_column is not None:
            raise ValueError("group_from: received beside group_column; one of them says what belongs together")
        self.kind.check(self)
        fold_rules.check_data(self.folds, self.test, self.train_per_class, self.test_per_class)
        if self.folds is not None and self.train_factor != 1.0:
            raise ValueError(
                f"train_factor: received {self.train_factor:g} with folds; allowed is 1: a fit trains on all "
                "images but its fold"
            )
        return self

    @property
    def size_name(self) -> str:
        """Say how large the training draws are, for messages; empty where they are the usual ones."""
        return "" if self.train_factor == 1.0 else f"at {self.train_factor:g} of its images"

    @property
    def kind(self) -> SourceKind:
        """What is known of the source."""
        return KINDS[self.source]
