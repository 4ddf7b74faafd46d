"""report.md: for a pull request. Row text stands in code spans only, where nothing is alive."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from curate.report.charts import (
    alike,
    compared,
    confusions,
    grouped,
    interval,
    mislabelled,
    phrases,
    telling,
    unfitting,
    wrote,
)
from curate.report.words import count, percent, verb
from curate.run.ledger import DISPOSITIONS
from curate.text.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from curate.report.model import Distribution, Example, Part, Report, RuleReport, Segment

MAX_RULES = 20  # a comment holds 65,536 characters; a rule with three rows takes about 1,500
MAX_TASKS = 12
EXCERPT_CHARS = 160
# What GitHub's Markdown could take for more than text, in the middle of a line.
_MARKUP = re.compile(r"[\\`*_\[\]<>#|~@&]|:(?=//)|(?<=w)\.")


def markdown(report: Report) -> str:
    """The report as GitHub-flavoured Markdown."""
    parts = [
        "# What curate did",
        _sentence(report),
        *_table(("records", "", "share"), "lrr", _totals(report)),
        *_compared(report),
        *_suspects(report),
        *_rules(report),
        *_quarantine(report),
        *_distributions(telling(report)),
        *_languages(report),
        *_tasks(report),
        *_manner(report),
        *_mismatched(report),
        *_labels(report),
        *_steps(report),
    ]
    return "\n\n".join(parts) + "\n"


def _sentence(report: Report) -> str:
    totals = report.totals
    sources = ", ".join(code(one.name) for one in report.sources[:3])
    more = f" and {len(report.sources) - 3} more" if len(report.sources) > 3 else ""  # noqa: PLR2004 - as above
    formats = ", ".join(f"{plain(name)} {number:,}" for name, number in report.formats.items())
    return (
        f"**{totals.kept + totals.edited:,} of {totals.records:,} records are in the core**, "
        f"{report.flagged:,} of them flagged. From {sources}{more} ({formats}), with the pack "
        f"{plain(report.pack)}."
    )


def _totals(report: Report) -> Iterator[tuple[str, ...]]:
    totals = report.totals
    for name in DISPOSITIONS:
        yield name, f"{getattr(totals, name):,}", percent(totals.share(name))
    yield "**in**", f"**{totals.records:,}**", "**100 %**"


def _suspects(report: Report) -> Iterator[str]:
    for rule in report.suspects:
        yield (
            f"> **Suspect:** {code(rule.code)} hit {percent(rule.share)} of the rows, more than "
            "can be believed. It dropped none of them."
        )


def _rules(report: Report) -> Iterator[str]:
    fired = report.fired
    if not fired:
        yield f"## Rules\n\nNone of {len(report.rules)} rules hit a row."
        return
    yield "## Rules"
    rows = (
        (code(one.code), plain(one.name), verb(one), f"{one.hits:,}", percent(one.share),
         f"{one.decided:,}")
        for one in fired[:MAX_RULES]
    )  # fmt: skip
    head = ("rule", "what it finds", "does", "hits", "of rows", "decided")
    yield from _table(head, "lllrrr", rows)
    silent = len(report.rules) - len(fired)
    notes = [f"{silent} more rules hit nothing."] if silent else []
    if len(fired) > MAX_RULES:
        notes.insert(0, f"{len(fired) - MAX_RULES} more rules hit rows; report.html has them.")
    if notes:
        yield " ".join(notes)
    yield from (_details(one) for one in fired[:MAX_RULES] if one.examples)


def _details(rule: RuleReport) -> str:
    rows = "\n".join(_row(one) for one in rule.examples)
    return (
        f"<details><summary><code>{_inert(rule.code)}</code> {plain(rule.name)}: "
        f"{count(rule.hits)}, for example</summary>\n\n{plain(rule.what)} {plain(rule.why)}\n\n"
        f"{rows}\n\n</details>"
    )


def _row(example: Example) -> str:
    lines = [f"- {code(f'{example.source}:{example.line}')} {code(example.id or '')}"]
    if example.value is not None:
        lines[0] += f": {code(_short(example.value))}"
    lines += _turns(example.parts, "  ")
    if example.twin is not None:
        twin = example.twin
        lines.append(f"  - beside {code(f'{twin.source}:{twin.line}')} {code(twin.id)}")
        lines += _turns(twin.parts, "    ")
    return "\n".join(lines)


def _turns(parts: Sequence[Part], indent: str) -> list[str]:
    if not parts:
        return [f"{indent}- text withheld: this row holds a secret"]
    return [f"{indent}- {plain(part.label)}: {_excerpt(part.segments)}" for part in _telling(parts)]


def _telling(parts: Sequence[Part]) -> Sequence[Part]:
    """The excerpts with a mark, where there are any."""
    return [one for one in parts if any(_is_mark(s) for s in one.segments)] or parts


def _is_mark(segment: Segment) -> bool:
    return segment.kind not in ("text", "cut")


def _excerpt(segments: Sequence[Segment]) -> str:
    """Code spans around the mark, the mark itself bold; what is left out as an ellipsis."""
    made = []
    room = EXCERPT_CHARS
    marked = any(_is_mark(one) for one in segments)
    for at, (kind, text) in enumerate(segments):
        if kind == "cut":
            made.append("…")
            continue
        shown = text
        if not _is_mark(segments[at]) and marked:
            leads = any(_is_mark(one) for one in segments[at + 1 :])
            shown = text[-room // 3 :] if leads else text[: room // 2]
        shown = shown[:room]
        if shown:
            made.append(f"**{code(shown)}**" if _is_mark(segments[at]) else code(shown))
    return " ".join(made) or "*(empty)*"


def _quarantine(report: Report) -> Iterator[str]:
    if not report.quarantine:
        return
    yield "## Quarantined"
    for reason in report.quarantine:
        rows = "\n".join(
            f"- {code(f'{one.source}:{one.line}')}: {code(_short(one.value or ''))}"
            for one in reason.examples
        )
        yield (
            f"<details><summary>{count(reason.rows, 'record')}: {plain(_short(reason.reason))}"
            f"</summary>\n\n{rows}\n\n</details>"
        )


def _compared(report: Report) -> Iterator[str]:
    yield "## Before and after"
    rows = (
        (f"{plain(name)}, {unit}" if unit else plain(name), *rest)
        for name, unit, *rest in compared(report)
    )
    yield from _table(("", "in", "core", "change"), "lrrr", rows)


def _distributions(some: Iterable[Distribution]) -> Iterator[str]:
    rows = []
    for one in some:
        for when, figures in (("in", one.before), ("core", one.after)):
            if figures is not None:
                numbers = (figures.p5, figures.p25, figures.median, figures.p75, figures.p95)
                name = f"{one.name}, {one.unit}" if when == "in" else ""
                rows.append((name, when, *(f"{number:,.4g}" for number in numbers)))
    if rows:
        yield "## Shape"
        head = ("", "", "5 %", "25 %", "median", "75 %", "95 %")
        yield from _table(head, "llrrrrr", rows)


def _languages(report: Report) -> Iterator[str]:
    if report.languages:
        told = ", ".join(
            f"{plain(one.language or 'not told')} {one.before:,} → {one.after:,}"
            for one in report.languages
        )
        yield f"Languages of the answers, in → core: {told}."


def _tasks(report: Report) -> Iterator[str]:
    if not report.tasks:
        return
    yield "## Tasks"
    yield "Grouped by meaning. The ladder of rows that a task is said to take is folklore."
    rows = [
        (plain(name), *rest, f"{rung}, {remark}" if remark else rung)
        for name, *rest, rung, remark in grouped(report)
    ]
    head = ("task", "in", "of the rows", "core", "on the ladder")
    yield from _table(head, "lrrrl", rows[:MAX_TASKS])
    if len(rows) > MAX_TASKS:
        yield f"{len(rows) - MAX_TASKS} smaller ones are in report.html."


def _manner(report: Report) -> Iterator[str]:
    if report.synthetic is None and report.manner is None:
        return
    yield "## How the answers are written"
    if report.synthetic is not None:
        core = report.synthetic.after
        yield wrote(report.synthetic) + (f" Of the core {interval(core)}." if core else "")
    if report.manner is None:
        return
    yield f"Of {count(report.manner.answers, 'answer')} drawn by lot, beside people's:"
    rows = (
        (plain(one.name), percent(one.share), percent(one.people)) for one in phrases(report.manner)
    )
    yield from _table(("stock phrases", "these answers", "people's"), "lrr", rows)
    for deed, one in (("open", report.manner.openings), ("close", report.manner.closings)):
        often = ", ".join(f"{code(said.words)} {percent(said.share)}" for said in one.most[:5])
        yield alike(one, deed) + (f" Most often: {often}." if often else "")


def _mismatched(report: Report) -> Iterator[str]:
    if report.mismatched is not None:
        yield "## Answers of other questions"
        yield unfitting(report.mismatched)


def _labels(report: Report) -> Iterator[str]:
    if report.label_noise is None:
        return
    yield "## Labels"
    yield mislabelled(report.label_noise)
    rows = [
        (code(given), code(likely), *rest)
        for given, likely, *rest in confusions(report.label_noise)
    ]
    if rows:
        yield from _table(("labelled as", "likely", "rows", "of the label"), "llrr", rows)


def _steps(report: Report) -> Iterator[str]:
    yield "## Next"
    yield "\n".join(
        f"- {plain(step.what)}" + (f" {code(step.command)}" if step.command else "")
        for step in report.next_steps
    )


def _table(head: Sequence[str], sides: str, rows: Iterable[Sequence[str]]) -> Iterator[str]:
    rule = ["---:" if side == "r" else "---" for side in sides]
    lines = [head, rule, *rows]
    yield "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def plain(text: str) -> str:
    """Text that says only what it says: no markup, mention, reference or link."""
    return _MARKUP.sub(_entity, visible(" ".join(text.split())))


def _entity(found: re.Match[str]) -> str:
    sign = found[0]
    if sign in "@:.":  # GitHub links `@name`, `https://` and `www.` whether escaped or not
        return f"\u2060{sign}\u2060"
    return f"&#{ord(sign)};" if sign in "<>&" else f"\\{sign}"


def _inert(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def code(text: str) -> str:
    """A code span that holds exactly this text on one line; the fence outgrows what is inside."""
    shown = visible(text.replace("\r", "")).replace("\n", "↵").replace("\t", " ").replace("|", "¦")
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if shown[:1] in ("`", " ") or shown[-1:] in ("`", " ") or not shown else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _short(text: str) -> str:
    return text if len(text) <= EXCERPT_CHARS else f"{text[:EXCERPT_CHARS]}…"
