"""Who speaks when: the word that rules about the order of turns read."""

from __future__ import annotations

import gzip
import re
from itertools import product
from typing import TYPE_CHECKING

import orjson
import polars as pl
import pytest

from curate import formats
from curate.convert import to_format
from curate.decide import decide
from curate.policy.catalogue import load_rules
from curate.policy.condition import condition
from curate.row import Row, to_frame
from curate.score import Scorer, make_plan
from curate.signals.turns import turns
from curate.text.normalize import ROLES

if TYPE_CHECKING:
    from pathlib import Path

TURN_RULES = {code: rule for code, rule in load_rules().items() if code.startswith("turn-")}
SHOWN = TURN_RULES | {"empty-response": load_rules()["empty-response"]}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def rows(*records):
    made = []
    for line, record in enumerate(records, 1):
        read = formats.load(record)
        made.append(
            Row(
                id=str(line),
                messages=read.messages(),
                rejected=read.rejected(),
                format=read.name,
                raw=b"",
                source="test",
                line=line,
            )
        )
    return to_frame(made)


def messages(*turns):
    return {"messages": [{"role": role, **held} for role, held in turns]}


def said(text):
    return {"content": text}


@pytest.mark.parametrize(
    ("record", "order", "blank"),
    [
        ({"instruction": "a", "input": "", "output": "b"}, "ua", None),
        ({"instruction": "", "input": "", "output": ""}, "ua", None),  # rules of their own
        ({"instruction": "a", "output": "b", "system": "\u200b"}, "sua", "system 1"),
        (messages(("user", said("a")), ("assistant", {"tool_calls": [CALL]})), "uc", None),
        (
            messages(
                ("user", said("a")),
                ("assistant", {"content": "", "tool_calls": [CALL]}),
                ("tool", {"content": " ", "tool_call_id": "c1"}),
                ("assistant", said("b")),
            ),
            "ucta",
            "tool 3",
        ),
        (
            messages(
                ("user", said("a")),
                ("assistant", {"tool_calls": [CALL]}),
                ("tool", {"content": "1", "tool_call_id": "c2"}),
            ),
            "ucxm",
            None,
        ),
        (  # ShareGPT's calls have no ids to compare
            {
                "conversations": [
                    {"from": "human", "value": "a"},
                    {"from": "function_call", "value": '{"name": "f", "arguments": {}}'},
                    {"from": "observation", "value": "1", "tool_call_id": "c2"},
                ]
            },
            "uct",
            None,
        ),
        (  # an answer about calls is an answer
            messages(
                ("user", said("What is a tool call?")), ("assistant", said("A tool_call is …"))
            ),
            "ua",
            None,
        ),
        (
            messages(
                ("user", said("a")),
                ("assistant", said("<functioncall> {}")),
                ("tool", said("1")),
                ("assistant", said("b")),
                ("user", said("\u2800")),
                ("user", said("\u00ad\u2062")),
            ),
            "uctauu",
            "user 5, user 6",
        ),
    ],
)
def test_order(record, order, blank):
    made = turns(rows(record))
    assert made.select("turn_order", "blank_turns").rows() == [(order, blank)]


WHOLE = re.compile(
    r"s?(ua?(c+t+a?)*((?<=a)|c+$))+"  # a question, calls with results, an answer; or a last call
    r"|sa?c+t.*"  # a system text that sets tools to work
)
GREETING = re.compile(r"s[ac]+u")


def test_every_wrong_order_is_an_error_and_no_right_one():
    """All 19,530 conversations of up to six turns."""
    orders = ["".join(one) for size in range(1, 7) for one in product("suact", repeat=size)]
    frame = pl.DataFrame({"turn_order": orders}).with_columns(
        pl.lit(None, pl.String).alias("blank_turns"),
        pl.lit("chatml").alias("format"),
        pl.lit(None, pl.Int64).alias("learned_turns"),
    )
    found: dict[str, set[str]] = {order: set() for order in orders}
    for rule in TURN_RULES.values():
        for order in frame.filter(condition(rule.when, frame.columns))["turn_order"]:
            found[order].add(rule.severity)
    whole = {order for order in orders if WHOLE.fullmatch(order)}
    sound = {order for order in whole if not order.startswith(("sc", "sac"))}
    assert {order for order in sound if found[order]} == set()
    missed = {order for order in orders if "error" not in found[order]} - whole
    assert {order for order in missed if not GREETING.match(order)} == set()
    assert all(found[order] == {"warning"} for order in missed)


