"""What was bad before: of an earlier check, of a run folder, or of a report of `clean` alone.

A row is known by its content, so that one that has moved is not new. Of two rows that repeat each
other either may be the one that a rule names, so both are known.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import ValidationError

from curate import cache
from curate.errors import InputError, UsageError
from curate.gate.bounds import Measure
from curate.gate.model import Counts, Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True)
class Known:
    """What is known of earlier data.

    Attributes:
        name: where it is from, as the user named it.
        counts: its records by disposition.
        rows: code -> ids of rows that it hit, and of their twins; None where a report has only
            numbers.
        hits: code -> rows hit.
        measures: limit -> the value that it had.
        files: the last names of its files, `-` of what has none; empty where nobody knows.
        of_others: it is of other files than those that are checked, so that nothing of it counts.
    """

    name: str
    counts: Counts
    rows: Mapping[str, frozenset[str]] | None
    hits: Mapping[str, int] = field(default_factory=dict)
    measures: Mapping[str, Measure] = field(default_factory=dict)
    files: frozenset[str] = frozenset()
    of_others: bool = False

    def digest(self) -> str:
        """A hash of all that it says."""
        rows = None if self.rows is None else {code: sorted(ids) for code, ids in self.rows.items()}
        measures = {name: list(one) for name, one in self.measures.items()}
        named = [self.name, sorted(self.files)]
        said = [*named, self.counts.model_dump(), rows, self.hits, measures]
        return cache.key_of(orjson.dumps(said, option=orjson.OPT_SORT_KEYS))

    def is_of(self, names: Iterable[str], ids: Iterable[str]) -> bool:
        """Whether it may be of these files and rows: one file or one bad row is in both."""
        lasts = {_last(name) for name in names}
        if not self.files or "-" in self.files | lasts or self.files & lasts:
            return True
        return not frozenset().union(*(self.rows or {}).values()).isdisjoint(ids)

    def disowned(self) -> Known:
        """The same where it is of other files: nothing was known before."""
        return replace(self, rows={}, hits={}, measures={}, of_others=True)

    def has(self, code: str, own: str, twin: str | None) -> bool:
        """Whether a finding was there before."""
        known = (self.rows or {}).get(code, frozenset())
        return own in known and (twin is None or twin in known)


def load(path: str | Path) -> Known:
    """A baseline from the JSON of a check, a run folder, or the report.json of one.

    Raises:
        InputError: it is not there, or is neither.
    """
    file = Path(path)
    if file.is_dir():
        file = file / "report.json"
    try:
        said = orjson.loads(file.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except ValueError:
        raise InputError(f"{path}: no JSON; {_WANTED}") from None
    if not isinstance(said, dict):
        raise InputError(f"{path}: {_WANTED}")
    return _of_json(str(path), file, said)


_NAMELESS = frozenset({"-", "frame", "dataset"})  # standard input, and data in memory
_WANTED = "a baseline is what `curate check --report FILE` wrote, or report.json of `curate clean`"


def _of_json(name: str, file: Path, said: dict[str, Any]) -> Known:
    if said.get("kind") == "check":
        try:
            return of_report(name, Report.model_validate(said))
        except ValidationError:
            raise InputError(f"{name}: not of this version of curate; check once more") from None
    try:
        counts = _counts(said["totals"])
        hits = {one["code"]: int(one["hits"]) for one in said["rules"]}
        files = frozenset(_last(one["name"]) for one in said.get("sources", ()))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise InputError(f"{name}: {_WANTED}") from None
    return Known(name, counts, _rows_of_run(file.parent), hits, files=files)


def _counts(totals: Mapping[str, int]) -> Counts:
    """The totals of `clean`, in which edited rows are kept ones."""
    kept = totals["kept"] + totals["edited"]
    rest = {name: totals[name] for name in ("records", "dropped", "quarantined")}
    return Counts(kept=kept, **rest)


def of_report(name: str, report: Report) -> Known:
    """The baseline that an earlier check makes."""
    return Known(
        name=name,
        counts=report.counts,
        rows={code: frozenset(ids) for code, ids in report.known.items()},
        measures={one.name: Measure(one.value + one.old, one.of) for one in report.limits},
        files=frozenset(_last(one.name) for one in report.files),
    )


def _last(name: str) -> str:
    """The last name of a file; `-` of what has none."""
    return "-" if name in _NAMELESS else PurePath(name).name


def _rows_of_run(folder: Path) -> dict[str, frozenset[str]] | None:
    """The rows that a run found; None where a report stands without its run."""
    from curate.run import folder as files

    if not all((folder / name).is_file() for name in (files.FINDINGS, files.LEDGER)):
        return None
    made: dict[str, set[str]] = {}
    findings = files.read_table(folder / files.FINDINGS, ["code", "id", "twin"])
    for code, own, twin in findings.iter_rows():
        made.setdefault(code, set()).update(filter(None, (own, twin)))
    ledger = files.read_table(folder / files.LEDGER, ["id", "disposition", "code"])
    for own, disposition, code in ledger.iter_rows():
        if disposition == "quarantined":
            made.setdefault(code, set()).add(own)
    return {code: frozenset(ids) for code, ids in made.items()}


def check_options(baseline: object, since: object, *, only_new: bool) -> None:
    """Refuse what can't go together.

    Raises:
        UsageError: says what can.
    """
    if baseline is not None and since is not None:
        raise UsageError("--baseline and --since both say what was before; leave one out")
    if only_new and baseline is None and since is None:
        raise UsageError("--only-new needs to know what is old: --baseline FILE or --since REV")
