"""A writer a file type: raw records in, in their order."""

from __future__ import annotations

import re
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from itertools import chain, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from curate import formats
from curate.convert import to_format
from curate.errors import OutputError
from curate.read import Source, dump, parse
from curate.write.chunks import Chunks
from curate.write.layout import Layout, extension, layout_of, named
from curate.write.output import Output

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from curate.config import Settings


class Writer(ABC):
    """Writes raw records; a context manager whose file appears when the block ends well.

    Attributes:
        path: the file.
        layout: how it is written.
        records: how many were written.
    """

    def __init__(self, path: Path, layout: Layout) -> None:
        self.path = path
        self.layout = layout
        self.records = 0
        self.output = Output(path, layout.get("compression"))
        self._chunks = Chunks(self.output.write)

    @abstractmethod
    def write(self, raw: bytes) -> None:
        """Append one record.

        Args:
            raw: its bytes as they were read, or those of a JSON object in their place.

        Raises:
            OutputError: the disk is full, or the type can't hold the record.
        """

    def finish(self) -> None:  # noqa: B027  # most types end with their last record
        """Write what stands behind the last record."""

    def _put(self, data: bytes) -> None:
        self._chunks.add(data)

    def __enter__(self) -> Self:
        self.output.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        try:
            if kind is None:
                self.finish()
                self._chunks.flush()
        except BaseException as failure:
            kind = type(failure)
            raise
        finally:
            self.output.__exit__(kind, *rest)


# --- JSONL --------------------------------------------------------------------------------------


def one_line(raw: bytes) -> bytes:
    """A record on one line; values and their spelling stay, as no text in JSON holds a line end."""
    if b"\r" in raw:
        raw = raw.replace(b"\r", b"\n")
    if b"\n" not in raw:
        return raw
    parts = [part for line in raw.split(b"\n") if (part := line.strip(b" \t"))]
    spaced = [
        b"" if before.endswith((b"{", b"[")) or after.startswith((b"}", b"]")) else b" "
        for before, after in pairwise(parts)
    ]
    return b"".join(chain.from_iterable(zip(parts, [*spaced, b""], strict=True)))


class LinesWriter(Writer):
    """JSONL: each record as it stood, ended as the source ends its lines.

    Lone CR becomes LF: hardly anything reads lines that end so.
    """

    def __init__(self, path: Path, layout: Layout) -> None:
        super().__init__(path, layout)
        self._end = b"\r\n" if layout.get("newline") == "\r\n" else b"\n"

    def write(self, raw: bytes) -> None:
        """Append one line."""
        self.records += 1
        self._put(one_line(raw) + self._end)


# --- JSON ---------------------------------------------------------------------------------------


class ArrayWriter(Writer):
    """A JSON array: each element as it stood, and between and around them what stood there."""

    def __init__(self, path: Path, layout: Layout) -> None:
        super().__init__(path, layout)
        self._separator = layout.get("separator", ",\n  ").encode()

    def write(self, raw: bytes) -> None:
        """Append one element."""
        self._put(self._separator if self.records else self._opening)
        self._put(raw)
        self.records += 1

    @property
    def _opening(self) -> bytes:
        return bytes(self.layout.get("opening", "[\n  ").encode())

    def finish(self) -> None:
        """Close the array, and the object around it."""
        closing = self.layout.get("closing", "\n]\n").encode()
        if not self.records:
            self._put(self._opening.rstrip())
            closing = closing.lstrip()
        self._put(closing)


class ValuesWriter(Writer):
    """JSON values one after another."""

    def write(self, raw: bytes) -> None:
        """Append one value."""
        if self.records:
            self._put(self.layout["between"].encode())
        self._put(raw)
        self.records += 1

    def finish(self) -> None:
        """End the last line."""
        self._put(self.layout.get("closing", "\n").encode())


# --- types that must know all columns before the first row ---------------------------------------


