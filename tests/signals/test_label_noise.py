"""Which labels are likely wrong, and which data has labels at all."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from curate.config import Settings
from curate.errors import UsageError
from curate.ingest import Ingest, Refusal
from curate.read import Record
from curate.registry import plan
from curate.row import to_frame

DISHES = "soup bread stew salad pie noodles pancakes curry porridge omelette risotto tart".split()
TRAINS = (
    "express tram ferry coach shuttle sleeper metro bus barge airship trolley funicular".split()
)
HOW = "really quite rather very far awfully somewhat truly".split()


def measured(records, column="label_noise_score", **settings):
    chosen = Settings(**settings)
    ingest = Ingest(label_field=chosen.label_field)
    rows = []
    for line, record in enumerate(records, start=1):
        row, _ = ingest(Record("file", line, json.dumps(record).encode(), None))
        assert not isinstance(row, Refusal)
        rows.append(row)
    frame = to_frame(rows)
    for signal in plan([column]):
        frame = frame.hstack(signal(frame, chosen))
    return frame


def complaints(wrong: int = 5):
    made = [(f"The {dish} was {how} salty and cold.", "kitchen") for dish in DISHES for how in HOW]
    made += [(f"The {train} came {how} late today.", "travel") for train in TRAINS for how in HOW]
    other = {"kitchen": "travel", "travel": "kitchen"}
    step = len(made) // max(wrong, 1)
    flipped = [number % step == 3 for number in range(len(made))] if wrong else [False] * len(made)
    return [
        (text, other[label] if bad else label, bad)
        for (text, label), bad in zip(made, flipped, strict=True)
    ]


SHAPES = {
    "instruction with inputs": lambda text, label: {
        "instruction": "Which desk answers this?",
        "input": text,
        "output": label,
    },
    "prompts": lambda text, label: {"instruction": text, "input": "", "output": label},
    "chat": lambda text, label: {
        "messages": [
            {"role": "system", "content": "Name the desk."},
            {"role": "user", "content": text},
            {"role": "assistant", "content": f"{label.title()}."},
        ]
    },
}


@pytest.mark.parametrize("shape", SHAPES)
def test_flipped_labels_are_found_and_mended(shape):
    rows = complaints()
    found = measured([SHAPES[shape](text, label) for text, label, _ in rows])
    bad = np.array([one for *_, one in rows])
    score = found["label_noise_score"].to_numpy()
    assert score[bad].max() < 0.05 < score[~bad].min()
    assert found["suggested_label"].is_not_null().to_numpy().tolist() == bad.tolist()


def test_a_named_field_holds_the_labels_of_open_answers():
    rows = complaints()
    records = [
        {"instruction": text, "output": "We shall look into it.", "meta": {"desk": label}}
        for text, label, _ in rows
    ]
    found = measured(records, label_field="meta.desk")
    bad = np.array([one for *_, one in rows])
    assert found["label_noise_score"].to_numpy()[bad].max() < 0.05
    assert set(found["label_given"].unique()) == {"kitchen", "travel"}


def test_several_annotators():
    pytest.importorskip("cleanlab")
    records = [
        {"instruction": text, "output": "Thanks.", "desk": [label, label, "kitchen"]}
        for text, label, _ in complaints(4)
    ]
    found = measured(records, label_field="desk")
    bad = np.array([one for *_, one in complaints(4)])
    assert (found["suggested_label"].is_not_null().to_numpy()[bad]).mean() > 0.7
    assert found["suggested_label"].is_null().to_numpy()[~bad].all()


def test_the_same_on_one_thread_and_on_two():
    from threadpoolctl import threadpool_limits

    records = [SHAPES["prompts"](text, label) for text, label, _ in complaints()]
    made = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            made.append(measured(records)["label_noise_score"].to_list())
    assert made[0] == made[1]


def test_ten_tasks_in_one_file_are_judged_each_by_itself():
    records = []
    for task in range(3):
        records += [
            {
                "instruction": f"Sort the message, way {task}.",
                "input": text,
                "output": f"{label} {task}",
            }
            for text, label, _ in complaints(0)
        ]
    records += [
        {
            "instruction": f"Tell a story about {dish} and a {train}.",
            "output": f"Once a {dish} met a {train}.",
        }
        for dish in DISHES
        for train in TRAINS
    ]
    found = measured(records)
    assert found["label_given"].drop_nulls().n_unique() == 6
    assert found.filter(pl.col("label_given").is_null()).height == len(DISHES) * len(TRAINS)


def open_ended():
    questions = [
        f"Is the {dish} {how} good with a {train}?"
        for dish in DISHES
        for how in HOW
        for train in TRAINS[:3]
    ]
    said = ["Yes", "No"] * 40
    return [
        {"instruction": one, "output": said[at] if at < len(said) else f"It depends on {one[7:30]}"}
        for at, one in enumerate(questions)
    ]


ABSTAINS = {
    "yes and no amid open answers": open_ended(),
    "one class": [{"instruction": text, "output": "kitchen"} for text, *_ in complaints()],
    "two rows": [{"instruction": "a b", "output": "x"}, {"instruction": "c d", "output": "y"}],
    "a label a row": [
        {"instruction": text, "output": f"desk {at}"} for at, (text, *_) in enumerate(complaints())
    ],
    "labels that the texts do not tell": [
        {"instruction": text, "output": "even" if at * 7 % 5 % 2 else "odd"}
        for at, (text, *_) in enumerate(complaints())
    ],
    "empty texts": [
        {"instruction": "Sort it.", "input": " " * (at + 1), "output": "ab"[at % 2]}
        for at in range(200)
    ],
    "the same text again and again": [
        {"instruction": "Sort it.", "input": "The pie is cold.", "output": "ab"[at % 2]}
        for at in range(500)
    ],
    "turns": [
        {
            "messages": [
                {"role": "user", "content": text},
                {"role": "assistant", "content": label},
                {"role": "user", "content": "Sure?"},
                {"role": "assistant", "content": "Yes"},
            ]
        }
        for text, label, _ in complaints()
    ],
}


@pytest.mark.parametrize("case", ABSTAINS)
def test_where_nothing_can_be_said_all_is_null(case):
    found = measured(ABSTAINS[case])
    assert found["label_noise_score"].null_count() == found.height


def test_a_class_with_one_member_is_left_alone_and_the_others_are_judged():
    records = [SHAPES["prompts"](text, label) for text, label, _ in complaints()]
    found = measured(
        [*records, {"instruction": "Is the lobby warm?", "input": "", "output": "desk"}]
    )
    assert found["label_noise_score"].null_count() == 1
    assert found["label_noise_score"][-1] is None


def test_no_embedder_no_score():
    records = [SHAPES["prompts"](text, label) for text, label, _ in complaints()]
    assert measured(records, embedder="none")["label_noise_score"].null_count() == len(records)


def test_a_named_field_that_says_nothing_is_an_error():
    records = [{"instruction": text, "output": "a", "desk": "x"} for text, *_ in complaints()]
    with pytest.raises(UsageError, match="no record has a label"):
        measured(records, label_field="shelf")
    with pytest.raises(UsageError, match="no two labels with 5 different texts"):
        measured(records, label_field="desk")


@pytest.mark.parametrize("name", ["02_human_instructions/dolly_3k/dolly_3k.json"])
def test_no_open_ended_file_is_taken_for_a_classification(shared_data, name):
    found = measured(json.loads((shared_data / name).read_bytes()))
    assert found["label_noise_score"].null_count() == found.height
