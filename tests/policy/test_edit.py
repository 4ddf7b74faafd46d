"""Edits touch what they name, nothing else, and nothing twice."""

from __future__ import annotations

import ast
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate import formats
from curate.errors import RuleError
from curate.ingest import Ingest
from curate.policy import edit
from curate.policy.catalogue import load_rules
from curate.policy.rule import Rule
from curate.read import Record

EDITS = {code: rule for code, rule in load_rules().items() if rule.action == "edit"}


def alpaca(instruction="q", given="", output="a"):
    return {"instruction": instruction, "input": given, "output": output}


def chat(*turns):
    return {"messages": [{"role": role, "content": text} for role, text in turns]}


def edited(record, *codes):
    """The record after the edits of these codes, or of all; itself where nothing changed."""
    rules = [EDITS[code] for code in codes] if codes else list(EDITS.values())
    after, _ = edit.apply(formats.load(record), edit.prepared(rules))
    return record if after is None else after


def rule(code="x-edit", **changes):
    made = {
        "code": code,
        "name": "n",
        "what": "w",
        "why": "w",
        "match": [{"in": "response", "any": ["a"]}],
        "action": "edit",
        "severity": "info",
        "fix": {"replace": "a", "by": "b"},
        "examples": {"hits": [alpaca()], "misses": [alpaca(output="c")]},
    }
    return Rule.model_validate(made | changes)


def test_the_order_is_declared():
    assert [one.code for one in edit.in_order(EDITS.values())] == [
        "fix-mojibake",
        "fix-invisible",
        "fix-escaped-newline",
        "fix-template-token",
        "fix-noinput",
        "fix-noinput-response",
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (alpaca(output="cafÃ©"), alpaca(output="café")),
        (alpaca(output="ï»¿Title"), alpaca(output="Title")),  # the BOM that decoding lays bare goes
        (alpaca(output="â€œNoâ€\x9d, he saidâ€¦"), alpaca(output="“No”, he said…")),
        (alpaca(output="Blue.<|im_\u200bend|>"), alpaca(output="Blue.")),
        (alpaca(output="Ã\u200b©t"), alpaca(output="ét")),  # decoded in the second pass
        (alpaca(given="<noinput>"), alpaca()),
        (alpaca(given="\ufeffNo input"), alpaca()),
        (alpaca("[INST] q [/INST]"), alpaca()),
        (alpaca(output="a</s></s>\n"), alpaca()),
        (alpaca(output=r"One.\nTwo.\n\nthree"), alpaca(output="One.\nTwo.\n\nthree")),
        (
            chat(("user", "q<|im_end|>"), ("assistant", "a<|im_end|>")),
            chat(("user", "q"), ("assistant", "a")),
        ),
    ],
)
def test_mended(before, after):
    assert edited(before) == after


@pytest.mark.parametrize(
    "record",
    [
        alpaca(
            output="    if x:\n        return '  '\n\treturn x  \n\n"
        ),  # leading and last spaces
        alpaca(output="x² + ½ ≠ ﬁ Ⅷ ㎏ …"),  # NFKC would rewrite each
        alpaca(output="“Don’t” – ‘it’s’ «so»\r\n\r\nl’été à 25 °C"),  # quotes and line ends
        alpaca(output="e\u0301 and é"),  # neither composed nor taken apart
        alpaca("<noinput>", output="<noinput>"),  # not the field that the rule names
        alpaca(output="👩‍🔬 می‌خواهم שלום\u200f!"),
        alpaca(output="Blue.<|im_end|> Or red."),  # a token in the middle
        alpaca("What does <|im_end|> mean?", output="It ends a turn: <|im_end|>"),
        alpaca(output=r"C:\new\notes and \nu"),
        alpaca(output="print('a\\nB')"),
        alpaca("Explain mojibake.", output="cafÃ© is café."),
        {"conversations": [{"from": "function_call", "value": '{"a": "cafÃ©"}'}]},  # calls stay
    ],
)
def test_left_alone(record):
    before = json.dumps(record)
    assert edit.apply(formats.load(record), edit.prepared(EDITS.values())) == (None, [])
    assert json.dumps(record) == before


def test_the_rest_of_the_record_stays():
    record = {"id": 7, "output": "a</s>", "tags": ["</s>"], "instruction": "q", "note": "</s>"}
    after = edited(record)
    assert after == {**record, "output": "a"}
    assert list(after) == list(record)


@pytest.mark.parametrize("place", ["prompt", "response", "system", "input", "any"])
def test_only_the_named_place_changes(place):
    record = {**alpaca("a", "a", "a"), "system": "a", "history": [["a", "a"]]}
    one = rule(match=[{"in": place, "any": ["a"]}])
    after, codes = edit.apply(formats.load(record), edit.prepared([one]))
    changed = {
        "prompt": {"instruction": "b", "input": "b", "history": [["b", "a"]]},
        "input": {"input": "b"},
        "response": {"output": "b", "history": [["a", "b"]]},
        "system": {"system": "b"},
        "any": {**alpaca("b", "b", "b"), "system": "b", "history": [["b", "b"]]},
    }[place]
    assert after == record | changed
    assert codes == ["x-edit"]


