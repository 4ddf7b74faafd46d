"""What a run has measured: all that a decision needs, in memory and in the run folder."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl

from curate.ingest import UNREADABLE, Refusal
from curate.read import Record
from curate.run import folder as files
from curate.run.ledger import LEDGER, POSITION
from curate.run.store import read_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from curate.run.lock import Lock, Measured, Origin

EDITED = "edited.zst"  # what edit rules made, until the rows' ids are known


@dataclass(frozen=True)
class Facts:
    """What was read and measured: all that a decision needs.

    Attributes:
        scores: a row a valid record, in input order.
        matches: what patterns found (`curate.policy.match.SCHEMA`).
        edits: `row` and `code` of each edit.
        refused: ledger rows of the quarantined records, with their `position` in the input.
        formats: records a format.
        origin: what was read, and how the core is to be written.
        measured: what these facts answer.
        sketches: of each row, for an index that it may be added to (`curate.dedup.index.COLUMNS`).
    """

    scores: pl.DataFrame
    matches: pl.DataFrame
    edits: pl.DataFrame
    refused: pl.DataFrame
    formats: Mapping[str, int]
    origin: Origin
    measured: Measured
    sketches: pl.DataFrame | None = None


def edit_frame(edited: list[tuple[int, list[str]]]) -> pl.DataFrame:
    """A row an edit: `row` and `code`."""
    pairs = [(row, code) for row, codes in edited for code in codes]
    return pl.DataFrame(pairs, schema={"row": pl.UInt32, "code": pl.String}, orient="row")


def refused_frame(refused: list[tuple[int, Refusal]], ids: pl.Series) -> pl.DataFrame:
    """Ledger rows of the quarantined records; their ids differ from all others."""
    known = [one.id for _, one in refused]
    taken = set(ids.filter(ids.str.head(16).is_in(known)).to_list())
    made = []
    for position, one in refused:
        own, number = one.id, 1
        while own in taken:
            number += 1
            own = f"{one.id}-{number}"
        taken.add(own)
        place = (position, own, one.source, one.line)
        made.append((*place, "quarantined", one.code, None, one.error, None, None))
    return pl.DataFrame(made, schema=POSITION | LEDGER, orient="row")


def write_facts(made: Path, facts: Facts) -> None:
    """Write scores, matches, quarantine and edits beside the records in `made`."""
    facts.scores.write_parquet(made / files.SCORES)
    facts.matches.write_parquet(made / files.MATCHES)
    columns = facts.refused.select("position", "id", "source", "line", "code", "value")
    refused = {position: Refusal(*said) for position, *said in columns.iter_rows()}
    codes: dict[int, list[str]] = {}
    for row, code in facts.edits.iter_rows():
        codes.setdefault(row, []).append(code)
    if not refused and not codes:
        (made / EDITED).unlink()
        (made / files.QUARANTINE).write_bytes(b"")
        return
    changed = read_store(made / EDITED)
    ids = facts.scores["id"]
    row = 0
    quarantine = (made / files.QUARANTINE).open("wb")
    edits = (made / files.EDITS).open("wb") if codes else nullcontext()
    with quarantine, edits as edit_file:
        for position, raw in enumerate(read_store(made / files.RECORDS)):
            if (no := refused.get(position)) is not None:
                quarantine.write(quarantine_line(no, raw))
                continue
            if row in codes and edit_file is not None:
                after = next(changed).decode()
                change = {"id": ids[row], "codes": codes[row]}
                edit_file.write(json_line(change | {"before": raw.decode(), "after": after}))
            row += 1
    (made / EDITED).unlink()


def quarantine_line(refused: Refusal, raw: bytes) -> bytes:
    """A record as it stands in quarantine.jsonl."""
    text = raw.decode("utf-8", "backslashreplace")
    place = {"id": refused.id, "source": refused.source, "line": refused.line}
    return json_line(place | {"error": refused.error, "code": refused.code, "raw": text})


def json_line(record: Mapping[str, Any]) -> bytes:
    """An object as a line of JSONL."""
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def load_facts(folder: Path, lock: Lock) -> Facts:
    """What a finished run has measured."""
    ledger = files.read_table(folder / files.LEDGER).with_row_index("position")
    scores = files.read_table(folder / files.SCORES)
    row_of = {own: row for row, own in enumerate(scores["id"])} if _has_edits(folder) else {}
    return Facts(
        scores,
        files.read_table(folder / files.MATCHES),
        edit_frame([(row_of[one["id"]], one["codes"]) for one in stored_edits(folder)]),
        ledger.filter(pl.col("disposition") == "quarantined"),
        lock.formats,
        lock.origin,
        lock.measured,
    )


def _has_edits(folder: Path) -> bool:
    return (folder / files.EDITS).exists()


def stored_edits(folder: Path) -> Iterator[dict[str, Any]]:
    """The edits of a run in input order: `id`, `codes`, `before`, `after`."""
    if _has_edits(folder):
        with (folder / files.EDITS).open("rb") as file:
            yield from map(orjson.loads, file)


def stored_records(folder: Path) -> Iterator[Record]:
    """The records of a finished run as they were read."""
    ledger = files.read_table(folder / files.LEDGER, ["source", "line", "code", "value"])
    for raw, (source, line, code, value) in zip(
        read_store(folder / files.RECORDS), ledger.iter_rows(), strict=True
    ):
        yield Record(source, line, raw, value if code == UNREADABLE else None)
