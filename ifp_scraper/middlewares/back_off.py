"""Downloader middleware that retries after faults that may be temporary, and waits when the site asks for it."""

from __future__ import annotations

import asyncio
import logging
import time
from math import inf
from typing import TYPE_CHECKING

from scrapy import signals
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.exceptions import NotConfigured, ResponseDataLossError
from scrapy.settings import BaseSettings
from scrapy.utils.misc import load_object

from ifp_scraper.responses import (
    OF_PAGES,
    asked_wait,
    cut_short,
    is_html,
    mislabelled,
    out_of_order,
    refusal,
    withheld,
)
from ifp_scraper.spiders import has_answered, project_spider

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

logger = logging.getLogger(__name__)

LONGEST_WAIT = 600.0
"""Maximum wait for Retry-After or Crawl-delay, in seconds; a longer Retry-After ends the crawl."""

_SAME_LENGTH = 1024
"""Number of bytes by which two responses may differ and still count as equally long."""


class BackOffMiddleware:
    """Retries after faults that may be temporary, and waits when the site asks for it.

    Such faults are network errors, the statuses in RETRY_HTTP_CODES and those of a page withheld, a refusal (403 or a
    firewall's page; fewer retries), WordPress's error pages with any status, bodies that are empty or cut short, and
    anything but HTML where a page is expected (``page`` in the request's meta). The wait doubles with each retry of a
    request; the first is DOWNLOAD_DELAY, but at least a quarter of a second. After a Retry-After, every request waits.
    """

    def __init__(self, crawler: Crawler) -> None:
        settings: BaseSettings = crawler.settings
        if not settings.getbool("RETRY_ENABLED"):
            raise NotConfigured
        self._crawler = crawler
        self._codes = {int(code) for code in settings.getlist("RETRY_HTTP_CODES")} | {403}
        self._exceptions = tuple(
            load_object(name) if isinstance(name, str) else name for name in settings.getlist("RETRY_EXCEPTIONS")
        )
        self._first_wait = max(settings.getfloat("DOWNLOAD_DELAY"), 0.25)
        self._resume_at = 0.0
        crawler.signals.connect(self._obey_wait, signals.response_downloaded)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> BackOffMiddleware:
        """Make the middleware of a crawl; not configured if RETRY_ENABLED is off."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Hold the request back until its own wait, and any that the site has asked for, is over."""
        await self._sleep(request.meta.pop("wait", 0.0))
        while (left := self._resume_at - time.monotonic()) > 0 and not self._crawl_is_ending:
            await self._sleep(left)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        """Return a request for a retry, else the response.

        Raises:
            ResponseDataLossError: if the body was cut short in every try, at a different place each time.
        """
        reason = self._fault(request, response)
        if reason is None or asked_wait(response) > LONGEST_WAIT:
            return response
        spider = project_spider(self._crawler)
        may_refuse = request.meta.get("probe") or request.url.endswith("/robots.txt")
        if spider is not None and reason == "refused" and not may_refuse:
            spider.crawl.note_refusal(request.url, refusal(response) or reason)
        again = self._again(request, reason, response)
        if again is None and reason == "cut short" and "cut_at" in request.meta:
            raise ResponseDataLossError("cut short at another place each time")
        return again or response

    def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """Return a request for a retry after a network error."""
        if isinstance(exception, self._exceptions) and not request.meta.get("dont_retry"):
            return self._again(request, exception.__class__.__name__)
        return None

    def _obey_wait(self, response: Response, request: Request) -> None:
        """Obey a Retry-After.

        This is a signal handler because the downloader sends the next request before middlewares see the response.
        """
        asked = asked_wait(response)
        if asked > LONGEST_WAIT:
            if request.meta.get("probe"):  # it may concern only this source
                return
            if (spider := project_spider(self._crawler)) is not None:
                spider.crawl.stop(f"the site asks to wait {asked:.0f} seconds")
        if asked:  # also when the crawl ends: what waits in the downloader is dropped only a moment later
            logger.info("the site asks to wait %.0f seconds", asked)
            self._hold(min(asked, LONGEST_WAIT))

    def _hold(self, seconds: float) -> None:
        """Send no request for this many seconds, including those already waiting in the downloader."""
        now = time.monotonic()
        self._resume_at = max(self._resume_at, now + seconds)
        downloader = self._crawler.engine.downloader
        for slot in downloader.slots.values():
            slot.delay = max(slot.delay, 0.01)  # a slot without a delay ignores ``lastseen``
            slot.lastseen = max(slot.lastseen, now + seconds)
            if slot.latercall:
                slot.latercall.cancel()
                slot.latercall = None
                downloader._process_queue(slot)

    def _fault(self, request: Request, response: Response) -> str | None:
        """Return what is wrong with a response that a retry may cure; None if nothing is."""
        if request.meta.get("dont_retry") or (response.status == 403 and request.meta.get("probe")):
            return None
        if response.status in self._codes:
            is_refusal = refusal(response) and not asked_wait(response)  # a firewall's page: insisting would be rude
            return "refused" if is_refusal else str(response.status)
        if request.method != "GET" or not (response.status in OF_PAGES or withheld(request, response)):
            return None
        if refusal(response):
            return "refused"
        if request.url.endswith("/robots.txt"):  # may be empty, and is not a page
            return None
        if response.status not in OF_PAGES:
            return str(response.status)
        if not response.body.strip():
            return "empty"
        if out_of_order(response):
            return "out of order"
        if mislabelled(response) or (request.meta.get("page") and not is_html(response)):
            return "no HTML"
        if cut_short(response) and abs(request.meta.get("cut_at", -inf) - len(response.body)) > _SAME_LENGTH:
            return "cut short"  # the same length twice is no accident: that is how the site writes it
        return None

    def _again(self, request: Request, reason: str, response: Response | None = None) -> Request | None:
        """Return a request for a retry, with its wait; None if it has been tried often enough."""
        spider = self._crawler.spider
        assert spider is not None
        if self._crawl_is_ending:
            return None
        times = None  # as RETRY_TIMES says
        if reason == "refused":  # insisting would be rude
            times = 1 if request.meta.get("probe") else 2
        elif response is None and not has_answered(self._crawler):
            times = 2  # if the site cannot be reached, the user should hear soon
        again = get_retry_request(
            request, spider=spider, reason=reason, max_retry_times=times, give_up_log_level=logging.DEBUG
        )
        if again is not None:
            tries = again.meta["retry_times"]
            again.meta["wait"] = min(self._first_wait * 2 ** (tries - 1), LONGEST_WAIT)
            if response is not None:
                again.meta["cut_at"] = len(response.body)
        return again

    @property
    def _crawl_is_ending(self) -> bool:
        spider = project_spider(self._crawler)
        return spider is not None and spider.crawl.ending

    async def _sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self._crawl_is_ending:
            await asyncio.sleep(min(left, 0.5))
