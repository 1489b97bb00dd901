"""The URL of an image or frame that a script loads only when a reader comes near it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ifp_scraper.pages.tree import Element

_ATTRIBUTES = (
    "data-src",
    "data-lazy-src",
    "data-orig-src",
    "data-cfsrc",
    "data-original",
    "data-lazy",
    "data-img-url",
    "data-srcset",
)
"""Attributes that hold the URL."""

_SUFFIXES = "src", "srcset", "original", "lazyload", "src-img", "src-fg", "breeze", "src-cmplz", "src-_"
"""How those of lesser-known plugins end: ``nitro-lazy-src``, ``data-src-fg``. The last two wait for consent."""

PICTURE_FILE = re.compile(r"^[^?#]+\.(?:jpe?g|png|gif|webp|avif|bmp|svg)(?:[?#]|$)", re.IGNORECASE)
"""The URL of an image file."""

_PLACEHOLDER = re.compile(
    r"/(?:wp-content/(?:plugins|themes)/|wp-includes/|pagespeed_static/|(?:[\w-]*[_-])?"
    r"(?:placeholder|blank|lazy(?:load)?|spacer|trans(?:parent)?|pixel|load(?:ing|er)|1x1)(?:[_.-][\w.-]*)?\.\w+(?:\?|$))",
    re.IGNORECASE,
)
"""Images that may only be shown until the real one is loaded."""

_SMALL = re.compile(r"-(?:\d{1,2}x\d+|\d+x\d{1,2})\.")
"""In the name of an image of less than 100 pixels, shown until the real one is loaded."""

_OF_ANOTHER = re.compile("author|avatar|placeholder|logo")
"""In the names of attributes that hold the URL of another image."""

_OWN = "src", "srcset"
"""The attributes that browsers read."""

_NOT_ON_THE_SITE = re.compile(r"(?:data|about|blob|file|cid):|(?:\./)?[^/:?]+_files/", re.IGNORECASE)
"""How URLs begin of which the site knows nothing: images inside the page, or in the folder that a browser saves
beside it."""


def source_of(element: Element) -> str | None:
    """Return the URL of an image or frame as printed, from its lazy-loading attribute if it has one."""
    source = _of_site(element.get("src"))
    for attribute in _ATTRIBUTES:
        lazy = (element.get(attribute) or "").strip()
        if "/" in lazy or "." in lazy:  # not "true"
            # lazysizes first shows a low-resolution image from the same server
            late = attribute == "data-src" and "lazyload" in (element.get("class") or "")
            if source and not late and not is_placeholder(source):
                return source
            return _first_candidate(lazy) if attribute == "data-srcset" else lazy
    if source is None or is_placeholder(source):
        source = next(_others_of(element), source)
    return source or _of_site(_first_candidate(element.get("srcset")))


def is_placeholder(url: str) -> bool:
    """Whether an image may only be shown until the real one is loaded."""
    return _PLACEHOLDER.search(url[-200:]) is not None


def _others_of(element: Element) -> Iterator[str]:
    """Yield URLs in attributes of lesser-known plugins: by their names; then, of an image, those of any image file."""
    # not by get(), which rejects some names that a hostile page may have
    attributes = [(str(name), str(value).strip()) for name, value in element.items()]
    late = [
        (name, value)
        for name, value in attributes
        if name not in _OWN and value.startswith(("http", "/")) and not _OF_ANOTHER.search(name)
    ]
    for name, value in sorted(late, key=lambda attribute: attribute[0].endswith("srcset")):  # may be smaller ones
        if name.endswith(_SUFFIXES):
            yield (_first_candidate(value) or value) if name.endswith("srcset") else value
    if element.tag == "img":
        urls = [_first_candidate(value) or "" for name, value in late if name.startswith("data-")]
        files = [url for url in urls if PICTURE_FILE.search(url) and not is_placeholder(url)]
        yield from sorted(files, key=lambda url: _SMALL.search(url) is not None)


def _of_site(url: str | None) -> str | None:
    url = url.strip() if url else None
    return None if url is None or _NOT_ON_THE_SITE.match(url) else url


def _first_candidate(candidates: str | None) -> str | None:
    """Return the first URL of a ``srcset``."""
    parts = (candidates or "").split(maxsplit=1)
    return parts[0].rstrip(",") if parts else None
