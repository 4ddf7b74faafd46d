r"""Search the turns of a batch in two steps, and say where what was found stands.

A gate (Rust regex, 3 to 30 ms for 104,004 turns of Alpaca) names the few turns worth a look; a
Python function then looks at each of these. Signals that need checksums or context are made so.
A gate without word boundaries: with `\b`, Rust falls back to an engine of a tenth of the speed.

The function yields `Found`: a stretch of the turn and how it may be shown. `located` lays out the
evidence as texts, a column a kind, and the places in a column of their own (`PLACES`), so that
findings have a span, and a secret can be masked where it stands instead of with its whole row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from curate.text.answers import refers_back
from curate.text.mask import mask

NEEDS = ("roles", "texts", "rejected")
EVIDENCE_CHARS = 200
SHOWN = 5  # finds of a row that are shown; a log file full of addresses needs no more

PLACE = pl.Struct(
    {
        "column": pl.String,  # the evidence that it belongs to
        "turn": pl.UInt32,  # 1-based; null in the rejected answer
        "start": pl.UInt32,  # characters from the start of the turn
        "end": pl.UInt32,
    }
)
PLACES = pl.List(PLACE)  # null where nothing was found
WHERE = "where in the row each of these was found: evidence column, turn, start and end"


class Found(NamedTuple):
    """Something found in a text.

    Attributes:
        start: in characters.
        end: behind its last character.
        shown: as evidence; masked if it is secret.
    """

    start: int
    end: int
    shown: str


Find = Callable[[str], Iterable[Found]]


def seen(found: re.Match[str]) -> Found:
    """What a pattern has found, without white space around it."""
    text = found[0].strip()
    start = found.start() + found[0].index(text)
    return Found(start, start + len(text), text)


def secret(found: re.Match[str], group: str | int = 0) -> Found:
    """What a pattern has found, or a group of it, to be masked."""
    return Found(*found.span(group), mask(found[group]))


class _Hit(NamedTuple):
    row: int
    role: str
    turn: int | None
    finds: list[Found]


@dataclass(frozen=True)
class Finds:
    """What was found in a batch.

    Attributes:
        height: rows of the batch.
        hits: by row, turn by turn.
    """

    height: int
    hits: Mapping[int, list[_Hit]]

    def otherwise(self, other: Finds) -> Finds:
        """These, and the other's for rows in which there is none of these."""
        return Finds(self.height, {**other.hits, **self.hits})

    def evidence(self) -> pl.Series:
        """Text like `user 1: jo…om, an…rg` a row, null where nothing was found."""
        values = ["; ".join(map(_told, hits))[:EVIDENCE_CHARS] for hits in self.hits.values()]
        empty = pl.Series([None], dtype=pl.String).new_from_index(0, self.height)
        return empty.scatter(list(self.hits), pl.Series(values, dtype=pl.String))

    def places(self) -> list[tuple[int, int | None, int, int]]:
        """Row, turn, start and end of each find."""
        return [
            (row, hit.turn, found.start, found.end)
            for row, hits in self.hits.items()
            for hit in hits
            for found in hit.finds
        ]


def _told(hit: _Hit) -> str:
    where = hit.role if hit.turn is None else f"{hit.role} {hit.turn}"
    shown = list(dict.fromkeys(found.shown for found in hit.finds))[:SHOWN]
    return f"{where}: {', '.join(shown)}"


def located(where: str, finds: Mapping[str, Finds]) -> pl.DataFrame:
    """The columns of a signal: the evidence of each kind, and where all of it stands.

    Args:
        where: name of the column of places.
        finds: by column, of one batch.
    """
    flat = [(*place, column) for column, made in finds.items() for place in made.places()]
    schema = {"row": pl.UInt32, **dict.fromkeys(("turn", "start", "end"), pl.UInt32)}
    places = pl.DataFrame(flat, schema={**schema, "column": pl.String}, orient="row")
    by_row = places.group_by("row", maintain_order=True).agg(
        pl.struct(field.name for field in PLACE.fields).alias(where)
    )
    made = pl.DataFrame({column: one.evidence() for column, one in finds.items()})
    return made.with_row_index("row").join(by_row, on="row", how="left").drop("row")


def places(scores: pl.DataFrame) -> pl.DataFrame:
    """Where the evidence of measured rows stands: `row`, and the fields of `PLACE`.

    Args:
        scores: a row a record; its columns of places are found by their type.
    """
    rows = scores.with_row_index("row")
    parts = [
        rows.select("row", place=name).drop_nulls().explode("place").unnest("place")
        for name, dtype in scores.schema.items()
        if dtype == PLACES
    ]
    return pl.concat([pl.DataFrame(schema={"row": pl.UInt32, **dict(PLACE)}), *parts])


