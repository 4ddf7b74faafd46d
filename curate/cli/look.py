"""why, diff, verify, report: look at what a run has done."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from curate.cli import options
from curate.text.console import whole_lines
from curate.text.visible import on_a_line, visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from rich.console import Console
    from rich.text import Text

    from curate.dedup.against import Item
    from curate.policy.rule import Rule
    from curate.report.excerpt import Mark
    from curate.report.rows import Shown, Turn
    from curate.report.story import Story

_STYLES = {"kept": "green", "edited": "cyan", "dropped": "red", "quarantined": "magenta"}
_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(why)
    app.command()(diff)
    app.command()(verify)
    app.command()(report)


def why(
    run: options.Run,
    row: Annotated[
        str, typer.Argument(metavar="ROW", help="An id, the start of one, FILE:LINE, or a line.")
    ],
    *,
    unmasked: Annotated[
        bool, typer.Option("--unmasked", help="Show secrets and personal data, too.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Tell one row's story: what was found, what was decided, and beside which twin."""
    from curate.report.story import story

    told = story(run, row)
    if unmasked:
        told = told.unmasked()
    if json:
        _print_json(_as_json(told))
    else:
        _tell(told, whole_lines(highlight=False))


def _as_json(told: Story) -> dict[str, Any]:
    return {
        "ledger": _masked(told.ledger, told.shown),
        "findings": [_masked(finding, told.shown) for finding in told.findings],
        "scores": _masked(told.scores, told.shown),
        "raw": told.text(told.raw),
        "edited": told.edited and told.text(told.edited),
        "twin": told.twin,
        "item": told.item and _item_as_json(told.item, told),
    }


def _item_as_json(item: Item, told: Story) -> dict[str, Any]:
    texts = [(role, told.shown.masked(text)) for role, text in item.texts]
    told_texts = [{"role": one, "text": text, "shared": told.shared(text)} for one, text in texts]
    return {"place": item.place, "texts": told_texts}


def _masked(said: Mapping[str, Any], shown: Shown) -> dict[str, Any]:
    """What is said of a row, as far as it may be: evidence may hold a secret beside its own."""
    return {
        key: shown.masked(value) if isinstance(value, str) and key not in _NAMES else value
        for key, value in said.items()
    }


def _tell(told: Story, console: Console) -> None:
    from rich.text import Text

    ledger = told.ledger
    state = (ledger["disposition"], f"bold {_STYLES[ledger['disposition']]}")
    by = f" by {ledger['code']}" if ledger["code"] and ledger["disposition"] != "kept" else ""
    place = on_a_line(f"{ledger['source']}:{ledger['line']}")
    head = Text.assemble(place, "  ", (ledger["id"], "dim"), "  ", state, by)
    console.print(head, soft_wrap=True)
    for finding in told.findings:
        _finding(_masked(finding, told.shown), told.rules.get(finding["code"]), console)
    console.print()
    if told.shown.hidden:
        console.print(
            Text("The text holds a secret and is not shown; --unmasked shows it.", "yellow")
        )
    elif told.twin is None:
        for number, turn in enumerate(told.shown.turns, 1):
            _turn(turn, _hits(told.findings, number), told.shown, console)
    else:
        _beside(told, console)
    if told.item is not None and not told.shown.hidden:
        _beside_item(told.item, told, console)
    raw, edited = told.text(told.raw), told.edited and told.text(told.edited)
    if raw and edited:
        console.print(Text("edited", "bold"))
        _indented(_marked(edited, raw, console=console), console)
    scores = _masked(told.scores, told.shown)
    shown = {key: value for key, value in scores.items() if key not in _PLACE}
    if shown:
        console.print(Text("scores", "dim"))
        for key, value in shown.items():
            console.print(Text(f"  {key} = {on_a_line(_short(value))}", "dim"), soft_wrap=True)


_PLACE = {"id", "source", "line", "format"}
_NAMES = _PLACE | {"code", "action", "severity", "column", "twin", "disposition"}


