"""What the words of `--select`, `--ignore` and `--set` stand for."""

import pytest

from curate.errors import UsageError
from curate.policy.catalogue import load_pack, load_rules
from curate.policy.choose import choose

RULES = load_rules()


def chosen(**how):
    return choose(RULES, load_pack("default"), **how)


@pytest.mark.parametrize(
    ("word", "codes"),
    [
        ("pii-phone", {"pii-phone"}),  # pii-phone-stock begins so, too
        ("too-long", {"too-long"}),
        ("too-long-", {"too-long-for-file"}),
        ("json", {"json-invalid"}),
        ("empty-response-", {code for code in RULES if code.startswith("empty-response-")}),
    ],
)
def test_a_rules_own_name_is_that_rule_alone_and_else_its_family(word, codes):
    assert set(chosen(select=[word])) == codes
    assert set(chosen()) - set(chosen(ignore=[word])) == codes
    flagged = chosen(actions={word: "drop"}).values()
    assert {rule.code for rule in flagged if rule.suspect_above == 1.0} >= codes


@pytest.mark.parametrize("names", [("pii", "pii-email"), ("pii-email", "pii")])
def test_a_rules_own_action_counts_more_than_its_familys(names):
    said = {"pii": "drop", "pii-email": "flag"}
    rules = chosen(actions={name: said[name] for name in names})
    assert (rules["pii-email"].action, rules["pii-iban"].action) == ("flag", "drop")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("refusals", "refusal"),  # the family is nearer than any rule of it
        ("duplicats", "duplicate"),
        ("pil", "pii"),
        ("pii-emial", "pii-email"),
        ("template-tokens", "template-token"),
    ],
)
def test_of_rules_and_families_the_nearest_is_named(word, meant):
    for how in ({"select": [word]}, {"ignore": [word]}, {"actions": {word: "drop"}}):
        with pytest.raises(UsageError, match=f"did you mean '{meant}'\\?"):
            chosen(**how)


def test_a_threshold_of_a_family_is_answered_with_a_rule():
    with pytest.raises(UsageError, match="'repetition'; did you mean 'repetition-") as raised:
        chosen(thresholds={"repetition": 0.5})
    assert "'repetition'?" not in str(raised.value)
