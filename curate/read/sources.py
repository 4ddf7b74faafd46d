"""What the user named, as sources: files, folders, globs, standard input, data sets of a hub."""

from __future__ import annotations

import difflib
import glob
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from curate.errors import InputError
from curate.read.file import File
from curate.read.source import HUB

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from curate.read.source import Source

RUN = "curate.lock"  # what marks a finished run's folder
SPLIT = frozenset({"split.json", "rows.parquet"})  # what marks a split's folder
SUFFIXES = ("jsonl", "ndjson", "json", "csv", "tsv", "parquet", "arrow", "feather", "ipc")
PACKED = ("gz", "zst", "zstd")
# Files that describe a data set and hold none of it.
DESCRIPTIONS = frozenset(
    {"dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json", "indices.arrow"}
)


def open_sources(inputs: Sequence[str]) -> list[Source]:
    """Find what the user named; a file that is named twice is read once.

    Args:
        inputs: files, folders, globs, `-` for standard input, `hf://NAME[:SPLIT]`.

    Returns:
        Sources in the order of the inputs; a folder's and a glob's files by their names.

    Raises:
        InputError: something is not there, can't be read, is empty, or of no known type.
        MissingExtra: `hf://` without the `datasets` library.
    """
    found: dict[str, Source] = {}
    for one in inputs:
        if one.startswith(HUB):
            from curate.read.hub import open_hub

            found |= {source.name: source for source in open_hub(one)}
            continue
        for name in files_of(one):
            real = name if name == "-" else os.path.realpath(name)
            if real not in found:
                path = None if name == "-" else Path(name)
                found[real] = File(name, path, may_be_empty=name != one)
    return list(found.values())


def files_of(name: str) -> list[str]:
    """The files that an input names, `-` for standard input.

    Raises:
        InputError: there are none.
    """
    path = Path(name)
    if name == "-":
        return [name]
    if path.is_dir():
        return _members(name)
    if not os.path.lexists(path) and glob.has_magic(name):
        return _matches(name)
    if not os.path.lexists(path):
        raise InputError(f"{name}: is not there{_suggestion(path)}")
    return [name]


def left_out(inputs: Sequence[str]) -> list[str]:
    """The files of the folders named, and of those below, that `open_sources` does not read.

    Hidden files, and those of finished runs and of a `datasets` folder, are not among them.
    """
    found: list[str] = []
    for folder in inputs:
        if not Path(folder).is_dir() or saved(Path(folder)):
            continue
        for place, _, names in _looked_through(folder):
            if RUN not in names:
                others = (one for one in sorted(names) if not one.startswith("."))
                found += [str(Path(place, one)) for one in others if not _is_data(one)]
    return found


def runs_below(inputs: Sequence[str]) -> list[str]:
    """The runs and splits below the folders named: what they hold is no data beside its source."""
    return [
        run
        for folder in inputs
        if Path(folder).is_dir() and not saved(Path(folder))
        for _, runs, _ in _looked_through(folder)
        for run in runs
    ]


def _looked_through(folder: str) -> Iterator[tuple[str, list[str], list[str]]]:
    """A folder and those below it, but for hidden ones, runs and splits: path, these, files."""
    for place, below, names in os.walk(folder):
        shown = sorted(one for one in below if not one.startswith("."))
        runs = [str(Path(place, one)) for one in shown if _is_made(Path(place, one))]
        below[:] = [one for one in shown if str(Path(place, one)) not in runs]
        yield place, runs, names


def _is_made(folder: Path) -> bool:
    return (folder / RUN).is_file() or all((folder / one).is_file() for one in SPLIT)


def _matches(pattern: str) -> list[str]:
    """The files that a glob matches, and the data files of folders that it matches."""
    found = glob.glob(pattern, recursive=True)  # noqa: PTH207  # pathlib's rewrites the names
    files = [
        file
        for one in sorted(found)
        if Path(one).name not in DESCRIPTIONS
        for file in (_members(one) if Path(one).is_dir() else [one])
    ]
    if not files:
        raise InputError(f"{pattern}: no file has such a name")
    return files


def _members(folder: str) -> list[str]:
    """The data files of a folder and those below it, in the order that the folder says.

    A run folder has data only where it is named itself: then its core; a split, then its parts.
    """
    if dataset := saved(Path(folder)):
        return [str(path) for path in dataset]
    found = []
    for place, _, names in _looked_through(folder):
        is_run = RUN in names  # of which the core alone is data
        beside = {*SPLIT, "quarantine.jsonl"} if set(names) >= SPLIT else set()
        found += [
            str(Path(place, one))
            for one in names
            if _is_data(one) and one not in beside and (not is_run or one.startswith("core."))
        ]
    if not found:
        known = ", ".join(f".{one}" for one in SUFFIXES[:7])
        raise InputError(
            f"{folder}: no data file in this folder ({known}, and .gz or .zst of these)"
            f"{_but_runs(folder)}"
        )
    return sorted(found)


def _but_runs(folder: str) -> str:
    runs = runs_below([folder])
    return f"; name a run folder to read its core: {runs[0]}" if runs else ""


def saved(folder: Path) -> list[Path]:
    """The files of a `datasets` folder (`save_to_disk`) in their order; none in other folders.

    Raises:
        InputError: a description that can't be read or that names files which are not there, or
            rows that are chosen by an index beside the data.
    """
    if splits := _described(folder / "dataset_dict.json", "splits"):
        return [file for split in splits for file in saved(folder / split)]
    state = folder / "state.json"
    if _described(state, "_indices_files") or _described(state, "_indices_data_files"):
        raise InputError(f"{folder}: its rows are chosen by an index; load and save it once more")
    return [folder / file["filename"] for file in _described(state, "_data_files")]


def _described(path: Path, key: str) -> list[Any]:
    """A list in a description of a data set; empty where there is no such thing."""
    if not path.is_file():
        return []
    try:
        return list(orjson.loads(path.read_bytes()).get(key) or [])
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise InputError(f"{path}: can't be read: {error}") from None


def _is_data(name: str) -> bool:
    if name.startswith(".") or name in DESCRIPTIONS:
        return False
    *_, last = parts = name.lower().split(".")
    if last in PACKED:
        parts.pop()
    return len(parts) > 1 and parts[-1] in SUFFIXES


def _suggestion(path: Path) -> str:
    """The sibling whose name is closest, as a question."""
    try:
        siblings = [one.name for one in path.parent.iterdir()]
    except OSError:
        parent = path.parent
        return f"; nor is the folder {parent}" if not parent.exists() else ""
    close = difflib.get_close_matches(path.name, siblings, n=1)
    return f"; did you mean {path.with_name(close[0])}?" if close else ""
