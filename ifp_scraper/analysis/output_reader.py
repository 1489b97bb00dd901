"""Selects the relevant lines of output files, without holding the files in memory, for load, export and report.

Files may be compressed. A torn or damaged line is left out, with a message.
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
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from ifp_scraper.items import SCHEMA_VERSION
from ifp_scraper.storage import sidecars
from ifp_scraper.storage.article_index import ArticleIndex
from ifp_scraper.text import counted

Files = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]
"""A path, a glob or a list of these."""

Revisions = Literal["latest", "all"]
Tell = Callable[[str], None]
"""Called with one sentence for the user: what was left out, and where."""

_DAMAGE = (EOFError, OSError, zlib.error, lzma.LZMAError)  # what the decompressors raise


class MissingExtra(ImportError):
    """An optional package is not installed; the message says how to install it."""


def require(name: str) -> Any:
    """Import a package of the extra ``data``.

    Raises:
        MissingExtra: if it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingExtra(f'this needs {name}: in the project folder, pip install ".[data]"') from error


def find_outputs(source: Files) -> list[Path]:
    """Return the files that a path, a glob or a list of these names: each once, a glob's sorted by name.

    Raises:
        FileNotFoundError: if a path or glob matches no file, or none is given.
    """
    names = [source] if isinstance(source, str | os.PathLike) else list(source)
    found: dict[Path, None] = {}
    for name in names:
        text = os.path.expanduser(os.fspath(name))
        if os.path.isfile(text):
            matches = [text]
        else:
            matches = sorted(match for match in glob.glob(text, recursive=True) if os.path.isfile(match))
            matches = [
                match for match in matches if not any(suffix in Path(match).name for suffix in sidecars.SUFFIXES)
            ]
        if not matches and os.path.isdir(text):
            raise FileNotFoundError(f"{text} is a folder: name its files, as in {os.path.join(text, '*.jsonl')}")
        if not matches:
            raise FileNotFoundError(f"no such file: {text}")
        found.update((Path(match), None) for match in matches)
    if not found:
        raise FileNotFoundError("no file is named: the list is empty")
    return list(found)


def _open(path: Path) -> Any:
    if module := {".gz": "gzip", ".bz2": "bz2", ".xz": "lzma"}.get(path.suffix):
        return importlib.import_module(module).open(path)
    if path.suffix == ".zst":
        return io.BufferedReader(require("pyarrow").input_stream(os.fspath(path), compression="zstd"), 1 << 20)
    return open(path, "rb", buffering=1 << 20)


def _raw_lines(path: Path, tell: Tell) -> Iterator[bytes]:
    """Yield a file's lines; in a damaged compressed file, those before the damage."""
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
    published_at: str | None = None
    fetched_at: str | None = None


_HEAD = msgspec.json.Decoder(_Head)


