"""The output as a DataFrame: ``load`` gives articles, ``recent_posts`` what they say about other articles' times.

Both read JSON Lines as written by ``scrapy crawl ifp``, one file or several, compressed or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

import msgspec

from ifp_scraper import urls
from ifp_scraper.analysis.output_reader import Files, Revisions, Selection, require, select, warn
from ifp_scraper.dates import parse_utc
from ifp_scraper.items import decode, json_schema, value_type

Engine = Literal["pandas", "polars"]

TIMES = ("published_at", "modified_at", "fetched_at")
CATEGORIES = ("byline", "layout", "language", "status", "license", "published_source")

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
    pa = _engine(engine)
    schema = arrow_schema(columns)
    chosen = select(source, revisions=revisions, gone=gone)
    pieces = [_to_arrow(batch, schema) for batch in _batches(chosen)]
    table = pa.concat_tables([schema.empty_table(), *pieces])
    del pieces
    for name in schema.names:
        index = table.column_names.index(name)
        if name in TIMES:
            table = table.set_column(index, name, instants(table[name]))
        elif name in CATEGORIES:
            table = table.set_column(index, name, table[name].dictionary_encode())
    return _to_frame(table, engine)


def recent_posts(source: Files, *, engine: Engine = "pandas") -> Any:
    """Read what the Recent Posts blocks of all pages, in every revision, say about other articles' times.

    Returns:
        A DataFrame with a row for each observation; times are UTC date-times.

        - observed_at, observed_on: when the page was captured, and its URL
        - url, headline, section: those of the article seen there
        - published_earliest, published_latest: the interval that this observation allows
        - earliest, latest: the interval that all observations of that url allow together; the exact time, twice,
          if the article itself is in the file
        - exact: whether it is
        - consistent: false if observations contradict each other; earliest and latest then span them all

    Raises:
        MissingExtra, FileNotFoundError, ValueError: as for ``load``.
    """
    pa = _engine(engine)
    seen, exact = _observations(source)
    intervals: dict[str, list[_Entry]] = {}
    for (_, _, url), post in seen.items():
        if post.published_earliest and post.published_latest:
            intervals.setdefault(url, []).append(post)
    narrowed = {url: _narrow(posts) for url, posts in intervals.items()}
    rows = []
    for (observed_at, observed_on, url), post in seen.items():
        earliest, latest, consistent = narrowed.get(url, (None, None, True))
        known = exact.get(urls.canonical(url))
        rows.append(
            _Row(
                observed_at,
                post.headline,
                url,
                post.published_earliest,
                post.published_latest,
                known or earliest,
                known or latest,
                post.section,
                observed_on,
                exact=bool(known),
                consistent=consistent,
            )
        )
    return _to_frame(_to_table(pa, rows), engine)


def _to_table(pa: Any, rows: list[_Row]) -> Any:
    """Return the rows as an Arrow table, with times as instants."""
    columns = list(zip(*rows, strict=True)) or [()] * len(_Row._fields)
    table: dict[str, Any] = {}
    for name, values in zip(_Row._fields, columns, strict=True):
        kind = pa.bool_() if name in ("exact", "consistent") else pa.string()
        column = pa.chunked_array([pa.array(values, kind)])
        table[name] = instants(column) if name.endswith(("_at", "earliest", "latest")) else column
    return pa.table(table)


def _observations(source: Files) -> tuple[dict[tuple[str | None, str, str], _Entry], dict[str, str]]:
    """Return every Recent Posts entry by (capture time, page, url), and the exact times of articles by URL."""
    decoder = msgspec.json.Decoder(_Page)
    seen: dict[tuple[str | None, str, str], _Entry] = {}
    exact: dict[str, str] = {}
    for _, line in select(source, revisions="all").lines():
        try:
            page = decoder.decode(line)
        except msgspec.MsgspecError:
            continue
        for address in (page.url, page.amp_url, *page.aliases):
            if address and page.published_at and urls.post_id(address) is None:
                exact[urls.canonical(address)] = page.published_at
        for post in page.recent_posts:
            seen[page.fetched_at, page.url, post.url] = post  # if reread, the later reading counts
    return seen, exact


class _Row(NamedTuple):
    """A row of what ``recent_posts`` returns."""

    observed_at: str | None
    headline: str
    url: str
    published_earliest: str | None
    published_latest: str | None
    earliest: str | None
    latest: str | None
    section: str | None
    observed_on: str
    exact: bool
    consistent: bool


class _Entry(msgspec.Struct):
    """A Recent Posts entry: an observation of another article."""

    headline: str
    url: str
    section: str | None = None
    published_earliest: str | None = None
    published_latest: str | None = None


class _Page(msgspec.Struct):
    """The part of an output line that ``recent_posts`` reads."""

    url: str
    amp_url: str | None = None
    aliases: list[str] = []
    published_at: str | None = None
    fetched_at: str | None = None
    recent_posts: list[_Entry] = []


def _narrow(posts: list[_Entry]) -> tuple[str, str, bool]:
    """Return the intersection of all observed intervals and True; if it is empty, their span and False."""
    # RFC 3339 with Z and whole seconds: string order is time order.
    starts = [post.published_earliest or "" for post in posts]
    ends = [post.published_latest or "" for post in posts]
    if max(starts) <= min(ends):
        return max(starts), min(ends), True
    return min(starts), max(ends), False


def _engine(name: str) -> Any:
    if name not in ("pandas", "polars"):
        raise ValueError(f'engine must be "pandas" or "polars", not {name!r}')
    require(name)
    return require("pyarrow")


def arrow_schema(columns: Sequence[str] | None = None) -> Any:
    """Return the fields of a line, or only these, as a pyarrow schema; times are strings.

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
    return pa.schema([(name, arrow_type(properties[name], pa)) for name in names])


def arrow_type(schema: dict[str, Any], pa: Any) -> Any:
    """Return the pyarrow type of a value described by this JSON Schema."""
    kind, _ = value_type(schema)
    if kind == "array":
        return pa.list_(arrow_type(schema["items"], pa))
    if kind == "object":
        return pa.struct([(name, arrow_type(each, pa)) for name, each in schema["properties"].items()])
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


def _to_frame(table: Any, engine: Engine) -> Any:
    if engine == "polars":
        return require("polars").from_arrow(table)
    pd, pa = require("pandas"), require("pyarrow")

    def dtype(arrow: Any) -> Any:
        if pa.types.is_list(arrow):
            return pd.ArrowDtype(arrow)
        return pd.Int64Dtype() if arrow == pa.int64() else None

    texts = [each.name for each in table.schema if each.type == pa.list_(pa.string())]
    lists = {name: table[name].to_pylist() for name in texts}
    names = table.column_names
    frame = table.drop_columns(texts).to_pandas(types_mapper=dtype, split_blocks=True, self_destruct=True)
    for index, name in enumerate(names):
        if name in lists:
            frame.insert(index, name, pd.Series(lists[name], dtype=object, index=frame.index))
    return frame
