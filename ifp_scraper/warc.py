"""Reads WARC records from files as they are: compressed or not, damaged or cut off, from any place in the middle."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import IO

from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from ifp_scraper.dates import read_instant

_MEMBER = b"\x1f\x8b\x08"
_RECORD = b"\r\n\r\nWARC/1."


def read_responses(
    stream: IO[bytes], name: str, start: int, end: int, faults: list[str]
) -> Iterator[tuple[WarcRecord, bytes]]:
    """Yield the responses that begin in a part of a stream, with their bodies as recorded.

    Args:
        stream: WARC data, compressed or not; can seek.
        name: of the file, for messages.
        start: where the part begins; records are looked for from here on.
        end: where it ends.
        faults: gets a message for each damaged part; that is skipped, and the rest read.
    """
    at = _next_record(stream, start, end)
    while at is not None:
        last = at
        try:
            stream.seek(at)
            for record in ArchiveIterator(stream, record_types=WarcRecordType.response, parse_http=True):
                last = record.stream_pos
                if last >= end:
                    return
                if record.http_headers is None:
                    continue
                body = record.reader.read()
                unfinished = len(body) < record.content_length
                if unfinished or (not body and _is_cut_off(record)):
                    faults.append(f"{name} at byte {last}: a record is cut off")
                if unfinished:  # its length is wrong, or the file ends here: whole records may be in the body
                    body = body.partition(_RECORD)[0]
                if body:
                    yield record, body
                if unfinished:
                    at = _next_record(stream, last + 1, end)
                    break
            else:
                return
        except (OSError, EOFError, ValueError) as error:
            faults.append(f"{name} at byte {last}: {error}")
            at = _next_record(stream, last + 1, end)


def _next_record(stream: IO[bytes], start: int, end: int) -> int | None:
    """The first record that begins in the span at or after an offset."""
    stream.seek(start)
    position = start
    tail = b""
    while position < end + 64:
        chunk = stream.read(1 << 16)
        if not chunk:
            return None
        window = tail + chunk
        base = position - len(tail)
        for found in re.finditer(rb"\x1f\x8b\x08|WARC/1\.[01]\r\n", window):
            at = base + found.start()
            if at >= end:
                return None
            if found[0] != _MEMBER or _is_record(stream, at):
                stream.seek(at)
                return at
        tail = window[-16:]
        position += len(chunk)
        stream.seek(position)
    return None


def _is_record(stream: IO[bytes], at: int) -> bool:
    """Whether a gzip member that holds a WARC record begins here; three bytes may be there by chance."""
    stream.seek(at)
    try:
        return zlib.decompressobj(31).decompress(stream.read(512), 8).startswith(b"WARC/1.")
    except zlib.error:
        return False


def _is_cut_off(record: WarcRecord) -> bool:
    """Whether a response without a body should have one."""
    assert record.http_headers is not None
    length = next((value for name, value in record.http_headers if name.lower() == "content-length"), "")
    return record.http_headers.status_code == 200 and length.strip() != "0"


def record_address(record: WarcRecord) -> str:
    """Return a record's WARC-Target-URI; empty when it has none. WARC 1.0 may put it between ``<`` and ``>``."""
    return (record.headers.get("WARC-Target-URI") or "").strip("<>")


def record_time(record: WarcRecord) -> datetime:
    """Return a record's WARC-Date, to the second; without a zone it is UTC; 1970 when it cannot be read."""
    return read_instant(record.headers.get("WARC-Date")) or datetime.fromtimestamp(0, UTC)