class Turns:
    """Every turn of a batch, and the rejected answers of preference pairs."""

    def __init__(self, frame: pl.DataFrame) -> None:
        """Lay out the turns of a frame that has the columns `NEEDS`."""
        self.height = frame.height
        base = frame.with_row_index("row")
        turns = base.select(
            "row",
            pl.col("roles").alias("place"),
            pl.col("texts").alias("text"),
            pl.int_ranges(1, pl.col("texts").list.len() + 1).alias("turn"),
        ).explode("place", "text", "turn", empty_as_null=False)
        rejected = base.filter(pl.col("rejected").is_not_null()).select(
            "row", pl.lit("rejected").alias("place"), pl.col("rejected").alias("text")
        )
        self._all = pl.concat([turns, rejected], how="diagonal") if len(rejected) else turns
        self._turns = self._all

    def narrowed(self, gate: str) -> Turns:
        """The turns that match a gate, for several finds that need it."""
        made = copy(self)
        made._turns = self._turns.filter(pl.col("text").str.contains(gate))  # noqa: SLF001 - its own
        return made

    def answers(self) -> Turns:
        """The answers, rejected ones too."""
        made = copy(self)
        made._turns = self._turns.filter(pl.col("place").is_in(["assistant", "rejected"]))  # noqa: SLF001
        return made

    def find(
        self, gate: str, find: Find, *, about: str | None = None, asked: str | None = None
    ) -> Finds:
        """What `find` finds in the turns that pass the gate.

        Args:
            gate: Rust regex that every turn with a find matches; "" where `narrowed` did it.
            find: text of a turn -> what is in it; of what is there twice the first is kept.
            about: Rust regex; an exchange of which one turn matches it, or the system text, speaks
                of such things and is left alone, and so is the next if it refers back.
            asked: Python regex; a turn is left alone if what the user said last before it matches.
        """
        passed = self._turns
        if gate:
            passed = passed.filter(pl.col("text").str.contains(gate))
        if about is not None and not passed.is_empty():
            passed = self._not_about(passed, about)
        hits: list[_Hit] = []
        for row, role, text, turn in passed.select("row", "place", "text", "turn").iter_rows():
            finds: dict[str, Found] = {}
            for found in find(text):
                finds.setdefault(text[found.start : found.end], found)
            if finds:
                hits.append(_Hit(row, role, turn, list(finds.values())))
        if asked is not None:
            hits = self._unasked(hits, asked)
        by_row: dict[int, list[_Hit]] = {}
        for hit in hits:
            by_row.setdefault(hit.row, []).append(hit)
        return Finds(self.height, by_row)

    def _not_about(self, passed: pl.DataFrame, about: str) -> pl.DataFrame:
        """The turns that passed, without those of an exchange that speaks of such things."""
        rows = passed["row"].unique().implode()
        of_rows = self._all.filter(pl.col("row").is_in(rows)).sort("row", maintain_order=True)
        of_rows = of_rows.with_columns(pl.col("text").str.contains(about).alias("speaks"))
        speaking = of_rows.filter("speaks")["row"].unique().implode()
        excused: set[tuple[int, int | None]] = set()
        for (row,), turns in of_rows.filter(pl.col("row").is_in(speaking)).group_by("row"):
            lists = (turns[name].to_list() for name in ("turn", "place", "text", "speaks"))
            excused.update((int(str(row)), turn) for turn in _spoken_of(*lists))
        left = [
            (row, turn) not in excused for row, turn in passed.select("row", "turn").iter_rows()
        ]
        return passed.filter(pl.Series(left, dtype=pl.Boolean))

    def _unasked(self, hits: list[_Hit], asked: str) -> list[_Hit]:
        """The hits before which the user said nothing of the kind."""
        rows = pl.Series([hit.row for hit in hits], dtype=pl.UInt32).implode()
        users = self._all.filter(pl.col("row").is_in(rows) & (pl.col("place") == "user"))
        said: dict[int, list[tuple[int, str]]] = {}
        for row, turn, text in users.select("row", "turn", "text").iter_rows():
            said.setdefault(row, []).append((turn, text))
        return [
            hit for hit in hits if not re.search(asked, _question(said.get(hit.row, []), hit.turn))
        ]


def _question(said: list[tuple[int, str]], turn: int | None) -> str:
    """What the user said last before this turn; of a rejected answer, last of all."""
    before = [text for at, text in said if turn is None or at < turn]
    return before[-1] if before else ""


def _spoken_of(
    turns: list[int | None], places: list[str], texts: list[str], speaks: list[bool]
) -> set[int | None]:
    """The turns of a row in exchanges of which one turn, or the system text, speaks."""
    exchange, before = 0, "user"
    numbers, told = [], set()
    for place, text, one in zip(places, texts, speaks, strict=True):
        if place == "user" and before != "user":
            exchange += 1
            if exchange - 1 in told and refers_back(text):
                told.add(exchange)
        numbers.append(exchange)
        before = place
        if one:
            told.add(exchange)
        if one and place == "system":
            return set(turns)
    return {turn for turn, number in zip(turns, numbers, strict=True) if number in told}
