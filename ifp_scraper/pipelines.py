"""The item pipeline: hands every article to the ledger, which checks, compares and writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.exceptions import DropItem

from ifp_scraper.items import Article
from ifp_scraper.spiders import project_spider
from ifp_scraper.storage.output_file import StoreError

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class StorePipeline:
    """Hands every article to the ledger; if the output cannot be written, the crawl ends."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> StorePipeline:
        """Make the pipeline of a crawl."""
        return cls(crawler)

    def process_item(self, item: Article) -> Article:
        """Write the article if it is new, edited or better read than before.

        Raises:
            DropItem: if it is not written.
        """
        spider = project_spider(self._crawler)
        assert spider is not None
        try:
            outcome = spider.ledger.write(item)
        except StoreError as error:
            spider.crawl.stop(str(error))
            raise DropItem("the output cannot be written", log_level="DEBUG") from error
        if outcome in ("unchanged", "rejected"):
            raise DropItem(outcome, log_level="DEBUG")
        return item
