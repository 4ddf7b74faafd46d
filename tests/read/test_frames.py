"""Parquet, Arrow and datasets folders: every value in the record, and back by the schema."""

from __future__ import annotations

import gzip
import json

import polars as pl
import pytest
from hypothesis import given, settings
from polars.testing import assert_frame_equal
from polars.testing.parametric import dataframes

from curate.errors import InputError
from curate.read import open_sources, parse
from curate.read.arrow import END, messages
from curate.read.values import SLICE, carry, restore, schema_of, schema_text
from tests.read.odd import ODD


def test_values_that_json_lacks_stay_readable():
    first, second, third = map(json.loads, carry(ODD))
    assert first["date"] == "2020-01-01"
    assert first["moment"] == "2020-01-01T01:02:03.456789"
    assert first["bytes"] == "/wA="
    assert first["price"] == "1.10"
    assert first["turns"] == [{"role": "user", "at": "2020-01-01", "score": "inf"}]
    assert (second["number"], third["number"]) == ("NaN", "-inf")
    assert third["large"] == 2**64 - 1


def test_every_type_survives_the_way_back():
    back = restore([parse(raw) for raw in carry(ODD)], schema_of(schema_text(ODD.schema)))
    assert back.schema == ODD.schema
    assert_frame_equal(back, ODD)


@settings(max_examples=60, deadline=None)
@given(
    dataframes(
        max_cols=4,
        max_size=5,
        allow_null=True,
        excluded_dtypes=[pl.Enum],  # its categories are drawn anew for the schema
    )
)
def test_any_frame_survives_the_way_back(frame):
    back = restore([parse(raw) for raw in carry(frame)], frame.schema)
    assert back.schema == frame.schema
    assert_frame_equal(back, frame)


def test_a_value_that_its_column_cannot_hold_is_named():
    with pytest.raises(ValueError, match=r"^price: "):
        restore([{"price": ["no"]}], {"price": pl.Int64()})


WRITE = {
    "parquet": lambda frame, path: frame.write_parquet(path, row_group_size=3000),
    "arrow": lambda frame, path: frame.write_ipc(path),
    "stream.arrow": lambda frame, path: frame.write_ipc_stream(path),
    "lz4.arrow": lambda frame, path: frame.write_ipc_stream(path, compression="lz4"),
}


@pytest.mark.parametrize(("name", "write"), WRITE.items())
@pytest.mark.parametrize("packed", ["", ".gz"])
def test_rows_in_their_order(tmp_path, name, write, packed):
    frame = pl.DataFrame({"a": range(2 * SLICE + 1), "b": "x"})
    path = tmp_path / f"a.{name}"
    write(frame, path)
    if packed:
        path = path.rename(f"{path}.gz")
        path.write_bytes(gzip.compress(path.read_bytes()))
    (source,) = open_sources([str(path)])
    seen = list(source)
    assert [json.loads(one.raw) for one in seen] == frame.to_dicts()
    assert [one.line for one in seen] == list(range(1, len(seen) + 1))
    assert source.kind == name.rpartition(".")[2]
    assert source.size == source.position == path.stat().st_size
    assert source.sha256
    assert schema_of(source.layout["schema"]) == dict(frame.schema)


@pytest.mark.parametrize(("name", "write"), WRITE.items())
def test_by_content_not_by_name(tmp_path, name, write):  # noqa: ARG001  # names the case
    write(ODD, tmp_path / "a.jsonl")
    (source,) = open_sources([str(tmp_path / "a.jsonl")])
    assert len(list(source)) == 3


@pytest.mark.parametrize(("name", "write"), WRITE.items())
def test_no_row_at_all(tmp_path, name, write):
    path = tmp_path / f"a.{name}"
    write(ODD.clear(), path)
    (source,) = open_sources([str(path)])
    with pytest.raises(InputError, match="no record in it"):
        list(source)


def test_a_cut_stream_keeps_the_batches_before(tmp_path):
    frames = [pl.DataFrame({"a": range(start, start + 100)}) for start in (0, 100, 200)]
    stream = b"".join(
        message
        for number, frame in enumerate(frames)
        for schema, message in messages(frame.write_ipc_stream(None).getvalue())
        if not (schema and number)
    )
    path = tmp_path / "a.arrow"
    path.write_bytes(stream + END)
    assert len(list(open_sources([str(path)])[0])) == 300
    path.write_bytes(stream[:-100])
    *rows, last = open_sources([str(path)])[0]
    assert [json.loads(one.raw)["a"] for one in rows] == list(range(200))
    assert last[1:] == (201, b"", "the file is cut: it ends within an Arrow message")


@pytest.mark.parametrize("name", ["parquet", "arrow"])
@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_a_cut_file_is_one_clear_error(tmp_path, name, keep):
    path = tmp_path / f"a.{name}"
    WRITE[name](ODD, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep)])
    (source,) = open_sources([str(path)])
    with pytest.raises(InputError, match=rf"a\.{name}: can't be read as {name}: ") as raised:
        list(source)
    assert "\n" not in str(raised.value)


