"""The spider: a frontier says what to fetch, page objects read it, and every article becomes one item.

It holds no selectors, and only it and ``fetcher`` make requests. ``frontier`` chooses the articles, ``page_views``
reads them, ``acceptance`` decides whether they are the requested ones, ``no_article`` what becomes of URLs without an
article, and ``reorder`` keeps the articles in order.

This project's keys in ``request.meta``:

- ``page``: an article or listing is expected, so a response that is not HTML is retried (``back_off``)
- ``probe``: a refusal of this request says nothing about the rest of the site (``discovery.Fetch``)
- ``reading``: in an archive run, the ``Reading`` that says which captures to read (``readings``)
- ``captured_at``: WARC-Date of the recorded response, set by ``download_handler`` and read by ``capture_time``
- ``body_age``: for how long its body had existed by then, likewise
- ``wait``, ``cut_at``: seconds until the next try, and length of the last response (``back_off``)
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import TYPE_CHECKING, Any, ClassVar

from scrapy import Request, signals
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError

from ifp_scraper import urls
from ifp_scraper.article_ref import ArticleRef
from ifp_scraper.dates import parse_utc
from ifp_scraper.discovery import FetchFailed
from ifp_scraper.discovery.readings import Reading
from ifp_scraper.items import Article
from ifp_scraper.ledger import Command, Ledger
from ifp_scraper.merge import add_evidence, is_from_whole_page
from ifp_scraper.options import Options
from ifp_scraper.pages import UnreadablePage
from ifp_scraper.recordings.archive import Archive
from ifp_scraper.responses import refusal
from ifp_scraper.revisions import view_rank
from ifp_scraper.spiders.acceptance import Acceptance
from ifp_scraper.spiders.fetcher import Fetcher
from ifp_scraper.spiders.no_article import NoArticleHandler
from ifp_scraper.spiders.outliers import Outliers
from ifp_scraper.spiders.page_views import View, ViewReader
from ifp_scraper.spiders.reorder import ReorderBuffer
from ifp_scraper.spiders.site_spider import SiteSpider
from ifp_scraper.storage.output_file import StoreError
from ifp_scraper.storage.rejections import Rejected

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler

_MAX_UNDER_WAY = 64
"""Maximum number of articles begun but not yet written: bounds a long crawl's memory and what a kill costs."""


