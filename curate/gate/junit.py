"""JUnit XML: a suite a file, a case a limit; valid against the schemas of Ant and of Jenkins.

What is limited for all files together stands in a suite of its own where there are several.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from curate.gate import say
from curate.text.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from curate.gate.model import Fault, File, LimitReport, Report

MAX_ROWS = 20  # a case
ALL = "all files"


def junit(report: Report, now: datetime) -> str:
    """The report as XML; `now` is the time of the suites."""
    suites = [(file.path, list(_cases(report, file))) for file in report.files]
    if len(report.files) > 1:
        suites.append((ALL, list(_cases(report, None))))
    else:
        suites[0][1].extend(_cases(report, None))
    expired = [_Case(f"waiver.{one.what}", "error", say.waiver(one), "") for one in report.expired]
    suites[-1][1].extend(expired)
    body = "".join(_suite(at, *suite, now, report) for at, suite in enumerate(suites))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n{body}</testsuites>\n'


class _Case:
    """A limit in one suite: its name, what came of it, in a line and in full."""

    def __init__(self, name: str, level: str, line: str, rows: str) -> None:
        self.name = name
        self.level = level
        self.line = line
        self.rows = rows


def _cases(report: Report, file: File | None) -> Iterator[_Case]:
    """Limits on rows for a file, each broken if rows of this file break it; else the figures."""
    faults: dict[str, list[Fault]] = {}
    for fault in report.faults:
        if fault.waived is None and (file is None or fault.source == file.name):
            faults.setdefault(fault.limit, []).append(fault)
    for limit in report.limits:
        own = faults.get(limit.name, [])
        if bool(limit.codes) == (file is None):
            continue
        level = limit.level if file is None or own else "passed"
        yield _Case(limit.name, level, say.sentence(limit), _rows(limit, own))


def _rows(limit: LimitReport, faults: list[Fault]) -> str:
    lines = [f"{one.source}:{one.line}: {one.said} [{one.id}]" for one in faults[:MAX_ROWS]]
    if len(faults) > MAX_ROWS:
        lines.append(f"and {count(len(faults) - MAX_ROWS, 'more row')}")
    return "\n".join([*([limit.why] if limit.why else []), *lines])


def _suite(at: int, name: str, cases: list[_Case], now: datetime, report: Report) -> str:
    failed = sum(one.level == "error" for one in cases)
    warned = "\n".join(
        f"warning: {one.name}: {one.line}" for one in cases if one.level == "warning"
    )
    unused = "\n".join(say.waiver(one) for one in report.waivers if one.state == "unused")
    out = "\n".join(filter(None, (warned, unused)))
    return (
        f'  <testsuite id="{at}" name={_attribute(name)} package="curate" hostname="localhost" '
        f'timestamp="{now:%Y-%m-%dT%H:%M:%S}" tests="{len(cases)}" failures="{failed}" '
        f'errors="0" time="0">\n    <properties/>\n'
        f"{''.join(_case(one, name) for one in cases)}"
        f"    <system-out>{_text(out)}</system-out>\n    <system-err/>\n  </testsuite>\n"
    )


def _case(case: _Case, suite: str) -> str:
    head = f"    <testcase name={_attribute(case.name)} classname={_attribute(suite)}"
    if case.level != "error":
        return f'{head} time="0"/>\n'
    return (
        f'{head} time="0">\n      <failure message={_attribute(case.line)} type="limit">'
        f"{_text(case.rows)}</failure>\n    </testcase>\n"
    )


def _attribute(text: str) -> str:
    return quoteattr(text)


def _text(text: str) -> str:
    return escape(text)
