"""What a signal that looks through turns says of answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curate.row import Message, Row, to_frame
from curate.text.evidence import PLACES

if TYPE_CHECKING:
    import polars as pl

    from curate.registry import Signal


def measured(signal: Signal, *answers: str) -> pl.DataFrame:
    """The evidence in each answer to "q", a row an answer."""
    made = _asked(signal, answers)
    return made.select(name for name, dtype in made.schema.items() if dtype != PLACES)


def places(signal: Signal, answer: str) -> dict[str, list[str]]:
    """What stands at the places that a signal names in an answer, by column."""
    made = _asked(signal, [answer])
    (column,) = (name for name, dtype in made.schema.items() if dtype == PLACES)
    found: dict[str, list[str]] = {}
    for place in made[column].to_list()[0] or []:
        assert place["turn"] == 2
        found.setdefault(place["column"], []).append(answer[place["start"] : place["end"]])
    return found


def _asked(signal: Signal, answers: tuple[str, ...] | list[str]) -> pl.DataFrame:
    turns = [(Message("user", "q"), Message("assistant", one)) for one in answers]
    return signal(to_frame([Row(id="1", messages=one, format="alpaca") for one in turns]))
