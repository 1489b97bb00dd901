"""Spans: parts of recordings that can be read in any order and by any process."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec

from ifp_scraper.recordings.decompress import source_name
from ifp_scraper.recordings.files import UNREADABLE, RecordingError, member_ranges, until
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
    holds_some: defaultdict[str, bool] = defaultdict(bool)  # a recording may have been unpacked to several files
    for path in paths:
        try:
            whole = path.stat().st_size
            members = member_ranges(path, whole)
            str(path).encode()  # as MessagePack does
            opened = True
        except UnicodeEncodeError:
            closed.append(f"{path} cannot be read (its name is not UTF-8: rename it)")
            continue
        except UNREADABLE as error:
            closed.append(f"{path} cannot be read ({error})")
            continue
        holds_some[source_name(path)] |= any(start < end for start, end in members)
        for start, end in members:
            limit = end if end < whole else None
            spans += [Span(str(path), at, min(at + size, end), whole, limit) for at in range(start, end, size)]
    if not opened:
        raise RecordingError("; ".join(closed))
    for reason in closed:
        logger.warning("%s; it was skipped", reason)
    for name, holds in holds_some.items():
        if not holds:
            logger.warning("%s holds no response that can be read", name)
    return spans


@contextmanager
def open_span(span: Span) -> Iterator[IO[bytes]]:
    """Open a span's file, which ends at the limit.

    Raises:
        OSError: if it cannot be opened.
    """
    with open(span.path, "rb") as stream:
        yield stream if span.limit is None else until(stream, span.limit)


def halves(span: Span) -> tuple[Span, Span]:
    """Return the two halves of a span. Every record of the span starts in one of them."""
    middle = (span.start + span.end) // 2
    return msgspec.structs.replace(span, end=middle), msgspec.structs.replace(span, start=middle)
