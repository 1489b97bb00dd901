"""The license under which a page says its text may be used."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from ifp_scraper.pages.document import Document
from ifp_scraper.pages.images import is_caption
from ifp_scraper.pages.inline import inline_text
from ifp_scraper.pages.tree import Element, has_rel
from ifp_scraper.text import squeeze

_LICENSE = re.compile(
    r"licen[cs]ed under (?:an? |the )?(Creative Commons [^|©]{3,80}?Licen[cs]e"
    r"|CC[ -]BY(?:[ -](?:NC|ND|SA))*(?:[ -]?v?\d(?:\.\d)*)?(?-i:(?: [A-Z][A-Za-z]+){0,3})(?: licen[cs]e)?\b)",
    re.IGNORECASE,
)
_MAY_BE_LICENSED = re.compile(b"icen")  # faster than "in"
_STATEMENTS = etree.XPath('//a[contains(@rel, "license")] | //text()[contains(., "icen")]/..')


def read_license(document: Document, body: Element | None) -> str | None:
    """Return the license as the page states it; None if it states none.

    In the article's body, only ``rel="license"`` says that it is the page's own: a sentence is about a photo, or what
    somebody else has made.
    """
    if _MAY_BE_LICENSED.search(document.html) is None:
        return None
    statements: Any = _STATEMENTS(document.root)
    for element in reversed(statements):  # the site's own is below the article
        around = (element, *element.iterancestors())
        if any(map(is_caption, around)):
            continue  # it is that of a picture
        text = inline_text(element)
        if has_rel(element, "license") and text:
            return text
        if body not in around and (match := _LICENSE.search(text)):
            return squeeze(match[1])
    return None
