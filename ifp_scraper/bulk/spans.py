"""Spans: parts of recordings that can be read in any order and by any process."""

from __future__ import annotations

import logging
import mmap
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import msgspec

from ifp_scraper.recordings.files import RecordingError
from ifp_scraper.recordings.warc_reader import Revisit

logger = logging.getLogger(__name__)

SPAN = 2 * 1024 * 1024
"""How much of a recording a worker reads at a time, in bytes."""


class Span(msgspec.Struct, frozen=True):
    """A part of a recording, from ``start`` to ``end`` in bytes; records that start in it belong to it."""

    path: str
    start: int
    end: int
    size: int
    """Size of the whole file in bytes, so that a changed file is read again."""

    limit: int | None = None
    """Where the recording ends, if its file holds more: a member of a WACZ file."""

    revisits: tuple[Revisit, ...] = ()
    """Captures whose body is that of the record at ``start``; if there are any, only it is read, once for each."""


def cut_spans(paths: Iterable[Path], size: int = SPAN) -> list[Span]:
    """Cut recordings into spans.

    Args:
        paths: recordings as returned by ``decompress.seekable``; a WACZ file's WARC members are parts of it.
        size: size of a span, in bytes.

    Raises:
        RecordingError: if none of them can be opened.
    """
    spans = []
    closed = []
    opened = False
    for path in paths:
        try:
            whole = path.stat().st_size
            members = _members(path, whole)
            opened = True
        except (OSError, zipfile.BadZipFile) as error:
            closed.append(f"{path} cannot be read ({error})")
            continue
        for start, end in members:
            limit = end if end < whole else None
            spans += [Span(str(path), at, min(at + size, end), whole, limit) for at in range(start, end, size)]
    if not opened:
        raise RecordingError("; ".join(closed))
    for reason in closed:
        logger.warning("%s; it was skipped", reason)
    return spans


@contextmanager
def open_span(span: Span) -> Iterator[IO[bytes]]:
    """Open a span's file, up to the limit: what follows a WACZ file's member would be taken for a damaged record."""
    with open(span.path, "rb") as stream:
        if span.limit is None:
            yield stream
        else:
            with mmap.mmap(stream.fileno(), span.limit, access=mmap.ACCESS_READ) as part:
                yield cast("IO[bytes]", part)  # it reads and seeks as a file does


def _members(path: Path, whole: int) -> list[tuple[int, int]]:
    """Return the byte ranges of a file that are WARC data: all of a WARC file, the members of a WACZ file."""
    if not path.name.endswith(".wacz"):
        path.open("rb").close()
        return [(0, whole)]
    found = []
    with zipfile.ZipFile(path) as package, path.open("rb") as stream:
        for member in package.infolist():
            if not member.filename.endswith((".warc", ".warc.gz")):
                continue
            stream.seek(member.header_offset + 26)  # in the member's local header: lengths of its name and extra field
            name, extra = (int.from_bytes(stream.read(2), "little") for _ in range(2))
            start = member.header_offset + 30 + name + extra
            found.append((start, start + member.file_size))
    return found


def halves(span: Span) -> tuple[Span, Span]:
    """Return the two halves of a span. Every record of the span starts in one of them."""
    middle = (span.start + span.end) // 2
    return msgspec.structs.replace(span, end=middle), msgspec.structs.replace(span, start=middle)
