"""report.json, report.md and report.html: the same report for machines, pull requests, people."""

from __future__ import annotations

from pathlib import Path

import orjson

from curate.errors import InputError
from curate.report.html import html
from curate.report.markdown import markdown
from curate.report.model import Report
from curate.run.folder import REPORTS

HTML, JSON, MARKDOWN = REPORTS


def write(report: Report, folder: str | Path) -> None:
    """Write the three files; a report that was only just built, for the page needs its rows."""
    made = Path(folder)
    data = report.model_dump(mode="json")
    text = orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    (made / JSON).write_bytes(text)
    (made / MARKDOWN).write_text(markdown(report), encoding="utf-8", newline="\n")
    (made / HTML).write_text(html(report), encoding="utf-8", newline="\n")


def read(folder: str | Path) -> Report:
    """The report of a run as report.json has it, without the rows of the page's explorer.

    Raises:
        InputError: no report there, or of another version.
    """
    path = Path(folder) / JSON
    try:
        return Report.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except ValueError:
        raise InputError(
            f"{path}: not a report of this version of curate; `curate report` makes it anew"
        ) from None
