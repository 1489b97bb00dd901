"""Writes recordings: every response of a crawl as WARC, readable up to the last record even after a kill."""

from __future__ import annotations

import io
import logging
import os
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.exceptions import NotConfigured
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from ifp_scraper.dates import format_utc
from ifp_scraper.recordings.capture_time import capture_time
from ifp_scraper.recordings.files import RecordingError
from ifp_scraper.recordings.warc_file import cannot_write, open_locked
from ifp_scraper.spiders import project_spider
from ifp_scraper.storage.output_file import append_whole
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
            if (spider := project_spider(self._crawler)) is not None:
                spider.crawl.stop(str(error))
            raise
        return response

    def _records(self, request: Request, response: Response) -> tuple[Any, Any]:
        """Make the response record and the request record."""
        captured_at, _ = capture_time(response)
        date = format_utc(captured_at)
        head = _Headers(
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
            http_headers=_Headers(
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
            raise cannot_write(self._path, error) from error
        self._size += len(data)

    def _close(self) -> None:
        os.close(self._file)


class _Headers(StatusAndHeaders):  # type: ignore[misc]
    """HTTP headers, written as they were received, in whatever encoding.

    warcio quotes a value that is not ASCII, so that a URL loses its colon; some values are too much for it.
    """

    def to_ascii_bytes(self, filter_func: Any = None) -> bytes:
        return self.to_bytes(filter_func, "latin-1")  # type: ignore[no-any-return]


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