class TableWriter(Writer):
    """A type with columns: keeps the records aside until all columns are known.

    Attributes:
        columns: the columns that records have, in the order in which they came.
    """

    def __init__(self, path: Path, layout: Layout) -> None:
        super().__init__(path, layout)
        self.columns: dict[str, None] = {}
        self._aside = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the writer

    def write(self, raw: bytes) -> None:
        """Keep one record."""
        self.records += 1
        self.columns.update(dict.fromkeys(self.take(parse(raw))))
        self._aside.write(one_line(raw) + b"\n")

    def take(self, record: dict[str, Any]) -> dict[str, Any]:
        """Look at a record before it is kept.

        Raises:
            OutputError: the type can't hold it.
        """
        return record

    def kept(self) -> Iterator[dict[str, Any]]:
        """The records, in order."""
        self._aside.seek(0)
        return map(parse, self._aside)

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        try:
            super().__exit__(kind, *rest)
        finally:
            self._aside.close()


class CsvWriter(TableWriter):
    """CSV and TSV, quoted and ended as the source is; numbers as JSON writes them, null empty."""

    def __init__(self, path: Path, layout: Layout) -> None:
        super().__init__(path, layout)
        self._delimiter: str = layout.get("delimiter") or {"csv": ",", "tsv": "\t"}[layout["kind"]]
        self._quoting: str = layout.get("quoting", "double")
        self._end: str = layout.get("newline", "\r\n" if layout["kind"] == "csv" else "\n")
        special = self._delimiter + ("\\" if self._quoting == "escape" else "")
        self._needs = re.compile(f'[{re.escape(special)}"\\r\\n]')

    def take(self, record: dict[str, Any]) -> dict[str, Any]:
        """Refuse lists and objects: a table of texts has no place for them."""
        for name, value in record.items():
            if isinstance(value, dict | list):
                what = "an object" if isinstance(value, dict) else "a list"
                raise OutputError(
                    f"{self.path}: record {self.records}: {name}: {self.layout['kind']} can't hold "
                    f"{what}; write .jsonl or .parquet"
                )
        return record

    def finish(self) -> None:
        """Write the header and all rows."""
        known = self.layout.get("header", [])
        names = known if self.columns.keys() <= set(known) else list(self.columns)
        quoted = self.layout.get("quoted", []) if names == known else []
        quoted_header = self.layout.get("quoted_header", []) if names == known else []
        self._put(self._row(names, set(quoted_header)))
        always = set(quoted)
        for record in self.kept():
            self._put(self._row([_cell(record.get(name)) for name in names], always))

    def _row(self, fields: Sequence[str], always: set[int]) -> bytes:
        made = [self._field(field, column in always) for column, field in enumerate(fields)]
        line = self._delimiter.join(made) or '""'  # an empty line is no row
        return (line + self._end).encode()

    def _field(self, text: str, always: bool) -> str:  # noqa: FBT001  # one caller
        needs = self._needs.search(text)
        if not needs and not always:
            return text
        if self._quoting == "none":
            if needs and needs[0] != '"':
                raise OutputError(
                    f"{self.path}: a table without quotation marks can't hold {needs[0]!r} "
                    f"in {text[:24]!r}; write .jsonl"
                )
            return text
        if self._quoting == "escape":
            return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return '"' + text.replace('"', '""') + '"'


def _cell(value: Any) -> str:  # noqa: ANN401  # any JSON
    if value is None:
        return ""
    return value if isinstance(value, str) else dump(value).decode()


# --- opening ------------------------------------------------------------------------------------


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
) -> Writer:
    """A writer of the path's file type (`open_writer`) and of the format that is asked for.

    Keys to drop are those that a conversion may lose (`to_format`).
    """
    out = open_writer(path, like)
    if settings.to is None:
        return out
    return _Converted(out, settings, drop)


class _Converted(Writer):
    """Records in another format, through the writer of their file type."""

    def __init__(self, core: Writer, settings: Settings, drop: Collection[str]) -> None:
        super().__init__(core.path, core.layout)
        self._core = core
        self._to = str(settings.to)
        self._given = None if settings.format == "auto" else settings.format
        self._map = settings.map
        self._drop = drop

    def write(self, raw: bytes) -> None:
        """Convert one record and append it."""
        record = parse(raw)
        if self._map:
            record = formats.apply_map(record, self._map)
        made = to_format(record, self._to, self._given, drop=self._drop)
        self._core.write(raw if made is record and not self._map else dump(made))
        self.records += 1

    def __enter__(self) -> Self:
        self._core.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self._core.__exit__(kind, *rest)