def test_a_clause_chooses_the_texts_and_the_others_the_records():
    one = rule(
        match=[
            {"in": "any", "any": ["a"], "unless": ["keep"]},
            {"in": "prompt", "none": ["code"]},
            {"in": "response", "any": ["!"]},
        ]
    )
    load = formats.load
    assert edit.apply(load(alpaca("a keep", "", "a!")), edit.prepared([one]))[0] == alpaca(
        "a keep", "", "b!"
    )
    assert edit.apply(load(alpaca("a code", "", "a!")), edit.prepared([one]))[0] is None
    assert edit.apply(load(alpaca("a", "", "a")), edit.prepared([one]))[0] is None


def test_rules_that_undo_each_other_are_refused():
    there = rule("x-there")
    back = rule("x-back", match=[{"in": "response", "any": ["b"]}], fix={"replace": "b", "by": "a"})
    with pytest.raises(RuleError, match="undo each other's edits: x-there, x-back"):
        edit.apply(formats.load(alpaca()), edit.prepared([there, back]))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"match": [{"in": "last_response", "any": ["a"]}]}, "can't tell last_response"),
        ({"match": [{"in": "any", "none": ["a"]}]}, "first clause says with `any`"),
        ({"match": [{"in": "any", "any": [r"\x{200b}"]}]}, "must suit Python's re too"),
        ({"fix": {"replace": "(", "by": ""}}, "must suit Python's re too"),
        ({"fix": {"function": "fix_all"}}, "no function 'fix_all'; there are decoded"),
    ],
)
def test_what_could_not_be_applied_is_refused(changes, words):
    with pytest.raises(RuleError, match=words):
        edit.check(rule(**changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"match": [], "when": "turn_order = 'ua'"}, "before all measuring"),
        ({"when": "turn_order = 'ua'"}, "before all measuring"),
        ({"fix": {}}, "either `replace` or `function`"),
        ({"fix": {"replace": "a", "function": "decoded"}}, "either `replace` or `function`"),
    ],
)
def test_what_says_nothing_or_too_much_is_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        rule(**changes)


def test_ingest_reads_the_edited_record():
    raw = json.dumps(alpaca(given="No input", output="caf\u00c3\u00a9</s>")).encode()
    row, change = Ingest(edits=EDITS)(Record("f", 1, raw, None))
    assert [turn.text for turn in row.messages] == ["q", "café"]
    assert row.raw == raw
    assert change.codes == ["fix-mojibake", "fix-template-token", "fix-noinput"]
    assert json.loads(change.after) == alpaca(output="café")


PIECES = st.sampled_from(
    [
        *(
            "Ã©",
            "â€™",
            "â€œ",
            "Â",
            "Ð¿",
            "\xa0",
            "\x96",
            "ï»¿",
            "\ufeff",
            "\u200b",
            "\u200d",
            "\u202e",
        ),
        *(
            "<|im_end|>",
            "<|im_start|>",
            "user",
            "</s>",
            "<s>",
            "[INST]",
            "[/INST]",
            "<|endoftext|>",
        ),
        *("<noinput>", "No input", "\\n", "\\r\\n", "\\t", "\n", "    ", " ", "`", "é", "’", "x²"),
        *("def f():\n    return 1\n", "A sentence.", "word", "B", "👩", "ی", "ש", "你好", ":", "."),
    ]
)
TEXT = st.one_of(st.lists(PIECES, max_size=12).map("".join), st.text(max_size=40))


@settings(max_examples=400, deadline=None)
@given(TEXT, TEXT, TEXT)
def test_a_second_run_changes_nothing(instruction, given, output):
    once = edited(alpaca(instruction, given, output))
    assert edit.apply(formats.load(once), edit.prepared(EDITS.values())) == (None, [])


@pytest.mark.parametrize("code", EDITS)
@settings(max_examples=150, deadline=None)
@given(text=TEXT)
def test_each_edit_alone_is_idempotent(code, text):
    once = edited(chat(("user", text), ("assistant", text)), code)
    assert edited(once, code) == once


@settings(max_examples=200, deadline=None)
@given(st.lists(PIECES, max_size=8).map("".join), st.sampled_from(["    ", "\t", "  "]))
def test_indentation_stays(text, indent):
    code = f"{indent}x = 1\n{indent}y = 2\n"
    output = edited(alpaca(output=code + text))["output"]
    assert output.startswith(code[:-1])
    ast.parse("if 1:\n" + output[: len(code) - 1])
