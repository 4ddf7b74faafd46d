"""What the user named: found, told apart by content, watched while it is read."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import subprocess
import sys
import threading
import tracemalloc
import zipfile

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curate.errors import InputError, MissingExtra
from curate.read import open_sources, parse
from curate.read.sources import left_out, runs_below

A, B = b'{"a": 1}', b'{"b": 2}'


def names(inputs):
    return [source.name for source in open_sources([str(one) for one in inputs])]


@pytest.fixture
def folder(tmp_path):
    for name in ("b.jsonl", "a.json", "deep/c.csv", "deep/d.jsonl.gz", ".hidden/e.jsonl"):
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = b"a,b\n1,2\n" if name.endswith("csv") else A
        path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    for name in ("README.md", "LICENSE", "dataset_info.json", ".f.jsonl", "deep/notes.txt"):
        (tmp_path / "data" / name).write_text("{}")
    return tmp_path / "data"


class TestInputs:
    def test_a_folder_gives_its_data_files_in_order(self, folder):
        wanted = ["a.json", "b.jsonl", "deep/c.csv", "deep/d.jsonl.gz"]
        assert names([folder]) == [f"{folder}/{name}" for name in wanted]
        assert names([f"{folder}/"]) == [f"{folder}/{name}" for name in wanted]

    def test_a_glob(self, folder):
        assert names([f"{folder}/*.json*"]) == [f"{folder}/a.json", f"{folder}/b.jsonl"]
        assert names([f"{folder}/**/*.gz"]) == [f"{folder}/deep/d.jsonl.gz"]
        assert names([f"{folder}/de*"]) == [f"{folder}/deep/c.csv", f"{folder}/deep/d.jsonl.gz"]

    def test_a_name_that_looks_like_a_glob(self, tmp_path):
        (tmp_path / "a[1].jsonl").write_bytes(A)
        assert names([tmp_path / "a[1].jsonl"]) == [f"{tmp_path}/a[1].jsonl"]

    def test_inputs_keep_their_order_and_are_read_once(self, folder):
        b, c = folder / "b.jsonl", folder / "deep/c.csv"
        assert names([c, b, folder / "deep/../b.jsonl"]) == [str(c), str(b)]
        assert names([b, folder])[0] == str(b)
        assert len(names([b, folder])) == 4

    def test_the_core_alone_of_a_run_folder(self, folder):
        (folder / "curate.lock").write_text("{}")
        (folder / "core.jsonl").write_bytes(A)
        assert names([folder])[0] == f"{folder}/core.jsonl"
        assert f"{folder}/b.jsonl" not in names([folder])

    def test_a_run_folder_below_a_folder_is_no_data(self, folder):
        alone = names([folder])
        run = folder / "deep" / "run"
        run.mkdir()
        for name in ("curate.lock", "core.jsonl", "dropped.jsonl", "report.html"):
            (run / name).write_bytes(A)
        assert names([folder]) == alone
        assert runs_below([str(folder)]) == [str(run)]
        assert not [one for one in left_out([str(folder)]) if "/run/" in one]
        assert names([run]) == names([f"{folder}/deep/r*"]) == [f"{run}/core.jsonl"]
        assert runs_below([str(run)]) == []

    def test_a_folder_of_runs_alone(self, tmp_path):
        for name in ("b", "a"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "curate.lock").write_text("{}")
            (tmp_path / name / "core.jsonl").write_bytes(A)
        with pytest.raises(InputError, match=r"name a run folder to read its core: .*a$"):
            open_sources([str(tmp_path)])

    @pytest.mark.parametrize(
        ("name", "error"),
        [
            ("b.json", r"b\.json: is not there; did you mean .*/b\.jsonl\?"),
            ("nothing", r"nothing: is not there$"),
            ("nowhere/a.jsonl", "nowhere/a.jsonl: is not there; nor is the folder"),
            ("*.xyz", r"\*\.xyz: no file has such a name"),
        ],
    )
    def test_what_is_not_there(self, folder, name, error):
        with pytest.raises(InputError, match=error):
            open_sources([f"{folder}/{name}"])

    def test_a_folder_without_data(self, tmp_path):
        (tmp_path / "notes.txt").write_text("x")
        with pytest.raises(InputError, match="no data file in this folder"):
            open_sources([str(tmp_path)])

    def test_a_broken_link(self, tmp_path):
        (tmp_path / "a.jsonl").symlink_to(tmp_path / "gone")
        with pytest.raises(InputError, match=r"a\.jsonl: is a broken link to .*gone$"):
            open_sources([str(tmp_path / "a.jsonl")])

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may all")
    def test_a_file_without_permission(self, tmp_path):
        (tmp_path / "a.jsonl").write_bytes(A)
        (tmp_path / "a.jsonl").chmod(0)
        with pytest.raises(InputError, match=r"may not be read \(permission denied\)"):
            open_sources([str(tmp_path / "a.jsonl")])

    def test_permission_denied_in_words(self, tmp_path, monkeypatch):
        (tmp_path / "a.jsonl").write_bytes(A)

        def refuse(*_args, **_kwargs):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(os, "open", refuse)
        with pytest.raises(InputError, match=r"a\.jsonl: may not be read \(permission denied\)"):
            open_sources([str(tmp_path / "a.jsonl")])

    def test_the_hub_without_its_library(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "datasets", None)
        with pytest.raises(MissingExtra, match="the extra hf"):
            open_sources(["hf://squad:train"])


class TestEmpty:
    @pytest.mark.parametrize(
        "content", [b"", b"\n \r\n", b"\xef\xbb\xbf", gzip.compress(b"", mtime=0)]
    )
    @pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "a"])
    def test_an_empty_file(self, read, content, name):
        with pytest.raises(InputError, match=rf"{name}: is empty: no record in it"):
            read(content, name)

    @pytest.mark.parametrize(
        "content", [b"[]", b"[\n]\n", b'{"data": []}', b'{"v": 1, "data": [\n]}']
    )
    def test_an_empty_array(self, read, content):
        with pytest.raises(InputError, match=r"a\.json: no record in it"):
            read(content, "a.json")

    def test_one_empty_file_of_many(self, folder):
        (folder / "empty.jsonl").write_bytes(b"")
        sources = open_sources([str(folder)])
        assert [len(list(source)) for source in sources] == [1, 1, 1, 1, 0]
        assert sources[-1].sha256 == hashlib.sha256().hexdigest()


OTHERS = {
    "a zip": (b"PK\x03\x04" + b"\0" * 20, "is a zip archive or an Excel sheet"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + b"\0" * 20, "is an image"),
    "a pickle": (b"\x80\x04\x95" + b"\0" * 20, "is a Python pickle"),
    "bzip2": (b"BZh91AY&SY" + b"\0" * 20, "is packed with bzip2"),
    "encrypted": (b"Salted__" + bytes(range(200)), "is encrypted with OpenSSL"),
    "lfs": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n",
        "is a Git LFS pointer",
    ),
    "html": (b"<!DOCTYPE html>\n<html>", "is a web page"),
    "tar": (b"data.jsonl".ljust(257, b"\0") + b"ustar\0", "is a tar archive"),
    "pgp": (b"-----BEGIN PGP MESSAGE-----\n\nhQEMA", "is encrypted with PGP"),
    "noise": (hashlib.sha512(b"x").digest() * 50, "is no text and of no known type"),
    "zeros": (b"\0" * 500, "is no text and of no known type"),
}


@pytest.mark.parametrize(("content", "error"), OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("name", ["a", "a.jsonl", "a.parquet"])
def test_what_is_no_data_file(read, content, error, name):
    with pytest.raises(InputError, match=error) as raised:
        read(content, name)
    assert "\n" not in str(raised.value)


def test_prose_is_no_data_file(read):
    with pytest.raises(
        InputError, match=r"is of no known type \(it begins with 'Once upon a time'"
    ):
        read(b"Once upon a time", "a.txt")


def test_an_excel_sheet_by_its_name_too(tmp_path):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr("xl/workbook.xml", "<x/>")
    (tmp_path / "a.csv").write_bytes(made.getvalue())
    with pytest.raises(InputError, match="Excel"):
        open_sources([str(tmp_path / "a.csv")])


def test_prose_in_a_jsonl_file_is_quarantined_line_by_line(read):
    seen = read(b"Once upon\na time\n", "a.jsonl")
    assert [one.error for one in seen] == [
        "not JSON: begins with 'Once upon'",
        "not JSON: begins with 'a time'",
    ]


PIECES = st.sampled_from(
    [
        *(
            A,
            B,
            b"[",
            b"]",
            b",",
            b"\n",
            b"\r\n",
            b'"',
            b"{",
            b"}",
            b"a,b",
            b"x",
            b"\0",
            b"\xff",
            b" ",
        ),
        *(b'{"data": [', b"\t", b"\xef\xbb\xbf", b"\xff\xfe", b"{'a': 1}", b"\x10\0\0\0", b"PAR1"),
        *(b"ARROW1\0\0", b"\xff\xff\xff\xff", b"\x1f\x8b", b"\x28\xb5\x2f\xfd"),
    ]
)
SUFFIXES = st.sampled_from(["", ".jsonl", ".json", ".csv", ".tsv", ".parquet", ".arrow", ".gz"])


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=500
)
@given(
    st.lists(PIECES | st.binary(max_size=4), min_size=1).map(b"".join),
    SUFFIXES,
    st.sampled_from([bytes, gzip.compress, zstandard.compress]),
)
def test_any_file_gives_records_or_one_clear_error(tmp_path, content, suffix, pack):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(pack(content))
    try:
        (source,) = open_sources([str(path)])
        seen = list(source)
    except InputError as error:
        assert str(error).startswith(str(path))  # noqa: PT017  # both outcomes are right
        assert "\n" not in str(error)  # noqa: PT017  # likewise
    else:
        assert seen
        assert source.position == source.size == len(pack(content))
        assert [one.line for one in seen] == sorted({one.line for one in seen})


class TestWatched:
    def test_bytes_and_hash_are_those_on_disk(self, tmp_path):
        content = gzip.compress(A + b"\n" + B)
        (tmp_path / "a.gz").write_bytes(content)
        (source,) = open_sources([str(tmp_path / "a.gz")])
        assert (source.size, source.position, source.sha256) == (len(content), 0, None)
        assert len(list(source)) == 2
        assert source.position == len(content)
        assert source.sha256 == hashlib.sha256(content).hexdigest()

    def test_progress_rises_with_reading(self, tmp_path):
        (tmp_path / "a.jsonl").write_bytes((A + b"\n") * 600_000)
        (source,) = open_sources([str(tmp_path / "a.jsonl")])
        positions = {source.position for _ in source}
        assert len(positions) > 3
        assert max(positions) == source.size

    def test_a_file_is_read_again_from_the_start(self, tmp_path):
        (tmp_path / "a.jsonl").write_bytes(A)
        (source,) = open_sources([str(tmp_path / "a.jsonl")])
        assert list(source) == list(source)
        assert source.records == 1

    @pytest.mark.parametrize("content", [A + b"\n", b"[" + A + b"]", b"a,b\n1,2\n"])
    @pytest.mark.parametrize("change", ["grows", "shrinks", "is touched", "is replaced", "goes"])
    def test_a_file_that_changes(self, tmp_path, content, change):
        path = tmp_path / "a.data"
        path.write_bytes(content)
        (source,) = open_sources([str(path)])
        records = iter(source)
        next(records)
        if change == "grows":
            with path.open("ab") as file:
                file.write(b"\n" + content)
        elif change == "shrinks":
            os.truncate(path, 3)
        elif change == "is touched":
            os.utime(path, ns=(1, 1))
        elif change == "is replaced":
            (tmp_path / "b").write_bytes(content)
            (tmp_path / "b").replace(path)
        else:
            path.unlink()
        with pytest.raises(InputError, match=r"a\.data: changed while it was read"):
            list(records)

    def test_a_parquet_file_that_changes(self, tmp_path):
        pl = pytest.importorskip("polars")
        path = tmp_path / "a.parquet"
        pl.DataFrame({"a": [1, 2]}).write_parquet(path)
        (source,) = open_sources([str(path)])
        records = iter(source)
        next(records)
        os.utime(path, ns=(1, 1))
        with pytest.raises(InputError, match="changed while it was read"):
            list(records)


class TestPipes:
    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
    @pytest.mark.parametrize("content", [(A + b"\n") * 100_000, b"[" + A + b"]"])
    def test_a_named_pipe(self, tmp_path, content):
        path = tmp_path / "pipe"
        os.mkfifo(path)
        writer = threading.Thread(target=path.write_bytes, args=(content,))
        writer.start()
        (source,) = open_sources([str(path)])
        assert source.size is None
        seen = list(source)
        writer.join()
        assert {one.raw for one in seen} == {A}
        assert len(seen) == content.count(A)
        assert source.size == len(content)
        assert source.sha256 == hashlib.sha256(content).hexdigest()
        with pytest.raises(InputError, match="can be read only once"):
            list(source)

    @pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet", "gz"])
    def test_standard_input(self, suffix):
        pl = pytest.importorskip("polars")
        made = io.BytesIO()
        frame = pl.DataFrame({"a": ["x", "y"] * 5000, "b": "z"})
        if suffix == "csv":
            frame.write_csv(made)
        elif suffix == "parquet":
            frame.write_parquet(made)
        else:
            frame.write_ndjson(made)
        content = gzip.compress(made.getvalue()) if suffix == "gz" else made.getvalue()
        code = (
            "from curate.read import open_sources\n"
            "(source,) = open_sources(['-'])\n"
            "rows = list(source)\n"
            "print(source.name, source.kind, len(rows), rows[-1].source, rows[-1].line)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], input=content, capture_output=True, check=True
        )
        kind = "jsonl" if suffix == "gz" else suffix
        assert done.stdout.decode().split() == ["-", kind, "10000", "-", "10000"]

    def test_standard_input_that_is_closed(self, monkeypatch):
        monkeypatch.setattr(sys, "stdin", None)
        with pytest.raises(InputError, match="-: standard input is closed"):
            open_sources(["-"])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["jsonl", "json", "csv", "gz"])
def test_memory_does_not_grow_with_the_file(tmp_path, kind):
    row = b'{"instruction": "%s", "output": "y"}' % (b"x" * 500)
    content = {
        "jsonl": (row + b"\n") * 100_000,
        "json": b"[" + b",\n".join([row] * 100_000) + b"]",
        "csv": b"a,b\n" + (b"x" * 500 + b",y\n") * 100_000,
        "gz": gzip.compress((row + b"\n") * 100_000, 1),
    }[kind]
    path = tmp_path / "a"
    path.write_bytes(content)
    del content
    (source,) = open_sources([str(path)])
    tracemalloc.start()
    try:
        assert sum(parse(one.raw) is not None for one in source) == 100_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16_000_000, f"{peak:,} bytes at once of a file of 55 MB"
