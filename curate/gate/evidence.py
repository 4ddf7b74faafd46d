"""What rows say for themselves in a check: excerpts and words, secrets masked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl

from curate.decide import decide
from curate.gate.config import REFUSED
from curate.gate.examine import CONDITION
from curate.gate.excerpt import excerpt
from curate.gate.figures import FIGURES
from curate.gate.model import Row
from curate.policy.catalogue import load_rules
from curate.policy.rule import Rule
from curate.report.examples import VALUE_CHARS, Examiner
from curate.report.rows import is_secret, read_rows, with_secrets
from curate.row import to_frame
from curate.score import Scorer, make_plan
from curate.text.mask import mask
from curate.text.visible import on_a_line, visible
from curate.text.words import seen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from curate.gate.config import Check
    from curate.gate.examine import Examined
    from curate.report.rows import Shown
    from curate.report.run import Run

Finding = Mapping[str, Any]
# What an error quotes of a record, which may be a secret or a part of one.
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|(?<=\()[^()]*(?=\)$)")


class Witness:
    """Reads the rows that are shown, once, and says what was found in them."""

    def __init__(self, examined: Examined, check: Check) -> None:
        self.examined = examined
        self.rules = {**examined.rules, **{one.code: one for one in _conditions(check)}}
        self._examiner = Examiner({}, {}, (), {}, {})

    def read(self, shown: Sequence[Finding], told: Sequence[Finding]) -> None:
        """Read the rows of findings that are shown or told, and their twins.

        Of records that are no rows only those that are shown: to look for secrets in one takes
        25 ms, for its bytes have to be measured as if they were a row.
        """
        run = self.examined.run
        positions = {one["position"] for one in shown}
        positions |= {one["position"] for one in told if one["code"] not in REFUSED}
        findings = run.findings.filter(pl.col("position").is_in(list(positions)))
        twins = findings["twin"].drop_nulls().unique().implode()
        ledger = run.ledger
        wanted = positions | set(ledger.filter(pl.col("id").is_in(twins))["position"])
        rows = read_rows(run.folder, wanted, ledger, run.lock.settings, {})
        places = ledger.select("id", "source", "line", "disposition")
        position = dict(zip(ledger["id"], ledger["position"], strict=True)) if wanted else {}
        masked = with_secrets(rows, *_secrets(rows, run)) if rows else {}
        self._examiner = Examiner(masked, self.rules, places.rows(), position, {})

    def row(self, finding: Finding) -> Row:
        """The row of a finding, cut to what a reader needs to judge it."""
        if finding["code"] in REFUSED:
            example = self._examiner.quarantined(finding["position"])
        else:
            example = self._examiner.example(dict(finding))
        return Row(
            id=finding["id"],
            source=on_a_line(finding["source"]),
            line=finding["line"],
            said=excerpt(example),
        )

    def said(self, finding: Finding) -> str:
        """What was found, in a line."""
        code, value = finding["code"], finding["value"]
        rule = self.rules.get(code)
        name = rule.name if rule else "no valid row"
        if (at := self._examiner.position.get(finding["twin"])) is not None:
            _, source, line, _ = self._examiner.places[at]
            other = source != finding["source"]
            there = f"{on_a_line(source)}:{line}" if other else f"line {line}"
            return f"{name}: the same as {there}"
        if code in REFUSED:
            return on_a_line(_QUOTED.sub("…", value or name))
        shown = self._examiner.rows[finding["position"]]
        if value is None or shown.hidden:
            return name
        if rule is not None and is_secret(code, rule):
            return f"{name}: {visible(value if rule.mask or not rule.match else mask(value))}"
        said = visible(" ".join(seen(shown.masked(value))[: 2 * VALUE_CHARS].split()))
        if code.startswith(CONDITION):
            return said or name
        return f"{name}: {said}" if said else name


def _secrets(rows: Mapping[int, Shown], run: Run) -> tuple[Run, dict[str, Rule]]:
    """What secret rules find in these rows alone, whether the check applies them or not.

    Whoever checks for copies only does not want to read people's addresses in the log of a CI.
    """
    settings = run.lock.settings
    secret = {
        code: rule
        for code, rule in load_rules(settings.rules).items()
        if rule.action != "edit" and is_secret(code, rule)
    }
    valid = {at: rows[at].row for at in sorted(rows) if rows[at].row is not None}
    ledger = run.ledger.filter(pl.col("position").is_in(list(valid)))
    if not valid:
        findings, scores = run.findings.clear(), run.scores.clear()
        return replace(run, ledger=ledger, findings=findings, scores=scores), secret
    wanted = set().union(*(rule.reads for rule in secret.values()))
    scorer = Scorer(make_plan(wanted), secret, settings)
    scorer.add(to_frame([row for row in valid.values() if row is not None]))
    scores, matches = scorer.finish()
    found = decide(scores, matches, secret).findings
    findings = found.with_columns(
        pl.struct("turn", "start", "end").alias("span"),
        ledger["position"].gather(found["row"]).alias("position"),
    )
    return replace(run, ledger=ledger, findings=findings, scores=scores), secret


def _conditions(check: Check) -> Iterator[Rule]:
    """Conditions and figures as rules, which is how evidence is read."""
    asked = {CONDITION + name: one.when for name, one in check.conditions.items()}
    whats = {code: f"rows with {when}" for code, when in asked.items()}
    for name in check.figures:
        if when := FIGURES[name].when:
            asked[f"figures.{name}"] = when
            whats[f"figures.{name}"] = FIGURES[name].what
    for code, when in asked.items():
        yield Rule.model_construct(
            code=code, name=whats[code], what=whats[code], why="", match=(), when=when,
            threshold=None, column=None, twin=None, action="flag", severity="warning", fix=None,
            mask=False, references=(),
        )  # fmt: skip
