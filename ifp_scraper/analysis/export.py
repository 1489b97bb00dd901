"""Exports the output as linked tables (``tables``) in Parquet, CSV or SQLite, with descriptions (``describe``).

Lines are read and written a batch at a time, so memory does not grow with the file.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from operator import attrgetter
from pathlib import Path
from typing import Any, Protocol

import msgspec

from ifp_scraper.analysis.describe import describe
from ifp_scraper.analysis.load import instants
from ifp_scraper.analysis.output_reader import Revisions, Selection, Source, Tell, require, select
from ifp_scraper.analysis.tables import FORMATS, LICENSE, NAME, SITE, Exported, File, Format, Table, tables
from ifp_scraper.items import Article, decode
from ifp_scraper.storage.temporary_path import new_partial

_BATCH = 48 << 20
"""Bytes of lines processed at a time."""

_INDEXED = ("id", "url", "published_at", "modified_at", "byline", "layout", "section", "tag", "name", "alias")
_SPREADSHEET_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Row = tuple[Any, ...]


class _Writer(Protocol):
    def write(self, table: Table, rows: list[Row]) -> None: ...

    def close(self) -> None: ...


class _Csv:
    """RFC 4180 in UTF-8 without BOM: comma, CRLF, a header row, an empty field for null.

    Text that a spreadsheet would take for a formula is prefixed with an apostrophe.
    """

    def __init__(self, folder: Path, tables: Sequence[Table]) -> None:
        self._files = ExitStack()
        self._writers: dict[str, Any] = {}
        for table in tables:
            path = folder / f"{table.name}.csv"
            file = self._files.enter_context(path.open("w", encoding="utf-8", newline=""))
            self._writers[table.name] = csv.writer(file)
            self._writers[table.name].writerow([column.name for column in table.columns])

    def write(self, table: Table, rows: list[Row]) -> None:
        self._writers[table.name].writerows([_cell(value) for value in row] for row in rows)

    def close(self) -> None:
        self._files.close()


def _cell(value: Any) -> Any:
    """Return a value as it appears in a CSV file."""
    if isinstance(value, str):
        return "'" + value if value.startswith(_SPREADSHEET_FORMULA) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value


class _Parquet:
    """One file per table: zstd, times as UTC timestamps, descriptions in the schema's metadata."""

    def __init__(self, folder: Path, tables: Sequence[Table]) -> None:
        self._pa, parquet = require("pyarrow"), require("pyarrow.parquet")
        pa = self._pa
        types = {
            "text": pa.string(),
            "integer": pa.int64(),
            "boolean": pa.bool_(),
            "list": pa.list_(pa.string()),
        }
        types["time"] = pa.timestamp("us", tz="UTC")
        self._writers = {}
        for table in tables:
            fields = [
                pa.field(each.name, types[each.kind], each.nullable, {"description": each.description})
                for each in table.columns
            ]
            about = {
                "table": table.name,
                "description": table.description,
                "license": LICENSE,
                "source": SITE,
            }
            path, columns = folder / f"{table.name}.parquet", pa.schema(fields, about)
            self._writers[table.name] = parquet.ParquetWriter(path, columns, compression="zstd")

    def write(self, table: Table, rows: list[Row]) -> None:
        pa, writer = self._pa, self._writers[table.name]
        arrays = []
        for column, values, of in zip(table.columns, zip(*rows, strict=True), writer.schema, strict=True):
            array = pa.chunked_array([pa.array(values, pa.string() if column.kind == "time" else of.type)])
            arrays.append(instants(array) if column.kind == "time" else array)
        with self._giving_up_once():
            writer.write_table(pa.Table.from_arrays(arrays, schema=writer.schema))

    def close(self) -> None:
        with self._giving_up_once():
            for writer in self._writers.values():
                writer.close()

    @contextmanager
    def _giving_up_once(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            for writer in self._writers.values():
                writer.is_open = False  # or it would try again on deletion, and print a stack trace
            raise


class _Sqlite:
    """One database with foreign keys, indexes and a full-text index, ready for Datasette."""

    def __init__(self, path: Path, tables: Sequence[Table]) -> None:
        self._tables = tables
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.executescript("PRAGMA page_size=8192; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;")
        self._database.execute("BEGIN")
        for table in tables:
            self._database.execute(_create(table))

    def write(self, table: Table, rows: list[Row]) -> None:
        marks = ",".join("?" * len(table.columns))
        dump = json.JSONEncoder(ensure_ascii=False).encode
        plain = ([dump(value) if isinstance(value, list) else value for value in row] for row in rows)
        self._database.executemany(f'INSERT INTO "{table.name}" VALUES ({marks})', plain)

    def close(self) -> None:
        for table in self._tables:
            for column in table.columns:
                if column.name in _INDEXED:
                    name = f"{table.name}_{column.name}"
                    self._database.execute(f'CREATE INDEX "{name}" ON "{table.name}" ("{column.name}")')
        self._database.execute("COMMIT")
        self._database.executescript(_FULL_TEXT + "ANALYZE;")
        self._database.close()


def _create(table: Table) -> str:
    kinds = {"integer": "INTEGER", "boolean": "INTEGER"}
    parts = []
    for each in table.columns:
        kind = kinds.get(each.kind, "TEXT") + ("" if each.nullable else " NOT NULL")
        parts.append(f'"{each.name}" {kind}, /* {each.description} */')
    if table.name != "articles":
        parts.append('FOREIGN KEY ("line") REFERENCES "articles" ("line") ON DELETE CASCADE,')
    keys = ", ".join(f'"{name}"' for name in table.key)
    parts.append(f"PRIMARY KEY ({keys})")
    rows = "" if table.name == "articles" else " WITHOUT ROWID"
    return f'CREATE TABLE "{table.name}" (\n  ' + "\n  ".join(parts) + f"\n){rows}"


_FULL_TEXT = """
CREATE VIRTUAL TABLE articles_fts USING fts5(
  headline, lead, body,
  content="articles", content_rowid="line", tokenize="porter unicode61 remove_diacritics 2"
);
INSERT INTO articles_fts (articles_fts) VALUES ('rebuild');
CREATE TRIGGER articles_inserted AFTER INSERT ON articles BEGIN
  INSERT INTO articles_fts (rowid, headline, lead, body) VALUES (new.line, new.headline, new.lead, new.body);
END;
CREATE TRIGGER articles_deleted AFTER DELETE ON articles BEGIN
  INSERT INTO articles_fts (articles_fts, rowid, headline, lead, body)
  VALUES ('delete', old.line, old.headline, old.lead, old.body);
END;
CREATE TRIGGER articles_updated AFTER UPDATE ON articles BEGIN
  INSERT INTO articles_fts (articles_fts, rowid, headline, lead, body)
  VALUES ('delete', old.line, old.headline, old.lead, old.body);
  INSERT INTO articles_fts (rowid, headline, lead, body) VALUES (new.line, new.headline, new.lead, new.body);
END;
"""


def export(
    source: Source,
    to: Format,
    output: str | os.PathLike[str] | None = None,
    *,
    revisions: Revisions = "latest",
    gone: bool = False,
    tell: Tell | None = None,
) -> Exported:
    """Write the selected lines to a new folder, completely or not at all.

    Args:
        source: a path, a glob or a list of these, as for ``load``.
        to: ``parquet``, ``csv`` or ``sqlite``.
        output: the folder; by default ``<name>-<format>`` beside the first file. An earlier export there is
            replaced.
        revisions: ``latest`` for the last line of each article, ``all`` for every line.
        gone: with ``latest``, whether to include articles that the site has withdrawn.
        tell: called with a sentence about lines left out; by default, a ``UserWarning`` is issued.

    Raises:
        FileNotFoundError: if there is no such file.
        FileExistsError: if the folder exists and is not an export, or is the current directory.
        MissingExtra: for Parquet or ``.zst`` without pyarrow.
        OSError: if reading or writing fails; nothing is left behind.
        ValueError: if the format or kind of revisions is unknown.
    """
    if to not in FORMATS:
        raise ValueError(f"to must be one of {', '.join(FORMATS)}, not {to!r}")
    chosen = select(source, revisions=revisions, gone=gone, tell=tell)
    name = re.sub(r"\.jsonl?(\.\w+)?$", "", chosen.files[0].name)
    folder = Path(output) if output else chosen.files[0].with_name(f"{name}-{to}")
    if folder.is_symlink() or not folder.name or folder.name == "..":
        folder = folder.resolve()  # a symlink stays, and its target is replaced
    if folder.exists() and folder.samefile("."):
        raise FileExistsError(f"{folder} is the current folder, which cannot be replaced: name another one")
    if folder.exists() and not _is_export(folder):
        raise FileExistsError(f"{folder} exists and is not an export: name another folder")
    partial = new_partial(folder)
    partial.mkdir(parents=True)
    try:
        done = _fill(partial, folder, chosen, to, name)
        _replace(partial, folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return done


def _is_export(folder: Path) -> bool:
    """Whether a folder is an earlier export, or empty, so that it may be replaced."""
    try:
        return bool(json.loads((folder / "datapackage.json").read_bytes())["name"] == NAME)
    except (OSError, ValueError, KeyError, TypeError):
        return folder.is_dir() and not any(folder.iterdir())


def _replace(partial: Path, folder: Path) -> None:
    """Replace the old folder by the new one; on an error, the old one is restored."""
    for path in (*partial.iterdir(), partial):
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
    old = partial.with_suffix(".old")
    shutil.rmtree(old, ignore_errors=True)  # left by an export that was killed here
    try:
        with suppress(FileNotFoundError):
            folder.rename(old)
        partial.rename(folder)
    except BaseException:
        with suppress(OSError):
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _fill(partial: Path, folder: Path, chosen: Selection, to: Format, name: str) -> Exported:
    """Write all files of the export to ``partial``, which will become ``folder``."""
    schema = tables()
    done = Exported(folder, dict.fromkeys((table.name for table in schema), 0))
    writer: _Writer
    if to == "sqlite":
        writer = _Sqlite(partial / f"{name}.sqlite", schema)
    else:
        writer = _Csv(partial, schema) if to == "csv" else _Parquet(partial, schema)
    for batch in _batches(chosen, schema, done):
        for table in schema:
            if batch[table.name]:
                writer.write(table, batch[table.name])
                done.rows[table.name] += len(batch[table.name])
    writer.close()
    for file, text in describe(schema, done, [_file(path) for path in sorted(partial.iterdir())], to).items():
        (partial / file).write_text(text, encoding="utf-8")
    return done


def _batches(chosen: Selection, schema: list[Table], done: Exported) -> Iterator[dict[str, list[Row]]]:
    """Yield rows by table, for as many articles as ``_BATCH`` allows; ``done`` collects the counts."""
    articles, *children = schema
    plain = attrgetter(*(column.name for column in articles.columns[1:]))
    lists = [(child, attrgetter(child.name), [each.name for each in child.columns[2:]]) for child in children]
    batch: dict[str, list[Row]] = {table.name: [] for table in schema}
    size = 0
    for number, line in chosen.lines():
        try:
            article = decode(line)
        except msgspec.MsgspecError:
            done.skipped += 1
            continue
        _note_times(article, done)
        batch["articles"].append((number, *plain(article)))
        for child, items_of, names in lists:
            for position, item in enumerate(items_of(article), 1):
                if isinstance(item, str):
                    values: tuple[Any, ...] = (item,)
                elif isinstance(item, dict):
                    values = tuple(item.get(each) for each in names)
                else:
                    values = tuple(getattr(item, each) for each in names)
                batch[child.name].append((number, position, *values))
        size += len(line)
        if size > _BATCH:
            yield batch
            batch, size = {table.name: [] for table in schema}, 0
    yield batch


def _note_times(article: Article, done: Exported) -> None:
    if article.published_at:
        done.first_published = min(done.first_published or article.published_at, article.published_at)
        done.last_published = max(done.last_published or "", article.published_at)
    if article.fetched_at:
        done.last_fetched = max(done.last_fetched or "", article.fetched_at)


def _file(path: Path) -> File:
    with open(path, "rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return File(path.name, path.stem, path.stat().st_size, digest)
