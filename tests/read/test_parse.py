"""A record's bytes as an object: exactly, or a sentence that says why not."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.read import dump, parse

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)
RECORDS = st.dictionaries(st.text(max_size=4), JSON, max_size=5)
STYLES = st.sampled_from(
    [{}, {"indent": 2}, {"ensure_ascii": False}, {"separators": (",", ":")}, {"indent": "\t"}]
)


@given(RECORDS, STYLES)
def test_every_object_is_read_as_the_standard_library_reads_it(record, style):
    raw = json.dumps(record, **style).encode("utf-8", "surrogatepass")
    assert parse(raw) == json.loads(raw)


@given(RECORDS)
def test_what_is_dumped_is_parsed_again(record):
    assert parse(dump(record)) == record


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", 'q"', "\\"]), JSON), max_size=4),
    STYLES,
    st.integers(0, 2),
)
def test_a_key_twice_is_found_in_every_style_at_every_level(pairs, style, depth):
    members = ", ".join(f"{json.dumps(key)} : {json.dumps(held, **style)}" for key, held in pairs)
    raw = '{"x": [' * depth + "{" + members + "}" + "]}" * depth
    keys = [key for key, _ in pairs]
    if len(set(keys)) < len(keys):
        with pytest.raises(ValueError, match="twice"):
            parse(raw.encode())
    else:
        assert parse(raw.encode()) == json.loads(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":1,"a":1}',
        b'{"a":"","a":""}',
        b'{"a": {"b": [{"c": 1, "d": 2, "c": 3}]}}',
        b'{"a" :1,"a":2}',
        b'{"a":"\\u0022\\u0022","a":1}',  # as many quotation marks as without the second key
        b'{"\\u0061":1,"a":2}',
    ],
)
def test_a_key_twice(raw):
    with pytest.raises(ValueError, match=r"^key '.' twice in one object$"):
        parse(raw)


@pytest.mark.parametrize(
    "number", ["18446744073709551616", "-9223372036854775809", "1" + "0" * 40, "1e300", "-0.0"]
)
def test_numbers_keep_their_value(number):
    assert parse(f'{{"a": [{number}]}}'.encode()) == {"a": [json.loads(number)]}


def test_deep_records_are_read_or_refused_never_fatal():
    deep = b'{"a":' * 300 + b"1" + b"}" * 300
    assert dump(parse(deep)) == deep
    for levels in (1_000, 10_000, 100_000):
        with pytest.raises(ValueError, match=r"nested (deeper than|too deep)"):
            parse(b'{"a":' + b"[" * levels + b"]" * levels + b"}")


CASES = {
    b"": "empty",
    b"  ": "empty",
    b'"a"': "expected an object, found a text",
    b"[1]": "expected an object, found a list",
    b"null": "expected an object, found null",
    b"3.5": "expected an object, found a number",
    b"true": "expected an object, found a boolean",
    b'{"a": "caf\xe9s"}': "byte 11 (0xE9) is not UTF-8; "
    "in Windows-1252 (Latin-1) it reads 'cafés': iconv -f cp1252 -t utf-8 FILE > NEW",
    b'{"a": "\x93hi\x94"}': "byte 8 (0x93) is not UTF-8; "
    "in Windows-1252 (Latin-1) it reads '“hi': iconv -f cp1252 -t utf-8 FILE > NEW",
    b'{"a": "\xed\xa0\x80"}': "byte 8 (0xED) is not UTF-8: a lone surrogate, half a character",
    b'{"a": "\xed"}': "byte 8 (0xED) is not UTF-8; "
    "in Windows-1252 (Latin-1) it reads 'í': iconv -f cp1252 -t utf-8 FILE > NEW",
    b'{"a": "\xe2\x82': "byte 8 (0xE2) is not UTF-8: cut off within a character",
    '{"é": "a\0b"}'.encode(): "a NUL byte at byte 10",
    b"\0\0\0": "a NUL byte at byte 1",
    b'{"a": "\\ud800"}': "a lone surrogate, half a character, at byte 8: '\\\\ud800\"}'",
    b'{"a": NaN}': "NaN at byte 7 is no JSON value",
    b'{"a": -Infinity}': "-Infinity at byte 7 is no JSON value",
    b'{"a": nan}': "nan at byte 7 is no JSON value",
    b'{"a": 1e999}': "a number too large for a float at byte 7: '1e999}'",
    b'{"a": 1,}': "a trailing comma at byte 8",
    b'{"a": 1} {"b": 2}': "two values on one line, the second at byte 10",
    b'{"a": 1}]': "text after the end of the value at byte 9: ']'",
    b"{'a': 1}": "single quotes at byte 2, as Python prints a dict; JSON has double quotes",
    b'{"a": None}': "None at byte 7 is Python; JSON has null",
    b'{"a": True}': "True at byte 7 is Python; JSON has true",
    b'{"a": "b': "cut off: the record ends before it is closed",
    b'{"a": 1': "cut off: the record ends before it is closed",
    b'{"a": "b\tc"}': "a raw control character (U+0009) in a text at byte 9: JSON escapes it",
    b'{"a": "\\x41"}': "no escape that JSON knows at byte 8: '\\\\x41\"}'",
    "{“a”: 1}".encode(): "a typographic quotation mark at byte 2; JSON has straight ones",
    b"hello, world": "not JSON: begins with 'hello, world'",
    b"\xef\xbb\xbf{}": "a byte order mark within the file",
}


@pytest.mark.parametrize(("raw", "sentence"), CASES.items())
def test_what_is_wrong_is_said_in_a_sentence(raw, sentence):
    with pytest.raises(ValueError) as error:  # noqa: PT011  # the next line
        parse(raw)
    assert str(error.value) == sentence


@given(st.binary(max_size=40))
def test_any_bytes_give_an_object_or_a_sentence(raw):
    try:
        assert isinstance(parse(raw), dict)
    except ValueError as error:
        assert str(error)  # noqa: PT017  # both outcomes are right


@given(RECORDS.map(lambda record: json.dumps(record).encode()), st.data())
def test_a_damaged_record_gives_an_object_or_a_sentence(raw, data):
    at = data.draw(st.integers(0, len(raw)))
    try:
        parse(raw[:at] + data.draw(st.binary(max_size=2)) + raw[at + 1 :])
    except ValueError as error:
        assert str(error)  # noqa: PT017  # likewise
