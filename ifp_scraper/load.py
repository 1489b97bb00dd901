"""The output as a table: ``load`` gives articles, ``recent_posts`` what they say of other articles' times.

Both read JSON Lines as ``scrapy crawl ifp`` writes them, one file or many, compressed or not. ``select`` is
what they share with export and report: which lines count, without holding the file in memory.
"""

from __future__ import annotations

import glob
import importlib
import io
import lzma
import os
import warnings
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from ifp_scraper.dates import parse_utc
from ifp_scraper.items import decode, json_schema

Source = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]
Revisions = Literal["latest", "all"]
Engine = Literal["pandas", "polars"]
Tell = Callable[[str], None]
"""Is given one sentence for people: what was left out, and where."""

TIMES = ("published_at", "modified_at", "fetched_at")
CATEGORIES = ("byline", "layout", "language", "status", "license", "published_source")
SIDECARS = (".rejected.jsonl", ".runs.jsonl")
"""Ends of the names of the files beside an output, which hold no articles: a glob passes them over."""

_BATCH = 48 << 20
_BLOCK = 4 << 20
_DAMAGE = (EOFError, OSError, zlib.error, lzma.LZMAError)  # what the decompressors raise


class MissingExtra(ImportError):
    """A package that only data users need is not installed; the message says how to install it."""


def require(name: str, extra: str = "data") -> Any:
    """Import an optional package.

    Raises:
        MissingExtra: when it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingExtra(f'this needs {name}: pip install "ifp-scraper[{extra}]"') from error


def find(source: Source) -> list[Path]:
    """Return the files that a path, a glob or a list of these means: each once, a glob's in order of name.

    Raises:
        FileNotFoundError: when a path or glob means no file.
    """
    names = [source] if isinstance(source, str | os.PathLike) else list(source)
    found: dict[Path, None] = {}
    for name in names:
        text = os.path.expanduser(os.fspath(name))
        if os.path.isfile(text):
            matches = [text]
        else:
            matches = sorted(match for match in glob.glob(text, recursive=True) if os.path.isfile(match))
            matches = [match for match in matches if not any(end in match for end in SIDECARS)]
        if not matches:
            raise FileNotFoundError(f"no such file: {text}")
        found.update((Path(match), None) for match in matches)
    return list(found)


def _open(path: Path) -> Any:
    if module := {".gz": "gzip", ".bz2": "bz2", ".xz": "lzma"}.get(path.suffix):
        return importlib.import_module(module).open(path)
    if path.suffix == ".zst":
        return io.BufferedReader(require("pyarrow").input_stream(os.fspath(path), compression="zstd"), 1 << 20)
    return open(path, "rb", buffering=1 << 20)


def _raw_lines(path: Path, tell: Tell) -> Iterator[bytes]:
    """Yield a file's lines; of a damaged compressed file, those before the damage."""
    with _open(path) as stream:
        number = 0
        while True:
            try:
                line = stream.readline()
            except _DAMAGE as error:
                if not number:
                    raise OSError(f"{path} cannot be read: {error}") from error
                tell(f"{path}: the compressed data is cut off or damaged after line {number} ({error})")
                return
            if not line:
                return
            number += 1
            yield line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line


class _Head(msgspec.Struct):
    schema_version: str
    url: str
    id: int | None = None
    status: str = "published"
    aliases: list[str] = []


_HEAD = msgspec.json.Decoder(_Head)


