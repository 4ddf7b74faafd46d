"""The command line: a command is one call into the library, a file a group of them.

Nothing heavy is imported before a command runs: `curate --help` answers in a third of a second,
three seconds with polars at the top.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Annotated

import typer

from curate import __version__
from curate.cli import catalogue, check, clean, convert, fit, init, look, select, selftest, split
from curate.errors import CurateError, OutputError

app = typer.Typer(
    name="curate",
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
    "recall, 2 wrong usage, 3 input can't be read or output can't be written, 4 a bug."
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
    sys.stderr.write(f"curate: {message}\n")
    sys.exit(code)
