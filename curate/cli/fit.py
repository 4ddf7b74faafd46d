"""fit: heads of the user's own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curate.cli import options  # noqa: TC001  # typer reads them

if TYPE_CHECKING:
    from curate.learn.fit import Figures

Files = list[str]


def register(app: typer.Typer) -> None:
    """Add the commands of this file, under `fit`."""
    group = typer.Typer(no_args_is_help=True, help="Train a head on data of your own.")
    group.command()(synthetic)
    app.add_typer(group, name="fit")


def synthetic(
    *,
    human: Annotated[
        Files,
        typer.Option("--human", metavar="FILE", help="Answers that people wrote; repeatable."),
    ],
    llm: Annotated[
        Files, typer.Option("--llm", metavar="FILE", help="Answers that an LLM wrote; repeatable.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="HEAD", help="The file to make.")],
    seed: Annotated[int, typer.Option("--seed", help="Another one draws other folds.")] = 0,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a file that stands there.")
    ] = False,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Train a head that tells an LLM's answers from people's in data like yours.

    Any file that `clean` reads; a record with nothing but a field `text` will do. Use it with
    `curate clean --synthetic-head HEAD`.
    """
    from curate.learn.fit import fit, labelled
    from curate.learn.head import save, write

    known = labelled(human, llm)
    head, found = fit(known, seed)
    note = f"human: {', '.join(human)}; llm: {', '.join(llm)}; seed {seed}"
    write(out, save(head, note), force=force)
    if json:
        import orjson

        sys.stdout.write(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode() + "\n")
    elif not quiet:
        _show(found, out)


def _show(found: Figures, out: Path) -> None:
    from curate.text.words import percent

    people, models = found.texts
    typer.echo(f"{people:,} human and {models:,} LLM answers judged, each by a head that had not")
    typer.echo(f"seen it or its like; {percent(found.abstained)} too short to judge")
    typer.echo(f"AUROC                     {found.auroc:.3f}")
    typer.echo(f"found at 1 % false alarms {percent(found.recall)}")
    typer.echo(f"calibration error         {found.calibration:.3f}")
    typer.echo(f"wrote {out}. To use it, and to flag at 1 % false alarms:")
    typer.echo(f"  curate clean ... --synthetic-head {out} \\")
    typer.echo(f"    --set synthetic-likely.threshold={1 - found.threshold:.3f}")
