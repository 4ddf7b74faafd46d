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
from curate.formats.preference import Preference
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


def written(value):
    """JSON as a conversion writes it: white space and escapes are spelling."""
    return json.dumps(value, ensure_ascii=False)


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


function = st.fixed_dictionaries({"name": text, "arguments": arguments.map(written)})
call = st.fixed_dictionaries({"id": text, "type": st.just("function"), "function": function})
openai_turn = (
    st.fixed_dictionaries(
        {"role": st.sampled_from(["system", "user", "assistant"]), "content": text},
        optional={"mood": text, "name": text, "weight": st.sampled_from([0.0, 1.0])},
    )
    | st.fixed_dictionaries(
        {
            "role": st.just("assistant"),
            "content": st.none() | text.filter(bool),
            "tool_calls": st.lists(call, min_size=1, max_size=2),
        }
    )
    | st.fixed_dictionaries(
        {"role": st.just("tool"), "content": text, "tool_call_id": text}, optional={"name": text}
    )
    | st.fixed_dictionaries(
        {
            "role": st.just("user"),
            "content": st.lists(
                st.fixed_dictionaries({"type": st.just("text"), "text": text})
                | st.fixed_dictionaries({"type": st.just("image"), "image": text}),
                min_size=1,
                max_size=2,
            ),
        }
    )
)
chatml = st.builds(
    lambda turns, more: {"messages": turns} | more,
    st.lists(openai_turn, min_size=1, max_size=4),
    extras,
)
answer = text | st.lists(
    st.fixed_dictionaries({"role": st.just("assistant"), "content": text}), min_size=1, max_size=2
)
preference = st.builds(
    lambda asked, chosen, rejected, more: asked | {"chosen": chosen, "rejected": rejected} | more,
    st.fixed_dictionaries({"prompt": text})
    | st.fixed_dictionaries({"instruction": text, "input": text})
    | st.fixed_dictionaries({"question": text})
    | st.fixed_dictionaries(
        {
            "prompt": st.lists(
                st.fixed_dictionaries({"role": st.just("user"), "content": text}),
                min_size=1,
                max_size=2,
            )
        }
    ),
    answer,
    answer,
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


def filled(record):
    """The record with an empty `input` where it has none: Alpaca's own spelling of it."""
    return record | ({"input": ""} if record.get("input") is None else {})


@given(record=alpaca(), target=st.sampled_from(["chatml", "sharegpt"]))
def test_alpaca_comes_back_as_it_went(record, target):
    chat = to_format(record, target)
    assert detect(chat) == target
    assert said(chat) == said(record)
    assert "null" not in json.dumps(chat.get("messages", chat.get("conversations")))
    assert filled(to_format(chat, "alpaca")) == filled(record)


@given(record=alpaca())
def test_alpaca_comes_back_through_both_chat_formats(record):
    there = to_format(to_format(record, "chatml"), "sharegpt")
    assert filled(to_format(to_format(there, "chatml"), "alpaca")) == filled(record)


@given(record=sharegpt)
def test_sharegpt_with_tools_comes_back_as_it_went(record):
    chat = to_format(record, "chatml")
    assert says(chat) == says(record)
    assert to_format(chat, "sharegpt") == record


@given(record=chatml)
def test_chatml_comes_back_as_it_went_or_is_refused(record):
    chat = converted(record, "sharegpt")
    if isinstance(chat, str):
        assert "ShareGPT has no place for" in chat
        return
    assert detect(chat) == "sharegpt"
    assert says(chat) == says(record)
    back = to_format(chat, "chatml")
    assert plain(back) == plain(record)


def converted(record, target):
    """The record in the target format, or what it can't hold."""
    try:
        return to_format(record, target)
    except OutputError as error:
        return str(error)


def plain(record):
    """The record with a lone text part as a text, which is mere spelling."""
    turns = [
        {**turn, "content": turn["content"][0]["text"]}
        if isinstance(turn["content"], list)
        and len(turn["content"]) == 1
        and turn["content"][0].keys() == {"type", "text"}
        else turn
        for turn in record["messages"]
    ]
    return {**record, "messages": turns}


@given(record=chatml)
def test_chatml_comes_back_from_alpaca_or_is_refused(record):
    flat = converted(record, "alpaca")
    if isinstance(flat, str):
        assert flat.startswith("turn ")
        return
    assert plain(to_format(flat, "chatml")) == plain(record)


@given(record=preference)
def test_a_pair_is_the_same_pair_in_turns(record):
    made = load(record)
    row = Row(messages=made.messages(), rejected=made.rejected())
    turns = Preference.from_row(row)
    assert detect(turns) == "preference"
    assert shape(load(turns)) == shape(made)
    for target in ("alpaca", "chatml", "sharegpt"):
        with pytest.raises(OutputError, match="rejected: "):
            to_format(record, target)


def shape(made):
    return [(one.role, one.text) for one in (*made.messages(), *made.rejected())]


@given(record=alpaca() | sharegpt | chatml | preference)
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


def test_integers_of_any_size_go_through():
    record = {"messages": [ASK, {**SAY, "content": None, "tool_calls": [CALL]}], "seed": 2**70}
    row = Row(format="chatml", raw=json.dumps(record).encode(), source="", line=1)
    assert to_format(row, "sharegpt")["seed"] == 2**70


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


@pytest.mark.parametrize(
    ("record", "drop", "made"),
    [
        (
            {"instruction": "q", "input": "c", "output": "a", "id": 1},
            {"context"},
            [{"role": "user", "content": "q\n\nc"}, {"role": "assistant", "content": "a"}],
        ),
        (
            {"prompt": "q", "completion": "a", "label": True},
            {"label"},
            [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}],
        ),
        (
            {"prompt": "q", "chosen": "a", "rejected": "b"},
            {"rejected"},
            [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}],
        ),
        (
            {"conversations": [{"from": "human", "value": "q", "mood": "sad"}]},
            {"mood"},
            [{"role": "user", "content": "q"}],
        ),
    ],
)
def test_what_may_be_lost_is_left_out(record, drop, made):
    assert to_format(record, "chatml", drop=drop)["messages"] == made


def test_names_and_weights_may_be_lost_on_the_way_to_sharegpt():
    record = {"messages": [{"role": "user", "content": "q", "name": "Ann", "weight": 0.0}]}
    assert to_format(record, "sharegpt", drop={"name", "weight"}) == {
        "conversations": [{"from": "human", "value": "q"}]
    }
