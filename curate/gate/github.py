"""Workflow commands of GitHub Actions, which show faults beside the lines of a change.

GitHub shows ten errors and ten warnings a step, so the first fault of every limit comes before the
second of any; the summary of the step has the rest.
"""

from __future__ import annotations

import os
from itertools import chain, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from curate.errors import OutputError
from curate.gate import say
from curate.gate.markdown import markdown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from curate.gate.model import Fault, LimitReport, Report

MAX_ANNOTATIONS = 50  # a job; more are thrown away
SUMMARY = "GITHUB_STEP_SUMMARY"


def github(report: Report) -> str:
    """Annotations, a line each."""
    lines = [*_faults(report), *_figures(report), *_waivers(report)]
    return "".join(f"{line}\n" for line in [*lines, _line("notice", {}, say.verdict(report))])


def write_summary(report: Report) -> None:
    """Append the report to the summary of the step, where a workflow runs.

    Raises:
        OutputError: it can't be written.
    """
    path = os.environ.get(SUMMARY)
    if not path:
        return
    try:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(markdown(report))
    except OSError as error:
        raise OutputError(f"{path}: can't be written: {error.strerror}") from None


def _faults(report: Report) -> Iterator[str]:
    queues: dict[str, list[Fault]] = {one.name: [] for one in report.broken}
    for fault in report.faults:
        if fault.waived is None:
            queues[fault.limit].append(fault)
    turns = chain.from_iterable(zip_longest(*queues.values()))
    for fault in [one for one in turns if one is not None][:MAX_ANNOTATIONS]:
        file = report.file(fault.source)
        where = {"file": file.path, "title": f"curate: {fault.code}"}
        if file.has_lines:
            where["line"] = str(fault.line)
            yield _line(fault.level, where, fault.said)
        else:
            yield _line(fault.level, where, f"record {fault.line}: {fault.said}")


def _figures(report: Report) -> Iterator[str]:
    with_rows = {fault.limit for fault in report.faults}
    for limit in report.broken:
        if limit.name not in with_rows:
            yield _line(limit.level, _file(report, limit), say.sentence(limit))


def _file(report: Report, limit: LimitReport) -> dict[str, str]:
    where = {"title": f"curate: {limit.name}"}
    return {"file": report.files[0].path, **where} if len(report.files) == 1 else where


def _waivers(report: Report) -> Iterator[str]:
    for one in report.waivers:
        if one.state != "used":
            level = "error" if one.state == "expired" else "warning"
            where = {"title": "curate: waiver"}
            yield _line(level, where | ({"file": report.config} if report.config else {}),
                        say.waiver(one))  # fmt: skip


def _line(level: str, where: dict[str, str], message: str) -> str:
    told = ",".join(f"{name}={_property(value)}" for name, value in where.items())
    return f"::{level}{f' {told}' if told else ''}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
