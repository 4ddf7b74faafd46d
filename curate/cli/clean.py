"""clean, decide, undo: make a run, and decide it again."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from curate.cli import options
from curate.cli.found import config_here, tell_runs
from curate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from curate.config import Settings
    from curate.run.lock import Lock

Out = Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="The run folder to make.")]
Elsewhere = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="DIR", help="Write a new folder; by default in place."),
]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="A file with a table `clean`; by default curate.toml here, or pyproject.toml.",
    ),
]
To = Annotated[
    str | None, typer.Option("--to", help="Write the core in this format: alpaca, sharegpt, ...")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(clean)
    app.command()(decide)
    app.command()(undo)


def clean(
    inputs: options.Inputs,
    out: Out,
    *,
    format: options.Format = None,  # noqa: A002  # the option's name
    map: options.Map = None,  # noqa: A002  # likewise
    to: To = None,
    pack: options.Pack = None,
    select: options.Select = None,
    ignore: options.Ignore = None,
    set: options.Set = None,  # noqa: A002  # likewise
    rules: options.Rules = None,
    against: options.Against = None,
    index: options.Index = None,
    fix: options.Fix = None,
    embedder: options.Embedder = None,
    lm: options.Lm = None,
    label_field: options.LabelField = None,
    synthetic_head: options.SyntheticHead = None,
    seed: options.Seed = None,
    config: Config = None,
    force: options.Force = False,
    no_cache: options.NoCache = False,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Pare INPUT down to a clean core and account for every row in DIR."""
    from curate import cache, pipeline

    found = config_here(config, quiet=quiet)
    asked = options.meant(
        format=format, map=map, to=to, pack=pack, select=select, ignore=ignore, set=set,
        rules=rules, against=against, index=index, fix=fix, embedder=embedder, lm=lm,
        label_field=label_field, synthetic_head=synthetic_head, seed=seed,
    )  # fmt: skip
    chosen = options.settings(found, **asked)
    _check_set(set, chosen)
    tell_runs(inputs, quiet=quiet)
    cached = cache.without() if no_cache else nullcontext()
    with cached, options.progress(quiet=quiet or json) as tick:
        pipeline.clean(inputs, out, chosen, force=force, tick=tick, say=options.say)
    _show(out, quiet=quiet, json=json, inputs=inputs)


