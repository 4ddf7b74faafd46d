"""SARIF 2.1.0: faults at their lines, for code scanning and the viewers of editors.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from curate.gate import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from curate.gate.model import Fault, File, Report

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
ROOT = "%SRCROOT%"
_WAIVER = "waiver"
Json = dict[str, Any]


def sarif(report: Report) -> bytes:
    """The report as a SARIF log."""
    rules = list(_rules(report))
    at = {rule["id"]: place for place, rule in enumerate(rules)}
    results = [*_faults(report, at), *_figures(report, at), *_waivers(report, at)]
    driver = {"name": "curate", "version": report.curate, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": True, "exitCode": 0 if report.passed else 1}],
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return orjson.dumps(log, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _rules(report: Report) -> Iterator[Json]:
    words = {one.code: one for one in report.rules}
    codes = {fault.code for fault in report.faults}
    for code in sorted(codes):
        note = words.get(code)
        if note is None:
            limit = next(one for one in report.limits if code in one.codes)
            yield _rule(code, limit.title, limit.title)
        else:
            yield _rule(code, note.name, f"{note.what} {note.why}")
    for one in _without_rows(report):
        yield _rule(one, one, one)
    if any(one.state != "used" for one in report.waivers):
        yield _rule(_WAIVER, "Waiver", "A waiver has expired, or covers nothing.")


def _rule(code: str, name: str, said: str) -> Json:
    return {
        "id": code,
        "shortDescription": {"text": name},
        "fullDescription": {"text": said},
        "help": {"text": said},
        "properties": {"tags": ["data-quality"]},
    }


def _faults(report: Report, at: dict[str, int]) -> Iterator[Json]:
    for one in report.faults:
        made = {
            "ruleId": one.code,
            "ruleIndex": at[one.code],
            "level": one.level,
            "message": {"text": one.said},
            "locations": [_location(report.file(one.source), one.line)],
            # By content, so that an alert follows its row when the row moves.
            "partialFingerprints": {
                "primaryLocationLineHash": f"{one.id}:1",
                "curateRow/v1": f"{one.code}:{one.id}",
            },
            "properties": {"limit": one.limit, "row": one.id},
        }
        yield made | _state(one)


def _state(fault: Fault) -> Json:
    made: Json = {}
    if fault.new is not None:
        made["baselineState"] = "new" if fault.new else "unchanged"
    if fault.waived is not None:
        accepted = {"kind": "external", "status": "accepted", "justification": fault.waived}
        made["suppressions"] = [accepted]
    return made


def _location(file: File, line: int | None) -> Json:
    """Where a record stands: at its line, or by its number where no editor shows such a line."""
    made: Json = {"physicalLocation": {"artifactLocation": _artifact(file.path)}}
    if file.has_lines:
        made["physicalLocation"]["region"] = {"startLine": line or 1}
    elif line is not None:
        made["logicalLocations"] = [{"name": f"record {line}", "kind": "element"}]
    return made


def _artifact(path: str) -> Json:
    if Path(path).is_absolute():
        return {"uri": Path(path).as_uri()}
    if "://" in path:
        return {"uri": quote(path, safe="/:")}
    return {"uri": quote(path), "uriBaseId": ROOT}


def _without_rows(report: Report) -> list[str]:
    with_rows = {fault.limit for fault in report.faults}
    return [one.name for one in report.broken if one.name not in with_rows]


def _figures(report: Report, at: dict[str, int]) -> Iterator[Json]:
    names = set(_without_rows(report))
    for one in report.broken:
        if one.name in names:
            yield {
                "ruleId": one.name,
                "ruleIndex": at[one.name],
                "level": one.level,
                "message": {"text": say.sentence(one)},
                "locations": [_location(report.files[0], None)],
                "partialFingerprints": {"curateLimit/v1": one.name},
            }


def _waivers(report: Report, at: dict[str, int]) -> Iterator[Json]:
    for one in report.waivers:
        if one.state != "used":
            path = report.config or "curate.toml"
            yield {
                "ruleId": _WAIVER,
                "ruleIndex": at[_WAIVER],
                "level": "error" if one.state == "expired" else "warning",
                "message": {"text": say.waiver(one)},
                "locations": [{"physicalLocation": {"artifactLocation": _artifact(path)}}],
            }
