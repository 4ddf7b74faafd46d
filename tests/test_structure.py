"""Every structural fault is found in every format and container, and no whole record is lost."""

from __future__ import annotations

import json

import polars as pl
import pytest

from curate.config import Settings
from curate.pipeline import clean

PLACES = "the harbour,the old mill,a market,the station,an orchard,the library,a quarry,the tower"
THINGS = "ropes,flour,late pears,a lost umbrella,cider,an atlas,slate,seven bells"
WHOLE = [
    (f"What did they bring from {place}?", f"They came back with {thing}, as every year.")
    for place, thing in zip(PLACES.split(","), THINGS.split(","), strict=True)
]
HOLES = ["", " \n", "\u200b", "\ufeff\u200d"]


def alpaca(asked, said, **more):
    return {"instruction": asked, "input": "", "output": said, **more}


def without(record, key):
    return {name: value for name, value in record.items() if name != key}


def alpaca_faults():
    whole = alpaca("Who rings the bells at noon?", "The keeper of the tower rings them.")
    fed = whole | {"input": "The keeper lives in the tower."}
    wrong = [None, 5, 1.5, True, [], ["a"], {}, {"a": "b"}]
    yield from ({**whole, key: value} for key in ("instruction", "output") for value in wrong)
    yield from ({**whole, "input": value} for value in wrong[1:])
    yield from (without(one, key) for one in (whole, fed) for key in ("instruction", "output"))
    yield from ({**whole, key: hole} for key in ("instruction", "output") for hole in HOLES)
    yield from (
        {**whole, "history": held} for held in ("x", [["q"]], [["q", 1]], [["q", "a", "b"]])
    )
    yield from ({}, {"id": 7}, {"text": "The keeper rings them."}, [], ["a"], "a", 3, None)


CALL = {"id": "c1", "type": "function", "function": {"name": "bells", "arguments": "{}"}}


def chat_faults():
    system, asked, said = ("system", "Be brief."), ("user", "Who rings?"), ("assistant", "He does.")
    more = [("user", "And at night?"), ("assistant", "Nobody does.")]
    orders = [
        [said, asked],
        [said, *more],
        [asked],
        [system, asked],
        [system],
        [said],
        [asked, asked, said],
        [asked, said, said],
        [asked, said, more[0]],
        [asked, system, said],
        [asked, said, system],
        [system, system, asked, said],
        [system, asked, said, system, *more],
        [asked, ("tool", "noon"), said],
    ]
    yield from ([{"role": role, "content": text} for role, text in order] for order in orders)
    whole = [{"role": role, "content": text} for role, text in (system, asked, said, *more)]
    for at in range(len(whole)):
        yield from (changed(whole, at, content=hole) for hole in HOLES)
        yield from (changed(whole, at, content=value) for value in (None, 5, True, {}, [5]))
        yield from (changed(whole, at, role=role) for role in ("narrator", "", None, 5, "usr"))
        for key in ("role", "content"):
            yield [without(turn, key) if place == at else turn for place, turn in enumerate(whole)]
        yield from ([*whole[:at], value, *whole[at + 1 :]] for value in (None, "hello", 5, []))
    yield from ([], None, "hello", 5, {"role": "user", "content": "q"})
    called = {"role": "assistant", "content": None, "tool_calls": [CALL]}
    result = {"role": "tool", "content": "noon", "tool_call_id": "c1"}
    yield [whole[1], called, whole[2]]
    yield [whole[1], called, {**result, "tool_call_id": "c2"}, whole[2]]
    yield [whole[1], called, result]
    yield [whole[1], called, result, *whole[3:]]


def changed(turns, at, **held):
    return [{**turn, **held} if place == at else turn for place, turn in enumerate(turns)]


SHAREGPT = {"system": "system", "user": "human", "assistant": "gpt", "tool": "observation"}


def as_sharegpt(turns):
    if not isinstance(turns, list):
        return turns
    return [
        {
            {"role": "from", "content": "value"}.get(key, key): SHAREGPT.get(value, value)
            if key == "role" and isinstance(value, str)
            else value
            for key, value in turn.items()
        }
        if isinstance(turn, dict)
        else turn
        for turn in turns
    ]


def chatml_only(turns):
    """Calls as lists; and no system text, which many ShareGPT files leave empty in every row."""
    empty = {"role": "system", "content": ""}
    return isinstance(turns, list) and (empty in turns or "tool_calls" in str(turns))


def files():
    """Name -> whole records and faulty ones."""
    turns = [
        [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]
        for asked, said in WHOLE
    ]
    faults = list(chat_faults())
    return {
        "alpaca": ([alpaca(*one) for one in WHOLE], list(alpaca_faults())),
        "chatml": ([{"messages": one} for one in turns], [{"messages": one} for one in faults]),
        "sharegpt": (
            [{"conversations": as_sharegpt(one)} for one in turns],
            [{"conversations": as_sharegpt(one)} for one in faults if not chatml_only(one)],
        ),
    }


@pytest.mark.parametrize("container", ["jsonl", "json"])
@pytest.mark.parametrize("name", files())
def test_every_structural_fault_is_found(name, container, tmp_path):
    whole, faulty = files()[name]
    records = [*whole[:4], *faulty, *whole[4:]]
    path = tmp_path / f"data.{container}"
    if container == "json":
        path.write_text(json.dumps(records))
    else:
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
    clean([path], tmp_path / "out", Settings(ignore=("duplicate",)))
    ledger = pl.read_parquet(tmp_path / "out" / "ledger.parquet")
    fates = dict(ledger.select("line", "disposition").iter_rows())
    kept = [records[line - 1] for line, fate in fates.items() if fate == "kept"]
    assert ledger.height == len(records)
    assert kept == whole
