"""What the rules' regular expressions find in a batch of rows: facts, kept with the scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from curate.text.answers import questions
from curate.text.evidence import EVIDENCE_CHARS
from curate.text.mask import mask

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from curate.policy.rule import Clause, Place, Rule

ROLES = {"prompt": "user", "response": "assistant", "system": "system", "tool": "tool"}

SCHEMA = {
    "row": pl.UInt32,  # position of the record in the run, 0-based
    "code": pl.String,
    "turn": pl.UInt32,  # 1-based; null where a field that is no turn of its own was looked at
    "start": pl.UInt32,  # characters from the start of the turn; null where nothing is there
    "end": pl.UInt32,
    "value": pl.String,  # the text found, at most EVIDENCE_CHARS characters, masked if secret
}


def match(frame: pl.DataFrame, rules: Iterable[Rule], first_row: int = 0) -> pl.DataFrame:
    """Find what the `match` clauses of the rules find.

    Args:
        frame: a batch, with the base columns of `curate.row.to_frame`.
        rules: those without `match` are passed over.
        first_row: position in the run of the batch's first record.

    Returns:
        A row a rule and record that match, in the columns of `SCHEMA`: where all clauses of the
        rule hold, the first place at which its first `any` clause does.
    """
    base = frame.with_row_index("row", offset=first_row)
    texts = _Texts(base)
    found = [_match_rule(texts, rule, hits) for rule, hits in _looks(texts, rules)]
    return pl.concat([pl.DataFrame(schema=SCHEMA), *found])


class _Texts:
    """The turns of a batch by place, laid out once for all rules."""

    def __init__(self, base: pl.DataFrame) -> None:
        self._base = base
        self._turns: pl.DataFrame | None = None
        self._places: dict[Place, pl.DataFrame] = {}

    def of(self, place: Place) -> pl.DataFrame:
        """The texts of one place: `row`, `turn`, `text`."""
        if place not in self._places:
            self._places[place] = self._lay_out(place)
        return self._places[place]

    def rows(self) -> pl.Series:
        return self._base["row"]

    def asked(self, hits: pl.DataFrame) -> pl.DataFrame:
        """What the answers among these turns reply to: `row`, `turn` (the answer's), `text`."""
        rows = self._base.filter(pl.col("row").is_in(hits["row"].implode()))
        return questions(rows).join(hits.select("row", "turn"), on=("row", "turn"), how="semi")

    def _lay_out(self, place: Place) -> pl.DataFrame:
        if place in ("instruction", "input"):
            return self._base.select(
                "row", pl.lit(None, pl.UInt32).alias("turn"), pl.col(place).alias("text")
            ).drop_nulls("text")
        if self._turns is None:
            self._turns = (
                self._base.select(
                    "row",
                    "roles",
                    pl.col("texts").alias("text"),
                    pl.int_ranges(1, pl.col("texts").list.len() + 1, dtype=pl.UInt32).alias("turn"),
                )
                .explode("roles", "text", "turn", empty_as_null=False)
                .rename({"roles": "role"})
            )
        if place == "any":
            return self._turns.drop("role")
        if place == "last_response":
            last = pl.col("turn") == pl.col("turn").max().over("row")
            return self._turns.filter(last & (pl.col("role") == "assistant")).drop("role")
        return self._turns.filter(pl.col("role") == ROLES[place]).drop("role")


def _looks(texts: _Texts, rules: Iterable[Rule]) -> Iterator[tuple[Rule, pl.DataFrame]]:
    """The rules whose first clause may hold, with the turns in which it finds something.

    All patterns of a place in one query, so that cores share them and a small batch, in which
    nearly all find nothing, costs a millisecond and not one for each rule.
    """
    places: dict[Place, list[Rule]] = {}
    for rule in rules:
        if rule.match:
            places.setdefault(rule.match[0].place, []).append(rule)
    for place, asked in places.items():
        turns = texts.of(place)
        found = turns.select(
            pl.col("text").str.contains(_sought(rule.match[0])).alias(rule.code) for rule in asked
        )
        for rule in asked:
            hits = turns.filter(found[rule.code])
            if rule.match[0].none or not hits.is_empty():
                yield rule, hits


def _sought(clause: Clause) -> str:
    return clause.pattern("any" if clause.any else "none")


def _match_rule(texts: _Texts, rule: Rule, found: pl.DataFrame) -> pl.DataFrame:
    held: pl.Series = texts.rows()
    shows: pl.DataFrame | None = None
    for at, clause in enumerate(rule.match):
        if clause.place == "question" and shows is not None:
            shows = _replying(texts, clause, shows)
            rows = shows["row"].unique()
        else:
            hits = _hits(texts, clause, held) if at else _excused(found, clause)
            rows = hits["row"].unique() if clause.any else _without(held, hits)
            shows = hits if clause.any and shows is None else shows
        held = held.filter(held.is_in(rows.implode())) if at else rows
        if held.is_empty():
            return pl.DataFrame(schema=SCHEMA)
    first = next((clause for clause in rule.match if clause.any), None)
    evidence = _first(shows, first) if first is not None and shows is not None else None
    shown = pl.DataFrame({"row": held}, schema={"row": pl.UInt32})
    shown = shown.with_columns(pl.lit(rule.code).alias("code"))
    if evidence is None:
        return pl.concat([pl.DataFrame(schema=SCHEMA), shown], how="diagonal")
    shown = shown.join(evidence, on="row", how="left").select(SCHEMA.keys())
    if rule.mask:  # the hits are few
        shown = shown.with_columns(pl.col("value").map_elements(mask, return_dtype=pl.String))
    return shown


def _hits(texts: _Texts, clause: Clause, held: pl.Series) -> pl.DataFrame:
    """The turns in which a clause finds something, of the rows that earlier clauses left over."""
    # A second clause often costs ten times the first, which leaves 1 row in 1,000.
    turns = texts.of(clause.place).filter(pl.col("row").is_in(held.implode()))
    return _excused(turns.filter(pl.col("text").str.contains(_sought(clause))), clause)


def _replying(texts: _Texts, clause: Clause, hits: pl.DataFrame) -> pl.DataFrame:
    """The answers among the hits whose question holds to the clause."""
    says = _excused(texts.asked(hits).filter(pl.col("text").str.contains(_sought(clause))), clause)
    return hits.join(says, on=("row", "turn"), how="semi" if clause.any else "anti")


def _excused(hits: pl.DataFrame, clause: Clause) -> pl.DataFrame:
    """Without the turns that `unless` lets off."""
    if not clause.unless or hits.is_empty():
        return hits
    return hits.filter(~pl.col("text").str.contains(clause.pattern("unless")))


def _without(rows: pl.Series, hits: pl.DataFrame) -> pl.Series:
    return rows.filter(~rows.is_in(hits["row"].implode()))


def _first(hits: pl.DataFrame, clause: Clause) -> pl.DataFrame:
    """Where the first hit of each row is, in characters, and what it says."""
    pattern = clause.pattern("any")
    first = hits.unique("row", keep="first", maintain_order=True)
    at = pl.col("text").str.find(pattern)
    found = pl.col("text").str.extract(f"({pattern})", 1).fill_null("")
    before = pl.col("text").cast(pl.Binary).bin.slice(0, at).cast(pl.String).str.len_chars()
    return first.select(
        "row",
        "turn",
        before.cast(pl.UInt32).alias("start"),
        (before + found.str.len_chars()).cast(pl.UInt32).alias("end"),
        found.str.slice(0, EVIDENCE_CHARS).alias("value"),
    )