def _short(value: Any) -> str:  # noqa: ANN401  # any score
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _finding(finding: Mapping[str, Any], rule: Rule | None, console: Console) -> None:
    from rich.text import Text

    from curate.report.words import seen as rounded

    seen = []
    if finding["column"]:
        seen.append(f"{finding['column']} = {visible(rounded(finding['value'] or ''))}")
    elif finding["value"]:
        seen.append(repr(finding["value"]))
    if finding["threshold"] is not None:
        seen.append(f"threshold {finding['threshold']:g}")
    if finding["twin"]:
        seen.append(f"twin {finding['twin']}")
    head = Text.assemble("  ", (finding["code"], "bold"), f" ({finding['action']})")
    console.print(head + Text(f"  {', '.join(seen)}" if seen else ""), soft_wrap=True)
    if rule is not None:
        _indented(Text(f"{rule.what} {rule.why}", "dim"), console, by=4)


def _indented(text: Text, console: Console, by: int = 2) -> None:
    """A text within the width, with no blanks at the ends of its lines."""
    from rich.text import Text

    for line in text.wrap(console, max(console.width - by, 20)):
        line.rstrip()
        console.print(Text(" " * by) + line if line.plain else "", soft_wrap=True)


def _hits(findings: Sequence[Mapping[str, Any]], turn: int) -> list[Mark]:
    """What was found in one turn."""
    from curate.report.excerpt import Mark

    spans = [finding["span"] for finding in findings if finding["span"]]
    return [
        Mark(span["start"], span["end"], "hit")
        for span in spans
        if span["turn"] == turn and span["start"] is not None
    ]


def _beside_item(item: Item, told: Story, console: Console) -> None:
    """The evaluation item that the row holds, with what stands in both marked."""
    from rich.text import Text

    from curate.report.excerpt import Mark
    from curate.report.rows import Turn

    place = on_a_line(item.place)
    if not item.texts:
        said = f"{place} is not here, or no longer what it was, and is not shown"
        console.print(Text(said, "yellow"), soft_wrap=True)
        return
    legend = ("evaluation item ", place, "  ", _sign("in both", "hit", console))
    console.print(Text.assemble(*legend), soft_wrap=True)
    for role, text in item.texts:
        marks = [Mark(*stretch, "hit") for stretch in told.shared(text)]
        _turn(Turn(role, text), marks, told.shown, console)


def _sign(part: str, kind: str, console: Console) -> tuple[str, str]:
    """A part of a text, styled; what was found between signs where there is no colour."""
    plain = console.color_system is None or console.no_color
    return (f"{{={part}=}}" if plain and kind == "hit" else part), _MARKS[kind]


_MARKS = {"hit": "reverse", "secret": "reverse", "text": "", "cut": "dim", "differs": "reverse"}


def _turn(turn: Turn, hits: Sequence[Mark], shown: Shown, console: Console) -> None:
    """A turn whole, its finds marked, its secrets masked, and nothing in it that can act."""
    from rich.text import Text

    from curate.report.excerpt import cut

    parts = cut(turn.text, [*hits, *shown.marks(turn.text)], [(0, len(turn.text))])
    console.print(Text(turn.label, "bold"))
    text = Text.assemble(*(_sign(part.text, part.kind, console) for part in parts))
    _indented(text, console)
    console.print()


def _beside(told: Story, console: Console) -> None:
    """The row against its twin, turn by turn, with what differs marked."""
    from itertools import zip_longest

    from rich.text import Text

    twin, other = told.twin or {}, told.twin_shown
    legend = Text.assemble(
        "against ",
        on_a_line(f"{twin['source']}:{twin['line']}"),
        "  ",
        _stretch("only there", "only there", console),
        "  ",
        _stretch("only here", "only here", console),
    )
    console.print(legend, soft_wrap=True)
    if other is None or other.hidden:
        console.print(
            Text("The twin holds a secret and is not shown; --unmasked shows it.", "yellow")
        )
        other = None
    for here, there in zip_longest(told.shown.turns, other.turns if other else told.shown.turns):
        console.print(Text((here or there).label, "bold"))
        texts = [
            row.masked(turn.text) if row and turn else ""
            for row, turn in ((told.shown, here), (other or told.shown, there))
        ]
        _indented(_marked(*texts, console=console), console)
        console.print()


_DIFFERS = {
    "same": ("", "", ""),
    "only there": ("red strike", "[-", "-]"),
    "only here": ("green underline", "{+", "+}"),
}


