"""Embedders: texts to vectors, so that what means the same lies close together.

    embedder(name) -> Embedder   `static`, or a sentence-transformers model (folder or name)
    Embedder.encode(texts)       float32 (n, d): unit length, zeros for a text with nothing to say
    column(texts, embedder)      the same as a polars column, null in the place of zeros
    matrix(column)               and back

`--embedder` (`Settings.embedder`) names the one of a run; `none` runs none, and every signal that
reads vectors abstains. Signals read them from the columns of `curate.signals.vectors`, where each
prompt and each answer is embedded once.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

STATIC, NONE = "static", "none"


class Embedder(Protocol):
    """Makes vectors of texts.

    Attributes:
        name: what the user called it.
        fingerprint: a hash of all that its vectors depend on: weights, vocabulary.
        width: dimensions of a vector.
    """

    name: str
    fingerprint: str
    width: int

    def encode(self, texts: Sequence[str] | pl.Series) -> Vectors:
        """A vector a text, float32 (n, width), of length 1; never NaN or infinite.

        A text that is null, empty, or has nothing that the model knows gets zeros. A text's vector
        depends on that text alone, whatever stands beside it.
        """
        ...


@lru_cache(maxsize=2)  # batches of one run share it
def embedder(name: str) -> Embedder | None:
    """The embedder of this name; None for `none`.

    Raises:
        MissingExtra: a model that needs sentence-transformers, which isn't installed.
        UsageError: a folder that holds no such model, or a name that can't be had.
    """
    if name == NONE:
        return None
    if name == STATIC:
        from curate.embed.static import static

        return static()
    from curate.embed.sentence import load

    return load(name)


def column(name: str, texts: pl.Series, model: Embedder | None) -> pl.Series:
    """The texts' vectors as a column of arrays; null for a text without one, or without a model."""
    if model is None:
        return pl.Series(name, [None] * len(texts), dtype=pl.Array(pl.Float32, 1))
    vectors = model.encode(texts)
    made = pl.Series(name, vectors, dtype=pl.Array(pl.Float32, model.width))
    there = vectors.any(axis=1)
    if there.all():
        return made
    return pl.select(pl.when(pl.Series(there)).then(made).alias(name)).to_series()


def matrix(vectors: pl.Series) -> Vectors:
    """A column of vectors as float32 (n, d), with zeros for nulls."""
    width = vectors.dtype.shape[0] if isinstance(vectors.dtype, pl.Array) else 1
    flat = vectors.explode(empty_as_null=True).to_numpy()
    if not vectors.null_count():
        return flat.reshape(-1, width)
    made = np.zeros((len(vectors), width), np.float32)
    there = vectors.is_not_null()
    made[there.to_numpy()] = vectors.filter(there).explode().to_numpy().reshape(-1, width)
    return made
