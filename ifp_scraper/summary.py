"""Extension: ends a crawl with its exit status, plain words, and a line in the runs file."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from scrapy import signals

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.crawler import Crawler


class Summary:
    """Counts errors in callbacks and in start(), which Scrapy itself only logs, and tells the ledger to finish."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        # An unreachable host is told in plain words at the end, not by a stack trace of robots.txt.
        logging.getLogger("scrapy.downloadermiddlewares.robotstxt").setLevel(logging.CRITICAL)
        # Bodies cut short are tried again; the setting that Scrapy advises is not what a person needs.
        logging.getLogger("scrapy.core.downloader.handlers").setLevel(logging.ERROR)
        crawler.signals.connect(self._closed, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Summary:
        """Make the extension of a crawl."""
        return cls(crawler)

    def _closed(self, spider: Spider, reason: str) -> None:
        stats = self._crawler.stats
        errors = sum(
            int(value)
            for key, value in stats.get_stats().items()
            if key.startswith("spider_exceptions/count") or key == "ifp/pipeline_errors"
        )
        if reason == "start_error":
            errors = max(errors, 1)
        spider.ledger.finish(  # type: ignore[attr-defined]
            reason=reason,
            why=spider.why_stopped,  # type: ignore[attr-defined]
            requests=stats.get_value("downloader/request_count", 0),
            received=stats.get_value("downloader/response_bytes", 0),
            errors=errors,
        )
