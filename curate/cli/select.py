"""select: the best N rows, each beginning of which is the best of its size."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curate.cli import options
from curate.cli.found import tell_runs
from curate.errors import UsageError

if TYPE_CHECKING:
    from curate.selection import Order

Out = Annotated[
    Path, typer.Option("--out", "-o", metavar="FILE", help="A file; its name says the type.")
]
Size = Annotated[int, typer.Option("--size", metavar="N", help="How many rows to choose.")]
Ordered = Annotated[
    str,
    typer.Option(
        "--order",
        help="Of the rows in FILE: chosen (best first, each beginning a core-set), or input.",
    ),
]
Seed = Annotated[int, typer.Option("--seed", help="Another one breaks ties otherwise.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that is there.")]


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(select)


def select(
    inputs: options.Inputs,
    out: Out,
    size: Size,
    *,
    order: Ordered = "chosen",
    seed: Seed = 0,
    format: options.Format = None,  # noqa: A002  # the option's name
    map: options.Map = None,  # noqa: A002  # likewise
    pack: options.Pack = None,
    ignore: options.Ignore = None,
    rules: options.Rules = None,
    embedder: options.Embedder = None,
    force: Force = False,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Choose the N rows of INPUT that are good and stand for all others."""
    import orjson

    from curate import selection

    asked = options.meant(
        format=format, map=map, pack=pack, ignore=ignore, rules=rules, embedder=embedder, seed=seed
    )
    settings = options.settings(**asked)
    tell_runs(inputs, quiet=quiet)
    with options.progress(quiet=quiet or json) as tick:
        made = selection.select(
            inputs, out, size, settings, order=_order(order), force=force, tick=tick
        )
    for line in selection.refusals(made):
        sys.stderr.write(line + "\n")
    if json:
        sys.stdout.buffer.write(orjson.dumps(made.as_json(), option=orjson.OPT_INDENT_2) + b"\n")
    elif not quiet:
        typer.echo("\n".join(selection.shown(made, out)))


def _order(word: str) -> Order:
    if word == "chosen":
        return "chosen"
    if word == "input":
        return "input"
    raise UsageError(f"--order {word}: chosen or input")
