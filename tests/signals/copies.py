"""Score and decide records with the duplicate rules alone: what the tests of them share."""

from __future__ import annotations

import orjson
import polars as pl

from curate.decide import decide
from curate.ingest import Ingest, Refusal
from curate.policy.catalogue import load_rules
from curate.read import Record
from curate.row import to_frame
from curate.score import Scorer, make_plan

RULES = {code: rule for code, rule in load_rules().items() if code.startswith("duplicate-")}


def laid_out(records, first=1):
    rows = []
    for line, record in enumerate(records, first):
        row, _ = Ingest()(Record("f", line, orjson.dumps(record), None))
        assert not isinstance(row, Refusal), row
        rows.append(row)
    return to_frame(rows)


def scored(records, rules=RULES, batch=1000):
    """The scores and matches of these records, scored in batches as a run does."""
    scorer = Scorer(make_plan({name for rule in rules.values() for name in rule.reads}), rules)
    for start in range(0, len(records), batch):
        scorer.add(laid_out(records[start : start + batch], start + 1))
    return scorer.finish()


def decided(records, rules=RULES):
    return decide(*scored(records, rules), rules)


def dropped(records, rules=RULES):
    """Line (from 0) of each dropped row -> line of the twin it names."""
    ledger = decided(records, rules).ledger
    lines = {one: line for line, one in enumerate(ledger["id"])}
    gone = ledger.with_row_index("row").filter(pl.col("disposition") == "dropped")
    return {row: lines[twin] for row, twin in gone.select("row", "twin").iter_rows()}


def found(records, code):
    return sorted(decided(records).findings.filter(pl.col("code") == code)["row"].to_list())


def ask(prompt, answer):
    return {"instruction": prompt, "input": "", "output": answer}


def chat(*turns, **beside):
    roles = {"u": "user", "a": "assistant", "s": "system", "t": "tool"}
    return {"messages": [{"role": roles[r], "content": text} for r, text in turns], **beside}
