"""Decisions are cheap: which rules hit, and what becomes of each row. No text is read here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from curate.dedup import twins
from curate.errors import RuleError
from curate.policy.condition import condition
from curate.policy.match import SCHEMA
from curate.policy.rule import UNWANTED
from curate.run.ledger import open_ledger
from curate.text.evidence import places

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from curate.dedup.minhash import Ints, Mask
    from curate.policy.rule import Rule

    Found = Mapping[tuple[object, ...], pl.DataFrame]

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
        ledger: a row a scored record (`curate.run.ledger.LEDGER`).
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

    A row is dropped if a drop rule hits it. Rules that take two rows (duplicates) judge last: which
    of the two stays depends on what hits them otherwise (`curate.dedup.twins`), and none is dropped
    beside a row that is not kept.

    Args:
        scores: a row a record, with every column that the rules read.
        matches: what patterns found (`curate.policy.match.SCHEMA`).
        rules: the rules of this run, by code.
        edited: findings of the edit rules, which were applied before the scoring.
    """
    asked = [rule for rule in rules.values() if rule.action != "edit"]
    found = matches.partition_by("code", as_dict=True)
    findings, suspects = _judged(scores, found, [rule for rule in asked if rule.twin is None])
    pairs = [rule for rule in asked if rule.twin is not None]
    if pairs:
        further, more = _judged_pairs(scores, found, pairs, findings)
        findings, suspects = pl.concat([findings, further]), suspects | more
    if edited is not None:
        findings = pl.concat([findings, edited.select(FINDINGS.keys())])
    findings = _in_order(findings)
    return Decision(findings, open_ledger(scores, findings), suspects)


def _judged(
    scores: pl.DataFrame, found: Found, rules: Sequence[Rule]
) -> tuple[pl.DataFrame, dict[str, float]]:
    """What these rules hit, and which of them hit too much to drop anything."""
    held = _held(scores, rules)
    located = _first_places(scores)
    hits = [
        _hits(rows, found.get((rule.code,), located.get((rule.evidence,))), rule)
        for rule in rules
        if not (rows := _candidates(scores, held, found, rule)).is_empty()
    ]
    findings = _imitated(pl.concat([pl.DataFrame(schema=FINDINGS), *hits]), scores, rules)
    suspects = _suspects(findings, {rule.code: rule for rule in rules}, scores.height)
    flags = pl.col("code").is_in(list(suspects))
    action = pl.when(flags).then(pl.lit("flag")).otherwise("action")
    return findings.with_columns(action.alias("action")), suspects


def _judged_pairs(
    scores: pl.DataFrame, found: Found, rules: Sequence[Rule], lone: pl.DataFrame
) -> tuple[pl.DataFrame, dict[str, float]]:
    """The same of rules that take two rows, after the `lone` ones have judged each by itself."""
    gone = np.zeros(scores.height, np.bool_)
    gone[lone.filter(pl.col("action") == "drop")["row"].to_numpy()] = True
    faults = np.bincount(lone.unique(("row", "code"))["row"].to_numpy(), minlength=scores.height)
    near = any(rule.twin == twins.NEAR for rule in rules)
    rank = twins.ranks(scores, faults, gone, near=near)
    named = twins.named(scores, rank, twins.Wanted.by(rules))
    findings, suspects = _judged(named, found, rules)
    if suspects:  # these flag, so what they name is kept and can be named by others
        rules = [
            rule.model_copy(update={"action": "flag"}) if rule.code in suspects else rule
            for rule in rules
        ]
        named = twins.named(scores, rank, twins.Wanted.by(rules))
        findings, more = _judged(named, found, rules)
        suspects |= more
    return _spare(findings, scores["id"], rank, gone), suspects


def _imitated(findings: pl.DataFrame, scores: pl.DataFrame, rules: Sequence[Rule]) -> pl.DataFrame:
    """Without what rules over answers find in answers that are there to be avoided."""
    codes = [rule.code for rule in rules if rule.judges == "answer"]
    if not codes:
        return findings
    rows = scores[UNWANTED].arg_true().implode()
    return findings.filter(~(pl.col("code").is_in(codes) & pl.col("row").is_in(rows)))


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
    found: Found,
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


def _spare(findings: pl.DataFrame, ids: pl.Series, rank: Ints, gone: Mask) -> pl.DataFrame:
    """Let whoever would go beside a row that goes, or that another one names, be flagged only."""
    drops = findings.with_row_index("at").filter(pl.col("action") == "drop")
    known = ids.alias("twin").to_frame().with_row_index("named")
    drops = drops.join(known, on="twin", how="left", maintain_order="left")
    rows = drops.select(pl.col("row").cast(pl.Int64), pl.col("named").cast(pl.Int64).fill_null(-1))
    spared = twins.spared(rows["row"].to_numpy(), rows["named"].to_numpy(), rank, gone)
    action = findings["action"].scatter(drops["at"].filter(pl.Series(spared)), "flag")
    return findings.with_columns(action.alias("action"))


def _in_order(findings: pl.DataFrame) -> pl.DataFrame:
    """By row; within a row what decides comes first: drops, then lone rules, then the gravest."""
    return findings.sort(
        "row",
        pl.col("action").replace_strict({"drop": 0, "edit": 1, "flag": 2}, return_dtype=pl.Int8),
        pl.col("twin").is_not_null(),
        pl.col("severity").replace_strict(_SEVERITY, return_dtype=pl.Int8),
        "code",
    )
