"""What is read is written again: the same bytes, the same types, the same dialect."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from curate.errors import OutputError
from curate.read import open_sources, parse
from curate.write import extension, layout_of, open_writer
from curate.write.shapes import joined, shape
from tests.read.odd import ODD


def again(paths, out, keep=lambda _raw: True):
    """Read files and write their records as they came, by the layout as plain JSON."""
    sources = open_sources([str(path) for path in paths])
    raws = [one.raw for source in sources for one in source if keep(one.raw)]
    layout = json.loads(json.dumps(layout_of(sources)))
    path = out / f"out{extension(layout)}"
    write(path, raws, layout)
    return path


def write(path, raws, like=None):
    with open_writer(path, like) as writer:
        for raw in raws:
            writer.write(raw)
    assert writer.records == len(raws)


def read(path):
    (source,) = open_sources([str(path)])
    records = list(source)
    assert not any(one.error for one in records)
    return [one.raw for one in records]


SAME = {
    "a.jsonl": b'{"a": 1}\n {"a":  "\xc3\xa9"} \n{"a": "\\u00e9"}\n',
    "crlf.jsonl": b'{"a": 1}\r\n{"a": 2}\r\n',
    "compact.json": b'[{"a": 1},{"a": 2}]',
    "lines.json": b'[\n{"a": 1},\n{"a": 2}\n]\n',
    "indented.json": b'[\n    {\n        "a": 1\n    },\n    {\n        "a": 2\n    }\n]',
    "crlf.json": b'[\r\n  {"a": 1},\r\n  {"a": 2}\r\n]\r\n',
    "data.json": b'{\n "version": 1.10,\n "data": [\n  {"a": 1},\n  {"a": 2}\n ],\n "n": {}\n}\n',
    "objects.json": b'{\n "a": 1\n}\n{\n "a": 2\n}\n',
    "one.json": b'{\n "a": 1\n}\n',
    "a.csv": b'a,b\r\n1,"x, y"\r\n"say ""hi""","two\nlines"\r\n',
    "all quoted.csv": b'"a","b"\n"1","2"\n"3",""\n',
    "half quoted.csv": b'a,b\n1,"x"\n2,"y"\n',
    "semicolons.csv": b"a;b\n1,5;2\n3;4\n",
    "escapes.csv": b'a,b\n"say \\"hi\\", he said",x\n"\\"y\\"","z\\\\"\n',
    "a.tsv": b"a\tb\n1\tx, y\n2\tz\n",
    "letters.tsv": b'a\tb\n5" pipe\tx\n"half\ty\n',
}


