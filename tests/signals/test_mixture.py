"""Which records are unlike their file."""

from __future__ import annotations

import orjson
import polars as pl
import pytest

from curate.ingest import Ingest
from curate.read import Record
from curate.row import Row, to_frame
from curate.signals.mixture import mixture

ALPACA = {"instruction": "q", "input": "", "output": "a"}
BARE = {"input": "x", "output": "a"}
CHAT = {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}


def measured(*files):
    ingest = Ingest()
    frames = []
    for number, records in enumerate(files):
        made = [
            ingest(Record(f"file{number}", line, orjson.dumps(record), None))[0]
            for line, record in enumerate(records, 1)
        ]
        assert all(isinstance(row, Row) for row in made)
        frames.append(to_frame(made))
    return mixture(pl.concat(frames))


@pytest.mark.parametrize("order", [1, -1])
def test_a_record_without_instruction_is_found_wherever_it_stands(order):
    made = measured([ALPACA, ALPACA, BARE][::order])
    assert made["missing_field"].to_list() == [None, None, "instruction"][::order]


def test_a_file_is_judged_by_itself():
    made = measured([ALPACA, ALPACA], [BARE, BARE], [CHAT])
    assert made["missing_field"].null_count() == made["unlike_format"].null_count() == 5


def test_the_minority_of_a_mixed_file_is_named():
    made = measured([CHAT, ALPACA, ALPACA], [CHAT])
    assert made["unlike_format"].to_list() == ["chatml in a file of alpaca", None, None, None]


def test_half_and_half_has_one_main_format():
    made = measured([CHAT, ALPACA])
    assert made["unlike_format"].to_list() == ["chatml in a file of alpaca", None]


def test_an_empty_frame():
    made = mixture(to_frame([]))
    assert made.schema == {"unlike_format": pl.String, "missing_field": pl.String}
