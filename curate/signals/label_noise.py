"""Labels that are likely wrong, in data that is a classification: which rows, and what instead.

A classification is found by itself where the answers to one task are a closed set: the same few
short texts again and again. A task is a system text with an instruction that has inputs; rows
without an input are one task together. Or `--label-field NAME` names a field of the records that
holds each row's label, or a list of labels, one an annotator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from curate.dedup import alike, minhash
from curate.embed import NONE, column, embedder, matrix
from curate.errors import UsageError
from curate.learn import noise
from curate.learn.linear import folds
from curate.registry import signal
from curate.signals.shingles import as_lists, token_runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from curate.config import Settings
    from curate.dedup.minhash import Hashes, Ints
    from curate.learn.linear import Floats

# A label is one line of so many characters at most: the longest of banking77 has 50.
LONGEST = 80
# A closed set: this share of a task's answers are labels that several rows have ...
CLOSED = 0.95
# ... and a label has so many rows on average; fewer rows than that make no task either.
ROWS_A_LABEL, ROWS = 10, 50
# The given labels must be foreseen this much better than by their frequency, else the texts say
# nothing about them: arithmetic, counts, riddles. Real tasks have 0.23 and more.
LEAST_GAIN = 0.1
_ALIKE = 0.7  # Jaccard similarity of word trigrams from which on two texts share a fold
_MOST = 40_000  # rows of a task that are judged together; a larger one is dealt into parts
_CELLS = 20_000_000  # rows times classes of a part: 80 MB of probabilities


@signal(
    columns={
        "label_text": "what may be the row's label: the field of --label-field, or a short answer",
        "label_task": "hash of what is asked of every row of the same task",
        "label_vector": "the text that is labelled, as a unit vector",
        "label_words": "its token hashes, closed by 0",
    },
    needs=("system", "instruction", "input", "prompt", "response", "roles", "label"),
    transient=True,
    settings=("embedder", "label_field"),
)
def labels(frame: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """The label of each row, and the text that has it; null where there is none."""
    found = _named(frame) if settings.label_field else _answers(frame)
    label, text, task = (found[name] for name in ("label", "text", "task"))
    rows = label.is_not_null() & (text.fill_null("").str.strip_chars() != "")
    some = text.filter(rows)
    made = pl.DataFrame(
        [
            column("label_vector", some, embedder(settings.embedder)),
            as_lists(token_runs(some.str.to_lowercase())).alias("label_words"),
            rows.arg_true().alias("at"),
        ]
    )
    whole = pl.DataFrame({"label_text": label, "label_task": task}).with_row_index("at")
    return whole.join(made, on="at", how="left", maintain_order="left").drop("at")


def _named(frame: pl.DataFrame) -> pl.DataFrame:
    """Labels from the field that the user named; an answer that only repeats it is no text."""
    answer = pl.col("response").fill_null("")
    repeats = _plain(answer) == _plain(pl.col("label"))
    text = pl.concat_str(
        "prompt", pl.when(~repeats).then(answer), separator="\n\n", ignore_nulls=True
    )
    return frame.select("label", text=text, task=pl.lit(0, pl.UInt64))


def _answers(frame: pl.DataFrame) -> pl.DataFrame:
    """Short answers of rows with one, with the input that they answer to, or the whole prompt."""
    answer = pl.col("response").str.strip_chars()
    short = (answer.str.len_chars() <= LONGEST) & ~answer.str.contains("\n", literal=True)
    alone = pl.col("roles").list.count_matches("assistant") == 1
    has = pl.col("input").fill_null("").str.strip_chars() != ""
    task = pl.struct("system", pl.when(has).then("instruction"), has.alias("has")).hash(seed=7)
    return frame.select(
        pl.when(short & alone & (answer != "")).then(answer).alias("label"),
        pl.when(has).then("input").otherwise("prompt").alias("text"),
        task.alias("task"),
    )


def _plain(text: pl.Expr) -> pl.Expr:
    """A label without case, and without the stop at its end."""
    return text.str.to_lowercase().str.strip_chars(noise.ENDS)


@signal(
    columns={
        "label_given": "the class that the row is labelled with; null where there is no "
        "classification",
        "label_noise_score": "how likely the label is beside the likeliest other one, by the other "
        "rows: 1 = surely right, below 0.5 another class is likelier, 0 = surely wrong; null "
        f"without a classification, for classes with fewer than {noise.LEAST} different texts, and "
        "where the texts do not tell the classes apart",
        "suggested_label": "the class that fits better than the given one; null where none does",
        "label_sure": "the class that the row is confidently in, from which the share of wrong "
        "labels is estimated (`curate.learn.noise.joint`); null where it is in none",
    },
    needs=("label_text", "label_task", "label_vector", "label_words"),
    scope="corpus",
    settings=("embedder", "label_field", "seed"),
)
def label_noise(frame: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Judge the labels of each task by the other rows of the task."""
    found = _Found(frame.height)
    votes = None
    if settings.label_field:
        votes = noise.votes(frame["label_text"])
        if votes is not None:
            frame = frame.with_columns(label_text=votes.majority)
    if settings.embedder != NONE:
        tasks = _whole(frame, settings.label_field) if settings.label_field else _tasks(frame)
        for task in tasks:
            _judge(task, found, settings, votes)
    return found.frame()


