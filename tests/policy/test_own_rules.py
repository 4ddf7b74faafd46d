"""Rules of the user's own: a run keeps what it read of them, and says where they differ since."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import orjson
import pytest
import yaml
from typer.testing import CliRunner

from curate import pipeline
from curate.cli import app
from curate.config import Settings
from curate.errors import RuleError
from curate.pipeline import clean, decide_again, report_again
from curate.policy.catalogue import load_own, load_rules
from curate.policy.pack import Own
from curate.policy.rule import Rule
from curate.report.story import story
from curate.run.lock import Lock, match_hash, read_lock
from curate.verification import not_compared, verify

EXAMPLES = {
    "hits": [{"instruction": "Name a colour.", "output": "Blue!"}],
    "misses": [{"instruction": "Name a colour.", "output": "Blue."}],
}
LOUD = {
    "code": "loud",
    "name": "Loud answer",
    "what": "The answer ends with an exclamation mark.",
    "why": "The model learns to shout.",
    "match": [{"in": "response", "any": ["!$"]}],
    "action": "drop",
    "severity": "warning",
    "suspect_above": 1,
    "examples": EXAMPLES,
}
CALM = LOUD | {"code": "calm", "action": "edit", "fix": {"replace": "!$", "by": "."}}
HOUSE = {"name": "house", "what": "Ours.", "select": ["loud"]}
ROWS = [
    {"instruction": f"Name thing number {one}.", "output": f"It is number {one}{'!.'[one % 2]}"}
    for one in range(6)
]


def write_rules(*rules, pack=HOUSE):
    folder = Path("my-rules")
    (folder / "packs").mkdir(parents=True, exist_ok=True)
    (folder / "packs" / "house.yaml").write_text(yaml.safe_dump(pack))
    for rule in rules:
        (folder / f"{rule['code']}.yaml").write_text(yaml.safe_dump(rule))


@pytest.fixture(autouse=True)
def desk(tmp_path, monkeypatch):
    """A folder with rules and data, in which paths are typed as they stand there."""
    here = tmp_path / "desk"
    here.mkdir()
    monkeypatch.chdir(here)
    write_rules(LOUD)
    Path("data.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in ROWS))
    return here


def run(**options):
    settings = {"pack": "house", "rules": ("my-rules",)} | options
    return clean("data.jsonl", "run", Settings(**settings), force=True)


def test_a_run_needs_no_folder_but_its_own(desk, tmp_path, monkeypatch):
    run()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.move(desk / "run", elsewhere / "run")
    shutil.rmtree(desk)
    monkeypatch.chdir(elsewhere)
    lock = read_lock(Path("run"))
    assert verify("run") == []
    assert story("run", "1").rules["loud"].what == LOUD["what"]
    assert report_again("run").settings == lock.settings
    flags = lock.settings.model_copy(update={"actions": {"loud": "flag"}})
    assert decide_again("run", flags, "other").counts["kept"] == 6
    assert verify("other") == []
    for words in (("verify", "run"), ("decide", "run", "--set", "too-long.threshold=9", "-q")):
        done = CliRunner().invoke(app, words)
        assert "my-rules" not in done.stderr
    assert CliRunner().invoke(app, ("undo", "run", "--rule", "loud")).output == (
        "kept 3 -> 6, dropped 3 -> 0\ntake this back: curate undo run --rule loud --back\n"
    )


def test_the_lock_is_the_same_wherever_the_folder_stands(desk, tmp_path, monkeypatch):
    run()
    shutil.copytree(desk, tmp_path / "other")
    monkeypatch.chdir(tmp_path / "other")
    run()
    assert (desk / "run/curate.lock").read_bytes() == Path("run/curate.lock").read_bytes()
    assert str(tmp_path) not in Path("run/curate.lock").read_text()
    assert str(tmp_path) not in Path("run/report.json").read_text()
    assert json.loads(Path("run/report.json").read_text())["settings"]["rules"] == ["my-rules"]


def test_a_rule_that_was_changed_is_told_and_applied_when_asked_for():
    run()
    write_rules(LOUD | {"action": "flag"}, pack=HOUSE | {"what": "Theirs."})
    told = verify("run")
    assert [line.partition(":")[0] for line in told] == ["rule loud", "pack house"]
    assert "curate decide DIR --rules my-rules" in told[0]
    kept = decide_again("run", read_lock(Path("run")).settings)
    assert kept.counts["dropped"] == 3
    assert CliRunner().invoke(app, ("decide", "run", "--rules", "my-rules", "-q")).exit_code == 0
    assert read_lock(Path("run")).counts["dropped"] == 0
    assert verify("run") == []
    Path("my-rules/loud.yaml").write_text("code: loud\ncolour: red\n")
    assert any("my-rules/loud.yaml" in line for line in verify("run"))


def test_facts_of_other_rules_are_derived_with_the_rules_that_made_them():
    """Fewer rules need nothing new; the facts then answer more than the lock's rules ask."""
    write_rules(LOUD | {"code": "noisy"})
    run(pack="default")
    Path("my-rules/noisy.yaml").unlink()
    shutil.rmtree("my-rules/packs")
    after = decide_again("run", Settings(rules=("my-rules",)))
    assert "noisy" not in after.rules
    assert "noisy" in after.measured.patterns
    assert verify("run") == []


