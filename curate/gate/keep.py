"""Results of checks in the cache: an unchanged file is not measured again."""

from __future__ import annotations

import hashlib
from functools import cache as once
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from pydantic import ValidationError

from curate import cache
from curate.gate.model import Report
from curate.run.lock import versions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from importlib.resources.abc import Traversable

    from curate.gate.config import Config
    from curate.read import Source

KIND = "check"


def digests(sources: Sequence[Source]) -> list[str] | None:
    """The hashes of the inputs; None without a cache, and where one can't be had before reading."""
    if cache.folder() is None:
        return None
    made = [_digest(one) for one in sources]
    known = [one for one in made if one is not None]
    return known if len(known) == len(made) else None


def key_of(digests: Sequence[str] | None, config: Config, *terms: str) -> str | None:
    """What the result of a check depends on; None where that can't be known before reading.

    Args:
        digests: the hashes of the inputs.
        config: how they are read and what they are held to.
        terms: all else, as texts; the names of the files, where the result has them.
    """
    if digests is None:
        return None
    asked = {
        "files": digests,
        "config": config.model_dump(mode="json"),
        "file": str(config.file),
        "terms": terms,
        "versions": versions(),
        "named": [_file_hash(one) for one in _named(config)],
    }
    return cache.key_of(_code_hash(), orjson.dumps(asked, option=orjson.OPT_SORT_KEYS))


def stored(key: str | None) -> Report | None:
    """The result under a key, if it is there."""
    data = None if key is None else cache.get(KIND, key)
    try:
        return None if data is None else Report.model_validate_json(data)
    except ValidationError:
        return None


def keep(key: str | None, report: Report) -> None:
    """Keep a result."""
    if key is not None:
        cache.put(KIND, key, report.model_dump_json().encode())


def _digest(source: Source) -> str | None:
    """The hash of a source that is a file; a frame may bear a file's name, and is none."""
    return None if source.kind == "hub" or source.name == "-" else _file_hash(source.name)


def _file_hash(name: str) -> str | None:
    """The SHA-256 of a file; None of what is no plain file."""
    path = Path(name)
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _named(config: Config) -> Iterator[str]:
    """The files that settings name: folders of rules, sets of evaluation items, and the like."""
    for value in _texts(config.clean.model_dump(mode="json")):
        path = Path(value)
        if path.is_dir():
            yield from (str(one) for one in sorted(path.rglob("*")) if one.is_file())
        elif path.is_file():
            yield value


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


@once
def _code_hash() -> bytes:
    """The SHA-256 of curate itself and of what plugs into it; 230 files take 10 ms."""
    digest = hashlib.sha256()
    for name, data in sorted(_contents().items()):
        digest.update(f"{name} {len(data)} ".encode() + data)
    for plugin in sorted(entry_points(group="curate.plugins")):
        digest.update(f"{plugin.value} {plugin.dist and plugin.dist.version} ".encode())
    return digest.digest()


def _contents() -> Mapping[str, bytes]:
    roots = {"curate": files("curate"), "rules": files("curate.rules")}
    return {name: one.read_bytes() for root, at in roots.items() for name, one in _walk(root, at)}


def _walk(name: str, at: Traversable) -> Iterator[tuple[str, Traversable]]:
    for one in at.iterdir():
        if one.is_dir():
            yield from _walk(f"{name}/{one.name}", one)
        elif one.name.endswith((".py", ".yaml")):
            yield f"{name}/{one.name}", one
