"""Typed values as JSON and back, without loss: what JSON lacks is carried as text or integers.

    Date, and Datetime in ms or µs without a zone   ISO 8601 text
    other Datetime, Time, Duration                  the integer that is stored
    Decimal, Categorical, Enum                      text
    Binary                                          Base64 text
    NaN and infinities                              "NaN", "inf", "-inf"

A key that is null within a nested object is left out: a column has one type, so that a turn without
a key gets a null under it as soon as any other turn has one. `restore` brings these nulls back.

Where a schema is known, `restore` makes the values again that `carry` took apart.
"""

from __future__ import annotations

import base64
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl

from curate.read.record import dump

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from polars.datatypes import DataTypeClass

SLICE = 8192  # rows that become Python objects at once


def carry(frame: pl.DataFrame) -> Iterator[bytes]:
    """The rows of a frame, each a JSON object with all columns."""
    odd = [name for name in frame.columns if _not_finite(frame[name])]
    nested = [name for name, dtype in frame.schema.items() if _has_objects(dtype)]
    frame = frame.cast({name: carried(dtype) for name, dtype in frame.schema.items()})
    for part in frame.iter_slices(SLICE):
        for row in part.iter_rows(named=True):
            for name in odd:
                row[name] = _spelled(row[name])
            for name in nested:
                row[name] = _present(row[name])
            yield _json(row)


def _has_objects(dtype: DataTypeClass | pl.DataType) -> bool:
    if isinstance(dtype, pl.List | pl.Array):
        return _has_objects(dtype.inner)
    return isinstance(dtype, pl.Struct)


def _present(value: Any) -> Any:  # noqa: ANN401  # any value of a frame
    """A value without the nulls that its objects have under their keys."""
    if isinstance(value, dict):
        return {key: _present(held) for key, held in value.items() if held is not None}
    return [_present(held) for held in value] if isinstance(value, list) else value


def _json(row: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(row, default=_text)
    except orjson.JSONEncodeError:  # integers of more than 64 bits
        return dump(_plain(row))


def _text(value: Any) -> str:  # noqa: ANN401  # what orjson does not know
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError


def _plain(value: Any) -> Any:  # noqa: ANN401  # likewise
    if isinstance(value, dict):
        return {key: _plain(held) for key, held in value.items()}
    if isinstance(value, list):
        return [_plain(held) for held in value]
    if isinstance(value, bytes):
        return _text(value)
    return value.isoformat() if isinstance(value, date) else value


def _not_finite(column: pl.Series) -> bool:
    """Whether NaN or an infinity stands in a column, at any depth."""
    dtype = column.dtype
    if not _holds(dtype, pl.Float16, pl.Float32, pl.Float64):
        return False
    column = column.rename("value")  # polars takes some names for patterns
    if dtype.is_float():
        return not column.drop_nulls().is_finite().all()
    if isinstance(dtype, pl.Struct):
        return any(map(_not_finite, column.struct.unnest().get_columns()))
    return _not_finite(column.drop_nulls().explode())


def _spelled(value: Any) -> Any:  # noqa: ANN401  # any value of a frame
    if isinstance(value, float):
        if value != value:  # noqa: PLR0124  # NaN alone
            return "NaN"
        return value if abs(value) != float("inf") else str(value)
    if isinstance(value, dict):
        return {key: _spelled(held) for key, held in value.items()}
    return [_spelled(held) for held in value] if isinstance(value, list) else value


def _holds(dtype: pl.DataType, *kinds: type[pl.DataType]) -> bool:
    """Whether a type is one of these or has one inside."""
    if isinstance(dtype, pl.Struct):
        return any(_holds(_inner(one.dtype), *kinds) for one in dtype.fields)
    if isinstance(dtype, pl.List | pl.Array):
        return _holds(_inner(dtype.inner), *kinds)
    return isinstance(dtype, kinds)


def _inner(dtype: DataTypeClass | pl.DataType) -> pl.DataType:
    return dtype if isinstance(dtype, pl.DataType) else dtype()


def carried(dtype: pl.DataType) -> pl.DataType:
    """The type whose Python values JSON, dates and bytes apart, can say."""
    if isinstance(dtype, pl.Struct):
        return pl.Struct({one.name: carried(_inner(one.dtype)) for one in dtype.fields})
    if isinstance(dtype, pl.List | pl.Array):
        return pl.List(carried(_inner(dtype.inner)))
    if isinstance(dtype, pl.Datetime):
        plain = dtype.time_zone is None and dtype.time_unit != "ns"
        return dtype if plain else pl.Int64()
    if isinstance(dtype, pl.Time | pl.Duration):
        return pl.Int64()
    if isinstance(dtype, pl.Decimal | pl.Categorical | pl.Enum):
        return pl.String()
    return dtype


def restore(
    records: Sequence[Mapping[str, Any]], schema: Mapping[str, pl.DataType]
) -> pl.DataFrame:
    """Records as a frame of this schema; a column that a record lacks is null.

    Raises:
        ValueError: a value that its column can't hold; names the column.
    """
    columns = []
    for name, dtype in schema.items():
        kept = carried(dtype)
        values = [record.get(name) for record in records]
        if _holds(kept, pl.Binary, pl.Date, pl.Datetime, pl.Float16, pl.Float32, pl.Float64):
            values = [_valued(value, kept) for value in values]
        try:
            columns.append(pl.Series(name, values, kept, strict=True).cast(dtype))
        except (pl.exceptions.PolarsError, TypeError, OverflowError) as error:
            raise ValueError(f"{name}: {str(error).splitlines()[0]}") from None
    return pl.DataFrame(columns)


def _valued(value: Any, dtype: pl.DataType) -> Any:  # noqa: ANN401  # any JSON
    """A JSON value as Python has it for a type."""
    if isinstance(dtype, pl.Struct) and isinstance(value, dict):
        return {one.name: _valued(value.get(one.name), _inner(one.dtype)) for one in dtype.fields}
    if isinstance(dtype, pl.List) and isinstance(value, list):
        return [_valued(held, _inner(dtype.inner)) for held in value]
    return _scalar(value, dtype) if isinstance(value, str) else value


def _scalar(text: str, dtype: pl.DataType) -> Any:  # noqa: ANN401  # likewise
    if isinstance(dtype, pl.Binary):
        return base64.b64decode(text, validate=True)
    if isinstance(dtype, pl.Date):
        return date.fromisoformat(text)
    if isinstance(dtype, pl.Datetime):
        return datetime.fromisoformat(text)
    return float(text) if dtype.is_float() and text in ("NaN", "inf", "-inf") else text


def schema_text(schema: Mapping[str, pl.DataType]) -> str:
    """A schema as text: an Arrow stream without rows, in Base64."""
    empty = pl.DataFrame(schema=dict(schema)).write_ipc_stream(None)
    return base64.b64encode(empty.getvalue()).decode()


def schema_of(text: str) -> dict[str, pl.DataType]:
    """The schema that `schema_text` wrote."""
    return dict(pl.read_ipc_stream(base64.b64decode(text)).schema)
