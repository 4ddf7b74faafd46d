"""check: the gate."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from curate.cli import options
from curate.cli.found import tell_runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from curate.gate.config import Check, Config
    from curate.gate.model import Report
    from curate.gate.outputs import Output

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="The limits; by default curate.toml here, or the table tool.curate of pyproject.toml.",
    ),
]
Outputs = Annotated[
    list[str] | None,
    typer.Option(
        "--output",
        metavar="FORM[=FILE]",
        help="text, json, junit, sarif, github or markdown; as often as you like.",
    ),
]
ReportFile = Annotated[
    Path | None,
    typer.Option("--report", metavar="FILE", help="The same as --output json=FILE."),
]
Baseline = Annotated[
    Path | None,
    typer.Option(
        "--baseline",
        metavar="FILE",
        help="What was before: the JSON of a check, or report.json of `clean`.",
    ),
]
Since = Annotated[
    str | None,
    typer.Option(
        "--since", metavar="REV", help="Only what is new since a revision of git counts: main."
    ),
]
OnlyNew = Annotated[
    bool, typer.Option("--only-new", help="Rows that were as bad in the baseline do not count.")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(check)


def check(
    inputs: options.Inputs,
    *,
    config: ConfigFile = None,
    output: Outputs = None,
    report: ReportFile = None,
    baseline: Baseline = None,
    since: Since = None,
    only_new: OnlyNew = False,
    format: options.Format = None,  # noqa: A002  # the option's name
    map: options.Map = None,  # noqa: A002  # likewise
    pack: options.Pack = None,
    select: options.Select = None,
    ignore: options.Ignore = None,
    set: options.Set = None,  # noqa: A002  # likewise
    rules: options.Rules = None,
    against: options.Against = None,
    embedder: options.Embedder = None,
    lm: options.Lm = None,
    label_field: options.LabelField = None,
    no_cache: options.NoCache = False,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Hold INPUT to limits: exit 1 if an error is found, and write nothing unless asked."""
    from curate.gate import check as gate

    wanted = _wanted(output, report, json=json)
    clean = options.meant(
        format=format, map=map, set=set, rules=rules, against=against, embedder=embedder, lm=lm,
        label_field=label_field,
    )  # fmt: skip
    chosen = options.meant(pack=pack, select=select, ignore=ignore)
    asked = _config(config, clean, chosen)
    tell_runs(inputs, quiet=quiet)
    with options.progress(quiet=quiet or json) as tick:
        made = gate(
            inputs, asked, baseline=baseline, since=since, only_new=only_new, no_cache=no_cache,
            written=[one.file for one in wanted if one.file is not None], tick=tick,
        )  # fmt: skip
    _write(made, wanted, quiet=quiet)
    if not made.passed:
        raise typer.Exit(1)


def _wanted(output: list[str] | None, report: Path | None, *, json: bool) -> list[Output]:
    """The outputs that options name, `--json` and `--report` among them."""
    from curate.gate.outputs import Output, parse

    named = parse([*(output or ()), *(["json"] if json else ())])
    return [*named, Output("json", report)] if report is not None else named


def _write(made: Report, wanted: list[Output], *, quiet: bool) -> None:
    """What is wanted, and the text for whoever looks on unless another form goes to stdout."""
    from curate.gate.outputs import Output, write

    if not quiet and all(one.file is not None for one in wanted):
        wanted = [Output("text"), *wanted]
    with _readers_gone():
        write(made, wanted)


@contextmanager
def _readers_gone() -> Iterator[None]:
    """Let `| head` have what it wants: the exit code is that of the check all the same."""
    try:
        yield
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _config(file: Path | None, clean: dict[str, Any], check: dict[str, Any]) -> Config:
    """The config of a file, or the one that is found here, under the options that were given."""
    from pydantic import ValidationError

    from curate.config import find_config
    from curate.errors import UsageError
    from curate.gate.config import Config, load_config

    found = file or find_config(Path())
    base = load_config(found) if found is not None else Config()
    try:
        made = base.model_copy(
            update={
                "clean": options.revised(base.clean, **clean)
                if any(clean.values())
                else base.clean,
                "check": _revised(base.check, **check),
            }
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"--{first['loc'][0]}: {first['msg']}") from None
    return made


def _revised(base: Check, **given: Any) -> Check:  # noqa: ANN401  # options
    changes = {name: value for name, value in given.items() if value}
    return base.model_copy(update=changes)
