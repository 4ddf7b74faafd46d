"""The rows that the page lets a reader page through: what was dropped, refused, edited, flagged.

Beside these some of the rows that nothing was found in, drawn by lot. All of the former, up to
`MAX_LISTED`; with their text as many as fit, of which every rule gets its fair share, those that
cost a row first, those by lot last. A row is a small object with short keys, for there are
thousands:

    i  id                    c  rules that hit it, as positions in the report's list
    s  source                v  what the deciding rule saw, or why the record was refused
    l  line                  p  excerpts: [label, [[kind, text], ...]]; null where there was no room
    d  disposition           t  the twin: [id, source, line, excerpts]
"""

from __future__ import annotations

import gzip
from base64 import b64encode
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl

from curate.report.model import Explorer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from curate.report.examples import Examiner
    from curate.report.model import Part

    Hits = Sequence[dict[str, Any]]
    Listed = dict[str, Any]

MAX_ROWS = 10_000  # with text: 0.1 ms each
MAX_LISTED = 100_000  # without text: 20 bytes each
MAX_PAIRS = 300  # whose words are compared; of others the page names the twin alone
MAX_BYTES = 3_400_000  # packed, of a page below 5 MB
_LEVEL = 6  # of gzip; 9 takes twice as long and saves 2 %


@dataclass(frozen=True)
class Explored:
    """The rows to show.

    Attributes:
        positions: in the order of the input.
        texts: positions of those whose text is shown, the most telling first.
        untouched: positions of the rows by lot; the last of `texts`, and in `positions`.
        findings: of the rows.
        twins: ids of the twins whose text is shown beside them.
        total: how many rows could be shown, by disposition.
    """

    positions: Sequence[int]
    texts: Sequence[int]
    untouched: Sequence[int]
    findings: pl.DataFrame
    twins: Sequence[str]
    total: Mapping[str, int]


def explored(ledger: pl.DataFrame, findings: pl.DataFrame, lot: pl.Series) -> Explored:
    """Choose the rows.

    Args:
        ledger: with `position`.
        findings: with `position`, a row's deciding one first.
        lot: positions of rows drawn by lot.
    """
    hit = pl.col("position").is_in(findings["position"].unique().implode())
    rows = ledger.filter(hit | (pl.col("disposition") != "kept"))
    rank = pl.int_range(pl.len()).over("code", pl.col("disposition") == "kept")
    chosen = rows.sort(pl.col("disposition") == "kept", rank, "position").head(MAX_LISTED)
    held = findings.filter(pl.col("position").is_in(chosen["position"].implode()))
    texts = chosen["position"].head(MAX_ROWS)
    untouched = lot.filter(~lot.is_in(rows["position"].implode()))
    positions = pl.concat([chosen["position"], untouched.cast(pl.UInt32)]).sort()
    named = held.filter(pl.col("twin").is_not_null() & pl.col("position").is_in(texts.implode()))
    firsts = named.unique("position", keep="first", maintain_order=True)
    total = dict(rows["disposition"].value_counts().sort("disposition").iter_rows())
    twins = firsts["twin"].head(MAX_PAIRS).to_list()
    return Explored(
        positions=positions.to_list(),
        texts=[*texts.to_list(), *untouched.to_list()],
        untouched=untouched.to_list(),
        findings=held,
        twins=twins,
        total=total,
    )


def explorer(chosen: Explored, examiner: Examiner, codes: Sequence[str]) -> Explorer:
    """The chosen rows as the page takes them."""
    number = {code: at for at, code in enumerate(codes)}
    found: dict[int, list[dict[str, Any]]] = {}
    for one in chosen.findings.iter_rows(named=True):
        found.setdefault(one["position"], []).append(one)
    told = set(chosen.texts)
    rows = {
        at: (_row if at in told else _bare)(at, examiner, found.get(at, ()), number)
        for at in chosen.positions
    }
    texts = list(chosen.texts)
    while len(packed := pack(rows.values())) > MAX_BYTES and texts:
        for at in texts[len(texts) // 2 :]:
            rows[at] = _bare(at, examiner, found.get(at, ()), number)
        del texts[len(texts) // 2 :]
    return Explorer(
        rows=tuple(rows.values()),
        packed=packed,
        total=sum(chosen.total.values()),
        untouched=len(chosen.untouched),
        textless=len(rows) - len(texts),
        left_out=_left_out(chosen.total, rows.values()),
    )


def pack(rows: Iterable[Mapping[str, Any] | Sequence[Any]]) -> str:
    """The rows as base64 of gzipped JSON, the same bytes every time."""
    return b64encode(gzip.compress(orjson.dumps(list(rows)), _LEVEL, mtime=0)).decode()


def _left_out(total: Mapping[str, int], rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    listed = Counter(row["d"] for row in rows if row["c"] or row["d"] != "kept")
    return {name: count - listed[name] for name, count in total.items() if count > listed[name]}


def _row(at: int, examiner: Examiner, hits: Hits, number: Mapping[str, int]) -> Listed:
    """A row with its text and that of its twin."""
    twin = next((one["twin"] for one in hits if one["twin"]), None)
    example = examiner.example(hits[0], twin) if hits else examiner.alone(at)
    made = _place(at, examiner, hits, number)
    made |= {"v": example.value, "p": _parts(example.parts)}
    if example.twin is not None:
        other = example.twin
        made["t"] = [other.id, other.source, other.line, _parts(other.parts)]
    return made


def _bare(at: int, examiner: Examiner, hits: Hits, number: Mapping[str, int]) -> Listed:
    """A row without a word of its text."""
    return _place(at, examiner, hits, number) | {"v": None, "p": None}


def _place(at: int, examiner: Examiner, hits: Hits, number: Mapping[str, int]) -> Listed:
    own, source, line, disposition = examiner.places[at]
    codes = [number[one["code"]] for one in hits]
    return {"i": own, "s": source, "l": line, "d": disposition, "c": codes}


def _parts(parts: Sequence[Part]) -> list[Any]:
    return [[part.label, [list(one) for one in part.segments]] for part in parts]
