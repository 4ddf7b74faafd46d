"""What kinds of tasks a file sets: groups of its instructions, each with a name that can be read.

Instructions are embedded and grouped by k-means (`curate.learn.kmeans`: the same groups on any
number of threads). Nothing in real files says how many groups there are: the silhouette rises with
every further one, and two halves of a file agree no better on 8 than on 48 (docs/log.md). So their
number follows from the rows, `k = sqrt(rows / 50)`, from 2 to 64: few enough to be read, and as
many as there are classes in the sets here that know theirs (7 of SNIPS, 8 of Dolly).

A group is named after its leading words by c-TF-IDF (Grootendorst 2022, arXiv 2203.05794): how many
of its instructions have a word, times the logarithm of how much rarer the word is elsewhere.
"""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from curate.embed import column, embedder, matrix
from curate.learn.kmeans import kmeans, nearest, whole
from curate.registry import signal

if TYPE_CHECKING:
    from typing import Any

    from curate.config import Settings
    from curate.dedup.minhash import Ints
    from curate.embed import Vectors

MIN_FILE = 100  # rows with an instruction; of fewer no groups are made
FEWEST, MOST, ROWS_A_GROUP = 2, 64, 50
# Of a larger file so many instructions are grouped, and all rows go to the nearest centre.
SAMPLE = 8192
TERMS = 3
# What a task is said to take: 500 to 1,000 rows, 3,000 to 10,000, or more. That is folklore, so a
# group is placed on the ladder and not judged by it.
LADDER = (500, 3_000, 10_000)
NEAR_EMPTY = 0.1  # of an even share, and below the ladder
_WORD = r"[\p{L}\p{M}][\p{L}\p{M}'-]+"


@signal(
    columns={"instruction_vector": "the first user turn without its input, as a unit vector"},
    needs=("instruction",),
    transient=True,
    settings=("embedder",),
)
def instruction_vectors(frame: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Embed what is asked, apart from the material that it is asked about."""
    made = column("instruction_vector", frame["instruction"], embedder(settings.embedder))
    return pl.DataFrame([made])


@signal(
    columns={
        "task": "the row's kind of task, by the leading words of all instructions like its own; "
        f"null without an instruction, and in a file of fewer than {MIN_FILE}",
        "task_number": "number of that kind, the one with most rows first; null likewise",
    },
    needs=("instruction", "instruction_vector"),
    scope="corpus",
    settings=("seed",),
)
def tasks(frame: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Group the instructions by what they mean, and name the groups."""
    there = frame["instruction_vector"].is_not_null().arg_true()
    number = np.full(frame.height, -1, np.int64)
    if len(there) >= MIN_FILE:
        points = whole(matrix(frame["instruction_vector"].gather(there)))
        number[there.to_numpy()] = _by_size(_grouped(points, settings.seed))
    numbered = pl.Series("task_number", number).replace(-1, None)
    named = names(frame["instruction"], numbered)
    task = numbered.replace_strict(named, return_dtype=pl.String).alias("task")
    return pl.DataFrame([task, numbered + 1])


def groups_of(rows: int) -> int:
    """How many groups so many rows are put into."""
    return min(max(isqrt(rows // ROWS_A_GROUP), FEWEST), MOST)


def _grouped(points: Vectors, seed: int) -> Ints:
    """The group of each point, by number."""
    lots = np.random.default_rng(seed).permutation(len(points))
    centres = kmeans(points[np.sort(lots[:SAMPLE])], groups_of(len(points)), seed)
    return nearest(points, centres)[0]


def _by_size(group: Ints) -> Ints:
    """The same groups, numbered from 0 by falling size; of equal ones the earlier row's first."""
    _, first, which, size = np.unique(
        group, return_index=True, return_inverse=True, return_counts=True
    )
    place = np.empty(len(size), np.int64)
    place[np.lexsort((first, -size))] = np.arange(len(size))
    numbered: Ints = place[which]
    return numbered


# --- names --------------------------------------------------------------------------------------


def names(texts: pl.Series, number: pl.Series) -> dict[int, str]:
    """A name for each group of texts: its `TERMS` leading words, more where two have the same."""
    terms = _terms(texts, number)
    found: dict[int, str] = {}
    for group in number.drop_nulls().unique().sort().to_list():
        words = terms.get(group, [])
        takes = range(min(TERMS, len(words)), len(words) + 1)
        tried = (", ".join(words[:size]) for size in takes)
        taken = set(found.values())
        found[group] = next((name for name in tried if name and name not in taken), f"{group + 1}")
    return found


def _terms(texts: pl.Series, number: pl.Series) -> dict[int, list[str]]:
    """Leading words of each group, best first: one a stem, none of the commonest."""
    words = (
        pl.DataFrame({"group": number, "word": texts.str.to_lowercase().str.extract_all(_WORD)})
        .drop_nulls()
        .with_columns(pl.col("word").list.unique())
        .explode("word", empty_as_null=False)
        .filter(~pl.col("word").is_in(_function_words()))
        .group_by("group", "word")
        .agg(pl.len().alias("rows"))
        .with_columns(pl.col("rows").sum().over("word").alias("all"))
        .filter(pl.col("rows") > 1)
    )
    mean = words["rows"].sum() / max(words["group"].n_unique(), 1)
    weight = pl.col("rows") * (1 + mean / pl.col("all")).log()
    ranked = words.with_columns(weight.alias("weight")).sort(
        "group", "weight", "word", descending=[False, True, False]
    )
    first = ranked.with_columns(pl.col("word").str.replace(r"(?:ing|ed|es|s|e)$", "").alias("stem"))
    first = first.unique(("group", "stem"), keep="first", maintain_order=True)
    listed = first.group_by("group", maintain_order=True).agg(pl.col("word").head(4 * TERMS))
    return dict(listed.iter_rows())


def _function_words() -> list[str]:
    from curate.signals.knowledge import FUNCTION, commonest

    return commonest(FUNCTION)


# --- the figure ---------------------------------------------------------------------------------


def figure(scores: pl.DataFrame) -> dict[str, Any] | None:
    """What the report says about tasks; None where scores have no `task`.

    Keys: `groups`, largest first (number, name, rows, share, `rung` between two steps of the
    ladder, `near_empty`); `without`, the rows that are in none; `ladder`; `how`, in words.
    """
    if "task" not in scores.columns or not scores["task"].count():
        return None
    counts = scores.drop_nulls("task").group_by("task_number", "task").len().sort("task_number")
    total = int(counts["len"].sum())
    groups = [
        {
            "number": number,
            "name": name,
            "rows": rows,
            "share": rows / total,
            "rung": _rung(rows),
            "near_empty": rows < LADDER[0] and rows < NEAR_EMPTY * total / counts.height,
        }
        for number, name, rows in counts.iter_rows()
    ]
    return {
        "groups": groups,
        "without": scores.height - total,
        "ladder": list(LADDER),
        "how": f"k-means over the embedded instructions; k = sqrt(rows / {ROWS_A_GROUP}), "
        f"from {FEWEST} to {MOST}; named by c-TF-IDF",
    }


def _rung(rows: int) -> str:
    """Between which steps of the ladder so many rows stand."""
    below = [step for step in LADDER if step <= rows]
    above = [step for step in LADDER if step > rows]
    if not below:
        return f"under {above[0]:,}"
    return f"{below[-1]:,} to {above[0]:,}" if above else f"{below[-1]:,} and more"
