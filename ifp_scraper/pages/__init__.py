"""From a saved page to its record: which layout it has, and whether it is an article at all.

The layout is recognised by markup, never by date or URL, because several layouts are live at once.
"""

from __future__ import annotations

import hashlib
import re

from ifp_scraper import urls
from ifp_scraper.items import Article
from ifp_scraper.pages.amp import AmpSwiftPage
from ifp_scraper.pages.amp_designs import AmpDesign1Page, AmpDesign2Page, AmpDesign3Page
from ifp_scraper.pages.article import ArticlePage, Capture, CutOff, UnreadablePage
from ifp_scraper.pages.document import Document
from ifp_scraper.pages.newspaper import Newspaper4Page, NewspaperCloudPage, NewspaperPage
from ifp_scraper.pages.wordpress import WordPressPage
from ifp_scraper.text import words

__all__ = [
    "LAYOUTS",
    "ArticlePage",
    "Capture",
    "CutOff",
    "Document",
    "UnreadablePage",
    "is_static",
    "pick",
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
"""Every layout, in the order tried; the last one matches anything."""

_POST_ID = re.compile(r"(?<!\S)postid-\d+(?!\S)")
"""What body_class() gives a single post or attachment; AMPforWP writes it differently."""

_ID_OF_NO_POST = re.compile(r"(?<!\S)(?:attachmentid|page-id)-")
_POST = words("single single-post amp-single")

_NO_POST = words(
    "home blog archive search error404 attachment page single-attachment amp-single-page privacy-policy"
    " page-template page-template-default post-type-archive author category tag date paged-archive"
    " single-product single-topic single-forum"
    " amp-frontpage amp-wp-frontpage amp-home amp-index amp-blog amp-archive amp_home_body archives_body"
)
"""Classes that body_class() and AMPforWP give to pages that are not posts."""


def pick(document: Document, capture: Capture) -> ArticlePage | None:
    """Return the page object that reads this page; None if it is not an article.

    Raises:
        UnreadablePage: if the page is cut off before its body (``CutOff``), or too large.
    """
    if document.truncated and b"<html" in document.html and b"<body" not in document.html:
        raise CutOff("cut off before its body")
    if not _is_single_post(document):
        return None
    if document.too_large:
        raise UnreadablePage("too large: more elements, or deeper ones, than any article has")
    page = next(layout for layout in LAYOUTS if layout.matches(document))(document, capture)
    if page.container is None:  # then a layout that it resembles says best what has changed
        page = next(layout for layout in LAYOUTS if layout.resembles(document))(document, capture)
    return page


def read_page(body: bytes | str, capture: Capture, content_type: str | None = None) -> ArticlePage | None:
    """Return the page object for a response body; None if it is not an article.

    Raises:
        UnreadablePage: if the page is cut off before its body (``CutOff``), or too large.
    """
    raw = body.encode("utf-8", "replace") if isinstance(body, str) else body
    return pick(Document(body, content_type), capture._replace(html_sha256=hashlib.sha256(raw).hexdigest()))


def is_static(body: bytes, url: str) -> bool:
    """Whether a page that is not an article is a static page or an attachment, by the body's classes.

    Its canonical link must confirm its URL: a maintenance notice may be served in an article's place.
    """
    document = Document(body)
    if _ID_OF_NO_POST.search(document.body_class) is None or document.json_ld.has_article:
        return False
    links = (urls.absolute(url, link.get("href")) for link in document.tree.find('link[rel="canonical"]'))
    return any(link is not None and urls.same_article(link, url) for link in links)


def read_article(body: bytes | str, capture: Capture, content_type: str | None = None) -> Article | None:
    """Return the record of this one page; None if it is not an article.

    Raises:
        UnreadablePage: if it should be an article but cannot be read.
    """
    page = read_page(body, capture, content_type)
    return page.to_article() if page is not None else None


def _is_single_post(document: Document) -> bool:
    """Whether the page says it is a single post, and is not behind a password."""
    if b"<" not in document.html:
        return False
    classes = document.body_class.split()
    # The Newspaper theme adds the slug: an article may well be called "archive".
    is_post = "single-post" in classes and _POST_ID.search(document.body_class) is not None
    if not is_post and not _NO_POST.isdisjoint(classes):
        return False
    if _asks_for_password(document):
        return False
    if not _POST.isdisjoint(classes):
        return _ID_OF_NO_POST.search(document.body_class) is None
    # A theme without body_class(): trust an SEO plugin, or the markup of a single article.
    if any(
        (meta.get("content") or "").lower() == "article" for meta in document.tree.find('meta[property="og:type"]')
    ):
        return True
    return document.json_ld.has_article and bool(document.tree.find("article"))


def _asks_for_password(document: Document) -> bool:
    """Whether the page has core's form for a post's password; a theme's own form has the same action."""
    if document.tree.find("form.post-password-form"):
        return True
    forms = document.tree.find("form") if b"action=postpass" in document.html else []
    return any("action=postpass" in (form.get("action") or "") for form in forms)
