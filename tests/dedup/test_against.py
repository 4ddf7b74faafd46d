"""Evaluation items of any shape: what asks, what answers, and what can't be read."""

from __future__ import annotations

import json

import pytest

from curate.dedup.against import item, load
from curate.errors import InputError, UsageError

Q, A = "Which gate of Harwell is the oldest?", "The Salt Gate"


@pytest.mark.parametrize(
    ("record", "texts"),
    [
        ({"question": Q, "answer": A}, [("question", Q), ("answer", A)]),
        ({"Problem": Q, "Solution": A, "level": 3}, [("question", Q), ("answer", A)]),
        ({"instruction": Q, "input": "", "output": A}, [("question", Q), ("answer", A)]),
        ({"instruction": Q, "input": "A map.", "output": A},
         [("task", f"{Q}\n\nA map."), ("answer", A)]),
        ({"instruction": Q, "instances": [{"input": "", "output": A}]},
         [("question", Q), ("answer", A)]),
        ({"prompt": Q}, [("question", Q)]),
        ({"turns": [Q, "And the newest?"]}, [("question", Q), ("question", "And the newest?")]),
        ({"question": Q, "context": "A guide.", "answers": {"text": [A], "answer_start": [0]}},
         [("question", Q), ("context", "A guide."), ("answer", A), ("answer", "0")]),
        ({"text": "write a function", "code": "def f(): 1"},
         [("question", "write a function"), ("answer", "def f(): 1")]),
        ({"article": "A guide.", "highlights": A}, [("question", "A guide."), ("answer", A)]),
        ({"text": Q, "id": 7, "source": None}, [("text", Q)]),
        ({"text": Q, "category": "Harwell and all its gates"}, [("text", Q)]),
        ({"line": Q, "category": "gates"}, [("text", Q)]),
        ({"name": "Salt", "id": "Water Gate"}, [("text", "Water Gate")]),
        ({"id": 7}, []),
        ({"messages": [{"role": "system", "content": "Be brief."},
                       {"role": "user", "content": Q}, {"role": "assistant", "content": A}]},
         [("question", Q), ("answer", A)]),
        ({"conversations": [{"from": "human", "value": Q}, {"from": "gpt", "value": A}]},
         [("question", Q), ("answer", A)]),
        ({"conversations": Q}, [("question", Q)]),
        ({"messages": [{"role": "user"}], "note": Q}, [("text", "user"), ("text", Q)]),
    ],
)  # fmt: skip
def test_a_record_says_what_it_asks(record, texts):
    assert list(item(record).texts) == texts


@pytest.mark.parametrize(
    ("record", "short"),
    [
        ({"question": Q, "choices": ["Water", "Salt"], "answer": 1}, ("Salt",)),
        ({"question": Q, "choices": ["Water", "Salt"], "answer": "B"}, ("Salt",)),
        ({"question": Q, "options": ["Water", "Salt"], "answer": "(b)"}, ("Salt",)),
        ({"question": Q, "choices": {"text": ["Water", "Salt"], "label": ["1", "2"]},
          "answerKey": "2"}, ("Salt",)),
        ({"ctx": Q, "endings": ["Water", "Salt"], "label": "1"}, ("Salt",)),
        ({"question": Q, "answer": "Two and two. #### 4"}, ("4",)),
        ({"problem": Q, "solution": r"So it is $\boxed{4}$."}, ("4",)),
        ({"question": Q, "choices": ["Water"], "answer": "C"}, ()),
        ({"question": Q, "answer": A}, ()),
    ],
)  # fmt: skip
def test_the_short_answer_is_found(record, short):
    assert item(record).short == short


def write(folder, name, *records):
    path = folder / name
    path.write_text("\n".join(json.dumps(one) for one in records) + "\n", "utf-8")
    return str(path)


def test_items_have_their_places_and_files_their_hashes(tmp_path):
    first = write(tmp_path, "a.jsonl", {"question": Q}, {"question": "Why?"})
    table = tmp_path / "b.csv"
    table.write_text("question,answer\nWho?,Ann\n", "utf-8")
    made = load([first, str(table)])
    assert [one.place for one in made.items] == [f"{first}:1", f"{first}:2", f"{table}:1"]
    assert [(one.records, len(one.sha256)) for one in made.files] == [(2, 64), (1, 64)]
    assert load([first, str(table)]) is made


def test_a_file_that_changes_is_read_anew_where_a_run_begins(tmp_path):
    name = write(tmp_path, "a.jsonl", {"question": Q})
    before = load([name])
    write(tmp_path, "a.jsonl", {"question": "Why?"})
    assert load([name], anew=True).files != before.files


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{"question": "Why?"}\n{"question":', "a.jsonl:2: .*mend it"),
        ('{"id": 3}\n', "a.jsonl: no text in it"),
        ("", "is empty"),
    ],
)
def test_what_can_not_be_compared_is_an_error(tmp_path, text, error):
    path = tmp_path / "a.jsonl"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError, match=error):
        load([str(path)])


def test_standard_input_could_not_be_read_again():
    with pytest.raises(UsageError, match="name a file"):
        load(["-"])
