"""What a report says, as data: `report.json` is this model, and the pages are drawn from it.

Every text that comes from a row is a tuple of segments: cut, secrets masked, invisible characters
spelled out (`⟨U+202E⟩`). Whoever shows one has to escape it for its medium and nothing more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

Disposition = Literal["kept", "edited", "dropped", "quarantined"]
Kind = Literal["text", "hit", "secret", "differs", "cut"]


class Segment(NamedTuple):
    """A stretch of an excerpt.

    Attributes:
        kind: `text`; `hit`: what the rule found; `secret`: found and masked; `differs`: not in the
            twin; `cut`: characters left out, `text` is their number.
        text: what to show.
    """

    kind: Kind
    text: str


class _Model(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_serialization_defaults_required=True
    )


class Counts(_Model):
    """Records by disposition. `records` is their sum: none gets lost."""

    records: int = 0
    kept: int = 0
    edited: int = 0
    dropped: int = 0
    quarantined: int = 0

    def share(self, disposition: str) -> float:
        """The part of the records with this disposition; 0 where there are none."""
        return getattr(self, disposition) / self.records if self.records else 0.0


class Source(_Model):
    """One input file: its name below the folder that all inputs share, and its records."""

    name: str
    counts: Counts


class Part(_Model):
    """An excerpt of one turn.

    Attributes:
        label: whose turn: `user`, `assistant`, `user 3`; `instruction`, `input`; `record` where
            nothing could be read.
        segments: the text.
    """

    label: str
    segments: tuple[Segment, ...]


class Twin(_Model):
    """The other row of a fault that takes two."""

    id: str
    source: str
    line: int
    parts: tuple[Part, ...]


class Example(_Model):
    """A row that a rule hit.

    Attributes:
        id: of the row; null where a record was quarantined.
        source: its file, as `Source.name`.
        line: physical line in JSONL, position in other types.
        disposition: what became of the row.
        value: what the rule saw, masked where it is secret; null where the excerpt says it all.
        parts: excerpts; none where the row holds a secret that can't be located.
        twin: the other row, where there is one.
    """

    id: str | None
    source: str
    line: int
    disposition: Disposition
    value: str | None = None
    parts: tuple[Part, ...] = ()
    twin: Twin | None = None


class RuleReport(_Model):
    """What one rule did.

    Attributes:
        code, name, what, why: the rule's own words.
        action, severity, threshold: as in this run.
        column: the signal it reads, where it reads one.
        hits: rows that it hit.
        decided: rows that were dropped or edited by it before any other rule.
        share: hits by scored rows.
        suspect: a drop rule that hit more rows than can be believed, and so only flagged.
        examples: up to three rows, spread over the file; those it decided come first.
    """

    code: str
    name: str
    what: str
    why: str
    action: str
    severity: str
    threshold: float | None = None
    column: str | None = None
    hits: int
    decided: int
    share: float
    suspect: bool = False
    examples: tuple[Example, ...] = ()


class Reason(_Model):
    """Why records were quarantined: the message with its numbers and names taken out."""

    reason: str
    rows: int
    examples: tuple[Example, ...]


class Quantiles(_Model):
    """The spread of a column over the rows that have a value."""

    rows: int
    min: float
    p5: float
    p25: float
    median: float
    p75: float
    p95: float
    max: float
    mean: float


class Cut(_Model):
    """Where a rule cuts a column: its threshold, as in this run."""

    code: str
    value: float


class Distribution(_Model):
    """A column before (all scored rows) and after (the core).

    Attributes:
        column: the signal column.
        name: a title for people.
        unit: what is counted.
        before, after: quantiles; `after` is null where nothing was kept.
        edges: of the bins; bin i holds edges[i] <= value < edges[i + 1], the outer ones all beyond.
        bins_before, bins_after: rows a bin.
        cuts: of the rules that compare this column with a threshold.
    """

    column: str
    name: str
    unit: str
    before: Quantiles
    after: Quantiles | None
    edges: tuple[float, ...]
    bins_before: tuple[int, ...]
    bins_after: tuple[int, ...]
    cuts: tuple[Cut, ...] = ()


class Language(_Model):
    """Answers in one language, before and after; `language` is null where none could be told."""

    language: str | None
    before: int
    after: int


class Task(_Model):
    """A kind of task that the rows set.

    Attributes:
        name: its leading words.
        rows, core: rows of it among all scored ones, and in the core.
        share: of the rows that are in any.
        rung: between which steps of what a task is said to take so many rows stand.
        near_empty: next to nothing beside an even share.
    """

    name: str
    rows: int
    core: int
    share: float
    rung: str
    near_empty: bool


class Share(_Model):
    """An estimate of the share of rows that an LLM wrote.

    Attributes:
        share: the middle of the estimate, 0 to 1.
        low, high: of the interval that holds 90 % of it.
        judged: rows with a score, that it rests on.
        abstained: rows without one.
    """

    share: float
    low: float
    high: float
    judged: int
    abstained: int


class Synthetic(_Model):
    """How much an LLM wrote of all scored rows, and of the core; null where too little is left."""

    before: Share
    after: Share | None


class Mismatched(_Model):
    """An estimate of the share of answers that are another question's.

    Attributes:
        share: 0 to 1; 0 = no sign of any.
        low, high: of the interval that holds 90 % of it.
        judged: rows that it rests on.
    """

    share: float
    low: float
    high: float
    judged: int


class Opening(_Model):
    """Words that answers share, and the share of the answers that have them there."""

    words: str
    share: float


class Ends(_Model):
    """How alike answers open, or close.

    Attributes:
        alike: the chance that two answers drawn at random have the same three words there.
        people: the same of answers that people wrote.
        top: the share of the answers that the ten most frequent have together.
        most: these, as far as three answers or more have them, secrets masked.
    """

    alike: float
    people: float
    top: float
    most: tuple[Opening, ...]


class Phrase(_Model):
    """The share of answers with a family of stock phrases, and that of answers by people."""

    name: str
    share: float
    people: float


class Manner(_Model):
    """How alike a sample of the answers is in manner.

    Attributes:
        answers: in the sample.
        openings, closings: of three words.
        stock: answers with two families of stock phrases or more.
        phrases: each family.
    """

    answers: int
    openings: Ends
    closings: Ends
    stock: Phrase
    phrases: tuple[Phrase, ...]


class Confusion(_Model):
    """Rows with one label that are likely in another class.

    Attributes:
        given: the label that they have.
        likely: the class that they are likely in.
        rows: how many, estimated.
        share: of the rows with that label.
    """

    given: str
    likely: str
    rows: float
    share: float


class LabelNoise(_Model):
    """Which labels of a classification are likely wrong, by confident learning.

    Attributes:
        rows: that are judged.
        classes: in all.
        share: of the labels that are wrong, estimated.
        shown: classes of the matrix: all, or those that are confused most; secrets masked.
        matrix: rows labelled as the class of the line that are likely in that of the column.
        confusions: the pairs of classes with most such rows first.
    """

    rows: int
    classes: int
    share: float
    shown: tuple[str, ...]
    matrix: tuple[tuple[float, ...], ...]
    confusions: tuple[Confusion, ...]


class Flow(_Model):
    """Records that took one way.

    Attributes:
        code: the rule that decided, or of kept rows the first that reported; null where none found
            anything; of quarantined records why they are no rows.
        disposition: where they ended.
        rows: how many.
    """

    code: str | None
    disposition: Disposition
    rows: int


class Change(_Model):
    """One figure before (all records, or all scored rows) and after (the core).

    Attributes:
        name: what is told.
        unit: in which it is counted: `rows`, `tokens`, `share` (0 to 1), or a column's own.
        before, after: null where nothing has it.
    """

    name: str
    unit: str
    before: float | None
    after: float | None


class Step(_Model):
    """Something to do next; `DIR` in the command stands for the run folder."""

    what: str
    command: str | None = None


class Explorer(_Model):
    """The rows that the page's explorer holds; too many for report.json.

    Attributes:
        rows: see `curate.report.explorer`.
        packed: the same, as the page takes them.
        total: how many rows were dropped, edited, quarantined or flagged.
        untouched: of the rows, how many are in the core and no rule found anything in them: a
            sample, drawn by lot.
        textless: of the rows, how many are listed without their text.
        left_out: disposition -> rows that did not fit.
    """

    rows: tuple[dict[str, Any], ...] = ()
    packed: str = ""
    total: int = 0
    untouched: int = 0
    textless: int = 0
    left_out: Mapping[str, int] = {}


class Atlas(_Model):
    """The map of the dataset; too much for report.json.

    Attributes:
        packed: its points, as the page takes them: see `curate.report.atlas`.
        points: how many there are.
        rows: how many have a place.
        states: of the points, how many became what.
        copies: of the points, how many are in a cluster of copies of what size.
        tasks: names of the kinds of tasks of the points, those with most points first.
        table: a kind of task, or all, and how many of its points became what, as in `states`, and
            are in what cluster, as in `copies`.
    """

    packed: str
    points: int
    rows: int
    states: Mapping[str, int]
    copies: Mapping[str, int]
    tasks: tuple[str, ...]
    table: tuple[tuple[str, tuple[int, ...]], ...]


class Report(_Model):
    """A finished run, in numbers and examples.

    Attributes:
        version: of this model; raised when a field comes, goes or changes its meaning.
        curate: the version that ran.
        pack: the pack of rules; `settings` are those that differ from the defaults.
        totals: all records, by disposition.
        scored: records that could be read: the base of every share.
        flagged: rows in the core that some rule reports.
        formats: records a format.
        sources: the inputs in order.
        rules: every rule that ran: those that drop, then edit, then flag; of each kind those that
            decided most first.
        quarantine: reasons, the most frequent first.
        flow: every record by the rule that decided it; the rows add up to all records.
        changes: what the core is beside what came in.
        distributions: lengths, readability and scores, where they were measured.
        languages: of the answers, where they were measured; the most frequent first.
        tasks: the kinds of tasks, where they were measured; the largest first.
        synthetic: how much an LLM wrote, where the run has judged enough rows.
        manner: how alike the answers are in manner; null under 50 answers.
        mismatched: how many answers are another question's, where the run has judged them.
        label_noise: which labels are likely wrong, where the file is a classification.
        next_steps: what to do now.
        explorer, atlas: only while the report is being written; `atlas` is null where no row has
            a place on the map.
    """

    version: Literal[2] = 2
    curate: str
    pack: str
    settings: Mapping[str, Any]
    totals: Counts
    scored: int
    flagged: int
    formats: Mapping[str, int]
    sources: tuple[Source, ...]
    rules: tuple[RuleReport, ...]
    quarantine: tuple[Reason, ...]
    flow: tuple[Flow, ...] = ()
    changes: tuple[Change, ...] = ()
    distributions: tuple[Distribution, ...]
    languages: tuple[Language, ...]
    tasks: tuple[Task, ...] = ()
    synthetic: Synthetic | None = None
    manner: Manner | None = None
    mismatched: Mismatched | None = None
    label_noise: LabelNoise | None = None
    next_steps: tuple[Step, ...]
    atlas: Atlas | None = Field(default=None, exclude=True, repr=False)
    explorer: Explorer = Field(default_factory=Explorer, exclude=True, repr=False)

    @property
    def suspects(self) -> tuple[RuleReport, ...]:
        """The rules that were not believed."""
        return tuple(rule for rule in self.rules if rule.suspect)

    @property
    def fired(self) -> tuple[RuleReport, ...]:
        """The rules that hit a row."""
        return tuple(rule for rule in self.rules if rule.hits)
