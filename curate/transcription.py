"""A data set in another format or file type: every record, or none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from curate.errors import InputError, OutputError
from curate.ingest import Ingest, Refusal
from curate.read import open_sources
from curate.read.progress import no_tick, read_all
from curate.run.targets import check_targets
from curate.write import check_name, open_converter

if TYPE_CHECKING:
    from collections.abc import Collection

    from curate.config import Settings
    from curate.read.progress import Tick

SHOWN = 3  # refused records that an error names


def transcribe(
    source: str,
    target: str | Path,
    settings: Settings,
    *,
    drop: Collection[str] = (),
    force: bool = False,
    tick: Tick = no_tick,
) -> int:
    """Write all records of a source in another format or file type; the number of records.

    Args:
        source: what `open_sources` takes.
        target: a file; its name says the type.
        settings: `to`, the format to write (None keeps each record as it is); `format` and `map`,
            how to read. Nothing else of them counts here.
        drop: keys that the conversion may lose, as `curate.convert.to_format` takes them.
        force: replace a file that stands there.
        tick: called with stage, bytes done and bytes in all.

    Raises:
        UsageError: a target whose name says no type, or that is the source.
        InputError: a record that can't be read or fits no format; names up to three.
        OutputError: a record that the target can't hold, or a file that can't be written.
    """
    path = Path(target)
    check_name(path)
    if path.exists() and not force:
        raise OutputError(f"{path}: is there already; --force replaces it")
    sources = open_sources([source])
    check_targets([path], [one.name for one in sources])
    ingest = Ingest(settings.format, settings.map)
    refused: list[Refusal] = []
    with open_converter(path, sources, settings, drop) as out:
        for record in read_all(sources, tick):
            row, _ = ingest(record)
            if isinstance(row, Refusal):
                refused.append(row)
            elif not refused:
                try:
                    out.write(record.raw)
                except OutputError as error:
                    raise OutputError(f"{record.source}:{record.line}: {error}") from None
        ingest.check_map()
        if refused:
            raise InputError(_refusals(refused))
    return out.records


def _refusals(refused: list[Refusal]) -> str:
    listed = "; ".join(f"{one.source}:{one.line}: {one.error}" for one in refused[:SHOWN])
    more = f"; and {len(refused) - SHOWN} more" if len(refused) > SHOWN else ""
    return f"{listed}{more}. Nothing was written; `curate clean` sets such records aside"
