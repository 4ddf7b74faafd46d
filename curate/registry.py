"""Signals register themselves by being there; the order they run in follows from their needs.

A signal is a pure function `pl.DataFrame -> pl.DataFrame` of the same height that returns exactly
the columns it declares. It is added in one file: a module in `curate/signals/`, or a module named
under the entry-point group `curate.plugins`. One that depends on what the user asked for, too,
names the settings and is given them: `(pl.DataFrame, Settings) -> pl.DataFrame`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Literal

from curate.errors import InternalError, UsageError
from curate.row import BASE_SCHEMA

if TYPE_CHECKING:
    import polars as pl

    from curate.config import Settings

Scope = Literal["row", "corpus"]
Function = (
    Callable[["pl.DataFrame"], "pl.DataFrame"]
    | Callable[["pl.DataFrame", "Settings"], "pl.DataFrame"]
)


@dataclass(frozen=True)
class Signal:
    """A measurement.

    Attributes:
        name: the function's name.
        columns: what it makes, a sentence a column. `*_score` is in [0, 1], 0 = worst.
        needs: the columns it reads: base columns (see `curate.row.to_frame`) or other signals'.
        scope: "row" if a row's value depends on that row alone, so that the work can be batched;
            "corpus" if it looks at all rows at once, and then at no column but `needs`.
        transient: its columns feed other signals and are not stored with the scores.
        version: raised when the values change, so that no cache serves old ones.
        settings: fields of `curate.config.Settings` that its values depend on. Where there are
            any, the function gets the settings as its second argument.
        function: the measurement itself.
    """

    name: str
    columns: Mapping[str, str]
    needs: tuple[str, ...]
    scope: Scope
    transient: bool
    version: int
    settings: tuple[str, ...]
    function: Callable[..., pl.DataFrame] = field(repr=False)

    def __call__(self, frame: pl.DataFrame, settings: Settings | None = None) -> pl.DataFrame:
        """Measure, and hold the function to what it declares; by default with no settings set."""
        asked = (settings or _defaults(),) if self.settings else ()
        made = self.function(frame.select(self.needs), *asked)
        if set(made.columns) != set(self.columns) or made.height != frame.height:
            raise InternalError(
                f"signal {self.name} made {made.columns} x {made.height} rows, "
                f"declares {list(self.columns)} x {frame.height}"
            )
        return made


def _defaults() -> Settings:
    from curate.config import Settings

    return Settings()


_signals: dict[str, Signal] = {}


def signal(
    *,
    columns: Mapping[str, str],
    needs: Iterable[str],
    scope: Scope = "row",
    transient: bool = False,
    version: int = 1,
    settings: Iterable[str] = (),
) -> Callable[[Function], Signal]:
    """Declare the function below to be a signal; see `Signal` for the words."""

    def register(function: Function) -> Signal:
        made = Signal(
            function.__name__,
            dict(columns),
            tuple(needs),
            scope,
            transient,
            version,
            tuple(settings),
            function,
        )
        other = _signals.get(made.name)
        if other is not None and other.function.__module__ != function.__module__:
            raise UsageError(
                f"two signals are named {made.name}: in {other.function.__module__} "
                f"and in {function.__module__}; rename one"
            )
        _signals[made.name] = made
        return made

    return register


@cache
def signals() -> Mapping[str, Signal]:
    """Every signal there is, by name, in alphabetical order."""
    package = importlib.import_module("curate.signals")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"curate.signals.{module.name}")
    for plugin in entry_points(group="curate.plugins"):
        plugin.load()
    return {name: _signals[name] for name in sorted(_signals)}


def makers() -> Mapping[str, Signal]:
    """The signal that makes each column."""
    made: dict[str, Signal] = {}
    for one in signals().values():
        for column in one.columns:
            if column in made or column in BASE_SCHEMA:
                raise UsageError(f"column {column} is made twice; rename it in signal {one.name}")
            made[column] = one
    return made


def plan(columns: Iterable[str]) -> list[Signal]:
    """The signals to run for these columns, in an order in which each finds what it needs.

    Raises:
        UsageError: a column that nothing makes, or signals that need each other.
    """
    made = makers()
    graph: dict[str, set[str]] = {}
    wanted = [column for column in columns if column not in BASE_SCHEMA]
    while wanted:
        column = wanted.pop()
        if column not in made:
            raise UsageError(f"no signal makes the column {column}; `curate signals` lists them")
        one = made[column]
        if one.name not in graph:
            needed = [name for name in one.needs if name not in BASE_SCHEMA]
            wanted.extend(needed)
            graph[one.name] = {made[name].name for name in needed if name in made}
    try:
        order = TopologicalSorter({name: sorted(graph[name]) for name in sorted(graph)})
        return [signals()[name] for name in order.static_order()]
    except CycleError as error:
        raise UsageError(f"signals need each other: {' -> '.join(error.args[1])}") from None