def decide(
    run: options.Run,
    *,
    pack: options.Pack = None,
    select: options.Select = None,
    ignore: options.Ignore = None,
    set: options.Set = None,  # noqa: A002  # the option's name
    rules: options.Rules = None,
    out: Elsewhere = None,
    force: options.Force = False,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Decide a run again from its scores, with other rules or thresholds."""
    from curate import pipeline
    from curate.run.lock import read_lock

    before = read_lock(run)
    was = before.settings
    if pack is not None:  # else what was selected by hand would hide the pack
        was = was.model_copy(update={"select": ()})
    asked = options.meant(pack=pack, select=select, ignore=ignore, set=set, rules=rules)
    asked["ignore"] = (*was.ignore, *asked["ignore"])
    chosen = options.revised(was, **asked)
    _check_set(set, chosen)
    with options.progress(quiet=quiet or json) as tick:
        after = pipeline.decide_again(run, chosen, out, force=force, tick=tick, say=options.say)
    if not (quiet or json):
        _say_change(before, after)
    _show(out or run, quiet=quiet, json=json)


def _check_set(given: list[str] | None, chosen: Settings) -> None:
    """Refuse a threshold or an action of a rule that is not asked."""
    from curate.policy.catalogue import load_rules
    from curate.policy.choose import chosen_rules, is_meant

    rules = chosen_rules(chosen) if given else {}
    known = load_rules(chosen.rules) if given else {}
    limits, families = options.thresholds(given), options.actions(given)
    for code in (*limits, *families):
        taken = code not in limits and any(is_meant(one, code, known) for one in rules)
        if code not in rules and not taken:
            raise UsageError(f"--set {code}: is no rule of this run; --select it, or its --pack")


def undo(
    run: options.Run,
    rule: Annotated[
        list[str], typer.Option("--rule", metavar="CODE", help="The rule, or a family of rules.")
    ],
    *,
    back: Annotated[
        bool,
        typer.Option("--back", help="Take an undo back: the rule does again what its pack says."),
    ] = False,
    quiet: options.Quiet = False,
) -> None:
    """Bring back the rows that a rule dropped; it only reports from now on."""
    from curate import pipeline
    from curate.run.lock import read_lock

    before = read_lock(run)
    codes = options.codes(rule)
    chosen = _with(before.settings, codes) if back else _without(before, codes)
    with options.progress(quiet=quiet) as tick:
        after = pipeline.decide_again(run, chosen, tick=tick, say=options.say)
    if not quiet:
        _say_change(before, after)
        if not back:
            typer.echo(f"take this back: {_way_back(run, codes, before.settings, chosen)}")


def _way_back(run: Path, codes: tuple[str, ...], before: Settings, after: Settings) -> str:
    """The commands that take an undo back; an action that was set by hand has to be set again."""
    again = f"curate undo {quote(str(run))} --rule {','.join(codes)} --back"
    lost = [code for code, was in before.actions.items() if after.actions[code] != was]
    if not lost:
        return again
    set_again = ",".join(f"{code}.action={before.actions[code]}" for code in lost)
    return f"{again} && curate decide {quote(str(run))} --set {set_again}"


def _with(settings: Settings, wanted: tuple[str, ...]) -> Settings:
    """The settings in which these rules are no longer made to flag, or left out.

    Raises:
        UsageError: nothing was undone of one of them.
    """
    from curate.policy.choose import is_meant

    flagged = {code for code, action in settings.actions.items() if action == "flag"}
    undone = {*flagged, *settings.ignore}
    back = set()
    for one in wanted:
        found = {code for code in undone if is_meant(code, one, undone)}
        if not found:
            what = ", ".join(sorted(undone)) or "nothing"
            raise UsageError(f"--back: {one} was not undone; of this run was: {what}")
        back |= found
    left = {code: what for code, what in settings.actions.items() if code not in back & flagged}
    ignored = tuple(code for code in settings.ignore if code not in back)
    return settings.model_copy(update={"actions": left, "ignore": ignored})


def _without(lock: Lock, wanted: tuple[str, ...]) -> Settings:
    """The settings of a run in which these rules flag, and edit nothing."""
    from curate.policy.choose import is_meant, matches_prefix, unknown_rule

    known = {*lock.rules, *lock.settings.ignore}  # an edit that was undone is ignored since
    for one in wanted:
        if not any(matches_prefix(code, one) for code in known):
            said = unknown_rule(one, lock.rules).replace("no rule", "no rule of this run", 1)
            raise UsageError(said if "?" in said else f"{said}; its lock lists them")
    codes = [code for code in lock.rules if any(is_meant(code, one, known) for one in wanted)]
    flags = {code: "flag" for code in codes if code not in lock.measured.edits}
    edits = tuple(code for code in codes if code in lock.measured.edits)
    settings = lock.settings
    return options.revised(
        settings, actions={**settings.actions, **flags}, ignore=(*settings.ignore, *edits)
    )


def _say_change(before: Lock, after: Lock) -> None:
    from curate.run.ledger import DISPOSITIONS

    changes = [
        f"{name} {before.counts[name]:,} -> {after.counts[name]:,}"
        for name in DISPOSITIONS
        if before.counts[name] != after.counts[name]
    ]
    typer.echo(", ".join(changes) or "nothing changes")


def _notes(inputs: Sequence[str], lock: Lock) -> Iterator[str]:
    """What the numbers of a run don't show: files that were passed over, a mixture of formats."""
    from curate.read.sources import left_out

    if others := left_out(inputs):
        named = ", ".join(others[:_NAMED]) + (", ..." if len(others) > _NAMED else "")
        number = "1 file" if len(others) == 1 else f"{len(others):,} files"
        yield f"{number} of the folder not read, by the name no data: {named}"
    if len(lock.formats) > 1 and lock.settings.to is None:
        most = max(lock.formats, key=lambda name: lock.formats[name])
        listed = ", ".join(f"{name} {number:,}" for name, number in lock.formats.items())
        mixed = f"the core mixes {len(lock.formats)} formats, as the input ({listed})"
        pairs = "preference" in lock.formats
        apart = "clean the files of each apart: the others have no place for pairs"
        yield f"{mixed}; {apart if pairs else f'--to {most} makes one'}"


_NAMED = 3  # files


def _show(folder: Path, *, quiet: bool, json: bool, inputs: Sequence[str] = ()) -> None:
    """The report of a finished run, for a person or a machine."""
    from curate.run.folder import REPORTS

    if json:
        sys.stdout.write((folder / REPORTS[1]).read_text(encoding="utf-8"))
    elif not quiet:
        from curate.report import read
        from curate.report.terminal import print_summary
        from curate.run.lock import read_lock
        from curate.text.console import whole_lines

        for note in _notes(inputs, read_lock(folder)):
            typer.echo(note)

        print_summary(read(folder), whole_lines(), folder)
