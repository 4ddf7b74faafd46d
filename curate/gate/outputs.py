"""`--output FORM[=FILE]`: a check in the form that a terminal, a CI or a program reads."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import orjson

from curate.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from curate.gate.model import Report

FORMS = ("text", "json", "junit", "sarif", "github", "markdown")
BESIDE = frozenset({"text", "github"})  # lines, which may follow one another on one stream


class Output(NamedTuple):
    """A form and where it goes; without a file to standard output."""

    form: str
    file: Path | None = None


def parse(words: Sequence[str]) -> list[Output]:
    """`["text", "junit=out.xml"]` as outputs.

    Raises:
        UsageError: an unknown form, a file twice, or two documents for one stream.
    """
    made = []
    for word in words:
        form, equals, file = word.partition("=")
        if form not in FORMS:
            hint = did_you_mean(form, FORMS)
            raise UsageError(f"--output {word}: no form {form!r}{hint}; there are {_known()}")
        if equals and not file:
            raise UsageError(f"--output {word}: names no file")
        made.append(Output(form, Path(file) if equals else None))
    files = [one.file for one in made if one.file is not None]
    if len(set(files)) < len(files):
        raise UsageError("--output: two forms for one file; give each its own")
    shown = {one.form for one in made if one.file is None}
    if len(shown) > 1 and shown - BESIDE:
        first = min(shown - BESIDE)
        raise UsageError(
            f"--output {first}: would stand beside others; write --output {first}=FILE"
        )
    return made


def _known() -> str:
    return ", ".join(FORMS)


def write(report: Report, outputs: Sequence[Output]) -> None:
    """Write a report in every form that was asked for.

    Raises:
        OutputError: a file can't be written.
    """
    from curate.write.whole import write_whole

    for one in outputs:
        if one.file is not None:
            write_whole(one.file, [_rendered(report, one.form)])
        elif one.form == "text":
            _print(report)
        else:
            sys.stdout.buffer.write(_rendered(report, one.form))
            sys.stdout.flush()
        if one.form == "github":
            from curate.gate.github import write_summary

            write_summary(report)


def _print(report: Report) -> None:
    from curate.gate.text import print_report
    from curate.text.console import whole_lines

    print_report(report, whole_lines())


def _rendered(report: Report, form: str) -> bytes:
    rendered = _RENDERERS[form](report)
    return rendered if isinstance(rendered, bytes) else rendered.encode("utf-8", "backslashreplace")


def _json(report: Report) -> bytes:
    option = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(report.model_dump(mode="json"), option=option)


def _text(report: Report) -> str:
    from curate.gate.text import text

    return text(report)


def _junit(report: Report) -> str:
    from curate.gate.junit import junit

    return junit(report, datetime.now(UTC))


def _sarif(report: Report) -> bytes:
    from curate.gate.sarif import sarif

    return sarif(report)


def _github(report: Report) -> str:
    from curate.gate.github import github

    return github(report)


def _markdown(report: Report) -> str:
    from curate.gate.markdown import markdown

    return markdown(report)


_RENDERERS: dict[str, Callable[[Report], str | bytes]] = {
    "text": _text,
    "json": _json,
    "junit": _junit,
    "sarif": _sarif,
    "github": _github,
    "markdown": _markdown,
}
