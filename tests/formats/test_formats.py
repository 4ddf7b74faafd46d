"""What each format reads, what it refuses, and in which words."""

from __future__ import annotations

import gzip
import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from curate.errors import UsageError
from curate.formats import apply_map, detect, explain, fields, formats, load, unknown, validate
from curate.row import Message
from curate.text.normalize import ROLES

CALL = {"type": "function", "function": {"name": "f", "arguments": "{}"}}
ASK = {"role": "user", "content": "q"}
SAY = {"role": "assistant", "content": "a"}
Q, A = Message("user", "q"), Message("assistant", "a")
NO_INPUT = Message("user", "q")


def shape(messages):
    return [(message.role, message.text) for message in messages]


def refusal(record, name=None):
    name = name or detect(record)
    with pytest.raises(ValidationError) as caught:
        validate(record, name).messages()
    return explain(caught.value, record, name)


# record, format, messages: why it must be read so
READ = [
    ({"instruction": "q", "input": "", "output": "a"}, "alpaca", (Message("user", "q", ""), A)),
    ({"instruction": "q", "output": "a"}, "alpaca", (NO_INPUT, A)),
    ({"instruction": "q", "input": None, "output": "a"}, "alpaca", (NO_INPUT, A)),  # CSV, Parquet
    ({"instruction": "q", "input": "c", "output": "a"}, "alpaca", (Message("user", "q", "c"), A)),
    ({"instruction": "", "output": "\u200b"}, "alpaca", None),  # empty text is for rules to judge
    ({"prompt": "q", "completion": "a"}, "alpaca", (NO_INPUT, A)),
    ({"question": "q", "answer": "a", "id": 3}, "alpaca", (NO_INPUT, A)),
    ({"query": "q", "response": "a"}, "alpaca", (NO_INPUT, A)),
    ({"input": "q", "target": "a"}, "alpaca", (NO_INPUT, A)),
    ({"inputs": "q", "targets": "a"}, "alpaca", (NO_INPUT, A)),
    ({"instruction": "q", "context": "c", "response": "a"}, "alpaca", (Q._replace(context="c"), A)),
    ({"prompt": "x", "instruction": "q", "response": "a"}, "alpaca", (NO_INPUT, A)),
    (
        {"system_prompt": "s", "question": "q", "response": "a"},
        "alpaca",
        (Message("system", "s"), NO_INPUT, A),
    ),
    (
        {"instruction": "q", "output": "a", "history": [["q1", "a1"]]},
        "alpaca",
        (Message("user", "q1"), Message("assistant", "a1"), NO_INPUT, A),
    ),
    ({"instruction": "q", "output": "a", "label": "news"}, "alpaca", (NO_INPUT, A)),  # a class
    ({"instruction": "q", "output": "a", "chosen": True}, "alpaca", (NO_INPUT, A)),  # a mark
    (
        {"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]},
        "sharegpt",
        (Q, A),
    ),
    ({"conversations": [ASK, SAY]}, "sharegpt", (Q, A)),
    ({"items": [{"from": "human", "value": "q"}]}, "sharegpt", (Q,)),
    ({"messages": [{"from": "human", "value": "q"}]}, "sharegpt", (Q,)),
    (
        {"conversation": [{"from": "human", "value": "q"}], "system": "s"},
        "sharegpt",
        (Message("system", "s"), Q),
    ),
    (
        {"conversations": [{"from": "function_call", "value": "{}"}], "tools": "[]"},
        "sharegpt",
        (Message("assistant", "", tool_calls="{}"),),
    ),
    (
        {"conversations": [{"from": "observation", "value": "42"}], "tools": []},
        "sharegpt",
        (Message("tool", "42"),),
    ),
    ({"messages": [ASK, SAY]}, "chatml", (Q, A)),
    ({"messages": [SAY, SAY, ASK]}, "chatml", (A, A, Q)),  # order is for rules to judge
    ({"messages": [ASK], "label": "news"}, "chatml", (Q,)),  # no verdict: a class
    ({"messages": [ASK, SAY], "problem": "p", "solution": "s"}, "chatml", (Q, A)),
    ({"messages": [ASK, SAY], "prompt": "q"}, "chatml", (Q, A)),  # the prompt is a mere key
    ({"prompt": [ASK], "completion": [SAY]}, "chatml", (Q, A)),
    ({"messages": [{"role": "developer", "content": "s"}]}, "chatml", (Message("system", "s"),)),
    (
        {"messages": [{"role": "assistant", "content": None, "tool_calls": [CALL]}]},
        "chatml",
        (Message("assistant", "", tool_calls=[CALL]),),
    ),
    (
        {"messages": [{"role": "assistant", "tool_calls": [CALL]}]},
        "chatml",
        (Message("assistant", "", tool_calls=[CALL]),),
    ),
    (
        {"messages": [{"role": "assistant", "content": None, "function_call": {"name": "f"}}]},
        "chatml",
        (Message("assistant", "", tool_calls=[{"name": "f"}]),),
    ),
    (
        {"messages": [{"role": "tool", "content": "r", "tool_call_id": "1", "name": "f"}]},
        "chatml",
        (Message("tool", "r", name="f", tool_call_id="1"),),
    ),
    ({"messages": [{**SAY, "weight": 0}]}, "chatml", (A._replace(weight=0.0),)),
    ({"messages": [{**SAY, "loss_weight": 1.0}]}, "chatml", (A._replace(weight=1.0),)),
    ({"messages": [{**SAY, "mood": "good"}]}, "chatml", (A._replace(extra={"mood": "good"}),)),
    (
        {"messages": [{"role": "user", "content": [{"type": "text", "value": "q"}]}]},
        "chatml",
        (Q,),
    ),
    ({"prompt": "q", "chosen": "a", "rejected": "b"}, "preference", (Q, A)),
    ({"question": "q", "chosen": "a", "rejected": "b"}, "preference", (Q, A)),
    ({"prompt": [ASK], "chosen": [SAY], "rejected": [SAY]}, "preference", (Q, A)),
    ({"prompt": "q", "chosen": [ASK, SAY], "rejected": [ASK, SAY]}, "preference", (Q, A)),
    ({"chosen": [ASK, SAY], "rejected": [ASK, SAY]}, "preference", (Q, A)),
    ({"chosen_messages": [ASK, SAY], "rejected_messages": [SAY]}, "preference", (Q, A)),
    ({"messages": [ASK], "chosen": SAY, "rejected": SAY}, "preference", (Q, A)),
    (
        {
            "conversations": [{"from": "human", "value": "q"}],
            "chosen": {"from": "gpt", "value": "a"},
            "rejected": {"from": "gpt", "value": "b"},
        },
        "preference",
        (Q, A),
    ),
    (
        {"instruction": "q", "input": "", "output": "x", "rejected": "b", "chosen": "a"},
        "preference",
        (Message("user", "q", ""), A),
    ),
    ({"messages": [ASK, SAY], "label": False}, "preference", (Q, A)),
    ({"prompt": "q", "completion": "a", "label": True}, "preference", (Q, A)),
    ({"instruction": "q", "output": "a", "kto_tag": True}, "preference", (Q, A)),
]


@pytest.mark.parametrize(("record", "name", "messages"), READ, ids=lambda value: str(value)[:60])
def test_a_record_is_recognised_and_read(record, name, messages):
    before = json.dumps(record)
    assert detect(record) == name
    read = validate(record, name)
    assert messages is None or read.messages() == messages
    assert load(record).messages() == read.messages()
    assert read.map_text(lambda _role, text: text) == record
    assert list(read.map_text(lambda _role, text: text)) == list(record)
    assert json.dumps(record) == before


def turns(*more):
    return {"conversations": [{"from": "human", "value": "q"}, *more]}


# record, what its refusal says: why it must not be read
REFUSED = [
    ({"instruction": "q"}, "output: missing; the keys are instruction; name the column"),
    ({"id": 1, "prompt": "q"}, "output: missing; the keys are id, prompt; name the column"),
    ({"output": "a"}, "instruction: missing"),
    ({"instruction": "q", "output": 42}, "output: expected text, found a number (42)"),
    ({"instruction": "q", "output": 2**70}, "output: expected text, found a number (11805916207"),
    ({"question": "q", "answer": 42}, "answer: expected text, found a number (42)"),
    ({"instruction": "q", "output": None}, "output: expected text, found null"),
    ({"instruction": ["q"], "output": "a"}, 'instruction: expected text, found a list (["q"])'),
    ({"instruction": "q", "input": {}, "output": "a"}, "input: expected text, found an object"),
    ({"instruction": "q", "output": True}, "output: expected text, found true"),
    ({"instruction": "q", "output": "a", "history": [["q"]]}, "history[0]: "),
    ({"conversations": "q"}, 'conversations: expected a list, found text ("q")'),
    ({"conversations": []}, "conversations: an empty list"),
    (turns("a"), 'conversations[1]: expected an object, found text ("a") (turn 2)'),
    (
        turns({"from": "bot2", "value": "a"}),
        "conversations[1].from: unknown role 'bot2'; known are system, developer, user, human",
    ),
    (turns({"value": "a"}), "conversations[1].from: missing (turn 2)"),
    (turns({"from": "gpt"}), "conversations[1].value: missing (turn 2)"),
    (turns({"role": "assistant"}), "conversations[1].content: missing (turn 2)"),
    (turns({"content": "a"}), "conversations[1].role: missing (turn 2)"),
    (
        turns({"from": "gpt", "value": None}),
        "conversations[1].value: null, and the turn calls no tool (turn 2)",
    ),
    (
        turns({"from": "gpt", "value": 4}),
        "conversations[1].value: expected text or a list, found a number (4) (turn 2)",
    ),
    ({"messages": []}, "messages: an empty list"),
    ({"messages": None}, "messages: expected a list, found null"),
    ({"messages": [{"role": "user"}]}, "messages[0].content: missing (turn 1)"),
    ({"messages": [{"content": "q"}]}, "messages[0].role: missing (turn 1)"),
    ({"messages": [ASK, {**SAY, "role": "me"}]}, "messages[1].role: unknown role 'me'"),
    ({"messages": [{**SAY, "weight": "x"}]}, "messages[0].weight: expected a number, found text"),
    (
        {"messages": [{"role": "user", "content": [{"type": "text"}]}]},
        "messages[0].content[0]: text part without a text (turn 1)",
    ),
    (
        {"messages": [{"role": "user", "content": [{"text": "q"}]}]},
        "messages[0].content[0].type: missing (turn 1)",
    ),
    (
        {"prompt": [ASK], "completion": [{"role": "x", "content": ""}]},
        "completion[0].role: unknown",
    ),
    ({"prompt": "q", "chosen": "a"}, "rejected: missing"),
    ({"instruction": "q", "output": "x", "chosen": "a"}, "rejected: missing"),  # a pair, not Alpaca
    ({"conversations": [ASK], "rejected": SAY}, "chosen: missing"),
    ({"chosen": "a", "rejected": "b"}, "prompt: missing"),
    ({"chosen": [SAY], "rejected": [SAY]}, "prompt: missing"),
    ({"prompt": "q", "chosen": None, "rejected": "b"}, "chosen: missing"),
    ({"prompt": "q", "chosen": "a", "rejected": 3}, "rejected: expected text or"),
    (
        {"prompt": "q", "chosen": [ASK, {"role": "x", "content": ""}], "rejected": "b"},
        "chosen[1].r",
    ),
    ({"messages": [{"role": "x", "content": ""}], "label": True}, "messages[0].role: unknown role"),
]


@pytest.mark.parametrize(("record", "words"), REFUSED, ids=lambda value: str(value)[:60])
def test_a_refusal_names_field_and_turn(record, words):
    assert refusal(record).startswith(words)


@pytest.mark.parametrize(
    "record",
    [
        {"text": "a"},  # pre-training text: nobody asked
        {"turns": ["q", "q2"], "category": "x"},  # questions without answers
        {"Instruction": "q", "idx": 1},  # another word: better asked than guessed
        {},
    ],
)
def test_unrelated_keys_are_no_format(record):
    assert detect(record) is None
    assert load(record) is None
    assert all(key in unknown(record) for key in record)
    assert not record or any(one in unknown(record) for one in ("--map instruction=", "split"))


def test_columns_in_other_letters_are_proposed():
    record = {"Instruction": "q", "Response": "a"}
    assert unknown(record).endswith("--map instruction=Instruction,output=Response")
    assert unknown({"text": "q", "category": "c"}).endswith("instruction=text,output=category")
    assert unknown({"idx": 1}).endswith("--map instruction=COLUMN,output=COLUMN")


def test_a_typo_in_a_key_is_named():
    said = unknown({"instuction": "q", "ouput": "a"})
    assert said.startswith("unknown key instuction; did you mean instruction? unknown key ouput; ")
    assert said.endswith("--map instruction=instuction,output=ouput")
    said = unknown({"mesages": [{"role": "user", "content": "q"}]})
    assert said.startswith("unknown key mesages; did you mean messages?")
    assert said.endswith("--map messages=mesages")
    assert "jq -c '.train[]' FILE" in unknown({"train": [{"a": 1}], "test": [{"a": 1}]})
    assert unknown({"train": [{"a": 1}]}).endswith(
        "its list holds the records: jq -c '.train[]' FILE > NEW.jsonl"
    )
    assert "jq -c '.train[], .\"my test\"[]'" in unknown({"train": [{}], "my test": [{}]})
    assert unknown({"user": "a", "assistant": "b"}).endswith(
        "--map instruction=user,output=assistant"
    )
    assert unknown({"User": "a", "GPT": "b"}).endswith("--map instruction=User,output=GPT")
    assert unknown({"role": "user", "content": "x"}).endswith('holds them all: {"messages": [...]}')
    assert "did you mean" not in unknown({"text": "a", "labels": [1], "context": "b"})


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ({"instruction": "q", "ouput": "a"}, "output: missing; unknown key ouput; did you mean o"),
        ({"instuction": "q", "output": "a"}, "unknown key instuction; did you mean instruction?"),
        ({"prompt": "q", "anwser": "a"}, "unknown key anwser; did you mean answer? Or: --map out"),
        ({"chosen": "a", "rejected": "b", "promt": "q"}, "unknown key promt; did you mean prompt?"),
        ({"instruction": "q", "inputs": "a"}, "name the column: --map output=COLUMN"),
    ],
)
def test_a_typo_is_named_where_a_field_is_missing(record, says):
    assert says in outcome(record)


