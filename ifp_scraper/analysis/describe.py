"""Machine-readable descriptions of exported tables, written beside them.

``datapackage.json`` (Frictionless Data Package), ``croissant.json`` (ML Croissant) and, for SQLite, Datasette's
``metadata.json``. They are derived from the tables, as the tables are from the record.
"""

from __future__ import annotations

import json
from typing import Any

from ifp_scraper.analysis.tables import LICENSE, NAME, SITE, Exported, File, Format, Table

TITLE = "Articles of Iran Front Page"
DESCRIPTION = (
    "Articles of the news site Iran Front Page (ifpnews.com), collected by ifp_scraper. The site licenses "
    "its content under CC BY 4.0 (Iran Front Page, IFP News). Pieces in the section Media Wire are by other "
    "agencies and may not be covered by that licence. Times are UTC. The column line joins the tables."
)
_APOSTROPHES = (
    " Text that begins with =, +, -, @, a tab or a carriage return has an apostrophe before it, which is not the "
    "site's: without it, a spreadsheet would take the text for a formula."
)


FILES = ("datapackage.json", "croissant.json", "metadata.json")
"""Names of the description files; the last is for SQLite."""


def describe(schema: list[Table], done: Exported, files: list[File], to: Format) -> dict[str, str]:
    """Return the contents of an export's description files, by file name.

    Args:
        schema: all tables.
        done: what was written.
        files: the files that hold the tables.
        to: their format.
    """
    texts = {
        "datapackage.json": _datapackage(schema, done, files, to),
        "croissant.json": _croissant(schema, done, files, to),
    }
    if to == "sqlite":
        texts["metadata.json"] = _datasette(schema, files[0].stem)
    return {name: json.dumps(value, ensure_ascii=False, indent=1) + "\n" for name, value in texts.items()}


_MEDIA = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet", "sqlite": "application/vnd.sqlite3"}


def _datapackage(schema: list[Table], done: Exported, files: list[File], to: Format) -> dict[str, Any]:
    licence = {"name": "CC-BY-4.0", "title": "Creative Commons Attribution 4.0", "path": LICENSE}
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": NAME,
        "title": TITLE,
        "description": _description(to),
        "homepage": SITE,
        "version": _version(done),
        "licenses": [licence],
        "sources": [{"title": "Iran Front Page (IFP News)", "path": SITE}],
        "contributors": [{"title": "Iran Front Page", "role": "publisher", "roles": ["publisher"], "path": SITE}],
        "counts": done.rows,
        "published": {"first": done.first_published, "last": done.last_published},
        "resources": [_resource(schema, done, file, to) for file in files],
    }


def _resource(schema: list[Table], done: Exported, file: File, to: Format) -> dict[str, Any]:
    """Describe a file: one table, or in SQLite all of them."""
    resource: dict[str, Any] = {
        "name": file.stem.lower(),
        "path": file.name,
        "format": to,
        "mediatype": _MEDIA[to],
    }
    # frictionless cannot count the bytes of Parquet files, and rejects the correct numbers.
    size, digest = ("size", "sha256") if to == "parquet" else ("bytes", "hash")
    resource |= {size: file.bytes, digest: file.sha256 if to == "parquet" else "sha256:" + file.sha256}
    if to == "sqlite":
        resource |= {"name": "database", "description": "One SQLite database that holds all the tables."}
        resource["tables"] = [{"name": t.name, "rows": done.rows[t.name], **_table_schema(t, to)} for t in schema]
    else:
        table = next(table for table in schema if table.name == file.stem)
        resource |= {"type": "table", "profile": "tabular-data-resource", "description": table.description}
        resource |= {"rows": done.rows[table.name], "schema": _table_schema(table, to)}
    if to == "csv":
        resource |= {"encoding": "utf-8", "dialect": {"delimiter": ",", "lineTerminator": "\r\n"}}
    return resource


