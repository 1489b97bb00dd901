"""Reads the responses in a WARC file, from any offset; what is damaged is skipped."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import IO, NamedTuple
from urllib.parse import unquote

from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from ifp_scraper.dates import format_utc, read_http_date, read_instant
from ifp_scraper.recordings.capture_time import time_answered
from ifp_scraper.recordings.record_bounds import from_record, is_blank, next_record, stopped_at
from ifp_scraper.recordings.wayback import read_stamp, unwrap_address
from ifp_scraper.responses import OF_PAGES

_KINDS = WarcRecordType.response | WarcRecordType.resource
_LONG = 1 << 20
"""How long a record may be to be read at once, in bytes."""

_PIECE = 1 << 16
_MAX_BODY = 1 << 26
"""How much of a record is kept, in bytes; no page is as long."""

_RECORD = b"\r\n\r\nWARC/"
_INDEX_LINK = re.compile(rb"""(\shref=["'])((?![\w+.-]+:|//)(?:[^"'<>?#]*/)?)index\.html(?=["'?#])""")
"""A link as ``wget -k`` converts it; ``record_address`` leaves out the name, too."""

_SHORT_DATE = re.compile(r"\d{4}(?:-\d\d){0,2}|\d{8}(?:\d\d){0,3}")
_TO_THE_SECOND = 14
"""Number of digits in a whole date."""

_FRACTION = re.compile(r"\.(\d{1,6})")


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


class RecordedResponse(NamedTuple):
    """A response in a recording."""

    record: WarcRecord
    body: bytes
    """As recorded: compressed, if it came compressed."""

    is_whole: bool
    """Whether it was read without a fault."""


def read_responses(
    stream: IO[bytes], name: str, start: int, end: int, faults: list[Fault], revisits: list[Revisit] | None = None
) -> Iterator[RecordedResponse]:
    """Yield the responses that start in a part of a stream.

    A file kept without its response, as a ``resource``, counts as a response. A record whose capture time nothing
    tells counts as damaged.

    Args:
        stream: WARC data, compressed or not; must be seekable.
        name: name of the file, for ``Fault``.
        start: offset in bytes at which the part starts; records are searched for from here.
        end: offset at which it ends.
        faults: gets each damaged part, which is skipped.
        revisits: gets the ``revisit`` records.
    """
    is_length_wrong = False
    at = next_record(stream, start, end)
    if at and not start and not is_blank(stream, at):
        faults.append(Fault(name, start, "no record begins there"))
    while at is not None:
        last = at
        try:
            # Of all kinds: FastWARC would skip one that is cut off, or says so, with all that follows.
            for record in ArchiveIterator(from_record(stream, at), parse_http=False):
                last = record.stream_pos
                if last >= end:
                    return
                read = _read_record(record, with_revisits=revisits is not None, to_next=is_length_wrong)
                if not read.is_whole:
                    faults.append(Fault(name, last, "a record is cut off"))
                if read.is_wanted and _captured_at(record) is None:
                    faults.append(Fault(name, last, "a record has no date that can be read"))
                elif read.is_wanted and record.record_type & _KINDS:
                    yield RecordedResponse(record, read.body, read.is_whole)
                elif read.is_wanted and revisits is not None:
                    _note_revisit(record, revisits)
                if not read.is_complete:  # what it seemed to hold may be whole records
                    is_length_wrong = True
                    at = next_record(stream, last + 1, end)
                    break
            else:
                at, is_cut = stopped_at(stream, last, end) or (end, False)
                is_noted = bool(faults) and faults[-1].at == at
                if is_cut and not is_noted:
                    faults.append(Fault(name, at, "the file breaks off"))
                if is_cut:
                    at = next_record(stream, at + 1, end)
                elif at >= end:
                    return
        except (OSError, EOFError, ValueError) as error:
            faults.append(Fault(name, last, str(error)))
            at = next_record(stream, last + 1, end)


class _Read(NamedTuple):
    """What was read of a record."""

    body: bytes

    is_complete: bool
    """Whether the record has the length that it names."""

    is_whole: bool
    """Whether it is complete, and does not lack a body that its response had."""

    is_wanted: bool
    """Whether it is a response, or a revisit, if these are wanted."""


def _read_record(record: WarcRecord, *, with_revisits: bool, to_next: bool) -> _Read:
    """Read a record of any kind.

    Args:
        record: the record.
        with_revisits: whether revisits are wanted.
        to_next: see ``_read_all``.
    """
    is_revisit = with_revisits and record.record_type == WarcRecordType.revisit
    if is_revisit or record.record_type & _KINDS:
        record.parse_http(quirks_mode=True)  # lines may lack the CR
    if record.record_type & _KINDS and _is_of_web(record):
        body, is_complete = _read_body(record, to_next=to_next)
        is_whole = is_complete and (bool(body) or not _lacks_body(record))
        return _Read(body, is_complete, is_whole, _is_answer(record, body))
    body, is_complete = _read_all(record, to_next=to_next)
    return _Read(body, is_complete, is_complete, is_revisit)


def _is_of_web(record: WarcRecord) -> bool:
    """Whether a record is of the web: a response, or a file kept without one under a URL of the web."""
    return record.http_headers is not None or record_address(record).startswith(("http://", "https://"))


def _note_revisit(record: WarcRecord, revisits: list[Revisit]) -> None:
    if record.http_headers is None or record.http_headers.status_code in (None, *OF_PAGES, 304):
        url, captured_at, _ = capture_in(record)
        revisits.append(Revisit(url, captured_at, payload_digest(record)))


def _read_body(record: WarcRecord, *, to_next: bool) -> tuple[bytes, bool]:
    """Return a record's body, up to the next record if its length is wrong, and whether it has that length.

    The record then has HTTP headers. ``to_next`` is that of ``_read_all``.
    """
    if record.http_headers is None and record.record_type == WarcRecordType.response:
        record.is_http = True  # whatever its Content-Type, if any
        record.parse_http(quirks_mode=True)
    body, is_complete = _read_all(record, to_next=to_next)
    if not is_complete:
        body = body.partition(_RECORD)[0]
    if record.http_headers is None:
        _add_head(record)
        if b"index.html" in body:  # else it would only be copied
            body = _INDEX_LINK.sub(lambda link: link[1] + (link[2] or b"./"), body)
    return body, is_complete


def _read_all(record: WarcRecord, *, to_next: bool) -> tuple[bytes, bool]:
    """Return what a record holds, at most ``_MAX_BODY``, and whether that has the length that it names.

    FastWARC would copy it, which a long one, such as of a film, has no room for.

    Args:
        record: the record.
        to_next: whether to end a long one where another seems to begin: if the lengths in a file are wrong, each
            record would otherwise be read up to the end of the file.
    """
    if record.content_length <= _LONG:
        body = record.reader.read()
        return body, len(body) >= record.content_length
    content, length, tail = io.BytesIO(), 0, b""
    while piece := record.reader.read(_PIECE if to_next else _LONG):
        content.write(piece[: max(0, _MAX_BODY - length)])
        length += len(piece)
        if to_next and _RECORD in tail + piece:
            return content.getvalue(), False
        tail = piece[-len(_RECORD) :]
    return content.getvalue(), length >= record.content_length


def _add_head(record: WarcRecord) -> None:
    """Give a file the headers of a response."""
    record.set_bytes_content(
        b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\n\r\n" % (record.headers.get("Content-Type") or "").encode()
    )
    record.is_http = True
    record.parse_http()


def _lacks_body(record: WarcRecord) -> bool:
    """Whether a response without a body should have one; a file may be empty."""
    if record.record_type == WarcRecordType.resource:
        return False
    assert record.http_headers is not None
    return record.http_headers.status_code in OF_PAGES and first_header(record, "content-length").strip() != "0"


def _is_answer(record: WarcRecord, body: bytes) -> bool:
    """Whether a response has a status, and a body unless it is a redirect."""
    status = record.http_headers.status_code if record.http_headers is not None else None
    return status is not None and (bool(body) or 300 <= status < 400)


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
    captured_at = kept_at or record_time(record)
    assert captured_at is not None  # ``read_responses`` passes over any other record
    # A browser's recorder may keep the fragment, which is no part of what was requested.
    return url.partition("#")[0], captured_at, url != address


def _captured_at(record: WarcRecord) -> datetime | None:
    return unwrap_address(record_address(record))[1] or record_time(record)


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


def record_time(record: WarcRecord) -> datetime | None:
    """Return a record's WARC-Date, with its fraction of a second if it names one; UTC if it has no zone.

    WARC 1.1 allows a day, month or year alone; some tools write digits alone. The response's own Date, less its Age,
    counts if it falls into that time, or if no WARC-Date can be read; None if there is no Date either.
    """
    instant, digits = _read_date(record.headers.get("WARC-Date") or "")
    if instant is not None and len(digits) in (0, _TO_THE_SECOND):
        return instant
    age, date = (first_header(record, name) for name in ("age", "date"))
    answered = read_http_date(date)
    if answered is not None and (instant is None or f"{answered:%Y%m%d%H%M%S}".startswith(digits)):
        return time_answered(age, date)
    return instant


@lru_cache(maxsize=16)
def _read_date(date: str) -> tuple[datetime | None, str]:
    """Return the time that a WARC-Date names, if it can be read, and its digits, if these are all."""
    digits = date.replace("-", "") if _SHORT_DATE.fullmatch(date) else ""
    instant = read_instant(format_utc(read_stamp(digits)) if digits else date)
    if instant is not None and (fraction := _FRACTION.search(date)):
        instant = instant.replace(microsecond=int(fraction[1].ljust(6, "0")))
    return instant, digits
