"""convert: between formats and file types."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from curate.cli import options
from curate.errors import UsageError
from curate.text.visible import on_a_line


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(convert)


def convert(
    source: Annotated[str, typer.Argument(metavar="INPUT", help="What `clean` reads, too.")],
    target: Annotated[
        Path, typer.Argument(metavar="OUTPUT", help="A file; its name says the type.")
    ],
    *,
    to: Annotated[
        str | None, typer.Option("--to", help="alpaca, sharegpt, chatml or preference.")
    ] = None,
    format: options.Format = None,  # noqa: A002  # the option's name
    map: options.Map = None,  # noqa: A002  # likewise
    drop_fields: Annotated[
        list[str] | None,
        typer.Option(
            "--drop-fields",
            metavar="KEYS",
            help="What the new format may lose, of records and turns: label,context.",
        ),
    ] = None,
    good_only: Annotated[
        bool,
        typer.Option(
            "--good-only",
            help="Leave out rows whose answer is judged bad (KTO), and rejected answers.",
        ),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    quiet: options.Quiet = False,
) -> None:
    """Write a data set in another format or file type, whole or not at all."""
    from curate.transcription import transcribe

    words = (key.strip() for word in drop_fields or () for key in word.split(","))
    drop = frozenset(filter(None, words))
    if drop and to is None:
        raise UsageError("--drop-fields: is for another format; name it with --to")
    if good_only and to is None:
        raise UsageError("--good-only: is for a format without verdicts; name it with --to")
    if good_only and to == "preference":
        raise UsageError(
            "--good-only: preference keeps verdicts and rejected answers; name another --to"
        )
    settings = options.settings(**options.meant(to=to, format=format, map=map))
    with options.progress(quiet=quiet) as tick:
        count = transcribe(
            source, target, settings, drop=drop, good_only=good_only, force=force, tick=tick,
            say=options.say,
        )  # fmt: skip
    if not quiet:
        typer.echo(f"{on_a_line(str(target))}: {count:,} record{'s' if count != 1 else ''}")
