"""JSONL: a line is a record or blank, a broken one is named, and those around it stay whole."""

from __future__ import annotations

import gzip
import json

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curate.read import lines as module
from curate.read import parse
from curate.read.stored import BLOCK

A, B = b'{"a": 1}', b'{"b": 2}'


def test_lines_as_they_stand(read):
    assert read(b' {"a":  1} \n{"b": 2}\t\n') == [
        (1, b' {"a":  1} ', None),
        (2, b'{"b": 2}\t', None),
    ]
    assert read.source.kind == "jsonl"


def test_a_list_of_messages_a_line_is_a_record_a_line(read):
    chat = b'[{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]'
    assert [one.raw for one in read(chat + b"\n" + chat + b"\n")] == [chat, chat]
    assert [one.raw for one in read(chat, "a.jsonl")] == [chat]
    with pytest.raises(ValueError, match=r"list of messages .* jq -c '\{messages: \.\}' FILE"):
        parse(chat)
    with pytest.raises(ValueError, match=r"jq -c '\{conversations: \.\}' FILE"):
        parse(chat.replace(b"role", b"from"))


def test_lists_of_records_a_line_are_still_all_records(read):
    assert len(read(b'[{"a": 1}, {"a": 2}]\n[{"a": 3}, {"a": 4}]\n', "a.json")) == 4


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n \n"])
def test_the_last_line_needs_no_end(read, end):
    assert read(A + b"\n" + B + end) == [(1, A, None), (2, B, None)]


def test_a_byte_order_mark_loses_no_row(read):
    mark = b"\xef\xbb\xbf"
    assert read(mark + A + b"\n" + B) == [(1, A, None), (2, B, None)]
    # and within a file, where another one with a mark was appended
    assert read(A + b"\n" + mark + B + b"\n" + mark + A) == [
        (1, A, None),
        (2, B, None),
        (3, A, None),
    ]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_each_usual_line_end(read, newline):
    text = newline.join(['{"a": 1}', "", "  ", '{"b": 2}', ""]).encode()
    assert read(text) == [(1, A, None), (4, B, None)]
    assert read.source.layout["newline"] == newline


def test_a_lone_cr_between_objects_ends_a_line(read):
    assert read(A + b"\r" + B + b"\n" + A) == [(1, A, None), (2, B, None), (3, A, None)]
    within = b'{"a": "x\ry"}'
    assert read(A + b"\n" + within + b"\n" + B) == [
        (1, A, None),
        (2, within, "a raw control character (U+000D) in a text at byte 9: JSON escapes it"),
        (3, B, None),
    ]


def test_blank_lines_count_but_are_no_records(read):
    assert read(b"\n\n" + A + b"\n \t\n" + B) == [(3, A, None), (5, B, None)]


@pytest.mark.parametrize(
    "code", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]
)
def test_other_encodings_of_unicode(read, code):
    rows = [{"a": "é 日本 😀"}, {"b": "ü" * 300}]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\r\n" for row in rows)
    seen = read(text.encode(code))
    assert [json.loads(one.raw) for one in seen] == rows
    assert [one.line for one in seen] == [1, 2]


def test_broken_utf_16_is_one_bad_line(read):
    text = '{"a": "x"}\n'.encode("utf-16-le")
    broken = text[:14] + b"\x00\xd8" + text[14:]  # half a surrogate pair
    seen = read(b"\xff\xfe" + text + broken + text)
    assert [one.error is None for one in seen] == [True, False, True]
    assert "lone surrogate" in seen[1].error
    cut = read(b"\xff\xfe" + text + text[:-3])
    assert [one.error for one in cut] == [
        None,
        "the file is cut: its utf-16-le text ends within a character",
    ]


BAD = [
    b'{"a": "caf\xe9"}',
    b'{"a": "\0"}',
    b"\0\0\0\0",
    b'{"a": "\\ud800"}',
    b'{"a": NaN}',
    b'{"a": Infinity}',
    b'{"a": 1, "a": 2}',
    b"[" * 10_000 + b"]" * 10_000,
    b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    b'{"a": 1,}',
    b'{"a": "cut',
    b"{'a': 'b'}",
    b'{"a": 1} {"b": 2}',
    b"[1, 2]",
    b"3",
    b'"text"',
    b"null",
    b"x",
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: repr(bad[:16]))
def test_a_bad_line_is_named_and_harms_no_other(read, bad):
    first, second, third = read(A + b"\n" + bad + b"\n" + B + b"\n")
    assert (first, third) == ((1, A, None), (3, B, None))
    assert second[:2] == (2, bad)
    assert second.error


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: repr(bad[:16]))
@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_a_bad_first_line_is_named_and_harms_no_other(read, bad, name):
    rows = b"\n".join([bad, A, B, A]) + b"\n"
    seen = read(rows, name)
    assert seen[1:] == [(2, A, None), (3, B, None), (4, A, None)]
    assert seen[0][:2] == (1, bad)
    assert seen[0].error


