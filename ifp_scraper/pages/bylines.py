"""Authors' names in bylines and author boxes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from itertools import chain

from ifp_scraper import urls
from ifp_scraper.items import Author
from ifp_scraper.pages.inline import label_text
from ifp_scraper.pages.tree import Element, has_rel
from ifp_scraper.text import squeeze

MAX_PEOPLE = 50
"""Maximum number of elements that may name an article's authors."""

MAX_BYLINE = 1000
"""Maximum number of characters in a byline: on a hostile page, unclosed elements contain all that follows."""

_BY = re.compile(r"^\s*(?:(?:(?:published|posted|written) by|by|author)\b\s*:?|نویسنده\s*:)\s*", re.IGNORECASE)
_HANDLE = re.compile(r"\s+@\w+$")
_BETWEEN_NAMES = re.compile(r"(?:[\s,،;&|/·•–—-]|\band\b|\bو\b)*", re.IGNORECASE)
_SEPARATORS = " -–—|·•"
"""What themes print between the byline and what stands beside it."""


def without_by(text: str | None) -> str | None:
    """Return a byline without "By" or "Published by" and without a glued handle; None if nothing is left.

    >>> without_by("By Mina Rad @mina |")
    'Mina Rad'
    >>> without_by("- @mina")
    """
    if not text or len(text) > MAX_BYLINE:
        return None
    text = _BY.sub("", squeeze(text)).rstrip(_SEPARATORS)
    return (_HANDLE.sub("", text) if "@" in text else text).strip(_SEPARATORS) or None


def joined_names(printed: Iterable[str]) -> str | None:
    """Return a byline of these names, each without "By" and once; None if nothing is left."""
    return ", ".join(dict.fromkeys(filter(None, map(without_by, printed)))) or None


def read_authors(elements: list[Element], base: str, text_of: Callable[[Element], str] | None = None) -> list[Author]:
    """Return the authors that elements name, each name once.

    Args:
        elements: each is a link to its author's page, contains one, is inside one, or has none; or it contains those
            that Co-Authors Plus prints ("<a>A</a> and <a>B</a>").
        base: URL of the page, for relative links.
        text_of: ``label_text``, perhaps one that remembers what it has read.
    """
    authors: dict[str, Author] = {}
    text_of = text_of or cache(label_text)  # on a hostile page, each element contains the next, and all the same links
    for element in chain.from_iterable(_people_in(element, base, text_of) for element in elements[:MAX_PEOPLE]):
        name = without_by(text_of(element))
        if name and name not in authors:
            # An icon or a handle beside the name links elsewhere.
            links = (*element.iter("a"), *element.iterancestors("a"))
            link = next((a for a in links if text_of(a)[:1] not in ("", "@")), None)
            url = urls.absolute_http(base, link.get("href")) if link is not None else None
            authors[name] = Author(name, urls.canonical(url) if url else None)
    return list(authors.values())


def _people_in(element: Element, base: str, text_of: Callable[[Element], str]) -> list[Element]:
    """Return the links in a byline that each name another author, if it has several of these and no other words."""
    links = [link for link in element.iter("a") if has_rel(link, "author") or _is_to_author(link, base)]
    between = text_of(element) if len(links) > 1 else ""
    if not between:  # or its links are in what is not seen
        return [element]
    people: dict[str, Element] = {}
    for link in links[:MAX_PEOPLE]:
        if (text := text_of(link)) not in between:  # it is not seen, or in another language
            continue
        between = between.replace(text, "", 1)
        if text[:1] not in ("", "@"):  # there may be one on the portrait, one on a handle, and one to all posts
            url = urls.absolute(base, link.get("href")) or ""
            people.setdefault(urls.article_key(url) if urls.slug(url) else url, link)  # or /?author=3
    return [*people.values()] if len(people) > 1 and _BETWEEN_NAMES.fullmatch(_BY.sub("", between)) else [element]


def _is_to_author(link: Element, base: str) -> bool:
    """Whether a link leads to what the site has of an author."""
    address = link.get("href") or ""
    return "/author/" in address and urls.host(urls.absolute(base, address) or "") == urls.host(base)
