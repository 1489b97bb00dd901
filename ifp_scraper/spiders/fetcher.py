"""Fetches pages for the spider and the sources, counts what goes wrong, and ends a crawl that has become pointless."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from ifp_scraper import console
from ifp_scraper.discovery import ArticleRef, FetchFailed
from ifp_scraper.ending import FAILED_SHARE
from ifp_scraper.ledger import Ledger
from ifp_scraper.middlewares.robots import CrawlDelay, RobotsMiddleware
from ifp_scraper.recordings.capture_time import capture_time
from ifp_scraper.responses import OF_PAGES, in_words, is_html, out_of_order, refusal, withheld
from ifp_scraper.spiders.error_limits import ErrorLimits

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.robotstxt import RobotParser


_LONG_DELAY = 10.0
"""Seconds between requests from which it is said that robots.txt asks for them, as the crawl seems to hang."""


class Fetcher:
    """Fetches single pages; knows what robots.txt says and whether the crawl is about to end.

    Args:
        crawler: its engine does the downloading.
        ledger: records what failed.
    """

    def __init__(self, crawler: Crawler, ledger: Ledger) -> None:
        settings = ledger.settings
        failures, refusals = settings.getint("IFP_FAILURES"), settings.getint("IFP_REFUSALS")
        self.limits = ErrorLimits(failures, refusals, FAILED_SHARE * len(ledger.store))
        self.sitemaps: list[str] = []
        """The sitemaps that robots.txt names."""
        self.why_stopped: str | None = None
        """Why the crawl ends early; None if it does not, or if a signal ended it."""
        self._crawler = crawler
        self._ledger = ledger

    async def fetch(
        self, url: str, *, headers: dict[str, str] | None = None, probe: bool = False, **meta: Any
    ) -> Response:
        """Fetch one page without a callback: a ``discovery.Fetch``, which says what the arguments mean."""
        if self.ending:
            raise FetchFailed("the crawl is stopping")
        try:
            request = Request(url, headers=headers, meta={**meta, "probe": probe})
            response = await self._crawler.engine.download_async(request)
        except IgnoreRequest as error:
            raise FetchFailed(str(error) or "ignored", forbidden=True) from error
        except Exception as error:
            reason = in_words(error)
            if not self._crawler.stats.get_value("downloader/response_count"):
                self.stop(f"{self._ledger.options.site} cannot be reached ({reason})")
            raise FetchFailed(reason) from error
        self._ledger.note_answered(capture_time(response)[0])
        self.check_refusal(response, url, probe=probe)
        if withheld(request, response) or response.status not in (*OF_PAGES, 304):
            raise FetchFailed(f"status {response.status}", response.status, at=capture_time(response)[0])
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

    # -- what goes wrong -----------------------------------------------------------------------------------------

    def check_refusal(self, response: Response, url: str, *, probe: bool = False) -> None:
        """Check whether the response is a refusal, and note it if so.

        Raises:
            FetchFailed: if it is one.
        """
        if reason := refusal(response):
            if not probe:
                self.note_refusal(url, reason)
            raise FetchFailed(reason, response.status)
        self.limits.reset_refusals()

    def note_refusal(self, url: str, reason: str) -> None:
        """Count a page that the site refused, perhaps to be retried; end the crawl if it refuses too many."""
        again = self._ledger.failures.left_by_earlier_run(url)
        self.give_up(self.limits.count_refusal(url, reason, again=again))

    def note_failed(self, url: str, reason: str, ref: ArticleRef | None = None) -> None:
        """Note a fetch that failed after all retries, so that the next run tries again; see ``Failures.add``."""
        if not self.ending:
            again = self._ledger.note_failed(url, reason, ref)
            self.give_up(self.limits.count_failure(reason, again=again))

    # -- the end -------------------------------------------------------------------------------------------------

    @property
    def stopping(self) -> bool:
        """Whether ``stop`` has been called."""
        return self.why_stopped is not None

    @property
    def ending(self) -> bool:
        """Whether the crawl is about to end: after ``stop``, or on a signal."""
        return self.stopping or not self._crawler.crawling

    def give_up(self, why: str | None) -> None:
        """End the crawl for this reason, unless it is None; a recording is always read to its end."""
        if why is not None and self._ledger.options.live:
            self.stop(why)

    def stop(self, why: str) -> None:
        """End the crawl early, as a failure, and say why."""
        if not self.stopping:
            self.why_stopped = why
            closing = self._crawler.engine.close_spider_async(reason="stopped")
            self._closing = asyncio.ensure_future(closing)  # asyncio itself does not keep a task alive
