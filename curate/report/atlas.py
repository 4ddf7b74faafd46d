"""The map of the dataset, and the kinds of tasks in it: where rows lie, and what became of them.

A sample of the rows that have a place (`map_x`, `map_y`): a point is `[x, y, state, task, copies,
id, beginning]`, with `state`, `task` and `copies` as positions in lists, and `beginning` masked as
all texts are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from curate.dedup.alike import components
from curate.report.explorer import pack
from curate.report.model import Atlas, Task
from curate.signals.tasks import figure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from curate.dedup.minhash import Ints
    from curate.report.examples import Examiner
    from curate.report.run import Run

MAX_POINTS = 4_000  # of which a page opens in time: each is an element of the drawing
PLACES = ("map_x", "map_y")
STATES = ("untouched", "flagged", "edited", "dropped")
# Clusters of rows that some rule found to repeat each other, by their rows: from so many on.
COPIES = {"like no other": 1, "in a pair": 2, "in a cluster of 3 to 9": 3, "of 10 or more": 10}


def charted(run: Run) -> pl.DataFrame:
    """The rows to draw, in input order, with `position`, `state` and `copies`; none without place.

    `copies` is the place in COPIES of the row's cluster.
    """
    if not set(PLACES).issubset(run.scores.columns):
        return pl.DataFrame(schema={"position": pl.UInt32})
    task = pl.col("task") if "task" in run.scores.columns else pl.lit(None, pl.String)
    flagged = pl.col("position").is_in(run.findings["position"].unique().implode())
    placed = (
        run.scores.select("id", *PLACES, task.alias("task"))
        .drop_nulls(PLACES)
        .join(run.ledger.select("id", "position", "disposition"), on="id", maintain_order="left")
        .with_columns(
            pl.when(pl.col("disposition") != "kept")
            .then("disposition")
            .otherwise(pl.when(flagged).then(pl.lit("flagged")).otherwise(pl.lit("untouched")))
            .alias("state")
        )
    )
    lots = np.random.default_rng(run.lock.settings.seed).permutation(placed.height)
    drawn = placed[np.sort(lots[:MAX_POINTS])]
    sizes = _clusters(run)[drawn["position"].to_numpy()]
    return drawn.with_columns(
        pl.Series("copies", np.searchsorted(list(COPIES.values()), sizes, "right") - 1)
    )


def _clusters(run: Run) -> Ints:
    """How many rows the cluster of each record has, by position: copies of copies are in one."""
    pairs = run.findings.select("position", "twin").drop_nulls().unique()
    position = run.positions(pairs["twin"])
    known = pairs.filter(pl.col("twin").is_in(list(position)))
    twins = known["twin"].replace_strict(position, return_dtype=pl.Int64)
    own = known["position"].cast(pl.Int64)
    first = components(own.to_numpy(), twins.to_numpy(), run.ledger.height)
    sizes: Ints = np.bincount(first, minlength=len(first))[first]
    return sizes


def atlas(rows: pl.DataFrame, run: Run, examiner: Examiner) -> Atlas | None:
    """The map as the page takes it; None without a place for any row."""
    if rows.is_empty():
        return None
    counted = dict(rows["state"].value_counts().iter_rows())
    states = {name: counted[name] for name in STATES if name in counted}
    sizes = dict(rows["copies"].value_counts().iter_rows())
    copies = {name: sizes[at] for at, name in enumerate(COPIES) if at in sizes}
    table = list(_table(rows, states, copies))
    tasks = [name for name, _ in table]
    return Atlas(
        packed=pack(_points(rows, tasks, examiner)),
        points=rows.height,
        rows=run.scores["map_x"].count(),
        states=states,
        copies=copies,
        tasks=tuple(tasks),
        table=(("all", (*states.values(), *copies.values())), *table),
    )


def _table(
    rows: pl.DataFrame, states: Iterable[str], copies: Iterable[str]
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The points of each kind of task by state, then by copies, the most points first."""
    became = [(pl.col("state") == name).sum().alias(name) for name in states]
    places = {name: at for at, name in enumerate(COPIES)}
    alike = [(pl.col("copies") == places[name]).sum().alias(name) for name in copies]
    counted = rows.drop_nulls("task").group_by("task").agg(pl.len().alias(""), *became, *alike)
    ordered = counted.sort("", "task", descending=[True, False])
    for task, _, *numbers in ordered.iter_rows():
        yield task, tuple(numbers)


def _points(rows: pl.DataFrame, tasks: list[str], examiner: Examiner) -> Iterator[list[Any]]:
    number = {name: at for at, name in enumerate(tasks)}
    fields = ("map_x", "map_y", "state", "task", "copies", "id", "position")
    for x, y, state, task, copies, own, at in rows.select(fields).iter_rows():
        place = [round(x, 4), round(y, 4), STATES.index(state), number.get(task, -1), copies]
        yield [*place, own, examiner.beginning(at)]


def tasks(run: Run) -> Iterator[Task]:
    """Every kind of task that was measured, the largest first."""
    found = figure(run.scores)
    if found is None:
        return
    core = run.scores.filter(run.in_core())["task"].drop_nulls().value_counts()
    kept = dict(core.iter_rows())
    for one in found["groups"]:
        yield Task(
            name=one["name"],
            rows=one["rows"],
            core=kept.get(one["name"], 0),
            share=round(one["share"], 6),
            rung=one["rung"],
            near_empty=one["near_empty"],
        )
