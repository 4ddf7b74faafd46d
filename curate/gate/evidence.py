"""What rows say for themselves in a check: excerpts and words, secrets masked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from curate.gate.config import REFUSED
from curate.gate.examine import CONDITION
from curate.gate.excerpt import excerpt
from curate.gate.figures import FIGURES
from curate.gate.model import Row
from curate.mask import mask
from curate.report.examples import VALUE_CHARS, Examiner
from curate.report.excerpt import visible
from curate.report.rows import is_secret, read_rows, with_secrets
from curate.rule import Rule
from curate.words import seen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from curate.gate.config import Check
    from curate.gate.examine import Examined

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
        self._examiner = Examiner(
            with_secrets(rows, run, self.rules) if rows else {},
            self.rules,
            places.rows(),
            position,
            {},
        )

    def row(self, finding: Finding) -> Row:
        """The row of a finding, cut to what a reader needs to judge it."""
        if finding["code"] in REFUSED:
            example = self._examiner.quarantined(finding["position"])
        else:
            example = self._examiner.example(dict(finding))
        return Row(
            id=finding["id"],
            source=visible(finding["source"]),
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
            there = f"{visible(source)}:{line}" if other else f"line {line}"
            return f"{name}: the same as {there}"
        if code in REFUSED:
            return visible(_QUOTED.sub("…", value or name))
        shown = self._examiner.rows[finding["position"]]
        if value is None or shown.hidden:
            return name
        if rule is not None and is_secret(code, rule):
            return f"{name}: {visible(value if rule.mask or not rule.match else mask(value))}"
        said = visible(" ".join(seen(shown.masked(value))[: 2 * VALUE_CHARS].split()))
        if code.startswith(CONDITION):
            return said or name
        return f"{name}: {said}" if said else name


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
