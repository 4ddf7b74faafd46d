"""Ctrl-C ends the command with one line and 130, also while it is still being imported."""

from __future__ import annotations

import json
import os
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


ALGEBRA = """
import os, sys
sys.argv = ["curate", "rules"]
import curate.cli
curate.cli.main = lambda: print(os.environ["OPENBLAS_NUM_THREADS"], "numpy" in sys.modules)
from curate.__main__ import main
main()
"""


@pytest.mark.parametrize(("asked", "taken"), [({}, "1"), ({"OPENBLAS_NUM_THREADS": "3"}, "3")])
def test_algebra_is_done_on_one_core_unless_asked(asked, taken):
    others = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", ALGEBRA],
        capture_output=True,
        text=True,
        env=others | asked,
        check=True,
    )
    assert done.stdout.split() == [taken, "False"]  # numpy reads it when it is imported


def test_a_run_without_embeddings_imports_none_of_what_it_has_no_use_for(tmp_path):
    rows = [{"instruction": f"Name town {at}", "output": f"Town {at} is Ulm."} for at in range(3)]
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    words = ["clean", str(file), "-o", str(tmp_path / "run"), "--embedder", "none", "-q"]
    unused = {"scipy", "sklearn", "pandas", "datasets", "torch", "textstat", "nltk", "requests"}
    unused |= {"threadpoolctl", "cleanlab", "datasketch", "model2vec", "pyarrow"}
    program = (
        f"import sys; sys.argv[1:] = {words!r}\n"
        "from curate.__main__ import main\n"
        f"try: main()\nfinally: print(sorted({unused!r} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
