"""Reads an article from its responses: all pages of a long post, in both views, canonical and AMP."""

from __future__ import annotations

from typing import NamedTuple

from scrapy.http import Response

from ifp_scraper import urls
from ifp_scraper.discovery import FetchFailed
from ifp_scraper.discovery.readings import Reading
from ifp_scraper.items import Article
from ifp_scraper.ledger import Ledger
from ifp_scraper.merge import PagesOfPost, lacks_pages, merge_views
from ifp_scraper.pages import ArticlePage, Capture, CutOff, UnreadablePage, read_page
from ifp_scraper.recordings.capture_time import capture_time
from ifp_scraper.responses import OF_PAGES, header, is_html, mislabelled, out_of_order
from ifp_scraper.spiders.fetcher import Fetcher
from ifp_scraper.storage.rejections import Rejected


class View(NamedTuple):
    """An article as its canonical or its AMP page shows it; the pages of a long post are joined."""

    page: ArticlePage
    """The page read first."""

    response: Response
    """That page's response."""

    article: Article
    """Merged with what the AMP page shows, once that has been read."""

    is_dated: bool
    """Whether the page with the text says when it was edited, or the AMP page does, with the same text: else the page
    may come from a cache, and be older than the edit."""

    lacks_amp_page: bool = False
    """Whether its page names an AMP page that is missing, or that shows something else."""


class ViewReader:
    """Reads views of articles, and fetches their further pages and AMP pages.

    If one of these parts fails, the article is read without it, and the failure is reported.

    Args:
        fetcher: fetches these parts; its crawl notes which failed.
        ledger: records posts that lack a page, and AMP pages that cannot be read.
    """

    def __init__(self, fetcher: Fetcher, ledger: Ledger) -> None:
        self._fetcher = fetcher
        self._crawl = fetcher.crawl
        self._ledger = ledger
        self._wanted_views = ledger.options.pages
        self._live = ledger.options.live
        self._max_pages = ledger.settings.getint("IFP_MAX_POST_PAGES")

    async def read(self, response: Response) -> View | None:
        """Read a view, starting from the response of its first page; None if that is not an article.

        Raises:
            FetchFailed: if the response is damaged, so that a retry may help.
            UnreadablePage: if it is an article that cannot be read.
        """
        page = self._page(response)
        if page is None:
            return None
        article = await self._all_pages(page, response)
        return View(page, response, article, is_dated=article.modified_at is not None)

    async def with_other_view(self, view: View) -> View:
        """Return the view with the article merged with its AMP page, if it has one and both views are wanted.

        Raises:
            FetchFailed: if the crawl is about to end.
        """
        reading: Reading | None = view.response.meta.get("reading")
        amp_url = (reading.amp_address if reading else None) or view.article.amp_url
        address = urls.of_site(view.response.url, amp_url, urls.host(view.article.url))
        if view.page.is_amp or self._wanted_views != "both" or address is None:
            return view
        try:
            response = await self._fetch_part(address, view.response)
            amp = self._page(response)
            # Those in a recording were put together by post id, and may be from when the site had other permalinks.
            is_same = urls.same_slug if reading else urls.same_article
            if amp is not None and amp.is_amp and is_same(amp.url, view.article.url):
                other = await self._all_pages(amp, response) if lacks_pages(view.article) else amp.to_article()
                is_dated = view.is_dated or (
                    other.modified_at is not None and _shows_no_other_text(other, view.article)
                )
                return view._replace(article=merge_views(view.article, other), is_dated=is_dated)
        except UnreadablePage as error:
            rejected = Rejected.now(address, str(error), error.layout, view.article.modified_at)
            self._ledger.reject(rejected, response)
            return view
        except FetchFailed as error:
            self._note_failed(address, error)
            if not error.is_missing:
                return view
        return view._replace(lacks_amp_page=True)

    async def _all_pages(self, page: ArticlePage, response: Response) -> Article:
        """Read the other pages of a multi-page post, and join them."""
        pages = PagesOfPost(page.page_number, page.to_article(), page.other_pages, framed=page.is_of_smart_list)
        while len(pages) < self._max_pages and (following := pages.next()) is not None:
            number, url = following
            url = urls.of_site(response.url, url, urls.host(page.url)) or url
            pages.add(number, *await self._further_page(url, number, page, response))
        if pages.missing:
            self._ledger.note_incomplete(response.url)  # page.url may be on the site that this one mirrors
        return pages.joined()

    async def _further_page(
        self, url: str, number: int, first: ArticlePage, response: Response
    ) -> tuple[Article | None, dict[int, str]]:
        """Return the article on the page of a post with this number, and the other pages that it names.

        There is no article if the page cannot be had, which is noted.

        Args:
            url: its URL.
            number: its number.
            first: the page read first.
            response: that page's response.

        Raises:
            FetchFailed: if the crawl is about to end.
        """
        try:
            page = self._page(await self._fetch_part(url, response))
            if page is not None and urls.same_article(page.url, first.url) and page.page_number == number:
                return page.to_article(), page.other_pages
        except UnreadablePage:
            pass
        except FetchFailed as error:
            self._note_failed(url, error)
        return None, {}

    async def _fetch_part(self, url: str, first: Response) -> Response:
        """Fetch another page of the article in ``first``; in a recording, only from that article's captures."""
        reading: Reading | None = first.meta.get("reading")
        if reading is not None:
            url = reading.captured_url(url)
        return await self._fetcher.fetch(url, page=True, reading=reading)

    def _note_failed(self, url: str, error: FetchFailed) -> None:
        """Note a part that a later run may get; if the crawl is about to end, the whole article fails."""
        if self._crawl.ending:  # written without this part, it would count as known in the next run
            raise error
        if not error.is_final and self._live:
            self._crawl.note_failed(url, str(error))

    def _page(self, response: Response) -> ArticlePage | None:
        """Return the page object for a response; None if the page is not an article. Raises what ``read`` does."""
        if response.status not in OF_PAGES:
            raise FetchFailed(f"status {response.status}", response.status)
        if self._live and not response.body.strip():
            raise FetchFailed("an empty answer")
        content_type = header(response, "Content-Type")
        if mislabelled(response):  # a retry may get the right Content-Type
            raise FetchFailed(f"a page served as {content_type}")
        if self._live and out_of_order(response):
            raise FetchFailed("the site is out of order")
        if not is_html(response):
            return None
        captured_at, age = capture_time(response)
        try:
            page = read_page(response.body, Capture(response.url, captured_at, age), content_type)
        except CutOff as error:
            if self._live:
                raise FetchFailed(str(error)) from error
            raise
        if self._live and page is not None and page.lost_text:
            raise FetchFailed("the page breaks off before its text")
        return page


def _shows_no_other_text(amp: Article, canonical: Article) -> bool:
    """Whether an AMP page has the text of the canonical one, as far as it has any."""
    shown = (
        (getattr(amp, name), getattr(canonical, name))
        for name in ("headline", "lead", "byline", "sections", "tags", "body")
    )
    return all(one == other for one, other in shown if one)
