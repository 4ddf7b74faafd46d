"""What each pack takes, and what it drops."""

from __future__ import annotations

import pytest
import yaml

from curate.policy.catalogue import load_pack, load_rules
from curate.policy.choose import choose

RULES = load_rules()
CHOSEN = {name: choose(RULES, load_pack(name)) for name in ("default", "strict", "gate", "all")}


def dropping(name):
    return {code for code, rule in CHOSEN[name].items() if rule.action == "drop"}


def test_no_pack_edits_unasked():
    for chosen in CHOSEN.values():
        assert all(rule.action != "edit" for rule in chosen.values())


def test_the_default_pack_takes_every_rule_as_its_file_says():
    assert CHOSEN["default"] == {c: r for c, r in RULES.items() if r.action != "edit"}


def test_all_drops_no_more_than_the_default():
    assert CHOSEN["all"] == CHOSEN["default"]
    assert load_pack("all").every_signal


def test_strict_drops_all_that_the_default_drops_and_more():
    assert dropping("default") < dropping("strict")
    assert CHOSEN["strict"].keys() == CHOSEN["default"].keys()


def test_what_is_a_matter_of_taste_drops_in_no_pack():
    info = {code for code, rule in RULES.items() if rule.severity == "info"}
    for name in CHOSEN:
        assert dropping(name) & info <= {"repetition-passages"}


def test_the_gate_leaves_taste_out():
    assert {RULES[code].severity for code in CHOSEN["gate"]} <= {"error", "warning", "info"}
    families = {code.partition("-")[0] for code in CHOSEN["gate"]}
    assert families.isdisjoint({"readability", "too", "llm", "truncated", "toxicity", "language"})
    assert {"secret-key", "pii-email", "turn-empty", "duplicate-exact"} <= dropping("gate")


@pytest.mark.parametrize("name", ["default", "strict", "gate", "all"])
def test_every_word_of_a_pack_names_a_rule(name):
    pack = load_pack(name)
    for word in (*pack.select, *pack.ignore, *pack.actions, *pack.thresholds):
        assert word == "all" or any(c == word or c.startswith(f"{word}-") for c in RULES), word


def test_a_pack_of_one_s_own(tmp_path):
    (tmp_path / "packs").mkdir()
    own = {"name": "mine", "what": "Mine.", "select": ["pii"], "actions": {"pii-email": "drop"}}
    (tmp_path / "packs" / "mine.yaml").write_text(yaml.safe_dump(own))
    chosen = choose(load_rules([tmp_path]), load_pack("mine", [tmp_path]))
    assert {code.partition("-")[0] for code in chosen} == {"pii"}
    assert chosen["pii-email"].action == "drop"
