"""The articles as a DataFrame: reads JSON Lines as written by ``scrapy crawl ifp``, one file or several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from ifp_scraper.analysis.arrow import Engine, instants, require_engine, to_frame
from ifp_scraper.analysis.output_reader import Files, Revisions, Selection, require, select, warn
from ifp_scraper.items import TIMES, decode, json_schema, value_type

_CATEGORIES = ("byline", "layout", "language", "status", "license", "published_source")

_BATCH = 48 << 20
"""Bytes of lines read at a time."""

_BLOCK = 4 << 20
"""Minimum size, in bytes, of the blocks in which pyarrow parses lines; each line must fit into one."""


def load(
    source: Files,
    *,
    engine: Engine = "pandas",
    revisions: Revisions = "latest",
    gone: bool = False,
    columns: Sequence[str] | None = None,
) -> Any:
    """Read articles into a DataFrame, one row each, in the order of the file.

    Args:
        source: a path, a glob or a list of these; ``.gz``, ``.bz2``, ``.xz`` and ``.zst`` are decompressed.
        engine: ``pandas`` or ``polars``.
        revisions: ``latest`` for the last line of each article (in the file that captured it last, if there are
            several), ``all`` for every line.
        gone: with ``latest``, whether to include articles that the site has withdrawn.
        columns: only these fields, in this order; fewer fields take less time and memory.

    Returns:
        A DataFrame whose columns are the fields of ``items.Article``. ``published_at``, ``modified_at`` and
        ``fetched_at`` are UTC date-times in microseconds; byline, layout, language, status, license and
        published_source are categorical; id is a nullable integer. Lists are lists; in pandas, those of
        objects (blocks, images, ...) are Arrow-backed, to save memory. Times in recent_posts stay strings.
        ``pandas.read_parquet`` reads what ``to_parquet`` writes only with ``dtype_backend="pyarrow"``
        (pandas issue 57411).

    Raises:
        MissingExtra: if pandas, polars or pyarrow is not installed.
        FileNotFoundError: if there is no such file.
        ValueError: if an engine, column or kind of revisions is unknown.

    Lines that hold no article (a torn last line, a damaged one) are left out with a ``UserWarning``.
    """
    pa = require_engine(engine)
    schema = _arrow_schema(columns)
    chosen = select(source, revisions=revisions, gone=gone)
    pieces = [_to_arrow(batch, schema) for batch in _batches(chosen)]
    table = pa.concat_tables([schema.empty_table(), *pieces])
    del pieces
    for name in schema.names:
        index = table.column_names.index(name)
        if name in TIMES:
            table = table.set_column(index, name, instants(table[name]))
        elif name in _CATEGORIES:
            table = table.set_column(index, name, table[name].dictionary_encode())
    return to_frame(table, engine)


def _arrow_schema(columns: Sequence[str] | None) -> Any:
    """Return these fields of a line (None for all) as a pyarrow schema; times are strings.

    Raises:
        MissingExtra: if pyarrow is not installed.
        ValueError: if a line has no such column, or no column is given.
    """
    properties = json_schema()["properties"]
    if isinstance(columns, str):
        raise ValueError(f"columns must be a list of fields: [{columns!r}]")
    names = list(properties if columns is None else dict.fromkeys(columns))  # each once
    if not names:
        raise ValueError("columns names no field")
    for name in names:
        if name not in properties:
            raise ValueError(f"a line has no field {name!r}")
    pa = require("pyarrow")
    return pa.schema([(name, _arrow_type(properties[name], pa)) for name in names])


def _arrow_type(schema: dict[str, Any], pa: Any) -> Any:
    """Return the pyarrow type of a value described by this JSON Schema."""
    kind, _ = value_type(schema)
    if kind == "array":
        return pa.list_(_arrow_type(schema["items"], pa))
    if kind == "object":
        return pa.struct([(name, _arrow_type(each, pa)) for name, each in schema["properties"].items()])
    return {"string": pa.string(), "integer": pa.int64(), "boolean": pa.bool_()}[kind]


def _batches(chosen: Selection) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for _, line in chosen.lines():
        batch.append(line if line.endswith(b"\n") else line + b"\n")
        size += len(line)
        if size >= _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _to_arrow(batch: list[bytes], schema: Any) -> Any:
    pa, json = require("pyarrow"), require("pyarrow.json")
    read = json.ReadOptions(block_size=max(_BLOCK, max(map(len, batch)) + 1))
    parse = json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    try:
        table = json.read_json(pa.BufferReader(b"".join(batch)), read_options=read, parse_options=parse)
        if table.num_rows == len(batch):
            return table
    except pa.ArrowInvalid:
        pass
    if len(batch) > 1:  # a line does not fit the schema: halve until it is alone
        middle = len(batch) // 2
        return pa.concat_tables([_to_arrow(batch[:middle], schema), _to_arrow(batch[middle:], schema)])
    try:
        return pa.Table.from_pylist([msgspec.to_builtins(decode(batch[0]))], schema=schema)
    except (msgspec.MsgspecError, pa.ArrowException, OverflowError) as error:
        warn(f"skipped a line that does not fit the schema: {error}")
        return schema.empty_table()
