"""The type of a column by its values: what JSON says, joined over all records.

A shape is None (only nulls so far), "bool", "int", "float", "str", a list `["list", SHAPE]` or an
object `{"key": SHAPE}`. Integers and floats join to floats; nothing else changes its type.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import polars as pl

Shape = Any
_NAMES = {bool: "bool", int: "int", float: "float", str: "str"}
_WORDS = {"bool": "a boolean", "int": "a number", "float": "a number", "str": "a text"}
INT64 = 2**63


def shape(value: Any) -> Shape:  # noqa: ANN401  # any JSON
    """The shape of one value.

    Raises:
        ValueError: a list of unlike elements.
    """
    if value is None:
        return None
    if isinstance(value, list):
        return ["list", reduce(joined, map(shape, value), None)]
    if isinstance(value, dict):
        return {key: shape(held) for key, held in value.items()}
    if type(value) is int and not -INT64 <= value < INT64:
        return "long"
    return _NAMES[type(value)]


def joined(one: Shape, other: Shape) -> Shape:
    """The shape that holds both.

    Raises:
        ValueError: none does; says what they are: `a text beside a list`.
    """
    if one == other or other is None:
        return one
    if one is None:
        return other
    if isinstance(one, list) and isinstance(other, list):
        return ["list", joined(one[1], other[1])]
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: joined(one.get(key), other.get(key)) for key in one | other}
    pair = {one, other} if isinstance(one, str) and isinstance(other, str) else set()
    if pair == {"int", "float"}:
        return "float"
    if pair == {"int", "long"}:
        return "long"
    raise ValueError(f"{_word(other)} beside {_word(one)}")


def _word(one: Shape) -> str:
    if isinstance(one, list):
        return "a list"
    return "an object" if isinstance(one, dict) else _WORDS.get(one, "a number")


def dtype_of(one: Shape) -> pl.DataType:
    """The polars type of a shape."""
    if one is None:
        return pl.Null()
    if isinstance(one, list):
        return pl.List(dtype_of(one[1]))
    if isinstance(one, dict):
        return pl.Struct({key: dtype_of(held) for key, held in one.items()})
    return _DTYPES[one]


_DTYPES: dict[str, pl.DataType] = {
    "bool": pl.Boolean(),
    "int": pl.Int64(),
    "long": pl.Int128(),
    "float": pl.Float64(),
    "str": pl.String(),
}
