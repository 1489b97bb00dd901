"""Writes the rows of tables to files: CSV, Parquet or SQLite."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

from ifp_scraper.analysis.arrow import instants
from ifp_scraper.analysis.output_reader import require
from ifp_scraper.analysis.tables import LICENSE, SITE, Format, Table

_INDEXED = ("id", "url", "published_at", "modified_at", "byline", "layout", "section", "tag", "name", "alias")
"""Columns that get an index in SQLite, in any table."""

_SPREADSHEET_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Starts of text that a spreadsheet takes for a formula."""

Row = tuple[Any, ...]


class TableWriter(Protocol):
    """Writes the tables of one export. Its methods raise ``OSError`` or ``sqlite3.Error`` if writing fails."""

    def write(self, table: Table, rows: list[Row]) -> None:
        """Append rows, each with a value for every column of the table."""
        ...

    def close(self) -> None:
        """Complete the files and close them."""
        ...


def open_writer(to: Format, folder: Path, name: str, tables: Sequence[Table]) -> TableWriter:
    """Create the files of an export in a folder.

    Args:
        to: the format.
        folder: where to create them.
        name: of the database, without its suffix; files that hold one table are named after it.
        tables: all tables.

    Raises:
        MissingExtra: for Parquet without pyarrow.
    """
    if to == "sqlite":
        return _SqliteWriter(folder / f"{name}.sqlite", tables)
    return _CsvWriter(folder, tables) if to == "csv" else _ParquetWriter(folder, tables)


class _CsvWriter:
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


class _ParquetWriter:
    """One file per table: zstd, times as UTC timestamps, descriptions in the schema's metadata."""

    def __init__(self, folder: Path, tables: Sequence[Table]) -> None:
        self._pa, parquet = require("pyarrow"), require("pyarrow.parquet")
        pa = self._pa
        types = {
            "text": pa.string(),
            "integer": pa.int64(),
            "boolean": pa.bool_(),
            "time": pa.timestamp("us", tz="UTC"),
            "list": pa.list_(pa.string()),
        }
        self._writers: dict[str, Any] = {}
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
            with self._giving_up_once():
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


class _SqliteWriter:
    """One database with foreign keys, indexes and a full-text index, ready for Datasette."""

    def __init__(self, path: Path, tables: Sequence[Table]) -> None:
        self._tables = tables
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.executescript("PRAGMA page_size=8192; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;")
        self._database.execute("BEGIN")
        for table in tables:
            self._database.execute(_create_statement(table))

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


def _create_statement(table: Table) -> str:
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
