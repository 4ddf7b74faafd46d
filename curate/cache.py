"""The cache: bytes that took long to work out, kept between runs; safe to delete at any time.

    get(kind, key) -> bytes or None     what was put there, or a miss
    put(kind, key, data)                keep it, if the disk lets us
    key_of(part, ...) -> key            a key made of everything that the bytes depend on
    folder() -> path or None            where it stands; None while there is none
    without()                           a block of code that has no cache (`--no-cache`)

Nothing here ever fails for the reader: an entry that is damaged, cut, or not ours is a miss, a
folder that can't be written is no cache. An entry is only bytes: whoever reads them must not
unpickle them. What an entry depends on belongs into its key: contents, settings, versions.

The folder is `$CURATE_CACHE`, else the platform's own for caches; `off` or nothing in
`$CURATE_CACHE` is no cache. `v1/KIND/KE/KEY` holds the SHA-256 of kind, key and data, then the
data. A new layout takes another number, and leaves the old one to its own bound.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE = "CURATE_CACHE"
LAYOUT = "v1"
MAX_BYTES = 2 << 30  # 40 times the embeddings of 52,002 rows in 256 dimensions
# Once too much is there, the oldest go until this share is left, so that not every put has to look.
KEPT_SHARE = 0.8
LOOK_EVERY = 64 << 20  # bytes written between two looks at how much there is
ABANDONED = 3600  # seconds after which a half-written entry belongs to a process that died
_KIND = re.compile(r"[a-z][a-z0-9-]*")
_KEY = re.compile(r"[0-9a-f]{64}")
_ASIDE = ".aside-"
KEY_START = 2  # digits of a key that name the folder it stands in: at most 256 folders a kind
_DIGEST = hashlib.sha256().digest_size
# What tools that back up folders look for: https://bford.info/cachedir/
_TAG = (
    b"Signature: 8a477f597d28d172789f06886806bc55\n# The cache of curate; delete it as you like.\n"
)
_written: int | None = None  # bytes since the last look; None before the first


def folder() -> Path | None:
    """Where entries stand, whether it is there yet or not; None where there is no cache."""
    named = os.environ.get(VARIABLE)
    if named is not None:
        return None if named.strip().lower() in {"", "off"} else Path(named) / LAYOUT
    try:
        return _platform_folder() / "curate" / LAYOUT
    except RuntimeError:  # nobody's home
        return None


def _platform_folder() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local) if local else Path.home() / "AppData" / "Local"
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return named if named.is_absolute() else Path.home() / ".cache"


@contextlib.contextmanager
def without() -> Iterator[None]:
    """No cache while the block runs, in this process and in those that it starts."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = "off"
    try:
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before


def key_of(*parts: str | bytes) -> str:
    """The SHA-256 of these parts in hexadecimal digits; `ab`, `c` is not `a`, `bc`."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()


def get(kind: str, key: str) -> bytes | None:
    """What was put under this kind and key; None where nothing (whole) is there.

    Args:
        kind: what it is, in small letters, digits and dashes: `check`, `embedding`.
        key: 64 hexadecimal digits, from `key_of`.
    """
    path = _place(kind, key)
    if path is None:
        return None
    try:
        stored = path.read_bytes()
    except OSError:
        return None
    data = stored[_DIGEST:]
    if stored[:_DIGEST] != _digest(kind, key, data):
        return None
    with contextlib.suppress(OSError):
        os.utime(path)  # the oldest are those that nobody has asked for
    return data


def put(kind: str, key: str, data: bytes) -> None:
    """Keep bytes under this kind and key, in the place of what is there; whole or not at all."""
    path = _place(kind, key)
    if path is None or len(data) > MAX_BYTES * KEPT_SHARE:
        return
    aside = None
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(prefix=_ASIDE, dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(_digest(kind, key, data))
            file.write(data)
        Path(aside).replace(path)
    except OSError:
        if aside is not None:
            with contextlib.suppress(OSError):
                Path(aside).unlink()
        return
    _keep_bound(path.parents[2], len(data))


def _place(kind: str, key: str) -> Path | None:
    """Where an entry stands.

    Raises:
        ValueError: a kind or a key that is none.
    """
    if not (_KIND.fullmatch(kind) and _KEY.fullmatch(key)):
        raise ValueError(f"no kind and key of a cache: {kind!r}, {key!r}")
    at = folder()
    return at and at / kind / key[:KEY_START] / key


def _digest(kind: str, key: str, data: bytes) -> bytes:
    digest = hashlib.sha256(f"{kind} {key} ".encode())
    digest.update(data)
    return digest.digest()


# --- bound --------------------------------------------------------------------------------------


class _Entry(NamedTuple):
    used: float
    size: int
    path: str


def _keep_bound(at: Path, written: int) -> None:
    """Look at how much there is, before the first entry and then once in a while."""
    global _written  # noqa: PLW0603  # else every put would walk the folder
    if _written is not None and _written + written < LOOK_EVERY:
        _written += written
        return
    _written = 0
    with contextlib.suppress(OSError):
        if not (at / "CACHEDIR.TAG").exists():
            (at / "CACHEDIR.TAG").write_bytes(_TAG)
    prune(at, MAX_BYTES)


def prune(at: Path, bound: int) -> None:
    """Remove the entries that were not asked for longest, where they are more than the bound.

    Args:
        at: the folder of entries (`folder()`).
        bound: bytes; KEPT_SHARE of them stay.
    """
    entries, abandoned = [], time.time() - ABANDONED
    for one in _entries(at):
        if Path(one.path).name.startswith(_ASIDE):
            if one.used < abandoned:
                _remove(one)
        else:
            entries.append(one)
    size = sum(one.size for one in entries)
    if size <= bound:
        return
    for one in sorted(entries):
        if size <= bound * KEPT_SHARE:
            return
        _remove(one)
        size -= one.size


def _remove(entry: _Entry) -> None:
    with contextlib.suppress(OSError):
        Path(entry.path).unlink()


def _entries(at: Path) -> Iterator[_Entry]:
    """What looks like ours, and nothing that another program may have put there."""
    for kind in _scan(at):
        for start in _scan(kind.path) if _KIND.fullmatch(kind.name) else ():
            for one in _scan(start.path) if len(start.name) == KEY_START else ():
                if _KEY.fullmatch(one.name) or one.name.startswith(_ASIDE):
                    with contextlib.suppress(OSError):
                        found = one.stat(follow_symlinks=False)
                        yield _Entry(found.st_mtime, found.st_size, one.path)


def _scan(path: Path | str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(path) as found:
            return list(found)
    except OSError:
        return []
