"""One record's story: what stood in it, what was found, what was decided, and beside which twin."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace
from itertools import islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from curate.dedup import against
from curate.errors import UsageError
from curate.policy.catalogue import load_rules
from curate.report.rows import read_rows, with_before, with_keys, with_secrets
from curate.report.run import open_run
from curate.run import folder as files
from curate.run.store import read_store
from curate.text.evidence import PLACES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from curate.dedup.against import Item
    from curate.policy.rule import Rule
    from curate.report.rows import Shown
    from curate.report.run import Run
    from curate.run.lock import InputFacts

SHOWN = 20  # candidates that an ambiguous name lists
WORDS = 1000  # more that differ are not compared word by word: difflib's time grows with the square


@dataclass(frozen=True)
class Story:
    """All that a run knows of one record.

    Attributes:
        ledger: its row of the ledger.
        findings: its rows of findings.parquet, in the order in which they decide.
        scores: its columns of scores.parquet that hold something, but for places, which findings
            have; empty for a quarantined record.
        raw: its bytes as they were read.
        shown: its turns as they were scored, and the secrets in them.
        rules: the catalogue that the run chose from.
        edited: its bytes after the edit rules; None where none changed it.
        twin: the ledger row of the record it was compared with.
        twin_shown: and that one's turns.
        item: the evaluation item that stands in it; without texts, if its file is not there or no
            longer what it was.
    """

    ledger: dict[str, Any]
    findings: list[dict[str, Any]]
    scores: dict[str, Any]
    raw: bytes
    shown: Shown
    rules: Mapping[str, Rule]
    edited: bytes | None = None
    twin: dict[str, Any] | None = None
    twin_shown: Shown | None = None
    item: Item | None = None

    def shared(self, text: str) -> list[tuple[int, int]]:
        """The stretches of a text of the item that stand in the record, in characters."""
        return against.shared(text, (turn.text for turn in self.shown.turns))

    def text(self, raw: bytes) -> str | None:
        """Bytes of the record as text without its secrets; None where that can't be done."""
        return self.shown.masked_raw(raw.decode("utf-8", "backslashreplace"))

    def unmasked(self) -> Story:
        """The same with its secrets to be seen."""
        twin = self.twin_shown and _unmasked(self.twin_shown)
        return replace(self, shown=_unmasked(self.shown), twin_shown=twin)


def _unmasked(shown: Shown) -> Shown:
    return replace(shown, secrets=frozenset(), hidden=False)


def story(folder: str | Path, row: str) -> Story:
    """Look a record up.

    Args:
        folder: a run folder.
        row: an id or the start of one, `FILE:LINE`, or a line number where there is one input.

    Raises:
        InputError: a folder that is no run, or a damaged one.
        UsageError: no such record, or several.
    """
    run = open_run(Path(folder))
    found = _find(run.ledger, row)
    own, at = found["id"], found["position"]
    findings = files.read_table(run.folder / files.FINDINGS).filter(pl.col("id") == own).to_dicts()
    twins = [found["twin"], *(one["twin"] for one in findings)]
    twin_id = next((one for one in twins if one), None)
    twin = None if twin_id is None else _by_id(run.ledger, twin_id)
    edits = run.edits()
    rules = load_rules(run.lock.settings.rules)
    rows = _shown(run, {one["id"]: one["position"] for one in (found, twin) if one}, rules, edits)
    raw = next(islice(read_store(run.folder / files.RECORDS), at, None))
    held = _held(run.scores, own)
    return Story(
        found,
        findings,
        held,
        raw,
        rows[at] if rows[at].row is None else with_keys(rows[at], raw),
        rules,
        edits[own]["after"].encode() if own in edits else None,
        twin,
        rows[twin["position"]] if twin else None,
        _item(
            held.get("contamination_item") or held.get("paraphrase_item"), run.lock.measured.against
        ),
    )