@dataclass(slots=True)
class Selection:
    """The lines of some files that count; lines are numbered from 1 through all the files."""

    files: list[Path]  # in the order in which they are read
    kept: array[int] = field(default_factory=lambda: array("q"))  # ascending numbers of the lines that count
    articles: int = 0  # different articles, those that are gone included
    read: int = 0  # lines that hold an article, whether they count or not
    corrupt: int = 0  # lines that hold none: torn, damaged or of another kind

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield (number, line) of the lines that count; reads the files again, a line at a time."""
        wanted = iter(self.kept)
        following = next(wanted, None)
        number = 0
        for path in self.files:
            for line in _raw_lines(path, lambda _: None):
                number += 1
                if number == following:
                    yield number, line
                    following = next(wanted, None)
                    if following is None:
                        return


def select(
    source: Source, *, revisions: Revisions = "latest", gone: bool = False, tell: Tell | None = None
) -> Selection:
    """Find the lines that count: with ``latest`` each article's last line, with ``all`` every line.

    An article is known by its id where it has one, else by its URL; a line without id belongs to the article
    that has this URL in another line. An article whose last line says ``gone`` is left out of ``latest``
    unless ``gone`` is true. Lines that hold no article are left out, and ``tell`` is told.

    Raises:
        FileNotFoundError: when there is no such file.
        OSError: when a file cannot be read.
        MissingExtra: for ``.zst`` without pyarrow.
    """
    if revisions not in ("latest", "all"):
        raise ValueError(f'revisions is "latest" or "all", not {revisions!r}')
    tell = tell or _warn
    chosen = Selection(find(source))
    heads: list[tuple[int, _Head]] = []
    number = 0
    for path in chosen.files:
        before, bad, first_bad, torn = number, 0, 0, False
        for line in _raw_lines(path, tell):
            number += 1
            try:
                if not line.isascii():
                    line.decode()
                head = _HEAD.decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                if line.strip():
                    torn = not line.endswith(b"\n")
                    bad += not torn
                    first_bad = first_bad or number - before
            else:
                heads.append((number, head))
        chosen.corrupt += bad + torn
        if bad:
            tell(f"{path}: {bad} line{'s' * (bad > 1)} without an article left out, first line {first_bad}")
        if torn:
            tell(f"{path}: the last line is torn and was left out")
    chosen.read = len(heads)
    last = _last_lines(heads)
    chosen.articles = len(last)
    for line_number, head in heads:
        if revisions == "all" or (line_number in last and (gone or head.status != "gone")):
            chosen.kept.append(line_number)
    return chosen


class _Known(msgspec.Struct, eq=False):
    id: int | None = None
    line: int = 0


def _last_lines(heads: list[tuple[int, _Head]]) -> set[int]:
    """Return the number of each article's last line; who is who is decided as ``store`` does."""
    ids: dict[int | None, _Known] = {}
    urls: dict[str, _Known] = {}
    aliases: dict[str, _Known] = {}
    for number, head in heads:
        known = ids.get(head.id)
        other = urls.get(head.url) or aliases.get(head.url)
        if known is None and other is not None and None in (head.id, other.id):
            known = other
        elif known and other and other is not known and other.id is None and head.url in urls:
            other.line = 0  # met by URL alone before; the id shows that it is this article
        known = known or _Known()
        known.line = number
        if head.id is not None:
            known.id = head.id
            ids[head.id] = known
        urls[head.url] = known
        aliases.update(dict.fromkeys(head.aliases, known))
    return {known.line for known in (*ids.values(), *urls.values()) if known.line}


