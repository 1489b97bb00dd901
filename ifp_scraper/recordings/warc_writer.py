"""Writes recordings: every response of a crawl as WARC, readable up to the last record even after a kill."""

from __future__ import annotations

import fcntl
import io
import logging
import mmap
import os
import re
import zlib
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastwarc.warc import ArchiveIterator
from scrapy import signals
from scrapy.exceptions import NotConfigured
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from ifp_scraper.dates import format_utc
from ifp_scraper.recordings.capture_time import capture_time
from ifp_scraper.recordings.files import RecordingError
from ifp_scraper.storage.output_file import append_whole, explain
from ifp_scraper.version import EXTRACTOR_VERSION

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

logger = logging.getLogger(__name__)


class RecordMiddleware:
    """Writes a response record and a request record for each response as received (setting IFP_ARCHIVE).

    WARC-Date is the capture time, so that a crawl of the recording gives the same lines as the live crawl.
    """

    def __init__(self, crawler: Crawler) -> None:
        name = crawler.settings.get("IFP_ARCHIVE")
        if not name:
            raise NotConfigured
        self._crawler = crawler
        self._path = path = Path(name)
        self._file = open_locked(path)
        self._size = path.stat().st_size
        self._buffer = io.BytesIO()
        self._writer = WARCWriter(self._buffer, gzip=path.name.endswith(".gz"), warc_version="1.1")
        about = self._writer.create_warcinfo_record(
            path.name,
            {
                "software": f"ifp_scraper/{EXTRACTOR_VERSION}",
                "format": "WARC File Format 1.1",
                "robots": "obey" if crawler.settings.getbool("ROBOTSTXT_OBEY") else "ignore",
            },
        )
        self._first = [about]
        """Records to write before the first response's: not written here, where an error such as a full disk could not
        end the crawl properly.
        """
        crawler.signals.connect(self._close, signals.engine_stopped)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RecordMiddleware:
        """Make the middleware of a crawl; not configured without IFP_ARCHIVE."""
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response:
        """Write the response and the request.

        Raises:
            RecordingError: if they cannot be written; the crawl ends, and the article is not written either.
        """
        try:
            self._write(*self._first, *self._records(request, response))
            self._first = []
        except RecordingError as error:
            spider: Any = self._crawler.spider
            spider.stop(str(error))
            raise
        return response

    def _records(self, request: Request, response: Response) -> tuple[Any, Any]:
        """Make the response record and the request record."""
        captured_at, _ = capture_time(response)
        date = format_utc(captured_at)
        head = StatusAndHeaders(
            f"{response.status} {_reason(response.status)}",
            _pairs(response.headers, response.body),
            protocol="HTTP/1.1",
        )
        answer = self._writer.create_warc_record(
            request.url,
            "response",
            payload=io.BytesIO(response.body),
            length=len(response.body),
            http_headers=head,
            warc_headers_dict={"WARC-Date": date},
        )
        asked = self._writer.create_warc_record(
            request.url,
            "request",
            http_headers=StatusAndHeaders(
                f"{request.method} {_target(request.url)} HTTP/1.1",
                _pairs(request.headers),
                is_http_request=True,
            ),
            warc_headers_dict={
                "WARC-Date": date,
                "WARC-Concurrent-To": answer.rec_headers.get_header("WARC-Record-ID"),
            },
        )
        return answer, asked

    def _write(self, *records: Any) -> None:
        # All records are written to the file at once, so that a kill leaves at most the last one unfinished.
        for record in records:
            self._writer.write_record(record)
        data = self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        try:
            append_whole(self._file, data, self._size)
        except OSError as error:
            raise _cannot_write(self._path, error) from error
        self._size += len(data)

    def _close(self) -> None:
        os.close(self._file)


def open_locked(path: Path) -> int:
    """Open a recording for appending, lock it against other crawls, and cut a record left unfinished by a kill.

    Raises:
        RecordingError: if it cannot be opened, holds something else, is damaged, or is in use by another crawl.
    """
    magic = b"\x1f\x8b" if path.name.endswith(".gz") else b"WARC/"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            if not path.is_file():  # opening a pipe would block forever
                raise RecordingError(f"{path} is not a regular file: name another in IFP_ARCHIVE.")
            with path.open("rb") as stream:
                start = stream.read(len(magic))
            if not magic.startswith(start):
                raise RecordingError(f"{path} is not a recording: name another file in IFP_ARCHIVE.")
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise _cannot_write(path, error) from error
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


def _cannot_write(path: Path, error: OSError) -> RecordingError:
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
    end_of, mark = (_end_of_member, rb"\x1f\x8b\x08") if packed else (_end_of_record, rb"(?m)^WARC/1\.")
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        end = end_of(content, last) or last
        begins = [match.start() for match in re.compile(mark).finditer(content, max(end, last + 1))]
        is_damaged = any(end_of(content, begin) for begin in begins)
        is_damaged = is_damaged or (not end and bool(content[_FIRST : 2 * _FIRST].strip(b"\0")))
    if is_damaged:
        raise RecordingError(
            f"the recording {path} is damaged at byte {end}, before its end: name another file in IFP_ARCHIVE. "
            "What is whole in this one can be read with -a archive=."
        )
    if end < size:
        os.truncate(path, end)
    return size - end


_FIRST = 1 << 14
"""In bytes: longer than a recording's first record, which describes it; also the size of pieces to decompress."""


def _end_of_record(content: mmap.mmap, begin: int) -> int | None:
    """Return where the record that starts here ends; None if it is not whole. Both are offsets in bytes."""
    head = content.find(b"\r\n\r\n", begin) + 4
    length = re.search(rb"\nContent-Length: *(\d{1,15})", content[begin:head], re.IGNORECASE)
    end = head + int(length[1]) + 4 if length else 0
    return end if length and content[end - 4 : end] == b"\r\n\r\n" else None


def _end_of_member(content: mmap.mmap, begin: int) -> int | None:
    """Return where the gzip member that starts here ends, and with it a record; None if it is not whole."""
    inflate = zlib.decompressobj(31)
    try:
        for place in range(begin, len(content), _FIRST):
            chunk = content[place : place + _FIRST]
            text = inflate.decompress(chunk)
            if place == begin and not text.startswith(b"WARC/"):
                return None
            if inflate.eof:
                return place + len(chunk) - len(inflate.unused_data)
    except zlib.error:
        pass
    return None


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _target(url: str) -> str:
    return "/" + url.split("://", 1)[-1].partition("/")[2]


def _pairs(headers: Any, body: bytes | None = None) -> list[tuple[str, str]]:
    pairs = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in headers.items()
        for value in values
        if body is None or name.lower() not in (b"transfer-encoding", b"content-length")
    ]
    if body is not None:
        pairs.append(("Content-Length", str(len(body))))
    return pairs
