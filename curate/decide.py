"""Decisions are cheap: which rules hit, and what becomes of each row. No text is read here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from curate.errors import RuleError
from curate.evidence import places
from curate.ledger import open_ledger
from curate.match import SCHEMA
from curate.rule import condition

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from curate.rule import Rule

FINDINGS = {
    "row": pl.UInt32,  # position among the scored rows
    "id": pl.String,
    "code": pl.String,
    "action": pl.String,
    "severity": pl.String,
    "column": pl.String,  # the signal column, or null where text was matched
    "value": pl.String,
    "threshold": pl.Float64,
    "twin": pl.String,
    "turn": pl.UInt32,
    "start": pl.UInt32,  # without a turn: in the field that the rule names, or the rejected answer
    "end": pl.UInt32,
}
MIN_SUSPECT_HITS = 20  # below this a large share says more about the file than about the rule
_SEVERITY = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True)
class Decision:
    """What was decided.

    Attributes:
        findings: a row a rule and record that it hits (`FINDINGS`).
        ledger: a row a scored record (`curate.ledger.LEDGER`).
        suspects: drop rules that hit too many rows to be believed, with their share; they flag.
    """

    findings: pl.DataFrame
    ledger: pl.DataFrame
    suspects: dict[str, float]


def decide(
    scores: pl.DataFrame,
    matches: pl.DataFrame,
    rules: Mapping[str, Rule],
    edited: pl.DataFrame | None = None,
) -> Decision:
    """Decide every scored row.

    A row is dropped if a drop rule hits it. Rules that take two rows (duplicates) judge last, and
    never drop a row whose twin another rule has dropped: the first such row is kept in its stead.

    Args:
        scores: a row a record, with every column that the rules read.
        matches: what patterns found (`curate.match.SCHEMA`).
        rules: the rules of this run, by code.
        edited: findings of the edit rules, which were applied before the scoring.
    """
    asked = [rule for rule in rules.values() if rule.action != "edit"]
    found = matches.partition_by("code", as_dict=True)
    held = _held(scores, asked)
    located = _first_places(scores)
    hits = [
        _hits(rows, found.get((rule.code,), located.get((rule.evidence,))), rule)
        for rule in asked
        if not (rows := _candidates(scores, held, found, rule)).is_empty()
    ]
    findings = pl.concat([pl.DataFrame(schema=FINDINGS), *hits])
    suspects = _suspects(findings, rules, scores.height)
    findings = findings.with_columns(
        pl.when(pl.col("code").is_in(list(suspects)))
        .then(pl.lit("flag"))
        .otherwise("action")
        .alias("action")
    )
    findings = _spare_heirs(findings, rules)
    if edited is not None:
        findings = pl.concat([findings, edited.select(FINDINGS.keys())])
    findings = _in_order(findings)
    return Decision(findings, open_ledger(scores, findings), suspects)


def _held(scores: pl.DataFrame, rules: Iterable[Rule]) -> pl.DataFrame:
    """For each rule with a condition a column that says which rows it holds for; one query.

    Raises:
        RuleError: a condition that compares unlike things, or says neither yes nor no.
    """
    asked = {
        rule.code: condition(rule.when, scores.columns, rule.threshold).alias(rule.code)
        for rule in rules
        if rule.when is not None
    }
    try:
        held = scores.select(asked.values())
    except pl.exceptions.PolarsError:
        for code, test in asked.items():
            _try(scores, code, test)
        raise
    for code, dtype in held.schema.items():
        if dtype != pl.Boolean:
            raise RuleError(f"{code}: when: neither true nor false but {dtype}; compare it")
    return held


def _try(scores: pl.DataFrame, code: str, test: pl.Expr) -> None:
    try:
        scores.select(test)
    except pl.exceptions.PolarsError as error:
        raise RuleError(f"{code}: when: {str(error).splitlines()[0]}") from None


def _candidates(
    scores: pl.DataFrame,
    held: pl.DataFrame,
    found: Mapping[tuple[object, ...], pl.DataFrame],
    rule: Rule,
) -> pl.DataFrame:
    """The scored rows for which a rule's condition holds, or at which its patterns point."""
    if rule.match and (rule.code,) not in found:
        return scores.clear().with_row_index("row")
    rows = scores.with_row_index("row")
    return rows.filter(held[rule.code]) if rule.when is not None else rows


