"""Drops a ``</div>`` without a partner in the text of an ``article``, or of a ``main``.

    <article><div class="entry-content"> <p>One.</p></div> <p>Two.</p> </div> <footer></footer></article>

Editors paste such tags. The first ends the body; the second ends the ``article``, with what is around it, and neither
the rest of the text nor the footer would be in it. A browser shows no difference. For the Newspaper theme, see
``misnested.py``.
"""

from __future__ import annotations

import re

_BODY = re.compile(
    rb"<div\s(?:[^<>]*\s)?class\s*=\s*[\"'](?:[^\"'<>]*\s)?(?:entry-content|post-content|wp-block-post-content)[\"'\s]",
    re.IGNORECASE,
)
_DIV = re.compile(rb"<(/?)div(?=[\s/>])[^<>]*>", re.IGNORECASE)
_IN_TEXT = re.compile(
    rb"\s*(?:[^<\s]|</div|<(?:p|h[2-6]|[uo]l|blockquote|figure|table)(?:>|\s+(?:style|dir|align)\s*="
    rb"|\s+class=[\"'](?:wp-|has-)))",
    re.IGNORECASE,
)
"""How a text goes on or ends, unlike what themes print below it."""


def drop_stray_ends(html: bytes) -> bytes:
    """Return the page without the ``</div>`` tags that end the body of an ``article`` or ``main`` early."""
    pieces: list[bytes] = []
    done = 0
    for name in (b"article", b"main"):
        begin = html.find(b"<" + name)
        while begin >= 0 and (end := html.find(b"</" + name, begin)) >= 0:
            stray = html.count(b"</div", begin, end) - html.count(b"<div", begin, end)
            if stray > 0:
                for tag in _early_ends(html, begin, end, stray):
                    pieces.append(html[done : tag.start()])
                    done = tag.end()
            begin = html.find(b"<" + name, end)
        if pieces:
            return b"".join([*pieces, html[done:]])
    return html


def _early_ends(html: bytes, begin: int, end: int, stray: int) -> list[re.Match[bytes]]:
    """Return as many of the tags that end the body as are too many around it, if the text goes on after each."""
    body = _BODY.search(html, begin, end)
    found: list[re.Match[bytes]] = []
    depth = 0
    for tag in _DIV.finditer(html, body.start(), end) if body else ():
        if not tag[1]:
            depth += 1
        elif depth > 1:
            depth -= 1
        elif _IN_TEXT.match(html, tag.end(), end):
            found.append(tag)
            if len(found) == stray:
                break
        else:
            return []
    return found
