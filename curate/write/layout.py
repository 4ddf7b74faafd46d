"""How a file is written, as plain JSON: type, packing, and what only that type has."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from curate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from curate.read import Source

Layout = Mapping[str, Any]

# The usual name of each type, and others that mean the same.
EXTENSIONS = {
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "json": "json",
    "csv": "csv",
    "tsv": "tsv",
    "parquet": "parquet",
    "arrow": "arrow",
    "feather": "arrow",
    "ipc": "arrow",
}
PACKED = {"gz": "gz", "zst": "zst", "zstd": "zst"}


def layout_of(sources: Sequence[Source]) -> dict[str, Any]:
    """The layout that can hold the records of all sources: that of the first, if all are alike.

    Sources of different types are written as JSONL. Asked after reading, it knows all that
    reading learns.
    """
    sources = [
        source for source in sources if source.records
    ] or sources  # an empty one has no type
    kinds = {source.kind for source in sources}
    packed = {source.compression for source in sources}
    compression = packed.pop() if len(packed) == 1 else None
    if len(kinds) != 1:
        return {"kind": "jsonl", "compression": compression}
    first = sources[0]
    layout = {"kind": first.kind, "compression": compression, **first.layout}
    if first.kind == "hub":  # no file has this type
        layout["kind"] = "jsonl"
    headers = [source.layout.get("header", []) for source in sources]
    if any(header != headers[0] for header in headers):
        layout["header"] = list(dict.fromkeys(chain.from_iterable(headers)))
        layout["quoted"] = layout["quoted_header"] = []
    schemas = [source.layout["schema"] for source in sources if "schema" in source.layout]
    if any(schema != schemas[0] for schema in schemas):
        layout["schema"] = _common(schemas)
    return layout


def _common(schemas: Sequence[str]) -> str:
    """All columns of several schemas that none of them contradicts."""
    from curate.read.values import schema_of, schema_text

    columns: dict[str, set[Any]] = {}
    for schema in schemas:
        for name, dtype in schema_of(schema).items():
            columns.setdefault(name, set()).add(dtype)
    return schema_text({name: held.pop() for name, held in columns.items() if len(held) == 1})


def extension(layout: Layout) -> str:
    """The extension that a file of this layout has: `.jsonl.gz`."""
    packed = layout.get("compression")
    return f".{layout['kind']}" + (f".{packed}" if packed else "")


def check_name(path: Path) -> None:
    """Refuse a name that says no file type.

    Raises:
        UsageError: names those that do.
    """
    if _kind(path)[0] is None:
        known = ", ".join(f".{name}" for name in EXTENSIONS)
        raise UsageError(
            f"{path}: the name says no file type; known are {known}, also .gz and .zst"
        )


def _kind(path: Path) -> tuple[str | None, str | None]:
    """The file type and the packing that a name says."""
    *_, stem, last = ["", "", *path.name.lower().split(".")[1:]]
    compression = PACKED.get(last)
    return EXTENSIONS.get(stem if compression else last), compression


def named(path: Path, like: Layout) -> Layout:
    """The layout that a file's name asks for; what the name leaves open is as in `like`."""
    kind, compression = _kind(path)
    if kind is None:
        return {**like, "compression": compression or like.get("compression")}
    if kind == like["kind"]:
        return {**like, "compression": compression}
    types = {"schema": like["schema"]} if "schema" in like else {}
    return {"kind": kind, "compression": compression, **types}
