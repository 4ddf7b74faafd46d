"""Numbers in words, the same in every medium."""

from __future__ import annotations

from math import isfinite


def percent(share: float) -> str:
    """A share as a person reads it: `2.1 %`, `0.04 %`, `0 %`; never `100 %` of what is not all."""
    value = 100 * share
    if 99.95 <= value < 100:  # noqa: PLR2004 - would be rounded to 100.0
        return ">99.9 %"
    if 0 < value < 0.001:  # noqa: PLR2004 - one row in 100,000
        return "<0.001 %"
    return f"{value:.1f} %" if 1 <= value < 100 else f"{value:.2g} %" if value < 1 else "100 %"  # noqa: PLR2004 - likewise


def count(number: int, noun: str = "row") -> str:
    """`1 row`, `1,204 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def figure(value: float) -> str:
    """A number that a rule saw, as a person reads it: `0.910`, `12.35`, `1,204.5`, `7`."""
    if value.is_integer():
        return str(int(value))
    size = abs(value)
    if size < 0.001:  # noqa: PLR2004 - three decimals would say 0
        return f"{value:.2g}"
    return f"{value:.3f}" if size < 1 else f"{value:.2f}" if size < 100 else f"{value:,.1f}"  # noqa: PLR2004 - four digits or so


def seen(value: str) -> str:
    """Evidence as it is shown: a number rounded, anything else as it is; what is stored stays."""
    try:
        number = float(value)
    except ValueError:
        return value
    return figure(number) if "." in value and isfinite(number) else value