class _Task(NamedTuple):
    """Rows that are judged by each other.

    Attributes:
        rows: their places in the file.
        classes: (n,) the class of each.
        names: of the classes.
        vectors: (n, d) embeddings of the texts.
        runs: END-closed token runs of the texts.
        groups: (n,) texts with the same number are near-copies.
    """

    rows: Ints
    classes: Ints
    names: list[str]
    vectors: Floats
    runs: Hashes
    groups: Ints

    @classmethod
    def of(cls, frame: pl.DataFrame, rows: Ints) -> _Task | None:
        """The rows of classes that have enough different texts; None without two such classes."""
        some = frame[rows]
        runs = some["label_words"].explode().to_numpy()
        left, right, _ = alike.pairs(runs, _ALIKE)
        groups = alike.components(left, right, len(rows))
        spelt, classes = _classes(some["label_text"])
        texts = np.bincount(np.unique(classes * len(rows) + groups) // len(rows))
        kept = np.flatnonzero(texts >= noise.LEAST)
        some_of = np.flatnonzero(np.isin(classes, kept))
        if len(kept) < 2:  # noqa: PLR2004 - nothing to take one for
            return None
        taken = minhash.Runs(runs, some_of)
        return cls(
            rows[some_of],
            np.searchsorted(kept, classes[some_of]),
            [spelt[one] for one in kept.tolist()],
            matrix(some["label_vector"][some_of]),
            taken.of(np.arange(len(some_of))),
            groups[some_of],
        )

    def part(self, rows: Ints) -> _Task:
        """Some of the rows, with the classes that are there."""
        there, classes = np.unique(self.classes[rows], return_inverse=True)
        return _Task(
            self.rows[rows],
            classes,
            [self.names[one] for one in there.tolist()],
            self.vectors[rows],
            minhash.Runs(self.runs, rows).of(np.arange(len(rows))),
            self.groups[rows],
        )

    def parts(self, seed: int) -> Iterator[_Task]:
        """The task, dealt into parts where it is large; near-copies stay together."""
        most = min(_MOST, max(_CELLS // len(self.names), ROWS))
        count = -(-len(self.rows) // most)
        part = folds(self.groups, count, seed, self.classes)
        for number in range(count):
            yield self.part(np.flatnonzero(part == number))


def _classes(labels: pl.Series) -> tuple[list[str], Ints]:
    """The commonest spelling of each class, and the class of each label.

    Case and the stop at the end make no other class.
    """
    frame = labels.alias("label").to_frame().with_columns(key=_plain(pl.col("label")))
    spelt = (
        frame.group_by("key", "label")
        .len()
        .sort("key", "len", "label", descending=[False, True, False])
        .unique("key", keep="first", maintain_order=True)
    )
    keys = spelt.select("key").with_row_index("class")
    classes = frame.join(keys, on="key", how="left", maintain_order="left")["class"]
    return spelt["label"].to_list(), classes.cast(pl.Int64).to_numpy()


def _tasks(frame: pl.DataFrame) -> Iterator[_Task]:
    """The tasks whose answers are a closed set."""
    keyed = frame.select(
        "label_task", key=_plain(pl.col("label_text")), usable=pl.col("label_words").is_not_null()
    )
    sizes = keyed.group_by("label_task", "key").len()
    common = pl.col("len").filter(pl.col("key").is_not_null() & (pl.col("len") >= noise.LEAST))
    tasks = sizes.group_by("label_task").agg(
        rows=pl.col("len").sum(), labelled=common.sum(), classes=common.len()
    )
    closed = tasks.filter(
        (pl.col("rows") >= ROWS)
        & (pl.col("labelled") >= CLOSED * pl.col("rows"))
        & (pl.col("classes") > 1)
        & (pl.col("labelled") >= ROWS_A_LABEL * pl.col("classes"))
    )
    found = keyed.with_row_index("row").filter(
        pl.col("usable") & pl.col("label_task").is_in(closed["label_task"].implode())
    )
    for _, rows in found.group_by("label_task", maintain_order=True):
        task = _Task.of(frame, rows["row"].cast(pl.Int64).to_numpy())
        if task is not None:
            yield task


def _whole(frame: pl.DataFrame, field: str) -> Iterator[_Task]:
    """All rows that have a label in the field that the user named.

    Raises:
        UsageError: no row has one, or nothing can be learnt from those that are there.
    """
    if frame["label_text"].null_count() == frame.height:
        raise UsageError(f"--label-field {field}: no record has a label in this field")
    labelled = pl.col("label_words").is_not_null() & pl.col("label_text").is_not_null()
    rows = frame.select(labelled.arg_true()).to_series()
    task = _Task.of(frame, rows.cast(pl.Int64).to_numpy())
    if task is None:
        raise UsageError(
            f"--label-field {field}: labels are judged by other rows with the same one; there are "
            f"no two labels with {noise.LEAST} different texts each"
        )
    yield task


def _judge(task: _Task, found: _Found, settings: Settings, votes: noise.Votes | None) -> None:
    """Put down what the rows of a task say about each other's labels."""
    for part in task.parts(settings.seed):
        if len(part.names) < 2:  # noqa: PLR2004 - nothing to take one for
            continue
        texts = noise.Texts(part.vectors, part.runs, part.groups)
        judged = noise.judge(texts, part.classes, settings.seed)
        if judged.gain < LEAST_GAIN:
            continue
        score, suggested = judged.score, judged.better
        if votes is not None:
            score, suggested = noise.consensus(
                votes.of(part.rows, [noise.plain(one) for one in part.names]), judged, part.classes
            )
        classes = np.stack([part.classes, suggested, judged.sure])
        found.put(part.rows, part.names, score, classes)


class _Found:
    """The columns of `label_noise`, filled task by task."""

    def __init__(self, height: int) -> None:
        self.score = np.full(height, np.nan)
        self.classes = np.full((3, height), -1)  # given, suggested, sure: places in `names`
        self.names: list[str] = []

    def put(self, rows: Ints, names: list[str], score: Floats, classes: Ints) -> None:
        """What was found for some rows; -1 in `classes` is none."""
        self.score[rows] = score
        self.classes[:, rows] = np.where(classes < 0, -1, classes + len(self.names))
        self.names += names

    def frame(self) -> pl.DataFrame:
        """The columns."""
        names = pl.Series([*self.names, None], dtype=pl.String)  # -1 is the last one
        given, suggested, sure = (
            names.gather(np.where(row < 0, len(self.names), row)) for row in self.classes
        )
        return pl.DataFrame(
            {
                "label_given": given,
                "label_noise_score": pl.Series(self.score).fill_nan(None),
                "suggested_label": suggested,
                "label_sure": sure,
            }
        )
