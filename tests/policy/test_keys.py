"""Keys in what no rule looks at: errors, names of fields, tools."""

from __future__ import annotations

import json

import pytest

from curate.cli import main
from curate.config import Settings
from curate.pipeline import clean
from curate.policy.keys import mask_keys
from curate.report.story import story

KEY = "ghp_99mhZq4Lw81TxB7dKs02VnRfY6pJcEaU3gHi"  # opens nothing
AWS = "AKIA4QZ7LM2XW9RTB3NV"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"the keys are {AWS}, instruction", "the keys are AK…NV, instruction"),
        ("unknown key hf_" + "qWeRtYuIoPaSdFgHjKlZxCvBnMqWeRtYui", "unknown key hf…ui"),
        (f'found ({{"k":"{KEY[:12]}...)', 'found ({"k":"gh…...)'),
        ('found ({"password":"hunter2","a":1})', 'found ({"password":"…","a":1})'),
        ('found ({"api_key":"9f86d08...)', 'found ({"api_key":"…...)'),
        (f"unknown role 'ghp_\u200b{KEY[4:]}'", "unknown role 'gh…Hi'"),
        ("data/hf_train_2024_part_001.jsonl: is not there", None),
        ("expected text, found a number (42)", None),
        ("--set x...: no rule", None),
    ],
)  # fmt: skip
def test_keys_in_an_error_are_masked_whole_or_cut(text, said):
    assert mask_keys(text) == (text if said is None else said)


BAD = [{AWS: "x", "instruction": "y"}, {"instruction": {"k": KEY}, "output": "x"}]


@pytest.mark.parametrize("form", ["github", "json", "sarif", "junit", "text", "markdown"])
@pytest.mark.parametrize("bad", BAD)
def test_no_command_shows_a_key_of_a_refused_record(tmp_path, monkeypatch, capsys, bad, form):
    path = tmp_path / "rows.jsonl"
    good = {"instruction": "Hue?", "input": "", "output": "Blue."}
    path.write_text(f"{json.dumps(good)}\n{json.dumps(bad)}\n", encoding="utf-8")
    only = tmp_path / "only.jsonl"
    only.write_text(f"{json.dumps(bad)}\n", encoding="utf-8")
    for words in (
        ["check", path, "--output", form],
        ["check", only],
        ["clean", only, "-o", tmp_path / "out"],
        ["convert", only, tmp_path / "out.jsonl", "--to", "chatml"],
    ):
        monkeypatch.setattr("sys.argv", ["curate", *map(str, words)])
        with pytest.raises(SystemExit):
            main()
        said = "".join(capsys.readouterr())
        assert said
        assert AWS[4:9] not in said
        assert KEY[4:8] not in said


def test_why_masks_keys_beside_the_turns(tmp_path):
    record = {
        "messages": [{"role": "user", "content": "Go.", "name": KEY},
                     {"role": "assistant", "content": "Gone."}],
        "note": f"key {AWS}",
    }  # fmt: skip
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(record) + "\n", encoding="utf-8")
    clean([str(path)], tmp_path / "out", Settings())
    told = story(tmp_path / "out", "1")
    said = str(told.text(told.raw))
    assert "Gone." in said
    assert KEY[4:] not in said
    assert AWS[4:] not in said
    assert json.loads(str(told.unmasked().text(told.raw))) == record
