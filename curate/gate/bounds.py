"""`> 0.5 %`, `< 100 or > 2000`: when a limit is broken."""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, NamedTuple

from curate.text.words import percent

if TYPE_CHECKING:
    from collections.abc import Callable

_SIGNS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "!=": operator.ne,
}
_ALSO = {"==": "=", "<>": "!="}
NUMBER = r"-?(?:\d[\d_]*(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?"
_PART = rf"(>=|<=|<>|!=|==|[<>=])\s*({NUMBER})\s*(%)?"
PATTERN = rf"^\s*{_PART}(?:\s+or\s+{_PART})*\s*$"
_ONE = re.compile(_PART)
_WHOLE = re.compile(PATTERN)
HINT = "write a comparison: '> 0', '> 0.5 %', '< 100 or > 2000'"


class Measure(NamedTuple):
    """A number that bounds are held against.

    Attributes:
        value: the number; for a count how many.
        of: what the count is a part of; None where the number is no count.
    """

    value: float
    of: int | None = None

    @property
    def share(self) -> float:
        """The part of the whole, 0 where there is none."""
        return self.value / self.of if self.of else 0.0

    def __str__(self) -> str:
        """The number for a person: `12 (0.3 %)`, `1,204.5`."""
        if self.of is None:
            return number(self.value)
        return f"{self.value:,.0f} ({percent(self.share)})"


class Beside(NamedTuple):
    """A number of rows beside what was before, where only what is new may break a limit.

    Attributes:
        new: rows that are new or newly bad.
        whole: all of them, the old ones too.
        before: what was before; None where nobody knows.
        ratchet: a number of rows that a bound allows is for the old ones: no new one may be bad.
    """

    new: float
    whole: Measure
    before: Measure | None
    ratchet: bool


class Part(NamedTuple):
    """One comparison: sign, number, and whether the number is a share."""

    sign: str
    number: float
    is_share: bool

    def breaks(self, measure: Measure) -> bool:
        """Whether the measure is what the bound says it must not be."""
        return _SIGNS[self.sign](measure.share if self.is_share else measure.value, self.number)

    def excess(self, measure: Measure) -> float:
        """How far beyond the bound the measure is, in the bound's own unit; 0 within it."""
        value = measure.share if self.is_share else measure.value
        return abs(value - self.number) if self.breaks(measure) else 0.0

    @property
    def is_upper(self) -> bool:
        """Whether it says how many are too many."""
        return self.sign in (">", ">=")

    def worsened(self, beside: Beside) -> bool:
        """Whether it is broken, and by what is new."""
        if self.is_upper:
            none_more = beside.ratchet and not self.is_share
            return beside.new > 0 and (none_more or self.breaks(beside.whole))
        before = beside.before
        worse = before is None or self.excess(beside.whole) > self.excess(before)
        return self.breaks(beside.whole) and worse

    def __str__(self) -> str:
        """As a person writes it."""
        shown = f"{number(100 * self.number)} %" if self.is_share else number(self.number)
        return f"{self.sign} {shown}"


class Bound(NamedTuple):
    """Comparisons of which none may hold."""

    parts: tuple[Part, ...]

    def breaks(self, measure: Measure) -> bool:
        """Whether one of the comparisons holds."""
        return any(part.breaks(measure) for part in self.parts)

    def worsened(self, beside: Beside) -> bool:
        """Whether one of the comparisons holds, and because of what is new."""
        return any(part.worsened(beside) for part in self.parts)

    def excess(self, measure: Measure) -> float:
        """The largest excess over one of the comparisons."""
        return max(part.excess(measure) for part in self.parts)

    def beyond(self, count: Measure) -> float:
        """How many rows a count is beyond the comparisons, whatever their unit."""
        whole = count.of or 0
        return max(part.excess(count) * (whole if part.is_share else 1) for part in self.parts)

    def __str__(self) -> str:
        """As a person writes it."""
        return " or ".join(map(str, self.parts))


def parse(text: str) -> Bound:
    """A bound from its text.

    Raises:
        ValueError: no comparison; says how one is written.
    """
    if not _WHOLE.match(text):
        raise ValueError(f"{text!r} is no comparison; {HINT}")
    return Bound(tuple(_part(*found) for found in _ONE.findall(text)))


def _part(sign: str, digits: str, percent_sign: str) -> Part:
    value = float(digits)
    return Part(_ALSO.get(sign, sign), value / 100 if percent_sign else value, bool(percent_sign))


def check_counts(bound: Bound) -> None:
    """Refuse a bound over a count that can't be meant: `> 0.05` rows.

    Raises:
        ValueError: a count that is not whole, or a share above all.
    """
    for part in bound.parts:
        if part.is_share:
            if not 0 <= part.number <= 1:
                raise ValueError(f"'{part}' is no share; shares go from 0 % to 100 %")
        elif not part.number.is_integer():
            raise ValueError(
                f"'{part}' is no count; for a share write '{part.sign} {number(100 * part.number)} "
                "%'"
            )


def check_plain(bound: Bound) -> None:
    """Refuse a share of what is no count.

    Raises:
        ValueError: names it.
    """
    for part in bound.parts:
        if part.is_share:
            raise ValueError(f"'{part}': this is a number of its own, no share; leave out the %")


def number(value: float) -> str:
    """A number for a person, with as many digits as tell it."""
    if float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.1f}"  # noqa: PLR2004 - six digits
