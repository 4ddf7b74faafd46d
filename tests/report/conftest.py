"""Runs whose reports are looked at."""

import json

import pytest

from curate import pipeline
from curate.config import Settings


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """Clean records, or files, with curate's own rules; the run folder."""

    def run(rows, **settings):
        folder = tmp_path_factory.mktemp("run")
        paths = rows
        if not isinstance(rows[0], str):
            path = folder / "rows.jsonl"
            path.write_bytes(b"".join(json.dumps(one).encode() + b"\n" for one in rows))
            paths = [str(path)]
        pipeline.clean(paths, folder / "out", Settings(**settings))
        return folder / "out"

    return run
