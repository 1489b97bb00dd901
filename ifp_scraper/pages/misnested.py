"""Corrects where the body ends when a tag in the text has no partner.

    <div class="body">                          <div class="body">
      <p>One.</p></div>  <!-- stray -->           <p>One.</p><div>  <!-- unclosed -->
      <p>Two.</p>        <!-- escaped -->         <p>Two.</p>
    </div>                                      </div>
    <footer></footer>                           <footer></footer>  <!-- swallowed -->

A stray ``</div>`` closes the body early, and the rest of the text escapes from it. An unclosed ``<div>`` keeps the
body open, and it swallows what the theme prints below it. Editors paste both, and a browser shows no difference.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile

from ifp_scraper.pages.boilerplate import is_boilerplate
from ifp_scraper.pages.tree import Element
from ifp_scraper.text import words

_MAX_CLIMB = 4
"""Maximum number of elements around the body that stray ``</div>`` tags may have closed early too."""

_BOXES = words("div section aside nav form")


def escaped_from(body: Element) -> list[Element]:
    """Return what a stray ``</div>`` has let out of the body: all up to the footer below it."""
    escaped: list[Element] = []
    last: Element | None = body
    climbed = 0
    while last is not None and climbed < _MAX_CLIMB:
        following = last.getnext()
        if following is None:
            last = last.getparent()
            climbed += 1
        elif following.tag == "footer":
            is_others = climbed > 0 and not _is_footer_of_post(following)
            return [] if is_others or _begin_with_named_box(escaped) else escaped
        elif climbed and (following.get("class") or "").startswith("td"):  # a part of the theme, such as its sidebar
            return []
        else:
            escaped.append(following)
            last = following
    return []


def _is_footer_of_post(footer: Element) -> bool:
    """Whether a footer is the post's, which the theme prints below the body, not the site's."""
    classes = (part.get("class") or "" for part in footer.iterdescendants())
    return any(names.startswith(("td-post-", "td-page-meta", "td-author-", "author-box")) for names in classes)


def _begin_with_named_box(elements: list[Element]) -> bool:
    """Whether these begin with a box with a class, as plugins and child themes print below the body."""
    for element in elements:
        classes = element.get("class") or ""
        if not is_boilerplate(classes):
            return element.tag in _BOXES and bool(classes) and not classes.startswith("wp-")
    return False


def with_escaped(body: Element, escaped: list[Element]) -> Element:
    """Return a new element around the body and what has escaped from it; the body itself if nothing has."""
    if not escaped and not (body.tail or "").strip():
        return body
    box = body.makeelement("div")
    body.addprevious(box)
    box.extend([body, *escaped])  # each takes its tail along
    return box


def release_swallowed(body: Element, theme_parts: Iterable[Element]) -> bool:
    """Move what an unclosed element has let into the body to after it; return False if there was nothing.

    Args:
        body: the body's element.
        theme_parts: what the theme prints below the body, in page order.
    """
    for part in theme_parts:
        if (first := _first_swallowed(body, part)) is not None:
            boxes = [first, *takewhile(lambda box: box is not body, first.iterancestors())]
            for element in reversed([first, *(after for box in boxes for after in box.itersiblings())]):
                body.addnext(element)
            return True
    return False


def _first_swallowed(body: Element, part: Element) -> Element | None:
    """Return the footer that a part of the theme is in, or the part itself if it is a block of the page builder.

    None if it is not in the body, or is in the middle of the text and only has such a name.
    """
    if body not in part.iterancestors():
        return None
    boxes = takewhile(lambda box: box is not body, part.iterancestors())
    footer = next((box for box in boxes if box.tag == "footer"), None)
    return part if footer is None and is_theme_block(part) else footer


def is_theme_block(element: Element) -> bool:
    """Whether an element is a block of tagDiv's page builder, as all parts of a Cloud Library template are."""
    return "td_block_wrap" in (element.get("class") or "")
