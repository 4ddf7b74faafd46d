"""CSV and TSV: dialects found, texts untouched, ragged and unclosed rows quarantined alone."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import InputError
from curate.read import table as module


def rows_of(seen):
    return [json.loads(one.raw) if one.error is None else one.error for one in seen]


def test_every_value_is_a_text(read):
    seen = read(b'instruction,output\n1,007\n,NULL\n"a,b","say ""hi"""\n', "a.csv")
    assert rows_of(seen) == [
        {"instruction": "1", "output": "007"},
        {"instruction": "", "output": "NULL"},
        {"instruction": "a,b", "output": 'say "hi"'},
    ]
    assert [one.line for one in seen] == [1, 2, 3]
    assert read.source.kind == "csv"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_ends_within_quotation_marks(read, newline):
    text = newline.join(["a,b", f'"one{newline}two",x', "", "y,z", ""])
    seen = read(text.encode(), "a.csv")
    assert rows_of(seen) == [{"a": f"one{newline}two", "b": "x"}, {"a": "y", "b": "z"}]
    assert [one.line for one in seen] == [1, 2]


@pytest.mark.parametrize(
    ("text", "kind", "delimiter", "quoting"),
    [
        ("a;b\n1,5;2\n3,5;4\n", "csv", ";", "double"),
        ("a\tb\n1\t2\n", "csv", "\t", "double"),
        ("a|b\n1|2\n", "csv", "|", "double"),
        ("a\tb\nx, y\tz\n", "tsv", "\t", "double"),
        ('a\tb\n5" pipe\tx\n"half\ty\n', "tsv", "\t", "none"),
        ('a,b\n"say \\"hi\\", he said",x\n"y",z\n', "csv", ",", "escape"),
    ],
)
def test_dialects(read, text, kind, delimiter, quoting):
    assert all(one.error is None for one in read(text.encode(), f"x.{kind}"))
    layout = read.source.layout
    assert (layout["delimiter"], layout["quoting"]) == (delimiter, quoting)


def test_a_table_by_its_look(read):
    assert rows_of(read(b"prompt,answer\nx,y", "noname")) == [{"prompt": "x", "answer": "y"}]
    read(b"prompt\tanswer\nx\ty\n", "noname")
    assert read.source.kind == "tsv"


def test_a_mark_and_other_encodings(read):
    text = "instruction,output\ncafé,日本\n"
    for code in ("utf-8-sig", "utf-16", "utf-16-le"):
        assert rows_of(read(text.encode(code), "a.csv")) == [
            {"instruction": "café", "output": "日本"}
        ]


def test_a_row_that_is_not_utf_8(read):
    seen = read(b'a,b\nx,y\ncaf\xe9,"1\n2"\nz,w\n', "a.csv")
    assert rows_of(seen) == [
        {"a": "x", "b": "y"},
        (
            "byte 4 (0xE9) is not UTF-8; "
            "in Windows-1252 (Latin-1) it reads 'café': iconv -f cp1252 -t utf-8 FILE > NEW"
        ),
        {"a": "z", "b": "w"},
    ]
    assert seen[1].raw == b'caf\xe9,"1\n2"'


def test_nul_bytes_stay(read):
    assert rows_of(read(b"a,b\nx\0,y\n", "a.csv")) == [{"a": "x\0", "b": "y"}]


def test_ragged_rows(read):
    seen = read(b'a,b\n1,2\n1\n1,2,3\n"x\ny",2,3\n3,4\n', "a.csv")
    assert rows_of(seen) == [
        {"a": "1", "b": "2"},
        "1 fields where the header has 2",
        "3 fields where the header has 2",
        "3 fields where the header has 2",
        {"a": "3", "b": "4"},
    ]
    assert [one.raw for one in seen[1:4]] == [b"1", b"1,2,3", b'"x\ny",2,3']
    assert [one.line for one in seen] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("behind", [b"", b'"x, y",z\n', b'x,"y"\n'])
def test_a_quotation_mark_that_is_never_closed(read, behind):
    good = b"1,2\n" * 5
    seen = read(b'a,b\n3,4\n"half,5\n' + good + behind, "a.csv")
    rows = rows_of(seen)
    assert rows[0] == {"a": "3", "b": "4"}
    assert seen[1].raw == b'"half,5'
    assert rows[1]
    assert rows[2:7] == [{"a": "1", "b": "2"}] * 5
    assert len(rows) == 7 + bool(behind)


def test_text_behind_a_quotation_mark(read):
    seen = read(b'a,b\n"x"y,2\n3,4\n', "a.csv")
    assert rows_of(seen) == [
        "not CSV: text between a closing quotation mark and the next column",
        {"a": "3", "b": "4"},
    ]


def test_a_field_of_a_megabyte(read):
    long = "x" * 1_000_000
    assert rows_of(read(f"a,b\n{long},y\n".encode(), "a.csv")) == [{"a": long, "b": "y"}]


def test_columns_without_a_name(read):
    assert rows_of(read(b",a\n0,x\n1,y\n", "a.csv"))[1] == {"": "1", "a": "y"}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (b"a,b,a\n1,2,3\n", "two columns are named 'a'"),
        (b"What is " + b"x" * 200 + b",y\nz,w\n", "its first row is no header"),
        (b'"one\ntwo",y\nz,w\n', "its first row is no header"),
    ],
)
def test_a_first_row_that_is_no_header(read, text, error):
    with pytest.raises(InputError, match=error) as raised:
        read(text, "a.csv")
    assert "a.csv:1: " in str(raised.value)
    assert "add a line with the names of the columns" in str(raised.value)


def test_a_header_alone(read):
    with pytest.raises(InputError, match=r"a\.csv: no record in it"):
        read(b"a,b\n", "a.csv")


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)


@given(st.data(), st.sampled_from(",;\t"), st.sampled_from(["\n", "\r\n"]))
def test_whatever_the_csv_module_writes_is_read(data, delimiter, newline):
    width = data.draw(st.integers(2, 4))
    names = [f"c{number}" for number in range(width)]
    rows = data.draw(st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1))
    made = io.StringIO(newline="")
    quoting = csv.QUOTE_MINIMAL if newline == "\r\n" else csv.QUOTE_ALL  # a lone CR stays bare
    writer = csv.writer(made, delimiter=delimiter, lineterminator=newline, quoting=quoting)
    writer.writerows([names, *rows])
    text = made.getvalue().encode()
    layout = {"delimiter": delimiter, "quoting": "double", "newline": newline, "header": names}
    cut = data.draw(st.integers(0, len(text)))
    seen = list(module.rows("a", iter([text[:cut], text[cut:]]), layout))
    assert [list(json.loads(one.raw).values()) for one in seen] == rows


@given(st.binary(max_size=60))
def test_any_bytes_give_records(text):
    layout = {"delimiter": ",", "quoting": "double", "newline": "\n", "header": ["a", "b"]}
    for one in module.rows("a", iter([b"a,b\n" + text]), layout):
        assert one.error or json.loads(one.raw).keys() == {"a", "b"}
