"""``scrapy schema``: the JSON Schema of a line, or the same as a page of documentation."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal, get_args, get_origin, get_type_hints, is_typeddict

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from ifp_scraper.commands import refuse_unknown_options, show
from ifp_scraper.items import WARNINGS, Article, json_schema, value_type

_HEAD = """\
# The record, field by field

One line of the output is one revision of one article. A line always has every field, in this order.
All times are strings, RFC 3339 in UTC with `Z` and whole seconds. All addresses are absolute.

This page is made from the code by `scrapy schema --markdown`. `scrapy schema` prints the same as JSON Schema.
"""


class Command(ScrapyCommand):
    """Print the schema."""

    requires_crawler_process = False
    default_settings: ClassVar[dict[str, Any]] = {"LOG_ENABLED": False}

    def syntax(self) -> str:
        return "[options]"

    def short_desc(self) -> str:
        return "Print the JSON Schema of one line of the output"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--markdown", action="store_true", help="print it as Markdown tables, as in docs/record.md"
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Print it on stdout."""
        refuse_unknown_options(args)
        if args:
            raise UsageError("this command takes no argument")
        show((markdown() if opts.markdown else json.dumps(json_schema(), indent=2, ensure_ascii=False)).rstrip())


def markdown() -> str:
    """Return the documentation of the record, made from its schema."""
    parts = [_HEAD, *_tables(json_schema()["properties"])]
    parts.append("## Warnings\n\n`warnings` holds any of these, and nothing else.\n")
    parts.append(_table(("warning", "meaning"), [(f"`{name}`", _words(text)) for name, text in WARNINGS.items()]))
    return "\n".join(parts)


def _tables(properties: dict[str, Any]) -> Iterator[str]:
    """The table of the fields, then one for each field that holds objects."""
    yield _fields(properties)
    nested = get_type_hints(Article)
    for name, schema in properties.items():
        items = schema.get("items", {})
        if items.get("type") == "object":
            yield f"## One of `{name}`\n"
            yield _fields(items["properties"], get_args(nested[name])[0], items["required"])


def _fields(properties: dict[str, Any], nested: type | None = None, required: Sequence[str] = ()) -> str:
    """The rows of one kind of object; what the schema leaves open, the type of a nested one says."""
    hints = get_type_hints(nested) if nested else {}
    rows = []
    for name, schema in properties.items():
        if get_origin(hints.get(name)) is Literal:
            schema = {**schema, "enum": list(get_args(hints[name]))}
        kind = _type(name, schema)
        if nested is not None and is_typeddict(nested) and name not in required:
            kind += ", or absent"
        rows.append((f"`{name}`", kind, _words(schema.get("description", ""))))
    return _table(("field", "type", "meaning"), rows)


def _type(name: str, schema: dict[str, Any]) -> str:
    """What a value may be, in words."""
    kind, nullable = value_type(schema)
    or_null = " or null" if nullable else ""
    if values := schema.get("enum"):
        return ", ".join(f"`{value}`" for value in values if value is not None) + or_null
    word = {"string": "text", "integer": "whole number", "boolean": "true or false"}.get(kind, kind)
    if schema.get("format") == "date-time":
        word = "time"
    if kind == "array":
        word = "list of texts"
        if name == "warnings":
            word = "list of warnings, see below"
        elif schema["items"].get("type") == "object":
            word = "list of objects, see below"
    return word + or_null


def _words(text: str) -> str:
    """A docstring as a cell: one line, its double back quotes single, nothing that Markdown or HTML would read."""
    pieces = " ".join(text.split()).split("``")
    pieces[::2] = [piece.replace("<", "&lt;").replace("|", "\\|").replace("*", "\\*") for piece in pieces[::2]]
    return "`".join(pieces)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
