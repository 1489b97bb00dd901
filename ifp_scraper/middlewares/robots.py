"""Downloader middleware that obeys robots.txt, and extension that obeys the delay it asks for."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scrapy import signals
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest, ResponseDataLossError
from scrapy.extensions.throttle import AutoThrottle
from w3lib.url import safe_url_string

from ifp_scraper.middlewares.back_off import LONGEST_WAIT
from ifp_scraper.responses import in_words
from ifp_scraper.spiders import has_answered, project_spider
from ifp_scraper.storage.reasons import UNREADABLE_RULES

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.robotstxt import RobotParser

logger = logging.getLogger(__name__)


class RobotsMiddleware(RobotsTxtMiddleware):
    """Obeys robots.txt; if the server returns an error or does not respond, everything on that host is forbidden
    (RFC 9309, 2.3.1.4).

    Scrapy takes both as permission. It also has a bug, avoided here by serialising: of several requests that wait for
    robots.txt at the same time, the third and all later ones get no rules.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._one_by_one = asyncio.Lock()
        self._unreadable: dict[str, Exception] = {}

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """Return the rules for this URL; None if there are none."""
        async with self._one_by_one:
            return await super().robot_parser(request)

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        """Raise ``IgnoreRequest`` if the request is forbidden."""
        if (error := self._unreadable.get(urlsplit(request.url).netloc)) is not None:
            raise IgnoreRequest(UNREADABLE_RULES) from error
        super().process_request_2(rp, request)

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500 or response.status == 429:
            raise ResponseDataLossError(f"status {response.status}")
        await super()._parse_robots(response, netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        super()._robots_error(exc, netloc)
        if isinstance(exc, IgnoreRequest):  # it redirects off the site, as good as no robots.txt
            return
        self._unreadable[netloc] = exc
        if netloc != urlsplit(safe_url_string(self.crawler.settings["IFP_SITE"])).netloc:
            return  # the site's other name, with or without www.
        what = f"{netloc}/robots.txt cannot be read, which forbids all"
        if not has_answered(self.crawler):
            what = f"{self.crawler.settings['IFP_SITE']} cannot be reached"
        why = f"{what} ({in_words(exc)})"
        if (spider := project_spider(self.crawler)) is not None:
            spider.crawl.stop(why)
        else:  # which says nothing of its own
            logger.error("%s", why)


class CrawlDelay:
    """Extension: obeys robots.txt's Crawl-delay, unless DOWNLOAD_DELAY is longer."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self.seconds = 0.0
        """The delay that robots.txt asks for; the longest, as the site may have one with and one without ``www.``"""
        crawler.signals.connect(self._read, signals.robots_parsed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> CrawlDelay:
        """Make the extension of a crawl."""
        return cls(crawler)

    def _read(self, robotparser: RobotParser, request: Request) -> None:
        asked = robotparser.crawl_delay(self._crawler.settings["USER_AGENT"])
        self.seconds = delay = max(self.seconds, min(float(asked or 0), LONGEST_WAIT))
        downloader = self._crawler.engine.downloader
        if not delay or delay < self._crawler.settings.getfloat("DOWNLOAD_DELAY"):
            return
        logger.info("robots.txt asks for %.0f seconds between requests", delay)
        # Private names of Scrapy 2.19; there are no public ones.
        downloader._delay = max(downloader._delay, delay)  # for new slots, as Scrapy deletes idle ones
        downloader._jitter = 0.0
        for slot in downloader.slots.values():
            slot.delay = delay
            slot.jitter = 0.0  # jitter could shorten the delay
        throttle = self._crawler.get_extension(AutoThrottle)
        if throttle is not None:
            throttle.mindelay = delay
            throttle.maxdelay = max(throttle.maxdelay, delay)
