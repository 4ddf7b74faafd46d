"""init: the limits of a gate, from today's data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from curate.cli import options
from curate.cli.found import tell_runs

Out = Annotated[
    Path, typer.Option("--out", "-o", metavar="FILE", help="The file to write; - prints it.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that stands there.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(init)


def init(
    inputs: options.Inputs,
    *,
    out: Out = Path("curate.toml"),
    format: options.Format = None,  # noqa: A002  # the option's name
    map: options.Map = None,  # noqa: A002  # likewise
    pack: options.Pack = None,
    ignore: options.Ignore = None,
    rules: options.Rules = None,
    force: Force = False,
    quiet: options.Quiet = False,
) -> None:
    """Write a curate.toml whose limits stand where INPUT stands today."""
    from curate.errors import OutputError
    from curate.gate.infer import infer
    from curate.read import open_sources
    from curate.run.targets import check_targets
    from curate.write.whole import write_whole

    printed = str(out) == "-"
    if out.exists() and not (force or printed):
        raise OutputError(f"{out}: is there already; --force replaces it, -o FILE writes another")
    asked = options.meant(format=format, map=map, ignore=ignore, rules=rules)
    settings = options.settings(**asked)
    sources = open_sources(inputs)
    check_targets([out], [one.name for one in sources])
    tell_runs(inputs, quiet=quiet)
    with options.progress(quiet=quiet or printed) as tick:
        text = infer(sources, settings, pack or "gate", tick)
    if printed:
        typer.echo(text, nl=False)
        return
    write_whole(out, [text.encode()])
    if not quiet:
        config = "" if str(out) == "curate.toml" else f" --config {out}"
        typer.echo(f"wrote {out}; it passes today: curate check {' '.join(inputs)}{config}")
