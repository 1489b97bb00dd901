"""The spider and its helpers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from ifp_scraper.spiders.ifp import IfpSpider


def our_spider(crawler: Crawler) -> IfpSpider | None:
    """Return the spider of a crawl; None if it is another, as in ``scrapy fetch`` and ``scrapy shell``."""
    from ifp_scraper.spiders.ifp import IfpSpider  # which imports those that call this

    return crawler.spider if isinstance(crawler.spider, IfpSpider) else None