def test_an_edit_that_was_changed_is_made_anew():
    write_rules(CALM)
    run(select=("calm",))
    assert b"number 0." in Path("run/core.jsonl").read_bytes()
    write_rules(CALM | {"fix": {"replace": "!$", "by": ", it is."}})
    decide_again("run", Settings(select=("calm",), rules=("my-rules",)))
    assert b"number 0, it is." in Path("run/core.jsonl").read_bytes()
    assert verify("run") == []


@pytest.mark.parametrize("key", ["curate", "polars"])
def test_what_other_versions_measured_is_measured_anew(key, monkeypatch):
    """The new lock names the versions that run now, and verify holds it to them."""
    lock = run()
    measured = []
    asked = pipeline.measure
    monkeypatch.setattr(pipeline, "measure", lambda *all_: measured.append(1) or asked(*all_))
    decide_again("run", lock.settings)
    assert not measured
    path = Path("run/curate.lock")
    was = lock.curate if key == "curate" else lock.versions[key]
    path.write_text(path.read_text().replace(f'"{key}": "{was}"', f'"{key}": "0.0.1"'))
    assert decide_again("run", lock.settings).versions == lock.versions
    assert measured
    assert verify("run") == []


@pytest.mark.parametrize(
    "change",
    [
        {"fix": {"replace": "!$", "by": ""}},
        {"fix": {"replace": "!+$", "by": "."}},
        {"fix": {"function": "decoded"}},
        {"fix": {"replace": "!$", "by": ".", "order": 3}},
        {"mask": True},
        {"match": [{"in": "any", "any": ["!$"]}]},
    ],
)
def test_all_that_shapes_a_fact_is_in_the_hash(change):
    assert match_hash(Rule(**CALM | change)) != match_hash(Rule(**CALM))
    assert match_hash(Rule(**CALM | {"name": "Other", "why": "Other."})) == match_hash(Rule(**CALM))


def test_what_is_gone_is_named_and_no_difference():
    run()
    assert not_compared("run") == []
    Path("data.jsonl").unlink()
    shutil.rmtree("my-rules")
    assert verify("run") == []
    gone = not_compared("run")
    assert [line.partition(":")[0] for line in gone] == ["data.jsonl", "my-rules"]
    assert all("verify from the folder in which the run was made" in line for line in gone)
    done = CliRunner().invoke(app, ("verify", "run"))
    assert done.exit_code == 0
    assert done.output.splitlines()[:2] == gone
    assert CliRunner().invoke(app, ("verify", "run", "--quiet")).output == ""


def test_verify_speaks_json():
    run()
    good = CliRunner().invoke(app, ("verify", "run", "--json"))
    assert (good.exit_code, json.loads(good.stdout)) == (
        0,
        {"agrees": True, "differences": [], "not_compared": []},
    )
    Path("run/core.jsonl").write_text("")
    bad = CliRunner().invoke(app, ("verify", "run", "--json"))
    said = json.loads(bad.stdout)
    assert (bad.exit_code, said["agrees"]) == (1, False)
    assert said["differences"] == ["core.jsonl: changed since the run"]


def test_what_yaml_can_say_comes_back_from_the_lock_as_it_went_in():
    """Dates, and numbers that JSON's fastest writer refuses."""
    odd = {"day": "2024-02-29", "big": 2**70, "none": None, "real": 1.5}
    example = EXAMPLES["hits"][0] | odd
    write_rules(LOUD | {"examples": EXAMPLES | {"hits": [example]}})
    path = Path("my-rules/loud.yaml")
    path.write_text(path.read_text().replace("'2024-02-29'", "2024-02-29"))
    lock = run()
    assert Lock.model_validate_json(lock.model_dump_json()) == read_lock(Path("run"))
    assert verify("run") == []


def test_a_later_folder_goes_before_an_earlier_one():
    shutil.move("my-rules", "ours")
    write_rules(LOUD | {"name": "Louder"})
    own = load_own(("ours", "my-rules"))
    assert isinstance(own, Own)
    assert load_rules(own)["loud"].name == load_rules(("ours", "my-rules"))["loud"].name == "Louder"
    assert load_rules(("my-rules", "ours"))["loud"].name == LOUD["name"]


def test_a_pack_that_is_none_is_refused_by_name():
    Path("my-rules/packs/house.yaml").write_text("name: house\n")
    with pytest.raises(RuleError, match=r"house\.yaml: what"):
        load_own(("my-rules",))
