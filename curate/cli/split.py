"""split: train, eval and test that nothing leaks between."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from curate.cli import options
from curate.cli.found import tell_runs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.text import Text

    from curate.text.console import Pen

Out = Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="The folder to make.")]
Eval = Annotated[
    float, typer.Option("--eval", metavar="SHARE", help="The share of the rows that eval gets.")
]
Test = Annotated[
    float, typer.Option("--test", metavar="SHARE", help="And that test gets; 0 makes none.")
]
Group = Annotated[
    str | None,
    typer.Option("--group", metavar="FIELD", help="Rows with one value of it stay together."),
]
Similarity = Annotated[
    float,
    typer.Option("--similarity", metavar="X", help="Of words, from which rows stay together."),
]
Seed = Annotated[int, typer.Option("--seed", help="Another one draws other lots.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a split that stands there.")]

_STYLES = {"train": "green", "eval": "cyan", "test": "blue", "quarantined": "magenta"}
_KEPT = {
    "group": "by their group",
    "question": "asked the same",
    "answer": "answered the same",
    "words": "nearly the same words",
}
_MAX_BAR = 48  # columns; a longer bar says no more
_LEVEL = 0.001  # of the rows: a difference that nobody asks about


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(split)


def split(
    inputs: options.Inputs,
    out: Out,
    *,
    eval: Eval = 0.1,  # noqa: A002  # the option's name
    test: Test = 0.0,
    group: Group = None,
    similarity: Similarity = 0.7,
    seed: Seed = 0,
    format: options.Format = None,  # noqa: A002  # likewise
    map: options.Map = None,  # noqa: A002  # likewise
    force: Force = False,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Split INPUT into train, eval and test that share no near-copies."""
    from curate.splitting import REPORT
    from curate.splitting import split as run

    settings = options.settings(**options.meant(format=format, map=map, seed=seed))
    tell_runs(inputs, quiet=quiet)
    with options.progress(quiet=quiet or json) as tick:
        told = run(
            inputs, out, settings, eval=eval, test=test, group=group, similarity=similarity,
            force=force, tick=tick,
        )  # fmt: skip
    if json:
        sys.stdout.write((out / REPORT).read_text(encoding="utf-8"))
    elif not quiet:
        from curate.text.console import Pen, whole_lines

        pen = Pen(whole_lines())
        for line in _lines(told, pen, out):
            pen.print(line)


def _lines(told: Mapping[str, Any], pen: Pen, out: Path) -> Iterator[Text]:
    yield pen.text("")
    yield from _sizes(told, pen)
    yield pen.text("")
    yield from _clusters(told["clusters"], pen)
    yield pen.text("")
    yield from _next(told, pen, out)


def _sizes(told: Mapping[str, Any], pen: Pen) -> Iterator[Text]:
    """Rows and share of each split, with a bar; what came out otherwise than asked says so."""
    digits = len(f"{told['records']:,}")
    yield pen.text(f"{'records in':<12}{told['records']:>{digits},}")
    rows = {name: one["records"] for name, one in told["splits"].items()}
    rows["quarantined"] = told["quarantined"]["records"]
    room = min(max(pen.width - digits - 32, 4), _MAX_BAR)
    for name, count in rows.items():
        asked = told["splits"].get(name, {}).get("asked")
        share = count / told["records"]
        own = told["splits"].get(name, {}).get("share")
        note = f" ({asked:.1%} asked)" if asked and abs(asked - own) > _LEVEL else ""
        head = f"{name:<12}{count:>{digits},}  {share:>6.1%} "
        yield pen.text(head, pen.bar(share, room, _STYLES[name]), (note, "yellow"))


def _clusters(told: Mapping[str, Any], pen: Pen) -> Iterator[Text]:
    """How many rows had to stay together, and why."""
    from curate.dedup.clusters import counted

    if not told["of_several_rows"]:
        yield pen.text("no two rows are alike: each is drawn by itself")
        return
    most = told["largest"]
    several = counted(told["of_several_rows"], "cluster")
    yield pen.text(f"{counted(told['rows_in_these'], 'row')} stay together in {several}")
    links = {_KEPT[kind]: count for kind, count in told["links"].items() if count}
    digits = max(len(f"{count:,}") for count in links.values())
    for why, count in links.items():
        yield pen.text(f"  {count:>{digits},} ", (why, "dim"))
    place = f"{most['source'].rpartition('/')[2]}:{most['line']}"
    yield pen.text(f"  the largest, {_KEPT[most['held_by']]}: {most['rows']:,}, from {place} on")


def _next(told: Mapping[str, Any], pen: Pen, out: Path) -> Iterator[Text]:
    """Where to look, and how to see that nothing leaks."""
    from curate.splitting import QUARANTINE, REPORT, ROWS

    folder = shlex.quote(str(out))
    yield pen.text(("look next ", "bold"), f"{folder}/{REPORT}")
    said = {
        f"{folder}/{ROWS}": "each row's split and cluster",
        f"{folder}/{QUARANTINE}": "records that can't be read or fit no format",
    }
    if not told["quarantined"]["records"]:
        said.pop(f"{folder}/{QUARANTINE}")
    for name, what in said.items():
        yield pen.text(f"  {name} ", (what, "dim"))
    train, evaluation = (told["splits"][name]["file"] for name in ("train", "eval"))
    yield pen.text(("Look for leaks in another way.", "dim"))
    yield pen.text(
        f"  curate clean {folder}/{train} -o {folder}-clean --against {folder}/{evaluation}"
    )
