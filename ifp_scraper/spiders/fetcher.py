"""Fetches single pages for the spider and the sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from ifp_scraper import console
from ifp_scraper.discovery import FetchFailed
from ifp_scraper.ledger import Ledger
from ifp_scraper.middlewares.robots import CrawlDelay, RobotsMiddleware
from ifp_scraper.recordings.capture_time import capture_time
from ifp_scraper.responses import OF_PAGES, in_words, is_html, out_of_order, refusal, unfollowed, withheld
from ifp_scraper.spiders import has_answered
from ifp_scraper.spiders.crawl import Crawl
from ifp_scraper.storage.reasons import OFF_SITE

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.robotstxt import RobotParser


_LONG_DELAY = 10.0
"""Seconds between requests from which it is said that robots.txt asks for them, as the crawl seems to hang."""


class Fetcher:
    """Fetches single pages; knows what robots.txt says.

    Args:
        crawler: its engine does the downloading.
        ledger: notes when the site answered.
    """

    def __init__(self, crawler: Crawler, ledger: Ledger) -> None:
        self.crawl = Crawl(crawler, ledger)
        self.sitemaps: list[str] = []
        """The sitemaps that robots.txt names."""
        self._crawler = crawler
        self._ledger = ledger

    async def fetch(
        self, url: str, *, headers: dict[str, str] | None = None, probe: bool = False, **meta: Any
    ) -> Response:
        """Fetch one page without a callback: a ``discovery.Fetch``, which says what the arguments mean."""
        if self.crawl.ending:
            raise FetchFailed("the crawl is stopping")
        try:
            request = Request(url, headers=headers, meta={**meta, "probe": probe})
            response = await self._crawler.engine.download_async(request)
        except IgnoreRequest as error:
            raise FetchFailed(str(error) or "ignored", forbidden=True) from error
        except Exception as error:
            reason = in_words(error)
            if not has_answered(self._crawler):
                self.crawl.stop(f"{self._ledger.options.site} cannot be reached ({reason})")
            raise FetchFailed(reason) from error
        answered_at, _ = capture_time(response)
        self._ledger.walks.note_answered(answered_at)
        self.check_refusal(response, url, probe=probe)
        if target := unfollowed(response):
            raise FetchFailed(target + OFF_SITE, response.status, forbidden=True)
        if withheld(request, response) or response.status not in (*OF_PAGES, 304):
            raise FetchFailed(f"status {response.status}", response.status, at=answered_at)
        if self._ledger.options.live and is_html(response) and out_of_order(response):  # else it ends a listing
            raise FetchFailed("the site is out of order")
        return response

    # -- robots.txt ----------------------------------------------------------------------------------------------

    async def learn_robots(self) -> None:
        """Have robots.txt fetched, unless it is not obeyed; the result goes to ``note_robots``."""
        if not self._crawler.settings.getbool("ROBOTSTXT_OBEY"):
            return
        middleware = self._crawler.get_downloader_middleware(RobotsMiddleware)
        if middleware is not None:
            await middleware.robot_parser(Request(self._ledger.options.site + "/"))
        if (delay := self.asked_delay()) >= _LONG_DELAY:
            console.say(f"robots.txt asks for {delay:.0f} seconds between requests.")

    def note_robots(self, robotparser: RobotParser, request: Request) -> None:
        """Note which sitemaps robots.txt names; the arguments are those of Scrapy's signal."""
        named = getattr(getattr(robotparser, "rp", None), "sitemaps", ())
        # One more than will be read, so that the limit is noticed.
        self.sitemaps = [str(url) for url in named][: self._ledger.settings.getint("IFP_MAX_SITEMAPS") + 1]

    def asked_delay(self) -> float:
        """Return the delay between requests that robots.txt asks for, in seconds."""
        delay = self._crawler.get_extension(CrawlDelay)
        return delay.seconds if delay else 0.0

    # -- refusals ------------------------------------------------------------------------------------------------

    def check_refusal(self, response: Response, url: str, *, probe: bool = False) -> None:
        """Check whether the response is a refusal, and note it if so.

        Raises:
            FetchFailed: if it is one.
        """
        if reason := refusal(response):
            if not probe:
                self.crawl.note_refusal(url, reason)
            raise FetchFailed(reason, response.status)
        self.crawl.limits.reset_refusals()