@dataclass(slots=True)
class Selection:
    """The selected lines of some files; lines are numbered from 1 across all files."""

    files: list[Path]
    """In reading order."""

    kept: array[int] = field(default_factory=lambda: array("q"))
    """Ascending numbers of the selected lines."""

    articles: int = 0
    """Number of distinct articles, including those that are gone."""

    read: int = 0
    """Number of lines that hold an article, selected or not."""

    corrupt: int = 0
    """Number of lines that do not: torn, damaged or of another kind."""

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield (number, line) of the selected lines; rereads the files, a line at a time."""
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
    source: Files, *, revisions: Revisions = "latest", gone: bool = False, tell: Tell | None = None
) -> Selection:
    """Select each article's last line (``latest``) or every line (``all``).

    If several files have an article, the one that captured it last counts: file names, by which a glob is sorted, say
    nothing about time (``archive.jsonl``, ``ifp.jsonl``, ``wayback-2019.jsonl``).

    An article is identified by its id if it has one, else by its URL; a line without id belongs to the article
    with this URL in another line, and so does one with another id but the same publication time. An article whose
    last line says ``gone`` is left out of ``latest`` unless ``gone`` is true. Lines without an article are left
    out, and ``tell`` is called with a sentence (by default, a ``UserWarning`` is issued); also about lines in
    another version's schema.

    Raises:
        FileNotFoundError: if there is no such file.
        OSError: if a file cannot be read.
        MissingExtra: for ``.zst`` without pyarrow.
        ValueError: if the kind of revisions is unknown, or the files hold lines, but no article.
    """
    if revisions not in ("latest", "all"):
        raise ValueError(f'revisions must be "latest" or "all", not {revisions!r}')
    tell = tell or warn
    chosen = Selection(find_outputs(source))
    heads: list[tuple[int, _Head]] = []
    ends: list[int] = []  # number of each file's last line
    holds_others = False
    for path in chosen.files:
        scan = _scan(path, ends[-1] if ends else 0)
        for sentence in scan.left_out:
            tell(sentence)
        heads += scan.heads
        ends.append(scan.end)
        chosen.corrupt += scan.bad + scan.torn
        holds_others = holds_others or scan.bad > 0
    chosen.read = len(heads)
    if holds_others and not heads:
        raise ValueError(f"no line of {', '.join(map(str, chosen.files))} is an article of ifp_scraper")
    last = _last_lines(heads, ends)
    chosen.articles = len(last)
    for number, head in heads:
        if revisions == "all" or (number in last and (gone or head.status != "gone")):
            chosen.kept.append(number)
    return chosen


class _Scan(NamedTuple):
    """What the lines of a file are."""

    heads: list[tuple[int, _Head]]
    """Those of the articles, each with its line's number."""

    end: int
    """Number of the last line."""

    bad: int
    """Number of lines without an article."""

    torn: bool
    """Whether the last line is incomplete."""

    left_out: list[str]
    """What to tell the user."""


def _scan(path: Path, before: int) -> _Scan:
    """Read the heads of a file's lines, before which so many have been counted in other files."""
    heads: list[tuple[int, _Head]] = []
    left_out: list[str] = []
    number, bad, first_bad, torn = before, 0, 0, False
    for number, line in enumerate(_raw_lines(path, left_out.append), before + 1):
        try:
            if not line.isascii():
                line.decode()
            heads.append((number, _HEAD.decode(line)))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:  # the last: [[[[…
            if line.strip():
                is_other = isinstance(error, msgspec.ValidationError)  # an object, but no article
                torn = line.startswith(b"{") and not line.endswith(b"\n") and not is_other
                bad += not torn
                first_bad = first_bad or number - before
    if bad:
        left_out.append(f"{path}: skipped {counted(bad, 'line')} without an article, the first is line {first_bad}")
    if other := sum(head.schema_version != SCHEMA_VERSION for _, head in heads):
        left_out.append(
            f"{path}: {counted(other, 'line')} of another schema version may be misread: update ifp_scraper"
        )
    if torn:
        left_out.append(f"{path}: skipped the last line, which is incomplete")
    return _Scan(heads, number, bad, torn, left_out)


class _Known(msgspec.Struct, eq=False):
    """An article, and which of its lines counts as the last so far."""

    number: int
    id: int | None = None
    url: str = ""
    published_at: str | None = None
    line: int = 0
    file: int = -1
    """Index of that line's file."""

    fetched_at: str = ""


def _last_lines(heads: list[tuple[int, _Head]], ends: list[int]) -> set[int]:
    """Return the number of each article's last line."""
    index = ArticleIndex(_Known)
    for number, head in heads:
        known = index.add(head.id, head.url, head.aliases, head.published_at)
        file, fetched_at = bisect_left(ends, number), head.fetched_at or ""
        if file == known.file or fetched_at >= known.fetched_at:  # in UTC with Z, text order is time order
            known.line, known.file, known.fetched_at = number, file, fetched_at
            known.url, known.published_at = head.url, head.published_at
    return {known.line for known in index}


def warn(message: str) -> None:
    """Issue a ``UserWarning``, usually located where ``load`` or a similar function was called."""
    warnings.warn(message, UserWarning, stacklevel=4)
