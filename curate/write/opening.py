"""The writer that a path, a source and a wished-for format ask for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Self

from curate import formats
from curate.convert import to_format
from curate.read import Source, dump, parse
from curate.write.elements import ArrayWriter, ValuesWriter
from curate.write.layout import Layout, extension, layout_of, named
from curate.write.lines import LinesWriter
from curate.write.table import CsvWriter
from curate.write.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from curate.config import Settings


def open_writer(path: str | Path, like: Source | Sequence[Source] | Layout | None = None) -> Writer:
    """A writer of the file type that the path names, otherwise of that of `like`.

    Args:
        path: where the file will stand.
        like: the sources that the records come from, or their layout (`layout_of`); dialect,
            indentation and schema follow it. None is JSONL.
    """
    where = Path(path)
    layout = named(where, _layout(like))
    return _writer(layout)(where, layout)


def _layout(like: Source | Sequence[Source] | Layout | None) -> Layout:
    if like is None:
        return {"kind": "jsonl", "compression": None}
    if isinstance(like, Mapping):
        return like
    return layout_of([like] if isinstance(like, Source) else like)


def _writer(layout: Layout) -> Callable[[Path, Layout], Writer]:
    kind = layout["kind"]
    if kind == "json":
        return ValuesWriter if "between" in layout and "opening" not in layout else ArrayWriter
    if kind in ("parquet", "arrow"):
        from curate.write.frames import FrameWriter

        return FrameWriter
    return {"jsonl": LinesWriter, "csv": CsvWriter, "tsv": CsvWriter}[kind]


def open_core(folder: Path, layout: Layout, settings: Settings) -> Writer:
    """The writer of a run's `core.<ext>`: the input's file type, the format that is asked for.

    Raises:
        OutputError: from `write`: the format can't hold a record; names it and what it is.
    """
    return open_converter(folder / f"core{extension(layout)}", layout, settings)


def open_converter(
    path: Path,
    like: Source | Sequence[Source] | Layout | None,
    settings: Settings,
    drop: Collection[str] = (),
    *,
    good_only: bool = False,
) -> Writer:
    """A writer of the path's file type (`open_writer`) and of the format that is asked for.

    Keys to drop are those that a conversion may lose (`to_format`); with `good_only` a pair loses
    its rejected answer, too, and a judged answer its verdict, which must be a good one.
    """
    out = open_writer(path, like)
    if settings.to is None:
        return out
    return _Converted(out, settings, drop, good_only=good_only)


class _Converted(Writer):
    """Records in another format, through the writer of their file type."""

    def __init__(
        self, core: Writer, settings: Settings, drop: Collection[str], *, good_only: bool
    ) -> None:
        super().__init__(core.path, core.layout)
        self._core = core
        self._to = str(settings.to)
        self._given = None if settings.format == "auto" else settings.format
        self._map = settings.map
        self._drop = drop
        self._good_only = good_only

    def write(self, raw: bytes) -> None:
        """Convert one record and append it."""
        record = parse(raw)
        if self._map:
            record = formats.apply_map(record, self._map)
        drop = self._drop
        if self._good_only and (self._given or formats.detect(record)) == "preference":
            drop = {*drop, "label", "rejected"}
        made = to_format(record, self._to, self._given, drop=drop)
        self._core.write(raw if made is record and not self._map else dump(made))
        self.records += 1

    def __enter__(self) -> Self:
        self._core.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self._core.__exit__(kind, *rest)