class IfpSpider(SiteSpider):
    """Crawls Iran Front Page, live or from a recording; the arguments are in CONTRACT.md section 1."""

    name = "ifp"
    command: ClassVar[Command] = "crawl"

    def __init__(self, options: Options, ledger: Ledger, fetcher: Fetcher, archive: Archive | None = None) -> None:
        super().__init__(options, ledger, fetcher, archive)
        self._views = ViewReader(fetcher, ledger)
        self._no_article = NoArticleHandler(self.crawl, ledger)
        self._acceptance = Acceptance(self.crawl, ledger, self._no_article)
        # One more than the concurrent requests, so that a request is ready while an article is being assembled.
        fetching = 1 + ledger.settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN")
        self._reorder_buffer = ReorderBuffer(fetching, _MAX_UNDER_WAY, lambda: self.crawl.ending)
        self._running = 0
        """Articles begun but not yet read."""
        self._found = 0
        """Articles read that were in range; ``limit`` counts them."""
        self._cut_pages = Outliers(ledger.note_incomplete, has_seen_sound=ledger.last_page.was_whole)
        """On some sites, all pages lack their end tag."""
        self._amp_pages = Outliers(ledger.note_incomplete, has_seen_sound=ledger.last_page.was_canonical)
        """Those that came in place of a canonical page; some sites redirect every reader to them."""
        self._missing_amp_pages = Outliers(ledger.note_incomplete, has_seen_sound=ledger.last_page.had_amp_page)
        """Those that a canonical page names; some sites have given theirs up, and name them still."""

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """See ``SiteSpider``."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        for ended in (signals.item_scraped, signals.item_dropped, signals.item_error):
            crawler.signals.connect(spider._reorder_buffer.note_written, ended)
        return spider

    # -- requests ------------------------------------------------------------------------------------------------

    async def requests(self) -> AsyncIterator[Any]:
        """Yield a request for every article that is new, changed or named by the user."""
        async for target in self.frontier.targets():
            if self.crawl.stopping or not await self._below_limit():
                return
            number = await self._reorder_buffer.begin()
            if self.crawl.ending:
                return
            self._running += 1
            yield Request(
                target.address,
                callback=self.parse_article,
                errback=self.article_failed,
                cb_kwargs={"ref": target.ref, "number": number},
                dont_filter=True,
                meta={"page": True, "reading": target.reading},
            )

    async def _below_limit(self) -> bool:
        """Wait until one more article may be begun; return False once ``limit`` articles have been found."""
        limit = self.options.limit
        while limit is not None and self._found + self._running >= limit and not self.crawl.stopping:
            if self._found >= limit:
                return False
            await asyncio.sleep(0.01)
        return True

    # -- callbacks -----------------------------------------------------------------------------------------------

    async def parse_article(self, response: Response, ref: ArticleRef, number: int) -> AsyncIterator[Article]:
        """Read an article from its pages; yield it, and those that waited for it, in the order they were begun."""
        async for article in self._in_order(self._read(response, ref), ref, number):
            yield article

    async def article_failed(self, failure: Any) -> AsyncIterator[Article]:
        """Read an article whose first page failed from its AMP page, or note the failure.

        Yields as ``parse_article`` does.
        """
        arguments = failure.request.cb_kwargs
        async for article in self._in_order(self._after_failure(failure.value, arguments["ref"]), **arguments):
            yield article

    async def _in_order(
        self, reading: Awaitable[Article | None], ref: ArticleRef, number: int
    ) -> AsyncIterator[Article]:
        """Wait for an article to be read, and yield those that may follow; an error does not hold up the others.

        Args:
            reading: gives the article; None if there is none.
            ref: the requested article, which is noted as failed if there is an error.
            number: of the article, by which it is put in order.
        """
        article, fault = None, None
        try:
            article = await reading
        except StoreError as error:  # another program has changed the file
            self.crawl.stop(str(error))
        except Exception as error:
            self.ledger.note_error(ref, error)
            fault = error
        self._running -= 1
        self._found += article is not None
        async for ready in self._reorder_buffer.end(number, article):
            yield ready
        if fault is not None:
            raise fault

    # -- articles ------------------------------------------------------------------------------------------------

    async def _read(self, response: Response, ref: ArticleRef) -> Article | None:
        """Return the article that a request led to, from its AMP page alone if the first page is unusable."""
        try:
            article = await self._from_first_page(response, ref)
        except UnreadablePage as error:
            article = await self._from_amp_alone(ref)
            self.ledger.reject(Rejected.now(ref.url, str(error), error.layout, ref.modified_at), response)
        except FetchFailed as error:
            self.crawl.note_failed(ref.url, str(error), ref)
            was_refused = error.status is not None
            article = None if was_refused else await self._from_amp_alone(ref)
        if article is not None:
            self.ledger.monitor.keep_example(article, response)
        return article

    async def _after_failure(self, error: Exception, ref: ArticleRef) -> Article | None:
        """Return the article from its AMP page; if that is unusable or the whole site is failing, note the failure."""
        article = None
        status = error.response.status if isinstance(error, HttpError) else None
        # Any other status, or a refusal, concerns the whole site.
        if isinstance(error, HttpError) and status in (404, 410, 500) and refusal(error.response) is None:
            article = await self._from_amp_alone(ref)
        if article is None or status == 500:
            self._no_article.fetch_failed(error, ref)
        return article

    async def _from_first_page(self, response: Response, ref: ArticleRef) -> Article | None:
        """Return the article that a request led to; None if the page is not an article, or not in range.

        Raises:
            FetchFailed: if the page was refused or could not be fetched.
            UnreadablePage: if the page cannot be read.
        """
        view = await self._first_view(response)
        self.crawl.limits.reset_failures()
        if view is None:
            self._no_article.not_an_article(response, ref)
            return None
        self.crawl.limits.reset_off_site()
        self.amp_addresses.learn(view.article.url, view.article.amp_url)
        may_be_wanted = self.options.may_cover(parse_utc(add_evidence(view.article, ref).published_at))
        whole = await self._views.with_other_view(view) if may_be_wanted else view
        article = self._if_in_range(self._acceptance.accept(whole, ref))
        if article is not None and self.options.live:
            self._note_faults(view, article, lacks_amp_page=whole.lacks_amp_page)
        return article

    def _note_faults(self, view: View, article: Article, *, lacks_amp_page: bool) -> None:
        """Note an article whose page breaks off, is the AMP page, or lacks that, so that the next run looks again.

        Args:
            view: the page read first; what the AMP page made up for is no reason not to look again.
            article: what came of it.
            lacks_amp_page: whether the AMP page that it names is missing.
        """
        url = view.response.url  # the address in the list may be a shortlink
        is_cut = "truncated" in view.article.warnings
        is_amp = view.page.is_amp and self.options.pages == "both"
        known = self.ledger.store.find_same(article) if is_cut or is_amp or lacks_amp_page else None
        last = self.ledger.store.read(known) if known is not None else None
        last_rank = view_rank(last.layout) if last is not None else 0
        self._cut_pages.add(url, is_faulty=is_cut, was_sound=last is not None and is_from_whole_page(last))
        self._amp_pages.add(url, is_faulty=is_amp, was_sound=last_rank > 0)
        if lacks_amp_page or view_rank(article.layout) > 1:
            self._missing_amp_pages.add(url, is_faulty=lacks_amp_page, was_sound=last_rank > 1)

    async def _first_view(self, response: Response) -> View | None:
        """Return the view in the first response; None if it is not an article.

        Raises as ``_from_first_page``.
        """
        reading: Reading | None = response.meta["reading"]
        recorded_amp = reading.amp_address if reading is not None else None
        if self.options.live:  # what a recording holds in place of a page is no refusal of this crawl
            self.fetcher.check_refusal(response, response.url)
        if recorded_amp is None:
            return await self._views.read(response)
        view, fault = None, None
        try:
            view = await self._views.read(response)
        except UnreadablePage as error:
            fault = error
        if view is not None:
            return view
        # The recorded canonical page is unusable: read the AMP page alone, as ``scrapy extract`` does.
        try:
            amp = await self.fetcher.fetch(recorded_amp, page=True, reading=reading)
            view = await self._views.read(amp)
        except (FetchFailed, UnreadablePage) as error:
            if self.crawl.ending:
                raise
            if isinstance(error, UnreadablePage):
                fault = fault or error
        if view is None and fault is not None:
            raise fault
        return view

    async def _from_amp_alone(self, ref: ArticleRef) -> Article | None:
        """Return an article whose first page is unusable, from its AMP page; None if that is unusable too."""
        url = urls.canonical(ref.url)
        had_neither = ref.url in self.ledger.rejections and self.ledger.store.find_same(ref) is None
        given_up = had_neither and not self.options.urls  # an earlier run tried both in vain
        if given_up or self.options.pages == "canonical" or not self.options.live or urls.slug(url) == "":
            return None
        # With pages=amp, the first guess was the page that failed.
        address = self.amp_addresses.of(url) if self.options.pages == "both" else self.amp_addresses.second_guess(url)
        try:
            view = await self._views.read(await self.fetcher.fetch(address, probe=True, page=True))
        except (FetchFailed, UnreadablePage):
            return None
        if view is None or not view.page.is_amp:
            return None
        self.amp_addresses.learn(url, address)
        self.crawl.limits.reset_failures()
        article = self._if_in_range(self._acceptance.accept(view, ref))
        if article is not None and self.options.pages == "both":
            self.ledger.note_incomplete(view.response.url)  # ``ref.url`` may have led to another article
        return article

    def _if_in_range(self, article: Article | None) -> Article | None:
        """Return the article; None if there is none, or it is not in the requested section and date range.

        Also note its age: many in a row that are too old end their list.
        """
        if article is None:
            return None
        self.frontier.note_age(article)
        if self.frontier.covers(article):
            return article
        self.ledger.counts["out_of_range"] += 1
        return None