def test_of_one_text_no_two_columns_are_made():
    for record in ({"text": "Q: Why? A: So."}, {"text": "a", "id": 7}):
        assert unknown(record).endswith("split its text in two first")
    assert "split" not in unknown({"text": "a", "title": "b"})


def test_a_forced_format_never_reads_a_wrong_column_as_empty_text():
    for name in formats():
        assert "missing" in refusal({"text": "a"}, name)


@pytest.mark.parametrize("role", [*ROLES])
def test_every_role_spelling_is_read(role):
    (message,) = validate({"conversations": [{"from": role, "value": "{}"}]}, "sharegpt").messages()
    assert message.role == ROLES[role]
    assert message.text == "{}"


def test_parts_are_read_as_text_with_placeholders_and_survive():
    parts = [
        {"type": "reasoning", "value": "hm"},
        {"type": "text", "text": "look", "cache": 1},
        {"type": "image_url", "image_url": {"url": "u"}},
        {"type": "tool_call", "value": "{}"},
    ]
    (message,) = validate(
        {"messages": [{"role": "assistant", "content": parts}]}, "chatml"
    ).messages()
    assert message.content == "hm\n\nlook\n\n<image_url>"
    assert message.tool_calls == ["{}"]
    assert message.extra == {"content": parts}


def test_the_rejected_answer_comes_without_its_prompt():
    cases = (
        {"prompt": "q", "chosen": "a", "rejected": "b"},
        {"prompt": "q", "chosen": [ASK, SAY], "rejected": [ASK, {**SAY, "content": "b"}]},
        {"conversations": [ASK], "chosen": SAY, "rejected": {"from": "gpt", "value": "b"}},
    )
    for record in cases:
        assert load(record).rejected() == (Message("assistant", "b"),)
    assert load({"instruction": "q", "output": "a"}).rejected() == ()


