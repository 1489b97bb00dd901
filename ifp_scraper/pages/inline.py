"""The text of an element on one line, for headlines, labels and captions; which elements have none, which break it."""

from __future__ import annotations

import re
from html import unescape

from ifp_scraper.pages.boilerplate import RELATED_CLASSES, SCREEN_READER_ONLY
from ifp_scraper.pages.css import block_by_attribute, hidden_by_attribute
from ifp_scraper.pages.tree import Element, class_names
from ifp_scraper.text import first_language, squeeze, words

MAX_DEPTH = 200
"""Maximum depth of the walk. Of what is nested deeper, a body keeps only the text; a label, usually nothing."""

_MAX_KNOWN = 20_000
"""Maximum number of characters of a label, and of a text that is remembered: many elements may be around one."""

BLOCK_TAGS = words(
    "address article aside blockquote body center dd details dir div dl dt fieldset figure footer h1 h2 h3"
    " h4 h5 h6 header hgroup hr legend li main menu nav ol p pre search section summary table tbody td tfoot th thead"
    " tr ul caption figcaption amp-accordion amp-carousel amp-fit-text"
)
"""Elements that begin and end a block. Anything else is inline, as unknown elements are in a browser."""

NO_TEXT_TAGS = words(
    "script style noscript template form nav iframe object audio video button select textarea svg canvas map head"
    " title input label progress meter dialog datalist noembed noframes figcaption annotation annotation-xml"
    " amp-iframe amp-youtube amp-twitter amp-instagram amp-video amp-audio amp-facebook amp-ad amp-embed"
    " amp-social-share amp-form amp-state amp-analytics amp-sidebar amp-lightbox amp-sticky-ad amp-consent"
    " amp-user-notification amp-dailymotion amp-vimeo amp-pinterest amp-reddit amp-story-player"
)
"""Elements in which nothing is the article's text; for exceptions, see ``body``. Not embed: it is void, but libxml2
puts what follows inside it."""

IMAGE_TAGS = frozenset(("img", "amp-img", "amp-anim"))

_NO_PART_OF_LABEL = SCREEN_READER_ONLY | words(
    "tdb-first-letter tdb-add-text tdb-title-page tdb-cat-cfs post-edit-link"
)
"""Class names of hints, of what tagDiv's blocks add to a headline: its first letter once more as an ornament, a label,
the page's number; and of the link to edit the post, which editors see."""

_EMOJI = re.compile(r"(?:[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff][\u200d\ufe0f]*){1,8}")
"""An emoji, perhaps of several characters."""

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[a-zA-Z]{2,8}\d{0,2});")
"""A character reference that is text: it was escaped twice."""


def inline_text(element: Element, known: dict[Element, str] | None = None) -> str:
    """Return an element's text on one line: ``<br>`` becomes a space; hidden parts and scripts are left out.

    Args:
        element: whose text is wanted.
        known: texts of elements already read, to which this one's is added: on a hostile page, each label contains the
            next, and if the inner ones are read first, each part of the page is read once.
    """
    if not len(element):
        return squeeze(element.text or "")
    text = known.get(element) if known else None
    if text is None:
        pieces: list[str] = []
        _collect(element, pieces, 0, known)
        text = "".join(pieces)
        if known is not None and len(text) <= _MAX_KNOWN:
            known[element] = text
    return squeeze(text)


def label_text(element: Element, known: dict[Element, str] | None = None) -> str:
    """Return the text of a headline, label or caption, cleaned by ``resolved``.

    For ``known``, see ``inline_text``; with it, no more than 20,000 characters are read of a label.
    """
    if known is None:
        return resolved(inline_text(element))
    text = known.get(element)
    if text is None:
        pieces: list[str] = []
        _collect(element, pieces, 0, known)
        text = known[element] = "".join(pieces)[:_MAX_KNOWN]
    return resolved(squeeze(text))


def resolved(text: str) -> str:
    """Cut qTranslate's residue, and resolve entities that still show: WordPress sometimes escapes labels twice."""
    if "[:" in text or "{:" in text:
        text = first_language([text])[0]
    return squeeze(_ENTITY.sub(lambda entity: unescape(entity[0]), text)) if "&" in text else text


def _collect(element: Element, pieces: list[str], depth: int, known: dict[Element, str] | None) -> None:
    """Collect an element's visible text, in order; its tail is left to the caller."""
    pieces.append(element.text or "")
    for child in element:
        names = class_names(child) if child.keys() else ()
        breaks_line = (
            child.tag == "br"
            or child.tag in BLOCK_TAGS
            or not RELATED_CLASSES.isdisjoint(names)
            or block_by_attribute(child)
        )
        if breaks_line:
            pieces.append(" ")
        is_seen = not child.keys() or (
            not hidden_by_attribute(child)
            and child.get("[text]") is None  # a control's, which a tap changes: "more", "less"
            and _NO_PART_OF_LABEL.isdisjoint(names)
        )
        if is_seen and child.tag not in NO_TEXT_TAGS and depth < MAX_DEPTH:
            if child.tag in IMAGE_TAGS and child.get("noscript") is None:  # else it is shown twice
                pieces.append(emoji(child))
            if known and child in known:
                pieces.append(known[child])
            else:
                _collect(child, pieces, depth + 1, known)
        if breaks_line:
            pieces.append(" ")
        pieces.append(child.tail or "")


def emoji(image: Element) -> str:
    """Return the emoji that an image stands for, by wp-emoji or pasted from a social network; else an empty string."""
    alt = image.get("alt") or ""
    classes = class_names(image)
    if "emoji" in classes or "wp-smiley" in classes:
        return alt
    return alt if "emoji" in (image.get("src") or "") and _EMOJI.fullmatch(alt) else ""
