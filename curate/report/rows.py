"""The texts of the few rows that a report shows, and the secrets in them that it must not.

Signals tell where each secret stands (`curate.text.evidence.PLACES`), rules with patterns tell
the first place in a row. What stands there is masked wherever in the row it stands again. Records
that are no rows have no scores: they are measured here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import polars as pl

from curate.decide import decide
from curate.ingest import Ingest, Refusal
from curate.policy.keys import key_places
from curate.read import Record
from curate.report.excerpt import Mark, masked
from curate.row import Message, Row, to_frame
from curate.run import folder as files
from curate.run.store import read_store
from curate.score import Scorer, make_plan
from curate.text.evidence import places
from curate.text.visible import bare

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from curate.config import Settings
    from curate.policy.rule import Rule
    from curate.report.run import Run

SECRET_FAMILIES = ("pii-", "secret-")
SEARCHED = 8192  # bytes of a record that is no row; far less is shown, so no secret is cut there
_SIGN = re.compile(r"\\(?:u(?P<code>[0-9a-fA-F]{4})|(?P<escaped>.))|.", re.DOTALL)
# What stands beside a key's header or name: a long run with a digit in it.
_KEY_MATERIAL = re.compile(r"(?=[A-Za-z+/=_-]*[0-9])[A-Za-z0-9+/=_-]{16,}")
_LEAST = 3  # characters of a cut secret that tell something of it


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
            Mark(start, end, "secret")
            for secret in self.secrets
            for start, end in _stretches(secret, text)
        ]

    def masked(self, text: str) -> str:
        """A text of this row with its secrets masked, those too that its ends cut."""
        ends = (mark for secret in self.secrets for mark in _cut_off(secret, text))
        return masked(text, [*self.marks(text), *ends])

    def masked_raw(self, text: str) -> str | None:
        """A record of this row as it was read, masked; None where a secret can't be found in it."""
        if self.hidden:
            return None
        if self.row is None:
            return self.masked(text)
        plain, offsets = _unescaped(text)
        found = [list(_stretches(secret, plain)) for secret in self.secrets]
        if not all(found):
            return None
        return masked(
            text,
            (Mark(offsets[start], offsets[end], "secret") for one in found for start, end in one),
        )

    def place(self, rule: Rule | None, span: Mapping[str, Any]) -> tuple[Turn, int, int] | None:
        """The text that a finding's span counts in, start and end; None where there is none."""
        turn, start, end = span["turn"], span["start"], span["end"]
        if start is None:
            return None
        if turn is not None:
            return (self.turns[turn - 1], start, end) if turn <= len(self.turns) else None
        field = next((one.place for one in rule.match if one.any), None) if rule else None
        return self._in_rejected(start, end) if field is None else self._in_field(field, start, end)

    def _in_field(self, field: str, start: int, end: int) -> tuple[Turn, int, int] | None:
        messages = self.row.messages if self.row else ()
        first = next((one for one in messages if one.role == "user"), None)
        if first is None or field not in ("instruction", "input"):
            return None
        text = first.content if field == "instruction" else first.context
        return None if text is None else (Turn(field, text), start, end)

    def _in_rejected(self, start: int, end: int) -> tuple[Turn, int, int] | None:
        """Rejected turns count as one text, joined by blank lines (`curate.row.to_frame`)."""
        for turn in self.turns[-len(self.row.rejected) :] if self.row and self.row.rejected else ():
            if start < len(turn.text):
                return turn, start, end
            start, end = start - len(turn.text) - 2, end - len(turn.text) - 2
        return None


def _cut_off(secret: str, text: str) -> Iterator[Mark]:
    """Where a text begins or ends within a secret."""
    (secret, _), (plain, at) = bare(secret), bare(text)
    for size in range(min(len(secret) - 1, len(plain)), _LEAST - 1, -1):
        if plain[-size:].lower() == secret[:size].lower():
            yield Mark(at[len(plain) - size], len(text), "secret")
        if plain[:size].lower() == secret[-size:].lower():
            yield Mark(0, at[size - 1] + 1, "secret")


def read_rows(
    folder: Path,
    wanted: Collection[int],
    ledger: pl.DataFrame,
    settings: Settings,
    edits: Mapping[str, Mapping[str, str]],
) -> dict[int, Shown]:
    """The records at these positions, the edited ones as they were scored."""
    made: dict[int, Shown] = {}
    if not wanted:
        return made
    ingest = Ingest(settings.format, settings.map)
    places = ledger.select("id", "disposition", "value")
    records = islice(read_store(folder / files.RECORDS), max(wanted) + 1)
    for position, raw in enumerate(records):
        if position not in wanted:
            continue
        own, disposition, value = places.row(position)
        if disposition == "quarantined":
            made[position] = _refused(raw, value)
        else:
            made[position] = show(ingest, edits[own]["after"].encode() if own in edits else raw)
    return made