@pytest.mark.parametrize(
    ("record", "edited"),
    [
        (
            {"id": "x", "instruction": "q", "input": "c", "output": "a", "history": [["q", "a"]]},
            {
                "id": "x",
                "instruction": "USER",
                "input": "INPUT",
                "output": "ASSISTANT",
                "history": [["USER", "ASSISTANT"]],
            },
        ),
        ({"question": "q", "answer": "a"}, {"question": "USER", "answer": "ASSISTANT"}),
        (
            {"system": "s", "conversations": [{"from": "gpt", "value": "a", "x": "y"}]},
            {
                "system": "SYSTEM",
                "conversations": [{"from": "gpt", "value": "ASSISTANT", "x": "y"}],
            },
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "q", "n": 1}]}]},
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "USER", "n": 1}]}]},
        ),
        (
            {"messages": [{"from": "function_call", "value": "{}"}]},
            {"messages": [{"from": "function_call", "value": "{}"}]},
        ),
        (
            {"prompt": "q", "chosen": [ASK, SAY], "rejected": "b", "score": 1},
            {
                "prompt": "USER",
                "chosen": [{**ASK, "content": "USER"}, {**SAY, "content": "ASSISTANT"}],
                "rejected": "ASSISTANT",
                "score": 1,
            },
        ),
    ],
)
def test_map_text_edits_texts_and_nothing_else(record, edited):
    made = load(record).map_text(lambda role, _text: role.upper())
    assert made == edited
    assert list(made) == list(record)


