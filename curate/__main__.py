"""`python -m curate` and `curate`: Ctrl-C ends them with one line, whenever it comes."""

from __future__ import annotations

import sys

INTERRUPTED = 130  # as shells say it: 128 and the signal's number


def main() -> None:
    """Run the command line; its imports take a tenth of a second and can be interrupted too."""
    try:
        from curate.cli import main as run

        run()
    except KeyboardInterrupt:
        _tell()
        sys.exit(INTERRUPTED)
    except SystemExit as ended:
        if ended.code == INTERRUPTED:  # typer has caught it, and said nothing
            _tell()
        raise


def _tell() -> None:
    sys.stderr.write("curate: interrupted\n")


if __name__ == "__main__":
    main()
