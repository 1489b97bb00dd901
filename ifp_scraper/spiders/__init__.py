"""The two spiders and their helpers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import scrapy

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from ifp_scraper.ledger import Ledger
    from ifp_scraper.recordings.archive import Archive
    from ifp_scraper.spiders.crawl import Crawl


class ProjectSpider(scrapy.Spider):
    """What middlewares, extensions and the pipeline may use of ``SiteSpider``, whose module imports some of them."""

    crawl: Crawl
    ledger: Ledger
    archive: Archive | None


def project_spider(crawler: Crawler) -> ProjectSpider | None:
    """Return the spider of a crawl; None if it is another, as in ``scrapy fetch`` and ``scrapy shell``."""
    return crawler.spider if isinstance(crawler.spider, ProjectSpider) else None


def has_answered(crawler: Crawler) -> bool:
    """Whether any response has come yet; if not, a failed request means that the site cannot be reached."""
    return bool(crawler.stats.get_value("downloader/response_count"))