def _first_places(scores: pl.DataFrame) -> Mapping[tuple[object, ...], pl.DataFrame]:
    """Where the first of what each column shows stands, in the columns of `SCHEMA`."""
    first = places(scores).unique(("row", "column"), keep="first", maintain_order=True)
    laid_out = first.rename({"column": "code"}).with_columns(pl.lit(None, pl.String).alias("value"))
    return laid_out.select(SCHEMA.keys()).partition_by("code", as_dict=True)


def _hits(rows: pl.DataFrame, where: pl.DataFrame | None, rule: Rule) -> pl.DataFrame:
    """The rows that one rule hits, with the evidence."""
    evidence, twin = rule.evidence, rule.twin
    found = rows.select(
        "row",
        "id",
        (pl.col(evidence).cast(pl.String) if evidence else pl.lit(None, pl.String)).alias("seen"),
        (pl.col(twin) if twin else pl.lit(None, pl.String)).alias("twin"),
    )
    places = pl.DataFrame(schema=SCHEMA) if where is None else where
    found = found.join(
        places.drop("code"), on="row", how="inner" if rule.match else "left", maintain_order="left"
    )
    return found.select(
        "row",
        "id",
        pl.lit(rule.code).alias("code"),
        pl.lit(rule.action).alias("action"),
        pl.lit(rule.severity).alias("severity"),
        pl.lit(evidence, pl.String).alias("column"),
        pl.coalesce("value", "seen").alias("value"),
        pl.lit(rule.threshold, pl.Float64).alias("threshold"),
        "twin",
        "turn",
        "start",
        "end",
    )


def _suspects(findings: pl.DataFrame, rules: Mapping[str, Rule], height: int) -> dict[str, float]:
    counts = findings.filter(pl.col("action") == "drop").group_by("code").len().sort("code")
    return {
        code: hits / height
        for code, hits in counts.iter_rows()
        if hits >= MIN_SUSPECT_HITS and hits / height > rules[code].suspect_above
    }


def _spare_heirs(findings: pl.DataFrame, rules: Mapping[str, Rule]) -> pl.DataFrame:
    """Let no row go as the copy of one that goes for another reason.

    Of exact copies the first that is left becomes the heir: it is kept, and the others name it.
    Near copies all stay, for they were compared with their twin and not with each other.
    """
    exact = [code for code, rule in rules.items() if rule.twin and rule.twin == rule.evidence]
    pairs = [code for code, rule in rules.items() if rule.twin]
    drops = pl.col("action") == "drop"
    alone = findings.filter(drops & ~pl.col("code").is_in(pairs))["id"].unique().implode()
    orphan = (
        drops
        & pl.col("code").is_in(pairs)
        & pl.col("twin").is_in(alone)
        & ~pl.col("id").is_in(alone)
    )
    orphans = findings.filter(orphan)
    if orphans.is_empty():
        return findings
    heirs = orphans.group_by("code", "twin").agg(pl.col("id").sort_by("row").first().alias("heir"))
    findings = findings.join(heirs, on=["code", "twin"], how="left", maintain_order="left")
    copy = orphan & pl.col("code").is_in(exact) & (pl.col("heir") != pl.col("id"))
    return findings.with_columns(
        pl.when(orphan & ~copy).then(pl.lit("flag")).otherwise("action").alias("action"),
        pl.when(copy).then("heir").otherwise("twin").alias("twin"),
    ).select(FINDINGS.keys())


def _in_order(findings: pl.DataFrame) -> pl.DataFrame:
    """By row; within a row what decides comes first: drops, then lone rules, then the gravest."""
    return findings.sort(
        "row",
        pl.col("action").replace_strict({"drop": 0, "edit": 1, "flag": 2}, return_dtype=pl.Int8),
        pl.col("twin").is_not_null(),
        pl.col("severity").replace_strict(_SEVERITY, return_dtype=pl.Int8),
        "code",
    )