def _stretch(part: str, kind: str, console: Console) -> tuple[str, str]:
    """A stretch of a difference, styled; where there is no colour, between signs as wdiff's."""
    style, start, end = _DIFFERS[kind]
    plain = console.color_system is None or console.no_color
    return (f"{start}{part}{end}" if plain else part), style


def _marked(here: str, there: str, *, console: Console) -> Text:
    """A text with what another has and it has not, and the other way round."""
    from rich.text import Text

    from curate.report.story import difference

    parts = difference(visible(here), visible(there))
    return Text.assemble(*(_stretch(part, kind, console) for kind, part in parts))


def diff(
    first: Annotated[Path, typer.Argument(metavar="DIR_A", help="A run folder.")],
    second: Annotated[Path, typer.Argument(metavar="DIR_B", help="Another one.")],
    *,
    json: options.Json = False,
) -> None:
    """Show what two runs decide differently."""
    from curate.run.diff import compare, share_rows, summary

    changes = compare(first, second)
    if json:
        _print_json(changes.to_dicts())
        return
    if changes.is_empty():
        typer.echo("no record is treated otherwise")
        return
    console = whole_lines(highlight=False)
    if not share_rows(first, second):
        console.print("these runs share no rows: they were made of other data")
    names = on_a_line(str(first)), on_a_line(str(second))
    _compared(summary(changes), *names, console)
    console.print()
    for one in changes.head(_SHOWN).iter_rows(named=True):
        console.print(
            on_a_line(f"{one['source']}:{one['line']}")
            + f"  {one['id']}  {one['before']} -> {one['after']}",
            soft_wrap=True,
            markup=False,
        )
    if changes.height > _SHOWN:
        console.print(f"... and {changes.height - _SHOWN:,} more; --json has them all")


def _compared(kinds: pl.DataFrame, first: str, second: str, console: Console) -> None:
    """How many records the runs treat how, in columns without blanks at the ends of lines."""
    from rich.text import Text

    lines = [(Text("records", "dim"), Text(first, "dim"), Text(second, "dim"))]
    for before, before_code, after, after_code, count in kinds.iter_rows():
        states = _state(before, before_code), _state(after, after_code)
        lines.append((Text(f"{count:,}"), *states))
    most, widest = (max(line[at].cell_len for line in lines) for at in (0, 1))
    for count, one, other in lines:
        gaps = " " * (most - count.cell_len), " " * (widest - one.cell_len + 1)
        console.print(Text.assemble(gaps[0], count, " ", one, gaps[1], other), soft_wrap=True)


def _state(disposition: str, code: str | None) -> Text:
    from rich.text import Text

    by = f" by {code}" if code and disposition not in {"kept", "edited"} else ""
    return Text.assemble((disposition, _STYLES.get(disposition, "dim")), by)


def verify(run: options.Run, *, quiet: options.Quiet = False, json: options.Json = False) -> None:
    """Check a run folder against its lock and derive it again; exit 1 if anything differs."""
    from curate.verification import not_compared
    from curate.verification import verify as differences

    with options.progress(quiet=quiet or json) as tick:
        found = differences(run, tick)
    absent = not_compared(run)
    with suppress(BrokenPipeError):  # whoever reads the first line alone gets the code, too
        if json:
            _print_json({"agrees": not found, "differences": found, "not_compared": absent})
        else:
            _say_verified(run, found, absent, quiet=quiet)
    if found:
        raise typer.Exit(1)


def _say_verified(run: Path, found: list[str], absent: list[str], *, quiet: bool) -> None:
    for line in found if quiet else (*found, *absent):
        typer.echo(on_a_line(line))
    if not (found or quiet):
        typer.echo(
            f"{on_a_line(str(run))}: all files are as the lock says, and come out the same again"
        )


def report(run: options.Run, *, quiet: options.Quiet = False) -> None:
    """Build the report of a run again: HTML, Markdown, JSON."""
    from curate.pipeline import report_again

    report_again(run)
    if not quiet:
        typer.echo(on_a_line(str(run / "report.html")))


def _print_json(value: Any) -> None:  # noqa: ANN401  # anything
    import orjson

    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")
