"""docs/adding does what it says: the files on each page are written and used as they stand."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGES = Path(__file__).resolve().parent.parent / "docs" / "adding"


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder to write a page's files into, on the path of the Python that runs curate."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


def write_files(page: str) -> None:
    """Write every block of a page whose first line names a file, and install what it plugs in."""
    text = (PAGES / page).read_text("utf-8")
    for name, block in re.findall(
        r"^```\w+\n# (\S+\.\w+)\n(.*?)^```", text, re.DOTALL | re.MULTILINE
    ):
        path = Path(name)
        path.parent.mkdir(exist_ok=True)
        path.write_text(block, "utf-8")
    for plugin in re.findall(
        r'^```toml\n\[project.entry-points."curate.plugins"\]\n(.*?)^```',
        text,
        re.DOTALL | re.MULTILINE,
    ):
        made = Path("plugin-1.0.dist-info")
        made.mkdir()
        (made / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin\nVersion: 1.0\n")
        (made / "entry_points.txt").write_text("[curate.plugins]\n" + plugin.replace('"', ""))


def run(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, check=False, env=os.environ
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def curate(*words: str) -> str:
    return run("-c", "from curate.cli import main; main()", *words)


@pytest.mark.slow
def test_a_rule(desk):
    write_files("rule.md")
    assert run("-m", "curate.policy.examples", "my-rules") == "1 rule, 0 examples fail\n"
    assert "Shouted answer" in curate("explain", "shouting", "--rules", "my-rules")
    rows = [
        {"instruction": "q", "output": "THAT IS HOW IT IS"},
        {"instruction": "r", "output": "a"},
    ]
    (desk / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    curate("clean", "data.jsonl", "-o", "out", "--rules", "my-rules", "--quiet")
    assert json.loads((desk / "out" / "dropped.jsonl").read_text())["codes"] == ["shouting"]


@pytest.mark.slow
@pytest.mark.usefixtures("desk")
def test_a_signal():
    write_files("signal.md")
    assert "capitals_share" in curate("signals", "--json")
    assert run("-m", "curate.policy.examples", "my-rules") == "1 rule, 0 examples fail\n"


@pytest.mark.slow
def test_a_format(desk):
    write_files("format.md")
    record = {"id": 7, "trivia": "Capital of Peru?", "correct_answer": "Lima", "category": "x"}
    (desk / "quiz.jsonl").write_text(json.dumps(record) + "\n")
    curate("convert", "quiz.jsonl", "quiz-chat.jsonl", "--to", "chatml")
    curate("convert", "quiz-chat.jsonl", "back.jsonl", "--to", "trivia")
    assert json.loads((desk / "back.jsonl").read_text()) == record
