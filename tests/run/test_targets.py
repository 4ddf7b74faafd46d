"""No command writes over what it reads."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import curate
from curate import cache
from curate.cli import main
from curate.errors import UsageError
from tests.gate.data import EMPTY, GOOD, written

CONFIG = '[check.rules]\nempty = {{ error_if = "> 5", store = "{}" }}\n'


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / ".cache"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    written(Path("data/t.jsonl"), *GOOD, EMPTY)
    written(Path("items.jsonl"), {"text": "Which of the seven hills did Rome begin on?"})
    Path("rules").mkdir()
    Path("rules/notes.yaml.txt").write_text("mine")
    Path("c.toml").write_text(CONFIG.format("rows.jsonl"))
    Path("over.toml").write_text(CONFIG.format("data/t.jsonl"))
    Path("link.json").symlink_to("data/t.jsonl")


def contents():
    return {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "words",
    [
        "check data/t.jsonl --report data/t.jsonl",
        "check data/t.jsonl --output junit=./data/../data/t.jsonl",
        "check data --report data/t.jsonl",
        "check data/*.jsonl --output text --report data/t.jsonl",
        "check data/t.jsonl --report link.json",
        "check data/t.jsonl --config over.toml",
        "check data/t.jsonl --config c.toml --report c.toml",
        "check data/t.jsonl --against items.jsonl --report items.jsonl",
        "selftest data/t.jsonl -o data/t.jsonl",
        "selftest data -o data/t.jsonl",
        "selftest data/t.jsonl --against items.jsonl -o items.jsonl",
        "init data/t.jsonl -o data/t.jsonl --force",
        "convert data/t.jsonl data/t.jsonl --to chatml --force",
        "select data -o data/t.jsonl --size 2 --force",
    ],
)
def test_an_input_is_not_written_over(words, capsys, monkeypatch):
    before = contents()
    monkeypatch.setattr(sys, "argv", ["curate", *words.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "is an input; give another name" in capsys.readouterr().err
    assert contents() == before


def test_an_api_call_does_not_store_rows_over_its_data():
    before = contents()
    with pytest.raises(UsageError, match="is an input"):
        curate.check("data/t.jsonl", "over.toml")
    assert contents() == before


def test_an_old_report_is_replaced(monkeypatch):
    words = "check data/t.jsonl --config c.toml --report r.json --quiet"
    monkeypatch.setattr(sys, "argv", ["curate", *words.split()])
    for _ in range(2):
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
    assert len(Path("rows.jsonl").read_text().splitlines()) == 1