def test_columns_can_be_named():
    record = {"id": 1, "ask": "q", "say": "a", "output": "old"}
    mapped = apply_map(record, {"instruction": "ask", "output": "say"})
    assert mapped == {"id": 1, "instruction": "q", "output": "a", "unmapped_output": "old"}
    assert list(mapped)[:3] == ["id", "instruction", "output"]
    assert apply_map(record, {"input": "absent"}) == record


def test_odd_files_do_not_fill_the_memory():
    from curate import formats as module

    for number in range(module.KINDS + 10):
        detect({"instruction": "q", "output": "a", f"key{number}": 1})
    assert len(module._found) <= module.KINDS


def test_an_unknown_format_is_a_key_error_for_the_caller_to_check():
    assert set(formats()) == {"alpaca", "chatml", "preference", "sharegpt"}
    from curate.convert import to_format

    with pytest.raises(
        UsageError, match=r"no format csv; it is a type of file.*there are alpaca, chatml"
    ):
        to_format({"instruction": "q", "output": "a"}, "csv")


NO_ANSWER = "output: missing"
# file -> what becomes of its rows: a count a format, or the words of the refusal
FILES = {
    "01_alpaca/alpaca_gpt4_pairs_999/alpaca_en_demo.json": {"alpaca": 999},
    "01_alpaca/chatgpt_scored_1k/filtered_alpaca_1k_longest.json": {"sharegpt": 1000},
    "01_alpaca/chatgpt_scored_1k/filtered_alpaca_1k_score.json": {"sharegpt": 1000},
    "01_alpaca/chatgpt_scored_1k/refined_alpaca_1k_longest.json": {"sharegpt": 1000},
    "01_alpaca/rasbt_instruction_1100/instruction-data-with-preference.json": {"preference": 1100},
    "01_alpaca/rasbt_instruction_1100/instruction-data.json": {"alpaca": 1100},
    "01_alpaca/rasbt_instruction_1100/instruction-examples-modified.json": {"alpaca": 200},
    "01_alpaca/rasbt_instruction_1100/instruction-examples.json": {"alpaca": 200},
    "01_alpaca/stanford_alpaca_52k/alpaca_data.json": {"alpaca": 52002},
    "02_human_instructions/dolly_3k/dolly_3k.json": {"alpaca": 2996},
    "02_human_instructions/eval_prompts/koala_test_set.jsonl": {NO_ANSWER: 180},
    "02_human_instructions/eval_prompts/lima_test_set.jsonl": {"conversations: expected": 300},
    "02_human_instructions/eval_prompts/vicuna_test_set.jsonl": {"no known format": 80},
    "02_human_instructions/eval_prompts/wizardlm_test_set.jsonl": {"no known format": 218},
    "02_human_instructions/self_instruct_seed/seed_tasks.jsonl": {NO_ANSWER: 175},
    "02_human_instructions/self_instruct_seed/text-davinci-003_predictions.jsonl": {"alpaca": 252},
    "02_human_instructions/self_instruct_seed/user_oriented_instructions.jsonl": {NO_ANSWER: 252},
    "02_human_instructions/t0_p3_templates/ag_news_classify_with_choices_question_first.jsonl": {
        "alpaca": 200
    },
    "05_near_dup/gpteacher_thresholds/toolformer-dedupe-only-dataset.json": {"alpaca": 7673},
    "05_near_dup/t0_qqp_paws/glue_qqp_answer.jsonl": {"alpaca": 200},
    "06_chat/fastchat/dummy_conversation.json": {"sharegpt": 500},
    "06_chat/fastchat/gpt-4.jsonl": {"no known format": 30},
    "06_chat/fastchat/question.jsonl": {"no known format": 80},
    "06_chat/llamafactory_demos/alpaca_zh_demo.json": {"alpaca": 1000},
    "06_chat/llamafactory_demos/dpo_en_demo.json.gz": {"preference": 300},
    "06_chat/llamafactory_demos/glaive_toolcall_en_demo.json": {"sharegpt": 300},
    "06_chat/llamafactory_demos/identity.json": {"alpaca": 91},
    "06_chat/llamafactory_demos/kto_en_demo.json": {"preference": 300},
    "06_chat/llamafactory_demos/mllm_demo.json": {"chatml": 6},
    "06_chat/llamafactory_demos/reason_tool_use_demo_50.jsonl": {"chatml": 50},
    "06_chat/llamafactory_demos/v1_dpo_demo.jsonl": {"preference": 10},
    "06_chat/llamafactory_demos/v1_sft_demo.jsonl": {"chatml": 500},
    "06_chat/openai_toy_chat/toy_chat_fine_tuning.jsonl": {"chatml": 5},
    "07_style_tasks/wikisql_mlx_1k/train.jsonl": {"no known format": 1000},
    "07_style_tasks/yoda_and_unhelpful/unhelpful_ai.json": {"alpaca": 95},
    "07_style_tasks/yoda_and_unhelpful/yoda.json": {"alpaca": 149},
    "08_quality_labels/pandalm_testset/testset-v1.json": {NO_ANSWER: 999},
}


