"""A core-set of a size: good rows that stand for all the others, in one order for every size.

read      records -> rows, their findings, scores and vectors
quality   what rules find in a row, and how much its answer says
rank      the order (`curate.learn.coreset`), of rows laid out by hash: neither their order in the
          input nor the number of threads changes it
write     the chosen rows, byte for byte, in the input's file type
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl

from curate import __version__
from curate.config import Settings
from curate.decide import decide
from curate.embed import embedder
from curate.embed.static import unit
from curate.errors import InputError, OutputError, UsageError
from curate.ingest import Ingest, Refusal
from curate.learn import coreset
from curate.policy.choose import chosen_rules
from curate.read import open_sources
from curate.read.progress import no_tick, read_all
from curate.row import to_frame
from curate.run import folder as files
from curate.run.batches import nothing_valid, valid_rows
from curate.run.resolve import resolved
from curate.run.store import read_store
from curate.run.targets import check_targets
from curate.score import Scorer, make_plan
from curate.text.words import count
from curate.write import check_name, open_writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from curate.embed import Vectors
    from curate.policy.rule import Rule
    from curate.read import Source
    from curate.read.progress import Tick

Order = Literal["chosen", "input"]

# What a finding leaves of a row's quality. A row that would be dropped comes after all others. What
# is worth a look only (`info`) counts for nothing: with 0.98 each, chosen answers agree less with
# people's choice on PandaLM's even rows (docs/log.md), who like what is written as an LLM writes.
DROPPED = 0.1
FLAGGED = {"error": 0.5, "warning": 0.8, "info": 1.0}
# An answer that says nothing has 0.9 of the quality of one with 50 facts or more. With 0.5 tasks
# with short answers are hardly chosen: of 2,000 rows of Alpaca 1.5 % would have answers under 20
# tokens, with 0.9 14 %; of all rows 36 % have (docs/log.md).
SUBSTANCE, MOST_FACTS = 0.1, 50
TOKENS_A_FACT = 4  # the median of Alpaca's answers; for code, where facts are not counted


@dataclass(frozen=True)
class Selection:
    """What was chosen.

    Attributes:
        chosen: a row a chosen row, best first: id, source, line, rank (from 1), gain, quality,
            codes (of the rules that hit it).
        valid: how many rows there were to choose from.
        refused: records that are no valid rows.
        told: what `--json` says of the run besides.
    """

    chosen: pl.DataFrame
    valid: int
    refused: Sequence[Refusal]
    told: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """All of it, for machines."""
        refused = [
            {"source": one.source, "line": one.line, "error": one.error} for one in self.refused
        ]
        rows = self.chosen.to_dicts()
        return {**self.told, "valid": self.valid, "refused": refused, "chosen": rows}


def select(
    inputs: str | Path | Sequence[str | Path],
    path: str | Path,
    size: int,
    settings: Settings | None = None,
    *,
    order: Order = "chosen",
    force: bool = False,
    tick: Tick = no_tick,
) -> Selection:
    """Write the `size` rows that stand best for all: quality times coverage.

    Args:
        inputs: one or several files, folders, globs, `hf://NAME[:SPLIT]`, `-` for standard input;
            a run folder stands for its core.
        path: the file to write; its name says the type.
        size: how many rows; all where there are not so many.
        settings: `format`, `map`, the rules, `embedder` and `seed` count.
        order: of the rows in the file: as they were chosen, so that every beginning of the file
            is a core-set, too, or as they came in.
        force: replace a file that stands there.
        tick: called with stage, done and total as the work goes on.

    Raises:
        UsageError: a size below 1, or a path that says no file type or is an input.
        InputError: an input that can't be read at all, or holds no valid record.
        OutputError: a file that can't be written.
    """
    settings = resolved(settings or Settings())
    target = Path(path)
    named = [inputs] if isinstance(inputs, str | Path) else inputs
    sources = open_sources([_data(one) for one in named])
    _check(target, size, sources, force=force)
    with TemporaryDirectory() as aside:
        store = Path(aside) / files.RECORDS
        found = _read(sources, store, settings, tick)
        ranked = _ranked(found, size, settings.seed, tick)
        rows = ranked["row"].to_list()
        _write(target, sources, _raw(store, found, rows), rows, order)
    chosen = ranked.drop("row")
    told = _told(sources, settings, size, order, chosen)
    return Selection(chosen, len(found.quality), found.refused, told)


def _data(one: str | Path) -> str:
    """The name of an input; of a run folder, that of its core."""
    folder = Path(one)
    return str(files.core_of(folder) if (folder / files.LOCK).is_file() else one)


def _check(target: Path, size: int, sources: Sequence[Source], *, force: bool) -> None:
    if size < 1:
        raise UsageError(f"--size {size}: choose 1 row or more")
    check_name(target)
    check_targets([target], [one.name for one in sources])
    if target.exists() and not force:
        raise OutputError(f"{target}: is there already; --force replaces it")


def _told(
    sources: Sequence[Source], settings: Settings, size: int, order: Order, chosen: pl.DataFrame
) -> dict[str, Any]:
    return {
        "curate": __version__,
        "inputs": [
            {"name": one.name, "sha256": one.sha256, "records": one.records} for one in sources
        ],
        "size": size,
        "order": order,
        "seed": settings.seed,
        "embedder": settings.embedder,
        "pack": settings.pack,
        "coverage": float(chosen["gain"].sum()),
        "quality": float(chosen["quality"].mean()),  # type: ignore[arg-type]  # of floats
    }


# --- read ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Found:
    """What is known of the valid rows, in input order.

    Attributes:
        rows: id, source, line, codes.
        quality: of each, in [0, 1].
        vectors: of each, zeros where nothing is known.
        positions: of each among all records.
        refused: records that are no rows.
    """

    rows: pl.DataFrame
    quality: NDArray[np.float64]
    vectors: Vectors
    positions: Sequence[int]
    refused: Sequence[Refusal]


def _read(sources: Sequence[Source], store: Path, settings: Settings, tick: Tick) -> _Found:
    """Read and measure all records, and keep their bytes in `store`."""
    rules = {code: one for code, one in chosen_rules(settings).items() if one.action != "edit"}
    scorer = Scorer(make_plan(_columns(rules)), rules, settings)
    model = embedder(settings.embedder)
    vectors: list[Vectors] = []
    positions: list[int] = []
    refused: dict[int, Refusal] = {}
    ingest = Ingest(settings.format, settings.map)
    for batch in valid_rows(read_all(sources, tick), ingest, store, refused):
        positions += [position for position, _ in batch]
        frame = to_frame([row for _, row in batch])
        scorer.add(frame)
        if model is not None:
            vectors.append(unit(model.encode(frame["prompt"]) + model.encode(frame["response"])))
    if not positions:
        raise InputError(nothing_valid([*refused.values()]))
    scores, matches = scorer.finish()
    findings = decide(scores, matches, rules).findings
    codes = findings.group_by("id", maintain_order=True).agg("code").rename({"code": "codes"})
    rows = scores.select("id", "source", "line").join(
        codes, on="id", how="left", maintain_order="left"
    )
    return _Found(
        rows.with_columns(pl.col("codes").fill_null(pl.lit([], pl.List(pl.String)))),
        quality(scores, findings),
        np.concatenate(vectors) if vectors else np.zeros((len(positions), 1), np.float32),
        positions,
        [*refused.values()],
    )


def _columns(rules: Mapping[str, Rule]) -> set[str]:
    read: set[str] = set().union(*(rule.reads for rule in rules.values()))
    return read | {"knowledge_facts", "response_tokens"}


# --- quality ------------------------------------------------------------------------------------


def quality(scores: pl.DataFrame, findings: pl.DataFrame) -> NDArray[np.float64]:
    """How good each scored row is, in [0, 1]: what its findings leave, times its substance.

    Substance grows with the logarithm of the facts of the answer (`knowledge_facts`), from
    1 - `SUBSTANCE` without any to 1 with `MOST_FACTS`.
    """
    flagged = pl.col("severity").replace_strict(FLAGGED, return_dtype=pl.Float64)
    left = pl.when(pl.col("action") == "drop").then(DROPPED).otherwise(flagged)
    each = findings.group_by("row").agg(left.log().sum().exp().alias("left"))
    made = np.ones(scores.height)
    made[each["row"].to_numpy()] = each["left"].to_numpy()
    estimated = pl.col("response_tokens") / TOKENS_A_FACT
    facts = pl.coalesce("knowledge_facts", estimated, pl.lit(0)).cast(pl.Float64)
    share = (facts.log1p() / np.log1p(MOST_FACTS)).clip(0, 1)
    substance = scores.select(1 - SUBSTANCE * (1 - share)).to_series().to_numpy()
    whole: NDArray[np.float64] = made * substance
    return whole


# --- rank and write -----------------------------------------------------------------------------


def _ranked(found: _Found, size: int, seed: int, tick: Tick) -> pl.DataFrame:
    """The chosen rows, best first, with their position among the valid ones as `row`."""
    lots = [blake2b(f"{seed} {one}".encode(), digest_size=8).digest() for one in found.rows["id"]]
    laid_out = np.array(sorted(range(len(lots)), key=lots.__getitem__))
    total = min(size, len(lots))
    made = coreset.rank(
        found.vectors[laid_out],
        found.quality[laid_out],
        total,
        seed,
        lambda done: tick("choose", done, total),
    )
    rows = laid_out[made.rows]
    place = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("rank")
    return found.rows[rows].select(
        pl.Series("row", rows),
        "id",
        "source",
        "line",
        place,
        pl.Series("gain", made.gains),
        pl.Series("quality", found.quality[rows]),
        "codes",
    )


def _raw(store: Path, found: _Found, rows: Iterable[int]) -> dict[int, bytes]:
    """The bytes of rows."""
    wanted = {found.positions[row]: row for row in rows}
    return {
        wanted[position]: raw
        for position, raw in enumerate(read_store(store))
        if position in wanted
    }


def _write(
    target: Path, sources: Sequence[Source], raw: Mapping[int, bytes], rows: list[int], order: Order
) -> None:
    with open_writer(target, sources) as out:
        for row in rows if order == "chosen" else sorted(rows):
            out.write(raw[row])


def shown(selection: Selection, target: Path, limit: int = 3) -> Iterator[str]:
    """What was chosen, in lines for a person."""
    chosen, told = selection.chosen, selection.told
    how = "best first" if told["order"] == "chosen" else "in input order"
    yield f"{target}: {chosen.height:,} of {count(selection.valid)}, {how}"
    if chosen.height < told["size"]:
        yield f"  {told['size']:,} were asked for; there are no more"
    yield f"  they cover {told['coverage']:.3f} of all rows; mean quality {told['quality']:.3f}"
    idle = chosen.filter(pl.col("gain") == 0).height
    if idle:
        yield f"  the last {idle:,} add nothing: copies of others, or texts without a known word"
    codes = chosen["codes"].explode(empty_as_null=False).value_counts(sort=True)
    if codes.height:
        first = codes.sort("count", "codes", descending=[True, False]).head(limit)
        hits = ", ".join(f"{code} {hits:,}" for code, hits in first.iter_rows())
        yield f"  rules hit {chosen.filter(pl.col('codes').list.len() > 0).height:,}: {hits}"


def refusals(selection: Selection, limit: int = 3) -> Iterator[str]:
    """Which records are no rows, in lines for a person."""
    refused = selection.refused
    if refused:
        yield f"{count(len(refused), 'record')} can't be chosen, being no valid rows:"
    listed = (f"  {one.source}:{one.line}: {one.error}" for one in refused[:limit])
    more = [f"  and {len(refused) - limit:,} more"] if len(refused) > limit else []
    yield from chain(listed, more)
