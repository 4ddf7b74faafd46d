"""A check as a comment on a pull request. Row text stands in code spans only, where it is inert."""

from __future__ import annotations

from typing import TYPE_CHECKING

from curate.gate import say
from curate.gate.bounds import Measure
from curate.report.markdown import code, plain
from curate.text.words import count, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from curate.gate.model import LimitReport, Report

MAX_LIMITS = 25  # a comment holds 65,536 characters; a limit with three rows takes about 1,200
_ICONS = {"error": "❌", "warning": "⚠️"}
COUNTED = ("records", "kept", "dropped", "quarantined")


def markdown(report: Report) -> str:
    """The report as GitHub-flavoured Markdown."""
    icon = "✅" if report.passed else "❌"
    parts = [
        f"### {icon} curate check {plain(say.verdict(report))}",
        _about(report),
        *_counts(report),
        *_limits(report),
        *(_details(one, report) for one in report.broken[:MAX_LIMITS] if one.examples),
        *(f"⚠️ {plain(one)}" for one in [say.disowned(report)] if one is not None),
        *_not_asked(report),
        *_waivers(report),
        *_next(report),
    ]
    return "\n\n".join(parts) + "\n"


def _about(report: Report) -> str:
    names = ", ".join(code(one.path) for one in report.files[:3])
    more = f" and {len(report.files) - 3} more" if len(report.files) > 3 else ""  # noqa: PLR2004 - as above
    by = f"limits of {code(report.config)}" if report.config else f"pack {code(report.pack)}"
    beside = ""
    if report.baseline is not None:
        new = "; new rows alone count" if report.baseline.only_new else ""
        beside = f", beside {code(report.baseline.name)}{new}"
    return f"{names}{more}: {by}{beside}."


def _counts(report: Report) -> Iterator[str]:
    now, base = report.counts, report.baseline
    head = ["", "before", "now", "", "share"] if base else ["", "now", "share"]
    lines = [head, ["---", *["---:"] * (len(head) - 1)]]
    for name in COUNTED:
        number = getattr(now, name)
        share = percent(now.share(name)) if name != "records" else ""
        if base is None:
            lines.append([name, f"{number:,}", share])
        else:
            was = getattr(base.counts, name)
            delta = f"{number - was:+,}" if number != was else ""
            lines.append([name, f"{was:,}", f"{number:,}", delta, share])
    yield "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _limits(report: Report) -> Iterator[str]:
    if not report.broken:
        return
    lines = [["", "limit", "", "is", "allowed"], ["---", "---", "---", "---:", "---"]]
    for one in report.broken[:MAX_LIMITS]:
        before = f" (before {Measure(one.before)})" if one.before is not None else ""
        cells = [
            _ICONS[one.level], code(one.name), plain(one.title), say.value(one) + before,
            plain(one.bound),
        ]  # fmt: skip
        lines.append(cells)
    yield "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    more = len(report.broken) - MAX_LIMITS
    if more > 0:
        yield f"{count(more, 'more limit')} broken."


def _details(limit: LimitReport, report: Report) -> str:
    rows = []
    for one in limit.examples:
        file = report.file(one.source)
        where = say.place(file, file.path, one.line)
        rows.append(f"- {code(where)} {code(one.said)}")
    why = [plain(limit.why)] if limit.why else []
    why += [
        f"{plain(one.what)} {plain(one.why)}" for one in report.rules if one.code in limit.codes
    ]
    body = "\n\n".join([*why[:3], "\n".join(rows)])
    return (
        f"<details><summary>{_ICONS[limit.level]} {plain(limit.name)}: {say.value(limit)}"
        f"</summary>\n\n{body}\n\n</details>"
    )


def _not_asked(report: Report) -> Iterator[str]:
    if report.not_asked:
        yield "\n".join(f"- ⚠️ {plain(say.not_asked(one))}" for one in report.not_asked)


def _waivers(report: Report) -> Iterator[str]:
    told = [
        f"- {'❌' if one.state == 'expired' else '⚠️'} {plain(say.waiver(one))}"
        for one in report.waivers
        if one.state != "used"
    ]
    if told:
        yield "\n".join(told)
    waived = sum(one.waived for one in report.limits)
    if waived:
        yield f"{count(waived)} waived."


def _next(report: Report) -> Iterator[str]:
    step = say.next_step(report)
    if step is not None:
        yield f"**Next:** {plain(step[0])}" + (f" {code(step[1])}" if step[1] else "")
