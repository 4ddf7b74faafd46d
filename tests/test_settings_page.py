"""docs/settings.md does what it says: its files and examples are used as they stand."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from curate.cli import app
from curate.config import Settings
from curate.policy.pack import Pack

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "settings.md").read_text("utf-8")


@pytest.fixture(autouse=True)
def desk(tmp_path, monkeypatch):
    """A folder with the files of the page and ten rows, two of them copies."""
    monkeypatch.chdir(tmp_path)
    for name, block in re.findall(
        r"^```\w+\n# (\S+\.\w+)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE
    ):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(block, "utf-8")
    rows = [
        {"question": f"What is {n} times 3?", "answer": f"It is {n * 3}."} for n in range(1, 10)
    ]
    lines = [json.dumps(row) for row in (*rows, rows[0])]
    Path("data.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    return tmp_path


def curate(*words):
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_every_key_is_described():
    settings, packs = PAGE.split("## Packs")
    for text, model in ((settings, Settings), (packs, Pack)):
        described = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
        assert described == list(model.model_fields)


def test_the_settings_file_and_the_pack_work():
    curate("clean", "data.jsonl", "-o", "out/a", "--config", "curate.toml", "--quiet")
    assert len(Path("out/a/core.jsonl").read_bytes().splitlines()) == 9
    for line in re.findall(r"^\$ curate (.*)$", PAGE, re.MULTILINE):
        assert "duplicate-near" in curate(*line.split()) or "clean" in line
    listed = curate("rules", "--rules", "my-rules", "--pack", "house", "--json")
    rules = {one["code"]: one for one in json.loads(listed)}
    assert {one.partition("-")[0] for one in rules} == {"duplicate", "empty", "pii"}
    assert "duplicate-answer" not in rules
    assert rules["duplicate-prompt"]["action"] == "drop"


def test_the_python_example_works(capsys):
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    names = {}
    exec(code, names)  # noqa: S102 - our own page
    assert names["records"] == 9
    assert Path("out/chat.parquet").exists()
    assert "out/run" in capsys.readouterr().out
