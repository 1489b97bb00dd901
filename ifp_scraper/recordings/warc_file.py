"""The WARC file that a crawl appends to: locked, and without what a kill left unfinished."""

from __future__ import annotations

import fcntl
import logging
import mmap
import os
import re
import zlib
from contextlib import suppress
from pathlib import Path

from fastwarc.warc import ArchiveIterator

from ifp_scraper.recordings.codings import GZIP, GZIP_WBITS
from ifp_scraper.recordings.files import RecordingError
from ifp_scraper.recordings.record_bounds import end_of_member
from ifp_scraper.storage.output_file import explain

logger = logging.getLogger(__name__)

_MAGIC = b"WARC/"
_FIRST = 1 << 14
"""In bytes: longer than a recording's first record, which describes it."""


def open_locked(path: Path) -> int:
    """Open a recording for appending, lock it against other crawls, and cut a record left unfinished by a kill.

    Raises:
        RecordingError: if it cannot be opened, holds something else, is damaged, or is in use by another crawl.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            if not path.is_file():  # opening a pipe would block forever
                raise RecordingError(f"{path} is not a regular file: name another in IFP_ARCHIVE.")
            with path.open("rb") as stream:
                start = stream.read(_FIRST)
            if not _may_begin_recording(start, packed=path.name.endswith(".gz")):
                raise RecordingError(f"{path} is not a recording: name another file in IFP_ARCHIVE.")
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise cannot_write(path, error) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(file)
        raise RecordingError(f"Another crawl is recording into {path}: name another file in IFP_ARCHIVE.") from error
    try:
        if cut := cut_unfinished(path):
            logger.warning(
                "%s ended in an unfinished record of an earlier run, which was cut off (bytes: %d)", path, cut
            )
    except RecordingError:
        os.close(file)
        raise
    return file


def _may_begin_recording(start: bytes, *, packed: bool) -> bool:
    """Whether a file with these first bytes may be a recording, be it one that was cut off soon after."""
    if packed:
        try:
            start = zlib.decompressobj(GZIP_WBITS).decompress(start, len(_MAGIC))
        except zlib.error:
            return False
    return _MAGIC.startswith(start[: len(_MAGIC)])


def cannot_write(path: Path, error: OSError) -> RecordingError:
    """Return the error to raise if the file cannot be written."""
    return RecordingError(f"the recording {path} cannot be written: {explain(error, 'in IFP_ARCHIVE')}")


def cut_unfinished(path: Path) -> int:
    """Cut off what a kill or a power loss left after the last whole record; return the number of bytes cut.

    Raises:
        RecordingError: if the file is damaged in another way: whole records follow the damage, or a long file has
            no whole record.
    """
    size = path.stat().st_size if path.exists() else 0
    if not size:
        return 0
    last = 0
    with path.open("rb") as stream, suppress(EOFError, OSError, ValueError):
        for record in ArchiveIterator(stream, parse_http=False):
            last = record.stream_pos
            record.reader.consume()
    packed = path.name.endswith(".gz")
    end_of, mark = (_end_of_member, re.escape(GZIP)) if packed else (_end_of_record, rb"(?m)^WARC/1\.")
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        end = end_of(content, last) or last
        begins = [match.start() for match in re.compile(mark).finditer(content, max(end, last + 1))]
        is_followed = any(end_of(content, begin) for begin in begins)
        is_long = bool(content[_FIRST : 2 * _FIRST].strip(b"\0"))
    if is_followed or (not end and is_long):
        raise RecordingError(
            f"the recording {path} is damaged at byte {end}, before its end: name another file in IFP_ARCHIVE. "
            "What is whole in this one can be read with -a archive=."
        )
    if end < size:
        os.truncate(path, end)
    return size - end


def _end_of_record(content: mmap.mmap, begin: int) -> int | None:
    """Return where the record that starts here ends; None if it is not whole. Both are offsets in bytes."""
    head = content.find(b"\r\n\r\n", begin) + 4
    length = re.search(rb"\nContent-Length: *(\d{1,15})", content[begin:head], re.IGNORECASE)
    end = head + int(length[1]) + 4 if length else 0
    return end if length and content[end - 4 : end] == b"\r\n\r\n" else None


def _end_of_member(content: mmap.mmap, begin: int) -> int | None:
    """Return where the gzip member that starts here ends, and with it a record; None if it is not whole."""
    try:
        start = zlib.decompressobj(GZIP_WBITS).decompress(content[begin : begin + _FIRST], len(_MAGIC))
        return end_of_member(content, begin) if start == _MAGIC else None
    except zlib.error:
        return None
