"""curate pares instruction datasets down to a clean core, and accounts for every row.

clean(inputs, folder, Settings(...))    the main job: writes the run folder
check(inputs, config) -> Report         the gate: holds data to limits, writes nothing
Config                                  the limits of a gate, as curate.toml has them
decide_again(folder, settings)          decides a run anew from what it has measured
split(inputs, folder, eval=0.1)         train, eval and test that nothing leaks between
select(inputs, path, size)              the best rows, in one order for every size
verify(folder)                          checks a run against its lock
transcribe(source, target, to)          between formats and file types
Settings                                what a run is asked to do
signal                                  declares a signal of your own
CurateError                             the root of every error raised on purpose
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from curate.config import Settings
    from curate.errors import CurateError
    from curate.gate import Config, Report
    from curate.gate.check import check
    from curate.pipeline import clean, decide_again
    from curate.registry import signal
    from curate.selection import select
    from curate.splitting import split
    from curate.transcription import transcribe
    from curate.verification import verify

__version__ = "0.1.0"
__all__ = [
    "Config",
    "CurateError",
    "Report",
    "Settings",
    "__version__",
    "check",
    "clean",
    "decide_again",
    "select",
    "signal",
    "split",
    "transcribe",
    "verify",
]

_HOME = {
    "Config": "gate",
    "Report": "gate",
    "check": "gate",
    "CurateError": "errors",
    "Settings": "config",
    "clean": "pipeline",
    "decide_again": "pipeline",
    "select": "selection",
    "signal": "registry",
    "split": "splitting",
    "transcribe": "transcription",
    "verify": "verification",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is asked for (PEP 562): `import curate` takes 10 ms."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
