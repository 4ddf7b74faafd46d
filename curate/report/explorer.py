"""The rows that the page lets a reader page through: what was dropped, refused, edited, flagged.

All of them where they fit; of more, every rule keeps its fair share, and those that cost a row come
first. A row is a small object with short keys, for there are thousands:

    i  id                    c  rules that hit it, as positions in the report's list
    s  source                v  what the deciding rule saw, or why the record was refused
    l  line                  p  excerpts: [label, [[kind, text], ...]]
    d  disposition           t  the twin: [id, source, line, excerpts]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl

from curate.report.model import Explorer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from curate.report.examples import Examiner
    from curate.report.model import Example, Part

MAX_ROWS = 3000
MAX_PAIRS = 300  # whose words are compared; of others the page names the twin alone
MAX_BYTES = 3_000_000  # of JSON; the whole page stays below 5 MB


@dataclass(frozen=True)
class Explored:
    """The rows to show.

    Attributes:
        positions: in the order of the input.
        findings: of these rows.
        twins: ids of the twins whose text is shown beside them.
        total: all rows that could be shown, with their disposition.
    """

    positions: Sequence[int]
    findings: pl.DataFrame
    twins: Sequence[str]
    total: pl.DataFrame


def explored(ledger: pl.DataFrame, findings: pl.DataFrame) -> Explored:
    """Choose the rows.

    Args:
        ledger: with `position`.
        findings: with `position`, a row's deciding one first.
    """
    hit = pl.col("position").is_in(findings["position"].unique().implode())
    rows = ledger.filter(hit | (pl.col("disposition") != "kept"))
    rank = pl.int_range(pl.len()).over("code", pl.col("disposition") == "kept")
    chosen = rows.sort(pl.col("disposition") == "kept", rank, "position").head(MAX_ROWS)
    positions = chosen["position"].sort()
    held = findings.filter(pl.col("position").is_in(positions.implode()))
    named = held.filter(pl.col("twin").is_not_null())
    firsts = named.unique("position", keep="first", maintain_order=True)
    twins = firsts["twin"].head(MAX_PAIRS).to_list()
    return Explored(positions.to_list(), held, twins, rows.select("position", "disposition"))


def explorer(chosen: Explored, examiner: Examiner, codes: Sequence[str]) -> Explorer:
    """The chosen rows as the page takes them, as many as fit."""
    number = {code: at for at, code in enumerate(codes)}
    found: dict[int, list[dict[str, Any]]] = {}
    for one in chosen.findings.iter_rows(named=True):
        found.setdefault(one["position"], []).append(one)
    rows, size, shown = [], 0, []
    for at in chosen.positions:
        hits = found.get(at)
        twin = next((one["twin"] for one in hits or () if one["twin"]), None)
        example = examiner.example(hits[0], twin) if hits else examiner.quarantined(at)
        row = _row(example, [number[one["code"]] for one in hits or []])
        size += len(orjson.dumps(row))
        if size > MAX_BYTES:
            break
        rows.append(row)
        shown.append(at)
    left = chosen.total.filter(~pl.col("position").is_in(shown))
    left_out = dict(left.group_by("disposition").len().sort("disposition").iter_rows())
    return Explorer(rows=tuple(rows), total=chosen.total.height, left_out=left_out)


def _row(example: Example, codes: list[int]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "i": example.id,
        "s": example.source,
        "l": example.line,
        "d": example.disposition,
        "c": codes,
        "v": example.value,
        "p": _parts(example.parts),
    }
    if example.twin is not None:
        twin = example.twin
        row["t"] = [twin.id, twin.source, twin.line, _parts(twin.parts)]
    return row


def _parts(parts: Sequence[Part]) -> list[Any]:
    return [[part.label, [list(one) for one in part.segments]] for part in parts]
