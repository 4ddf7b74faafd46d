"""The public names: pinned, and imported only when asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

import curate

PUBLIC = [
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


def test_the_public_names_are_these():
    """A change here is a change for everyone who imports curate: it goes into CHANGELOG.md."""
    assert sorted(curate.__all__) == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_is_there_and_is_listed(name):
    assert getattr(curate, name) is not None
    assert name in curate.__doc__ or name == "__version__"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonesuch"):
        _ = curate.nonesuch


def test_importing_curate_or_its_command_line_imports_nothing_heavy():
    heavy = {"polars", "numpy", "pydantic", "rich.table", "datasets", "jinja2"}
    script = f"import sys, curate, curate.cli; print(*({heavy!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
