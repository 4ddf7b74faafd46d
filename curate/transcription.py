"""A data set in another format or file type: every record, or none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from curate.convert import droppable
from curate.dedup.clusters import counted
from curate.errors import InputError, OutputError, UsageError, did_you_mean
from curate.formats import apply_map
from curate.formats.preference import LABEL
from curate.ingest import Ingest, Refusal
from curate.read import open_sources, parse
from curate.read.progress import no_tick, read_all
from curate.run.targets import check_targets
from curate.write import check_name, open_converter

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from curate.config import Settings
    from curate.read import Record
    from curate.read.progress import Tick
    from curate.row import Row
    from curate.write.writer import Writer

SHOWN = 3  # refused records that an error names


def transcribe(
    source: str,
    target: str | Path,
    settings: Settings,
    *,
    drop: Collection[str] = (),
    good_only: bool = False,
    force: bool = False,
    tick: Tick = no_tick,
    say: Callable[[str], None] | None = None,
) -> int:
    """Write all records of a source in another format or file type; the number of records.

    Args:
        source: what `open_sources` takes.
        target: a file; its name says the type.
        settings: `to`, the format to write (None keeps each record as it is); `format` and `map`,
            how to read. Nothing else of them counts here.
        drop: keys that the conversion may lose, as `curate.convert.to_format` takes them.
        good_only: leave out records whose answer is judged bad, and of the others the verdict and
            the rejected answer.
        force: replace a file that stands there.
        tick: called with stage, bytes done and bytes in all.
        say: called with a line on what was left out; by default nothing hears it.

    Raises:
        UsageError: a target whose name says no type, or that is the source; a key to drop that no
            record has.
        InputError: a record that can't be read or fits no format; names up to three. With
            `good_only` no record with a good answer, or what may be a verdict and may be a class.
        OutputError: a record that the target can't hold, or a file that can't be written.
    """
    path = Path(target)
    check_name(path)
    if path.exists() and not force:
        raise OutputError(f"{path}: is there already; --force replaces it")
    sources = open_sources([source])
    check_targets([path], [one.name for one in sources])
    with open_converter(path, sources, settings, drop, good_only=good_only) as out:
        given_up = _GivenUp(drop)
        bad, judged = _write_all(
            read_all(sources, tick), out, settings, given_up, good_only=good_only
        )
        if bad and not out.records:
            raise InputError(f"{source}: no record is left: every answer is judged bad")
        given_up.check()
    if good_only and say is not None:
        if bad:
            its = "its" if bad == 1 else "their"
            say(f"{counted(bad, 'record')} left out, {its} answer judged bad")
        elif not judged:
            say("no record has a verdict or a rejected answer; all were written")
    return out.records


def _write_all(
    records: Iterable[Record],
    out: Writer,
    settings: Settings,
    given_up: _GivenUp,
    *,
    good_only: bool,
) -> tuple[int, int]:
    """Write all records, with `good_only` none that is judged bad: how many are, and are judged."""
    ingest = Ingest(settings.format, settings.map)
    refused: list[Refusal] = []
    bad = judged = 0
    for record in records:
        row, _ = ingest(record)
        if isinstance(row, Refusal):
            refused.append(row)
            continue
        judged += row.format == "preference"
        if good_only and _judged_bad(row):
            bad += 1
        elif not refused:
            given_up.see(record.raw, row.format, settings)
            try:
                out.write(record.raw)
            except OutputError as error:
                raise OutputError(f"{record.source}:{record.line}: {error}") from None
    ingest.check_map()
    if refused:
        raise InputError(_refusals(refused))
    return bad, judged


# What stands for a verdict in CSV and where a column holds numbers, and for a class elsewhere.
_UNSURE = {"true", "false", "0", "1", "0.0", "1.0"}


def _judged_bad(row: Row) -> bool:
    """Whether a verdict says that the answer is bad.

    Raises:
        InputError: what may be a verdict and may be a class; to guess would write bad answers.
    """
    for key in LABEL:
        told = row.beside.get(key)
        if not isinstance(told, bool) and str(told).casefold() in _UNSURE:
            raise InputError(
                f"{row.source}:{row.line}: {key}: {told!r} may be a verdict or a class; --good-only"
                " takes true and false of JSON; give a class another key"
            )
    return row.format == "preference" and any(row.beside.get(key) is False for key in LABEL)


class _GivenUp:
    """The keys to drop that no record has had yet, and those that there were instead."""

    def __init__(self, drop: Collection[str]) -> None:
        self.unseen = set(drop)
        self.known: dict[str, None] = {}

    def see(self, raw: bytes, source: str, settings: Settings) -> None:
        """Look at a record's keys, as long as one is missing."""
        if self.unseen:
            keys = droppable(apply_map(parse(raw), settings.map), source)
            self.unseen -= keys.keys()
            self.known |= keys

    def check(self) -> None:
        """Refuse a key that no record had.

        Raises:
            UsageError: names it, the nearest, and those that there are.
        """
        if self.unseen:
            key = min(self.unseen)
            raise UsageError(
                f"--drop-fields {key}: no record has it{did_you_mean(key, self.known)}; there are "
                f"{', '.join(self.known)}"
            )


def _refusals(refused: list[Refusal]) -> str:
    listed = "; ".join(f"{one.source}:{one.line}: {one.error}" for one in refused[:SHOWN])
    more = f"; and {len(refused) - SHOWN} more" if len(refused) > SHOWN else ""
    return f"{listed}{more}. Nothing was written; `curate clean` sets such records aside"