def test_mojibake_is_valid_text(read):
    raw = '{"a": "cafÃ© â€œhiâ€\x9d"}'.encode()
    assert read(raw) == [(1, raw, None)]


def test_a_long_line_over_many_blocks(read):
    long = b'{"a": "' + b"x" * (5 * BLOCK) + b'"}'
    assert read(A + b"\n" + long + b"\n" + B) == [(1, A, None), (2, long, None), (3, B, None)]


@pytest.mark.slow
def test_a_line_of_100_megabytes(read):
    long = b'{"a": "' + b"\\n" * 50_000_000 + b'"}'
    first, second, third = read(A + b"\n" + long + b"\n" + B)
    assert (first, third) == ((1, A, None), (3, B, None))
    assert second == (2, long, None)


def some_rows(count):
    """Rows that do not pack well, so that no block of packed bytes holds many."""
    return [json.dumps({"a": number**5 % 1_000_000_007}).encode() for number in range(count)]


@pytest.mark.parametrize(("suffix", "pack"), [("gz", gzip.compress), ("zst", zstandard.compress)])
class TestPacked:
    def test_whole(self, read, suffix, pack):
        text = b"\n".join([A, B] * 1000)
        seen = read(pack(text), f"a.jsonl.{suffix}")
        assert [one.raw for one in seen] == [A, B] * 1000
        assert read.source.compression == suffix

    def test_by_content_not_by_name(self, read, suffix, pack):
        assert read(pack(A), "a.jsonl") == [(1, A, None)]
        assert read.source.compression == suffix

    def test_several_in_one_file(self, read, suffix, pack):
        packed = pack(A + b"\n") + pack(B)
        assert read(packed, f"a.{suffix}") == [(1, A, None), (2, B, None)]

    def test_cut(self, read, suffix, pack):
        rows = some_rows(50_000)
        packed = pack(b"\n".join(rows))
        *whole, last = read(packed[: len(packed) * 2 // 3])
        assert 0 < len(whole) < 50_000
        assert [one.raw for one in whole] == rows[: len(whole)]
        assert last.line == len(whole) + 1
        assert last.error == f"the file is cut: its {suffix} stream ends too early"

    def test_damaged(self, read, suffix, pack):
        rows = some_rows(50_000)
        packed = bytearray(pack(b"\n".join(rows)))
        middle = len(packed) // 2
        packed[middle : middle + 40] = b"\xff" * 40
        *whole, last = read(bytes(packed))
        assert len(whole) > 5_000
        assert [one.raw for one in whole[:5_000]] == rows[:5_000]
        assert last.error.startswith((f"the {suffix} stream is damaged", "the file is cut"))

    def test_junk_behind(self, read, suffix, pack):
        seen = read(pack(A + b"\n") + b"junk")
        assert seen[0] == (1, A, None)
        assert seen[1].error.startswith(f"the {suffix} stream is damaged")


def test_a_wrong_checksum_of_gzip_takes_no_row(read):
    packed = gzip.compress(A + b"\n" + B + b"\n")
    *whole, last = read(packed[:-8] + b"\0\0\0\0" + packed[-4:])
    assert whole == [(1, A, None), (2, B, None)]
    assert last.error.startswith("the gz stream is damaged")


def test_zeros_behind_gzip_are_padding(read):
    assert read(gzip.compress(A) + b"\0" * 512) == [(1, A, None)]


def blocks_of(text, sizes):
    at = 0
    for size in sizes:
        yield text[at : at + size]
        at += size
    yield text[at:]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from([A, B, b"", b" ", b"\xff", b'"x"', b"{}\r{}"])),
    st.sampled_from(["\n", "\r\n"]),
    st.lists(st.integers(1, 9)),
)
def test_where_blocks_end_does_not_matter(rows, newline, sizes):
    text = newline.encode().join(rows)
    layout = {"newline": newline}
    whole = list(module.lines("a", iter([text]), layout))
    assert list(module.lines("a", blocks_of(text, sizes), layout)) == whole
