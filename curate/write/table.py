"""Types with columns, which must all be known before the first row; CSV and TSV."""

from __future__ import annotations

import re
import tempfile
from typing import TYPE_CHECKING, Any

from curate.errors import OutputError
from curate.read import dump, parse
from curate.write.lines import one_line
from curate.write.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from curate.write.layout import Layout


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
