"""Rows that repeat what other runs keep (`--index DIR`), as `duplicates` says within a file.

Of the index only the keys are read, and the words of rows that share a half with a new one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from curate.config import IndexAt
from curate.dedup import minhash
from curate.dedup.minhash import combined
from curate.registry import signal
from curate.signals.duplicates import Pairs, is_label
from curate.signals.shingles import SHORT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from curate.config import Settings
    from curate.dedup.index import Table
    from curate.dedup.minhash import Ints, Mask

    Keys = NDArray[np.uint64]

_SCHEMA: dict[str, Any] = {
    "indexed_duplicate_of": pl.String,
    "indexed_similarity": pl.Float64,
    "indexed_match": pl.String,
}
_NEEDS = (
    *("id", "source", "line", "context_key", "prompt_key", "response_key"),  # the first 3: to add
    *("prompt_wording", "response_wording", "prompt_length", "response_length"),
    *("prompt_words", "response_words"),
)


@signal(
    columns={
        "indexed_duplicate_of": "id of the row of the index (`--index`) that this one repeats "
        "wholly or nearly",
        "indexed_similarity": "Jaccard similarity of the two; 1 for a copy",
        "indexed_match": "FILE:LINE that the index's row came from, its id, and the similarity",
    },
    needs=_NEEDS,
    scope="corpus",
    settings=("index",),
)
def indexed_duplicates(frame: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """The index's row that each row repeats: a copy, else the nearest of the near-copies."""
    if settings.index is None:
        return pl.DataFrame(schema=_SCHEMA).clear(frame.height)
    from curate.dedup.index import load, state_of

    at = settings.index
    table = load(at if isinstance(at, IndexAt) else state_of(at))
    if not table.keys.height:
        return pl.DataFrame(schema=_SCHEMA).clear(frame.height)
    of, similarity = _matched(frame, table)
    made = table.keys.select("id", "source", "line")[np.maximum(of, 0)].with_columns(
        pl.Series("similarity", similarity), pl.Series("found", of >= 0)
    )
    match = pl.format(
        "{}:{} {}, similarity {}", "source", "line", "id", pl.col("similarity").round(3)
    )
    values = {
        "indexed_duplicate_of": pl.col("id"),
        "indexed_similarity": pl.col("similarity"),
        "indexed_match": match,
    }
    return made.select(pl.when("found").then(value).alias(name) for name, value in values.items())


def _matched(frame: pl.DataFrame, table: Table) -> tuple[Ints, NDArray[np.float64]]:
    """The position in the index of the row that each row repeats, -1 for none; how alike."""
    own, known = frame.drop("prompt_words", "response_words"), table.keys
    of, similarity = np.full(frame.height, -1), np.ones(frame.height)
    for names in (("prompt_key", "response_key"), ("context_key", *_WORDINGS)):
        first = _first(_key(known, *names), _key(own, *names))
        of = np.where(of < 0, first, of)
    open_ = np.flatnonzero(of < 0)
    left, right, alike = _near(frame, own, open_, table)
    order = np.lexsort((right, -alike, left))
    left, right, alike = left[order], right[order], alike[order]
    best = np.flatnonzero(np.diff(left, prepend=-1))
    of[left[best]], similarity[left[best]] = right[best], alike[best]
    return of, similarity


_WORDINGS = ("prompt_wording", "response_wording")


def _key(rows: pl.DataFrame, *names: str) -> Keys:
    key = np.zeros(rows.height, np.uint64)
    for name in names:
        key = combined(key, rows[name].to_numpy())
    return key


def _first(known: Keys, own: Keys) -> Ints:
    """The first old row with the key of each own one; -1 for none."""
    keys, place = np.unique(own, return_inverse=True)
    first = np.full(len(keys), -1)
    rows = np.flatnonzero(_among(known, keys))[::-1]
    first[np.searchsorted(keys, known[rows])] = rows
    return first[place]


def _among(values: Keys, keys: Keys) -> Mask:
    """Whether each value is one of these keys, which are sorted; they are few."""
    if not len(keys):
        return np.zeros(len(values), np.bool_)
    found: Mask = keys[np.minimum(np.searchsorted(keys, values), len(keys) - 1)] == values
    return found


def _near(
    frame: pl.DataFrame, own: pl.DataFrame, rows: Ints, table: Table
) -> tuple[Ints, Ints, NDArray[np.float64]]:
    """Pairs (row, position in the index) of near-copies, and how alike they are.

    The rows of the index that share a half with a new one stand before these, as if all were one
    file, and are searched as such.
    """
    known = table.keys
    shared = [_sharing(known, own[rows], name) for name in _WORDINGS]
    earlier, later = (np.logical_or.reduce(side) for side in zip(*shared, strict=True))
    bands = [
        side | both
        for side, both in zip(_banded(known, frame[rows]), (earlier, later), strict=True)
    ]
    earlier, later = np.flatnonzero(bands[0]), rows[np.flatnonzero(bands[1])]
    columns = [name for name in _NEEDS if name not in {"id", "source", "line"}]
    before = known[earlier].hstack(table.words_of(earlier)).select(columns)
    both = pl.concat([before, frame[later].select(columns)], rechunk=True)
    pairs = Pairs(both, np.arange(both.height))
    proposed = pairs.proposed()
    pairs.contest(*proposed)
    left, right, alike = pairs.verified(*proposed)
    across = (left >= len(earlier)) & (right < len(earlier))
    left, right, alike = left[across], right[across], alike[across]
    return later[left - len(earlier)], earlier[right], alike


def _sharing(known: pl.DataFrame, own: pl.DataFrame, name: str) -> tuple[Mask, Mask]:
    """Rows of the index, and new ones, with the same half in words and an answer that tells."""
    one, other = (_key(rows, "context_key", name) for rows in (known, own))
    telling, also = (rows["response_length"].to_numpy() >= SHORT for rows in (known, own))
    earlier = telling & _among(one, np.unique(other[also]))
    return earlier, also & _among(other, np.unique(one[earlier]))


def _banded(known: pl.DataFrame, own: pl.DataFrame) -> tuple[Mask, Mask]:
    """Rows of the index, and new ones, of long prompts and short answers that agree in a band."""
    from curate.dedup.index import BANDS, bands_of

    earlier, later = np.zeros(known.height, np.bool_), is_label(own)
    labels = np.flatnonzero(known[BANDS].is_not_null().to_numpy())
    if not (len(labels) and later.any()):
        return earlier, np.zeros(own.height, np.bool_)
    mine, theirs = (
        side.drop_nulls().explode().to_numpy().reshape(-1, minhash.BANDS)
        for side in (bands_of(own), known[BANDS])
    )
    met = np.zeros(len(theirs), np.bool_)
    for band in range(minhash.BANDS):
        met |= _among(theirs[:, band], np.unique(mine[:, band]))
    earlier[labels[met]] = True
    return earlier, later
