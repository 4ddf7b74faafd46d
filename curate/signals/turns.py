"""The order of a conversation's turns as one short word, so that rules can spell out what is wrong.

A rule asks `turn_order like '%uu%'`: two users in a row. Each turn is a letter:

    s  system            a  assistant, an answer
    u  user              c  assistant, a tool call
    t  tool, a result    x  tool, the result of a call that no earlier turn made
    m  after the results of several calls: that of one of them is missing
"""

from __future__ import annotations

import re

import polars as pl

from curate.registry import signal

# Calls written into the text of an answer (Hermes, Glaive, Mistral, Llama, ReAct, bare JSON).
_CALL_IN_TEXT = re.compile(
    r"(?is)tool_?calls?\b|function_?calls?\b|<\|python_tag\|>|\baction\s*:|```(?:tool|json)"
    r"|^\s*[\[{].*[\]}]\s*$"
)

# What shows nothing: white space, zero-width characters, direction marks, soft hyphens, fillers.
_NOTHING = (
    r"^[\s\x{ad}\x{34f}\x{61c}\x{115f}\x{1160}\x{180e}\x{200b}-\x{200f}\x{202a}-\x{202e}"
    r"\x{2060}-\x{206f}\x{2800}\x{3164}\x{fe00}-\x{fe0f}\x{feff}\x{ffa0}\x00-\x1f\x7f]*$"
)


@signal(
    columns={
        "turn_order": "a letter a turn: s system, u user, a answer, c tool call, t tool result, "
        "x result of a call that nobody made, m a result that is missing",
        "blank_turns": "turns that show nothing, as role and number (`user 3`; `user 3 (empty)` if "
        "without white space too), but for answers and the first user's; null where there are none",
        "learned_turns": "answers whose weight is not 0; null where no turn has a weight",
    },
    needs=("roles", "texts", "calls", "weights"),
)
def turns(frame: pl.DataFrame) -> pl.DataFrame:
    """Lay out who speaks when, and who says nothing."""
    order = pl.col("roles").list.eval(pl.element().str.head(1)).list.join("")
    plain = frame.select(order.alias("turn_order"))["turn_order"]
    calling = frame["calls"].list.drop_nulls().list.len() > 0
    return pl.DataFrame(
        {
            "turn_order": _with_calls(frame, plain, calling),
            "blank_turns": _blank(frame, plain),
            "learned_turns": _learned(frame),
        }
    )


def _with_calls(frame: pl.DataFrame, plain: pl.Series, calling: pl.Series) -> pl.Series:
    """Tell calls from answers and stray results from others in the few rows that have any."""
    rows = calling.arg_true()
    if rows.is_empty():
        return plain
    spelled = [
        _spell(*turns) for turns in frame[rows].select("roles", "texts", "calls").iter_rows()
    ]
    return plain.scatter(rows, pl.Series(spelled, dtype=pl.String))


def _spell(roles: list[str], texts: list[str], calls: list[str | None]) -> str:
    letters = []
    made: set[str] = set()
    waiting: set[str] = set()  # calls of the last turn that called, some of which are answered
    following = [*roles[1:], None]
    for role, text, ids, after in zip(roles, texts, calls, following, strict=True):
        if role == "assistant" and ids is not None:
            waiting = set(ids.split())
            made |= waiting
            letters.append("c")
        elif role == "assistant" and after == "tool" and _CALL_IN_TEXT.search(text):
            letters.append("c")
        elif role == "tool" and ids and made and ids not in made:
            letters.append("x")
        else:
            letters.append(role[0])
        if role == "tool" and ids:
            waiting.discard(ids)
            if waiting and after != "tool":
                letters.append("m")
    return "".join(letters)


def _learned(frame: pl.DataFrame) -> pl.Series:
    """The answers that a loss is taken of, in the few rows that say so."""
    weighed = (frame["weights"].list.drop_nulls().list.len() > 0).arg_true()
    turns = (
        frame.select("roles", "weights")[weighed]
        .with_columns(weighed.alias("row"))
        .explode("roles", "weights", empty_as_null=False)
    )
    learned = (pl.col("roles") == "assistant") & (pl.col("weights").fill_null(1) != 0)
    counts = turns.group_by("row", maintain_order=True).agg(learned.sum().cast(pl.Int64))
    return (
        pl.Series([None], dtype=pl.Int64)
        .new_from_index(0, frame.height)
        .scatter(counts["row"], counts["roles"])
    )


def _blank(frame: pl.DataFrame, order: pl.Series) -> pl.Series:
    """The turns without a visible character; 52k rows of Alpaca have their first user's only."""
    some = (order != "ua").arg_true()
    turns = (
        frame.select("roles", "texts")[some]
        .with_columns(
            some.alias("row"), pl.int_ranges(1, pl.col("roles").list.len() + 1).alias("turn")
        )
        .explode("roles", "texts", "turn", empty_as_null=False)
    )
    first = pl.int_range(pl.len()).over("row", "roles") == 0
    others = (pl.col("roles") != "assistant") & ~((pl.col("roles") == "user") & first)
    blank = (
        turns.filter(others)
        .filter(pl.col("texts").str.contains(_NOTHING))
        .group_by("row", maintain_order=True)
        .agg(_named_turn().str.join(", ").alias("blank"))
    )
    return (
        pl.Series([None], dtype=pl.String)
        .new_from_index(0, frame.height)
        .scatter(blank["row"], blank["blank"])
    )


def _named_turn() -> pl.Expr:
    empty = pl.when(pl.col("texts") == "").then(pl.lit(" (empty)")).otherwise(pl.lit(""))
    return pl.format("{} {}{}", "roles", "turn", empty)
