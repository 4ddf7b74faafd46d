"""How alike the answers of a dataset are in manner: openings, closings, stock phrases.

A model that learns from answers which all open the same way opens so ever after. What is usual is
told beside: the same figures of answers that people wrote.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

OPENING_WORDS = 3
SHOWN = 10
LEAST = 50  # answers; of fewer nothing is told

# What chat models say again and again, in families: each a pattern over an answer.
FAMILIES: Mapping[str, str] = {
    "assurance": r"(?i)^\W*(?:certainly|absolutely|of course|sure|great question)\b",
    "here is": r"(?i)^\W*(?:\w+[!,.] )?(?:here(?:'s| is| are)|below (?:is|are))\b",
    "important to note": r"(?i)\b(?:important|worth|crucial|essential) to (?:note|remember|mention)"
    r"|\bworth noting|\bkeep in mind that\b|\bnote that it\b",
    "conclusion": r"(?i)(?:^|\n)\W*(?:in (?:conclusion|summary)|to summari[sz]e|overall|ultimately)"
    r"\b",
    "as an AI": r"(?i)\bas an? (?:AI|artificial intelligence|(?:large )?language model)\b",
    "offer of help": r"(?i)\b(?:i hope this helps|let me know if|feel free to|happy to help"
    r"|don't hesitate to)\b",
    "not only but also": r"(?i)\bnot (?:only|just|merely)\b[^.\n]*\bbut\b",
    "crucial role": r"(?i)\b(?:crucial|vital|pivotal|key|important|significant) (?:role|part) in\b",
    "variety": r"(?i)\b(?:a (?:wide )?(?:variety|range|array) of|a testament to|rich tapestry"
    r"|ever-evolving|in today's)\b",
    "delve": r"(?i)\b(?:delv(?:e|es|ing) (?:deep|in)\w*|navigat(?:e|es|ing) the|foster(?:s|ing)? a"
    r"|unlock the|harness(?:es|ing)? the|seamless(?:ly)?|multifaceted|underscores?)\b",
}
# The same figures of people's answers: 1,345 of databricks-dolly (30 words or more, none that
# summarise or quote a given text); `python -m tests.bench.quality monoculture` measures them anew.
PEOPLE: Mapping[str, float] = {
    "openings": 0.00041,
    "closings": 0.00002,
    "stock": 0.0067,
    "assurance": 0.0045,
    "here is": 0.0201,
    "important to note": 0.0037,
    "conclusion": 0.0015,
    "as an AI": 0.0007,
    "offer of help": 0.003,
    "not only but also": 0.006,
    "crucial role": 0.0015,
    "variety": 0.0268,
    "delve": 0.0037,
}


def stock_phrases() -> list[pl.Expr]:
    """For each family whether an answer has it, over a column `response`."""
    return [
        pl.col("response").str.contains(pattern).fill_null(value=False).alias(name)
        for name, pattern in FAMILIES.items()
    ]


def opening(text: pl.Expr) -> pl.Expr:
    """The first words of a text in small letters, without punctuation; null where there are none.

    What is left of the last word, where the head of the text ends in it, does not count.
    """
    return _words(text.str.slice(0, 80)).list.head(OPENING_WORDS).list.join(" ")


def closing(text: pl.Expr) -> pl.Expr:
    """The last words of a text, likewise."""
    return _words(text.str.slice(-80)).list.tail(OPENING_WORDS).list.join(" ")


def _words(text: pl.Expr) -> pl.Expr:
    return text.str.to_lowercase().str.extract_all(r"[\p{L}\p{M}\p{N}']+")


def monoculture(frame: pl.DataFrame) -> dict[str, Any] | None:
    """How concentrated the manner of a dataset is; None under LEAST answers.

    Args:
        frame: `answer_opening`, `answer_closing` and `answer_phrases` of every row, as the signal
            `manner` makes them; null where there is no answer.

    Returns:
        `answers`; `openings` and `closings`, each with `alike` (the chance that two answers drawn
        at random have the same), `top` (the share that the ten most frequent have together) and
        `most` (these, with their shares); `phrases` (family -> share of the answers); `stock`
        (share of the answers with two families or more); `people` (the same of answers that
        people wrote: `alike` of both ends, `stock`, and each family).
    """
    known = frame.filter(pl.col("answer_phrases").is_not_null())
    if known.height < LEAST:
        return None
    families = known["answer_phrases"].explode().drop_nulls().value_counts()
    counts = dict(families.rows())
    return {
        "answers": known.height,
        "openings": _concentration(known["answer_opening"]),
        "closings": _concentration(known["answer_closing"]),
        "phrases": {name: round(counts.get(name, 0) / known.height, 5) for name in FAMILIES},
        "stock": _share(known["answer_phrases"].list.len() >= 2),  # noqa: PLR2004 - one is manner
        "people": dict(PEOPLE),
    }


def _concentration(values: pl.Series) -> dict[str, Any]:
    counted = (
        values.drop_nulls()
        .value_counts(name="count")
        .sort(["count", values.name], descending=[True, False])
    )
    total = max(int(counted["count"].sum()), 1)
    pairs = counted.select((pl.col("count") * (pl.col("count") - 1)).sum()).item()
    most = counted.head(SHOWN)
    return {
        "alike": round(pairs / max(total * (total - 1), 1), 6),
        "top": round(int(most["count"].sum()) / total, 5),
        "most": {text: round(count / total, 5) for text, count in most.rows()},
    }


def _share(which: pl.Series) -> float:
    return round(float(which.mean() or 0), 5)  # type: ignore[arg-type]  # of booleans
