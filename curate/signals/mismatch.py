"""Answers that belong to another question: what a swap of columns or a shifted row leaves behind.

`curate.learn.matching` learns from the file itself which questions and answers go together, and
judges each row by the rows of other folds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from curate.dedup import alike
from curate.embed import NONE, matrix
from curate.learn.linear import folds
from curate.learn.matching import Matched, Side, limits, match
from curate.registry import signal

if TYPE_CHECKING:
    from curate.config import Settings
    from curate.dedup.minhash import Ints
    from curate.learn.linear import Floats

# Rows from which on a file can teach what goes together.
ROWS = 300
# How often a true pair must come before a shuffled one for the file's models to be believed.
LEAST_WORTH = 0.9
_MOST = 60_000  # rows that are judged together; 500 MB. More say nothing new

# What kinds of questions, and of answers, look like. Which of them go together is learnt.
_ASKED = (
    r"(?i)^(?:what|which)\b",
    r"(?i)^who(?:se)?\b",
    r"(?i)^when\b",
    r"(?i)^how\b",
    r"(?i)^why\b",
    r"(?i)^(?:is|are|do|does|can|did|should|was|will)\b",
    r"(?i)\b(?:list|name|give|suggest|generate|provide)\b",
    r"(?i)\b(?:code|function|program|script|python|sql|html|regex|algorithm|query)\b",
    r"(?i)\b(?:translate|spanish|french|german|italian|chinese|japanese)\b",
    r"(?i)\b(?:classify|categor|identify|determine|decide|tell whether)",
    r"(?i)\b(?:rewrite|edit|correct|convert|transform|change|rephrase|paraphrase|fix)\b",
    r"(?i)\b(?:summari|sum up|condense)",
    r"(?i)\b(?:story|poem|song|haiku|dialogue|joke|essay|speech|letter|email)\b",
    r"(?i)\b(?:calculate|compute|solve|sum|how many|how much|equation|area|number)\b",
    r"(?i)\bsentence\b",
    r"(?i)\b(?:describe|explain|discuss|analy|compare)",
    r"\n\n",
    r"\d",
    r"\?",
    r"(?i)\b(?:one|a single) (?:word|sentence)\b",
    r"[^\x00-\x7f]",
    r"(?i)\b(?:two|three|four|five|six|ten|\d+)\b",
    r"(?i)\b(?:synonym|antonym|adjective|word|rhyme)",
    r"(?i)\b(?:create|write|compose|design|develop|construct)\b",
    '"',
)
_TOLD = (
    r"^\s*[-*•]|\n\s*[-*•] ",
    r"(?m)^\s*\d+[.)]",
    r"```|def |return |;\n|\{|</",
    r"(?i)^\W*(?:yes|no)\b",
    r"\?",
    r"^\W*[\d.,$%]+\W*$",
    r"\n",
    r"[^\x00-\x7f]",
    '^["“]',
    r"\b(?:I|my)\b",
    r"(?i)\byou\b",
    r"^\w+\W*$",
    r"^[^.!?\n]*$",
    r":\n",
    "!",
    "=",
    r"\d{4}",
    r"^(?:The|This|A|An) ",
    r"\b(?:he|she|was)\b",
)


@signal(
    columns={
        "prompt_form": "what kind of question it looks like, a bit a kind; null without an "
        "embedder, when nothing reads it",
        "response_form": "what kind of answer it looks like, a bit a kind; null likewise",
    },
    needs=("prompt", "response"),
    transient=True,
    settings=("embedder",),
)
def forms(frame: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Look for the marks of each kind; 0.3 CPU-s for 52,002 rows that only `mismatch` reads."""
    if settings.embedder == NONE:
        null = pl.lit(None, pl.UInt32)
        unread = frame.with_columns(prompt_form=null, response_form=null)
        return unread.select("prompt_form", "response_form")
    return frame.select(
        _bits("prompt", _ASKED).alias("prompt_form"),
        _bits("response", _TOLD).alias("response_form"),
    )


