"""Downloader middleware that drops every request that would leave the site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.exceptions import IgnoreRequest

from ifp_scraper import urls
from ifp_scraper.storage.reasons import OFF_SITE

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler


class StayOnSiteMiddleware:
    """Drops every request whose host or port is not the site's.

    Redirects pass through here too, so one to another host, a private address or ``file:`` is not followed.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._host = urls.host(crawler.settings["IFP_SITE"])

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> StayOnSiteMiddleware:
        """Make the middleware of a crawl."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Let the site's own requests pass.

        Raises:
            IgnoreRequest: for any other host or port.
        """
        if not request.url.startswith(("http://", "https://")) or urls.host(request.url) != self._host:
            raise IgnoreRequest(f"{request.url[:200]}{OFF_SITE}")
