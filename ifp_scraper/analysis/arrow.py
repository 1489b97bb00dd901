"""What pandas and polars need of pyarrow: times as instants, and a table as a DataFrame."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from ifp_scraper.analysis.output_reader import require, warn
from ifp_scraper.dates import parse_utc

Engine = Literal["pandas", "polars"]


def require_engine(name: str) -> Any:
    """Import pandas or polars, and return pyarrow, which both need.

    Raises:
        MissingExtra: if one of them is not installed.
        ValueError: if the name is another.
    """
    if name not in ("pandas", "polars"):
        raise ValueError(f'engine must be "pandas" or "polars", not {name!r}')
    require(name)
    return require("pyarrow")


def instants(column: Any) -> Any:
    """Convert a pyarrow column of RFC 3339 strings to UTC times; unreadable ones become null, with a warning."""
    pa, compute = require("pyarrow"), require("pyarrow.compute")
    utc = pa.timestamp("us", tz="UTC")
    try:
        return compute.cast(column, utc)
    except pa.ArrowInvalid:
        return pa.chunked_array([pa.array(map(_instant, column.to_pylist()), utc)])


def _instant(text: str | None) -> datetime | None:
    try:
        return parse_utc(text) if text else None
    except ValueError:
        warn(f"skipped a time that cannot be read: {text!r}")
        return None


def to_frame(table: Any, engine: Engine) -> Any:
    """Convert a pyarrow table to a DataFrame, see ``load``."""
    if engine == "polars":
        return require("polars").from_arrow(table)
    pd, pa = require("pandas"), require("pyarrow")

    def dtype(arrow: Any) -> Any:
        if pa.types.is_list(arrow):
            return pd.ArrowDtype(arrow)
        return pd.Int64Dtype() if arrow == pa.int64() else None

    texts = [each.name for each in table.schema if each.type == pa.list_(pa.string())]
    lists = {name: table[name].to_pylist() for name in texts}
    names = table.column_names  # self_destruct leaves a table that crashes Python when asked
    frame = table.drop_columns(texts).to_pandas(types_mapper=dtype, split_blocks=True, self_destruct=True)
    for index, name in enumerate(names):
        if name in lists:
            frame.insert(index, name, pd.Series(lists[name], dtype=object, index=frame.index))
    return frame
