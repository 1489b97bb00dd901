"""Reads WARC records from any kind of file: compressed or not, damaged or cut off, from any offset."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from mmap import mmap
from typing import IO, NamedTuple
from urllib.parse import unquote

from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from ifp_scraper.dates import format_utc, read_instant
from ifp_scraper.recordings.wayback import read_stamp, unwrap_address

_KINDS = WarcRecordType.response | WarcRecordType.resource
_MEMBER = b"\x1f\x8b\x08"
_RECORD = b"\r\n\r\nWARC/"
_INDEX_LINK = re.compile(rb"""(\shref=["'])((?![\w+.-]+:|//)(?:[^"'<>?#]*/)?)index\.html(?=["'?#])""")
"""A link as ``wget -k`` converts it; ``record_address`` leaves out the name, too."""

_LENGTH = re.compile(rb"\r\nContent-Length:[ \t]*(\d{1,18})", re.IGNORECASE)
_PIECE = 4096
_UNPACKED_PIECE = 1 << 20
_MAX_TAIL = 64 * 2**20
"""Maximum number of bytes after a file's last response that are searched for the place where it breaks off."""

_SHORT_DATE = re.compile(r"\d{4}(?:-\d\d){0,2}|\d{8}(?:\d\d){0,3}")


class Fault(NamedTuple):
    """A part of a file that could not be read; ``str()`` says so to the user."""

    file: str
    at: int
    """Offset in bytes."""

    what: str

    def __str__(self) -> str:
        return f"{self.file} at byte {self.at}: {self.what}"


class Revisit(NamedTuple):
    """A capture that was recorded without its body, since an earlier record has the same one."""

    url: str
    captured_at: datetime
    digest: str
    """See ``payload_digest``."""

    number: int = 0
    """Position among all revisits, to order those of one second."""


def read_responses(
    stream: IO[bytes], name: str, start: int, end: int, faults: list[Fault], revisits: list[Revisit] | None = None
) -> Iterator[tuple[WarcRecord, bytes]]:
    """Yield the responses that start in a part of a stream, with their bodies as recorded.

    A file kept without its response, as a ``resource``, counts as a response.

    Args:
        stream: WARC data, compressed or not; must be seekable.
        name: name of the file, for ``Fault``.
        start: offset in bytes at which the part starts; records are searched for from here.
        end: offset at which it ends.
        faults: gets each damaged part, which is skipped.
        revisits: gets the ``revisit`` records.
    """
    kinds = _KINDS if revisits is None else _KINDS | WarcRecordType.revisit
    at = _next_record(stream, start, end)
    if at and not start and not _is_blank(stream, at):
        faults.append(Fault(name, start, "no record begins there"))
    while at is not None:
        last = at
        try:
            stream.seek(at)
            for record in ArchiveIterator(stream, record_types=kinds, parse_http=True):
                last = record.stream_pos
                if last >= end:
                    return
                if revisits is not None and record.record_type == WarcRecordType.revisit:
                    _note_revisit(record, revisits)
                    continue
                if record.http_headers is None and not record_address(record).startswith(("http://", "https://")):
                    continue
                body, unfinished = _read_body(record)
                if unfinished or (not body and _is_cut_off(record)):
                    faults.append(Fault(name, last, "a record is cut off"))
                if unfinished:  # its length is wrong, or the file ends here: the body may contain whole records
                    body = body.partition(_RECORD)[0]
                status = record.http_headers.status_code if record.http_headers is not None else None
                if status is not None and (body or 300 <= status < 400):
                    yield record, body
                if unfinished:
                    at = _next_record(stream, last + 1, end)
                    break
            else:
                cut_at = _cut_tail(stream, last)
                if cut_at is not None and start <= cut_at < end and not _is_noted(cut_at, faults):
                    faults.append(Fault(name, cut_at, "the file breaks off"))
                return
        except (OSError, EOFError, ValueError) as error:
            faults.append(Fault(name, last, str(error)))
            at = _next_record(stream, last + 1, end)


def _cut_tail(stream: IO[bytes], at: int) -> int | None:
    """Return the offset of the record in which a file breaks off; None if its last one is whole.

    The iterator passes over records of other kinds, and over one whose headers are cut off, without a word.

    Args:
        stream: as in ``read_responses``.
        at: offset of the last record that was read; those after it are looked at.
    """
    stream.seek(at)
    tail = stream.read(_MAX_TAIL + 1)
    if len(tail) > _MAX_TAIL:
        return None
    begin = 0
    while tail.startswith((_MEMBER, b"WARC/"), begin):
        end = _begin_after_member(tail, begin) if tail.startswith(_MEMBER, begin) else _begin_after_record(tail, begin)
        if end is None:
            return at + begin
        begin = end
    return None


def _begin_after_record(tail: bytes, begin: int) -> int | None:
    """Return where the record after the one that begins here begins; None if that breaks off."""
    head_end = tail.find(b"\r\n\r\n", begin)
    if head_end < 0:
        return None
    length = _LENGTH.search(tail, begin, head_end)
    end = head_end + 4 + (int(length[1]) if length else 0)
    if end > len(tail):
        return None
    while tail.startswith((b"\r", b"\n"), end):
        end += 1
    return end


def _begin_after_member(tail: bytes, begin: int) -> int | None:
    """Return where what follows a gzip member begins; None if it breaks off, the end of the tail if it is damaged."""
    try:
        return end_of_member(tail, begin)
    except zlib.error:
        return len(tail)


def end_of_member(content: bytes | mmap, begin: int) -> int | None:
    """Return where the gzip member that begins here ends; None if it breaks off. Both are offsets in bytes.

    Raises:
        zlib.error: if it is damaged.
    """
    member = zlib.decompressobj(31)
    while begin < len(content):
        piece = content[begin : begin + _PIECE]
        begin += len(piece)
        while piece:
            member.decompress(piece, _UNPACKED_PIECE)
            if member.eof:
                return begin - len(member.unused_data)
            piece = member.unconsumed_tail
    return None


def _note_revisit(record: WarcRecord, revisits: list[Revisit]) -> None:
    if record.http_headers is None or record.http_headers.status_code in (None, 200, 304):
        url, captured_at, _ = capture_in(record)
        revisits.append(Revisit(url, captured_at, payload_digest(record)))


def _read_body(record: WarcRecord) -> tuple[bytes, bool]:
    """Return a record's body, and whether it is shorter than the record says; the record then has HTTP headers."""
    if record.http_headers is None and record.record_type == WarcRecordType.response:
        record.is_http = True  # whatever its Content-Type, if any
        record.parse_http()
    body = record.reader.read()
    unfinished = len(body) < record.content_length
    if record.http_headers is None:
        _add_head(record)
        body = _INDEX_LINK.sub(lambda link: link[1] + (link[2] or b"./"), body)
    return body, unfinished


def _next_record(stream: IO[bytes], start: int, end: int) -> int | None:
    """Return the offset of the first record that starts in this range; None if there is none."""
    stream.seek(start)
    position = start
    tail = b""
    while position < end + 64:
        chunk = stream.read(1 << 16)
        if not chunk:
            return None
        window = tail + chunk
        base = position - len(tail)
        for found in re.finditer(rb"\x1f\x8b\x08|WARC/[01]\.\d{1,2}\r\n", window):
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


def _is_blank(stream: IO[bytes], end: int) -> bool:
    """Whether there is nothing before this offset, as far as one can see from the first bytes."""
    stream.seek(0)
    return not stream.read(min(end, _PIECE)).strip(b"\r\n\0")


def _is_record(stream: IO[bytes], at: int) -> bool:
    """Whether a gzip member with a WARC record starts here; its three magic bytes may occur by chance."""
    stream.seek(at)
    try:
        return zlib.decompressobj(31).decompress(stream.read(512), 8).startswith(b"WARC/")
    except zlib.error:
        return False


def _add_head(record: WarcRecord) -> None:
    """Give a file the headers of a response."""
    record.set_bytes_content(
        b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\n\r\n" % (record.headers.get("Content-Type") or "").encode()
    )
    record.is_http = True
    record.parse_http()


def _is_cut_off(record: WarcRecord) -> bool:
    """Whether a response without a body should have one; a file may be empty."""
    if record.record_type == WarcRecordType.resource:
        return False
    assert record.http_headers is not None
    return record.http_headers.status_code == 200 and first_header(record, "content-length").strip() != "0"


def record_address(record: WarcRecord) -> str:
    """Return a record's WARC-Target-URI; empty if it has none. WARC 1.0 may put it between ``<`` and ``>``.

    For a file that a mirror kept as ``index.html``, ``index.html?p=1`` or (``wget -E``) ``index.html?p=1.html``, it is
    the URL that the mirror requested.
    """
    address = (record.headers.get("WARC-Target-URI") or "").strip("<>")
    if record.record_type != WarcRecordType.resource:
        return address
    folder, index, query = address.rpartition("/index.html")
    if not index or query[:3].lower() not in ("", "%3f"):
        return address
    return f"{folder}/{unquote(query).removesuffix('.html')}"


def capture_in(record: WarcRecord) -> tuple[str, datetime, bool]:
    """Return the URL of the page in a record, its capture time in UTC, and whether the Wayback Machine kept it.

    If it did, it has rewritten the page's links, see ``unwrap_page``.
    """
    address = record_address(record)
    url, kept_at = unwrap_address(address)
    return url, kept_at or record_time(record), url != address


def first_header(record: WarcRecord, wanted: str) -> str:
    """Return the first of a response's headers with this name in lower case; empty if it has none."""
    return next((value for name, value in record.http_headers or () if name.lower() == wanted), "")


def content_type(record: WarcRecord) -> str:
    """Return a response's Content-Type in lower case, with its charset; empty if it has none, the last if several."""
    values = [value for name, value in record.http_headers or () if name.lower() == "content-type"]
    return values[-1].lower() if values else ""


def payload_digest(record: WarcRecord) -> str:
    """Return a record's WARC-Payload-Digest; empty if it has none."""
    return (record.headers.get("WARC-Payload-Digest") or "").strip().lower()


def is_whole(record: WarcRecord, faults: list[Fault]) -> bool:
    """Whether the record that ``read_responses`` has just yielded was read without a fault. Ask before the next."""
    return not _is_noted(record.stream_pos, faults)


def _is_noted(at: int, faults: list[Fault]) -> bool:
    return bool(faults) and faults[-1].at == at


def record_time(record: WarcRecord) -> datetime:
    """Return a record's WARC-Date, to the second; UTC if it has no zone, 1970 if it cannot be read.

    WARC 1.1 allows a day, month or year alone; some tools write digits alone.
    """
    date = record.headers.get("WARC-Date") or ""
    shorter = read_stamp(date.replace("-", "")) if _SHORT_DATE.fullmatch(date) else None
    return read_instant(format_utc(shorter) or date) or datetime.fromtimestamp(0, UTC)