def load(
    source: Source,
    *,
    engine: Engine = "pandas",
    revisions: Revisions = "latest",
    gone: bool = False,
    columns: Sequence[str] | None = None,
) -> Any:
    """Read articles into a DataFrame, one row for each, in the order of the file.

    Args:
        source: a path, a glob or a list of these; ``.gz``, ``.bz2``, ``.xz`` and ``.zst`` are decompressed.
        engine: ``pandas`` or ``polars``.
        revisions: ``latest`` for the last line of each article, ``all`` for every line.
        gone: with ``latest``, whether articles that the site has withdrawn are there too.
        columns: only these fields, in this order; fewer fields take less time and memory.

    Returns:
        A DataFrame whose columns are the fields of ``items.Article``. ``published_at``, ``modified_at`` and
        ``fetched_at`` are UTC date-times in microseconds; byline, layout, language, status, license and
        published_source are categorical; id is a nullable integer. Lists are lists; in pandas those of
        objects (blocks, images, ...) are Arrow-backed, to save memory. Times in recent_posts stay strings.

    Raises:
        MissingExtra: when pandas, polars or pyarrow is not installed.
        FileNotFoundError: when there is no such file.
        ValueError: for an unknown engine, column or kind of revisions.

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


def recent_posts(source: Source, *, engine: Engine = "pandas") -> Any:
    """Read what the Recent Posts blocks say of articles' times, every revision of every page.

    Returns:
        A DataFrame with a row for each observation, all times UTC date-times: observed_at (when the page was
        captured), observed_on (its URL), url, headline and section of the article that was seen there,
        published_earliest and published_latest (the interval that this observation allows), earliest and
        latest (what all observations of that url allow together), exact, consistent. Where the article itself
        is in the file with a time, earliest and latest are both that time and exact is true. Where
        observations contradict each other, earliest and latest span all of them and consistent is false.

    Raises:
        MissingExtra, FileNotFoundError, ValueError: as ``load``.
    """
    pa = _engine(engine)
    decoder = msgspec.json.Decoder(_Observer)
    seen: dict[tuple[str | None, str, str], _Observed] = {}
    exact: dict[str, str] = {}
    for _, line in select(source, revisions="all").lines():
        try:
            page = decoder.decode(line)
        except msgspec.MsgspecError:
            continue
        for address in (page.url, page.amp_url, *page.aliases):
            if address and page.published_at:
                exact[address] = page.published_at
        for post in page.recent_posts:
            seen[page.fetched_at, page.url, post.url] = post  # read again: the later reading counts
    bounds: dict[str, list[_Observed]] = {}
    for (_, _, url), post in seen.items():
        if post.published_earliest and post.published_latest:
            bounds.setdefault(url, []).append(post)
    narrowed = {url: _narrow(posts) for url, posts in bounds.items()}
    rows: list[tuple[Any, ...]] = []
    for (captured, on, url), post in seen.items():
        earliest, latest, consistent = narrowed.get(url, (None, None, True))
        known = exact.get(url)
        both = (post.published_earliest, post.published_latest, known or earliest, known or latest)
        rows.append((captured, post.headline, url, *both, post.section, on, bool(known), consistent))
    columns = list(zip(*rows, strict=True)) or [()] * 11
    table: dict[str, Any] = {}
    for name, values in zip(_OBSERVATION.split(), columns, strict=True):
        kind = pa.bool_() if name in ("exact", "consistent") else pa.string()
        column = pa.chunked_array([pa.array(values, kind)])
        table[name] = instants(column) if name.endswith(("_at", "earliest", "latest")) else column
    return _to_frame(pa.table(table), engine)


_OBSERVATION = (
    "observed_at headline url published_earliest published_latest earliest latest section observed_on exact consistent"
)


class _Observed(msgspec.Struct):
    headline: str
    url: str
    section: str | None = None
    published_earliest: str | None = None
    published_latest: str | None = None


class _Observer(msgspec.Struct):
    url: str
    amp_url: str | None = None
    aliases: list[str] = []
    published_at: str | None = None
    fetched_at: str | None = None
    recent_posts: list[_Observed] = []


def _narrow(posts: list[_Observed]) -> tuple[str, str, bool]:
    # RFC 3339 with Z and whole seconds: the order of the strings is the order of the times.
    starts = [post.published_earliest or "" for post in posts]
    ends = [post.published_latest or "" for post in posts]
    if max(starts) <= min(ends):
        return max(starts), min(ends), True
    return min(starts), max(ends), False


def _engine(name: str) -> Any:
    if name not in ("pandas", "polars"):
        raise ValueError(f'engine is "pandas" or "polars", not {name!r}')
    require(name)
    return require("pyarrow")


def _warn(message: str) -> None:
    warnings.warn(message, UserWarning, stacklevel=4)


def arrow_schema(columns: Sequence[str] | None = None) -> Any:
    """Return the fields of a line, or only these ones, as a pyarrow schema; times are strings.

    Raises:
        MissingExtra: when pyarrow is not installed.
        ValueError: for a column that a line does not have.
    """
    properties = json_schema()["properties"]
    for name in columns or ():
        if name not in properties:
            raise ValueError(f"a line has no field {name!r}")
    pa = require("pyarrow")
    return pa.schema([(name, arrow_type(properties[name], pa)) for name in columns or properties])


def arrow_type(schema: dict[str, Any], pa: Any) -> Any:
    """Return the pyarrow type of a value that this JSON Schema describes."""
    kinds = schema.get("type", "string")
    kind = next(each for each in ([kinds] if isinstance(kinds, str) else kinds) if each != "null")
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
    if len(batch) > 1:  # a line of them does not fit: find it
        middle = len(batch) // 2
        return pa.concat_tables([_to_arrow(batch[:middle], schema), _to_arrow(batch[middle:], schema)])
    try:
        return pa.Table.from_pylist([msgspec.to_builtins(decode(batch[0]))], schema=schema)
    except (msgspec.MsgspecError, pa.ArrowException, OverflowError) as error:
        _warn(f"a line was left out that does not fit the schema: {error}")
        return schema.empty_table()


def instants(column: Any) -> Any:
    """Read a pyarrow column of RFC 3339 strings as UTC times; what cannot be read is null, with a warning."""
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
        _warn(f"a time was left out that cannot be read: {text!r}")
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
