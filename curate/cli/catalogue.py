"""explain, rules, signals: what there is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from curate.cli import options
from curate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console

    from curate.policy.rule import Clause, Rule

_COLOURS = {"drop": "red", "flag": "yellow", "edit": "cyan"}


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(explain)
    app.command("rules")(list_rules)
    app.command("signals")(list_signals)


def explain(
    code: Annotated[str, typer.Argument(metavar="CODE", help="A rule, or a family of rules.")],
    *,
    rules: options.Rules = None,
    json: options.Json = False,
) -> None:
    """Say what a rule looks for, why, and show its examples; of a family a line a rule."""
    from curate.policy.catalogue import load_rules
    from curate.policy.choose import is_meant, matches_prefix, unknown_rule

    known = load_rules([str(one) for one in rules or ()])
    small = code.casefold()
    found = [rule for name, rule in known.items() if is_meant(name, small, known)]
    if not found:
        said = unknown_rule(small, known)
        raise UsageError(f"{said}{'' if '?' in said else ';'} `curate rules` lists them all")
    if json:
        _print_json([rule.model_dump(mode="json", by_alias=True) for rule in found])
    elif len(found) > 1:
        _list(found, _console())
        typer.echo(f"\n`curate explain CODE`, such as {found[0].code}, says why and shows examples")
    else:
        _explain(found[0], _console())
        own = found[0].code
        if others := [name for name in known if matches_prefix(name, own) and name != own]:
            typer.echo(f"of the same family: {', '.join(others)}")


def _list(rules: Iterable[Rule], console: Console) -> None:
    """A line a rule."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("code", "action", "severity", "what"):
        table.add_column(name, no_wrap=name != "what")
    for rule in rules:
        colour = _COLOURS[rule.action]
        table.add_row(rule.code, Text(rule.action, colour), rule.severity, Text(rule.what))
    console.print(table)


def _explain(rule: Rule, console: Console) -> None:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from curate.text.visible import visible

    colour = _COLOURS[rule.action]
    console.print(
        Text.assemble((rule.code, "bold"), "  ", (f"{rule.action} · {rule.severity}", colour))
    )
    lines = [
        ("", rule.name),
        ("what", rule.what),
        ("why", rule.why),
        *((("when", " ".join(rule.when.split())),) if rule.when else ()),
        *(line for clause in rule.match for line in _patterns(clause)),
        *(
            (("set", f"--set {rule.code}.threshold={rule.threshold:g}"),)
            if rule.threshold is not None
            else ()
        ),
        *(("item", _said(one)) for one in rule.examples.against),
        *(("index", _told(one)) for one in rule.examples.indexed),
        *(("hits", _told(one)) for one in rule.examples.hits),
        *(("not", _told(one)) for one in rule.examples.misses),
        *(("see", one) for one in rule.references),
    ]
    table = Table.grid(padding=(0, 1))
    table.add_column(style="dim", min_width=6)
    table.add_column(overflow="fold")
    for label, text in lines:
        table.add_row(label, Text(visible(text)))
    console.print(Padding(table, (0, 0, 1, 2), expand=False))


_KINDS = {"any": "finds", "unless": "unless", "none": "lacks"}


def _patterns(clause: Clause) -> Iterator[tuple[str, str]]:
    """What a clause looks for: a line a pattern, under the place it looks in."""
    case = "" if clause.ignore_case else ", with the case as written"
    yield "looks", f"in {'any turn' if clause.place == 'any' else clause.place}{case}"
    for kind, label in _KINDS.items():
        for pattern in getattr(clause, kind):
            yield label, pattern


def _told(example: dict[str, Any] | list[dict[str, Any]]) -> str:
    """An example in lines, one of several rows as an item of a list."""
    if isinstance(example, list):
        return "\n".join(f"- {_said(one)}" for one in example)
    return _said(example)


def _said(record: dict[str, Any]) -> str:
    """A record as `question -> answer` or turn by turn; as JSON where there is more to it."""
    import orjson

    if record.keys() == {"messages"} and all(one.keys() <= _TURN for one in record["messages"]):
        turns = ((one.get("role"), one.get("content")) for one in record["messages"])
        return " ⏎ ".join(f"{role}: {text}".replace("\n", " ⏎ ") for role, text in turns)
    if set(record) != {"instruction", "input", "output"} or not all(
        isinstance(text, str) and text for text in (record["instruction"], record["output"])
    ):
        return orjson.dumps(record).decode()
    asked = " ⏎ ".join(filter(None, (record["instruction"], record["input"])))
    return f"{asked} → {record['output']}".replace("\n", " ⏎ ")


_TURN = {"role", "content"}


def list_rules(
    *,
    pack: options.Pack = None,
    select: options.Select = None,
    rules: options.Rules = None,
    json: options.Json = False,
) -> None:
    """List the rules that a pack applies, with what each does."""
    from curate.policy.catalogue import load_pack, load_rules
    from curate.policy.choose import choose

    folders = [str(one) for one in rules or ()]
    chosen = choose(
        load_rules(folders),
        load_pack(pack or "default", folders),
        select=options.codes(select),
        fix=pack is None,
    )
    if json:
        _print_json(
            [
                rule.model_dump(mode="json", exclude={"examples"}, by_alias=True)
                for rule in chosen.values()
            ]
        )
        return
    _list(chosen.values(), _console())


def list_signals(*, json: options.Json = False) -> None:
    """List the columns that can be measured, and what each means."""
    from curate.registry import signals

    known = {name: one for name, one in signals().items() if not one.transient}
    if json:
        _print_json({name: dict(one.columns) for name, one in known.items()})
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("column", no_wrap=True)
    table.add_column("what")
    for name, one in known.items():
        table.add_row(Text(name, "bold"), Text(f"measured by {one.scope}", "dim"))
        for column, what in one.columns.items():
            table.add_row(f"  {column}", Text(what))
    _console().print(table)


def _print_json(value: Any) -> None:  # noqa: ANN401  # anything
    import orjson

    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False, soft_wrap=False)
