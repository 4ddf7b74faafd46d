"""Splits that nothing leaks between: what is alike stays together.

Rows are linked where they have the same question, the same long answer, nearly the same words, or
the same value in a field that the user names. What is linked, over however many others, is one
cluster (`curate.dedup.clusters`), and a cluster goes into one split.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import polars as pl

from curate import __version__
from curate.config import Settings
from curate.dedup import alike, minhash
from curate.dedup.clusters import REMEDY, Links, clusters, draw, largest
from curate.dedup.minhash import TURN
from curate.errors import InputError, InternalError, UsageError
from curate.ingest import Ingest, Refusal
from curate.read import open_sources, parse
from curate.read.progress import no_tick, read_all
from curate.row import to_frame
from curate.run import folder as files
from curate.run.batches import nothing_valid, valid_rows
from curate.run.facts import quarantine_line
from curate.run.lock import sha256
from curate.run.store import read_store
from curate.signals.shingles import SHORT, sketches
from curate.write import extension, layout_of, open_writer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from curate.dedup.clusters import Cluster, Keys
    from curate.dedup.minhash import Hashes, Ints
    from curate.read import Source
    from curate.read.progress import Tick
    from curate.row import Row

NAMES = ("train", "eval", "test")
REPORT, QUARANTINE, ROWS = "split.json", "quarantine.jsonl", "rows.parquet"
_RECORDS = "records.zst"


def _files(told: Mapping[str, Any]) -> list[str]:
    """The files that split.json names."""
    return [one["file"] for one in told["splits"].values()]


_KIND = files.Kind("split", REPORT, frozenset({QUARANTINE, ROWS, ".DS_Store"}), _files)
_MEDIA = r'"(?:image|video|audio)s?":'


def split(
    inputs: str | Path | Sequence[str | Path],
    folder: str | Path,
    settings: Settings | None = None,
    *,
    eval: float = 0.1,  # noqa: A002  # the split's name
    test: float = 0.0,
    group: str | None = None,
    similarity: float = minhash.FLOOR,
    force: bool = False,
    tick: Tick = no_tick,
) -> dict[str, Any]:
    """Write train, eval and perhaps test, with no row in one that is like a row in another.

    Args:
        inputs: one or several files, folders, globs, `hf://NAME[:SPLIT]`, `-` for standard input.
        folder: the folder to make.
        settings: `format`, `map` and `seed` count, nothing else.
        eval: the share of the rows that eval gets.
        test: and that test gets; 0 makes none.
        group: a field; rows with the same value of it stay together.
        similarity: of the word trigrams, from which on two rows stay together.
        force: replace a split that stands there.
        tick: called with stage, done and total as the work goes on.

    Returns:
        What split.json says.

    Raises:
        UsageError: shares that can't be, a field that no row has, rows that can't be split so.
        InputError: an input that can't be read at all, or holds no valid record.
        OutputError: a folder that can't be written.
    """
    settings = settings or Settings()
    shares = _checked(eval, test, similarity)
    named = [inputs] if isinstance(inputs, str | Path) else inputs
    sources = open_sources([str(one) for one in named])
    names = [one.name for one in sources]
    with files.draft(Path(folder), force=force, inputs=names, kind=_KIND) as made:
        rows = _measured(sources, settings, group, made, tick)
        links = Links.between(rows.keys(), np.concatenate(rows.words), similarity)
        members = alike.components(links.left, links.right, len(rows))
        found = clusters(members, rows.ids, rows.strata, settings.seed)
        together = _together(rows, found, members, links)
        drawn = _drawn(found, shares, together)
        chosen = [drawn[row] for row in members.tolist()]
        written = _written(made, sources, rows, chosen, tick)
        _write_rows(made, rows, members, chosen)
        told = {
            "curate": __version__,
            **_asked(sources, settings, similarity, group),
            "splits": _splits(members, chosen, shares, written),
            "quarantined": written[QUARANTINE],
            "clusters": together,
            "strata": _strata(rows, chosen),
        }
        (made / REPORT).write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n")
    return told


def _asked(
    sources: Sequence[Source], settings: Settings, similarity: float, group: str | None
) -> dict[str, Any]:
    """What was split, and how it was asked for."""
    return {
        "inputs": [_input(one) for one in sources],
        "seed": settings.seed,
        "similarity": similarity,
        "group": group,
        "records": sum(one.records for one in sources),
    }


def _together(rows: _Rows, found: Sequence[Cluster], members: Ints, links: Links) -> dict[str, Any]:
    """What the clusters are, what holds them together, and where the largest begins."""
    one, kind = largest(found, members, links)
    source, line = rows.places[one.row]
    several = [one.size for one in found if one.size > 1]
    return {
        "count": len(found),
        "of_several_rows": len(several),
        "rows_in_these": sum(several),
        "links": links.why(),
        "largest": {"rows": one.size, "held_by": kind, "source": source, "line": line},
    }


def _drawn(
    found: Sequence[Cluster], shares: Mapping[str, float], together: Mapping[str, Any]
) -> dict[int, str]:
    """`curate.dedup.clusters.draw`, whose error also says which cluster is too large, and why."""
    try:
        return draw(found, shares)
    except UsageError as error:
        most = together["largest"]
        if most["rows"] == 1:
            raise
        place = f"{most['source']}:{most['line']}"
        raise UsageError(
            f"{error}; the largest cluster, {most['rows']:,} rows from {place} on, is "
            f"{REMEDY[most['held_by']]}"
        ) from None


def _checked(evaluation: float, test: float, similarity: float) -> dict[str, float]:
    """The share of each split.

    Raises:
        UsageError: they leave nothing for training, or make no split.
    """
    if not (evaluation > 0 and test >= 0 and evaluation + test < 1):
        raise UsageError(
            f"--eval {evaluation:g} --test {test:g}: each is a share of the rows, such as 0.1, and "
            "training needs what they leave"
        )
    if not minhash.FLOOR <= similarity <= 1:
        raise UsageError(f"--similarity {similarity:g}: from {minhash.FLOOR} to 1")
    shares = {"train": 1 - evaluation - test, "eval": evaluation, "test": test}
    return {name: share for name, share in shares.items() if share}


# --- measure ------------------------------------------------------------------------------------


@dataclass
class _Rows:
    """What is known of the valid rows, in input order.

    Attributes:
        ids: content hashes; equal rows have the same.
        places: source and line.
        strata: rows of a stratum come from one source, in one format and of about one length.
        question: key of the prompt, 0 where there is none.
        answer: key of the answer, 0 where it is short.
        group: key of the field that holds rows together, 0 where a row has none.
        words: their words, END after each row.
        refused: positions among all records, and what is wrong with each.
    """

    ids: list[str] = field(default_factory=list)
    places: list[tuple[str, int]] = field(default_factory=list)
    strata: list[tuple[str, str, int]] = field(default_factory=list)
    question: list[Keys] = field(default_factory=list)
    answer: list[Keys] = field(default_factory=list)
    group: list[Keys] = field(default_factory=list)
    words: list[Hashes] = field(default_factory=list)
    refused: dict[int, Refusal] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    def keys(self) -> Iterator[Keys]:
        """A key a row for each of `curate.dedup.clusters.LINKS` but the last."""
        for parts in (self.group or [np.zeros(len(self), np.uint64)], self.question, self.answer):
            yield np.concatenate(parts)

    def add(self, rows: list[Row], group: str | None) -> None:
        """Append a batch."""
        frame = to_frame(rows)
        made = frame.hstack(sketches(frame))
        self.ids += frame["id"].to_list()
        self.places += frame.select("source", "line").rows()
        size = pl.col("texts").list.eval(pl.element().str.len_chars()).list.sum()
        length = frame.select(size.alias("size"))["size"].to_list()
        kinds = frame.select("source", "format").iter_rows()
        self.strata += [
            (source, kind, int(long).bit_length())
            for (source, kind), long in zip(kinds, length, strict=True)
        ]
        self.question.append(_question(made))
        self.answer.append(_answer(made))
        self.words.append(_words(made))
        if group is not None:
            self.group.append(np.array([_value(row, group) for row in rows], np.uint64))


def _question(made: pl.DataFrame) -> Keys:
    """Keys of the prompts: a short one is another under another system text or picture."""
    media = pl.when(pl.col("aside").str.contains(_MEDIA)).then("aside")
    long = pl.col("prompt_length") >= SHORT
    beside = pl.when(~long).then("system").alias("system")
    key = pl.struct("prompt_wording", beside, media.alias("media")).hash(seed=7)
    asked = pl.col("prompt").str.contains(r"\S").fill_null(value=False)
    return made.select(pl.when(asked).then(key).otherwise(0).alias("key"))["key"].to_numpy()


def _answer(made: pl.DataFrame) -> Keys:
    telling = pl.col("response_length") >= SHORT
    key = pl.when(telling).then("response_wording").otherwise(0)
    return made.select(key.alias("key"))["key"].to_numpy()


def _words(made: pl.DataFrame) -> Hashes:
    """The words of whole rows: prompt, TURN, answer, END."""
    prompt = pl.col("prompt_words")
    prompt = prompt.list.head(prompt.list.len() - 1)
    turn = pl.lit(int(TURN), pl.UInt32)
    whole = made.select(pl.concat_list(prompt, turn, "response_words").alias("words"))
    words: Hashes = whole["words"].explode().to_numpy()
    return words


def _value(row: Row, group: str) -> int:
    """A key of what a record holds in a field; 0 where it holds nothing."""
    held = parse(row.raw).get(group)
    if held is None or held == "":
        return 0
    text = orjson.dumps(held, option=orjson.OPT_SORT_KEYS)
    return int.from_bytes(blake2b(text, digest_size=8).digest()) or 1


def _measured(
    sources: Sequence[Source], settings: Settings, group: str | None, made: Path, tick: Tick
) -> _Rows:
    """Read and validate all records, and keep their bytes in `made`."""
    rows = _Rows()
    ingest = Ingest(settings.format, settings.map)
    for batch in valid_rows(read_all(sources, tick), ingest, made / _RECORDS, rows.refused):
        rows.add([row for _, row in batch], group)
    if not len(rows):
        raise InputError(nothing_valid([*rows.refused.values()]))
    if group is not None and not any(part.any() for part in rows.group):
        raise UsageError(f"--group {group}: no record has such a field with a value in it")
    return rows


# --- write --------------------------------------------------------------------------------------


def _written(
    made: Path, sources: Sequence[Source], rows: _Rows, chosen: Sequence[str], tick: Tick
) -> dict[str, dict[str, Any]]:
    """Write each record into its file; name, records and SHA-256 of each, by split.

    Raises:
        OutputError: the disk is full.
        InternalError: a record that came in is in no file.
    """
    layout = layout_of(sources)
    total = len(chosen) + len(rows.refused)
    with ExitStack() as stack:
        out = {
            name: stack.enter_context(open_writer(made / f"{name}{extension(layout)}", layout))
            for name in NAMES
            if name in set(chosen)
        }
        quarantine = stack.enter_context((made / QUARANTINE).open("wb"))
        split = iter(chosen)
        for position, raw in enumerate(read_store(made / _RECORDS)):
            refusal = rows.refused.get(position)
            if refusal is None:
                out[next(split)].write(raw)
            else:
                quarantine.write(quarantine_line(refusal, raw))
            tick("write", position + 1, total)
    (made / _RECORDS).unlink()
    files_ = {name: (writer.path.name, writer.records) for name, writer in out.items()}
    files_[QUARANTINE] = QUARANTINE, len(rows.refused)
    held = sum(count for _, count in files_.values())
    if held != sum(one.records for one in sources):
        raise InternalError(f"of {total} records that came in {held} went out")
    return {
        split: {"file": name, "records": count, "sha256": sha256(made / name)}
        for split, (name, count) in files_.items()
    }


def _write_rows(made: Path, rows: _Rows, members: Ints, chosen: Sequence[str]) -> None:
    """Say of each row where it came from, its split, and the first row of its cluster."""
    table = pl.DataFrame(rows.places, schema={"source": pl.String, "line": pl.Int64}, orient="row")
    ids = pl.Series("id", rows.ids)
    cluster = ids.gather(members).alias("cluster")
    split = pl.Series("split", chosen)
    table.select(ids, "source", "line", split, cluster).write_parquet(made / ROWS)


def _input(source: Source) -> dict[str, Any]:
    about = {"name": source.name, "sha256": source.sha256, "bytes": source.size}
    return about | {"records": source.records}


def _splits(
    members: Ints,
    chosen: Sequence[str],
    shares: Mapping[str, float],
    written: Mapping[str, dict[str, Any]],
) -> dict[str, dict[str, Any]]:
    """Of each split its file, its rows and clusters, and its share as asked and as it came out."""
    held = Counter(chosen[row] for row in set(members.tolist()))
    return {
        name: {
            **written[name],
            "clusters": held[name],
            "share": written[name]["records"] / len(chosen),
            "asked": shares[name],
        }
        for name in shares
    }


def _strata(rows: _Rows, chosen: Sequence[str]) -> dict[str, dict[str, dict[str, int]]]:
    """Rows a split, by source, by format and by length."""
    told: dict[str, dict[str, dict[str, int]]] = {}
    for at, what in enumerate(("source", "format", "characters")):
        counts = Counter(
            (stratum[at], split) for stratum, split in zip(rows.strata, chosen, strict=True)
        )
        table: dict[str, dict[str, int]] = {}
        for (name, split), count in sorted(counts.items()):
            key = name if isinstance(name, str) else f"under {2**name:,}"
            table.setdefault(key, {})[split] = count
        told[what] = table
    return told
