"""What single pages of recordings give, and how those of one article are put together."""

from __future__ import annotations

from datetime import datetime

import msgspec

from ifp_scraper import urls
from ifp_scraper.discovery.readings import first_pages_of, page_at, split_readings
from ifp_scraper.items import Article
from ifp_scraper.merge import PagesOfPost, lacks_pages, merge_views
from ifp_scraper.recordings.archive import capture_order


class PageResult(msgspec.Struct):
    """What one page says, or several pages of an article that were joined because one span holds them all."""

    url: str
    captured_at: datetime
    article: Article | None = None
    page_number: int = 1
    other_pages: dict[int, str] = {}
    """The URLs of the other pages that it names, by number."""

    is_of_smart_list: bool = False
    page_urls: list[str] = []
    """URLs of all these pages."""

    offset: int = 0
    """Where its record starts in the file, in bytes; that of the body if this is a revisit."""

    length: int = 0
    """Length of its body as recorded, in bytes."""

    checksum: int = 0
    """CRC-32 of the body as recorded."""

    is_revisit: bool = False
    """Whether its body is that of another capture."""

    failed: bool = False
    """See ``readings.is_failed``."""

    rejected: str | None = None
    """Why there is no article."""

    is_unreadable: bool = False
    """Whether it looks like an article, but cannot be read."""

    layout: str | None = None

    packed_parts: bytes = b""
    """The pages that were joined, in MessagePack: if another span holds more of the article, all are needed apart."""

    @property
    def is_amp(self) -> bool:
        """Whether its layout is one of AMP pages, whatever its URL."""
        return self.layout is not None and self.layout.startswith("amp-")


def article_in(page: PageResult) -> Article | None:
    """Return what a page says, see ``readings.read_slug``."""
    return page.article


_PARTS = msgspec.msgpack.Decoder(list[PageResult])


def join_early(pages: list[PageResult]) -> list[PageResult]:
    """Join an article's pages if this span may hold them all, so that workers do it in parallel."""
    if len(pages) < 2 or any(page.article is None or page.failed for page in pages):
        return pages
    if len({urls.article_key(page.url) for page in pages}) > 1:
        return pages
    pages.sort(key=capture_order)
    readings = list(split_readings(pages, article_in))
    if len(readings) != 1 or len(readings[0]) != len(pages) or _lacks_numbers(pages):
        return pages
    article = assemble_article(first_pages_of(pages), pages)
    if article is None:
        return pages
    page_urls = [page.url for page in pages]
    joined = PageResult(article.fetched_url, pages[0].captured_at, article, layout=article.layout, page_urls=page_urls)
    joined.packed_parts = msgspec.msgpack.encode(pages)
    return [joined]


def take_apart(pages: list[PageResult]) -> list[PageResult]:
    """Undo ``join_early`` if several spans hold pages of an article: only all of them show what is a reading."""
    return [part for page in pages for part in (_PARTS.decode(page.packed_parts) if page.packed_parts else [page])]


def assemble_article(first_pages: list[PageResult], reading: list[PageResult]) -> Article | None:
    """Return one article from the pages of one reading, as ``page_views`` does; None if it cannot be read.

    Args:
        first_pages: see ``first_pages_of``.
        reading: all its pages.
    """
    first = next((page for page in first_pages if page.article is not None), None)
    if first is None or first.article is None:
        return None
    if len(reading) == 1:
        return first.article
    article = _all_pages(first, first.article, reading)
    amp = first_pages[-1]
    if first.is_amp or amp.article is None or not amp.is_amp or not urls.same_slug(amp.article.url, article.url):
        return article
    return merge_views(article, _all_pages(amp, amp.article, reading) if lacks_pages(article) else amp.article)


def _all_pages(first: PageResult, article: Article, reading: list[PageResult]) -> Article:
    """Join the pages of a view that begins with this page and its article."""
    pages = PagesOfPost(first.page_number, article, first.other_pages, framed=first.is_of_smart_list)
    while (following := pages.next()) is not None:
        number, url = following
        page = next((page for page in reading if page_at(page.url) == page_at(url)), None)
        found = page.article if page is not None and page.page_number == number else None
        if page is None or found is None or not urls.same_article(found.url, article.url):
            pages.add(number, None, {})
        else:
            pages.add(number, found, page.other_pages)
    return pages.joined()


def _lacks_numbers(pages: list[PageResult]) -> bool:
    """Whether canonical pages (or, without one, AMP pages) name others of their post that are not among them."""
    canonical = [page for page in pages if not page.is_amp] or pages
    numbers = {page.page_number for page in canonical}
    return any(number not in numbers for page in canonical for number in (1, *page.other_pages))
