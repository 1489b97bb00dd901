"""Which kind of page this is, by what it says of itself: a single post, or something that is no article."""

from __future__ import annotations

import re

from ifp_scraper import urls
from ifp_scraper.pages.document import Document
from ifp_scraper.pages.tree import Element, class_names
from ifp_scraper.text import words

_POST_ID = re.compile(r"(?<!\S)postid-\d+(?!\S)")
"""What body_class() gives a single post or attachment; AMPforWP writes it differently."""

_PASSWORD_FIELD = re.compile(r"pwbox-(\d+)")
"""The id of the field for a post's password, with the post's."""

_ID_OF_NO_POST = re.compile(r"(?<!\S)(?:attachmentid|page-id)-")
"""What body_class() gives an attachment or a static page."""

_POST = words("single single-post amp-single")
"""Classes that body_class() and AMPforWP give a single post; to a static page and an attachment, too."""

_NO_POST = words(
    "home blog archive search error404 attachment page single-attachment amp-single-page privacy-policy"
    " page-template page-template-default post-type-archive author category tag date paged-archive"
    " single-product single-topic single-forum single-tdb_templates"
    " amp-frontpage amp-wp-frontpage amp-home amp-index amp-blog amp-archive amp_home_body archives_body"
)
"""Classes that both give to pages that are not posts."""


def is_single_post(document: Document) -> bool:
    """Whether the page says it is a single post, and is not behind a password."""
    if b"<" not in document.html:
        return False
    classes = document.body_class.split()
    # The Newspaper theme adds the slug: an article may well be called "archive".
    is_post = "single-post" in classes and _POST_ID.search(document.body_class) is not None
    if not is_post and not _NO_POST.isdisjoint(classes):
        return False
    if _asks_for_password(document) or _is_card(document):
        return False
    if not _POST.isdisjoint(classes):
        return _ID_OF_NO_POST.search(document.body_class) is None
    # A theme without body_class(): trust an SEO plugin, or the markup of a single article.
    og_types = (meta.get("content") or "" for meta in document.tree.find('meta[property="og:type"]'))
    if any(og_type.lower() == "article" for og_type in og_types):
        return True
    return document.json_ld.has_article and bool(document.tree.find("article"))


def is_static(document: Document, url: str) -> bool:
    """Whether a page that is not an article is a static page or an attachment, by the body's classes.

    Args:
        document: the page.
        url: its URL, which the canonical link must confirm: a maintenance notice may be served in an article's place.
    """
    if _ID_OF_NO_POST.search(document.body_class) is None or document.json_ld.has_article:
        return False
    return _is_canonical(document, url)


def is_of_this_url(document: Document, url: str) -> bool:
    """Whether a page that is not an article is nevertheless the one of this URL: it says so, or asks for a password.

    Others may stand there for a while, with status 200: a maintenance notice, a "not found", the home page.

    Args:
        document: the page.
        url: its URL.
    """
    return _asks_for_password(document) or _is_canonical(document, url)


def _is_canonical(document: Document, url: str) -> bool:
    base = document.base(url)
    base = base if urls.host(base) == urls.host(url) else url
    links = (urls.absolute(base, link.get("href")) for link in document.tree.find('link[rel="canonical"]'))
    return any(link is not None and urls.same_article(link, url) for link in links)


def _is_card(document: Document) -> bool:
    """Whether the page is a post's card, which others show in a frame; its body has the post's classes.

    See ``/a-story/embed/`` and ``theme-compat/embed-content.php``.
    """
    parents = (card.getparent() for card in document.tree.find(".wp-embed"))
    return any(parent is not None and parent.tag == "body" for parent in parents)


def _asks_for_password(document: Document) -> bool:
    """Whether the page has core's form for a post's password; a theme's own form has the same action."""
    forms = document.tree.find("form.post-password-form")
    if not forms and b"action=postpass" in document.html:
        forms = [form for form in document.tree.find("form") if "action=postpass" in (form.get("action") or "")]
    return any(not _is_of_another_post(form, document) for form in forms)


def _is_of_another_post(form: Element, document: Document) -> bool:
    """Whether a form for a password is that of a post listed on the page: its field and the post's box say which."""
    own = _POST_ID.search(document.body_class)
    fields = (_PASSWORD_FIELD.fullmatch(field.get("id") or "") for field in form.iter("input"))
    field = next(filter(None, fields), None)
    if own is None or field is None or own[0] == f"postid-{field[1]}":
        return False
    return any(f"post-{field[1]}" in class_names(box) for box in form.iterancestors())
