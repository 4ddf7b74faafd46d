"""JSON files: elements byte for byte, in every wrapping, and what is broken quarantined alone."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.read import elements as module
from curate.read.stored import BLOCK

A, B, C = b'{"a": 1}', b'{"a":  2}', b'{"a": {"b": [3, "]}"]}}'

WRAPPINGS = {
    "on one line": b"[" + A + b", " + B + b"," + C + b"]",
    "a line each": b"[\n" + A + b",\n" + B + b",\n" + C + b"\n]\n",
    "indented": b"[\n    " + A + b",\n    " + B + b",\n    " + C + b"\n]",
    "crlf": b"[\r\n" + A + b",\r\n" + B + b",\r\n" + C + b"\r\n]\r\n",
    "with a mark": b"\xef\xbb\xbf[" + A + b"," + B + b"," + C + b"]",
    "commas first": b"[ " + A + b"\n, " + B + b"\n, " + C + b"\n]",
    "in data": b'{"data": [' + A + b", " + B + b", " + C + b"]}",
    "in data behind others": b'{\n "v": [1, {"x": "y"}],\n "data": [\n'
    + A
    + b",\n"
    + B
    + b","
    + C
    + b'\n ],\n "n": 3}\n',
    "two arrays": b"[" + A + b", " + B + b"]\n[" + C + b"\n]",
}


@pytest.mark.parametrize("text", WRAPPINGS.values(), ids=WRAPPINGS)
@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a"])
def test_elements_as_they_stand(read, text, name):
    assert read(text, name) == [(1, A, None), (2, B, None), (3, C, None)]
    assert read.source.kind == "json"


PRETTY = [json.dumps({"a": number, "b": ["x", {}]}, indent=2).encode() for number in range(3)]


@pytest.mark.parametrize("between", [b"\n", b"\n\n", b"", b" "])
def test_objects_one_after_another(read, between):
    assert [one.raw for one in read(between.join(PRETTY), "a.json")] == PRETTY
    assert read.source.kind == "json"


def test_one_object_is_one_record(read):
    for text, kind in ((A, "json"), (PRETTY[0], "json"), (A + b"\n", "json")):
        assert [one.error for one in read(text, "a.json")] == [None]
        assert read.source.kind == kind
    assert read(A, "a.jsonl") == [(1, A, None)]
    assert read.source.kind == "jsonl"


def test_jsonl_that_is_named_json(read):
    assert read(A + b"\n" + B, "a.json") == [(1, A, None), (2, B, None)]
    assert read.source.kind == "jsonl"


def test_a_record_of_messages_is_no_envelope(read):
    record = b'{"messages": [{"role": "user", "content": "x"}]}'
    assert read(record, "a.json") == [(1, record, None)]
    lines = b'{"data": [{"a": 1}]}\n{"data": [{"a": 2}]}\n'
    assert [one.raw for one in read(lines)] == lines.splitlines()


def test_a_long_first_object(read):
    text = "x" * 200_000
    record = json.dumps({"a": text, "b": [{}]}).encode()
    assert [one.raw for one in read(record + b"\n" + record + b"\n", "a.json")] == [record] * 2
    pretty = json.dumps({"a": text, "b": [{}]}, indent=1).encode()
    assert [one.raw for one in read(pretty + b"\n" + pretty, "a.json")] == [pretty] * 2
    wrapped = b'{"v": 1, "data": [' + record + b"," + record + b"]}"
    assert [one.raw for one in read(wrapped, "a.jsonl")] == [record] * 2


@pytest.mark.parametrize("code", ["utf-16", "utf-32-be", "utf-8-sig"])
def test_encodings(read, code):
    rows = [{"a": "é日😀"}, {"a": "x"}]
    seen = read(json.dumps(rows, ensure_ascii=False, indent=1).encode(code), "a.json")
    assert [json.loads(one.raw) for one in seen] == rows


def test_elements_that_are_no_objects(read):
    seen = read(b'["x", 1, null, {"a": 1}, [2], true]', "a.json")
    assert [one.raw for one in seen] == [b'"x"', b"1", b"null", b'{"a": 1}', b"[2]", b"true"]
    assert [one.error is None for one in seen] == [False, False, False, True, False, False]


def test_deep_nesting_needs_no_stack(read):
    deep = b'{"a": ' + b"[" * 10_000 + b"]" * 10_000 + b"}"
    seen = read(b"[" + A + b"," + deep + b"," + B + b"]", "a.json")
    assert seen == [(1, A, None), (2, deep, "nested deeper than 1,024 levels"), (3, B, None)]


def test_an_element_over_many_blocks(read):
    long = b'{"a": "' + b"x\\n" * BLOCK + b'"}'
    seen = read(b"[" + A + b",\n" + long + b",\n" + B + b"]", "a.json")
    assert seen == [(1, A, None), (2, long, None), (3, B, None)]


BROKEN = {
    b'{"a": 1,}': "a trailing comma at byte 8",
    b'{"a": NaN}': "NaN at byte 7 is no JSON value",
    b'{"a": 1, "a": 2}': "key 'a' twice in one object",
    b'{"a": None}': "None at byte 7 is Python; JSON has null",
    b'{"a": "caf\xe9"}': "byte 11 (0xE9) is not UTF-8; "
    "in Windows-1252 (Latin-1) it reads 'café': iconv -f cp1252 -t utf-8 FILE > NEW",
    b'{"a": "x\0y"}': "a NUL byte at byte 9",
    b'{"a": "\\ud800"}': "a lone surrogate, half a character, at byte 8: '\\\\ud800\"}'",
    b"{'a': 'it'}": "single quotes at byte 2, as Python prints a dict; JSON has double quotes",
    b'{"a": "x"y"}': None,
    b'{"a": "x}': None,
    b'{"a": x"}': None,
    b'{"a" 1}': None,
    b'{"a": 1': None,
    b'{"a": [1}': None,
    b'{"a": 1]': None,
    b'{"a": 1}}': None,
    b'{"a": 1} x': None,
    b'{"a": "x\ny"}': "a raw control character (U+000A) in a text at byte 9: JSON escapes it",
    b"x": "not JSON: begins with 'x'",
}


@pytest.mark.parametrize(("bad", "sentence"), BROKEN.items(), ids=map(repr, BROKEN))
@pytest.mark.parametrize("comma", [b",\n  ", b", ", b",\n"])
def test_a_broken_element_is_quarantined_alone(read, bad, sentence, comma):
    first, second, *others = read(b"[" + comma[1:] + comma.join([A, bad, B, C]) + b"\n]", "a.json")
    assert first == (1, A, None)
    assert second[:2] == (2, bad)
    assert second.error
    assert second.error == sentence or sentence is None
    assert others == [(3, B, None), (4, C, None)]


@pytest.mark.parametrize("bad", BROKEN, ids=map(repr, BROKEN))
def test_a_broken_first_or_last_element(read, bad):
    seen = read(b"[\n " + b",\n ".join([bad, A, B]) + b"\n]\n", "a.json")
    assert [one.raw for one in seen] == [bad, A, B]
    assert [one.error is None for one in seen] == [False, True, True]
    seen = read(b"[\n " + b",\n ".join([A, B, bad]) + b"\n]\n", "a.json")
    assert [one.raw for one in seen] == [A, B, bad]
    assert [one.error is None for one in seen] == [True, True, False]


@pytest.mark.parametrize("cut", [1, 5, 8])
def test_a_cut_array_loses_only_what_was_cut(read, cut):
    seen = read(b"[\n" + A + b",\n" + B + b",\n" + A[:cut], "a.json")
    error = "cut off: the file ends within this element"
    if cut == len(A):
        assert seen[2] == (3, A, None)
        assert seen[3] == (4, b"", "the array is never closed: the file ends without a ]")
    else:
        assert seen[2:] == [(3, A[:cut], error)]
    assert seen[:2] == [(1, A, None), (2, B, None)]


@pytest.mark.parametrize("ending", [b"", b",", b"\n"])
def test_an_array_without_its_end(read, ending):
    seen = read(b"[" + A + b"," + B + ending, "a.json")
    assert seen[:2] == [(1, A, None), (2, B, None)]
    assert [one.error for one in seen[2:]] == [
        "the array is never closed: the file ends without a ]"
    ]


def test_a_cut_envelope(read):
    seen = read(b'{"data": [' + A + b"," + B[:4], "a.json")
    assert seen == [(1, A, None), (2, B[:4], "cut off: the file ends within this element")]
    seen = read(b'{"data": [' + A + b"]", "a.json")
    assert [one.error for one in seen] == [
        None,
        "the object around the records is not closed, or no JSON behind them",
    ]
    assert "opening" not in read.source.layout


@pytest.mark.parametrize("gap", [b"", b"\n"])
def test_a_broken_element_within_an_envelope_takes_no_other_with_it(read, gap):
    broken = b'{"a": "say "hi""}'
    seen = read(b'{"v": 1, "data": [' + gap + (b"," + gap).join([A, broken, B]) + b"]}", "a.json")
    assert [(one.raw, one.error is None) for one in seen] == [(A, True), (broken, False), (B, True)]


def test_a_cut_object_among_others(read):
    seen = read(b"\n".join(PRETTY) + b'\n{\n "a": ', "a.json")
    assert [one.error for one in seen[:3]] == [None] * 3
    assert seen[3].error == "cut off: the file ends within this element"


def test_a_broken_object_among_others(read):
    broken = PRETTY[1].replace(b'"x"', b'"x')
    seen = read(b"\n".join([PRETTY[0], broken, PRETTY[2]]), "a.json")
    assert [one.raw for one in seen] == [PRETTY[0], broken, PRETTY[2]]
    assert [one.error is None for one in seen] == [True, False, True]


def test_commas_too_many_and_too_few(read):
    seen = read(b"[" + A + b",, " + B + b"\n" + C + b",]", "a.json")
    assert [one.raw for one in seen] == [A, b",", B, C, b","]
    assert [one.error for one in seen] == [
        None,
        "a comma with no element before it",
        None,
        None,
        "a comma with no element behind it",
    ]


def test_text_behind_the_array(read):
    seen = read(b"[" + A + b"]\nthe end", "a.json")
    assert seen[0] == (1, A, None)
    assert seen[1].raw == b"the end"
    assert seen[1].error == "not JSON: begins with 'the end'"


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
ROWS = st.lists(
    st.dictionaries(
        st.text(max_size=3),
        st.recursive(
            LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
        ),
    ),
    min_size=1,
)


def blocks_of(text, sizes):
    at = 0
    for size in sizes:
        yield text[at : at + size]
        at += size
    yield text[at:]


@given(ROWS, st.sampled_from([None, 0, 1, 4]), st.booleans(), st.lists(st.integers(1, 9)))
def test_every_array_gives_its_elements_wherever_blocks_end(rows, indent, ascii_only, sizes):
    text = json.dumps(rows, indent=indent, ensure_ascii=ascii_only)
    raw = text.encode("utf-8", "surrogatepass")
    seen = list(module.elements("a", blocks_of(raw, sizes), {}))
    assert [json.loads(one.raw.decode("utf-8", "surrogatepass")) for one in seen] == rows
    assert [one.line for one in seen] == list(range(1, len(rows) + 1))
    assert not any(one.error for one in seen)


@given(ROWS, st.data())
def test_damage_never_ends_in_a_traceback_nor_loses_a_byte(rows, data):
    raw = json.dumps(rows, indent=data.draw(st.sampled_from([None, 1]))).encode()
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(raw)))
        raw = raw[:at] + data.draw(st.binary(max_size=3)) + raw[at + data.draw(st.integers(0, 3)) :]
    sizes = data.draw(st.lists(st.integers(1, 9)))
    seen = list(module.elements("a", iter([raw]), {}))
    parts = list(module.elements("a", blocks_of(raw, sizes), {}))
    assert [one[1:3] for one in parts] == [one[1:3] for one in seen]
    at = 0
    for one in seen:  # the records stand in the file in their order, and between them is nothing
        found = raw.find(one.raw, at)
        assert found >= 0
        assert not raw[at:found].strip(b" \t\r\n,[]")
        at = found + len(one.raw)
    assert not raw[at:].strip(b" \t\r\n,[]")


@pytest.mark.parametrize(
    "number", ["-1.5", "0.25", "1e5", "-2.5E-7", "12345678901234567890123.5e+10"]
)
def test_a_number_may_be_split_anywhere(number):
    raw = f'[{{"a": [{number}], "b": {number}}}, {{"c": {number}}}, {number}]'.encode()
    whole = [one[1:] for one in module.elements("a", iter([raw]), {})]
    assert len(whole) == 3
    for at in range(1, len(raw)):
        assert [one[1:] for one in module.elements("a", iter([raw[:at], raw[at:]]), {})] == whole
