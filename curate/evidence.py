r"""Search the turns of a batch in two steps, and say where what was found stands.

A gate (Rust regex, 3 to 30 ms for 104,004 turns of Alpaca) names the few turns worth a look; a
Python function then looks at each of these. Signals that need checksums or context are made so.
A gate without word boundaries: with `\b`, Rust falls back to an engine of a tenth of the speed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from copy import copy

import polars as pl

from curate.match import EVIDENCE_CHARS

Find = Callable[[str], Iterable[str]]
Hit = tuple[int, str, int | None, str]  # row, place, turn, what is shown

NEEDS = ("roles", "texts", "rejected")
SHOWN = 5  # finds of a row that are shown; a log file full of addresses needs no more


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
    ) -> pl.Series:
        """What `find` finds in the turns that pass the gate.

        Args:
            gate: Rust regex that every turn with a find matches; "" where `narrowed` did it.
            find: text of a turn -> what is shown as evidence, already masked if it is secret.
            about: Rust regex; a row of which one turn matches it speaks of such things and is
                left alone.
            asked: Python regex; a turn is left alone if what the user said last before it matches.

        Returns:
            Text like `user 1: jo…om, an…rg`, null where nothing was found.
        """
        passed = self._turns
        if gate:
            passed = passed.filter(pl.col("text").str.contains(gate))
        if about is not None and not passed.is_empty():
            passed = self._not_about(passed, about)
        hits: list[Hit] = []
        for row, place, text, turn in passed.select("row", "place", "text", "turn").iter_rows():
            shown = list(dict.fromkeys(find(text)))[:SHOWN]
            if shown:
                hits.append((row, place, turn, ", ".join(shown)))
        if asked is not None:
            hits = self._unasked(hits, asked)
        found: dict[int, list[str]] = {}
        for row, place, turn, shown_text in hits:
            where = place if turn is None else f"{place} {turn}"
            found.setdefault(row, []).append(f"{where}: {shown_text}")
        values = ["; ".join(parts)[:EVIDENCE_CHARS] for parts in found.values()]
        empty = pl.Series([None], dtype=pl.String).new_from_index(0, self.height)
        return empty.scatter(list(found), pl.Series(values, dtype=pl.String))

    def _not_about(self, passed: pl.DataFrame, about: str) -> pl.DataFrame:
        rows = passed["row"].unique().implode()
        spoken = self._all.filter(pl.col("row").is_in(rows) & pl.col("text").str.contains(about))
        return passed.filter(~pl.col("row").is_in(spoken["row"].unique().implode()))

    def _unasked(self, hits: list[Hit], asked: str) -> list[Hit]:
        """The hits before which the user said nothing of the kind."""
        rows = pl.Series([row for row, *_ in hits], dtype=pl.UInt32).implode()
        users = self._all.filter(pl.col("row").is_in(rows) & (pl.col("place") == "user"))
        said: dict[int, list[tuple[int, str]]] = {}
        for row, turn, text in users.select("row", "turn", "text").iter_rows():
            said.setdefault(row, []).append((turn, text))
        return [
            hit for hit in hits if not re.search(asked, _question(said.get(hit[0], []), hit[2]))
        ]


def _question(said: list[tuple[int, str]], turn: int | None) -> str:
    """What the user said last before this turn; of a rejected answer, last of all."""
    before = [text for at, text in said if turn is None or at < turn]
    return before[-1] if before else ""
