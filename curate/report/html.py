"""report.html: one file that asks nobody for anything, in which no text of a row can act.

Three locks on hostile text, each enough alone: Jinja escapes every value, the explorer makes text
nodes and never markup, and a content policy lets no script run but the one whose hash it names.
"""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import orjson

from curate.report import charts
from curate.report.atlas import COPIES
from curate.report.words import count, percent, verb
from curate.run.ledger import DISPOSITIONS
from curate.text.visible import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from markupsafe import Markup

    from curate.report.model import Ends, Explorer, Report

_SIGN = re.compile(r"(⟨U\+[0-9A-F]{4,6}⟩)")


def html(report: Report) -> str:
    """The report as a page."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    css, page, library, charts_js, rows_js = map(
        _template, ("report.css", "report.html", "echarts.min.js", "charts.js", "rows.js")
    )
    js = charts_js + rows_js
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        finalize=lambda told: visible(told) if type(told) is str else told,
    )
    environment.filters |= {
        "number": "{:,}".format,
        "percent": percent,
        "count": count,
        "verb": verb,
        "prose": _prose,
        "signs": _signs,
        "width": _width,
        "formats": ", ".join,
        "settings": lambda told: orjson.dumps(told).decode(),
    }
    totals, fired = report.totals, report.fired
    shapes = charts.shapes(report)
    return environment.from_string(page).render(
        report=report,
        totals=totals,
        core=totals.kept + totals.edited,
        dispositions=DISPOSITIONS,
        sources=_sources(report),
        law=_law(report),
        flow_told=charts.told(report),
        linked={rule.code for rule in fired},
        fired=fired,
        pairs=[rule for rule in fired if any(one.twin for one in rule.examples)],
        silent=[rule for rule in report.rules if not rule.hits],
        most=max((rule.hits for rule in fired), default=1),
        compared=charts.compared(report),
        shapes=shapes,
        explored=_explored(report),
        mapped=charts.mapped(report),
        grouped=charts.grouped(report),
        judged=charts.judged(report.synthetic),
        wrote=report.synthetic and charts.wrote(report.synthetic),
        unfitting=report.mismatched and charts.unfitting(report.mismatched),
        ends=_ends(report),
        phrases=charts.phrases(report.manner),
        mislabelled=report.label_noise and charts.mislabelled(report.label_noise),
        matrix=charts.matrix(report.label_noise),
        confusions=charts.confusions(report.label_noise),
        css=Markup(css),  # noqa: S704 - our own file
        library=Markup(library),  # noqa: S704 - as it was published
        js=Markup(js),  # noqa: S704 - our own files
        hashes=[b64encode(sha256(one.encode()).digest()).decode() for one in (library, js)],
        data=Markup(_data(report, shapes)),  # noqa: S704 - escaped there
    )


def _template(name: str) -> str:
    return (files("curate") / "templates" / name).read_text("utf-8")


def _data(report: Report, shapes: list[Mapping[str, Any]]) -> str:
    """What the page's scripts draw and list, as JSON that no HTML parser can see an end of."""
    text = orjson.dumps(
        {
            "rules": [
                {"code": rule.code, "name": rule.name, "column": rule.column}
                for rule in report.rules
            ],
            "charts": charts.drawn(report, shapes),
            "map": report.atlas
            and {
                "points": report.atlas.packed,
                "tasks": report.atlas.tasks,
                "copies": list(COPIES),
            },
            "rows": report.explorer.packed,
        }
    ).decode()
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _signs(text: str, *, ends: bool = False) -> Markup:
    """Text in which signs for unseen characters stand out; with `ends`, line ends too."""
    from markupsafe import Markup, escape

    shown = text.replace("\n", "↵\n") if ends else text
    if "⟨U+" not in shown:
        return escape(shown)
    made = Markup()
    for at, part in enumerate(_SIGN.split(shown)):
        made += Markup('<span class="sign">{}</span>').format(part[1:-1]) if at % 2 else part
    return made


def _prose(text: str) -> Markup:
    """A rule's words, in which `backticks` set code."""
    from markupsafe import Markup

    made = Markup()
    for at, part in enumerate(text.split("`")):
        made += Markup("<code>{}</code>").format(part) if at % 2 else part
    return made


def _width(value: int, most: int) -> str:
    """A bar's length; what is there is seen, however few."""
    return f"max(2px, {100 * value / max(most, 1):.2f}%)" if value else "0"


def _sources(report: Report) -> str:
    names = [one.name for one in report.sources]
    return ", ".join(names) if len(names) < 4 else f"{names[0]} and {len(names) - 1} more files"  # noqa: PLR2004 - fit on a line


def _law(report: Report) -> str:
    totals = report.totals
    terms = " + ".join(f"{getattr(totals, name):,} {name}" for name in DISPOSITIONS)
    return f"{totals.records:,} in = {terms}."


def _ends(report: Report) -> list[tuple[str, str, Ends]]:
    """How answers open and close: a title, a sentence, the figures."""
    if report.manner is None:
        return []
    both = report.manner.openings, report.manner.closings
    return [
        (title, charts.alike(one, deed), one)
        for title, deed, one in zip(("Openings", "Closings"), ("open", "close"), both, strict=True)
    ]


def _explored(report: Report) -> str:
    explorer = report.explorer
    sample = (
        f" Beside them {count(explorer.untouched)} that nothing was found in, drawn by lot."
        if explorer.untouched
        else ""
    )
    if not explorer.total:
        return f"No row was dropped, edited, quarantined or flagged.{sample}"
    shown = len(explorer.rows) - explorer.untouched
    told = f"Every row that was dropped, edited, quarantined or flagged: {shown:,}."
    if shown < explorer.total:
        told = (
            f"{shown:,} of the {explorer.total:,} rows that were dropped, edited, quarantined or "
            f"flagged, the first of each rule. Not on this page: {_left_out(explorer)}."
        )
    told += sample
    if explorer.textless:
        told += (
            f" For the text of {explorer.textless:,} of them there was no room: "
            "`curate why . ID` shows a row's."
        )
    return told


def _left_out(explorer: Explorer) -> str:
    where = {
        "dropped": "dropped.jsonl",
        "quarantined": "quarantine.jsonl",
        "edited": "edits.jsonl",
        "kept": "findings.parquet",
    }
    return ", ".join(
        f"{number:,} {'flagged' if name == 'kept' else name} ({where[name]})"
        for name, number in explorer.left_out.items()
    )