@pytest.mark.parametrize(("name", "content"), SAME.items())
def test_a_file_that_loses_nothing_stays_byte_for_byte(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert again([tmp_path / name], tmp_path).read_bytes() == content


@pytest.mark.parametrize(("name", "content"), SAME.items())
def test_a_file_that_loses_its_first_row_is_still_one(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    rows = read(tmp_path / name)
    kept = again([tmp_path / name], tmp_path, keep=lambda raw: raw != rows[0])
    if name != "one.json":
        assert read(kept) == rows[1:]
    nothing = again([tmp_path / name], tmp_path, keep=lambda _raw: False).read_bytes()
    assert b"1" not in nothing.replace(b"1.10", b"")
    if name.endswith(".json") and "obj" not in name and name != "one.json":
        assert json.loads(nothing) in ([], {"version": 1.1, "data": [], "n": {}})


@pytest.mark.parametrize("kind", ["json", "jsonl", "csv"])
def test_encodings_become_utf_8_without_a_mark(tmp_path, kind):
    text = {"json": '[{"a": "é"}]', "jsonl": '{"a": "é"}\n', "csv": "a,b\né,x\n"}[kind]
    for code in ("utf-8-sig", "utf-16"):
        (tmp_path / f"in.{kind}").write_bytes(text.encode(code))
        assert again([tmp_path / f"in.{kind}"], tmp_path).read_bytes() == text.encode()


def test_lone_cr_becomes_lf(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b'{"a": 1}\r{"a": 2}\r')
    assert again([tmp_path / "a.jsonl"], tmp_path).read_bytes() == b'{"a": 1}\n{"a": 2}\n'


def test_an_empty_file_among_others_changes_no_type(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.csv").write_bytes(b"a,b\n1,x\n")
    (tmp_path / "in/b.jsonl").write_bytes(b"")
    assert again([tmp_path / "in"], tmp_path).read_bytes() == b"a,b\n1,x\n"


def test_typed_files_keep_their_types_in_each_other(tmp_path):
    ODD.write_parquet(tmp_path / "a.parquet")
    sources = open_sources([str(tmp_path / "a.parquet")])
    raws = [one.raw for one in sources[0]]
    write(tmp_path / "b.arrow", raws, sources)
    assert_frame_equal(pl.read_ipc(tmp_path / "b.arrow"), ODD)


@pytest.mark.parametrize("suffix", ["gz", "zst"])
@pytest.mark.parametrize("kind", ["jsonl", "json", "csv", "parquet", "arrow"])
def test_packed_files_stay_packed_and_are_the_same_each_time(tmp_path, suffix, kind):
    raws = [b'{"a":"%d"}' % number for number in range(100)]
    first = tmp_path / f"a.{kind}.{suffix}"
    write(first, raws)
    assert read(first) == raws
    one = again([first], tmp_path)
    assert one.name == f"out.{kind}.{suffix}"
    assert one.read_bytes() == first.read_bytes()


def test_unlike_types_are_written_as_jsonl(tmp_path):
    (tmp_path / "a.json").write_bytes(SAME["indented.json"])
    (tmp_path / "b.csv").write_bytes(b"a,b\n3,x\n")
    out = again([tmp_path / "a.json", tmp_path / "b.csv"], tmp_path)
    assert out.name == "out.jsonl"
    assert out.read_bytes() == b'{"a": 1}\n{"a": 2}\n{"a":"3","b":"x"}\n'


def test_tables_with_unlike_columns_are_joined(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"a,b\n1,x\n")
    (tmp_path / "b.csv").write_bytes(b"b,c\ny,2\n")
    out = again([tmp_path / "a.csv", tmp_path / "b.csv"], tmp_path)
    assert out.read_bytes() == b"a,b,c\n1,x,\n,y,2\n"
    pl.DataFrame({"a": [1], "b": ["x"]}).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({"b": ["y"], "c": [2.5]}).write_parquet(tmp_path / "b.parquet")
    out = again([tmp_path / "a.parquet", tmp_path / "b.parquet"], tmp_path)
    wanted = {"a": [1, None], "b": ["x", "y"], "c": [None, 2.5]}
    assert pl.read_parquet(out).to_dict(as_series=False) == wanted


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow", "s.arrow"])
@pytest.mark.parametrize("rows", [0, 1, 20_000])
def test_types_stay(tmp_path, name, rows):
    frame = pl.concat([ODD] * (rows // 3 + 1)).head(rows) if rows else ODD
    path = tmp_path / name
    write_frame = {"p": frame.write_parquet, "s": frame.write_ipc_stream}
    write_frame.get("s" if name[0] == "s" else name[2], frame.write_ipc)(path)
    out = again([path], tmp_path, keep=lambda _raw: rows)
    back = {"p": pl.read_parquet, "a": pl.read_ipc}
    load = pl.read_ipc_stream if name[0] == "s" else back[name[2]]
    assert_frame_equal(load(out), frame.head(rows))
    first = out.read_bytes()
    assert again([path], tmp_path, keep=lambda _raw: rows).read_bytes() == first


@pytest.mark.parametrize("kind", ["parquet", "arrow", "csv"])
def test_the_number_of_cores_does_not_show(tmp_path, kind):
    source = tmp_path / "a.jsonl"
    source.write_text("".join(f'{{"a":"{n}","b":"{n % 7}"}}\n' for n in range(150_000)))
    code = (
        "import sys\nfrom curate.read import open_sources\nfrom curate.write import open_writer\n"
        "(source,) = open_sources(sys.argv[1:2])\n"
        "with open_writer(sys.argv[2]) as out:\n    for one in source: out.write(one.raw)\n"
    )
    hashes = set()
    for cores in ("1", "2", "5"):
        out = tmp_path / f"out.{kind}"
        subprocess.run(
            [sys.executable, "-c", code, source, out],
            env=os.environ | {"POLARS_MAX_THREADS": cores},
            check=True,
        )
        hashes.add(hashlib.sha256(out.read_bytes()).hexdigest())
    assert len(hashes) == 1


def test_what_the_file_says_of_its_columns_stays(tmp_path):
    about = {"huggingface": '{"info": {}}', "pandas": '{"index": 1}'}
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "a.parquet", metadata=about)
    out = again([tmp_path / "a.parquet"], tmp_path)
    kept = pl.read_parquet_metadata(out)
    assert kept["huggingface"] == about["huggingface"]
    assert "pandas" not in kept  # it counts the rows


def test_datasets_reads_what_is_written(tmp_path):
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    data = datasets.Dataset.from_list([{"a": [{"b": "x", "c": number}]} for number in range(9)])
    data.save_to_disk(tmp_path / "saved")
    out = again([tmp_path / "saved"], tmp_path)
    assert datasets.Dataset.from_file(str(out)).to_list() == data.to_list()


class TestNewRows:
    """Rows that were converted have other columns than their source."""

    def test_types_are_those_of_the_values(self, tmp_path):
        rows = [
            {"turns": [{"role": "user", "text": "x"}], "n": 1, "same": True},
            {"turns": [], "n": None, "same": False, "late": ["y"]},
            {"turns": [{"role": "tool", "text": None, "id": 2**70}], "n": 2.5, "same": None},
        ]
        raws = [json.dumps(row).encode() for row in rows]
        for name in ("a.parquet", "a.arrow"):
            write(tmp_path / name, raws)
            (source,) = open_sources([str(tmp_path / name)])
            back = [parse(one.raw) for one in source]
            assert back[0] == {
                "turns": [{"role": "user", "text": "x"}],
                "n": 1.0,
                "same": True,
                "late": None,
            }
            assert back[1]["late"] == ["y"]
            assert back[2]["turns"][0]["id"] == 2**70

    def test_columns_that_no_row_has_any_more_are_left_out(self, tmp_path):
        pl.DataFrame({"a": [1], "b": ["x"]}).write_parquet(tmp_path / "a.parquet")
        sources = open_sources([str(tmp_path / "a.parquet")])
        list(sources[0])
        write(tmp_path / "out.parquet", [b'{"c": [1], "b": "y"}'], sources)
        assert pl.read_parquet(tmp_path / "out.parquet").to_dicts() == [{"c": [1], "b": "y"}]

    def test_two_types_in_a_column(self, tmp_path):
        with pytest.raises(
            OutputError, match=r"out\.parquet: record 2: a: holds a list beside a text"
        ):
            write(tmp_path / "out.parquet", [b'{"a": "x"}', b'{"a": [1]}'])
        assert not list(tmp_path.iterdir())

    def test_a_value_that_the_source_has_no_type_for(self, tmp_path):
        pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "a.parquet")
        (source,) = open_sources([str(tmp_path / "a.parquet")])
        list(source)
        with pytest.raises(OutputError, match=r"out\.parquet: records 1 to 1: a: "):
            write(tmp_path / "out.parquet", [b'{"a": "x"}'], source)
        assert [one.name for one in tmp_path.iterdir()] == ["a.parquet"]

    def test_a_table_of_texts(self, tmp_path):
        raws = [b'{"a": 1.50, "b": null, "c": true}', b'{"a": "x", "d": "\\n"}']
        write(tmp_path / "out.csv", raws)
        with (tmp_path / "out.csv").open(newline="") as file:
            assert list(csv.reader(file)) == [
                ["a", "b", "c", "d"],
                ["1.5", "", "true", ""],
                ["x", "", "", "\n"],
            ]

    @pytest.mark.parametrize(
        ("value", "what"), [(b"[1]", "a list"), (b'{"b": 1}', "an object"), (b"[]", "a list")]
    )
    def test_what_a_table_of_texts_cannot_hold(self, tmp_path, value, what):
        with pytest.raises(OutputError, match=rf"record 1: a: csv can't hold {what}; write"):
            write(tmp_path / "out.csv", [b'{"a": %s}' % value])

    def test_what_a_table_without_quotation_marks_cannot_hold(self, tmp_path):
        (tmp_path / "a.tsv").write_bytes(SAME["letters.tsv"])
        sources = open_sources([str(tmp_path / "a.tsv")])
        list(sources[0])
        with pytest.raises(OutputError, match=r"without quotation marks can't hold '\\t'"):
            write(tmp_path / "out.tsv", [b'{"a": "x\\ty", "b": ""}'], sources)

    def test_a_record_over_several_lines_becomes_one_line(self, tmp_path):
        pretty = b'{\n  "a": 1.10,\n  "b": [\n    1,\n    "x  y"\n  ]\n}'
        write(tmp_path / "out.jsonl", [pretty])
        assert (tmp_path / "out.jsonl").read_bytes() == b'{"a": 1.10, "b": [1, "x  y"]}\n'

    def test_the_name_of_the_file_says_the_type(self, tmp_path):
        (tmp_path / "a.json").write_bytes(SAME["indented.json"])
        sources = open_sources([str(tmp_path / "a.json")])
        list(sources[0])
        raws = [b'{"a":1}']
        for name, content in (
            ("b.jsonl", b'{"a":1}\n'),
            ("b.ndjson", b'{"a":1}\n'),
            ("b.json", b'[\n    {"a":1}\n]'),
            ("b.data", b'[\n    {"a":1}\n]'),
            ("b.csv", b"a\r\n1\r\n"),
            ("b.tsv", b"a\n1\n"),
        ):
            write(tmp_path / name, raws, sources)
            assert (tmp_path / name).read_bytes() == content
        write(tmp_path / "b.json.gz", raws, sources)
        assert gzip.decompress((tmp_path / "b.json.gz").read_bytes()) == b'[\n    {"a":1}\n]'
        write(tmp_path / "b.parquet", raws, sources)
        assert pl.read_parquet(tmp_path / "b.parquet").to_dicts() == [{"a": 1}]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=6,
)
RAWS = st.lists(
    st.dictionaries(st.sampled_from("abc"), JSON, min_size=1).map(
        lambda row: json.dumps(row, ensure_ascii=False).encode("utf-8", "replace")
    ),
    min_size=1,
    max_size=6,
)
ONE_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@ONE_FOLDER
@given(RAWS, st.sampled_from(["jsonl", "json", "jsonl.gz", "json.zst"]))
def test_texts_hold_every_record_byte_for_byte(tmp_path, raws, kind):
    write(tmp_path / f"a.{kind}", raws)
    assert read(tmp_path / f"a.{kind}") == raws


@ONE_FOLDER
@given(
    st.lists(st.dictionaries(st.sampled_from("abc"), st.text(max_size=4), min_size=2), min_size=1)
)
def test_tables_hold_every_text(tmp_path, rows):
    rows = [{"a": "", "b": "", "c": "", **row} for row in rows]
    raws = [json.dumps(row).encode() for row in rows]
    for kind in ("csv", "tsv"):
        write(tmp_path / f"a.{kind}", raws)
        assert [json.loads(raw) for raw in read(tmp_path / f"a.{kind}")] == rows


@ONE_FOLDER
@given(RAWS)
def test_typed_files_hold_every_record_or_refuse_it(tmp_path, raws):
    rows = [json.loads(raw) for raw in raws]
    for kind in ("parquet", "arrow"):
        path = tmp_path / f"a.{kind}"
        path.unlink(missing_ok=True)
        try:
            write(path, raws)
        except OutputError as error:
            assert "\n" not in str(error)  # noqa: PT017  # both outcomes are right
            assert not path.exists()
        else:
            assert [without_nulls(json.loads(raw)) for raw in read(path)] == [
                without_nulls(row) for row in rows
            ]


def without_nulls(value):
    """What a table cannot tell apart: a key that is missing and one that is null."""
    if isinstance(value, dict):
        return {key: without_nulls(held) for key, held in value.items() if held is not None}
    return [without_nulls(held) for held in value] if isinstance(value, list) else value


@given(JSON, JSON)
def test_the_order_of_records_does_not_change_a_type(one, other):
    try:
        made = joined(shape(one), shape(other))
    except ValueError:
        with pytest.raises(ValueError, match="beside"):
            joined(shape(other), shape(one))
    else:
        assert joined(shape(other), shape(one)) == made


@pytest.mark.slow
def test_every_real_file_stays_byte_for_byte(shared_data, tmp_path):
    seen = set()
    for source in open_sources([str(shared_data)]):
        raws = [one.raw for one in source if not one.error]
        if not raws or source.compression:  # packed, it is the packer that differs
            continue
        out = tmp_path / f"out{extension(layout_of([source]))}"
        write(out, raws, source)
        assert out.read_bytes() == Path(source.name).read_bytes(), source.name
        seen.add(source.kind)
    assert seen >= {"json", "jsonl", "csv"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["parquet", "arrow", "csv", "jsonl.gz", "json"])
def test_real_rows_survive_every_type(shared_data, tmp_path, kind):
    name = shared_data / "01_alpaca/rasbt_instruction_1100/instruction-data.json"
    rows = [parse(raw) for raw in read(name)]
    path = again([name], tmp_path)
    write(tmp_path / f"b.{kind}", read(path))
    assert [parse(raw) for raw in read(tmp_path / f"b.{kind}")] == rows
