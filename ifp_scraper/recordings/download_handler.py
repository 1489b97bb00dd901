"""A download handler that answers every request from recordings, offline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.exceptions import IgnoreRequest
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes

from ifp_scraper import settings
from ifp_scraper.spiders import project_spider

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler

    from ifp_scraper.discovery.readings import Reading


class ArchiveDownloadHandler:
    """Answers every request from the recordings: no connection is made, and no DNS lookup."""

    lazy = False

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ArchiveDownloadHandler:
        """Make the handler of a crawl."""
        return cls(crawler)

    async def download_request(self, request: Request) -> Response:
        """Return the recorded response.

        Raises:
            IgnoreRequest: if there is none, which is not a failure.
        """
        spider = project_spider(self._crawler)
        assert spider is not None
        archive = spider.archive
        assert archive is not None
        reading: Reading | None = request.meta.get("reading")
        record = archive.find(request.url, reading.captures if reading is not None else None)
        if record is None:
            raise IgnoreRequest(f"not in the recording: {request.url}")
        pairs, body = archive.read(record)
        request.meta["captured_at"] = record.captured_at
        request.meta["body_age"] = record.body_age
        headers = Headers()
        for name, value in pairs:
            if name.lower() not in ("transfer-encoding", "content-length", "content-encoding"):
                headers.appendlist(name, value)
        kind = responsetypes.from_args(headers=headers, url=record.url, body=body)
        return kind(url=record.url, status=record.status, headers=headers, body=body)

    async def close(self) -> None:
        """Do nothing: nothing is held open."""


_HANDLER = "ifp_scraper.recordings.download_handler.ArchiveDownloadHandler"
OFFLINE = {
    "DOWNLOAD_HANDLERS": {
        **settings.DOWNLOAD_HANDLERS,
        "http": _HANDLER,
        "https": _HANDLER,
    },
    "DOWNLOAD_DELAY": 0,
    "AUTOTHROTTLE_ENABLED": False,
    "ROBOTSTXT_OBEY": False,
    "RETRY_ENABLED": False,
    "IFP_ARCHIVE": None,
}
"""Settings of an archive run: no handler that could open a socket, and no delays."""