def _bits(column: str, kinds: tuple[str, ...]) -> pl.Expr:
    text = pl.col(column).fill_null("")
    return pl.sum_horizontal(
        text.str.contains(kind).cast(pl.UInt32) * 2**at for at, kind in enumerate(kinds)
    ).cast(pl.UInt32)


@signal(
    columns={
        "mismatch_score": "how likely the answer is its question's own, by what goes together in "
        "the rest of the file: 1 = surely, below 0.5 = likelier another question's, of which there "
        "are none in a file without a sign of such; null without question or answer, for labels of "
        f"a classification, and where the file has fewer than {ROWS} other rows or does not show "
        "what goes together",
        "mismatch_share": "the share of the file's answers that are another question's, as "
        "estimated: the same for all rows that are judged together; 0 = no sign of any; null where "
        "`mismatch_score` is",
    },
    needs=(
        *("prompt_vector", "response_vector", "prompt_form", "response_form"),
        *("prompt_words", "response_words", "prompt_length", "response_length"),
        *("prompt_wording", "near_duplicate_of", "id", "label_given"),
    ),
    scope="corpus",
    settings=("embedder", "label_field", "seed"),
)
def mismatch(frame: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Judge each pair by the pairs of the same file."""
    score, share = np.full((2, frame.height), np.nan)
    open_ended = pl.lit(value=True) if settings.label_field else pl.col("label_given").is_null()
    speaks = pl.col("prompt_vector").is_not_null() & pl.col("response_vector").is_not_null()
    rows = frame.select((speaks & open_ended).arg_true()).to_series().cast(pl.Int64).to_numpy()
    groups = _groups(frame[rows])
    count = max(-(-len(rows) // _MOST), 1)
    part = folds(groups, count, settings.seed)
    for number in range(count):
        which = np.flatnonzero(part == number)
        found = _match(frame[rows[which]], groups[which], settings.seed)
        if found is not None and found.worth >= LEAST_WORTH:
            score[rows[which]] = found.score
            share[rows[which]] = found.share
    made = pl.DataFrame({"mismatch_score": score, "mismatch_share": share})
    return made.with_columns(pl.all().fill_nan(None))


class Estimate(NamedTuple):
    """The share of a file's answers that are another question's.

    Attributes:
        share: 0 = no sign of any.
        low, high: of the interval that holds 90 % of it.
        judged: rows that it rests on.
    """

    share: float
    low: float
    high: float
    judged: int


def estimate(scores: pl.DataFrame) -> Estimate | None:
    """The share that a run's scores hold; None where no answers were judged."""
    if "mismatch_share" not in scores.columns:
        return None
    shares = scores["mismatch_share"].drop_nulls().to_numpy()
    if not len(shares):
        return None
    share = float(shares.mean())
    return Estimate(share, *limits(share, len(shares)), len(shares))


def _match(frame: pl.DataFrame, groups: Ints, seed: int) -> Matched | None:
    """None where there are too few different rows to learn from."""
    if len(np.unique(groups)) < ROWS:
        return None
    return match(_side(frame, "prompt", _ASKED), _side(frame, "response", _TOLD), groups, seed)


def _side(frame: pl.DataFrame, name: str, kinds: tuple[str, ...]) -> Side:
    bits = frame[f"{name}_form"].to_numpy()[:, None]
    has: Floats = ((bits >> np.arange(len(kinds))) & 1).astype(np.float32)
    return Side(
        matrix(frame[f"{name}_vector"]),
        has,
        frame[f"{name}_length"].cast(pl.Int64).to_numpy(),
        frame[f"{name}_words"].explode().to_numpy(),
    )


def _groups(frame: pl.DataFrame) -> Ints:
    """Rows with the same question, and near-copies, have the same number."""
    rows = frame.with_row_index("row").select(
        pl.col("row").cast(pl.Int64),
        asked=pl.col("row").min().over("prompt_wording").cast(pl.Int64),
        near=pl.col("row").min().over(pl.coalesce("near_duplicate_of", "id")).cast(pl.Int64),
    )
    own = rows["row"].to_numpy()
    left, right = np.concatenate([own, own]), np.concatenate([rows["asked"], rows["near"]])
    apart = left != right
    return alike.components(left[apart], right[apart], frame.height)
