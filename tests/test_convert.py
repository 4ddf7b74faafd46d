"""There and back: nothing is lost, or it is said what would be."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.convert import to_format
from curate.errors import InputError, OutputError
from curate.formats import detect, load
from curate.row import Row

text = st.text(max_size=12)
extras = st.dictionaries(st.sampled_from(["id", "category", "score", "tags"]), st.integers())


@st.composite
def alpaca(draw):
    record = {"instruction": draw(text), "output": draw(text)} | draw(extras)
    for key, values in (
        ("input", st.none() | text),
        ("system", st.none() | text),
        ("history", st.none() | st.lists(st.lists(text, min_size=2, max_size=2), max_size=2)),
    ):
        if draw(st.booleans()):
            record[key] = draw(values)
    return record


arguments = st.dictionaries(text, st.integers() | text, max_size=2)
call_value = st.fixed_dictionaries({"name": text, "arguments": arguments})
call_text = st.builds(
    json.dumps,
    call_value | st.lists(call_value, min_size=2, max_size=2),
    ensure_ascii=st.booleans(),
)
spoken = st.fixed_dictionaries(
    {"from": st.sampled_from(["human", "gpt", "observation", "system"]), "value": text},
    optional={"mood": text},
)
called = st.fixed_dictionaries({"from": st.just("function_call"), "value": call_text})
sharegpt = st.builds(
    lambda turns, tools, more: {"conversations": turns} | tools | more,
    st.lists(spoken | called, min_size=1, max_size=5),
    st.sampled_from([{}, {"tools": "[]"}, {"tools": [{"name": "f"}]}]),
    extras,
)


def said(record):
    return [(message.role, message.text) for message in load(record).messages()]


def says(record):
    """The conversation without what calls look like."""
    return [
        (message.role, "" if message.tool_calls else message.text)
        for message in load(record).messages()
    ]


@given(record=alpaca(), target=st.sampled_from(["chatml", "sharegpt"]))
def test_alpaca_comes_back_as_it_went(record, target):
    chat = to_format(record, target)
    assert detect(chat) == target
    assert said(chat) == said(record)
    assert to_format(chat, "alpaca") == record


@given(record=alpaca())
def test_alpaca_comes_back_through_both_chat_formats(record):
    there = to_format(to_format(record, "chatml"), "sharegpt")
    assert to_format(to_format(there, "chatml"), "alpaca") == record


@given(record=sharegpt)
def test_sharegpt_with_tools_comes_back_as_it_went(record):
    chat = to_format(record, "chatml")
    assert says(chat) == says(record)
    assert to_format(chat, "sharegpt") == record


@given(record=alpaca() | sharegpt)
def test_the_same_format_is_the_same_record(record):
    assert to_format(record, detect(record)) is record


def test_calls_are_spelled_as_the_target_spells_them():
    value = '{"name": "f", "arguments": {"x": "é"}, "id": "call_1"}'
    chat = to_format({"conversations": [{"from": "function_call", "value": value}]}, "chatml")
    function = {"name": "f", "arguments": '{"x": "é"}'}
    assert chat["messages"] == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "call_1", "type": "function", "function": function}],
        }
    ]


def test_keys_keep_their_place():
    chat = to_format({"id": 1, "instruction": "q", "output": "a", "score": 2}, "chatml")
    assert list(chat) == ["id", "messages", "score"]


ASK, SAY = {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}
CALL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
SYSTEM = {"role": "system", "content": "s"}


@pytest.mark.parametrize(
    ("record", "target", "words"),
    [
        ({"messages": [ASK, {**SAY, "weight": 0}]}, "sharegpt", "turn 2: .* no place for weight"),
        ({"messages": [{**ASK, "name": "Al"}]}, "sharegpt", "turn 1: .* no place for name"),
        (
            {"messages": [{**SAY, "tool_calls": [CALL]}]},
            "sharegpt",
            "turn 1: .* text beside tool_calls",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "image"}]}]},
            "sharegpt",
            "turn 1: .* content in parts",
        ),
        ({"messages": [ASK, {**SAY, "weight": 0}]}, "alpaca", "turn 2: .* no place for weight"),
        ({"messages": [{**ASK, "name": "Al"}, SAY]}, "alpaca", "turn 1: .* no place for name"),
        (
            {"messages": [ASK, {"role": "assistant", "content": None, "tool_calls": [CALL]}]},
            "alpaca",
            "turn 2: .* no place for tool_calls",
        ),
        ({"messages": [ASK, {**SAY, "mood": "x"}]}, "alpaca", "turn 2: .* no place for mood"),
        ({"messages": [SYSTEM, SYSTEM, ASK, SAY]}, "alpaca", "turn 2: .* found system"),
        ({"messages": [SAY, ASK, SAY]}, "alpaca", "turn 1: .* found assistant"),
        ({"messages": [ASK, ASK, SAY]}, "alpaca", "turn 2: .* found user"),
        ({"messages": [ASK]}, "alpaca", "turn 2: .* an answer at the end"),
        ({"messages": [SYSTEM]}, "alpaca", "turn 2: .* an answer at the end"),
        ({"messages": [ASK, SAY], "tools": "[1]"}, "alpaca", "tools: "),
        ({"messages": [ASK, SAY], "output": "x"}, "alpaca", "output: alpaca needs this key"),
        ({"instruction": "q", "output": "a", "label": True, "x": 1}, "chatml", "label: "),
        (
            {"conversations": [{"from": "function_call", "value": "no"}]},
            "chatml",
            "turn 1: .* no J",
        ),
        ({"prompt": "q", "chosen": "a", "rejected": "b"}, "chatml", "rejected: "),
        ({"messages": [ASK, SAY], "label": True}, "sharegpt", "label: "),
        ({"messages": [ASK, SAY]}, "preference", "needs a rejected answer"),
        ({"conversations": [SAY], "chosen": "a"}, "chatml", "rejected: missing"),
    ],
)
def test_what_a_target_can_not_hold_is_named(record, target, words):
    with pytest.raises((OutputError, InputError), match=words):
        to_format(record, target)


def test_an_error_names_the_row():
    record = {"messages": [ASK]}
    row = Row(
        id="1",
        messages=load(record).messages(),
        format="chatml",
        raw=orjson.dumps(record),
        source="chat.jsonl",
        line=7,
    )
    with pytest.raises(OutputError, match=r"chat\.jsonl:7: turn 2: "):
        to_format(row, "alpaca")
    assert to_format(row, "sharegpt")["conversations"] == [{"from": "human", "value": "q"}]


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"text": "a"}, "no known format has the keys text"),
        ({"instruction": "q", "output": 1}, "output: expected text"),
    ],
)
def test_what_can_not_be_read_can_not_be_converted(record, words):
    with pytest.raises(InputError, match=words):
        to_format(record, "chatml")
