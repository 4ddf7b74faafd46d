"""An edited record is written the way its own bytes were."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import UsageError
from curate.ingest import Ingest, as_written
from curate.read import Record

# Without DEL, the one ASCII character that the json module escapes or not as it is told.
TEXT = st.text(st.characters(exclude_characters="\x7f", exclude_categories=["Cs"]), max_size=8)
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
RECORDS = st.dictionaries(TEXT, ANY, min_size=1, max_size=4)


@pytest.mark.parametrize("indent", [None, 1, 2, 4, "\t"])
@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("depth", ["", "    ", "\t"])
@given(record=RECORDS)
def test_an_unchanged_record_keeps_its_bytes(record, indent, plain, depth):
    text = json.dumps(record, ensure_ascii=plain, indent=indent).replace("\n", f"\n{depth}")
    assert as_written(record, text.encode()).decode() == text


def changed(value):
    """Every text other than it was, keys aside."""
    if isinstance(value, str):
        return value + '"\u00e9\n'
    if isinstance(value, list):
        return [changed(one) for one in value]
    if isinstance(value, dict):
        return {key: changed(one) for key, one in value.items()}
    return value


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("plain", [True, False])
@given(record=RECORDS)
def test_a_changed_record_is_spelled_as_before(record, indent, plain):
    text = json.dumps(record, ensure_ascii=plain, indent=indent)
    made = as_written(changed(record), text.encode()).decode()
    ascii_now = plain or text.isascii()
    assert made == json.dumps(changed(record), ensure_ascii=ascii_now, indent=indent)


def test_what_is_no_text_keeps_its_spelling():
    raw = rb'{ "a" :"x","n": [1.10, 1e5,-0 , 1.00000000000000000001], "u":"\u00e9\/", "b": "x"}'
    record = json.loads(raw) | {"a": "y"}
    assert as_written(record, raw) == raw.replace(b'"x",', b'"y",', 1)


def test_as_deep_as_can_be_read():
    raw = b'{"x": %b"a"%b, "y": "old"}' % (b"[" * 900, b"]" * 900)
    assert as_written(json.loads(raw) | {"y": "new"}, raw) == raw.replace(b"old", b"new")


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (b'{"ask": 7, "say": "a"}', "ask: expected text, found a number (7)"),
        (b'{"ask": "q", "words": "a"}', "output: missing; the keys are ask, words; name the"),
        (b'{"ask": "q", "output": 7}', "output: expected text, found a number (7)"),
        (b'{"ask": "q", "instruction": "i"}', "output: missing; the keys are ask, instruction;"),
        (b'{"Ask": "q", "Say": "a"}', "no known format has the keys Ask, Say;"),
    ],
)
def test_a_refusal_after_map_names_the_keys_of_the_file(record, says):
    ingest = Ingest(map={"instruction": "ask", "output": "say"})
    refusal, _ = ingest(Record("data.jsonl", 1, record))
    assert refusal.error.startswith(says)


def test_a_column_that_no_record_has_is_no_mapping():
    ingest = Ingest(map={"output": "Antwrt", "input": "more"})
    ingest(Record("data.jsonl", 1, b'{"Frage": "q", "Antwort": "a"}'))
    with pytest.raises(UsageError) as error:
        ingest.check_map()
    assert str(error.value) == (
        "--map output=Antwrt: no record has a column Antwrt; did you mean Antwort? Their columns "
        "are Frage, Antwort"
    )
    ingest(Record("data.jsonl", 2, b'{"Frage": "q", "Antwrt": "a", "more": ""}'))
    ingest.check_map()  # one record has it: others may lack it
