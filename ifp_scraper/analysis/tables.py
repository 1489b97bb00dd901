"""The tables that an export writes, derived from the JSON Schema of a line.

``articles`` has a row per line and a column per plain field; each list (authors, blocks, tags, ...) is a table of its
own. They are joined by ``line``, the number of the line in the file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ifp_scraper.items import json_schema, value_type

Format = Literal["parquet", "csv", "sqlite"]
FORMATS: tuple[Format, ...] = ("parquet", "csv", "sqlite")

NAME = "ifp-articles"
LICENSE = "https://creativecommons.org/licenses/by/4.0/"
SITE = "https://ifpnews.com/"

_SINGULAR = {"aliases": "alias", "sections": "section", "tags": "tag", "warnings": "warning"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    name: str
    kind: str
    """text, integer, boolean, time (RFC 3339 in UTC) or list (of text)."""

    nullable: bool
    description: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table: ``articles``, or the items of one list of the articles."""

    name: str
    description: str
    columns: tuple[Column, ...]

    @property
    def key(self) -> list[str]:
        """The names of the columns that identify a row."""
        return ["line"] if self.name == "articles" else ["line", "position"]


def tables() -> list[Table]:
    """Return the tables of an export: ``articles``, then those of its lists, in field order."""
    line = Column("line", "integer", False, "Number of the line in the file or files, from 1.")
    position = Column("position", "integer", False, "Place in the article's list, from 1.")
    plain: list[Column] = [line]
    children: list[Table] = []
    for name, schema in json_schema()["properties"].items():
        if schema.get("type") != "array":
            plain.append(_column(name, schema))
            continue
        item, text = schema["items"], _prose(schema)
        if item["type"] == "object":
            columns = [_column(key, nested) for key, nested in item["properties"].items()]
        else:
            columns = [Column(_SINGULAR.get(name, "value"), "text", False, text)]
        children.append(Table(name, text, (line, position, *columns)))
    return [Table("articles", "A row for each line: one revision of one article.", tuple(plain)), *children]


def _column(name: str, schema: dict[str, Any]) -> Column:
    kind, nullable = value_type(schema)
    kind = {"string": "text", "array": "list"}.get(kind, kind)
    if kind == "text" and schema.get("format") == "date-time":
        kind = "time"
    # Fields that only some kinds of block have are not required, and have no default.
    nullable = nullable or name in ("level", "ordered", "cells")
    return Column(name, kind, nullable, _prose(schema))


def _prose(schema: dict[str, Any]) -> str:
    """Return a field's description on one line, without backticks."""
    return " ".join(schema.get("description", "").replace("``", "").split())


@dataclass(frozen=True, slots=True)
class File:
    """A file of an export: its name with and without suffix, size in bytes, SHA-256 in hexadecimal."""

    name: str
    stem: str
    bytes: int
    sha256: str


@dataclass(slots=True)
class Exported:
    """What an export wrote."""

    folder: Path
    rows: dict[str, int] = field(default_factory=dict)
    """Number of rows, by table."""

    skipped: int = 0
    """Number of lines that do not fit the schema."""

    first_published: str | None = None
    last_published: str | None = None
    last_fetched: str | None = None
