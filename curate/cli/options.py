"""Options that several commands share, and how they become settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from curate.errors import UsageError, in_plain_words

if TYPE_CHECKING:
    from curate.config import Settings
    from curate.read.progress import Tick

Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="INPUT...",
        help="Files (.jsonl .json .parquet .csv .tsv .arrow, also .gz and .zst), folders, globs, "
        "hf://NAME[:SPLIT], or - for standard input.",
    ),
]
Run = Annotated[Path, typer.Argument(metavar="DIR", help="A run folder that `clean` has made.")]
Format = Annotated[
    str | None, typer.Option("--format", help="auto, alpaca, sharegpt, chatml or preference.")
]
Map = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="FIELD=COLUMN", help="What the input calls a field."),
]
Pack = Annotated[
    str | None, typer.Option("--pack", help="default, strict, gate, all, or one of your own.")
]
Rules = Annotated[
    list[Path] | None,
    typer.Option("--rules", metavar="DIR", help="A folder with rules of your own."),
]
Select = Annotated[
    list[str] | None,
    typer.Option(
        "--select", metavar="CODES", help="These rules or families of them only: pii,too-long."
    ),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option("--ignore", metavar="CODES", help="Leave these rules or families out."),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="CODE.threshold=X",
        help="Change a rule's threshold, or with CODE.action=drop (or flag) what it does.",
    ),
]
Seed = Annotated[int | None, typer.Option("--seed", help="Of everything that is drawn; 0.")]
NoCache = Annotated[
    bool, typer.Option("--no-cache", help="Work out anew what earlier runs worked out.")
]
Against = Annotated[
    list[str] | None,
    typer.Option(
        "--against", metavar="FILE", help="Evaluation items that no row may hold; repeatable."
    ),
]
Index = Annotated[
    str | None,
    typer.Option(
        "--index", metavar="DIR", help="Compare with what earlier runs kept, and add to it."
    ),
]
Fix = Annotated[
    bool | None, typer.Option("--fix/--no-fix", help="Apply the edit rules too; off by default.")
]
Embedder = Annotated[
    str | None,
    typer.Option(
        "--embedder",
        metavar="NAME",
        help="static (comes along), none, or a sentence-transformers model: its folder or name.",
    ),
]
Lm = Annotated[
    str | None,
    typer.Option(
        "--lm",
        metavar="NAME",
        help="Ask a causal language model about each answer: its folder, .gguf file or name.",
    ),
]
SyntheticHead = Annotated[
    str | None,
    typer.Option(
        "--synthetic-head", metavar="HEAD", help="A head that `curate fit synthetic` has made."
    ),
]
LabelField = Annotated[
    str | None,
    typer.Option(
        "--label-field",
        metavar="NAME",
        help="The field with each row's label, or a list of them: looks for wrong ones.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace a run that stands there.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def settings(config: Path | None = None, **given: Any) -> Settings:  # noqa: ANN401  # options
    """The settings of a file, or the defaults, under the options that were given.

    Raises:
        ConfigError: the file, or a value, is not what it should be.
    """
    from pydantic import ValidationError

    from curate.config import Settings, load_settings

    base = load_settings(config) if config else Settings()
    try:
        return revised(base, **given)
    except ValidationError as error:
        first = error.errors()[0]
        option = str(first["loc"][0]).replace("_", "-")
        raise UsageError(f"--{option}: {in_plain_words(first)}") from None


def meant(**words: Any) -> dict[str, Any]:  # noqa: ANN401  # options
    """What options say, as values of settings; `set` becomes thresholds and actions.

    Raises:
        UsageError: words that say nothing of the kind.
    """
    made: dict[str, Any] = {}
    for name, given in words.items():
        if name == "set":
            made |= {"thresholds": thresholds(given), "actions": actions(given)}
        else:
            made[name] = _MEANT[name](given) if name in _MEANT else given
    return made


def revised(base: Settings, **given: Any) -> Settings:  # noqa: ANN401  # options
    """Settings with other values where an option was given; a mapping adds to what is there."""
    known = base.model_dump()
    changes = {
        name: known[name] | value if isinstance(value, dict) else value
        for name, value in given.items()
        if value not in (None, [], (), {})
    }
    return type(base).model_validate(known | changes)


def codes(words: Sequence[str] | None) -> tuple[str, ...]:
    """`a,b c` as three codes.

    Raises:
        UsageError: words without a code, such as `,` or an empty variable of a script.
    """
    made = tuple(code for word in words or () for code in word.replace(",", " ").split())
    if words and not made:
        raise UsageError(f"{' '.join(words)!r} names no rule")
    return made


def mapping(words: Sequence[str] | None) -> dict[str, str]:
    """`instruction=question,output=answer` as a mapping of fields to columns.

    Raises:
        UsageError: a word without an equals sign.
    """
    return dict(_pairs(words, "--map", "FIELD=COLUMN"))


def thresholds(words: Sequence[str] | None) -> dict[str, float]:
    """`too-long.threshold=2048` as a mapping of codes to numbers; actions are passed over.

    Raises:
        UsageError: anything else.
    """
    return _given(words)[0]


def actions(words: Sequence[str] | None) -> dict[str, str]:
    """`refusal-answer.action=drop` as a mapping of codes to actions; thresholds are passed over.

    Raises:
        UsageError: anything else.
    """
    return _given(words)[1]


def _given(words: Sequence[str] | None) -> tuple[dict[str, float], dict[str, str]]:
    limits: dict[str, float] = {}
    verdicts: dict[str, str] = {}
    for key, value in _pairs(words, "--set", "CODE.threshold=X"):
        code, _, what = key.rpartition(".")
        if code and what == "action" and value in {"drop", "flag"}:
            verdicts[code] = value
            continue
        try:
            limits[code] = float(value)
        except ValueError:
            what = ""
        if not code or what != "threshold":
            raise UsageError(
                f"--set {key}={value}: expected CODE.threshold=NUMBER or CODE.action=drop|flag"
            )
    return limits, verdicts


def _pairs(words: Sequence[str] | None, option: str, shape: str) -> Iterator[tuple[str, str]]:
    for word in (part for one in words or () for part in one.split(",")):
        key, equals, value = word.partition("=")
        if not (key and equals and value):
            raise UsageError(f"{option} {word}: expected {shape}")
        yield key.strip(), value.strip()


def _texts(words: Sequence[str | Path] | None) -> tuple[str, ...]:
    return tuple(map(str, words or ()))


_MEANT: Mapping[str, Callable[[Any], Any]] = {
    "map": mapping,
    "select": codes,
    "ignore": codes,
    "rules": _texts,
    "against": _texts,
}


def say(line: str) -> None:
    """What the user should know even of a quiet command, in a line on stderr."""
    typer.echo(f"curate: {line}", err=True)


@contextmanager
def progress(*, quiet: bool) -> Iterator[Tick]:
    """A bar with the rate on stderr while a terminal is there to show it."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    from curate.read.progress import listening

    class Amount(ProgressColumn):
        """Worked out when it is drawn: at every tick it would take longer than the work."""

        def render(self, task: Task) -> Text:
            return Text(_amount(task.description, task.completed, task.speed or 0))

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda _stage, _done, _total: None
        return
    columns = (
        TextColumn("{task.description:<8}"),
        BarColumn(),
        Amount(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bars:
        tasks: dict[str, Any] = {}

        def tick(stage: str, done: int, total: int | None) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        with listening(tick):
            yield tick


def _amount(stage: str, done: float, speed: float) -> str:
    """How much and how fast: bytes are read, rows are written."""
    if stage == "read":
        return f"{done / 1e6:,.1f} MB {speed / 1e6:,.1f} MB/s"
    return f"{done:,.0f} rows {speed:,.0f} rows/s"
