"""The texts of the few rows that a report shows, and the secrets in them that it must not.

Rules tell where a secret is, but only its first place in a row. So every text of a row that a
secret rule hit is searched again with all secret patterns of the run, before it is cut.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from curate import folder as files
from curate.decide import decide
from curate.ingest import Ingest, Refusal
from curate.mask import mask
from curate.read import Record
from curate.report.excerpt import Mark
from curate.row import Message, Row, to_frame
from curate.score import Scorer, make_plan
from curate.store import read_store

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from curate.config import Settings
    from curate.rule import Rule

SECRET_FAMILIES = ("pii-", "secret-")
# What stands beside a key's header or name: a long run with a digit in it.
_KEY_MATERIAL = re.compile(r"(?=[A-Za-z+/=_-]*[0-9])[A-Za-z0-9+/=_-]{16,}")
SEARCHED = 8192  # bytes of a record that is no row; far less is shown, so no secret is cut there
_ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)


def is_secret(code: str, rule: Rule | None) -> bool:
    """Whether what a rule finds must not be shown; nobody knows of one whose file is gone."""
    return rule is None or rule.mask or code.startswith(SECRET_FAMILIES)


@dataclass(frozen=True)
class Turn:
    """A turn as the report shows it."""

    label: str
    text: str


@dataclass(frozen=True)
class Shown:
    """A record whose text the report shows.

    Attributes:
        row: the row; None where the record was quarantined.
        turns: its turns; of a quarantined record its bytes as text and what is wrong with it.
        secrets: strings that must not be shown.
        hidden: a secret is in it that can't be located, so no text may be shown.
    """

    row: Row | None
    turns: tuple[Turn, ...]
    secrets: frozenset[str] = frozenset()
    hidden: bool = False

    def marks(self, text: str) -> list[Mark]:
        """Where the secrets stand in a text of this row."""
        return [
            Mark(found.start(), found.end(), "secret")
            for secret in self.secrets
            for found in re.finditer(re.escape(secret), text)
        ]

    def masked(self, text: str) -> str:
        """A text of this row with its secrets masked."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, mask(secret))
        return text

    def place(self, rule: Rule | None, turn: int | None) -> Turn | None:
        """The text that a finding's offsets count in; None where there is no such text."""
        if turn is not None:
            return self.turns[turn - 1] if turn <= len(self.turns) else None
        if rule is None or self.row is None:
            return None
        field = next((clause.place for clause in rule.match if clause.any), None)
        first = next((one for one in self.row.messages if one.role == "user"), None)
        if first is None or field not in ("instruction", "input"):
            return None
        text = first.content if field == "instruction" else first.context
        return Turn(field, text) if text is not None else None


def read_rows(
    folder: Path,
    wanted: Collection[int],
    ledger: pl.DataFrame,
    settings: Settings,
    edits: Mapping[str, Mapping[str, str]],
) -> dict[int, Shown]:
    """The records at these positions, the edited ones as they were scored."""
    ingest = Ingest(settings.format, settings.map)
    places = ledger.select("id", "disposition", "value")
    made = {}
    for position, raw in enumerate(read_store(folder / files.RECORDS)):
        if position not in wanted:
            continue
        own, disposition, value = places.row(position)
        if disposition == "quarantined":
            made[position] = _refused(raw, value)
        else:
            made[position] = show(ingest, edits[own]["after"].encode() if own in edits else raw)
    return made


def show(ingest: Ingest, raw: bytes) -> Shown:
    """A record with its turns."""
    row, _ = ingest(Record("", 0, raw))
    return _refused(raw, row.error) if isinstance(row, Refusal) else Shown(row, tuple(_turns(row)))


def _refused(raw: bytes, error: str | None) -> Shown:
    text = raw[:SEARCHED].decode("utf-8", "backslashreplace")
    return Shown(None, (Turn("record", text), Turn("error", error or "")))


def _turns(row: Row) -> Iterable[Turn]:
    roles = [message.role for message in row.messages]
    for number, message in enumerate(row.messages, start=1):
        alone = roles.count(message.role) == 1
        yield Turn(message.role if alone else f"{message.role} {number}", message.text)
    for message in row.rejected:
        yield Turn("rejected", message.text)


def with_secrets(
    rows: Mapping[int, Shown], findings: pl.DataFrame, rules: Mapping[str, Rule]
) -> dict[int, Shown]:
    """The rows with their secrets known.

    Args:
        rows: by position.
        findings: of all rules, with the position of each.
        rules: those of the run.
    """
    secret = {code: rule for code, rule in rules.items() if is_secret(code, rule)}
    codes = [one for one in findings["code"].unique() if is_secret(one, rules.get(one))]
    suspected = findings.filter(pl.col("code").is_in(codes) & pl.col("position").is_in(list(rows)))
    found: dict[int, set[str]] = {}
    hidden = _refused_with_secrets({at: one for at, one in rows.items() if one.row is None}, secret)
    for at, code, span in suspected.select("position", "code", "span").iter_rows():
        place = rows[at].place(secret.get(code), span and span["turn"])
        if code not in secret or place is None or span["start"] is None:
            hidden.add(at)
        else:
            found.setdefault(at, set()).add(place.text[span["start"] : span["end"]].strip())
    _search({at: rows[at] for at in found}, secret.values(), found)
    made = dict(rows)
    for at in found.keys() | hidden:
        secrets = frozenset(found.get(at, set()) - {""})
        made[at] = Shown(rows[at].row, rows[at].turns, secrets, at in hidden)
    return made


def _refused_with_secrets(rows: Mapping[int, Shown], rules: Mapping[str, Rule]) -> set[int]:
    """Records that are no rows, so no rule has seen them, in which a secret rule finds something.

    Bytes and error are read as turns, with JSON's escapes undone.
    """
    if not rows or not rules:
        return set()
    made = [
        Row(
            id=str(at),
            messages=tuple(
                Message("user", _ESCAPED.sub(_unescaped, turn.text)) for turn in one.turns
            ),
            rejected=(),
            format="",
            raw=b"",
            source="",
            line=0,
        )
        for at, one in rows.items()
    ]
    wanted = set().union(*(rule.reads for rule in rules.values()))
    scorer = Scorer(make_plan(wanted), rules)
    scorer.add(to_frame(made))
    return {int(own) for own in decide(*scorer.finish(), rules).findings["id"]}


def _unescaped(found: re.Match[str]) -> str:
    code = found[1]
    if code is None:
        return " " if found[0][1] in "nrtbf" else found[0][1]
    return chr(int(code, 16)) if not 0xD800 <= int(code, 16) < 0xE000 else " "  # noqa: PLR2004 - surrogates


def _search(rows: Mapping[int, Shown], rules: Iterable[Rule], found: dict[int, set[str]]) -> None:
    """Add what the patterns of these rules find in any text of these rows."""
    texts = pl.DataFrame(
        [(at, turn.text) for at, one in rows.items() for turn in one.turns],
        schema={"row": pl.UInt32, "text": pl.String},
        orient="row",
    )
    for clause in (clause for rule in rules for clause in rule.match if clause.any):
        strings = texts.select("row", pl.col("text").str.extract_all(clause.pattern("any")))
        for at, secrets in strings.filter(pl.col("text").list.len() > 0).iter_rows():
            found[at].update(secret.strip() for secret in secrets)
    for at, text in texts.iter_rows():
        if found[at]:
            found[at].update(_KEY_MATERIAL.findall(text))
