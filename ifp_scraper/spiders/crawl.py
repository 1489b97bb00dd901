"""The crawl as a whole: what goes wrong in it, and whether it is about to end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.ending import FAILED_SHARE
from ifp_scraper.ledger import Ledger
from ifp_scraper.spiders.error_limits import ErrorLimits

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class Crawl:
    """Notes what goes wrong, and ends a crawl that has become pointless.

    Args:
        crawler: its engine closes the spider.
        ledger: records what failed.
    """

    def __init__(self, crawler: Crawler, ledger: Ledger) -> None:
        settings = ledger.settings
        failures, refusals = settings.getint("IFP_FAILURES"), settings.getint("IFP_REFUSALS")
        self.limits = ErrorLimits(failures, refusals, FAILED_SHARE * len(ledger.store))
        self.why_stopped: str | None = None
        """Why the crawl ends early; None if it does not, or if a signal ended it."""
        self._crawler = crawler
        self._ledger = ledger

    def note_refusal(self, url: str, reason: str) -> None:
        """Count a page that the site refused, perhaps to be retried; end the crawl if it refuses too many."""
        again = self._ledger.failures.left_by_earlier_run(url)
        self.give_up(self.limits.count_refusal(url, reason, again=again))

    def note_failed(self, url: str, reason: str, ref: ArticleRef | None = None) -> None:
        """Note a fetch that failed after all retries, so that the next run tries again; see ``Failures.add``."""
        if not self.ending:
            again = self._ledger.note_failed(url, reason, ref)
            self.give_up(self.limits.count_failure(reason, again=again))

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
