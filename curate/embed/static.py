"""The static model that is shipped: a text's vector is the mean of its word pieces' vectors.

A model2vec distillation of all-MiniLM-L6-v2, 256 dimensions, in eight bits (curate/models/
static.md is its card, docs/models/static.py makes it). No torch, no tokenizer, no network.
"""

from __future__ import annotations

import hashlib
import io
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from curate.embed.wordpiece import WordPiece

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from curate.embed import Vectors

_FILE = "static.npz"
# Pieces whose vectors are added up at once: 1 MB of them stays in the cache of a core.
_PORTION = 1024
_LONG = 1 << 16  # pieces; so many of one text are counted first


class StaticModel:
    """An embedder (`curate.embed.Embedder`) of arrays alone.

    Attributes:
        name: `static`.
        fingerprint: SHA-256 of the file with the arrays.
        width: dimensions of a vector.
    """

    name = "static"

    def __init__(
        self,
        short: NDArray[np.int8],
        scales: Vectors,
        vocabulary: Sequence[bytes],
        fingerprint: str,
    ) -> None:
        self.fingerprint = fingerprint
        self.width = short.shape[1]
        self._short, self._scales = short, scales[:, None]
        # Filled where a piece is asked for: a small file has a tenth of them, and to touch 30 MB
        # takes longer than to embed it.
        self._vectors = np.empty(short.shape, np.float32)
        self._filled = np.zeros(len(short), np.bool_)
        self._cut = WordPiece(vocabulary)

    def encode(self, texts: Sequence[str] | pl.Series) -> Vectors:
        """A unit vector a text, zeros for one without a known word: see `Embedder.encode`."""
        series = texts if isinstance(texts, pl.Series) else pl.Series(texts, dtype=pl.String)
        ids, counts = self._cut(series)
        self._fill(ids)
        made = np.zeros((len(series), self.width), np.float32)
        full = np.flatnonzero(counts)
        begins = (np.cumsum(counts) - counts)[full]
        for these in _portions(begins, len(ids)):
            inside = begins[these]
            last = begins[these.stop] if these.stop < len(begins) else len(ids)
            found = ids[inside[0] : last]
            if len(found) > _LONG and len(inside) == 1:
                made[full[these]] = self._long(found)
            else:
                sums = np.add.reduceat(self._vectors[found], inside - inside[0], axis=0)
                made[full[these]] = sums
        return unit(made)

    def _fill(self, ids: NDArray[np.int64]) -> None:
        """Have the vectors of these pieces."""
        asked = np.zeros(len(self._filled), np.bool_)
        asked[ids] = True
        new = np.flatnonzero(asked & ~self._filled)
        self._vectors[new] = self._short[new].astype(np.float32) * self._scales[new]
        self._filled[new] = True

    def _long(self, ids: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Vectors:
        """The sum of many pieces, each distinct one looked up once: else a book takes gigabytes."""
        pieces, counts = np.unique(ids, return_counts=True)
        summed: Vectors = (self._vectors[pieces] * counts[:, None].astype(np.float32)).sum(axis=0)
        return summed


def _portions(begins: np.ndarray[tuple[int], np.dtype[np.int64]], total: int) -> list[slice]:
    """Runs of texts that have about a portion of pieces together; a long one by itself."""
    if not len(begins):
        return []
    cuts = np.searchsorted(begins, np.arange(0, total, _PORTION))
    long = np.flatnonzero(np.diff(begins, append=total) > _LONG)
    edges = np.unique(np.concatenate([cuts, long, long + 1, [len(begins)]])).tolist()
    return [slice(first, last) for first, last in pairwise(edges)]


def unit(vectors: Vectors) -> Vectors:
    """Vectors of length 1, as they were where all is zero."""
    lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64))
    lengths[lengths == 0] = 1
    scaled: Vectors = vectors / lengths[:, None].astype(np.float32)
    return scaled


@cache
def static() -> StaticModel:
    """The shipped model; loaded once, 20 ms and 8 MB, up to 38 as more of it is asked for."""
    data = (files("curate.models") / _FILE).read_bytes()
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        short, scales = arrays["vectors"], arrays["scales"]
    return StaticModel(short, scales, vocabulary(), hashlib.sha256(data).hexdigest())


@cache
def vocabulary() -> tuple[bytes, ...]:
    """The pieces that the shipped model knows; `##` before one that goes on in a word."""
    with (files("curate.models") / _FILE).open("rb") as file, np.load(file) as arrays:
        return tuple(arrays["vocabulary"].tobytes().split(b"\n"))
