"""Clauses over the exchange in which something was found."""

import pytest
from pydantic import ValidationError

from curate.policy.match import match
from curate.policy.rule import Rule
from curate.row import Message, Row, to_frame

RULE = {
    "code": "none-answer",
    "name": "None",
    "what": "None",
    "why": "None",
    "action": "flag",
    "severity": "info",
    "examples": {"hits": [{}], "misses": [{}]},
}


def rule(*clauses):
    return Rule.model_validate({**RULE, "match": clauses})


def turns(*said):
    roles = ("user", "assistant")
    return Row(
        messages=tuple(Message(role=roles[at % 2], content=one) for at, one in enumerate(said))
    )


def found(rule, *rows):
    return [tuple(one) for one in match(to_frame(rows), [rule]).select("row", "turn").iter_rows()]


NONE = {"in": "response", "any": ["^None$"]}
HOW_MANY = {"in": "question", "none": ["how many"]}


def test_another_exchange_excuses_nothing():
    row = turns("How many moons has Venus?", "None", "Describe a mango.", "None")
    assert found(rule(NONE, HOW_MANY), row) == [(0, 4)]
    assert found(rule(NONE, {**HOW_MANY, "in": "prompt"}), row) == []


def test_the_own_question_excuses():
    assert found(rule(NONE, HOW_MANY), turns("How many moons has Venus?", "None")) == []
    with_any = rule(NONE, {"in": "question", "any": ["^describe"]})
    assert found(with_any, turns("Describe a mango.", "None"), turns("Who?", "None")) == [(0, 2)]


def test_a_short_question_goes_on_from_the_one_before():
    row = turns("How many moons has Venus?", "Two.", "Is that so? Say it again.", "None")
    assert found(rule(NONE, HOW_MANY), row) == []


def test_after_a_prompt_the_question_is_that_turn():
    link = {"in": "prompt", "any": ["https?://"]}
    read = {"in": "question", "any": ["sum up"]}
    asks = turns("Sum up rain.", "Rain.", "Is https://a.example an address?", "Yes.")
    assert found(rule(link, read), asks) == []
    assert found(rule(link, read), turns("Sum up https://a.example", "Rain.")) == [(0, 1)]


@pytest.mark.parametrize(
    "clauses",
    [
        [HOW_MANY],
        [{"in": "input", "any": ["x"]}, HOW_MANY],
        [{"in": "response", "none": ["x"]}, HOW_MANY],
    ],
)
def test_a_question_needs_a_turn_before_it(clauses):
    with pytest.raises(ValidationError, match="question"):
        rule(*clauses)
