"""The map of the dataset, and the kinds of tasks in it: where rows lie, and what became of them.

A sample of the rows that have a place (`map_x`, `map_y`): a point is `[x, y, state, task, id,
beginning]`, with `state` and `task` as positions in lists, and `beginning` masked as all texts are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from curate.report.explorer import pack
from curate.report.model import Atlas, Task
from curate.signals.tasks import figure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from curate.report.examples import Examiner
    from curate.report.run import Run

MAX_POINTS = 4_000  # of which a page opens in time: each is an element of the drawing
PLACES = ("map_x", "map_y")
STATES = ("untouched", "flagged", "edited", "dropped")


def charted(run: Run) -> pl.DataFrame:
    """The rows to draw, in input order, with `position` and `state`; none without a place."""
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
    return placed[np.sort(lots[:MAX_POINTS])]


def atlas(rows: pl.DataFrame, run: Run, examiner: Examiner) -> Atlas | None:
    """The map as the page takes it; None without a place for any row."""
    if rows.is_empty():
        return None
    tasks = rows["task"].drop_nulls().unique().sort().to_list()
    counted = dict(rows["state"].value_counts().iter_rows())
    states = {name: counted[name] for name in STATES if name in counted}
    return Atlas(
        packed=pack(_points(rows, tasks, examiner)),
        points=rows.height,
        rows=run.scores["map_x"].count(),
        states=states,
        tasks=tuple(tasks),
        table=(("all", tuple(states.values())), *_table(rows, list(states))),
    )


def _table(rows: pl.DataFrame, states: list[str]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The points of each kind of task by what became of them, the most points first."""
    became = [(pl.col("state") == name).sum().alias(name) for name in states]
    counted = rows.drop_nulls("task").group_by("task").agg(pl.len().alias("points"), *became)
    ordered = counted.sort("points", "task", descending=[True, False])
    for task, _, *numbers in ordered.select("task", "points", *states).iter_rows():
        yield task, tuple(numbers)


def _points(rows: pl.DataFrame, tasks: list[str], examiner: Examiner) -> Iterator[list[Any]]:
    number = {name: at for at, name in enumerate(tasks)}
    fields = ("map_x", "map_y", "state", "task", "id", "position")
    for x, y, state, task, own, at in rows.select(fields).iter_rows():
        place = [round(x, 4), round(y, 4), STATES.index(state), number.get(task, -1)]
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
