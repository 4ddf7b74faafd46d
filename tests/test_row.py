"""Rows laid out as a frame."""

from __future__ import annotations

from curate.row import BASE_SCHEMA, Message, Row, to_frame

ROWS = [
    Row(id="a", messages=(Message("user", "Hi", "there"), Message("assistant", "Hello"))),
    Row(id="b"),
    Row(
        id="c",
        messages=(
            Message("system", "Be kind."),
            Message("user", "One"),
            Message("assistant", "1"),
            Message("user", "Two"),
            Message("assistant", ""),
        ),
        rejected=(Message("assistant", "no"), Message("assistant", "never")),
    ),
]


def test_turns_of_a_role_are_joined_where_there_are_several():
    frame = to_frame(ROWS)
    assert frame.columns == list(BASE_SCHEMA)
    assert frame["prompt"].to_list() == ["Hi\n\nthere", None, "One\n\nTwo"]
    assert frame["response"].to_list() == ["Hello", None, "1\n\n"]
    assert frame["system"].to_list() == [None, None, "Be kind."]
    assert frame["rejected"].to_list() == [None, None, "no\n\nnever"]
    assert frame["input"].to_list() == ["there", None, None]


def test_a_role_that_speaks_once_a_row_reads_as_among_others():
    alone = to_frame(ROWS[:2])
    assert alone.equals(to_frame(ROWS).head(2))


def test_fewer_columns_are_the_same_columns():
    wanted = {"id", "roles", "texts", "response"}
    frame = to_frame(ROWS, wanted)
    assert set(frame.columns) == wanted
    assert frame.equals(to_frame(ROWS).select(frame.columns))
    assert to_frame([], wanted).schema == frame.schema