def _table_schema(table: Table, to: Format) -> dict[str, Any]:
    # A list is JSON in CSV and SQLite, but a list in Parquet, which frictionless passes on as a numpy array.
    kinds = {"text": "string", "time": "datetime", "list": "any" if to == "parquet" else "array"}
    fields: list[dict[str, Any]] = []
    for column in table.columns:
        field: dict[str, Any] = {"name": column.name, "type": kinds.get(column.kind, column.kind)}
        field["description"] = column.description
        # In CSV, empty text and no text are the same, so text is never required.
        if not column.nullable and column.kind != "text":
            field["constraints"] = {"required": True}
        if column.nullable and column.kind == "integer" and to == "parquet":
            field["missingValues"] = ["", "nan"]  # how frictionless sees a Parquet null, by way of pandas
        fields.append(field)
    described: dict[str, Any] = {"fields": fields, "missingValues": [""], "primaryKey": table.key}
    if table.name != "articles":
        reference = {"resource": "articles", "fields": ["line"]}
        described["foreignKeys"] = [{"fields": ["line"], "reference": reference}]
    return described


def _description(to: Format) -> str:
    return DESCRIPTION + (_APOSTROPHES if to == "csv" else "")


def _last_day(done: Exported) -> str:
    """Return the date of the last capture (UTC, ``2024-05-06``)."""
    return (done.last_fetched or "1970-01-01")[:10]


def _version(done: Exported) -> str:
    """Return that date as a semantic version, which has no leading zeros: ``2024.5.6``."""
    return ".".join(str(int(part)) for part in _last_day(done).split("-"))


_CROISSANT = (
    "citeAs column equivalentProperty extract field fileProperty fileObject fileSet format includes "
    "isLiveDataset jsonPath key md5 parentField path recordSet references regex repeated replace "
    "samplingRate separator source subField transform"
)
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{name: f"cr:{name}" for name in _CROISSANT.split()},
}


def _croissant(schema: list[Table], done: Exported, files: list[File], to: Format) -> dict[str, Any]:
    media = "application/x-parquet" if to == "parquet" else _MEDIA[to]  # Croissant has a name of its own for it
    objects = [
        {
            "@type": "cr:FileObject",
            "@id": file.name,
            "name": file.name,
            "contentUrl": file.name,
            "contentSize": f"{file.bytes} B",
            "encodingFormat": media,
            "sha256": file.sha256,
        }
        for file in files
    ]
    # Croissant cannot express how to extract a table from a database.
    sets = [] if to == "sqlite" else [_record_set(table, f"{table.name}.{to}", to) for table in schema]
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": NAME,
        "description": _description(to),
        "license": LICENSE,
        "url": SITE,
        "version": _version(done),
        "datePublished": _last_day(done),
        "creator": {"@type": "sc:Organization", "name": "Iran Front Page (IFP News)", "url": SITE},
        "citeAs": f"Iran Front Page (IFP News), {SITE}, collected by ifp_scraper",
        "isLiveDataset": False,
        "distribution": objects,
        "recordSet": sets,
    }


def _record_set(table: Table, file: str, to: Format) -> dict[str, Any]:
    kinds = {"integer": "sc:Integer", "boolean": "sc:Boolean", "time": "sc:DateTime"}
    fields = []
    for each in table.columns:
        one: dict[str, Any] = {"@type": "cr:Field", "@id": f"{table.name}/{each.name}", "name": each.name}
        one |= {"description": each.description, "dataType": kinds.get(each.kind, "sc:Text")}
        one["source"] = {"fileObject": {"@id": file}, "extract": {"column": each.name}}
        if each.kind == "list" and to == "parquet":
            one["repeated"] = True
        if each.name == "line" and table.name != "articles":
            one["references"] = {"field": {"@id": "articles/line"}}
        fields.append(one)
    key = [{"@id": f"{table.name}/{name}"} for name in table.key]
    about = {"@type": "cr:RecordSet", "@id": table.name, "name": table.name, "description": table.description}
    return {**about, "key": key[0] if len(key) == 1 else key, "field": fields}


def _datasette(schema: list[Table], name: str) -> dict[str, Any]:
    about: dict[str, Any] = {}
    for table in schema:
        columns = {each.name: each.description for each in table.columns}
        about[table.name] = {"description": table.description, "columns": columns}
    about["articles"] |= {
        "sort_desc": "published_at",
        "label_column": "headline",
        "fts_table": "articles_fts",
        "fts_pk": "line",
    }
    licence = {
        "license": "CC BY 4.0",
        "license_url": LICENSE,
        "source": "Iran Front Page",
        "source_url": SITE,
    }
    return {"title": TITLE, "description": DESCRIPTION, **licence, "databases": {name: {"tables": about}}}
