"""From a saved page to its record: ``read_article`` does all of it, by the page object that ``read_page`` picks.

The layout is recognised by markup, never by date or URL, because several layouts are live at once.
"""

from __future__ import annotations

import hashlib

from ifp_scraper.items import Article
from ifp_scraper.pages.amp_designs import AmpDesign1Page, AmpDesign2Page, AmpDesign3Page
from ifp_scraper.pages.amp_swift import AmpSwiftPage
from ifp_scraper.pages.article import ArticlePage, Capture, CutOff, UnreadablePage
from ifp_scraper.pages.document import Document
from ifp_scraper.pages.kinds import is_single_post
from ifp_scraper.pages.newspaper import NewspaperPage
from ifp_scraper.pages.newspaper_4 import Newspaper4Page
from ifp_scraper.pages.newspaper_cloud import NewspaperCloudPage
from ifp_scraper.pages.wordpress import WordPressPage

__all__ = [
    "LAYOUTS",
    "ArticlePage",
    "Capture",
    "CutOff",
    "Document",
    "UnreadablePage",
    "read_article",
    "read_page",
]

LAYOUTS: tuple[type[ArticlePage], ...] = (
    AmpDesign2Page,
    AmpDesign3Page,
    AmpDesign1Page,
    AmpSwiftPage,
    NewspaperCloudPage,
    NewspaperPage,
    Newspaper4Page,
    WordPressPage,
)
"""Every layout, in the order tried: designs 2 and 3 have the marks of design 1, and the last one matches anything."""


def read_article(body: bytes | str, capture: Capture, content_type: str | None = None) -> Article | None:
    """Return the record of this one page; None if it is not an article.

    Args:
        body: the response's; bytes are decoded by what they and ``content_type`` say.
        capture: where and when the page was captured.
        content_type: the response's Content-Type header.

    Raises:
        UnreadablePage: if it should be an article but cannot be read.
    """
    page = read_page(body, capture, content_type)
    return page.to_article() if page is not None else None


def read_page(body: bytes | str, capture: Capture, content_type: str | None = None) -> ArticlePage | None:
    """Return the page object that reads a response body; None if it is not an article.

    Raises:
        UnreadablePage: if the page is cut off before its body (``CutOff``), or too large.
    """
    document = Document(body, content_type)
    if document.truncated and b"<html" in document.html and b"<body" not in document.html:
        raise CutOff("cut off before its body")
    if not is_single_post(document):
        return None
    if document.too_large:
        raise UnreadablePage("too large: more elements, or deeper ones, than any article has")
    raw = body.encode("utf-8", "replace") if isinstance(body, str) else body
    capture = capture._replace(html_sha256=hashlib.sha256(raw).hexdigest())
    page = next(layout for layout in LAYOUTS if layout.matches(document))(document, capture)
    if page.container is None:  # then a layout that it resembles says best what has changed
        page = next(layout for layout in LAYOUTS if layout.resembles(document))(document, capture)
    return page
