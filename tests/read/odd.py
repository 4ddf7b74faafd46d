"""A frame with every type that JSON lacks."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import polars as pl

ODD = pl.DataFrame(
    {
        "text": ["a", "é\n", None],
        "date": [dt.date(2020, 1, 1), None, dt.date(1, 1, 1)],
        "time": [dt.time(1, 2, 3, 456789)] * 3,
        "moment": [dt.datetime(2020, 1, 1, 1, 2, 3, 456789), None, dt.datetime(1960, 1, 1)],  # noqa: DTZ001
        "span": [dt.timedelta(seconds=1.5)] * 3,
        "bytes": [b"\xff\0", b"", None],
        "price": [Decimal("1.10"), None, Decimal("-2.50")],
        "number": [1.5, float("nan"), float("-inf")],
        "turns": [[{"role": "user", "at": dt.date(2020, 1, 1), "score": float("inf")}], [], None],
    }
).with_columns(
    pl.col("moment").cast(pl.Datetime("ns", "Europe/Berlin")).alias("zone"),
    pl.col("text").cast(pl.Categorical).alias("kind"),
    pl.col("text").cast(pl.Enum(["a", "é\n"])).alias("label"),
    pl.lit(None).alias("nothing"),
    pl.lit(200, pl.UInt8).alias("small"),
    pl.Series("large", [2**63, None, 2**64 - 1], pl.UInt64),
    pl.Series("pair", [[1, 2], [3, 4], None], pl.Array(pl.Int16, 2)),
)
