"""Exports the output as linked tables (``tables``) in Parquet, CSV or SQLite, with descriptions (``describe``).

Lines are read and written a batch at a time, so memory does not grow with the file.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from operator import attrgetter
from pathlib import Path
from typing import Any

import msgspec

from ifp_scraper.analysis.describe import FILES, describe
from ifp_scraper.analysis.output_reader import Files, Revisions, Selection, Tell, select
from ifp_scraper.analysis.table_writers import Row, open_writer
from ifp_scraper.analysis.tables import FORMATS, NAME, Exported, File, Format, Table, tables
from ifp_scraper.analysis.temporary_path import new_partial
from ifp_scraper.items import Article, decode
from ifp_scraper.storage import sidecars
from ifp_scraper.storage.line_decoder import is_time

_BATCH = 48 << 20
"""Bytes of lines processed at a time."""

_INT64 = range(-(2**63), 2**63)


def export(
    source: Files,
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
        FileExistsError: if the folder is not an export or holds other files too, or is the current directory.
        MissingExtra: for Parquet or ``.zst`` without pyarrow.
        OSError: if reading or writing fails; nothing is left behind.
        ValueError: if the format or kind of revisions is unknown.
    """
    if to not in FORMATS:
        raise ValueError(f"to must be one of {', '.join(FORMATS)}, not {to!r}")
    chosen = select(source, revisions=revisions, gone=gone, tell=tell)
    name = sidecars.base_name(chosen.files[0])
    folder = Path(output) if output else chosen.files[0].with_name(f"{name}-{to}")
    if folder.is_symlink() or not folder.name or folder.name == "..":
        folder = folder.resolve()  # a symlink stays, and its target is replaced
    if folder.exists() and folder.samefile("."):
        raise FileExistsError(f"{folder} is the current folder, which cannot be replaced: name another one")
    if folder.exists():
        _refuse_other_files(folder)
    partial = new_partial(folder)
    try:
        partial.mkdir(parents=True)  # in here, as a signal may come right after it
        done = _fill(partial, folder, chosen, to, name)
        _replace(partial, folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return done


def _refuse_other_files(folder: Path) -> None:
    """Make sure that a folder is empty or an earlier export, so that it may be replaced.

    Raises:
        FileExistsError: if it is not, or holds a file that the export did not write.
    """
    if not folder.is_dir():
        raise FileExistsError(f"{folder} exists and is not an export: name another folder")
    try:
        about = json.loads((folder / "datapackage.json").read_bytes())
        written = {*FILES, *(each["path"] for each in about["resources"])} if about["name"] == NAME else None
    except (OSError, ValueError, KeyError, TypeError):
        written = None
    others = sorted({path.name for path in folder.iterdir()} - (written or set()))
    if others and written is None:
        raise FileExistsError(f"{folder} exists and is not an export: name another folder")
    if others := [name for name in others if name != ".DS_Store"]:
        raise FileExistsError(f"{folder} also holds {others[0]}, not from an export: move it, or name another folder")


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
    writer = open_writer(to, partial, name, schema)
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
            article = None
        if article is None or not _fits(article):
            done.skipped += 1
            continue
        _note_times(article, done)
        batch["articles"].append((number, *plain(article)))
        for child, items_of, names in lists:
            for position, item in enumerate(items_of(article), 1):
                batch[child.name].append((number, position, *_values(item, names)))
        size += len(line)
        if size > _BATCH:
            yield batch
            batch, size = {table.name: [] for table in schema}, 0
    yield batch


def _fits(article: Article) -> bool:
    """Whether the article's numbers fit into the tables' columns; those of a damaged line may not."""
    levels = (block.get("level", 0) for block in article.blocks)
    return all(number in _INT64 for number in (article.id or 0, article.word_count, article.revision, *levels))


def _values(item: Any, names: list[str]) -> Row:
    """Return an item of a list as columns: a string is the only one, an object has one for each name."""
    if isinstance(item, str):
        return (item,)
    if isinstance(item, dict):
        return tuple(item.get(name) for name in names)
    return tuple(getattr(item, name) for name in names)


def _note_times(article: Article, done: Exported) -> None:
    if article.published_at and is_time(article.published_at):
        done.first_published = min(done.first_published or article.published_at, article.published_at)
        done.last_published = max(done.last_published or "", article.published_at)
    if article.fetched_at and is_time(article.fetched_at):
        done.last_fetched = max(done.last_fetched or "", article.fetched_at)


def _file(path: Path) -> File:
    with open(path, "rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return File(path.name, path.stem, path.stat().st_size, digest)
