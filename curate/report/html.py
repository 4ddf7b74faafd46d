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

from curate.ledger import DISPOSITIONS
from curate.report.words import count, percent, verb

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from markupsafe import Markup

    from curate.report.model import Distribution, Quantiles, Report

_SIGN = re.compile(r"(⟨U\+[0-9A-F]{4,6}⟩)")
_QUANTILES = ("5 %", "25 %", "median", "75 %", "95 %", "max", "mean")
_LABELS = 8  # on an axis
_WHOLE = 100  # from here on a figure needs no decimals


def html(report: Report) -> str:
    """The report as a page."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    folder = files("curate") / "templates"
    css, js = ((folder / f"report.{kind}").read_text("utf-8") for kind in ("css", "js"))
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
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
    return environment.from_string((folder / "report.html").read_text("utf-8")).render(
        report=report,
        totals=totals,
        core=totals.kept + totals.edited,
        dispositions=DISPOSITIONS,
        sources=_sources(report),
        law=_law(report),
        fired=fired,
        silent=[rule for rule in report.rules if not rule.hits],
        most=max((rule.hits for rule in fired), default=1),
        shapes=list(map(_shape, report.distributions)),
        explored=_explored(report),
        css=Markup(css),  # noqa: S704 - our own file
        js=Markup(js),  # noqa: S704 - our own file
        js_hash=b64encode(sha256(js.encode()).digest()).decode(),
        data=Markup(_data(report)),  # noqa: S704 - escaped there
    )


def _data(report: Report) -> str:
    """The explorer's rows as JSON that no HTML parser can see an end of."""
    rules = [{"code": rule.code, "name": rule.name, "column": rule.column} for rule in report.rules]
    text = orjson.dumps({"rules": rules, "rows": report.explorer.rows}).decode()
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


def _explored(report: Report) -> str:
    explorer = report.explorer
    if not explorer.total:
        return "No row was dropped, edited, quarantined or flagged."
    shown = len(explorer.rows)
    if shown == explorer.total:
        return f"Every row that was dropped, edited, quarantined or flagged: {shown:,}."
    where = {
        "dropped": "dropped.jsonl",
        "quarantined": "quarantine.jsonl",
        "edited": "edits.jsonl",
        "kept": "findings.parquet",
    }
    rest = ", ".join(
        f"{number:,} {'flagged' if name == 'kept' else name} ({where[name]})"
        for name, number in explorer.left_out.items()
    )
    return (
        f"{shown:,} of the {explorer.total:,} rows that were dropped, edited, quarantined or "
        f"flagged, the first of each rule. Not on this page: {rest}."
    )


# --- histograms ---------------------------------------------------------------------------------


def _shape(one: Distribution) -> Mapping[str, Any]:
    after = one.after.median if one.after else None
    told = f"{one.name}, {one.unit}: median {one.before.median:g} before"
    rows = [("in", _figures(one.before))]
    if one.after is not None:
        rows.append(("core", _figures(one.after)))
        told += f", {after:g} after; the table below has more"
    return {
        "name": one.name,
        "unit": one.unit,
        "told": told,
        "bins": list(_bins(one)),
        "quantiles": _QUANTILES,
        "rows": rows,
    }


def _figures(some: Quantiles) -> list[str]:
    numbers = (some.p5, some.p25, some.median, some.p75, some.p95, some.max, some.mean)
    return [
        f"{number:,.1f}" if abs(number) < _WHOLE and number % 1 else f"{number:,.0f}"
        for number in numbers
    ]


def _bins(one: Distribution) -> Iterator[Mapping[str, Any]]:
    tallest = max(one.bins_before, default=1) or 1
    every = max(1, -(-len(one.bins_before) // _LABELS))
    for at, (before, after) in enumerate(zip(one.bins_before, one.bins_after, strict=True)):
        low, high = one.edges[at], one.edges[at + 1]
        yield {
            "title": f"{low:,g} to {high:,g} {one.unit}: {before:,} in, {after:,} in the core",
            "core": round(100 * after / tallest, 2),
            "gone": round(100 * (before - after) / tallest, 2),
            "label": f"{low:,g}" if at % every == 0 else "",
        }