def outcome(record):
    name = detect(record)
    if name is None:
        return unknown(record)
    try:
        validate(record, name).messages()
    except ValidationError as error:
        return explain(error, record, name)
    return name


def records(path):
    text = (
        gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    ).decode()
    if ".jsonl" in path.name:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    return json.loads(text)


@pytest.mark.parametrize("name", FILES)
def test_real_files_are_read_or_refused_for_a_reason(shared_data, name):
    expected = FILES[name]
    found = Counter(outcome(record) for record in records(shared_data / name))
    for start, count in expected.items():
        assert sum(number for words, number in found.items() if words.startswith(start)) == count
    assert found.total() == sum(expected.values())


KEYS = [
    *("instruction", "input", "output", "prompt", "completion", "question", "answer", "system"),
    *("history", "messages", "conversations", "conversation", "items", "tools", "label", "kto_tag"),
    *("chosen", "rejected", "chosen_messages", "accepted", "id"),
]
leaf = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3)
part = st.dictionaries(st.sampled_from(["type", "text", "value", "x"]), leaf | st.just("text"))
turn = st.dictionaries(
    st.sampled_from(["role", "from", "content", "value", "text", "tool_calls", "weight", "name"]),
    st.sampled_from(["user", "gpt", "function_call", "tool"]) | leaf | st.lists(part | leaf),
)
anything = st.dictionaries(
    st.sampled_from(KEYS),
    leaf | st.lists(turn | leaf, max_size=3) | turn | st.lists(st.lists(leaf, max_size=3)),
    max_size=5,
)


@given(record=anything, name=st.none() | st.sampled_from(sorted(formats())))
def test_any_record_is_read_or_refused_in_one_line(record, name):
    name = name or detect(record)
    if name is None:
        assert "\n" not in unknown(record)
        return
    try:
        made = validate(record, name)
    except ValidationError as error:
        words = explain(error, record, name)
        assert words
        assert "\n" not in words
        return
    assert made.map_text(lambda _role, text: text) == record
    assert all(isinstance(message.text, str) for message in made.messages() + made.rejected())
    assert fields(made) is not None
