"""What single pages of recordings give, and how those of one article are put together."""

from __future__ import annotations

from datetime import datetime

import msgspec

from ifp_scraper import urls
from ifp_scraper.discovery.readings import split_readings
from ifp_scraper.items import Article
from ifp_scraper.merge import join_pages, lacks_pages, merge_views


class PageResult(msgspec.Struct):
    """What one page says, or several pages of an article that were joined because one span holds them all."""

    url: str
    captured_at: datetime
    article: Article | None = None
    page_number: int = 1
    other_pages: list[int] = []
    is_of_smart_list: bool = False
    page_urls: list[str] = []
    """URLs of all these pages."""

    failed: bool = False
    """See ``readings.is_failed``."""

    rejected: str | None = None
    """Why there is no article."""

    number: int = 0
    """0 for a capture with a body of its own, else that of its ``Revisit``: of equal times, the lower comes first."""

    layout: str | None = None

    packed_parts: bytes = b""
    """The pages that were joined, in MessagePack: if another span holds more of the article, all are needed apart."""


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
    pages.sort(key=lambda page: page.captured_at)
    readings = list(split_readings(pages, article_in))
    if len(readings) != 1 or len(readings[0]) != len(pages) or _missing_numbers(pages):
        return pages
    article = assemble_article(pages)
    assert article is not None
    page_urls = [page.url for page in pages]
    joined = PageResult(article.fetched_url, pages[0].captured_at, article, layout=article.layout, page_urls=page_urls)
    joined.packed_parts = msgspec.msgpack.encode(pages)
    return [joined]


def take_apart(pages: list[PageResult]) -> list[PageResult]:
    """Undo ``join_early`` if several spans hold pages of an article: only all of them show what is a reading."""
    return [part for page in pages for part in (_PARTS.decode(page.packed_parts) if page.packed_parts else [page])]


def assemble_article(reading: list[PageResult]) -> Article | None:
    """Return one article from the pages of one reading; None if none of them is an article's first page."""
    views: list[Article] = []
    for is_amp in (False, True):
        pages = _in_page_order([page for page in reading if page.article and _is_amp(page) is is_amp])
        articles = [page.article for page in pages if page.article is not None]
        if not articles or pages[0].page_number > 1:  # the end of a text is not an article
            continue
        if len(articles) > 1 and (not views or lacks_pages(views[0])):
            framed = any(page.is_of_smart_list for page in pages)
            views.append(join_pages(articles, missing=bool(_missing_numbers(pages)), framed=framed))
        else:
            views.append(articles[0])
    if len(views) == 2:
        return merge_views(*views)
    return views[0] if views else None


def _in_page_order(results: list[PageResult]) -> list[PageResult]:
    """Return each page once, in order: if there is no AMP page, its URL may show the canonical one."""
    pages: dict[int, PageResult] = {}
    for page in sorted(results, key=lambda page: (page.page_number, urls.is_amp(page.url))):
        pages.setdefault(page.page_number, page)
    return list(pages.values())


def _is_amp(page: PageResult) -> bool:
    return page.layout is not None and page.layout.startswith("amp-")


def _missing_numbers(pages: list[PageResult]) -> set[int]:
    """Return the numbers of further canonical pages that are not among these pages."""
    canonical = [page for page in pages if not _is_amp(page)] or pages
    numbers = {page.page_number for page in canonical}
    return {number for page in canonical for number in (1, *page.other_pages) if number not in numbers}
