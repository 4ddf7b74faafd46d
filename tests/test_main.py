"""Ctrl-C ends the command with one line and 130, also while it is still being imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

# A module that behaves as if Ctrl-C were pressed while it is imported, or while it is called.
PRESSED = """
import sys
from importlib.abc import MetaPathFinder
class Pressed(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            raise KeyboardInterrupt
sys.meta_path.insert(0, Pressed())
sys.argv = ["curate", "rules"]
from curate.__main__ import main
main()
"""


@pytest.mark.parametrize("module", ["curate.cli", "typer", "curate.policy.rule"])
def test_interrupted(module):
    done = subprocess.run(
        [sys.executable, "-c", PRESSED.format(module=module)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.strip(), done.stdout) == (130, "curate: interrupted", "")


def test_nothing_is_said_of_other_ends():
    done = subprocess.run(
        [sys.executable, "-m", "curate", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
