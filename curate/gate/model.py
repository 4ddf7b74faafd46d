"""What a check says, as data: `--output json` is this model, and the other forms are drawn from it.

Every text that comes from the data is one line, cut, with secrets masked and invisible characters
spelled out (`⟨U+202E⟩`). Whoever shows one escapes it for its medium and nothing more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Level = Literal["passed", "warning", "error"]


class _Model(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_serialization_defaults_required=True
    )


class Counts(_Model):
    """Records by what would become of them. `records` is their sum: none gets lost."""

    records: int = 0
    kept: int = 0
    dropped: int = 0
    quarantined: int = 0

    def share(self, name: str) -> float:
        """The part of the records that this is; 0 where there are none."""
        return getattr(self, name) / self.records if self.records else 0.0


class Row(_Model):
    """A row that stands for a limit.

    Attributes:
        id: from its content.
        source: its file, as `File.name`.
        line: physical line in JSONL, position in other types.
        said: an excerpt, what was found between » and «.
    """

    id: str
    source: str
    line: int
    said: str


class File(_Model):
    """One input.

    Attributes:
        name: as the user named it.
        path: from the top of the repository that it stands in, with `/`; what a review shows.
        has_lines: a record's `line` is the line that an editor shows.
        counts: its records by what would become of them.
    """

    name: str
    path: str
    has_lines: bool
    counts: Counts


class Fault(_Model):
    """A record that counts against a limit which was broken.

    Attributes:
        limit: the limit's name.
        level: of the limit.
        code: the rule, `invalid-record`, `unreadable-record`, or the name of a condition.
        id: of the row, from its content: it stays where the row moves.
        source: its file, as `File.name`.
        line: physical line in JSONL, position in other types.
        said: what was found, in words.
        new: not in the baseline; null where there is none.
        waived: the reason of the waiver that lets it pass.
    """

    limit: str
    level: Level
    code: str
    id: str
    source: str
    line: int
    said: str
    new: bool | None = None
    waived: str | None = None


class LimitReport(_Model):
    """One limit and how the data stands to it.

    Attributes:
        name: its place in curate.toml: `rules.pii`, `columns.response_tokens.p95`.
        level: what came of it.
        title: what is limited, in words.
        value: the number that was held against the limit: without waived rows, with `only_new`
            new rows alone.
        of: what it is a share of; null where it is no count.
        bound: the comparison that was broken; of a limit that was kept all it has.
        codes: the rules whose hits it counts; none of a figure.
        waived: rows that a waiver lets pass.
        old: rows that the baseline has too, which do not count with `only_new`.
        before: the value in the baseline, where it has one.
        note: what else there is to say.
        why: the words of the config for whoever breaks it.
        examples: three rows, spread over the file.
    """

    name: str
    level: Level
    title: str
    value: float
    of: int | None = None
    bound: str
    codes: tuple[str, ...] = ()
    waived: int = 0
    old: int = 0
    before: float | None = None
    note: str | None = None
    why: str | None = None
    examples: tuple[Row, ...] = ()


class NotAsked(_Model):
    """A limit of the config that nothing could break, for nothing was there to compare with.

    Attributes:
        name: its place in curate.toml.
        title: what is limited, in words.
        missing: what was not given: `--against, or against in [clean]`.
    """

    name: str
    title: str
    missing: str


class RuleNote(_Model):
    """A rule in its own words."""

    code: str
    name: str
    what: str
    why: str


class WaiverReport(_Model):
    """One waiver and what it did.

    Attributes:
        what: the rule and row that it names.
        reason, owner, expires: its own words.
        rows: rows that it covers.
        state: `used`; `unused`: it covers nothing; `expired`: it counts no longer, and fails.
    """

    what: str
    reason: str
    owner: str
    expires: str
    rows: int
    state: Literal["used", "unused", "expired"]


class Baseline(_Model):
    """What the data is compared with.

    Attributes:
        name: the file or the revision of git.
        counts: its records by disposition.
        only_new: what is in it does not count.
        by_row: it names its bad rows; without that only their numbers can be compared.
        of_others: it has no file and no bad row in common with the data, so nothing in it counts.
    """

    name: str
    counts: Counts
    only_new: bool
    by_row: bool
    of_others: bool = False


class Report(_Model):
    """The result of a check.

    Attributes:
        version: of this model; raised when a field changes its meaning or goes.
        kind: tells it from the report of `clean`.
        curate: the version that ran.
        passed: no limit of level error, no waiver that has expired.
        config: the file with the limits; null where there was none.
        pack: the pack of rules.
        counts: the records by what would become of them under the rules of the check.
        files: the inputs, in order.
        limits: broken ones first, the worst of them at the top: errors, of these keys and
            passwords, then what rules drop, then the most rows too many.
        faults: the rows behind broken limits, in the order of the input; at most 5,000, shared out
            fairly.
        faults_left_out: how many more there are.
        rules: those behind broken limits, in their own words.
        waivers: in the order of the config.
        not_asked: limits of the config that are not among `limits`, for they could not be broken.
        baseline: what it was compared with.
        known: code -> ids of the rows that it hit, and of their twins: what a later check with
            this report as its baseline calls old.
    """

    version: Literal[1] = 1
    kind: Literal["check"] = "check"
    curate: str
    passed: bool
    config: str | None = None
    pack: str
    counts: Counts
    files: tuple[File, ...]
    limits: tuple[LimitReport, ...]
    faults: tuple[Fault, ...] = ()
    faults_left_out: int = 0
    rules: tuple[RuleNote, ...] = ()
    waivers: tuple[WaiverReport, ...] = ()
    not_asked: tuple[NotAsked, ...] = ()
    baseline: Baseline | None = None
    known: Mapping[str, tuple[str, ...]] = Field(default={}, repr=False)

    @property
    def broken(self) -> tuple[LimitReport, ...]:
        """The limits that were not kept, the worst first."""
        return tuple(one for one in self.limits if one.level != "passed")

    @property
    def errors(self) -> tuple[LimitReport, ...]:
        """The limits that fail the check."""
        return tuple(one for one in self.limits if one.level == "error")

    @property
    def warnings(self) -> tuple[LimitReport, ...]:
        """The limits that only warn."""
        return tuple(one for one in self.limits if one.level == "warning")

    @property
    def expired(self) -> tuple[WaiverReport, ...]:
        """The waivers that fail the check."""
        return tuple(one for one in self.waivers if one.state == "expired")

    def file(self, name: str) -> File:
        """An input by the name that faults and examples call it."""
        return next(one for one in self.files if one.name == name)
