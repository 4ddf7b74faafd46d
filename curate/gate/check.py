"""The gate on one page: measure, compare with limits and with what was before, report."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from pydantic import BaseModel

from curate import cache
from curate.config import find_config
from curate.errors import InputError
from curate.gate import git, keep
from curate.gate.baseline import Known, check_options, load, of_report
from curate.gate.config import Config, check_names, load_config
from curate.gate.model import Counts
from curate.gate.place import path_in_repository
from curate.gate.stored import has_stores, store_rows, stores
from curate.read import open_sources
from curate.read.progress import no_tick
from curate.run.targets import check_targets, files_read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from datasets import Dataset

    from curate.gate.examine import Examined
    from curate.gate.judge import Terms
    from curate.gate.model import Report
    from curate.read import Source
    from curate.read.progress import Tick

T = TypeVar("T", bound=BaseModel)


def check(
    data: str | Path | Sequence[str | Path] | pl.DataFrame | pl.LazyFrame | Dataset,
    config: Config | str | Path | None = None,
    *,
    baseline: str | Path | None = None,
    since: str | None = None,
    only_new: bool = False,
    no_cache: bool = False,
    today: date | None = None,
    written: Sequence[Path] = (),
    tick: Tick = no_tick,
) -> Report:
    """Measure data as `clean` does and hold it to limits; nothing is written but what they store.

    Args:
        data: one or several files, folders, globs, `hf://NAME[:SPLIT]`; or a polars frame, or a
            `datasets.Dataset`.
        config: a `Config`, or the file that holds it; by default curate.toml of the working
            folder, or its pyproject.toml, or else the rules of the pack `gate`.
        baseline: what was before: the JSON of an earlier check, or a run folder.
        since: what was before: a revision of git; only what is new since then counts.
        only_new: rows that the baseline has too do not count.
        no_cache: measure even what was measured before.
        today: the day by which waivers expire.
        written: files that the caller will write then; like what limits store, none may be read.
        tick: called with stage, done and total (bytes) as the work goes on.

    Raises:
        UsageError: a config or options that can't be meant, or a file to write that is read.
        InputError: data that can't be read at all, or holds no valid record.
        OutputError: rows that can't be stored.
    """
    check_options(baseline, since, only_new=only_new)
    day = today or datetime.now(UTC).astimezone().date()
    ask = _Ask(only_new or since is not None, day, tick)
    with cache.without() if no_cache else nullcontext():
        asked = _config(config)
        sources = _open(data)
        _check_storable(sources)
        _check_written(written, sources, asked)
        known = None if baseline is None else load(baseline)
        if since is not None:
            known = _since(sources, since, asked, ask)
        return _check(sources, asked, known, ask)


def _open(data: Any) -> list[Source]:  # noqa: ANN401  # see `check`
    """Sources; polars is imported for frames alone, as a hit in the cache needs none."""
    if isinstance(data, str | Path):
        return open_sources([str(data)])
    if isinstance(data, list | tuple) and all(isinstance(one, str | Path) for one in data):
        return open_sources([str(one) for one in data])
    from curate.read.memory import open_data

    return open_data(data)


def _check_storable(sources: Sequence[Source]) -> None:
    """Refuse a file whose name no report could say."""
    for one in sources:
        try:
            one.name.encode()
        except UnicodeEncodeError:
            raise InputError(f"{one.name}: the file's name is not UTF-8; rename it") from None


def _check_written(written: Sequence[Path], sources: Sequence[Source], config: Config) -> None:
    """Refuse to write over the data, the config, and the files that it names."""
    own = [] if config.file is None else [config.file]
    names = [one.name for one in sources]
    check_targets([*written, *stores(config)], [*names, *own, *files_read(config.clean)])


class _Ask(NamedTuple):
    """What is asked of a check, beside its data and its config."""

    only_new: bool
    today: date
    tick: Tick


def _config(given: Config | str | Path | None) -> Config:
    if isinstance(given, Config):
        return given
    path = find_config(Path()) if given is None else given
    return Config() if path is None else load_config(path)


def _check(sources: Sequence[Source], config: Config, known: Known | None, ask: _Ask) -> Report:
    """The result of the cache, or a new one."""
    names = [f"{one.name} {path_in_repository(one.name)}" for one in sources]
    day = ask.today.isoformat() if config.check.waivers else ""
    before = f"{ask.only_new} {known.digest()}" if known is not None else ""
    digests = None if has_stores(config.check) else keep.digests(sources)
    key = keep.key_of(digests, config, *names, day, before)
    found = keep.stored(key)
    if found is not None:
        return found
    from curate.gate.judge import Terms

    terms = Terms(
        config.check.waivers, ask.today, known, ask.only_new, ratchet=config.check.ratchet
    )
    made = _judged(sources, config, terms, ask.tick)
    if digests == [one.sha256 for one in sources]:  # what was read is what was asked for
        keep.keep(key, made)
    return made


def _judged(sources: Sequence[Source], config: Config, terms: Terms, tick: Tick) -> Report:
    check_names(config)
    from curate.gate.examine import examined
    from curate.gate.judge import report_on, try_all

    with examined(sources, config, tick) as found:
        terms = _believed(terms, found)
        tried = try_all(found, config, terms)
        store_rows(tried, found, config)
        return report_on(tried, found, config, terms)


def _believed(terms: Terms, found: Examined) -> Terms:
    """The terms, in which the baseline of other data says nothing."""
    names = [one.name for one in found.sources]
    if terms.known is None or terms.known.is_of(names, found.run.ledger["id"]):
        return terms
    return replace(terms, known=terms.known.disowned())


def _since(sources: Sequence[Source], revision: str, config: Config, ask: _Ask) -> Known:
    """What was bad in a revision of git, by the limits of today; through the cache."""
    nothing = Known(revision, Counts(), {})
    with TemporaryDirectory(prefix="curate-") as folder:
        names = git.extract([one.name for one in sources], revision, Path(folder))
        if not names:
            return nothing
        try:
            before = open_sources(names)
            plain = _without_waivers_and_stores(config)
            key = keep.key_of(keep.digests(before), plain, "before")
            report = keep.stored(key)
            if report is None:
                from curate.gate.judge import Terms

                report = _judged(before, plain, Terms((), ask.today), no_tick)
                keep.keep(key, report)
        except InputError:  # it was empty or broken then: all of it is new
            return nothing
    return of_report(revision, report)


def _without_waivers_and_stores(config: Config) -> Config:
    def plain(limits: Mapping[str, T]) -> dict[str, T]:
        return {name: one.model_copy(update={"store": None}) for name, one in limits.items()}

    check = config.check
    update = {
        "waivers": (),
        "rules": plain(check.rules),
        "figures": plain(check.figures),
        "conditions": plain(check.conditions),
    }
    return config.model_copy(update={"check": check.model_copy(update=update)})
