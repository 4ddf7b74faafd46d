"""List columns that are too long for memory: written to a file, and looked at where they lie.

The word hashes of ten million rows are 2.7 GB, of which a search for near-duplicates looks at those
rows alone that have something in common. polars takes a numpy array as a column without copying it,
but has no way to make lists of one; so the array and the places where each list begins are handed
over by Arrow's C data interface (https://arrow.apache.org/docs/format/CDataInterface.html).
"""

from __future__ import annotations

import ctypes
import tempfile
from itertools import count
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

# Values that stay in memory, 256 MB: those of a million rows of Alpaca.
IN_MEMORY = 64 << 20


class Spool:
    """A column of lists of 32-bit numbers, batch after batch, none of them null.

    Args:
        folder: where the file may lie; None keeps all in memory.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._parts: list[NDArray[np.uint32]] = []
        self._sizes: list[NDArray[np.uint32]] = []
        self._waiting = 0

    def add(self, lists: pl.Series) -> None:
        """Add a batch's column."""
        values = lists.explode(empty_as_null=False).to_numpy()
        self._sizes.append(lists.list.len().to_numpy())
        self._parts.append(values)
        self._waiting += len(values)
        if self._waiting > IN_MEMORY and self._folder is not None:
            self._write()

    def _write(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - let go with it
        for part in self._parts:
            part.tofile(self._file)
        self._parts.clear()
        self._waiting = 0

    def column(self) -> pl.Series:
        """All batches as one column of one piece."""
        ends = np.cumsum(np.concatenate([np.zeros(1, np.int64), *self._sizes]), dtype=np.int64)
        self._sizes.clear()
        if self._file is None:
            values = np.concatenate([np.zeros(0, np.uint32), *self._parts])
            self._parts.clear()
        else:
            self._write()
            self._file.flush()
            values = np.memmap(self._file, np.uint32, "r", shape=(int(ends[-1]),))
            self._file.close()  # the map holds it
        return pl.Series(Lists(values, ends))


# --- Arrow's C data interface ---------------------------------------------------------------------


class _Schema(ctypes.Structure):
    """What a column is."""


class _Array(ctypes.Structure):
    """Where its buffers lie."""


_RELEASE = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_char_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(_Schema))),
    ("dictionary", ctypes.c_void_p),
    ("release", _RELEASE),
    ("private_data", ctypes.c_void_p),
]
_Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(_Array))),
    ("dictionary", ctypes.c_void_p),
    ("release", _RELEASE),
    ("private_data", ctypes.c_void_p),
]

_numbers = count(1)
_held: dict[int, tuple[Any, ...]] = {}  # what columns look at, until polars lets go of them


def _let_schema_go(at: int) -> None:
    _Schema.from_address(at).release = _RELEASE()


def _let_array_go(at: int, held: dict[int, tuple[Any, ...]] = _held) -> None:
    array = _Array.from_address(at)
    held.pop(array.private_data, None)
    array.release = _RELEASE()


_release_schema, _release_array = _RELEASE(_let_schema_go), _RELEASE(_let_array_go)


class Lists:
    """Lists of 32-bit numbers as polars takes them over, without a copy.

    Args:
        values: of all lists, one after the other.
        ends: 0, and the end of each list.
    """

    def __init__(self, values: NDArray[np.uint32], ends: NDArray[np.int64]) -> None:
        self._values, self._ends = values, ends

    def __arrow_c_array__(self, requested: object = None) -> tuple[object, object]:
        """The column as two capsules; see the interface's Python protocol."""
        del requested
        item = _Schema(format=b"I", name=b"item", release=_release_schema)
        items = (ctypes.POINTER(_Schema) * 1)(ctypes.pointer(item))
        schema = _Schema(format=b"+L", name=b"", n_children=1, children=items)
        schema.release = _release_schema
        inner, inner_buffers = _array(self._values, len(self._values))
        outer, outer_buffers = _array(self._ends, len(self._ends) - 1)
        inners = (ctypes.POINTER(_Array) * 1)(ctypes.pointer(inner))
        outer.n_children, outer.children = 1, inners
        outer.private_data = next(_numbers)
        _held[outer.private_data] = (
            *(self._values, self._ends, inner, inners, inner_buffers, outer, outer_buffers),
            *(item, items, schema),
        )
        return _capsule(schema, b"arrow_schema"), _capsule(outer, b"arrow_array")


def _array(values: NDArray[Any], length: int) -> tuple[_Array, object]:
    """A buffer without nulls, and what has to stay alive with it."""
    buffers = (ctypes.c_void_p * 2)(None, values.ctypes.data)
    return _Array(length=length, n_buffers=2, buffers=buffers, release=_release_array), buffers


def _capsule(struct: ctypes.Structure, name: bytes) -> object:
    new = ctypes.pythonapi.PyCapsule_New
    new.restype = ctypes.py_object
    new.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
    return new(ctypes.addressof(struct), name, None)
