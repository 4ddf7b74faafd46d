"""An answer that nobody wants imitated is not judged as one; all else of its row is."""

from __future__ import annotations

import orjson
import pytest
from pydantic import ValidationError

from curate.decide import decide
from curate.ingest import Ingest, Refusal
from curate.policy.catalogue import load_rules
from curate.policy.rule import UNWANTED, Rule
from curate.read import Record
from curate.row import to_frame
from curate.score import Scorer, make_plan

RULES = load_rules()
ANSWERS = [code for code, rule in RULES.items() if rule.judges == "answer"]
ASK, SAY = ({"role": "user", "content": "Hi?"}, {"role": "assistant", "content": "No."})
TOOL = {"name": "f", "label": False}


def rows(*records, name="auto"):
    ingest = Ingest(name)
    made = [
        ingest(Record("test", line, orjson.dumps(one), None))[0]
        for line, one in enumerate(records, 1)
    ]
    assert not any(isinstance(row, Refusal) for row in made), made
    return made


def decided(records, rules):
    plan = make_plan(set().union(*(rule.reads for rule in rules.values())) | {UNWANTED})
    scorer = Scorer(plan, rules)
    scorer.add(to_frame(rows(*records)))
    scores, matches = scorer.finish()
    return scores, decide(scores, matches, rules)


CASES = [
    # record, whether its answer is unwanted
    ({"instruction": "Hi?", "output": "No."}, False),
    ({"messages": [ASK, SAY], "label": False}, True),
    ({"messages": [ASK, SAY], "label": True}, False),
    ({"messages": [ASK, SAY], "kto_tag": False}, True),
    ({"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}],
      "kto_tag": False}, True),
    ({"prompt": "Hi?", "completion": "No.", "label": False}, True),
    ({"instruction": "Hi?", "input": "", "output": "No.", "label": False}, True),
    # a class, not a verdict
    ({"instruction": "Hi?", "output": "No.", "label": "false"}, False),
    ({"instruction": "Hi?", "output": "No.", "label": 0}, False),
    # a key of a tool, or in a text
    ({"messages": [ASK, SAY], "label": True, "tools": [TOOL]}, False),
    ({"messages": [ASK, SAY], "tools": [TOOL]}, False),
    ({"messages": [ASK, {"role": "assistant", "content": '{"label":false}'}], "label": True},
     False),
    ({"messages": [ASK, SAY], "tools": [TOOL], "label": False}, True),
    # of two answers one is wanted
    ({"prompt": "Hi?", "chosen": "Yes.", "rejected": "No.", "label": False}, False),
    # weights
    ({"messages": [ASK, SAY | {"weight": 0}]}, True),
    ({"messages": [ASK, SAY | {"weight": 1}]}, False),
    ({"messages": [ASK, SAY | {"weight": 0}, ASK, SAY]}, False),
    ({"messages": [ASK, SAY | {"weight": 0}, ASK, SAY | {"weight": 0.0}]}, True),
    ({"conversations": [{"from": "human", "value": "a"},
                        {"from": "gpt", "value": "b", "weight": 0}]}, True),
]  # fmt: skip


@pytest.mark.parametrize(("record", "unwanted"), CASES)
def test_which_answers_are_unwanted(record, unwanted):
    scores, _ = decided([record], {})
    assert scores[UNWANTED].to_list() == [unwanted]


def test_who_names_the_format_says_that_a_label_is_a_class():
    scorer = Scorer(make_plan({UNWANTED}), {})
    record = {"instruction": "Hi?", "output": "No.", "label": False}
    scorer.add(to_frame(rows(record, name="alpaca")))
    assert scorer.finish()[0][UNWANTED].to_list() == [False]


def labelled(example, label):
    """An example with a verdict beside its answer; None for one that can have none."""
    *before, last = example if isinstance(example, list) else [example]
    record = {key: value for key, value in last.items() if key not in {"chosen", "rejected"}}
    return None if record != last else [*before, record | {"label": label}]


@pytest.mark.parametrize("code", ANSWERS)
def test_rules_over_answers_leave_unwanted_ones_alone(code):
    """The same rows hit where the verdict is good, but for rules that ask for a format."""
    rule = RULES[code]
    shown = {True: 0, False: 0}
    for example in rule.examples.hits:
        for label in (True, False):
            records = labelled(example, label)
            if records is not None:
                _, decision = decided(records, {code: rule})
                shown[label] += len(records) - 1 in decision.findings["row"].to_list()
    assert shown[False] == 0
    assert shown[True] > 0 or rule.examples.among or rule.examples.measured
    # some are seen only among many others, or by a language model


def test_what_is_unsafe_or_broken_is_found_in_them_all_the_same():
    texts = {
        "pii-email": "Write to jane.miller@posteo.de, she knows.",
        "template-token": "Yes.<|im_end|> And more.",
        "encoding-mojibake": "The cafÃ© is open.",
        "empty-response": "",
    }
    for code, text in texts.items():
        record = {"instruction": "Where?", "input": "", "output": text, "label": False}
        _, decision = decided([record], {code: RULES[code]})
        assert decision.findings["code"].to_list() == [code]


def test_an_unwanted_answer_counts_for_no_suspicion():
    """Half the rows of KTO data may be bad by purpose; the rule is not suspect for that."""
    refusal = "I'm sorry, but I can't help with that."
    records = [
        {"instruction": f"Name city number {one}.", "output": refusal, "label": one < 2}
        for one in range(40)
    ]
    _, decision = decided(records, {"refusal-answer": RULES["refusal-answer"]})
    assert decision.suspects == {}
    assert decision.ledger["disposition"].to_list() == ["dropped"] * 2 + ["kept"] * 38


@pytest.mark.parametrize("keys", [{"twin": "exact_duplicate_of"}, {"action": "edit"}])
def test_what_judges_no_answer_can_not_say_so(keys):
    made = RULES["refusal-answer"].model_dump() | {"judges": "answer"}
    with pytest.raises(ValidationError):
        Rule.model_validate(made | keys)
