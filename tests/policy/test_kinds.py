"""A rule that compares unlike things is refused when it is loaded, naming file, key and kinds."""

from __future__ import annotations

import pytest
import yaml

from curate.errors import RuleError
from curate.policy.catalogue import load_own, load_rules
from curate.policy.kinds import check_kinds
from curate.policy.rule import Rule

RULE = {
    "code": "odd",
    "name": "Odd",
    "what": "Odd.",
    "why": "Odd.",
    "action": "flag",
    "severity": "info",
    "threshold": 3,
    "examples": {"hits": [{"instruction": "a", "output": "b"}], "misses": [{"messages": []}]},
}
REFUSED = [
    # when, words of the error
    ("response_tokens > 'x'", r"response_tokens \(a number\) with 'x' \(a text\)"),
    ("'x' = response_tokens", r"'x' \(a text\) with response_tokens \(a number\)"),
    ("turn_order > 3", r"turn_order \(a text\) with 3 \(a number\)"),
    ("turn_order > threshold", r"with threshold \(a number\)"),
    ("format = response_tokens", r"format \(a text\) with response_tokens"),
    ("echo_asked = 'yes'", r"echo_asked \(yes or no\) with 'yes' \(a text\)"),
    ("echo_asked > 1", r"\(yes or no\) with 1 \(a number\)"),
    ("response_tokens = true", r"with true \(yes or no\)"),
    ("response_tokens like '1%'", r"response_tokens \(a number\) with '1%'"),
    ("response_tokens + 1 > turn_order", r"1 \(a number\) with turn_order"),
    ("(turn_order) > 1", "turn_order is a text"),
    ("response_tokens in ('a')", "response_tokens is a number"),
    ("response_tokens between 'a' and 'b'", "response_tokens is a number"),
    ("turn_order * 2 = 4", "turn_order is a text"),
    ("echo_asked and turn_order", "echo_asked is yes or no; turn_order is a text"),
    ("not turn_order", "turn_order is a text"),
    ("response_tokens", "neither true nor false but a number"),
    ("turn_order", "neither true nor false but a text"),
]


@pytest.mark.parametrize(("when", "says"), REFUSED)
def test_unlike_things_are_not_compared(tmp_path, when, says):
    (tmp_path / "odd.yaml").write_text(yaml.safe_dump(RULE | {"when": when}))
    with pytest.raises(RuleError, match=rf"odd\.yaml: when: .*{says}"):
        load_own((tmp_path,))


HOLDS = [
    "echo_asked",
    "not echo_asked and response_tokens > threshold",
    "echo_asked = true or echo_asked is null",
    "response_tokens + 1 > prompt_tokens * 2 - -1",
    "response_tokens between 1 and threshold",
    "response_tokens > 1.5",
    "turn_order like '%uu%' and format in ('alpaca', 'chatml')",
    "format = source",
    "not (response_tokens > 2) and turn_order like '%u'",
    "equation_found <> equation_expected",
    "pii_at is not null and emails is null",
]


@pytest.mark.parametrize("when", HOLDS)
def test_like_things_are(when):
    check_kinds(Rule.model_validate(RULE | {"when": when, "column": "turn_order"}))


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"twin": "response_tokens"}, "twin: response_tokens is a number"),
        ({"twin": "pii_at"}, "twin: pii_at is a list"),
        ({"column": "pii_at"}, "column: pii_at is a list"),
    ],
)
def test_evidence_and_twin_can_be_shown(keys, says):
    rule = Rule.model_validate(RULE | {"when": "response_tokens > 1"} | keys)
    with pytest.raises(RuleError, match=says):
        check_kinds(rule)


def test_all_of_curate_s_own_compare_like_with_like():
    for rule in load_rules().values():
        check_kinds(rule)
