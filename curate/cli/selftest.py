"""selftest: plant known faults in a copy of the user's rows, and count what is found."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curate.cli import options
from curate.cli.found import config_here, tell_runs
from curate.errors import UsageError

if TYPE_CHECKING:
    from curate.config import Settings
    from curate.selftest.result import Result

Classes = Annotated[
    list[str] | None,
    typer.Option("--classes", metavar="NAMES", help="These classes of faults only: pii,near."),
]
Rows = Annotated[int, typer.Option("--rows", min=1, help="Rows to use; of more, so many drawn.")]
Rate = Annotated[
    float,
    typer.Option("--rate", min=0.0001, max=0.25, help="Faults a class, as a share of the rows."),
]
PerClass = Annotated[
    int | None,
    typer.Option("--per-class", min=1, metavar="N", help="Faults a class, in place of the rate."),
]
MinRecall = Annotated[
    list[str] | None,
    typer.Option(
        "--min-recall",
        metavar="[CLASS=]X",
        help="Exit 1 where a class is found less often; repeatable, CLASS=X for one class.",
    ),
]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write the result as JSON.")
]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="A file with a table `clean`; by default curate.toml here, or pyproject.toml.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(selftest)


def selftest(
    inputs: options.Inputs,
    *,
    classes: Classes = None,
    rows: Rows = 2000,
    rate: Rate = 0.01,
    per_class: PerClass = None,
    min_recall: MinRecall = None,
    seed: options.Seed = None,
    out: Out = None,
    format: options.Format = None,  # noqa: A002  # the option's name
    map: options.Map = None,  # noqa: A002  # likewise
    pack: options.Pack = None,
    select: options.Select = None,
    ignore: options.Ignore = None,
    set: options.Set = None,  # noqa: A002  # likewise
    rules: options.Rules = None,
    against: options.Against = None,
    fix: options.Fix = None,
    embedder: options.Embedder = None,
    lm: options.Lm = None,
    config: Config = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Plant known faults in a copy of INPUT and count what these rules find of them."""
    from curate.selftest import run

    found = config_here(config, quiet=quiet)
    asked = options.meant(
        format=format, map=map, pack=pack, select=select, ignore=ignore, set=set, rules=rules,
        against=against, fix=fix, embedder=embedder, lm=lm, seed=seed,
    )  # fmt: skip
    chosen = options.settings(found, **asked)
    _check_out(out, inputs, chosen, config)
    wish = run.Wish(rows, rate, per_class, options.codes(classes), _bars(min_recall))
    tell_runs(inputs, quiet=quiet)
    with options.progress(quiet=quiet or json) as tick:
        made = run.selftest(inputs, chosen, wish, tick)
    _tell(made, inputs, out, quiet=quiet, json=json)
    if made.short:
        raise typer.Exit(1)


def _bars(words: list[str] | None) -> dict[str, float]:
    """`0.8` and `truncated=0.5` as bars; the one without a class is of all others.

    Raises:
        UsageError: no number in [0, 1].
    """
    made = {}
    for word in words or ():
        name, _, value = word.rpartition("=")
        try:
            made[name] = float(value)
        except ValueError:
            made[name] = -1.0
        if not 0 <= made[name] <= 1:
            raise UsageError(f"--min-recall {word}: expected X or CLASS=X, X from 0 to 1")
    return made


def _check_out(out: Path | None, inputs: list[str], chosen: Settings, config: Path | None) -> None:
    """Refuse to write over what is read."""
    if out is None:
        return
    from curate.read.source import HUB
    from curate.read.sources import files_of
    from curate.run.targets import check_targets, files_read

    data = [file for one in inputs if not one.startswith(HUB) for file in files_of(one)]
    check_targets([out], [*data, *files_read(chosen), *filter(None, [config])])


def _write(made: Result, out: Path) -> None:
    from curate.write.output import Output

    with Output(out) as file:
        file.write(made.model_dump_json(indent=2).encode() + b"\n")


def _tell(made: Result, inputs: list[str], out: Path | None, *, quiet: bool, json: bool) -> None:
    if out is not None:
        _write(made, out)
    if json:
        sys.stdout.write(made.model_dump_json(indent=2) + "\n")
    elif quiet:
        for one in made.short:
            said = "no rule looks for it" if one.recall is None else f"recall {one.recall:.2f}"
            sys.stderr.write(f"curate: {one.name}: {said}, wanted {one.wanted:.2f}\n")
    else:
        from curate.selftest.show import print_result
        from curate.text.console import whole_lines

        print_result(made, whole_lines(), inputs)