INVISIBLE = ["", "\n\t ", "\u200b", "\u200c\u200d", "\ufeff", "\u2060", "\u00ad", "\u3164"]
EMPTY = {"empty-response", "turn-empty", "turn-empty-system", "turn-empty-tool"}


@pytest.mark.parametrize("nothing", INVISIBLE)
@pytest.mark.parametrize("speaker", ["system", "user", "assistant", "tool"])
@pytest.mark.parametrize("spelling", ["chatml", "sharegpt"])
def test_a_turn_that_shows_nothing_is_found(nothing, speaker, spelling):
    calls = {"tool_calls": [CALL]}
    record = messages(
        ("system", said("s")),
        ("user", said("a")),
        ("assistant", {"content": None, **calls}),
        ("tool", {"content": "1", "tool_call_id": "c1"}),
        ("assistant", said("b")),
        ("user", said("c")),
        ("assistant", said("d")),
    )
    spelled = to_format(record, spelling)
    (turns,) = spelled.values()
    content, role = ("content", "role") if spelling == "chatml" else ("value", "from")
    *_, last = (turn for turn in turns if ROLES[turn[role]] == speaker)
    assert reported(spelled) == set()
    last[content] = nothing
    assert reported(spelled) & EMPTY


@pytest.mark.parametrize("nothing", INVISIBLE)
def test_an_alpaca_answer_that_shows_nothing_is_found(nothing):
    assert "empty-response" in reported({"instruction": "a", "input": "", "output": nothing})


def reported(record):
    """The codes that hit."""
    scorer = Scorer(make_plan(set().union(*(rule.reads for rule in SHOWN.values()))), SHOWN)
    scorer.add(rows(record))
    return set(decide(*scorer.finish(), SHOWN).findings["code"])


def test_empty_frame():
    schema = {"turn_order": pl.String, "blank_turns": pl.String, "learned_turns": pl.Int64}
    assert turns(to_frame([])).schema == schema


def test_rows_stay_in_place():
    plain = {"instruction": "a", "output": "b"}
    late = messages(("user", said("a")), ("system", said("b")), ("user", said("")))
    weighed = messages(("user", said("a")), ("assistant", {**said("b"), "weight": 0}))
    expected = [("ua", None, None), ("usu", "user 3 (empty)", None), ("ua", None, 0)]
    assert turns(rows(plain, late, weighed, plain, late, weighed)).rows() == expected * 2


@pytest.mark.parametrize(
    "name",
    [
        "06_chat/llamafactory_demos/glaive_toolcall_en_demo.json",
        "06_chat/llamafactory_demos/reason_tool_use_demo_50.jsonl",
        "06_chat/llamafactory_demos/v1_sft_demo.jsonl",
        "06_chat/llamafactory_demos/mllm_demo.json",
        "06_chat/llamafactory_demos/kto_en_demo.json",
        "06_chat/llamafactory_demos/dpo_en_demo.json.gz",
        "06_chat/fastchat/dummy_conversation.json",
    ],
)
def test_real_conversations_are_left_alone(shared_data: Path, name: str) -> None:
    raw = (shared_data / name).read_bytes()
    text = gzip.decompress(raw) if name.endswith(".gz") else raw
    lines = text.splitlines() if ".jsonl" in name else [text]
    records = [orjson.loads(line) for line in lines]
    frame = rows(*(records if ".jsonl" in name else records[0]))
    reads = set().union(*(rule.reads for rule in TURN_RULES.values()))
    scorer = Scorer(make_plan(reads), TURN_RULES)
    scorer.add(frame)
    assert decide(*scorer.finish(), TURN_RULES).findings.is_empty()