def with_keys(shown: Shown, raw: bytes) -> Shown:
    """A row with the keys in all of its record as secrets: names, tools and fields beside it."""
    plain, _ = _unescaped(raw.decode("utf-8", "backslashreplace"))
    keys = {plain[start:end] for start, end in key_places(plain)}
    return replace(shown, secrets=shown.secrets | keys)


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
    rows: Mapping[int, Shown], run: Run, rules: Mapping[str, Rule]
) -> dict[int, Shown]:
    """The rows with their secrets known.

    Args:
        rows: by position.
        run: that they are from.
        rules: those of the run whose files are at hand.
    """
    scored = {at: one for at, one in rows.items() if one.row is not None}
    valid = run.ledger.filter(pl.col("disposition") != "quarantined")["position"]
    found = _Found(scored, rules)
    found.add(run.findings)
    found.add_places(run.scores, valid)
    found.search()
    refused = {at: _refused_with_secrets(one, rules) for at, one in rows.items() if not one.row}
    hidden = {at: replace(scored[at], hidden=True) for at in found.hidden}
    known = {
        at: replace(scored[at], secrets=frozenset(secrets - {""}))
        for at, secrets in found.secrets.items()
    }
    return {**rows, **refused, **known, **hidden}


def with_before(
    rows: Mapping[int, Shown],
    edits: Mapping[str, Mapping[str, str]],
    position: Mapping[str, int],
    rules: Mapping[str, Rule],
    settings: Settings,
) -> tuple[dict[int, Shown], dict[str, Shown]]:
    """The rows, and by id the edited ones as they came: what is secret in one is so in the other.

    An edit may take a secret away, or put one together that was split.
    """
    ingest = Ingest(settings.format, settings.map)
    came = {
        position[own]: show(ingest, edit["before"].encode())
        for own, edit in edits.items()
        if position[own] in rows
    }
    made, before = dict(rows), {}
    for at, one in _measured(came, rules, settings).items():
        now = rows[at]
        said = "\n".join(turn.text for turn in one.turns)
        lost = any(not list(_stretches(secret, said)) for secret in now.secrets)
        secrets = one.secrets | now.secrets
        made[at] = replace(now, secrets=secrets)
        before[at] = replace(one, secrets=secrets, hidden=one.hidden or now.hidden or lost)
    return made, {own: before[position[own]] for own in edits if position[own] in before}


def _measured(
    rows: Mapping[int, Shown], rules: Mapping[str, Rule], settings: Settings
) -> dict[int, Shown]:
    """The rows with what secret rules find in them as they stand here, which no run has scored."""
    valid = {at: one for at, one in rows.items() if one.row is not None}
    found = _Found(valid, rules)
    if not (valid and found.secret):
        return dict(rows)
    wanted = set().union(*(rule.reads for rule in found.secret.values()))
    scorer = Scorer(make_plan(wanted), found.secret, settings)
    scorer.add(to_frame([one.row for one in valid.values() if one.row is not None]))
    scores, matches = scorer.finish()
    positions = pl.Series(list(valid))
    findings = decide(scores, matches, found.secret).findings
    span = pl.struct("turn", "start", "end").alias("span")
    found.add(findings.with_columns(span, positions.gather(findings["row"]).alias("position")))
    found.add_places(scores, positions)
    found.search()
    return {
        at: replace(
            one, secrets=frozenset(found.secrets.get(at, set()) - {""}), hidden=at in found.hidden
        )
        for at, one in rows.items()
    }


def masked_alone(texts: Sequence[str], rules: Mapping[str, Rule], settings: Settings) -> list[str]:
    """Texts that stand in no row, with what secret rules find in them masked."""
    asked = {
        at: Shown(Row(messages=(Message("user", text),)), (Turn("user", text),))
        for at, text in enumerate(texts)
    }
    made = _measured(asked, rules, settings)
    return ["…" if made[at].hidden else made[at].masked(text) for at, text in enumerate(texts)]


