"""The command line: a command is one call into the library, a file a group of them.

Nothing heavy is imported before a command runs: `curate --help` answers in a third of a second,
three seconds with polars at the top.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from difflib import get_close_matches
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from curate import __version__
from curate.cli import catalogue, check, clean, convert, fit, init, look, select, selftest, split
from curate.errors import CurateError, OutputError
from curate.text.visible import as_message


class Commands(TyperGroup):
    """The commands, with a remedy in the errors of their options, which typer words."""

    def invoke(self, ctx: Any) -> object:  # noqa: ANN401  # a class that typer keeps to itself
        """Run a command."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            # Known by what it has: typer keeps the classes of these errors to itself.
            if hasattr(error, "possibilities"):
                error.message += _other_option(error.option_name, error.ctx)  # type: ignore[attr-defined]
                error.possibilities = None
            for said, plain in _NUMBERS.items():
                if said == getattr(error, "message", None):
                    error.message = plain  # type: ignore[attr-defined]
            _spell(error)
            raise

    def make_context(self, *args: Any, **more: Any) -> Any:  # noqa: ANN401  # likewise
        """Read the options before a command."""
        try:
            return super().make_context(*args, **more)
        except Exception as error:
            _spell(error)
            raise


def _spell(error: Exception) -> None:
    """Spell out what would act on the terminal in an error that repeats an argument."""
    if isinstance(said := getattr(error, "message", None), str):
        error.message = as_message(said)  # type: ignore[attr-defined]


_NUMBERS = {
    "Input should be a valid number, unable to parse string as a number": "expected a number, "
    "such as 0.1",
    "Input should be a valid integer, unable to parse string as an integer": "expected a whole "
    "number",
}


def _other_option(name: str, ctx: Any) -> str:  # noqa: ANN401  # likewise
    """The option that all but has this name, and where all are listed."""
    command = ctx.command_path if ctx else "curate"
    known = {"threshold": "--set CODE.threshold=X"} | {
        spelled.lstrip("-"): spelled
        for parameter in (ctx.command.params if ctx else ())
        for spelled in parameter.opts
    }
    close = get_close_matches(name.lstrip("-"), known, n=1, cutoff=0.7)
    meant = f"; did you mean {known[close[0]]}?" if close else ";"
    return f"{meant} {command} --help lists them"


app = typer.Typer(
    name="curate",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (clean, check, init, selftest, look, convert, split, select, fit, catalogue):
    group.register(app)


def _version(wanted: bool) -> None:  # typer's way
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback(
    epilog="Exit codes: 0 done, 1 check failed, verify found a difference or selftest too low a "
    "recall, 2 wrong usage, 3 input can't be read or output can't be written, 4 a bug, 130 Ctrl-C."
)
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show a traceback with every error.")
    ] = False,
) -> None:
    """Pares instruction datasets down to a clean core, and accounts for every row."""


def main() -> None:
    """Run the command line; every error is a line or two on stderr and an exit code."""
    debug = "--debug" in sys.argv
    if debug:  # wherever it stands
        sys.argv[1:] = ["--debug", *(word for word in sys.argv[1:] if word != "--debug")]
    try:
        app()
    except SystemExit as ended:
        if isinstance(ended.__context__, BrokenPipeError):  # the reader has seen enough: no failure
            _write_no_more()
            sys.exit(0)
        raise
    except CurateError as error:
        if debug:
            raise
        _fail(str(error), error.exit_code)
    except OSError as error:  # of the machine, not of curate
        if debug:
            raise
        _write_no_more()
        _fail(f"{error.filename or 'output'}: {error.strerror or error}", OutputError.exit_code)
    except Exception as error:
        if debug:
            raise
        _fail(
            f"internal error: {type(error).__name__}: {error}\n"
            "this is a bug in curate; --debug shows where, please report it",
            CurateError.exit_code,
        )


def _write_no_more() -> None:
    """Let what is still to be written go nowhere, or Python would complain when it ends."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str, code: int) -> None:
    from curate.policy.keys import mask_keys

    sys.stderr.write(f"curate: {as_message(mask_keys(message))}\n")
    sys.exit(code)
