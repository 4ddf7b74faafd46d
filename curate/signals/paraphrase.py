"""Rows that ask what an evaluation item asks, in other words (`--against`).

Runs of words find no paraphrase (`curate.signals.contamination`), so here the questions' vectors
are compared. The cosine alone does not tell "the largest city of Spain" from "of Italy", so what
counts is strict: read by eye in `docs/log.md`, 12 of 12 pairs from 0.95 on ask the same, and from
0.92 on, where the answers agree too, four of five.

Left out are questions in which a number, a negation or a number word differs, those of `LONG`
words and more, which are mostly material, and those of fewer than `_LEAST`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl

from curate.dedup.against import Against, load, words_of
from curate.dedup.minhash import Runs
from curate.embed import Embedder, embedder, matrix
from curate.learn.kmeans import ONE, products, whole
from curate.registry import signal
from curate.signals.contamination import gives
from curate.signals.duplicates import LONG
from curate.signals.semantic import decided

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from curate.config import Settings
    from curate.dedup.minhash import Ints, Mask
    from curate.embed import Vectors

    Floats = NDArray[np.float64]

# A rule's threshold raises it.
FLOOR = 0.92
# From this on two answers of whatever length are the same, where the questions are that near.
_AGREE = 0.8
_LEAST = 3
_SCHEMA: dict[str, Any] = {
    "paraphrase": pl.String,
    "paraphrase_similarity": pl.Float64,
    "paraphrase_answered": pl.Boolean,
    "paraphrase_item": pl.String,
}


@signal(
    columns={
        "paraphrase": "the evaluation item (`--against`) whose question the row asks in other "
        "words, and the cosine of the two; null where its words are found",
        "paraphrase_similarity": f"that cosine, {FLOOR} to 1",
        "paraphrase_answered": "whether the row answers as the item does: the item's short answer "
        f"stands in the row's, or the answers' cosine is {_AGREE} or more",
        "paraphrase_item": "FILE:LINE of the item",
    },
    needs=(
        *("contamination_class", "prompt_vector", "response_vector"),
        *("prompt_words", "response_words", "prompt_length"),
    ),
    settings=("against", "embedder"),
)
def paraphrases(frame: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """The item nearest to each row, those first that are answered alike; null without embedder."""
    none = pl.DataFrame(schema=_SCHEMA).clear(frame.height)
    model = embedder(settings.embedder) if settings.against else None
    if model is None:
        return none
    rows = _usable(frame)
    items = _items(load(settings.against), model)
    row, question, cosine = _pairs(frame, rows, items)
    if not len(row):
        return none
    item = items.owner[question]
    answered = _answered(frame, items, model, (row, item))
    order = np.lexsort((item, -cosine, ~answered, row))
    best = order[np.flatnonzero(np.diff(row[order], prepend=-1))]
    places = [items.against.items[at].place for at in item[best].tolist()]
    found = pl.DataFrame(
        {
            "row": row[best],
            "paraphrase_similarity": cosine[best],
            "paraphrase_answered": answered[best],
            "paraphrase_item": places,
        }
    )
    return _told(frame.height, found)


def _told(height: int, found: pl.DataFrame) -> pl.DataFrame:
    answered = pl.when("paraphrase_answered").then(pl.lit(", answered alike")).otherwise(pl.lit(""))
    cosine = pl.col("paraphrase_similarity").round(2)
    said = pl.format("{}, cosine {}{}", "paraphrase_item", cosine, answered)
    every = pl.DataFrame({"row": np.arange(height)})
    found = found.with_columns(said.alias("paraphrase"))
    return every.join(found, on="row", how="left", maintain_order="left").select(_SCHEMA.keys())


def _usable(frame: pl.DataFrame) -> Ints:
    """Rows with a short question whose words are no item's."""
    found = pl.col("contamination_class").is_in(["answer", "prompt"])
    there = pl.col("prompt_vector").is_not_null() & (pl.col("prompt_length") < LONG)
    rows = frame.select((there & ~found.fill_null(value=False)).arg_true()).to_series()
    made: Ints = rows.cast(pl.Int64).to_numpy()
    return made


class _Items(NamedTuple):
    """The short questions of evaluation items.

    Attributes:
        against: the items.
        name: of the embedder.
        owner: the item of each question.
        words: the questions' words.
        vectors: of the questions, in whole numbers.
    """

    against: Against
    name: str
    owner: Ints
    words: Runs
    vectors: Vectors


_kept: list[_Items] = []  # those of the batch before


def _items(against: Against, model: Embedder) -> _Items:
    if not (_kept and _kept[0].against is against and _kept[0].name == model.fingerprint):
        asking = [
            (at, text)
            for at, one in enumerate(against.items)
            for role, text in one.texts
            if role in {"question", "task", "text"}
        ]
        texts = [text for _, text in asking]
        every = np.arange(len(texts))
        runs = Runs(words_of(texts), every)
        short = every[(runs.sizes >= _LEAST) & (runs.sizes < LONG)]
        owner = np.array([at for at, _ in asking], np.int64)[short]
        vectors = whole(model.encode([texts[at] for at in short.tolist()]))
        _kept[:] = [_Items(against, model.fingerprint, owner, Runs(runs.values, short), vectors)]
    return _kept[0]


def _pairs(frame: pl.DataFrame, rows: Ints, items: _Items) -> tuple[Ints, Ints, Floats]:
    """Row, question and cosine of all that ask the same."""
    points = whole(matrix(frame["prompt_vector"].gather(rows)))
    found = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32))]
    for some, product in products(points, items.vectors):
        at, question = np.nonzero(product >= np.float32(FLOOR * ONE))
        found.append((rows[some][at], question, product[at, question]))
    row, question, product = (np.concatenate(column) for column in zip(*found, strict=True))
    runs = Runs(frame["prompt_words"].explode().to_numpy(), np.arange(frame.height))
    same = _same(runs.of(row), items.words.of(question)) if len(row) else np.zeros(0, np.bool_)
    cosine = np.minimum(product.astype(np.float64) / ONE, 1)
    return row[same], question[same], cosine[same]


def _same(left: NDArray[np.uint32], right: NDArray[np.uint32]) -> Mask:
    return ~decided(left, right)


def _answered(
    frame: pl.DataFrame, items: _Items, model: Embedder, pairs: tuple[Ints, Ints]
) -> Mask:
    """Pairs of a row and an item whose answers agree."""
    row, item = (one.tolist() for one in pairs)
    own = whole(matrix(frame["response_vector"].gather(pairs[0])))
    texts = [
        [text for role, text in items.against.items[at].texts if role == "answer"] for at in item
    ]
    theirs = whole(model.encode([text for some in texts for text in some]))
    pair = np.repeat(np.arange(len(texts)), [len(some) for some in texts])
    alike = (own[pair] * theirs).sum(axis=1) >= _AGREE * ONE
    agreed = np.zeros(len(row), np.bool_)
    agreed[pair[alike]] = True
    for at in np.flatnonzero(~agreed).tolist():
        words = frame["response_words"][row[at]].to_numpy()[:-1].tobytes()
        agreed[at] = any(gives(words, short) for short in items.against.answers[item[at]])
    return agreed
