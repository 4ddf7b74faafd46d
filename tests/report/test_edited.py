"""What an edit made whole, or took away, is as secret before it as after it."""

from __future__ import annotations

import json

import pytest
import yaml

from curate import pipeline
from curate.config import Settings
from curate.report.story import story
from curate.run.folder import REPORTS

KEY = "ghp_99mhZq4Lw81TxB7dKs02VnRfY6pJcEaU3gHi"  # opens nothing
SPLIT = f"{KEY[:2]}\u200b{KEY[2:]}"


def record(answer):
    return {"instruction": "How do I log in?", "input": "", "output": answer}


MEND = {
    "code": "own-mend",
    "name": "A key",
    "what": "A key.",
    "why": "It is secret.",
    "match": [{"in": "response", "any": [KEY]}],
    "action": "edit",
    "severity": "warning",
    "fix": {"replace": KEY, "by": "(gone)"},
    "examples": {"hits": [record(f"With {KEY}.")], "misses": [record("With a key.")]},
}


@pytest.fixture
def run(tmp_path):
    """Clean one answer with some edits; the run folder."""

    def made(answer, *edits):
        (tmp_path / "own").mkdir()
        rules = (str(tmp_path / "own"),) if "own-mend" in edits else ()
        (tmp_path / "own" / "own-mend.yaml").write_text(yaml.safe_dump(MEND), encoding="utf-8")
        data = tmp_path / "rows.jsonl"
        lines = [json.dumps(record(one), ensure_ascii=False) for one in (answer, "With a name.")]
        data.write_text("\n".join(lines), encoding="utf-8")
        settings = Settings(fix=bool(edits), rules=rules, select=("secret-key", *edits))
        pipeline.clean([str(data)], tmp_path / "out", settings)
        return tmp_path / "out"

    return made


@pytest.mark.parametrize(
    ("answer", "edit"),
    [
        (f"Log in with {SPLIT} today.", "fix-invisible"),
        (f"Log in with {KEY} to\u200bday.", "fix-invisible"),
        (f"Log in with {KEY} today.", "own-mend"),
    ],
)
def test_no_report_shows_a_secret_of_an_edited_row(run, answer, edit):
    folder = run(answer, edit)
    assert KEY[2:] in (folder / "edits.jsonl").read_text(encoding="utf-8")
    for name in REPORTS:
        said = (folder / name).read_text(encoding="utf-8")
        assert "Log in with" in said
        assert KEY[4:12] not in said
    told = story(folder, "1")
    assert KEY[4:12] not in f"{told.text(told.raw)} {told.edited and told.text(told.edited)}"


def test_a_split_key_is_found_and_masked_without_an_edit(run):
    folder = run(f"Log in with {SPLIT} today.")
    assert [one["code"] for one in story(folder, "1").findings] == ["secret-key"]
    for name in REPORTS:
        assert KEY[4:12] not in (folder / name).read_text(encoding="utf-8")
