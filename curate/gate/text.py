"""A check in the terminal: what is broken and by which rows, the verdict, what to do next."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from curate.gate import say
from curate.text.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from curate.gate.model import LimitReport, Report

MAX_LIMITS = 12
_STYLES = {"error": "bold red", "warning": "bold yellow", "failed": "bold red", "passed": "green"}
Line = tuple[tuple[str, str], ...]  # stretches of text, each with its style


def print_report(report: Report, console: Console) -> None:
    """Print a check, cut to the width of the console and to the signs that it has."""
    from rich.text import Text

    for line in _lines(report):
        text = Text.assemble(*((_spell(part, console), style) for part, style in line))
        if line and line[0][1] != "wrap":
            text.truncate(max(console.width, 40), overflow="ellipsis" if _has(console) else "crop")
        console.print(text, highlight=False, markup=False, soft_wrap=True)


def text(report: Report) -> str:
    """The same as plain text, for a file."""
    return "".join(f"{''.join(part for part, _ in line)}\n" for line in _lines(report))


def _has(console: Console) -> bool:
    return _spell("…»→", console) == "…»→"


def _spell(part: str, console: Console) -> str:
    """A text in the characters that the console has."""
    try:
        part.encode(console.encoding)
    except (UnicodeEncodeError, LookupError):
        said = part.replace("…", "...").replace("→", "->").replace("»", ">>").replace("«", "<<")
        return said.replace("↵", " ").encode("ascii", "backslashreplace").decode()
    return part


def _lines(report: Report) -> Iterator[Line]:
    for limit in report.broken[:MAX_LIMITS]:
        yield from _limit(limit, report)
    more = len(report.broken) - MAX_LIMITS
    if more > 0:
        yield ((f"{count(more, 'more limit')} broken", "dim"),)
    eased = [one for one in report.limits if one.level == "passed" and one.note]
    for one in eased:
        yield ((f"{'kept':<8} ", "green"), (f"{one.name}  {say.sentence(one)}", "dim"))
    for waiver in report.waivers:
        if waiver.state != "used":
            level = "error" if waiver.state == "expired" else "warning"
            yield ((f"{level:<8} ", _STYLES[level]), (say.waiver(waiver), ""))
    other = say.disowned(report)
    if other is not None:
        yield ((f"{'warning':<8} ", _STYLES["warning"]), (other, ""))
    for missing in report.not_asked:
        yield ((f"{'note':<8} ", "bold yellow"), (say.not_asked(missing), ""))
    if report.broken or eased or report.not_asked or other:
        yield ()
    yield from _end(report)


def _limit(limit: LimitReport, report: Report) -> Iterator[Line]:
    yield (
        (f"{limit.level:<8} ", _STYLES[limit.level]),
        (limit.name, "bold"),
        (f"  {say.standing(limit)}", ""),
        (f"  {limit.title}", "dim"),
    )
    if limit.why:
        yield ((f"         {limit.why}", "italic"),)
    for one in limit.examples:
        file = report.file(one.source)
        where = say.place(file, _names(report)[file.name], one.line)
        yield ((f"  {where}  ", "dim"), (one.said, ""))


def _names(report: Report) -> dict[str, str]:
    """Input -> its last name where that tells it from the others, else its path."""
    lasts = {one.name: one.path.rpartition("/")[2] for one in report.files}
    seen = Counter(lasts.values())
    return {
        one.name: lasts[one.name] if seen[lasts[one.name]] == 1 else one.path
        for one in report.files
    }


def _end(report: Report) -> Iterator[Line]:
    counts = report.counts
    names = ", ".join(list(_names(report).values())[:3])
    more = f" and {len(report.files) - 3} more" if len(report.files) > 3 else ""  # noqa: PLR2004 - as above
    by = f"limits of {report.config}" if report.config else f"the rules of the pack {report.pack}"
    yield ((f"{count(counts.records, 'record')}, {by}: {names}{more}", "dim"),)
    change = say.change(report)
    if change is not None and report.baseline is not None:
        new = ", new rows alone count" if report.baseline.only_new else ""
        yield ((f"beside {report.baseline.name}{new}: {change}", "dim"),)
    waived = sum(one.waived for one in report.limits)
    if waived:
        yield ((f"{count(waived)} waived", "dim"),)
    word, _, rest = say.verdict(report).partition(":")
    yield ((word, _STYLES[word]), (f":{rest}", ""))
    step = say.next_step(report)
    if step is not None:
        yield (("next ", "bold"), (step[0], ""))
        if step[1] is not None:
            yield ((f"  {step[1]}", ""),)