def test_a_damaged_row_group_harms_no_other(tmp_path):
    path = tmp_path / "a.parquet"
    rows = [f"{number**5 % 1_000_003}" for number in range(3 * SLICE)]
    pl.DataFrame({"a": rows}).write_parquet(path, row_group_size=SLICE, compression="zstd")
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 200] = b"\xff" * 200
    path.write_bytes(content)
    seen = list(open_sources([str(path)])[0])
    errors = [one for one in seen if one.error]
    assert len(errors) == 1
    assert errors[0].line == SLICE + 1
    assert f"rows {SLICE + 1} to {2 * SLICE} can't be read" in errors[0].error
    assert [json.loads(one.raw)["a"] for one in seen if not one.error] == (
        rows[:SLICE] + rows[2 * SLICE :]
    )


class TestDatasets:
    """Folders that the `datasets` library writes, and the library itself."""

    @pytest.fixture
    def data(self):
        datasets = pytest.importorskip("datasets")
        datasets.disable_progress_bars()
        rows = [{"instruction": f"say {number}", "output": "x"} for number in range(7)]
        return datasets.Dataset.from_list(rows)

    def read(self, name):
        sources = open_sources([str(name)])
        return {
            source.name: [json.loads(one.raw)["instruction"] for one in source]
            for source in sources
        }

    def test_a_saved_data_set(self, data, tmp_path):
        data.save_to_disk(tmp_path / "one", num_shards=2)
        names = [f"say {number}" for number in range(7)]
        assert self.read(tmp_path / "one") == {
            f"{tmp_path}/one/data-00000-of-00002.arrow": names[:4],
            f"{tmp_path}/one/data-00001-of-00002.arrow": names[4:],
        }

    def test_saved_splits_in_their_order(self, data, tmp_path):
        import datasets

        splits = datasets.DatasetDict({"train": data, "eval": data.select([2])})
        splits.save_to_disk(tmp_path / "all")
        read = self.read(tmp_path / "all")
        assert list(map(len, read.values())) == [7, 1]

    def test_descriptions_that_are_broken(self, data, tmp_path):
        data.save_to_disk(tmp_path / "one")
        state = tmp_path / "one/state.json"
        state.write_text('{"_data_files": [{"filename": "gone.arrow"}]}')
        with pytest.raises(InputError, match=r"gone\.arrow: is not there"):
            self.read(tmp_path / "one")
        state.write_text("{")
        with pytest.raises(InputError, match=r"state\.json: can't be read"):
            self.read(tmp_path / "one")
        state.write_text('{"_indices_files": [{"filename": "x"}]}')
        with pytest.raises(InputError, match="chosen by an index"):
            self.read(tmp_path / "one")

    @pytest.fixture
    def offline(self, monkeypatch, tmp_path):
        import datasets

        monkeypatch.setattr(datasets.config, "HF_DATASETS_OFFLINE", True)
        monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")

    @pytest.mark.usefixtures("offline")
    def test_the_hub(self, data, tmp_path):
        (tmp_path / "hub").mkdir()
        for split in ("train", "test"):
            with (tmp_path / "hub" / f"{split}.jsonl").open("wb") as file:
                data.to_json(file)
        names = [f"say {number}" for number in range(7)]
        hub = f"hf://{tmp_path}/hub"
        assert self.read(hub) == {f"{hub}:train": names, f"{hub}:test": names}
        assert self.read(f"{hub}:test") == {f"{hub}:test": names}
        (source,) = open_sources([f"{hub}:test"])
        assert (source.size, source.sha256) == (None, None)
        size = sum(len(one.raw) + 1 for one in source)
        assert source.size == source.position == size
        assert source.sha256 == open_and_read(f"{hub}:test").sha256

    @pytest.mark.usefixtures("offline")
    @pytest.mark.parametrize("name", ["gone", "hub:gone"])
    def test_what_the_hub_has_not(self, data, tmp_path, name):
        (tmp_path / "hub").mkdir()
        data.to_json(tmp_path / "hub/train.jsonl")
        with pytest.raises(InputError, match=r"gone: can't be loaded: [^\n]+$"):
            open_sources([f"hf://{tmp_path}/{name}"])


def open_and_read(name):
    (source,) = open_sources([name])
    list(source)
    return source


@pytest.mark.parametrize("name", ["", "*", "^a$", "x.y"])
def test_a_field_may_have_any_name(name):
    frame = pl.DataFrame({"a": [{name: float("inf")}]})
    (raw,) = carry(frame)
    assert parse(raw) == {"a": {name: "inf"}}
    assert_frame_equal(restore([parse(raw)], frame.schema), frame)
