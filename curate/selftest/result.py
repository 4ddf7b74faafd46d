"""What a self-test found, as numbers: recall a class, and alarms on rows that nobody touched."""

from __future__ import annotations

from math import sqrt
from typing import Literal

from pydantic import BaseModel, ConfigDict

Status = Literal["measured", "not covered", "not plantable"]
_Z = 1.96  # of 95 %


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Missed(_Model):
    """A planted fault that nothing found.

    Attributes:
        source: the file of the row that it was planted in.
        line: and where there.
        what: what was done, or the text that was put in.
    """

    source: str
    line: int
    what: str


class ClassResult(_Model):
    """What was found of one class.

    Attributes:
        name: of the class.
        what: the fault, in words.
        group: structure, copies, text or meaning.
        status: not covered: no rule of the recipe looks for it; not plantable: the rows can't
            have it.
        reason: why it is not measured.
        planted: how many.
        dropped: of these how many are out of the core, quarantined ones too.
        flagged: how many are kept, and reported by a rule of the right family.
        rules: code -> how many it found.
        missed: some of those that nothing found.
        recall: share of the planted that was dropped or flagged.
        low: the lower end of its 95 % interval.
        high: the upper end.
    """

    name: str
    group: str
    what: str
    status: Status
    reason: str = ""
    planted: int = 0
    dropped: int = 0
    flagged: int = 0
    rules: dict[str, int] = {}
    missed: tuple[Missed, ...] = ()
    recall: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def found(self) -> int:
        """Dropped or flagged."""
        return self.dropped + self.flagged


class Alarm(_Model):
    """A row that nobody touched, and what is said of it that was not said before."""

    source: str
    line: int
    code: str
    dropped: bool


class Alarms(_Model):
    """Alarms on untouched rows that these did not raise before anything was planted.

    Attributes:
        looked: untouched rows, counted anew in each copy.
        rows: how many of them raised one.
        dropped: and how many are dropped that were kept.
        rules: code -> rows.
        examples: some of them.
    """

    looked: int
    rows: int
    dropped: int
    rules: dict[str, int]
    examples: tuple[Alarm, ...]


class Short(_Model):
    """A class under its bar.

    Attributes:
        name: of the class.
        recall: None where no rule of the recipe looks for it.
        wanted: its bar.
    """

    name: str
    recall: float | None
    wanted: float


class Result(_Model):
    """A self-test.

    Attributes:
        version: of this layout.
        seed: of everything that was drawn.
        records: in the input.
        rows: how many of them were used, drawn where there are more.
        flawed: used rows that the recipe drops or reports as they are.
        pack: the pack that the recipe starts from.
        rules: how many rules it has.
        asked: faults a class that were asked for.
        per_class: how many there was room for; a class has fewer where the rows can't bear them.
        copies: of the rows, each with other faults, a quarter of its rows at most.
        classes: what was found.
        alarms: on untouched rows.
        suspects: drop rules that hit so many rows that they flag only, as in a run.
        short: classes under their bar.
    """

    version: int = 1
    seed: int
    records: int
    rows: int
    flawed: int
    pack: str
    rules: int
    asked: int
    per_class: int
    copies: int
    classes: tuple[ClassResult, ...]
    alarms: Alarms
    suspects: tuple[str, ...] = ()
    short: tuple[Short, ...] = ()

    def measured(self) -> list[ClassResult]:
        """The classes that have a recall."""
        return [one for one in self.classes if one.status == "measured"]


def wilson(found: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, 1927): it holds for few rows, and at 0 and 1.

    E. B. Wilson, Probable inference, the law of succession, and statistical inference. Journal of
    the American Statistical Association 22 (1927), 209-212.
    """
    if not of:
        return 0.0, 1.0
    share, shrink = found / of, 1 + _Z**2 / of
    middle = (share + _Z**2 / (2 * of)) / shrink
    half = _Z * sqrt(share * (1 - share) / of + _Z**2 / (4 * of**2)) / shrink
    return (middle - half if found else 0.0), (middle + half if found < of else 1.0)
