"""One record's story: what stood in it, what was found, what was decided, and beside which twin."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from curate import folder as files
from curate.errors import UsageError
from curate.facts import stored_edits
from curate.ingest import Ingest, Refusal
from curate.lock import read_lock
from curate.read import Record
from curate.store import read_store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from curate.lock import Lock
    from curate.row import Message

SHOWN = 20  # candidates that an ambiguous name lists
WORDS = 4000  # longer texts are not compared word by word: difflib's time grows with the square


@dataclass(frozen=True)
class Story:
    """All that a run knows of one record.

    Attributes:
        ledger: its row of the ledger.
        findings: its rows of findings.parquet, in the order in which they decide.
        scores: its columns of scores.parquet that hold something; empty for a quarantined record.
        raw: its bytes as they were read.
        messages: the conversation; empty for a quarantined record.
        edited: its bytes after the edit rules; None where none changed it.
        twin: the ledger row of the record it was compared with.
        twin_messages: and that one's conversation.
    """

    ledger: dict[str, Any]
    findings: list[dict[str, Any]]
    scores: dict[str, Any]
    raw: bytes
    messages: tuple[Message, ...]
    edited: bytes | None = None
    twin: dict[str, Any] | None = None
    twin_messages: tuple[Message, ...] = ()


def story(folder: str | Path, row: str) -> Story:
    """Look a record up.

    Args:
        folder: a run folder.
        row: an id or the start of one, `FILE:LINE`, or a line number where there is one input.

    Raises:
        InputError: a folder that is no run.
        UsageError: no such record, or several.
    """
    source = Path(folder)
    lock = read_lock(source)
    ledger = pl.read_parquet(source / files.LEDGER).with_row_index("position")
    found = _find(ledger, row)
    own = found["id"]
    findings = pl.read_parquet(source / files.FINDINGS).filter(pl.col("id") == own)
    twin_id = found["twin"] or next(
        (one["twin"] for one in findings.to_dicts() if one["twin"]), None
    )
    twin = None if twin_id is None else _by_id(ledger, twin_id)
    raws = _raws(source, [one["position"] for one in (found, twin) if one is not None])
    edited = {one["id"]: one["after"].encode() for one in stored_edits(source)}
    scores = pl.scan_parquet(source / files.SCORES).filter(pl.col("id") == own).collect()
    return Story(
        found,
        findings.to_dicts(),
        {
            key: value
            for one in scores.to_dicts()
            for key, value in one.items()
            if value is not None
        },
        raws[0],
        _messages(lock, raws[0]),
        edited.get(own),
        twin,
        _messages(lock, raws[1]) if twin else (),
    )


def _find(ledger: pl.DataFrame, row: str) -> dict[str, Any]:
    name, _, line = row.rpartition(":")
    if line.isdigit():
        place = pl.col("line") == int(line)
        if name:
            place &= (pl.col("source") == name) | pl.col("source").str.ends_with(f"/{name}")
        at_place = ledger.filter(place)
        if at_place.height == 1:
            return at_place.row(0, named=True)
        if at_place.height > 1 and len(line) < 16:  # noqa: PLR2004  # no id is that short
            raise UsageError(f"{row} names {at_place.height} records; add the file: FILE:{line}")
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


def _raws(folder: Path, positions: Sequence[int]) -> list[bytes]:
    wanted = set(positions)
    found = {
        position: raw
        for position, raw in enumerate(read_store(folder / files.RECORDS))
        if position in wanted
    }
    return [found[position] for position in positions]


def _messages(lock: Lock, raw: bytes) -> tuple[Message, ...]:
    row, _ = Ingest(lock.settings.format, lock.settings.map)(Record("", 0, raw))
    return () if isinstance(row, Refusal) else (*row.messages, *row.rejected)


def difference(text: str, other: str) -> list[tuple[str, str]]:
    """What makes `text` differ from `other`, word by word.

    Returns:
        Stretches in order: ("same" | "only here" | "only there", text).
    """
    here, there = (re.findall(r"\s+|\w+|[^\w\s]", one) for one in (text, other))
    if max(len(here), len(there)) > WORDS:
        return [("same", text)] if text == other else [("only there", other), ("only here", text)]
    made = []
    matcher = difflib.SequenceMatcher(None, there, here, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            made.append(("same", "".join(here[c:d])))
            continue
        made += [("only there", "".join(there[a:b]))] if b > a else []
        made += [("only here", "".join(here[c:d]))] if d > c else []
    return made
