"""Code in answers; the rules' own examples say what hits and what does not."""

from __future__ import annotations

import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.signals.code import Block, code, fences, invalid_json, invalid_python, unbalanced


@pytest.mark.parametrize(
    ("answer", "closed"),
    [
        ("```\na\n```", [True]),
        ("```py\na\n```\n~~~\nb", [True, False]),
        ("> ```\n> a\n> ```", [True]),
        ("````\n```\na\n```\n````", [True]),
        ("```py\na\n```js\nb\n```", [False, True]),
        ("no `code` and ``` inside a line", []),
    ],
)
def test_fences(answer, closed):
    assert [block.closed for block in fences(answer)] == closed


def python(text):
    return invalid_python(Block("python", text, closed=True, fenced=True))


@given(st.text(max_size=200))
def test_no_text_is_too_odd_to_parse(text):
    assert python(text) is None or python(text).startswith("line ")


def test_parsing_is_bounded():
    assert python("(" * 5000) is None or "nested" in python("(" * 5000)
    assert python("x = " + "[" * 30_000) is None
    assert invalid_json("as json", "[" * 50_000, []) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("prompt", "answer", "wrong"),
    [
        ("Respond only with JSON: is 7 prime?", '{"prime": True}', True),
        ("Reply with JSON only.", '{"result": NaN}', True),
        ("Represent it in JSON format.", "{x: 2, y: 3}", True),
        ("Please give me JSON describing a cat.", '{"legs": 4 // four\n}', True),
        ("Use JSON to describe a car.", "```\n{'wheels': 4}\n```", True),
        ("Provide a JSON array.", "Here it is:\n\n{\"fruits\": ['apple']}", True),
        ("Answer with JSON.", "{“author”: “Jane”}", True),
        ("Write a JSON file with comments.", '{"a": 1 // one\n}', False),
        ("Turn it into JSON.", '{"t": "... and # so // on"}', False),
        ("Show an example of invalid JSON.", "{'a': 1}", False),
        ("Convert this JSON to a Python dictionary.", "{'a': True}", False),
        ("You have been given a JSON. Output its keys.", "[name, age]", False),
        ("Give the JSON and explain it.", '{"a": 1}\nThe key a is one.', False),
    ],
)
def test_json_that_was_asked_for(prompt, answer, wrong):
    assert (invalid_json(prompt, answer, fences(answer)) is not None) is wrong


@settings(max_examples=100)
@given(st.dictionaries(st.text(max_size=5), JSON, min_size=1), st.sampled_from([None, 1, 4]))
def test_what_json_writes_is_json(value, indent):
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    assert invalid_json("Answer as JSON.", text, []) is None
    assert unbalanced(Block("json", text, closed=True, fenced=True)) is None
    cut = text[:-1]
    assert invalid_json("Answer as JSON.", cut, []) is not None or any(
        sign in text for sign in ("...", "…", "<", "{{", "${")
    )


def test_one_pass_over_a_frame():
    frame = pl.DataFrame(
        {
            "roles": [["user", "assistant"], ["user", "assistant"], []],
            "texts": [["Write a Python script that greets.", "No."], ["Hi", "Hello"], []],
            "prompt": ["Write a Python script that greets.", "Hi", None],
            "response": ["No.", "Hello", None],
            "system": [None, "Be kind.", None],
        },
        {
            "roles": pl.List(pl.String),
            "texts": pl.List(pl.String),
            "prompt": pl.String,
            "response": pl.String,
            "system": pl.String,
        },
    )
    made = code(frame)
    assert made["code_missing"].to_list() == ["python script", None, None]
    assert made.drop("code_missing").null_count().sum_horizontal().item() == 12
    assert code(frame.head(0)).height == 0
