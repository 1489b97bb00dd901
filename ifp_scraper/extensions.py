"""Extensions that end a crawl: promptly, with an exit status, a summary, and a line in the runs file."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

from scrapy import signals

from ifp_scraper.discovery import FetchFailed
from ifp_scraper.ending import Ending
from ifp_scraper.spiders import ProjectSpider, project_spider

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from ifp_scraper.ledger import Ledger


class EndOfCrawl:
    """Tells the ledger to finish, with the number of errors in callbacks and start(), which Scrapy only logs."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        # The summary says in plain words that a host is unreachable; a stack trace about robots.txt is not needed.
        logging.getLogger("scrapy.downloadermiddlewares.robotstxt").setLevel(logging.CRITICAL)
        # Bodies cut short are retried; Scrapy's advice to change a setting would mislead.
        logging.getLogger("scrapy.core.downloader.handlers").setLevel(logging.ERROR)
        crawler.signals.connect(self._count_item_error, signals.item_error)
        crawler.signals.connect(self._closed, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> EndOfCrawl:
        """Make the extension of a crawl."""
        return cls(crawler)

    def _count_item_error(self) -> None:
        self._crawler.stats.inc_value("ifp/pipeline_errors")

    def _closed(self, reason: str) -> None:
        if (spider := project_spider(self._crawler)) is not None:
            finish(self._crawler, spider.ledger, reason)


def finish(crawler: Crawler, ledger: Ledger, reason: str) -> None:
    """Tell the ledger how the crawl ended."""
    stats = crawler.stats
    spider = project_spider(crawler)
    errors = sum(
        int(value)
        for key, value in stats.get_stats().items()
        if key.startswith("spider_exceptions/count") or key == "ifp/pipeline_errors"
    )
    if reason == "start_error":
        errors = max(errors, 1)
    ending = Ending(
        reason,
        why=spider.crawl.why_stopped if spider is not None else None,
        requests=stats.get_value("downloader/request_count", 0),
        received=stats.get_value("downloader/response_bytes", 0),
        errors=errors,
    )
    ledger.finish(ending)


class PromptShutdown:
    """Ends a crawl within seconds once told to stop: queued requests are dropped, and those in flight have
    ``IFP_GRACE`` seconds.

    Scrapy itself would wait for every delay, and for every response until it timed out.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        crawler.signals.connect(self._opened, signals.spider_opened)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> PromptShutdown:
        """Make the extension of a crawl."""
        return cls(crawler)

    def _opened(self) -> None:
        if (spider := project_spider(self._crawler)) is not None:
            self._task = asyncio.ensure_future(self._watch(spider))  # asyncio itself does not keep a task alive

    async def _watch(self, spider: ProjectSpider) -> None:
        while not spider.crawl.ending:
            await asyncio.sleep(0.2)
        end = time.monotonic() + self._crawler.settings.getfloat("IFP_GRACE")
        while time.monotonic() < end:
            self._drop_waiting()
            await asyncio.sleep(0.1)
            if self._crawler.engine is None or self._crawler.engine.spider is None:
                return
        # While this is set, Scrapy waits once more before it stops the reactor.
        self._crawler.crawling = False
        from twisted.internet import reactor

        running: Any = reactor
        running.stop()

    def _drop_waiting(self) -> None:
        engine = self._crawler.engine
        if engine is None:
            return
        for slot in engine.downloader.slots.values():
            while slot.queue:
                slot.queue.popleft()[1].errback(FetchFailed("the crawl is stopping"))