def _shown(
    run: Run,
    wanted: Mapping[str, int],
    rules: Mapping[str, Rule],
    edits: Mapping[str, Mapping[str, str]],
) -> Mapping[int, Shown]:
    """Records by position, as they were scored; `wanted` are the positions by id, its own first."""
    chosen = {code: rules[code] for code in run.lock.rules if code in rules}
    rows = read_rows(run.folder, {*wanted.values()}, run.ledger, run.lock.settings, edits)
    rows = with_secrets(rows, run, chosen)
    own = next(iter(wanted))
    if own in edits:
        rows, _ = with_before(rows, {own: edits[own]}, wanted, chosen, run.lock.settings)
    return rows


def _held(scores: pl.DataFrame, own: str) -> dict[str, Any]:
    """What was measured of a record: its scores, but for nulls and places."""
    told = [name for name, dtype in scores.schema.items() if dtype != PLACES]
    rows = scores.filter(pl.col("id") == own).select(told).to_dicts()
    return {key: value for one in rows for key, value in one.items() if value is not None}


def _item(place: str | None, files: Iterable[InputFacts]) -> Item | None:
    if place is None:
        return None
    known = {one.name: one.sha256 for one in files}
    return against.named(place, known) or against.Item(place, ())


_LISTED = 6  # records that an error names


def _several(row: str, found: pl.DataFrame) -> str:
    """Which records a line could mean: by their files, or by their ids where the file is one."""
    one_file = found["source"].n_unique() < found.height
    shown = [
        one["id"] if one_file else f"{one['source']}:{one['line']}"
        for one in found.head(_LISTED).iter_rows(named=True)
    ]
    more = f" and {found.height - _LISTED} more" if found.height > _LISTED else ""
    return f"{row} names {found.height} records; name one: {', '.join(shown)}{more}"


_NUMBER = re.compile(r"[0-9]{1,15}")  # ids are longer


def _find(ledger: pl.DataFrame, row: str) -> dict[str, Any]:
    name, _, line = row.rpartition(":")
    if _NUMBER.fullmatch(line):
        place = pl.col("line") == int(line)
        if name:
            place &= (pl.col("source") == name) | pl.col("source").str.ends_with(f"/{name}")
        at_place = ledger.filter(place)
        if at_place.height == 1:
            return at_place.row(0, named=True)
        if at_place.height > 1:
            raise UsageError(_several(row, at_place))
    if not row:
        raise UsageError("name a record: an id, the start of one, or FILE:LINE")
    exact = ledger.filter(pl.col("id") == row)
    found = exact if exact.height else ledger.filter(pl.col("id").str.starts_with(row))
    if found.height == 1:
        return found.row(0, named=True)
    if found.is_empty():
        raise UsageError(f"no record is {row!r}; name an id, the start of one, or FILE:LINE")
    listed = ", ".join(found["id"].head(SHOWN))
    raise UsageError(f"{row} is the start of {found.height} ids: {listed}")


def _by_id(ledger: pl.DataFrame, own: str) -> dict[str, Any] | None:
    found = ledger.filter(pl.col("id") == own)
    return found.row(0, named=True) if found.height else None


def difference(text: str, other: str) -> list[tuple[str, str]]:
    """What makes `text` differ from `other`, word by word.

    Returns:
        Stretches in order: ("same" | "only here" | "only there", text).
    """
    here, there = (re.findall(r"\s+|\w+|[^\w\s]", one) for one in (text, other))
    head = _shared(here, there)
    tail = _shared(here[head:][::-1], there[head:][::-1])
    inner = here[head : len(here) - tail], there[head : len(there) - tail]
    made = [
        ("same", "".join(here[:head])),
        *_compared(*inner),
        ("same", "".join(here[len(here) - tail :])),
    ]
    return [(kind, part) for kind, part in made if part]


def _shared(one: list[str], other: list[str]) -> int:
    """How many words both begin with."""
    same = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return sum(1 for _ in same)


def _compared(here: list[str], there: list[str]) -> list[tuple[str, str]]:
    blocks: Sequence[tuple[str, int, int, int, int]] = [("replace", 0, len(there), 0, len(here))]
    if max(len(here), len(there)) <= WORDS:
        blocks = difflib.SequenceMatcher(None, there, here, autojunk=False).get_opcodes()
    made = []
    for kind, a, b, c, d in blocks:
        if kind == "equal":
            made.append(("same", "".join(here[c:d])))
        else:
            made += [("only there", "".join(there[a:b])), ("only here", "".join(here[c:d]))]
    return made