class _Found:
    """The secrets of some rows, by position; of `hidden` ones nobody knows where they stand."""

    def __init__(self, rows: Mapping[int, Shown], rules: Mapping[str, Rule]) -> None:
        self.rows = rows
        self.rules = rules
        self.secret = {code: rule for code, rule in rules.items() if is_secret(code, rule)}
        self.secrets: dict[int, set[str]] = {}
        self.hidden: set[int] = set()
        self._by_pattern: set[int] = set()

    def add(self, findings: pl.DataFrame) -> None:
        """Look where findings (`position`, `code`, `column`, `span`) say that secrets stand."""
        codes = [one for one in findings["code"].unique() if is_secret(one, self.rules.get(one))]
        suspected = findings.filter(
            pl.col("code").is_in(codes) & pl.col("position").is_in(list(self.rows))
        )
        for at, code, column, span in suspected.select(
            "position", "code", "column", "span"
        ).iter_rows():
            place = self.rows[at].place(self.secret.get(code), span)
            if place is None or (code not in self.secret and column is None):
                self.hidden.add(at)
                continue
            self._add(at, place)
            if column is None and not code.startswith("pii-"):
                self._by_pattern.add(at)

    def add_places(self, scores: pl.DataFrame, positions: pl.Series) -> None:
        """Add all that signals found of what secret rules read; `positions` of the scored rows."""
        columns = {column for rule in self.secret.values() for column in rule.reads}
        wanted = pl.col("position").is_in(list(self.rows)) & pl.col("column").is_in(list(columns))
        found = places(scores)
        at_positions = found.with_columns(positions.gather(found["row"]).alias("position"))
        for place in at_positions.filter(wanted).iter_rows(named=True):
            at = place["position"]
            where = self.rows[at].place(None, place)
            if where is None:
                self.hidden.add(at)
            else:
                self._add(at, where)

    def _add(self, at: int, place: tuple[Turn, int, int]) -> None:
        turn, start, end = place
        secret = turn.text[start:end].strip()
        # A sentence's mark may have been taken for a part of it: "my password is Kater_77!"
        bare = secret.rstrip("!?.,;:")
        self.secrets.setdefault(at, set()).update({secret, bare if len(bare) > _LEAST else secret})

    def search(self) -> None:
        """Add what the patterns of secret rules find anywhere in the rows that hold a secret."""
        texts = pl.DataFrame(
            [(at, turn.text) for at in self.secrets for turn in self.rows[at].turns],
            schema={"row": pl.UInt32, "text": pl.String},
            orient="row",
        )
        clauses = (one for rule in self.secret.values() for one in rule.match if one.any)
        for clause in clauses:
            strings = texts.select("row", pl.col("text").str.extract_all(clause.pattern("any")))
            for at, secrets in strings.filter(pl.col("text").list.len() > 0).iter_rows():
                self.secrets[at].update(secret.strip() for secret in secrets)
        for at, text in texts.iter_rows():
            if at in self._by_pattern:
                self.secrets[at].update(_KEY_MATERIAL.findall(text))


# --- records that are no rows -------------------------------------------------------------------


def _refused_with_secrets(one: Shown, rules: Mapping[str, Rule]) -> Shown:
    """A record that is no row, so that no rule has seen it, with its secrets known.

    Bytes and error are measured as turns, with JSON's escapes undone; secrets are spelled as they
    stand there.
    """
    written = [_unescaped(turn.text) for turn in one.turns]
    row = Row(messages=tuple(Message("user", plain) for plain, _ in written))
    found = _Found({0: replace(one, row=row, turns=tuple(_turns(row)))}, rules)
    if not found.secret:
        return one
    wanted = set().union(*(rule.reads for rule in found.secret.values()))
    scorer = Scorer(make_plan(wanted), found.secret)
    scorer.add(to_frame([row]))
    scores, matches = scorer.finish()
    span = pl.struct("turn", "start", "end").alias("span")
    findings = decide(scores, matches, found.secret).findings
    found.add(findings.with_columns(span, pl.lit(0).alias("position")))
    found.add_places(scores, pl.Series([0]))
    found.search()
    secrets = found.secrets.get(0, set()) - {""}
    spelled = {
        turn.text[offsets[start] : offsets[end]]
        for turn, (plain, offsets) in zip(one.turns, written, strict=True)
        for secret in secrets
        for start, end in _stretches(secret, plain)
    }
    error = one.turns[-1].text  # which may quote the beginning of a secret
    quoted = {secret[: _quoted(secret, error)] for secret in secrets}
    return replace(one, secrets=frozenset((spelled | quoted) - {""}), hidden=bool(found.hidden))


def _stretches(secret: str, text: str) -> Iterator[tuple[int, int]]:
    """Where a secret stands in a text, in small letters or split by hidden characters, too."""
    (sought, _), (plain, at) = bare(secret), bare(text)
    for found in re.finditer(re.escape(sought), plain, re.IGNORECASE) if sought else ():
        yield at[found.start()], at[found.end() - 1] + 1


def _quoted(secret: str, text: str) -> int:
    """How much of the beginning of a secret a text holds, if it tells something of it."""
    sizes = range(len(secret), _LEAST - 1, -1)
    return next((size for size in sizes if secret[:size] in text), 0)


def _unescaped(text: str) -> tuple[str, list[int]]:
    """A text with JSON's escapes undone, and where each of its characters begins in it."""
    signs, offsets = [], []
    for found in _SIGN.finditer(text):
        signs.append(_sign(found))
        offsets.append(found.start())
    return "".join(signs), [*offsets, len(text)]


def _sign(found: re.Match[str]) -> str:
    code, escaped = found["code"], found["escaped"]
    if code is not None:
        at = int(code, 16)
        return " " if 0xD800 <= at < 0xE000 else chr(at)  # noqa: PLR2004 - surrogates
    if escaped is not None:
        return " " if escaped in "nrtbf" else escaped
    return found[0]
