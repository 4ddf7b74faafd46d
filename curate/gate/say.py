"""A check in sentences, the same in every form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curate.gate.bounds import Measure
from curate.text.words import count, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from curate.gate.model import File, LimitReport, NotAsked, Report, WaiverReport


def verdict(report: Report) -> str:
    """`failed: 2 of 60 limits broken, 1 warning; 12 kept`."""
    total = len(report.limits)
    parts = []
    if report.errors:
        parts.append(f"{len(report.errors)} of {count(total, 'limit')} broken")
    if report.expired:
        parts.append(f"{count(len(report.expired), 'waiver')} expired")
    if report.warnings:
        parts.append(count(len(report.warnings), "warning"))
    if not parts:
        parts.append(f"{count(total, 'limit')} kept")
    return f"{'passed' if report.passed else 'failed'}: {', '.join(parts)}"


def value(limit: LimitReport) -> str:
    """`12 rows (0.3 %)`, `1,204.5`."""
    if limit.of is None:
        return str(Measure(limit.value))
    of = Measure(limit.value, limit.of)
    return f"{count(int(limit.value))} ({percent(of.share)})"


def asides(limit: LimitReport) -> Iterator[str]:
    """What else there is to say of a limit: rows that do not count, the value before."""
    if limit.before is not None:
        yield f"before {Measure(limit.before)}"
    if limit.old:
        yield f"{limit.old:,} old"
    if limit.waived:
        yield f"{limit.waived:,} waived"
    if limit.note:
        yield limit.note


def sentence(limit: LimitReport) -> str:
    """A limit in a line: what, how much, what is allowed."""
    return f"{limit.title}: {standing(limit)}"


def standing(limit: LimitReport) -> str:
    """How much it is, and what is allowed: `12 rows (0.3 %), error if > 0`."""
    return "; ".join((f"{value(limit)}, {limit.bound}", *asides(limit)))


def waiver(one: WaiverReport) -> str:
    """A waiver in a line."""
    what = f"waiver of {one.what} ({one.reason}; {one.owner})"
    if one.state == "expired":
        rows = f", it covered {count(one.rows)}" if one.rows else ""
        return f"{what} expired on {one.expires}{rows}; mend the rows or renew it"
    if one.state == "unused":
        return f"{what} covers no row; remove it"
    return f"{what} covers {count(one.rows)} until {one.expires}"


def not_asked(one: NotAsked) -> str:
    """A limit that nothing could break, in a line."""
    return f"{one.name} ({one.title}) was not asked: nothing to compare with, give {one.missing}"


def disowned(report: Report) -> str | None:
    """That the baseline is of other data, in a line."""
    if report.baseline is None or not report.baseline.of_others:
        return None
    return (
        f"{report.baseline.name} has no file and no bad row in common with this data: nothing in "
        "it counts; name a baseline of the same file"
    )


def change(report: Report) -> str | None:
    """How the records differ from the baseline's: `kept 90 -> 94, dropped 2 -> 3`."""
    if report.baseline is None:
        return None
    now, before = report.counts, report.baseline.counts
    pairs = [
        (name, getattr(before, name), getattr(now, name))
        for name in ("records", "kept", "dropped", "quarantined")
    ]
    return ", ".join(f"{name} {was:,} -> {is_now:,}" for name, was, is_now in pairs)


def next_step(report: Report) -> tuple[str, str | None] | None:
    """What to do first, and the command for it."""
    if report.expired and not report.errors:
        return "Mend the rows of the waiver that expired, or renew it with a reason.", None
    worst = next(iter(report.errors or report.warnings), None)
    if worst is None:
        return None
    if worst.codes and worst.codes[0] in ("unreadable-record", "invalid-record"):
        return "Mend these records; each says what is wrong with it.", None
    rules = [one.code for one in report.rules if one.code in worst.codes]
    if rules:
        return (
            f"Worst is {worst.name}. See what it looks for, and why:",
            f"curate explain {rules[0]}",
        )
    if worst.examples:
        return f"Worst is {worst.name}; its rows are above.", None
    return f"Worst is {worst.name}: it is {value(worst)}, {worst.bound}.", None


def place(file: File, name: str, line: int) -> str:
    """`data/train.jsonl:17`; `train.parquet, record 17` where an editor shows no such line."""
    return f"{name}:{line}" if file.has_lines else f"{name}, record {line}"
